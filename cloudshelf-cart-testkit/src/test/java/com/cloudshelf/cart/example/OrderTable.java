package com.cloudshelf.cart.example;

import com.cloudshelf.cart.jackson2.CartModule;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;

/**
 * Orders in a DynamoDB table with the key {@code orderId}: the order as JSON, and whether its books have been removed
 * from the cart.
 */
final class OrderTable implements Orders {
    private static final ObjectMapper JSON =
            JsonMapper.builder().addModule(new CartModule()).build();

    private final DynamoDbAsyncClient client;
    private final String tableName;

    OrderTable(DynamoDbAsyncClient client, String tableName) {
        this.client = client;
        this.tableName = tableName;
    }

    @Override
    public Optional<Order> find(String orderId) {
        Map<String, AttributeValue> item = client.getItem(
                        get -> get.tableName(tableName).key(key(orderId)).consistentRead(true))
                .join()
                .item();
        return item.isEmpty() ? Optional.empty() : Optional.of(order(item));
    }

    @Override
    public Order place(Order order) {
        try {
            client.putItem(put -> put.tableName(tableName)
                            .item(Map.of(
                                    "orderId", AttributeValue.fromS(order.orderId()),
                                    "order", AttributeValue.fromS(json(order)),
                                    "taken", AttributeValue.fromBool(false)))
                            .conditionExpression("attribute_not_exists(orderId)")
                            .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD))
                    .join();
            return order;
        } catch (CompletionException e) {
            // Placed by an earlier call, or by an earlier attempt of the SDK for this one.
            if (e.getCause() instanceof ConditionalCheckFailedException failure) {
                return order(failure.item());
            }
            throw e;
        }
    }

    @Override
    public void taken(String orderId) {
        client.updateItem(update -> update.tableName(tableName)
                        .key(key(orderId))
                        .updateExpression("SET taken = :true")
                        .expressionAttributeValues(Map.of(":true", AttributeValue.fromBool(true))))
                .join();
    }

    private static Map<String, AttributeValue> key(String orderId) {
        return Map.of("orderId", AttributeValue.fromS(orderId));
    }

    private static String json(Order order) {
        try {
            return JSON.writeValueAsString(order);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Order order(Map<String, AttributeValue> item) {
        try {
            Order order = JSON.readValue(item.get("order").s(), Order.class);
            boolean taken = item.get("taken").bool();
            return new Order(order.orderId(), order.userId(), order.lines(), order.totalPrice(), taken);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
