package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.DynamoDbCartStore;
import tools.jackson.databind.json.JsonMapper;

/** Prints carts as JSON. */
final class CartPrinter {
    private final JsonMapper mapper = JsonMapper.builder().findAndAddModules().build();

    String json(Cart cart) {
        return mapper.writeValueAsString(cart);
    }

    Cart cart(String json) {
        return mapper.readValue(json, Cart.class);
    }

    /** Returns the library's module. */
    Module library() {
        return DynamoDbCartStore.class.getModule();
    }
}
