package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class AddToCartTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
    private final InMemoryCartStore carts = InMemoryCartStore.create();
    private final AddToCart addToCart = new AddToCart(carts);

    @Test
    void add_newBook_isInTheCart() {
        assertEquals(200, addToCart.add("user123", dune));
        assertEquals(1, carts.get("user123").join().totalItems());
    }
}
