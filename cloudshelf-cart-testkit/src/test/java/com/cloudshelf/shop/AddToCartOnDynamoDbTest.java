package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.CartTableName;
import com.cloudshelf.cart.testkit.MovableClock;
import com.cloudshelf.cart.testkit.WithCartStore;
import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

@WithCartStore
class AddToCartOnDynamoDbTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);

    @Test
    void add_newBook_isInTheCart(CartStore carts) {
        assertEquals(200, new AddToCart(carts).add("user123", dune));
        assertEquals(1, carts.get("user123").join().totalItems());
    }

    @Test
    void add_newBook_isInTheTable(CartStore carts, DynamoDbAsyncClient client, @CartTableName String table) {
        new AddToCart(carts).add("user123", dune);

        var items = client.scan(scan -> scan.tableName(table)).join().items();
        assertEquals("9.99", items.get(0).get("totalPrice").n());
        CartInvariants.assertItemHolds(items.get(0));
    }

    @Test
    void add_monthLater_cartHasExpired(CartStore carts, MovableClock clock) {
        new AddToCart(carts).add("user123", dune);
        clock.advance(Duration.ofDays(31));
        assertTrue(carts.get("user123").join().isEmpty());
    }
}
