package com.example.shop;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.instanceOf;
import static org.hamcrest.Matchers.is;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.WithCartStore;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mockito.Mock;
import org.mockito.junit.jupiter.MockitoExtension;
import org.slf4j.LoggerFactory;

/** The testkit in a project with its own Mockito, Hamcrest, Jackson and Logback. */
@WithCartStore(operationTimeout = "PT30S")
@ExtendWith(MockitoExtension.class)
class CheckoutTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);

    @Mock
    private CartStore mockedCarts;

    @Test
    void checkout_realStore_emptiesTheCart(CartStore carts, Faults faults) {
        faults.next(Fault.throttle());
        Cart ordered = carts.addItem("user123", dune).join();
        Cart left = carts.apply(CartUpdate.of("user123").subtract(ordered)).join();

        assertThat(left.isEmpty(), is(true));
        assertThat(faults.counts().get("throttle"), is(1));
    }

    @Test
    void checkout_mockedStore_isMocked(CartStore carts) {
        Cart cart = carts.addItem("user123", dune).join();
        when(mockedCarts.get("user123")).thenReturn(CompletableFuture.completedFuture(cart));

        assertThat(mockedCarts.get("user123").join().totalItems(), is(2L));
        verify(mockedCarts).get("user123");
    }

    @Test
    void json_ownJackson_works() throws Exception {
        assertThat(new ObjectMapper().readTree("{\"price\": 9.99}").get("price").asDouble(), closeTo(9.99, 0.001));
        assertThat(com.fasterxml.jackson.databind.cfg.PackageVersion.VERSION.getMinorVersion(), is(22));
    }

    @Test
    void logging_ownLogback_isBound(CartStore carts) {
        carts.get("user123").join();
        assertThat(LoggerFactory.getILoggerFactory(), instanceOf(ch.qos.logback.classic.LoggerContext.class));
    }
}
