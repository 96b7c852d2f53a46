package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

class EmbeddedConnectionTest {

    @Test
    void refusedCondition_itemWithEmptyMapsAndLists_isReturnedAsItIs() {
        AttributeValue map = AttributeValue.fromM(Map.of());
        AttributeValue list = AttributeValue.fromL(List.of());
        AttributeValue nested = AttributeValue.fromM(Map.of(
                "map", map, "list", list, "null", AttributeValue.fromNul(true), "text", AttributeValue.fromS("")));
        Map<String, AttributeValue> item = Map.of(
                "userId",
                AttributeValue.fromS("user123"),
                "map",
                map,
                "list",
                list,
                "nested",
                nested,
                "lines",
                AttributeValue.fromL(List.of(nested, map, list)));
        EmbeddedConnection connection = EmbeddedConnection.open();
        try {
            DynamoDbAsyncClient client = connection.client();
            client.createTable(table -> table.tableName("carts")
                            .billingMode(BillingMode.PAY_PER_REQUEST)
                            .keySchema(KeySchemaElement.builder()
                                    .attributeName("userId")
                                    .keyType(KeyType.HASH)
                                    .build())
                            .attributeDefinitions(AttributeDefinition.builder()
                                    .attributeName("userId")
                                    .attributeType(ScalarAttributeType.S)
                                    .build()))
                    .join();
            client.putItem(put -> put.tableName("carts").item(item)).join();
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() -> client.putItem(put -> put.tableName("carts")
                                    .item(item)
                                    .conditionExpression("attribute_not_exists(userId)")
                                    .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD))
                            .join())
                    .havingCause()
                    .isInstanceOfSatisfying(
                            ConditionalCheckFailedException.class,
                            refused -> assertThat(refused.item()).isEqualTo(item));
        } finally {
            connection.close();
        }
    }
}
