package com.cloudshelf.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import java.math.BigDecimal;
import java.util.List;

/** A cart as a customer reads it. */
record Receipt(List<Line> lines) {

    record Line(String bookId, BigDecimal amount) {}

    static Receipt of(Cart cart) {
        return new Receipt(cart.items().stream().map(Receipt::line).toList());
    }

    private static Line line(CartItem item) {
        return new Line(item.bookId(), item.price().multiply(BigDecimal.valueOf(item.quantity())));
    }

    BigDecimal total() {
        return lines.stream().map(Line::amount).reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
