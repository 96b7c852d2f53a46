package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.WithCartStore;
import org.junit.jupiter.api.Test;

@WithCartStore(operationTimeout = "PT30S")
class ThrottledCartsTest {

    @Test
    void get_throttledOnce_isRetried(CartStore carts, Faults faults) {
        faults.next(Fault.throttle());
        assertThat(carts.get("user123").join().isEmpty()).isTrue();
        assertThat(faults.sent()).hasSize(2);
    }
}
