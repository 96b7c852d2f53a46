package com.cloudshelf.cart;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The deadline of a call, by two clocks: the monotonic one, and the wall clock, which continues while a machine is
 * suspended or a Lambda function is frozen.
 */
final class Deadline {
    /** The longest duration of a call. An item remembers its writes for longer than that. */
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

    boolean hasPassed() {
        return remainingMillis() <= 0;
    }

    /** Returns the remaining time, the smaller of what the two clocks say; negative after the deadline. */
    long remainingMillis() {
        return remainingMillis(System.nanoTime());
    }

    /** The same, if the monotonic clock was just read. */
    long remainingMillis(long nanoTime) {
        return Math.min((nanoEnd - nanoTime) / 1_000_000, wallEnd - wallMillis.getAsLong());
    }
}
