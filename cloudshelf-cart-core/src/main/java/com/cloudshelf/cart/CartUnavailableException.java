package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/** DynamoDB could not be reached, or did not answer a read, until the deadline. The change had no effect; repeat it. */
public class CartUnavailableException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure of the network or the service.
     *
     * @param detail what happened, without user data
     */
    public CartUnavailableException(String userId, String detail, @Nullable Throwable cause) {
        super(userId, detail, true, cause);
    }
}
