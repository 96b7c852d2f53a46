package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * The store cannot access its table: the table or a permission is missing, or the credentials are missing or not
 * accepted. The message says which, and what to do. The change had no effect.
 */
public class CartAccessException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param detail what is missing and what to do, without user data
     */
    public CartAccessException(String userId, String detail, @Nullable Throwable cause) {
        super(userId, detail, false, cause);
    }
}
