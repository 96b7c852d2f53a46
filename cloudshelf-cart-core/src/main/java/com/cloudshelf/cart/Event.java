package com.cloudshelf.cart;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What happened to a call since its last step.
 *
 * @param handedOn with {@link Kind#START}: what the change before this one left in the table, if that is known
 * @param items with {@link Kind#DONE}: the items of the answer, in the order of the request's users; an empty map where there
 *     is no item. With {@link Kind#REFUSED}: the item that refused the write, if DynamoDB sent it
 * @param unprocessed with {@link Kind#DONE}: the users whose items DynamoDB left for another request
 * @param failure with {@link Kind#REFUSED} and {@link Kind#FAILED}
 * @param stray whether another copy of the request may have taken effect, or may do so yet
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
        /** A pause is over. */
        RESUMED,
        /** The request was carried out. */
        DONE,
        /** The condition of the write did not hold. */
        REFUSED,
        /** The request failed in another way; its failure tells whether it may have had an effect. */
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

    Failure cause() {
        if (failure == null) {
            throw new IllegalStateException("only a failed request has a cause");
        }
        return failure;
    }
}
