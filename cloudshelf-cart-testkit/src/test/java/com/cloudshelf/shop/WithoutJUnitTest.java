package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableSpec;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.dynamodb.services.local.embedded.DynamoDBEmbedded;

class WithoutJUnitTest {
    private final CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);

    @Test
    void localDynamoDb_noExtension_givesAStore() {
        try (DynamoDbCartStore carts = LocalDynamoDb.shared().newCartStore()) {
            carts.addItem("user123", dune).join();
            assertEquals(1, carts.get("user123").join().totalItems());
        }
    }

    @Test
    void embeddedClient_noHttp_givesAStore() {
        DynamoDbAsyncClient client = DynamoDBEmbedded.create(true).dynamoDbAsyncClient();
        CartTable.create(client, CartTableSpec.defaults().withPointInTimeRecovery(false))
                .join();
        try (DynamoDbCartStore carts =
                DynamoDbCartStore.builder().client(client).build()) {
            carts.addItem("user123", dune).join();
            assertEquals(1, carts.get("user123").join().totalItems());
        }
    }
}
