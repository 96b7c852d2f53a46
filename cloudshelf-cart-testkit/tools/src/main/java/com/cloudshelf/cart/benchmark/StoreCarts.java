package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The library's store. */
record StoreCarts(DynamoDbCartStore store) implements Carts {
    @Override
    public CompletableFuture<Cart> get(String userId) {
        return store.get(userId);
    }

    @Override
    public CompletableFuture<Cart> add(String userId, List<CartItem> books) {
        CartUpdate update = CartUpdate.of(userId);
        for (CartItem book : books) {
            update = update.add(book);
        }
        return store.apply(update);
    }

    /** Adds books under an idempotency key. */
    CompletableFuture<Cart> add(String userId, List<CartItem> books, String key) {
        CartUpdate update = CartUpdate.of(userId).idempotencyKey(key);
        for (CartItem book : books) {
            update = update.add(book);
        }
        return store.apply(update);
    }

    @Override
    public CompletableFuture<Cart> setQuantity(String userId, String bookId, int quantity) {
        return store.setQuantity(userId, bookId, quantity);
    }

    /** Sets a quantity, based on a cart that the store returned. */
    CompletableFuture<Cart> setQuantity(Cart cart, String bookId, int quantity) {
        return store.apply(
                CartUpdate.of(cart.userId()).setQuantity(bookId, quantity).basedOn(cart));
    }

    @Override
    public CompletableFuture<Cart> remove(String userId, String bookId) {
        return store.removeItem(userId, bookId);
    }

    @Override
    public CompletableFuture<Void> clear(String userId) {
        return store.clear(userId);
    }
}
