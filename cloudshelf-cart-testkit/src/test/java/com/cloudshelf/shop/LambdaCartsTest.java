package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableSpec;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Stores whose Region, keys and endpoint come from the environment, as the SDK finds them. */
class LambdaCartsTest {
    private static final CartItem DUNE = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
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
        ((DynamoDbCartStore) LambdaCarts.CARTS).close();
        NamedTableCarts.CARTS.close();
        BEFORE.forEach((property, value) -> {
            if (value == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
        server.close();
    }

    @BeforeEach
    void eraseTheCart() {
        LambdaCarts.CARTS.delete("user123").join();
    }

    @Test
    void addAndCheckout_repeated_haveOneEffect() {
        Duration remaining = Duration.ofSeconds(20);

        LambdaCarts.add("user123", DUNE, "request-1", remaining);
        Cart ordered = LambdaCarts.add("user123", DUNE, "request-1", remaining);
        assertEquals(1, ordered.totalItems());

        LambdaCarts.add("user123", DUNE, "request-2", remaining);
        Map<String, Integer> lines = Map.of("book001", 1);
        LambdaCarts.checkout("user123", lines, "order-1", remaining);
        Cart left = LambdaCarts.checkout("user123", lines, "order-1", remaining);
        assertEquals(1, left.totalItems());
        assertTrue(left.item("book001").isPresent());
    }

    @Test
    void firstCart_ofTheReadme_hasTheExactTotal() {
        assertEquals(new BigDecimal("29.97"), FirstCart.fill());
    }

    @Test
    void tableOfAnotherName_deployed_keepsCartsUntilTheyAreErased() {
        DynamoDbAsyncClient client = server.client();
        CartTableSpec spec =
                CartTableSpec.defaults().withTableName("cloudshelf-carts").withTag("Owner", "cart-team");
        CartTable.create(client, spec).join();

        DynamoDbCartStore carts = NamedTableCarts.CARTS;
        carts.addItem("user123", DUNE).join();
        carts.addItem("user456", DUNE).join();
        carts.delete("user123").join();

        var items =
                client.scan(scan -> scan.tableName("cloudshelf-carts")).join().items();
        assertEquals(1, items.size());
        assertEquals("user456", items.get(0).get("userId").s());
    }
}
