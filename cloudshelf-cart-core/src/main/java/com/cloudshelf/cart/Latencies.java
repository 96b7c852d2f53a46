package com.cloudshelf.cart;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The latencies of the latest requests of one kind that were answered. They determine when a request counts as slow,
 * and when it is abandoned.
 *
 * <p>A hung request leaves no latency, so it does not distort the estimate. Thread-safe: the samples are
 * written without synchronization, because one that is missed or overwritten does no harm.
 */
final class Latencies {
    /** No conclusions are drawn from fewer: the first requests of a process also set up connections. */
    static final int ENOUGH = 64;

    private static final int SAMPLES = 256;
    private static final int EVERY = 32;
    private static final int SLOW_FACTOR = 4;
    private static final int LEAST_SLOW_MILLIS = 5;
    private static final int LOST_FACTOR = 20;
    private static final int LEAST_LOST_MILLIS = 1_000;

    /** From a second, more would exceed every deadline. */
    private static final int MAX_DOUBLINGS = 6;

    private final int[] micros = new int[SAMPLES];
    private final AtomicLong count = new AtomicLong();
    private final AtomicInteger lostInARow = new AtomicInteger();
    private volatile int usualMicros;

    /** A request was answered. */
    void add(long nanos) {
        if (lostInARow.get() != 0 && nanos / 1_000_000 < usualLostMillis()) {
            lostInARow.set(0); // otherwise, it would have been lost as well
        }
        long index = count.getAndIncrement();
        micros[(int) (index % SAMPLES)] = (int) Math.min(Integer.MAX_VALUE, nanos / 1_000);
        if (index % EVERY == EVERY - 1) {
            usualMicros = quantile((int) Math.min(index + 1, SAMPLES));
        }
    }

    /** Returns the 90th percentile. */
    private int quantile(int samples) {
        int[] sorted = Arrays.copyOf(micros, samples);
        Arrays.sort(sorted);
        return sorted[samples * 9 / 10];
    }

    private boolean isEnough() {
        return count.get() >= ENOUGH;
    }

    /** Returns the time after which a request is worth a second copy; negative until enough requests were seen. */
    long slowMillis() {
        return isEnough() ? Math.max(LEAST_SLOW_MILLIS, (long) SLOW_FACTOR * usualMicros / 1_000 + 1) : -1;
    }

    /** A request was abandoned, and counts as lost. */
    void lost() {
        lostInARow.updateAndGet(count -> Math.min(count + 1, MAX_DOUBLINGS));
    }

    /**
     * Returns the time after which a request counts as lost; {@link Long#MAX_VALUE} until enough requests were seen.
     *
     * <p>It doubles for each request that was lost since the last response in usual time, or that this call has lost,
     * whichever is more. Either connections are dead, or the service, or the part of it that has this item, is slower
     * than before. If no request waited long enough to show that, none would succeed until it is fast again.
     *
     * @param lostOfCall how many requests of the call were lost
     */
    long lostMillis(int lostOfCall) {
        int doublings = Math.min(MAX_DOUBLINGS, Math.max(lostOfCall, lostInARow.get()));
        return isEnough() ? usualLostMillis() << doublings : Long.MAX_VALUE;
    }

    private long usualLostMillis() {
        return Math.max(LEAST_LOST_MILLIS, (long) LOST_FACTOR * usualMicros / 1_000);
    }
}
