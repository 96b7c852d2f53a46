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
 * Turns a cart into an order, and can be called any number of times for the same order: docs/checkout.md.
 *
 * <p>The order is written first, and what is taken out of the cart afterwards is what the order says. A repetition that read
 * the cart again would find it emptied by the first call, and take out nothing, or what was added since.
 */
final class Checkout {
    private final CartStore carts;
    private final Orders orders;
    private final Function<CartItem, BigDecimal> prices;

    /**
     * Makes a checkout.
     *
     * @param prices what a copy costs, from whoever knows it: what a cart says was true when the book was added
     */
    Checkout(CartStore carts, Orders orders, Function<CartItem, BigDecimal> prices) {
        this.carts = carts;
        this.orders = orders;
        this.prices = prices;
    }

    /**
     * Places the order unless it is placed, and takes its books out of the cart unless they are out.
     *
     * @return the order; empty if it is not placed, and there is nothing in the cart to order
     * @throws com.cloudshelf.cart.CartStoreException if the cart cannot be read or changed. The order may be placed then: call again,
     *     with the same id
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
        // From here on no repetition touches the cart, not even after the store has forgotten the key.
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
