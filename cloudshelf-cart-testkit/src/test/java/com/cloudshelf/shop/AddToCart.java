package com.cloudshelf.shop;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import java.util.concurrent.CompletionException;

/** Handles a request to add a book, and returns an HTTP status. */
final class AddToCart {
    private final CartStore carts;

    AddToCart(CartStore carts) {
        this.carts = carts;
    }

    int add(String userId, CartItem book) {
        try {
            carts.addItem(userId, book).join();
            return 200;
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof CartStoreException failure)) {
                throw e;
            }
            if (failure instanceof CartRejectedException) {
                return 422; // it does not fit the cart
            }
            if (failure.effectPossible()) {
                return 202; // it may have been applied: show the cart as read again
            }
            return failure.isRetryable() ? 503 : 500;
        }
    }
}
