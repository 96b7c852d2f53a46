package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;

/**
 * The stored item is not a valid cart, or has a format that this version of the library does not write. {@link
 * #attributePath()} is not {@link #expected()}. The item is left unchanged; the message says what to do.
 */
public class InvalidStoredCartException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final String attributePath;
    private final String expected;

    /**
     * Creates the exception.
     *
     * @param attributePath the path of the attribute, such as {@code cartItems[3].quantity}
     * @param expected what the attribute should be, such as {@code a whole number of at least 0 (N)}
     */
    public InvalidStoredCartException(String userId, String attributePath, String expected) {
        this(
                userId,
                attributePath,
                expected,
                "the stored item is not a cart: " + attributePath + " must be " + expected
                        + "; the item was left unchanged, repair it or erase it with delete(userId)");
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

    /** Returns what the attribute should be. */
    public String expected() {
        return expected;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("attributePath", attributePath);
        Checks.present("expected", expected);
    }
}
