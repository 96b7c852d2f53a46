package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.WithCartStore;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

@WithCartStore
class ThrottlingTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);

    @Test
    void add_throttledTwice_succeedsWithTheThirdAttempt(CartStore carts, Faults faults) {
        faults.next(2, Fault.throttle());
        assertEquals(200, new AddToCart(carts).add("user123", dune));
        assertEquals(3, faults.sent().size());
    }

    @Test
    @WithCartStore(operationTimeout = "PT2S")
    void add_throttledThroughout_isUnavailable(CartStore carts, Faults faults) {
        faults.always(Fault.throttle());
        assertEquals(503, new AddToCart(carts).add("user123", dune));
    }

    @Test
    void add_responseLost_addsOnce(CartStore carts, Faults faults) {
        faults.next(Fault.dropResponse().on("UpdateItem"));
        assertEquals(200, new AddToCart(carts).add("user123", dune));
        assertEquals(1, carts.get("user123").join().totalItems());
    }
}
