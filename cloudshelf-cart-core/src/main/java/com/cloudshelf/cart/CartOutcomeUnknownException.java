package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * The change may or may not have been applied: the response to a write was lost, and the store could not establish
 * before the deadline whether the write had been applied.
 *
 * <p>If {@link #isRetryable()}, repeat the call; a repetition has no second effect. That is so for calls with an {@link
 * CartUpdate#idempotencyKey CartUpdate.idempotencyKey} and merges. A delete can be repeated as well: it erases what is
 * there by then. Otherwise read the cart and decide from what it holds.
 */
public class CartOutcomeUnknownException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates a failure that may have had an effect.
     *
     * @param repeatable whether the call can be repeated without a second effect, because it has an idempotency key, or
     *     is a merge or a delete
     */
    public CartOutcomeUnknownException(String userId, boolean repeatable, @Nullable Throwable cause) {
        super(
                userId,
                repeatable
                        ? "the change may have been applied: a response was lost; repeat the call, with the same idempotency"
                                + " key if it has one: a repetition has no second effect"
                        : "the change may have been applied: a response was lost; read the cart before changing it again",
                repeatable,
                cause);
    }

    private CartOutcomeUnknownException(String userId, String message, Throwable cause) {
        super(userId, message, false, cause);
    }

    /** Returns the failure of a change that was applied to a cart that can no longer be read. */
    static CartOutcomeUnknownException unreadable(String userId, InvalidStoredCartException cause) {
        return new CartOutcomeUnknownException(
                userId,
                "the change was applied, but another program has left the cart unreadable at " + cause.attributePath()
                        + "; repair the item, then read the cart",
                cause);
    }

    @Override
    public boolean effectPossible() {
        return true;
    }
}
