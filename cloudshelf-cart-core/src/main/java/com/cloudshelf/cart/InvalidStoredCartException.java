package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;

/**
 * The stored item cannot be a cart, or is of a format that this version of the library does not write:
 * {@link #attributePath()} holds something other than {@link #expected()}. The item stays untouched; the message says what to
 * do.
 */
public class InvalidStoredCartException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final String attributePath;
    private final String expected;

    /**
     * Makes a failure to understand an item.
     *
     * @param attributePath where, such as {@code cartItems[3].quantity}
     * @param expected what should be there, such as {@code a whole number of at least 0 (N)}
     */
    public InvalidStoredCartException(String userId, String attributePath, String expected) {
        this(
                userId,
                attributePath,
                expected,
                "the stored item is not a cart: " + attributePath + " must be " + expected
                        + "; the item was left as it is, mend it or erase it with delete(userId)");
    }

    InvalidStoredCartException(String userId, String attributePath, String expected, String message) {
        super(userId, message, false, null);
        this.attributePath = requireNonNull(attributePath, "attributePath");
        this.expected = requireNonNull(expected, "expected");
    }

    /** Returns the path of the attribute, such as {@code cartItems[3].quantity}. */
    public String attributePath() {
        return attributePath;
    }

    /** Returns what should be at the path. */
    public String expected() {
        return expected;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("attributePath", attributePath);
        Checks.present("expected", expected);
    }
}
