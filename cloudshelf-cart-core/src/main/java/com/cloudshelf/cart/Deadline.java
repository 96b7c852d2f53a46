package com.cloudshelf.cart;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When a call must be over, by two clocks: the monotonic one, and the wall clock, which also goes on while a machine is
 * suspended or a Lambda frozen.
 */
final class Deadline {
    /** The longest that a call may take: what an item remembers of its writes is kept for longer than that. */
    static final Duration LONGEST = Duration.ofSeconds(60);

    private final LongSupplier wallMillis;
    private final long nanoEnd;
    private final long wallEnd;

    private Deadline(LongSupplier wallMillis, Duration duration) {
        this.wallMillis = wallMillis;
        this.nanoEnd = System.nanoTime() + duration.toNanos();
        this.wallEnd = wallMillis.getAsLong() + duration.toMillis();
    }

    static Deadline in(Duration duration, LongSupplier wallMillis) {
        return new Deadline(wallMillis, duration);
    }

    /** Returns the time left, at most what either clock says; negative once it is over. */
    long remainingMillis() {
        return Math.min((nanoEnd - System.nanoTime()) / 1_000_000, wallEnd - wallMillis.getAsLong());
    }
}
