package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

/**
 * The update does not fit the cart: {@link #reason()} says why. The cart stays as it was; the same update fails again until
 * the cart is another.
 */
public class CartRejectedException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** Why an update was rejected. */
    public enum Reason {
        /** A book whose quantity or price is to be set is not in the cart. */
        UNKNOWN_BOOK,
        /** The cart would grow beyond its {@link CartLimits}. */
        LIMIT,
        /** The item would grow beyond DynamoDB's 400 KB. */
        TOO_LARGE,
        /** The idempotency key was used for other changes, and is still remembered. */
        KEY_REUSED,
        /** The cart remembers as many idempotency keys as it can; a new one fits when the oldest has passed its retention. */
        KEYS_FULL
    }

    /**
     * Makes a rejection.
     *
     * @param detail the rule that was broken, without user data
     */
    public CartRejectedException(String userId, Reason reason, String detail) {
        super(userId, reason + ": " + detail, false, null);
        this.reason = requireNonNull(reason, "reason");
    }

    /** Returns why the update was rejected. */
    public Reason reason() {
        return reason;
    }
}
