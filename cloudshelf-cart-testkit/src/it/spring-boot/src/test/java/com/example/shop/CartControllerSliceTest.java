package com.example.shop;

import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.put;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.MockMvc;

/** The controller alone, without any server. */
@WebMvcTest(CartController.class)
class CartControllerSliceTest {
    @TestConfiguration
    static class Stores {
        @Bean
        CartStore carts() {
            return InMemoryCartStore.create();
        }
    }

    @Test
    void cart_read_isWritten(@Autowired MockMvc mvc) throws Exception {
        String cart = "{\"userId\":\"u\",\"cartItems\":[{\"bookId\":\"b\",\"price\":100,\"quantity\":1}],"
                + "\"totalItems\":1,\"totalPrice\":100}";
        mvc.perform(put("/carts/u/preview").contentType(MediaType.APPLICATION_JSON).content(cart))
                .andExpect(status().isOk())
                .andExpect(content().string(cart));
    }
}
