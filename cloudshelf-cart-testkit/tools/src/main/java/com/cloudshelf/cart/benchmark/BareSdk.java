package com.cloudshelf.cart.benchmark;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** The floor: one call of the SDK whose response is ignored. */
record BareSdk(DynamoDbAsyncClient client, String table) {
    CompletableFuture<GetItemResponse> get(String userId) {
        return client.getItem(get -> get.tableName(table)
                .key(Map.of("userId", AttributeValue.fromS(userId)))
                .consistentRead(true));
    }

    /**
     * Sets the quantity of one line, the totals and the times on the condition of a version. All values are known in
     * advance.
     */
    CompletableFuture<UpdateItemResponse> setQuantity(String userId, int line, int quantity, long version) {
        Instant now = Instant.now();
        Map<String, AttributeValue> values = new HashMap<>();
        values.put(":quantity", n(quantity));
        values.put(":totalItems", n(1000 + quantity));
        values.put(":totalPrice", AttributeValue.fromN("15990.42"));
        values.put(":now", AttributeValue.fromS(now.toString()));
        values.put(":ttl", n(now.plus(Duration.ofDays(30)).getEpochSecond()));
        values.put(":version", n(version + 1));
        values.put(":seen", n(version));
        return client.updateItem(update -> update.tableName(table)
                .key(Map.of("userId", AttributeValue.fromS(userId)))
                .updateExpression("SET cartItems[" + line + "].quantity = :quantity, totalItems = :totalItems,"
                        + " totalPrice = :totalPrice, lastUpdated = :now, #ttl = :ttl, #version = :version")
                .conditionExpression("#version = :seen")
                .expressionAttributeNames(Map.of("#ttl", "ttl", "#version", "version"))
                .expressionAttributeValues(values));
    }

    private static AttributeValue n(long value) {
        return AttributeValue.fromN(Long.toString(value));
    }
}
