package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request to DynamoDB, as a value: a protocol asks for it, {@link Wire} sends it. Sending an equal request a second time
 * is safe, whatever its kind.
 *
 * @param userIds the users whose items it touches
 * @param strong whether a read must see every write that was answered before it
 * @param write what a {@link Kind#WRITE} carries
 * @param parts what a {@link Kind#TRANSACT} carries
 * @param token by which DynamoDB recognizes a repeated transaction; empty for all other kinds
 */
record Request(
        Kind kind,
        List<String> userIds,
        boolean strong,
        @Nullable Write write,
        List<Write> parts,
        String token) {
    /** What is asked for. The latencies of requests of one kind are comparable. */
    enum Kind {
        GET,
        GET_MANY,
        GET_BOTH,
        WRITE,
        ERASE,
        TRANSACT;

        boolean writes() {
            return this == WRITE || this == ERASE || this == TRANSACT;
        }
    }

    static Request get(String userId, boolean strong) {
        return new Request(Kind.GET, List.of(userId), strong, null, List.of(), "");
    }

    static Request getMany(List<String> userIds, boolean strong) {
        return new Request(Kind.GET_MANY, userIds, strong, null, List.of(), "");
    }

    /** Reads two items as of one moment, which a batch would not. */
    static Request getBoth(String first, String second) {
        return new Request(Kind.GET_BOTH, List.of(first, second), true, null, List.of(), "");
    }

    static Request write(Write write) {
        return new Request(Kind.WRITE, List.of(write.userId()), false, write, List.of(), "");
    }

    static Request erase(String userId) {
        return new Request(Kind.ERASE, List.of(userId), false, null, List.of(), "");
    }

    static Request transact(List<Write> parts, String token) {
        return new Request(Kind.TRANSACT, parts.stream().map(Write::userId).toList(), false, null, parts, token);
    }
}
