package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * Why a call may send nothing more although its protocol has not ended it.
 *
 * @param unanswered whether a request of the call was sent and no response has arrived
 * @param cause with {@link Reason#BROKEN}: what a pluggable part of the store threw
 */
record Stop(Reason reason, boolean unanswered, @Nullable Throwable cause) {
    /** A limit that no call exceeds, whatever happens. Nearly all calls reach their deadline earlier. */
    static final int MAX_REQUESTS = 40;

    enum Reason {
        /** The deadline had already passed when the call was made. */
        NO_TIME,
        /** The deadline passed while other changes of this cart had their turn. */
        TURN,
        /** The deadline passed while other calls used all places. */
        PLACE,
        /** The store has as many waiting calls as it allows. */
        CROWDED,
        /** The deadline has passed, or is too near for a delay and another request. */
        TIME,
        /** The store's retry quota is used up: too many requests fail. */
        QUOTA,
        /** The call has sent as many requests as a call may send. */
        REQUESTS,
        /** The store was closed. */
        CLOSED,
        /** A clock, a backoff strategy or this library itself failed. */
        BROKEN
    }

    static Stop because(Reason reason, boolean unanswered) {
        return new Stop(reason, unanswered, null);
    }

    /** Returns the failure of a call that sent nothing with a possible effect. */
    CartStoreException asException(String userId, @Nullable Failure last) {
        Throwable lastCause = last == null ? null : last.cause();
        return switch (reason) {
            case NO_TIME ->
                new CartUnavailableException(
                        userId, "the deadline had already passed when the call was made; nothing was sent", null);
            case TURN ->
                new CartUnavailableException(
                        userId,
                        "the deadline passed while the call waited for its turn among the changes to this cart in this store; this"
                                + " call sent nothing",
                        null);
            case PLACE ->
                new CartUnavailableException(
                        userId,
                        "the deadline passed while other calls of this store used all of its maxConcurrency places;"
                                + " no request of this call is in flight",
                        lastCause);
            case CROWDED ->
                new CartUnavailableException(
                        userId,
                        "the store already has maxPending waiting calls; nothing was sent, repeat the call" + " later",
                        null);
            case CLOSED -> new CartUnavailableException(userId, "the store was closed during the call", lastCause);
            case BROKEN ->
                new CartStoreException(
                        userId,
                        "a part of the store failed: the clock, the backoff strategy, or this library, as the cause"
                                + " says; the change had no effect",
                        false,
                        cause);
            case TIME, QUOTA, REQUESTS -> exhausted(userId, last);
        };
    }

    private CartStoreException exhausted(String userId, @Nullable Failure last) {
        if (last == null || last.kind() == Failure.Kind.INVALID) {
            return new CartUnavailableException(
                    userId,
                    unanswered
                            ? "DynamoDB did not respond " + limit() + "; check the endpoint and the network"
                            : "there was no time for another request " + limit(),
                    last == null ? null : last.cause());
        }
        return switch (last.kind()) {
            case THROTTLED -> new CartThrottledException(userId, last.throttlingReasons(), last.cause());
            case REFUSED ->
                new CartUnavailableException(userId, "other writers kept the cart busy " + limit(), last.cause());
            case BUSY ->
                new CartUnavailableException(
                        userId, "transactions or other replicas kept the cart busy " + limit(), last.cause());
            case UNSENT ->
                new CartUnavailableException(
                        userId,
                        "DynamoDB could not be reached " + limit() + "; nothing was sent. The cause says why; check the"
                                + " region, the endpoint and the network",
                        last.cause());
            default ->
                new CartUnavailableException(
                        userId,
                        "DynamoDB gave no usable response " + limit() + ". The cause says why; unless it is a"
                                + " server error, check the endpoint, proxies and the network",
                        last.cause());
        };
    }

    private String limit() {
        return switch (reason) {
            case QUOTA -> "and the store's retry quota is used up because too many requests fail";
            case REQUESTS -> "in " + MAX_REQUESTS + " requests";
            default -> "before the deadline";
        };
    }
}
