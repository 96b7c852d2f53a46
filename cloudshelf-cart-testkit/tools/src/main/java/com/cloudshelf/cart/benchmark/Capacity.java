package com.cloudshelf.cart.benchmark;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * Adds up what DynamoDB charges for the requests of a client.
 *
 * <p>DynamoDB charges a refused condition by the size of the item. The refusal does not reveal the size, so another
 * client reads the item.
 */
final class Capacity implements ExecutionInterceptor {
    private static final double DOLLARS_A_WRITE = 0.625 / 1_000_000;
    private static final double DOLLARS_A_READ = 0.125 / 1_000_000;

    private final DynamoDbAsyncClient reader;
    private int requests;
    private double reads;
    private double writes;
    private int refused;

    Capacity(DynamoDbAsyncClient reader) {
        this.reader = reader;
    }

    @Override
    public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
        ReturnConsumedCapacity total = ReturnConsumedCapacity.TOTAL;
        if (context.request() instanceof GetItemRequest get) {
            return get.toBuilder().returnConsumedCapacity(total).build();
        }
        if (context.request() instanceof UpdateItemRequest update) {
            return update.toBuilder().returnConsumedCapacity(total).build();
        }
        if (context.request() instanceof DeleteItemRequest delete) {
            return delete.toBuilder().returnConsumedCapacity(total).build();
        }
        throw new IllegalStateException("not priced: " + context.request().getClass());
    }

    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        requests++;
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        if (context.response() instanceof GetItemResponse get) {
            reads += units(get.consumedCapacity());
        } else if (context.response() instanceof UpdateItemResponse update) {
            writes += units(update.consumedCapacity());
        } else if (context.response() instanceof DeleteItemResponse delete) {
            writes += units(delete.consumedCapacity());
        }
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        if (context.exception().getCause() instanceof ConditionalCheckFailedException
                || context.exception() instanceof ConditionalCheckFailedException) {
            refused++;
            if (context.request() instanceof UpdateItemRequest update) {
                writes += writeUnits(update.tableName(), update.key());
            } else if (context.request() instanceof DeleteItemRequest delete) {
                writes += writeUnits(delete.tableName(), delete.key());
            }
        }
    }

    private static double units(ConsumedCapacity consumed) {
        return consumed.capacityUnits();
    }

    private double writeUnits(String table, Map<String, AttributeValue> key) {
        long bytes = size(reader.getItem(get -> get.tableName(table).key(key).consistentRead(true))
                .join()
                .item());
        return Math.max(1, (bytes + 1023) / 1024);
    }

    int requests() {
        return requests;
    }

    int refused() {
        return refused;
    }

    double readUnits() {
        return reads;
    }

    double writeUnits() {
        return writes;
    }

    double dollars() {
        return writes * DOLLARS_A_WRITE + reads * DOLLARS_A_READ;
    }

    /** Returns the size of an item by the rules in DynamoDB's documentation. */
    static long size(Map<String, AttributeValue> item) {
        long size = 0;
        for (Map.Entry<String, AttributeValue> attribute : item.entrySet()) {
            size += bytes(attribute.getKey()) + size(attribute.getValue());
        }
        return size;
    }

    private static long size(AttributeValue value) {
        return switch (value.type()) {
            case S -> bytes(value.s());
            case N -> number(value.n());
            case B -> value.b().asByteArrayUnsafe().length;
            case SS -> value.ss().stream().mapToLong(Capacity::bytes).sum();
            case NS -> value.ns().stream().mapToLong(Capacity::number).sum();
            case BS ->
                value.bs().stream()
                        .mapToLong(bytes -> bytes.asByteArrayUnsafe().length)
                        .sum();
            case L -> 3 + ofElements(value.l());
            case M -> 3 + value.m().size() + size(value.m());
            default -> 1;
        };
    }

    private static long ofElements(List<AttributeValue> elements) {
        return elements.stream().mapToLong(element -> 1 + size(element)).sum();
    }

    private static long number(String number) {
        return 1 + (new BigDecimal(number).stripTrailingZeros().precision() + 1) / 2;
    }

    private static long bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
