package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * DynamoDB could not be reached, or did not respond to a read, before the deadline; or the store itself was overloaded
 * or closed. The change had no effect; repeat the call.
 */
public class CartUnavailableException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param detail what happened, without user data
     */
    public CartUnavailableException(String userId, String detail, @Nullable Throwable cause) {
        super(userId, detail, true, cause);
    }
}
