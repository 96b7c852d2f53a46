package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * The store may not, or cannot, use its table: the table is missing, a permission or the credentials are, or they are not
 * accepted. The message says which, and what to do. The change had no effect.
 */
public class CartAccessException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure of access.
     *
     * @param detail what is missing and what to do, without user data
     */
    public CartAccessException(String userId, String detail, @Nullable Throwable cause) {
        super(userId, detail, false, cause);
    }
}
