package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a call to a {@link CartStore}. A call that fails because of the table, the network or the stored cart
 * completes its future with one of the subclasses, or with this class if none of them fits.
 *
 * <p>{@link #effectPossible()} tells whether the change may have been applied. Of the subclasses, only {@link
 * CartOutcomeUnknownException} returns {@code true}. Messages contain no user data; the user is in {@link #userId()}.
 * The cause, if there is one, is the AWS SDK's exception with its request ID.
 */
public class CartStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String userId;
    private final boolean retryable;

    /**
     * Creates a failure without effect.
     *
     * @param userId the user whose cart was requested
     * @param message what went wrong and what the caller can do, without user data
     * @param retryable whether the same call may succeed if it is repeated later
     * @param cause the AWS SDK's exception, if there is one
     */
    public CartStoreException(String userId, String message, boolean retryable, @Nullable Throwable cause) {
        super(message, cause);
        this.userId = requireNonNull(userId, "userId");
        this.retryable = retryable;
    }

    /** Returns the user whose cart was requested. */
    public String userId() {
        return userId;
    }

    /** Returns whether the same call may succeed if it is repeated later, without the risk of a second effect. */
    public boolean isRetryable() {
        return retryable;
    }

    /** Returns whether the change may have been applied despite the failure. */
    public boolean effectPossible() {
        return false;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("userId", userId);
    }
}
