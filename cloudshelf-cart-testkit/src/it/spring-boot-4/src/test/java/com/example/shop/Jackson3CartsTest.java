package com.example.shop;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;

/** With Jackson 3, and without Jackson 2. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class Jackson3CartsTest extends CartsOverHttp {

    @TestConfiguration
    static class Stores {
        @Bean
        CartStore carts() {
            return InMemoryCartStore.create();
        }
    }

    @Test
    void classPath_hasNoJackson2() {
        assertThatThrownBy(() -> Class.forName("com.fasterxml.jackson.databind.ObjectMapper"))
                .isInstanceOf(ClassNotFoundException.class);
    }
}
