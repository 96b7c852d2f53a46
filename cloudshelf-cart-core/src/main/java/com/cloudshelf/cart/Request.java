package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request to DynamoDB, as a value: a protocol decides on it, {@link Wire} sends it. An equal request can be
 * sent again without harm, at once or after the response to the first was lost.
 *
 * @param userIds the users whose items it touches
 * @param strong whether a read must see every write that was acknowledged before it
 * @param write the write of a {@link Kind#WRITE}
 * @param parts the writes of a {@link Kind#TRANSACT}
 * @param token by which DynamoDB recognizes a repeated transaction; empty for all other kinds
 */
record Request(
        Kind kind,
        List<String> userIds,
        boolean strong,
        @Nullable Write write,
        List<Write> parts,
        String token) {
    /** The kind of request. The latencies of requests of one kind are comparable. */
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

    /**
     * Whether a second copy may be sent while the first is in flight. Deletions are not hedged: a copy of an erasure
     * that lands late erases the next cart, and a refused copy of a clear cannot tell that the other one was applied.
     */
    boolean isHedged() {
        return kind != Kind.ERASE && (write == null || write.kind() != Write.Kind.DELETE);
    }

    static Request get(String userId, boolean strong) {
        return new Request(Kind.GET, List.of(userId), strong, null, List.of(), "");
    }

    static Request getMany(List<String> userIds, boolean strong) {
        return new Request(Kind.GET_MANY, userIds, strong, null, List.of(), "");
    }

    /** Reads two items at the same moment, which a batch would not do. */
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
