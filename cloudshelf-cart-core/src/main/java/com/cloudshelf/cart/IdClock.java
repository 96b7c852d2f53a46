package com.cloudshelf.cart;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

/**
 * The time that write IDs use: the machine's, advanced as far as the store's clock was, and never set back. If someone
 * moves the clock of carts forward, even by days, IDs that are old by that clock leave the ring as they would have in
 * time. If it stands still or is set back, IDs still age.
 *
 * <p>Thread-safe.
 */
final class IdClock implements LongUnaryOperator {
    /** Twice the longest time to live. The time of an ID ends in 2109. */
    private static final long FURTHEST_MILLIS = Duration.ofDays(7300).toMillis();

    private final LongSupplier wallMillis;
    private final AtomicLong ahead = new AtomicLong();

    IdClock(LongSupplier wallMillis) {
        this.wallMillis = wallMillis;
    }

    /** @param carts what the store's clock has just said: a delay until this call does not look like a move */
    @Override
    public long applyAsLong(long carts) {
        long wall = wallMillis.getAsLong();
        long lead = Math.min(carts - wall, FURTHEST_MILLIS);
        return wall + (lead <= ahead.get() ? ahead.get() : ahead.accumulateAndGet(lead, Math::max));
    }
}
