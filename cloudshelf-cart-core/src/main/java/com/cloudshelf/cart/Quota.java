package com.cloudshelf.cart;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a store may spend on retries: a bucket of tokens with the capacity and prices of the AWS SDK's standard retry strategy in
 * its revision of 2026. In an outage it runs dry, and then each call sends one request; the first successes fill it again.
 */
final class Quota {
    static final int CAPACITY = 500;
    private static final int TRANSIENT_COST = 14;
    private static final int THROTTLING_COST = 5;

    private final AtomicInteger tokens = new AtomicInteger(CAPACITY);

    /** Returns what a retry after this failure costs. */
    static int costOf(Failure.Kind kind) {
        return switch (kind) {
            case AMBIGUOUS, UNSENT -> TRANSIENT_COST;
            case THROTTLED, BUSY -> THROTTLING_COST;
            // A conflict is an answer, and no sign of an outage.
            case REFUSED, SKEWED, DENIED, TOO_LARGE, INVALID -> 0;
        };
    }

    /** Takes tokens and returns true if there are as many. */
    boolean take(int cost) {
        int before = tokens.getAndUpdate(left -> left >= cost ? left - cost : left);
        return before >= cost;
    }

    /** A request succeeded: gives back what its retry had cost, or a token if it was no retry. */
    void succeeded(int cost) {
        int give = Math.max(1, cost);
        if (tokens.get() < CAPACITY) {
            tokens.updateAndGet(left -> Math.min(CAPACITY, left + give));
        }
    }

    int left() {
        return tokens.get();
    }
}
