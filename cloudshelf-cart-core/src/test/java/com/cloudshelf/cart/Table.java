package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** A table in memory that serves the requests of a store, one at a time. */
final class Table {
    /** The reason code for a part that did not cancel the transaction. */
    private static final String NO_REASON = "None";

    private final Map<String, Map<String, AttributeValue>> items = new HashMap<>();

    synchronized void put(Map<String, AttributeValue> item) {
        items.put(item.get("userId").s(), normalized(item));
    }

    /** Returns a user's item, or an empty map if there is none. */
    synchronized Map<String, AttributeValue> item(String userId) {
        return items.getOrDefault(userId, Map.of());
    }

    /** Serves a request. Throws DynamoDB's exception if the condition does not hold or the request is invalid. */
    synchronized DynamoDbResponse serve(DynamoDbRequest request) {
        if (request instanceof GetItemRequest get) {
            Map<String, AttributeValue> item = item(get.key().get("userId").s());
            return item.isEmpty()
                    ? GetItemResponse.builder().build()
                    : GetItemResponse.builder().item(item).build();
        }
        if (request instanceof UpdateItemRequest update) {
            String userId = update.key().get("userId").s();
            Map<String, AttributeValue> updated = evaluate(
                    userId,
                    update.updateExpression(),
                    update.conditionExpression(),
                    update.expressionAttributeNames(),
                    update.expressionAttributeValues(),
                    update.returnValuesOnConditionCheckFailure());
            put(Items.with(updated, "userId", AttributeValue.fromS(userId)));
            UpdateItemResponse.Builder response = UpdateItemResponse.builder();
            return update.returnValues() == ReturnValue.ALL_NEW
                    ? response.attributes(item(userId)).build()
                    : response.build();
        }
        if (request instanceof PutItemRequest put) {
            evaluate(
                    put.item().get("userId").s(),
                    null,
                    put.conditionExpression(),
                    put.expressionAttributeNames(),
                    put.expressionAttributeValues(),
                    put.returnValuesOnConditionCheckFailure());
            try {
                Expressions.check(put.item());
            } catch (IllegalArgumentException e) {
                throw Failures.validation(e);
            }
            put(put.item());
            return PutItemResponse.builder().build();
        }
        if (request instanceof TransactWriteItemsRequest transaction) {
            transact(transaction);
            return TransactWriteItemsResponse.builder().build();
        }
        DeleteItemRequest delete = (DeleteItemRequest) request;
        String userId = delete.key().get("userId").s();
        evaluate(
                userId,
                null,
                delete.conditionExpression(),
                delete.expressionAttributeNames(),
                delete.expressionAttributeValues(),
                delete.returnValuesOnConditionCheckFailure());
        items.remove(userId);
        return DeleteItemResponse.builder().build();
    }

    /** Applies all parts of the transaction, or none. */
    private void transact(TransactWriteItemsRequest transaction) {
        Map<String, Map<String, AttributeValue>> before = new HashMap<>(items);
        List<CancellationReason> reasons = new ArrayList<>();
        boolean done = false;
        try {
            for (TransactWriteItem part : transaction.transactItems()) {
                reasons.add(CancellationReason.builder().code(codeOf(part)).build());
            }
            done = reasons.stream().allMatch(reason -> reason.code().equals(NO_REASON));
        } finally {
            if (!done) {
                items.clear();
                items.putAll(before);
            }
        }
        if (!done) {
            throw TransactionCanceledException.builder()
                    .cancellationReasons(reasons)
                    .build();
        }
    }

    private String codeOf(TransactWriteItem part) {
        try {
            serve(requestOf(part));
            return NO_REASON;
        } catch (ConditionalCheckFailedException e) {
            return "ConditionalCheckFailed";
        }
    }

    private static DynamoDbRequest requestOf(TransactWriteItem part) {
        if (part.update() != null) {
            return UpdateItemRequest.builder()
                    .key(part.update().key())
                    .updateExpression(part.update().updateExpression())
                    .conditionExpression(part.update().conditionExpression())
                    .expressionAttributeNames(part.update().expressionAttributeNames())
                    .expressionAttributeValues(part.update().expressionAttributeValues())
                    .build();
        }
        if (part.put() != null) {
            return PutItemRequest.builder()
                    .item(part.put().item())
                    .conditionExpression(part.put().conditionExpression())
                    .expressionAttributeNames(part.put().expressionAttributeNames())
                    .expressionAttributeValues(part.put().expressionAttributeValues())
                    .build();
        }
        return DeleteItemRequest.builder()
                .key(part.delete().key())
                .conditionExpression(part.delete().conditionExpression())
                .expressionAttributeNames(part.delete().expressionAttributeNames())
                .expressionAttributeValues(part.delete().expressionAttributeValues())
                .build();
    }

    private Map<String, AttributeValue> evaluate(
            String userId,
            @Nullable String update,
            @Nullable String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values,
            @Nullable ReturnValuesOnConditionCheckFailure onFailure) {
        Map<String, AttributeValue> updated;
        try {
            updated = Expressions.apply(update, condition, names, values, item(userId));
        } catch (IllegalArgumentException e) {
            throw Failures.validation(e);
        }
        if (updated == null) {
            throw Failures.refused(onFailure == ReturnValuesOnConditionCheckFailure.ALL_OLD ? item(userId) : Map.of());
        }
        return updated;
    }

    /** DynamoDB keeps numbers without trailing zeros, and returns them without an exponent. */
    private static Map<String, AttributeValue> normalized(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> copy = new LinkedHashMap<>();
        item.forEach((name, value) -> copy.put(name, normalized(value)));
        return copy;
    }

    private static AttributeValue normalized(AttributeValue value) {
        if (value.n() != null) {
            return AttributeValue.fromN(
                    new BigDecimal(value.n()).stripTrailingZeros().toPlainString());
        }
        if (value.hasM()) {
            return AttributeValue.fromM(normalized(value.m()));
        }
        if (value.hasL()) {
            List<AttributeValue> list = new ArrayList<>();
            value.l().forEach(element -> list.add(normalized(element)));
            return AttributeValue.fromL(list);
        }
        return value;
    }
}
