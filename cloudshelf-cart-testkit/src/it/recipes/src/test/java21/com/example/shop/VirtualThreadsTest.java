package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class VirtualThreadsTest {

    @Test
    void larger_ofTwoCarts_isFound() throws Exception {
        CartStore carts = InMemoryCartStore.create();
        CartStore.await(carts.addItem("b", CartItem.of("book001", null, null, BigDecimal.TEN, 1)));
        assertEquals("b", VirtualThreads.larger(carts, "a", "b").userId());
    }
}
