package com.cloudshelf.cart;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What happened to a call since its last step.
 *
 * @param handedOn with {@link Kind#START}: what the previous change in the lane left in the table, if known
 * @param items with {@link Kind#DONE}: the items of the response, in the order of the request's users; an empty map
 *     where there is no item. With {@link Kind#REFUSED}: the item that refused the write, if DynamoDB sent it
 * @param unprocessed with {@link Kind#DONE}: the users whose items DynamoDB left for another request
 * @param failure with {@link Kind#REFUSED} and {@link Kind#FAILED}
 * @param stray whether another copy of the request may have been applied, or may still be
 */
record Event(
        Kind kind,
        @Nullable StoredCart handedOn,
        List<Map<String, AttributeValue>> items,
        List<String> unprocessed,
        @Nullable Failure failure,
        boolean stray) {
    enum Kind {
        /** The call has its turn and its place. */
        START,
        /** A delay is over. */
        RESUMED,
        /** The request succeeded. */
        DONE,
        /** The condition of the write did not hold. */
        REFUSED,
        /** The request failed in another way; the failure says whether it may have had an effect. */
        FAILED
    }

    static Event start(@Nullable StoredCart handedOn) {
        return new Event(Kind.START, handedOn, List.of(), List.of(), null, false);
    }

    static Event resumed() {
        return new Event(Kind.RESUMED, null, List.of(), List.of(), null, false);
    }

    static Event done(List<Map<String, AttributeValue>> items, List<String> unprocessed) {
        return new Event(Kind.DONE, null, items, unprocessed, null, false);
    }

    static Event refused(Failure failure, boolean stray) {
        Map<String, AttributeValue> item = failure.refusedBy();
        return new Event(Kind.REFUSED, null, item == null ? List.of() : List.of(item), List.of(), failure, stray);
    }

    static Event failed(Failure failure) {
        return new Event(Kind.FAILED, null, List.of(), List.of(), failure, false);
    }

    /** Whether the call may send its request: it starts, or a delay is over. */
    boolean isDue() {
        return kind == Kind.START || kind == Kind.RESUMED;
    }

    Failure cause() {
        if (failure == null) {
            throw new IllegalStateException("only a failed request has a cause");
        }
        return failure;
    }
}
