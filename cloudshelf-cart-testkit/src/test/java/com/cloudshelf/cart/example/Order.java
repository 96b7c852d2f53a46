package com.cloudshelf.cart.example;

import com.cloudshelf.cart.CartItem;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An order as it was placed. It never changes, except for the mark that its books have been removed from the cart.
 *
 * @param orderId chosen by the client, one for each purchase
 * @param lines what was ordered, at the current prices
 * @param taken whether the books have been removed from the cart
 */
record Order(String orderId, String userId, List<CartItem> lines, BigDecimal totalPrice, boolean taken) {

    static Order of(String orderId, String userId, List<CartItem> lines) {
        BigDecimal total = lines.stream()
                .map(line -> line.price().multiply(BigDecimal.valueOf(line.quantity())))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        return new Order(orderId, userId, List.copyOf(lines), total, false);
    }

    /** The same for every attempt to finish this order, whatever the cart contains by then. */
    Map<String, Integer> quantities() {
        Map<String, Integer> quantities = new LinkedHashMap<>();
        lines.forEach(line -> quantities.put(line.bookId(), line.quantity()));
        return quantities;
    }
}
