package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import com.cloudshelf.cart.testkit.InMemoryCartStore.Failure;
import java.math.BigDecimal;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class AddToCartFailuresTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
    private final InMemoryCartStore carts = InMemoryCartStore.create();
    private final AddToCart addToCart = new AddToCart(carts);

    @Test
    void add_throttled_isUnavailable() {
        carts.failNext(Failure.THROTTLED);
        assertEquals(503, addToCart.add("user123", dune));
        assertEquals(0, carts.get("user123").join().totalItems());
    }

    @Test
    void add_responseLost_saysSo() {
        carts.failNext(Failure.LOST_RESPONSE);
        assertEquals(202, addToCart.add("user123", dune));
        assertEquals(1, carts.get("user123").join().totalItems());
    }

    @Test
    void setQuantity_otherTabWasFirst_isAConflict() {
        Cart shown = carts.addItem("user123", dune).join();
        carts.beforeNextChange(otherTab -> otherTab.addItem("user123", dune).join());

        var update = CartUpdate.of("user123").setQuantity("book001", 5).ifVersion(shown.version());
        var failure = assertThrows(
                CompletionException.class, () -> carts.apply(update).join());

        var conflict = (CartConflictException) failure.getCause();
        assertEquals(2, conflict.current().totalItems());
    }
}
