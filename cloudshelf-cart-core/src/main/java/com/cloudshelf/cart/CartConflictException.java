package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;

/**
 * Other writers changed the cart: it does not have the version that {@link CartUpdate#ifVersion CartUpdate.ifVersion}
 * requires, or others kept changing it until the deadline. The change had no effect.
 *
 * <p>Only the second kind is retryable. For the first, decide again from {@link #current()}.
 */
public class CartConflictException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final Cart current;

    private CartConflictException(Cart current, String message, boolean retryable) {
        super(current.userId(), message, retryable, null);
        this.current = requireNonNull(current, "current");
    }

    /** Returns the failure of a call whose {@code ifVersion} is not the version of the cart. */
    public static CartConflictException stale(Cart current) {
        return new CartConflictException(
                current, "the cart does not have the required version; decide again from current()", false);
    }

    /** Returns the failure of a call that met conflicts until its deadline. */
    public static CartConflictException contended(Cart current) {
        return new CartConflictException(
                current, "other writers kept changing the cart until the deadline; repeat the call", true);
    }

    /** Returns the cart as last seen. */
    public Cart current() {
        return current;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("current", current);
    }
}
