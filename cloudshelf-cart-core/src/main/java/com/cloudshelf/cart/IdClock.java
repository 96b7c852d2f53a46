package com.cloudshelf.cart;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The time that write IDs use: the machine's, advanced as far as the store's clock was, and never set back. If someone
 * moves the clock of carts forward, even by days, IDs that are old by that clock leave the ring as they would have in
 * time. If it stands still or is set back, IDs still age.
 *
 * <p>Thread-safe.
 */
final class IdClock implements LongSupplier {
    /** Twice the longest time to live. The time of an ID ends in 2109. */
    private static final long FURTHEST_MILLIS = Duration.ofDays(7300).toMillis();

    private final Clock clock;
    private final LongSupplier wallMillis;
    private final AtomicLong ahead = new AtomicLong();

    IdClock(Clock clock, LongSupplier wallMillis) {
        this.clock = clock;
        this.wallMillis = wallMillis;
    }

    @Override
    public long getAsLong() {
        long carts = clock.millis(); // read first: a delay between the two readings must not look like a move
        long wall = wallMillis.getAsLong();
        long lead = Math.min(carts - wall, FURTHEST_MILLIS);
        return wall + (lead <= ahead.get() ? ahead.get() : ahead.accumulateAndGet(lead, Math::max));
    }
}
