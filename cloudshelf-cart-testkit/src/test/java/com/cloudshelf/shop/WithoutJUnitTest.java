package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class WithoutJUnitTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);

    @Test
    void localDynamoDb_noExtension_givesAStore() {
        try (DynamoDbCartStore carts = LocalDynamoDb.shared().newCartStore()) {
            carts.addItem("user123", dune).join();
            assertEquals(1, carts.get("user123").join().totalItems());
        }
    }
}
