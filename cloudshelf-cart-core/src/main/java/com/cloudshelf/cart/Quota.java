package com.cloudshelf.cart;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a store may spend on retries: a bucket of tokens with the capacity and prices of the AWS SDK's standard retry
 * strategy, revision of 2026. It runs dry in an outage, and each call then sends one request; the first successes
 * refill it.
 */
final class Quota {
    static final int CAPACITY = 500;
    private static final int TRANSIENT_COST = 14;
    private static final int THROTTLING_COST = 5;

    private final AtomicInteger tokens = new AtomicInteger(CAPACITY);

    /** Returns the cost of a retry after this failure. */
    static int costOf(Failure.Kind kind) {
        if (kind == Failure.Kind.AMBIGUOUS || kind == Failure.Kind.UNSENT) {
            return TRANSIENT_COST;
        }
        // A conflict, for instance, is a response, not a sign of an outage.
        return kind == Failure.Kind.THROTTLED || kind == Failure.Kind.BUSY ? THROTTLING_COST : 0;
    }

    /** Takes tokens if there are enough, and returns whether it did. */
    boolean take(int cost) {
        int before = tokens.getAndUpdate(left -> left >= cost ? left - cost : left);
        return before >= cost;
    }

    /** After a successful request, returns what its retry has cost, or one token if it was not a retry. */
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
