package com.cloudshelf.cart;

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
final class IdClock {
    /** Twice the longest time to live. The time of an ID ends in 2109. */
    static final Duration FURTHEST = Duration.ofDays(7300);

    private final LongSupplier wallMillis;
    private final long furthestMillis;
    private final AtomicLong ahead = new AtomicLong();

    /**
     * @param wallMillis the machine's time
     * @param furthest how far the store's clock may advance it
     */
    IdClock(LongSupplier wallMillis, Duration furthest) {
        this.wallMillis = wallMillis;
        this.furthestMillis = furthest.toMillis();
    }

    /**
     * Returns the time.
     *
     * @param carts what the store's clock has just said: a delay until this call does not look like a move
     */
    long at(long carts) {
        long wall = wallMillis.getAsLong();
        long lead = Math.min(carts - wall, furthestMillis);
        return wall + (lead <= ahead.get() ? ahead.get() : ahead.accumulateAndGet(lead, Math::max));
    }
}
