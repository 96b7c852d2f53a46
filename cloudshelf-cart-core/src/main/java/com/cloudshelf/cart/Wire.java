package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * Turns requests into calls of the AWS client, and its responses into events: the only class that knows the SDK's
 * requests and responses.
 */
final class Wire {
    private final DynamoDbAsyncClient client;
    private final String table;
    private final Answers answers = new Answers();
    private final Clients.RequestConfigurations configurations;
    private final MarkedCredentials.Watch watch;

    /**
     * @param configurations what each request carries
     * @param watch of the client's connections, or of nothing
     */
    Wire(
            DynamoDbAsyncClient client,
            String table,
            Clients.RequestConfigurations configurations,
            MarkedCredentials.Watch watch) {
        this.client = client;
        this.table = table;
        this.configurations = configurations;
        this.watch = watch;
    }

    /**
     * Returns the departure of a request that is about to be sent.
     *
     * @param deadline of its call
     */
    MarkedCredentials.Departure departure(Deadline deadline) {
        return new MarkedCredentials.Departure(watch, deadline);
    }

    String table() {
        return table;
    }

    /**
     * Sends a request. May block while the SDK gets credentials, and may throw instead of returning a failed future.
     *
     * @param remainingMillis the remaining time of the call
     */
    @SuppressWarnings("unchecked") // only the client completes it
    CompletableFuture<Object> send(Request request, long remainingMillis) {
        CompletableFuture<?> sent = dispatch(request, configurations.of(remainingMillis, watch.seesAll()));
        return (CompletableFuture<Object>) requireNonNull(sent, Clients.NO_FUTURE);
    }

    private CompletableFuture<?> dispatch(Request request, AwsRequestOverrideConfiguration configuration) {
        return switch (request.kind()) {
            case GET ->
                client.getItem(GetItemRequest.builder()
                        .tableName(table)
                        .key(key(request.userIds().get(0)))
                        .consistentRead(request.strong())
                        .overrideConfiguration(configuration)
                        .build());
            case GET_MANY ->
                client.batchGetItem(BatchGetItemRequest.builder()
                        .requestItems(Map.of(table, keys(request)))
                        .overrideConfiguration(configuration)
                        .build());
            case GET_BOTH ->
                client.transactGetItems(TransactGetItemsRequest.builder()
                        .transactItems(
                                getOf(request.userIds().get(0)),
                                getOf(request.userIds().get(1)))
                        .overrideConfiguration(configuration)
                        .build());
            case WRITE -> sendWrite(write(request), configuration);
            case ERASE ->
                client.deleteItem(DeleteItemRequest.builder()
                        .tableName(table)
                        .key(key(request.userIds().get(0)))
                        .overrideConfiguration(configuration)
                        .build());
            case TRANSACT ->
                client.transactWriteItems(TransactWriteItemsRequest.builder()
                        .clientRequestToken(request.token())
                        .transactItems(request.parts().stream()
                                .map(part -> part.asPart(table))
                                .toList())
                        .overrideConfiguration(configuration)
                        .build());
        };
    }

    private CompletableFuture<?> sendWrite(Write write, AwsRequestOverrideConfiguration configuration) {
        return switch (write.kind()) {
            case UPDATE ->
                client.updateItem(write.asUpdate(table)
                        .returnValues(write.after() == null ? ReturnValue.ALL_NEW : null)
                        .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                        .overrideConfiguration(configuration)
                        .build());
            case PUT ->
                client.putItem(write.asPut(table)
                        .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                        .overrideConfiguration(configuration)
                        .build());
            case DELETE ->
                client.deleteItem(write.asDelete(table)
                        .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                        .overrideConfiguration(configuration)
                        .build());
        };
    }

    /** Returns the meaning of a response. One that does not come from DynamoDB counts as lost. */
    Event event(Request request, @Nullable Object answer, @Nullable Throwable thrown) {
        if (!(answer instanceof DynamoDbResponse response)) {
            Failure failure =
                    Failure.of(thrown == null ? new IllegalStateException("the client returned no response") : thrown);
            // A read has no condition, so it cannot be refused.
            return failure.kind() == Failure.Kind.REFUSED && request.kind().writes()
                    ? Event.refused(failure, false)
                    : Event.failed(failure);
        }
        boolean asksForItem = request.write() != null && request.write().after() == null;
        Failure made = answers.failureOf(response, asksForItem);
        return made == null ? eventOf(request, response) : Event.failed(made);
    }

    // Asks for the usual responses first: a cold start then loads no class for the others.
    private static Event eventOf(Request request, DynamoDbResponse response) {
        if (response instanceof GetItemResponse got) {
            return Event.done(List.of(got.item()), List.of());
        }
        if (response instanceof UpdateItemResponse written) {
            return Event.done(List.of(written.attributes()), List.of());
        }
        if (response instanceof BatchGetItemResponse got) {
            return eventOf(request, got);
        }
        if (response instanceof TransactGetItemsResponse got) {
            return Event.done(got.responses().stream().map(ItemResponse::item).toList(), List.of());
        }
        return Event.done(List.of(), List.of());
    }

    private static Event eventOf(Request request, BatchGetItemResponse got) {
        List<String> unprocessed = new ArrayList<>();
        for (KeysAndAttributes keys : got.unprocessedKeys().values()) {
            keys.keys().forEach(key -> unprocessed.add(userId(key)));
        }
        Map<String, Map<String, AttributeValue>> found = new HashMap<>();
        got.responses().values().forEach(items -> items.forEach(item -> found.put(userId(item), item)));
        List<Map<String, AttributeValue>> inOrder = new ArrayList<>();
        request.userIds().forEach(userId -> inOrder.add(found.getOrDefault(userId, Map.of())));
        return Event.done(inOrder, unprocessed);
    }

    private static Write write(Request request) {
        Write write = request.write();
        if (write == null) {
            throw new IllegalStateException("only a write carries one");
        }
        return write;
    }

    private static String userId(Map<String, AttributeValue> key) {
        AttributeValue id = key.get(ItemFormat.USER_ID);
        return id == null || id.s() == null ? "" : id.s();
    }

    private static Map<String, AttributeValue> key(String userId) {
        return Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId));
    }

    private static KeysAndAttributes keys(Request request) {
        List<Map<String, AttributeValue>> keys =
                new ArrayList<>(request.userIds().size());
        request.userIds().forEach(userId -> keys.add(key(userId)));
        return KeysAndAttributes.builder()
                .keys(keys)
                .consistentRead(request.strong())
                .build();
    }

    private TransactGetItem getOf(String userId) {
        return TransactGetItem.builder()
                .get(get -> get.tableName(table).key(key(userId)))
                .build();
    }
}
