package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.testkit.CartStoreContract;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import com.cloudshelf.cart.testkit.MovableClock;
import com.cloudshelf.cart.testkit.WithCartStore;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@WithCartStore(scope = WithCartStore.Scope.CLASS, operationTimeout = "PT30S")
class CheckoutTest {
    private static CartStore ofBeforeAll;
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);

    @BeforeAll
    static void keep(CartStore carts) {
        ofBeforeAll = carts;
    }

    @Test
    void checkout_orderedCart_isEmptied(CartStore carts) {
        assertSame(ofBeforeAll, carts);
        Cart ordered = carts.addItem("user123", dune).join();
        assertEquals(2, ordered.totalItems());
        assertTrue(carts.apply(CartUpdate.of("user123").subtract(ordered)).join().isEmpty());
    }

    @Nested
    @WithCartStore(operationTimeout = "PT30S")
    class Expiry {

        @Test
        void get_monthLater_isEmpty(CartStore carts, MovableClock clock) {
            carts.addItem("user123", dune).join();
            clock.advance(Duration.ofDays(31));
            assertTrue(carts.get("user123").join().isEmpty());
        }
    }

    @Nested
    class Contract extends CartStoreContract {

        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            return InMemoryCartStore.builder().limits(limits).clock(clock).build();
        }
    }
}
