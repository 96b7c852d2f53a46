package com.cloudshelf.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.math.BigDecimal;

/** The first lines of code that a newcomer writes. */
final class FirstCart {
    private FirstCart() {}

    static BigDecimal fill() {
        CartStore carts = DynamoDbCartStore.create();
        CartItem book = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);

        carts.addItem("user123", book).join();
        carts.setQuantity("user123", "book001", 3).join();
        Cart cart = carts.get("user123").join();
        BigDecimal total = cart.totalPrice(); // 29.97

        ((DynamoDbCartStore) carts).close();
        return total;
    }
}
