package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The library's store.
 *
 * @param attributed whether each line and each cart that is filled has an attribute of the shop's own
 */
record StoreCarts(DynamoDbCartStore store, boolean attributed) implements Carts {
    StoreCarts(DynamoDbCartStore store) {
        this(store, false);
    }

    StoreCarts withAttributes() {
        return new StoreCarts(store, true);
    }

    private CartUpdate adding(CartUpdate update, List<CartItem> books) {
        CartUpdate adding = update;
        for (CartItem book : books) {
            adding = adding.add(attributed ? book.with("giftWrap", true) : book);
        }
        return adding;
    }

    @Override
    public CompletableFuture<Cart> fill(String userId, List<CartItem> books) {
        CartUpdate update = adding(CartUpdate.of(userId), books);
        return store.apply(attributed ? update.setAttribute("coupon", "SAVE10") : update);
    }

    @Override
    public CompletableFuture<Cart> get(String userId) {
        return store.get(userId);
    }

    @Override
    public CompletableFuture<Cart> add(String userId, List<CartItem> books) {
        return store.apply(adding(CartUpdate.of(userId), books));
    }

    /** Adds books under an idempotency key. */
    CompletableFuture<Cart> add(String userId, List<CartItem> books, String key) {
        return store.apply(adding(CartUpdate.of(userId).idempotencyKey(key), books));
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
