package com.cloudshelf.cart.example;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Turns a cart into an order. It can be called any number of times for the same order: see docs/checkout.md.
 *
 * <p>The order is written first, and then the lines of the order are removed from the cart. If a repetition read the
 * cart again, it would find the cart emptied by the first call, and remove nothing, or what was added since.
 */
final class Checkout {
    private final CartStore carts;
    private final Orders orders;
    private final Function<CartItem, BigDecimal> prices;

    /**
     * Creates a checkout.
     *
     * @param prices returns the current price of a line; the price in the cart is the one from when the book was added
     */
    Checkout(CartStore carts, Orders orders, Function<CartItem, BigDecimal> prices) {
        this.carts = carts;
        this.orders = orders;
        this.prices = prices;
    }

    /**
     * Places the order unless it exists, and removes its books from the cart unless that has been done.
     *
     * @return the order; empty if it does not exist and the cart is empty
     * @throws com.cloudshelf.cart.CartStoreException if the cart cannot be read or changed. The order may have been
     *     placed: call again with the same ID
     */
    Optional<Order> order(String userId, String orderId) {
        Optional<Order> order = orders.find(orderId).or(() -> place(userId, orderId));
        if (order.isEmpty()
                || !order.get().userId().equals(userId)
                || order.get().taken()) {
            return order.filter(placed -> placed.userId().equals(userId));
        }
        CartUpdate update =
                CartUpdate.of(userId).subtract(order.get().quantities()).idempotencyKey("checkout " + orderId);
        CartStore.await(carts.apply(update));
        // From here on, no retry touches the cart, even after the store has forgotten the key.
        orders.taken(orderId);
        return order;
    }

    private Optional<Order> place(String userId, String orderId) {
        Cart cart = CartStore.await(carts.get(userId));
        if (cart.isEmpty()) {
            return Optional.empty();
        }
        List<CartItem> lines = cart.items().stream().map(this::priced).toList();
        return Optional.of(orders.place(Order.of(orderId, userId, lines)));
    }

    private CartItem priced(CartItem line) {
        CartItem priced = CartItem.of(
                line.bookId(),
                line.title().orElse(null),
                line.author().orElse(null),
                prices.apply(line),
                line.quantity());
        for (var attribute : line.attributes().entrySet()) {
            priced = priced.with(attribute.getKey(), attribute.getValue());
        }
        return priced;
    }
}
