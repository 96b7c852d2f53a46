package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableReport;
import com.cloudshelf.cart.CartTableSpec;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.CartTableName;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.MovableClock;
import com.cloudshelf.cart.testkit.WithCartStore;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

@WithCartStore(operationTimeout = "PT30S")
class CheckoutTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);

    @Test
    void checkout_orderedCart_isEmptied(CartStore carts, DynamoDbAsyncClient client, @CartTableName String table) {
        Cart ordered = carts.addItem("user123", dune).join();
        var items = client.scan(scan -> scan.tableName(table)).join().items();
        assertEquals("19.98", items.get(0).get("totalPrice").n());
        CartInvariants.assertItemHolds(items.get(0));
        assertTrue(carts.apply(CartUpdate.of("user123").subtract(ordered)).join().isEmpty());
    }

    @Test
    void get_monthLater_isEmpty(CartStore carts, MovableClock clock) {
        carts.addItem("user123", dune).join();
        clock.advance(Duration.ofDays(31));
        assertTrue(carts.get("user123").join().isEmpty());
    }

    @RepeatedTest(20)
    void addItem_testsInParallel_haveSeparateTables(CartStore carts) {
        for (int i = 1; i <= 5; i++) {
            assertEquals(2 * i, carts.addItem("user123", dune).join().totalItems());
        }
    }

    @Test
    void client_closed_keepsWorking(LocalDynamoDb dynamoDb) {
        dynamoDb.client().close();
        try (DynamoDbCartStore carts = dynamoDb.newCartStore()) {
            CartStore patient = carts.within(Duration.ofSeconds(30)); // ample time for a busy machine
            assertEquals(2, patient.addItem("user123", dune).join().totalItems());
        }
    }

    @Test
    void createCartTable_nameTaken_saysSo(LocalDynamoDb dynamoDb, @CartTableName String table) {
        var refused = assertThrows(IllegalStateException.class, () -> dynamoDb.createCartTable(table));
        assertEquals("There is a table " + table + " at the embedded client already", refused.getMessage());
    }

    @Test
    void cartTable_deployed_holds(DynamoDbAsyncClient client) {
        CartTableSpec spec = CartTableSpec.defaults()
                .withTableName("carts-" + UUID.randomUUID())
                .withPointInTimeRecovery(false);
        CartTable.create(client, spec).join();
        CartTableReport report = CartTable.verify(client, spec).join();
        assertTrue(
                report.checks().stream().noneMatch(check -> check.outcome() == CartTableReport.Outcome.DEVIATING),
                report::toString);
    }
}
