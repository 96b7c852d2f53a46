package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * The change may have happened or not: a request was sent whose answer was lost, and the table could not prove either until
 * the deadline.
 *
 * <p>What to do: with an {@link CartUpdate#idempotencyKey}, and after a merge or a deletion, repeat the call, which then has no
 * second effect; {@link #isRetryable()} tells. Otherwise read the cart and decide by what it holds.
 */
public class CartOutcomeUnknownException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure that may have had an effect.
     *
     * @param repeatable whether the call can be repeated without a second effect, as it carries an idempotency key, or is a merge
     *     or a deletion
     */
    public CartOutcomeUnknownException(String userId, boolean repeatable, @Nullable Throwable cause) {
        super(
                userId,
                repeatable
                        ? "the change may have happened: an answer was lost; repeat the call, with its idempotency key if it"
                                + " has one; that has no second effect"
                        : "the change may have happened: an answer was lost; read the cart before changing it again",
                repeatable,
                cause);
    }

    private CartOutcomeUnknownException(String userId, String message, Throwable cause) {
        super(userId, message, false, cause);
    }

    /** Returns the failure of a change that was carried out on a cart which cannot be read any more. */
    static CartOutcomeUnknownException unreadable(String userId, InvalidStoredCartException cause) {
        return new CartOutcomeUnknownException(
                userId,
                "the change was carried out, but another program has left the cart unreadable at "
                        + cause.attributePath() + "; mend the item, then read the cart",
                cause);
    }

    @Override
    public boolean effectPossible() {
        return true;
    }
}
