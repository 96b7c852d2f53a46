package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/** Decides which failures of a request end a call, and which are worth another attempt, for all protocols. Pure. */
final class Retry {
    private Retry() {}

    /**
     * Returns the failure with which the failure of a request ends its call, or {@code null} if it is worth another
     * attempt.
     *
     * @param before why an earlier request of the call failed
     */
    static @Nullable CartStoreException endOf(Failure failure, @Nullable Failure before, String userId, String table) {
        return isWorthAnother(failure, before) ? null : failure.asException(userId, table);
    }

    private static boolean isWorthAnother(Failure failure, @Nullable Failure before) {
        Failure.Kind kind = failure.kind();
        if (kind == Failure.Kind.SKEWED) {
            // The SDK has learned the service's time from the response, and signs the next attempt with it.
            return before == null || before.kind() != Failure.Kind.SKEWED;
        }
        return kind.isPassing() && !failure.isOfClosedClient();
    }
}
