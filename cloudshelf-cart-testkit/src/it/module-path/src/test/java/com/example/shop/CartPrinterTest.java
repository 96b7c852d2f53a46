package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import org.junit.jupiter.api.Test;

class CartPrinterTest {
    private final CartPrinter printer = new CartPrinter();

    @Test
    void library_isAModule() {
        assertTrue(printer.library().isNamed());
        assertEquals("com.cloudshelf.cart", printer.library().getName());
    }

    @Test
    void module_ofJackson_isFound() {
        Cart cart = Cart.empty("user123");
        assertEquals(cart, printer.cart(printer.json(cart)));
    }
}
