package com.cloudshelf.cart;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long the latest requests of one kind took, as far as they were answered: from it follow when a request counts as slow, and
 * when it is given up.
 *
 * <p>A request that hangs leaves no latency, so that it cannot drag the estimate along. Thread-safe; a sample that is
 * overwritten while it is read does no harm.
 */
final class Latencies {
    /** Nothing is concluded from fewer: the first requests of a process also set up connections. */
    static final int ENOUGH = 64;

    private static final int SAMPLES = 256;
    private static final int EVERY = 32;
    private static final int SLOW_FACTOR = 3;
    private static final int LEAST_SLOW_MILLIS = 5;
    private static final int LOST_FACTOR = 20;
    private static final int LEAST_LOST_MILLIS = 1_000;

    private final AtomicIntegerArray micros = new AtomicIntegerArray(SAMPLES);
    private final AtomicInteger count = new AtomicInteger();
    private volatile int usualMicros;

    void add(long nanos) {
        int index = count.getAndUpdate(seen -> seen == Integer.MAX_VALUE ? SAMPLES : seen + 1);
        micros.set(index % SAMPLES, (int) Math.min(Integer.MAX_VALUE, nanos / 1_000));
        if (index % EVERY == EVERY - 1) {
            usualMicros = quantile(Math.min(index + 1, SAMPLES));
        }
    }

    /** Returns the latency that nine of ten requests stay below. */
    private int quantile(int samples) {
        int[] sorted = new int[samples];
        for (int i = 0; i < samples; i++) {
            sorted[i] = micros.get(i);
        }
        Arrays.sort(sorted);
        return sorted[samples * 9 / 10];
    }

    private boolean isEnough() {
        return count.get() >= ENOUGH;
    }

    /** Returns after how long a request is worth a second one beside it; negative while too few were seen. */
    long slowMillis() {
        return isEnough() ? Math.max(LEAST_SLOW_MILLIS, (long) SLOW_FACTOR * usualMicros / 1_000 + 1) : -1;
    }

    /** Returns after how long a request is taken for lost; {@link Long#MAX_VALUE} while too few were seen. */
    long lostMillis() {
        return isEnough() ? Math.max(LEAST_LOST_MILLIS, (long) LOST_FACTOR * usualMicros / 1_000) : Long.MAX_VALUE;
    }
}
