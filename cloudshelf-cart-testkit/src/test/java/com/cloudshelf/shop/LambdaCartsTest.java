package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A store from the environment: region, keys and endpoint as the SDK finds them, the table by its usual name. */
class LambdaCartsTest {
    private static final Map<String, String> BEFORE = new HashMap<>();
    private static LocalDynamoDb server;

    @BeforeAll
    static void setTheEnvironment() {
        server = LocalDynamoDb.start();
        server.createCartTable("cloudshelf-shopping-cart");
        set("aws.region", "us-east-1");
        set("aws.accessKeyId", "local");
        set("aws.secretAccessKey", "local");
        set("aws.endpointUrlDynamoDb", server.endpoint().toString());
        LambdaCarts.CARTS.get("user123").join();
    }

    private static void set(String property, String value) {
        BEFORE.put(property, System.getProperty(property));
        System.setProperty(property, value);
    }

    @AfterAll
    static void restoreTheEnvironment() {
        BEFORE.forEach((property, value) -> {
            if (value == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
        ((DynamoDbCartStore) LambdaCarts.CARTS).close();
        server.close();
    }

    @Test
    void addAndCheckout_repeated_haveOneEffect() {
        CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
        Duration remaining = Duration.ofSeconds(20);

        LambdaCarts.add("user123", dune, "request-1", remaining);
        Cart ordered = LambdaCarts.add("user123", dune, "request-1", remaining);
        assertEquals(1, ordered.totalItems());

        LambdaCarts.add("user123", dune, "request-2", remaining);
        LambdaCarts.checkout(ordered, "order-1", remaining);
        Cart left = LambdaCarts.checkout(ordered, "order-1", remaining);
        assertEquals(1, left.totalItems());
        assertTrue(left.item("book001").isPresent());
    }
}
