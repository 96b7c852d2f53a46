package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/** Which failures of a request end a call, and which are worth another attempt: one answer for all protocols. Pure. */
final class Retry {
    private Retry() {}

    /**
     * Returns the failure with which a call ends because of a request's, or {@code null} if another attempt is worth it.
     *
     * @param before why an earlier request of the call failed
     */
    static @Nullable CartStoreException endOf(Failure failure, @Nullable Failure before, String userId, String table) {
        return switch (failure.kind()) {
            case REFUSED, DENIED, TOO_LARGE, INVALID -> failure.asException(userId, table);
            // The SDK has learned the service's time from the answer, and signs the next attempt with it.
            case SKEWED ->
                before != null && before.kind() == Failure.Kind.SKEWED ? failure.asException(userId, table) : null;
            case THROTTLED, BUSY, UNSENT, AMBIGUOUS -> null;
        };
    }
}
