package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** A client without a network. It hands each request to the next step of a script, which answers it or fails it. */
final class ScriptedClient implements DynamoDbAsyncClient {
    /** Returns the response to one request, now or later. */
    interface Step {
        CompletableFuture<? extends DynamoDbResponse> answer(DynamoDbRequest request);

        /** Returns a step that first runs the action, on the sending thread. */
        default Step after(Runnable action) {
            return request -> {
                action.run();
                return answer(request);
            };
        }
    }

    private final Queue<Step> script = new ConcurrentLinkedQueue<>();
    private final List<DynamoDbRequest> requests = new CopyOnWriteArrayList<>();
    private final ClientOverrideConfiguration configuration;
    private volatile @Nullable Step rest;
    private volatile boolean overrun;
    private volatile boolean closed;

    ScriptedClient() {
        this(ClientOverrideConfiguration.builder()
                .retryStrategy(AwsRetryStrategy.doNotRetry())
                .build());
    }

    ScriptedClient(ClientOverrideConfiguration configuration) {
        this.configuration = configuration;
    }

    static Step answer(DynamoDbResponse response) {
        return request -> CompletableFuture.completedFuture(response);
    }

    static Step fail(Throwable failure) {
        return request -> CompletableFuture.failedFuture(failure);
    }

    /** The request is never answered. */
    static Step hang() {
        return request -> new CompletableFuture<>();
    }

    /** The table serves the request, and the response arrives. */
    static Step serve(Table table) {
        return request -> {
            try {
                return CompletableFuture.completedFuture(table.serve(request));
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
        };
    }

    /** The table serves the request, but the response is lost. */
    static Step serveAndLose(Table table) {
        return request -> {
            serve(table).answer(request);
            return CompletableFuture.failedFuture(Failures.lost());
        };
    }

    ScriptedClient then(Step... steps) {
        script.addAll(List.of(steps));
        return this;
    }

    /** Answers every request after those that {@link #then} scripted. Without it, there must be no such request. */
    ScriptedClient thenAlways(Step step) {
        rest = step;
        return this;
    }

    List<DynamoDbRequest> requests() {
        return requests;
    }

    /** Returns the operations of the requests that were sent, in order. */
    List<String> sent() {
        return requests.stream()
                .map(request -> request.getClass().getSimpleName().replace("Request", ""))
                .toList();
    }

    <T extends DynamoDbRequest> T request(int index, Class<T> type) {
        return type.cast(requests.get(index));
    }

    /** Fails if there were more requests than the script has steps. */
    void assertNotOverrun() {
        assertThat(overrun).as("more requests than expected: %s", sent()).isFalse();
    }

    boolean isClosed() {
        return closed;
    }

    @SuppressWarnings("unchecked") // an answer of another type is a mistake in the test
    private <T extends DynamoDbResponse> CompletableFuture<T> next(DynamoDbRequest request) {
        requests.add(request);
        Step step = script.poll();
        if (step == null) {
            step = rest;
        }
        if (step == null) {
            overrun = true;
            step = fail(Failures.accessDenied()); // ends a call immediately
        }
        return (CompletableFuture<T>) step.answer(request);
    }

    @Override
    public CompletableFuture<GetItemResponse> getItem(GetItemRequest request) {
        return next(request);
    }

    @Override
    public CompletableFuture<BatchGetItemResponse> batchGetItem(BatchGetItemRequest request) {
        return next(request);
    }

    @Override
    public CompletableFuture<UpdateItemResponse> updateItem(UpdateItemRequest request) {
        return next(request);
    }

    @Override
    public CompletableFuture<PutItemResponse> putItem(PutItemRequest request) {
        return next(request);
    }

    @Override
    public CompletableFuture<DeleteItemResponse> deleteItem(DeleteItemRequest request) {
        return next(request);
    }

    @Override
    public DynamoDbServiceClientConfiguration serviceClientConfiguration() {
        return DynamoDbServiceClientConfiguration.builder()
                .overrideConfiguration(configuration)
                .build();
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {
        closed = true;
    }
}
