package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartJson;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Books that a customer has saved for later, as an attribute of the cart. Each move is one write, so no book is lost or
 * doubled. They expire with the cart, and take part in its size; a list that is to outlive the cart is a cart of its
 * own.
 */
final class SavedForLater {
    private static final String SAVED = "savedForLater";

    private SavedForLater() {}

    /** Saves a line of the cart for later. Fails with a conflict if the cart has changed. */
    static CompletableFuture<Cart> save(CartStore carts, Cart cart, String bookId) {
        List<CartItem> saved = saved(cart);
        saved.add(cart.item(bookId).orElseThrow());
        return carts.apply(with(CartUpdate.of(cart.userId()).remove(bookId), saved).basedOn(cart).ifVersion(cart.version()));
    }

    /** Moves a book back into the cart. Fails with a conflict if the cart has changed. */
    static CompletableFuture<Cart> takeBack(CartStore carts, Cart cart, String bookId) {
        List<CartItem> saved = saved(cart);
        CartItem line = saved.stream()
                .filter(item -> item.bookId().equals(bookId))
                .findFirst()
                .orElseThrow();
        saved.remove(line);
        return carts.apply(with(CartUpdate.of(cart.userId()).add(line), saved).basedOn(cart).ifVersion(cart.version()));
    }

    @SuppressWarnings("unchecked") // written below
    static List<CartItem> saved(Cart cart) {
        List<CartItem> saved = new ArrayList<>();
        if (cart.attributes().get(SAVED) instanceof List<?> lines) {
            lines.forEach(line -> saved.add(CartJson.item((Map<String, ?>) line)));
        }
        return saved;
    }

    private static CartUpdate with(CartUpdate update, List<CartItem> saved) {
        return saved.isEmpty()
                ? update.removeAttribute(SAVED)
                : update.setAttribute(SAVED, saved.stream().map(CartJson::of).toList());
    }
}
