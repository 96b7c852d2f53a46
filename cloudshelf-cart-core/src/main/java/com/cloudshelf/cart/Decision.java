package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The next step of a call, and what the call knows when it takes it.
 *
 * @param evidence what the call has learned so far
 * @param request with {@link Kind#SEND}
 * @param value with {@link Kind#SUCCEED}
 * @param failure with {@link Kind#FAIL}
 * @param left what the call knows to be in the table when it ends; the next change in the lane starts from it
 * @param seen the stored carts that this step has seen
 * @param recovered whether the call ends because it found its own write in the table
 */
record Decision<E, V>(
        Kind kind,
        E evidence,
        @Nullable Request request,
        @Nullable V value,
        @Nullable CartStoreException failure,
        @Nullable StoredCart left,
        List<StoredCart> seen,
        boolean recovered) {
    enum Kind {
        /** Send the request and wait for its outcome. */
        SEND,
        /** Wait, longer each time, and continue; or stop, if time or quota does not permit it. */
        PAUSE,
        SUCCEED,
        FAIL
    }

    static <E, V> Decision<E, V> send(E evidence, Request request) {
        return new Decision<>(Kind.SEND, evidence, request, null, null, null, List.of(), false);
    }

    static <E, V> Decision<E, V> pause(E evidence) {
        return new Decision<>(Kind.PAUSE, evidence, null, null, null, null, List.of(), false);
    }

    static <E, V> Decision<E, V> succeed(E evidence, @Nullable V value, @Nullable StoredCart left) {
        return new Decision<>(Kind.SUCCEED, evidence, null, value, null, left, List.of(), false);
    }

    static <E, V> Decision<E, V> fail(E evidence, CartStoreException failure, @Nullable StoredCart left) {
        return new Decision<>(Kind.FAIL, evidence, null, null, failure, left, List.of(), false);
    }

    Decision<E, V> seeing(List<StoredCart> seen) {
        return new Decision<>(kind, evidence, request, value, failure, left, seen, recovered);
    }

    Decision<E, V> recovering() {
        return new Decision<>(kind, evidence, request, value, failure, left, seen, true);
    }
}
