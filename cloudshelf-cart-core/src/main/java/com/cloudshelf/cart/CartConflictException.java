package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;

/**
 * The cart was changed by others: it is not in the state that {@link CartUpdate#ifVersion} demands, or others kept changing
 * it until the deadline. The change had no effect.
 *
 * <p>Only the second kind is retryable as it is. For the first, look at {@link #current()} and decide anew.
 */
public class CartConflictException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final Cart current;

    private CartConflictException(Cart current, String message, boolean retryable) {
        super(current.userId(), message, retryable, null);
        this.current = requireNonNull(current, "current");
    }

    /** Returns the failure of a call whose {@code ifVersion} is not the cart's version. */
    public static CartConflictException stale(Cart current) {
        return new CartConflictException(
                current, "the cart is not in the demanded version; look at current() and decide anew", false);
    }

    /** Returns the failure of a call that lost against other writers until its deadline. */
    public static CartConflictException contended(Cart current) {
        return new CartConflictException(
                current, "other writers kept changing the cart until the deadline; repeat the call", true);
    }

    /** Returns the cart as it was last seen. */
    public Cart current() {
        return current;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("current", current);
    }
}
