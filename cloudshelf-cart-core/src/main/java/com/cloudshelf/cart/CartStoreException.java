package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A call to a {@link CartStore} that did not do what it was asked to. Every failure that depends on the table, the network
 * or the stored cart completes the returned future with one of the subclasses, or with this class where none fits.
 *
 * <p>{@link #effectPossible()} answers the question that matters: may the change have happened? It is false for every
 * subclass but {@link CartOutcomeUnknownException}. Messages hold no user data; the user is in {@link #userId()}. The AWS SDK's
 * exception, with its request id, is the cause where there is one.
 */
public class CartStoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String userId;
    private final boolean retryable;

    /**
     * Makes a failure without an effect.
     *
     * @param userId the user whose cart was asked for
     * @param message what was wrong and what the caller can do, without user data
     * @param retryable whether the same call may well succeed if it is repeated a little later
     * @param cause the AWS SDK's exception, if there is one
     */
    public CartStoreException(String userId, String message, boolean retryable, @Nullable Throwable cause) {
        super(message, cause);
        this.userId = requireNonNull(userId, "userId");
        this.retryable = retryable;
    }

    /** Returns the user whose cart was asked for. */
    public String userId() {
        return userId;
    }

    /** Returns whether the same call may well succeed if it is repeated a little later, without a risk of a second effect. */
    public boolean isRetryable() {
        return retryable;
    }

    /** Returns whether the change may have happened nevertheless. */
    public boolean effectPossible() {
        return false;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("userId", userId);
    }
}
