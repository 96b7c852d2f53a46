package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * The change may have happened or not: a request was sent whose answer was lost, and the table could not prove either until
 * the deadline.
 *
 * <p>What to do: with an {@link CartUpdate#idempotencyKey} repeat the call, which then has no second effect. Without one read
 * the cart and decide by what it holds.
 */
public class CartOutcomeUnknownException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure that may have had an effect.
     *
     * @param repeatable whether the call carries an idempotency key, so that it can be repeated without a second effect
     */
    public CartOutcomeUnknownException(String userId, boolean repeatable, @Nullable Throwable cause) {
        super(
                userId,
                repeatable
                        ? "the change may have happened: an answer was lost; repeat the call with its idempotency key"
                        : "the change may have happened: an answer was lost; read the cart before changing it again",
                repeatable,
                cause);
    }

    @Override
    public boolean effectPossible() {
        return true;
    }
}
