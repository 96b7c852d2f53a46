package com.cloudshelf.cart.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.dynamodb.services.local.embedded.DynamoDBEmbedded;
import software.amazon.dynamodb.services.local.shared.access.AmazonDynamoDBLocal;

/** A DynamoDB Local in this JVM behind its own client: method calls instead of HTTP. */
final class EmbeddedConnection implements Connection {
    private final AmazonDynamoDBLocal database;
    private final DynamoDbAsyncClient client;

    private EmbeddedConnection(AmazonDynamoDBLocal database) {
        this.database = database;
        this.client = repairing(database.dynamoDbAsyncClient());
    }

    static EmbeddedConnection open() {
        DynamoDbLocalLogs.quieten();
        boolean withoutTelemetry = true;
        try {
            return new EmbeddedConnection(DynamoDBEmbedded.create(withoutTelemetry));
        } catch (RuntimeException | LinkageError e) {
            throw new IllegalStateException("The embedded client of DynamoDB Local did not start: " + e, e);
        }
    }

    @Override
    public DynamoDbAsyncClient client() {
        return client;
    }

    /**
     * Returns the client with one fault of DynamoDB Local repaired: in the item that a refused condition returns, an
     * empty map below the top has no type. Over HTTP, as in the service, it is a map.
     */
    private static DynamoDbAsyncClient repairing(DynamoDbAsyncClient client) {
        return (DynamoDbAsyncClient) Proxy.newProxyInstance(
                DynamoDbAsyncClient.class.getClassLoader(),
                new Class<?>[] {DynamoDbAsyncClient.class},
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(client, arguments);
                        return result instanceof CompletableFuture<?> answer ? repaired(answer) : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the stage lets nothing escape
    private static <T> CompletableFuture<T> repaired(CompletableFuture<T> answer) {
        CompletableFuture<T> repaired = new CompletableFuture<>();
        answer.whenComplete((value, failure) -> {
            if (failure == null) {
                repaired.complete(value);
            } else {
                repaired.completeExceptionally(repaired(failure));
            }
        });
        return repaired;
    }

    private static Throwable repaired(Throwable failure) {
        if (failure instanceof CompletionException && failure.getCause() != null) {
            return new CompletionException(repaired(failure.getCause()));
        }
        return failure instanceof ConditionalCheckFailedException refused && refused.hasItem()
                ? refused.toBuilder().item(repaired(refused.item())).build()
                : failure;
    }

    private static Map<String, AttributeValue> repaired(Map<String, AttributeValue> values) {
        Map<String, AttributeValue> repaired = new LinkedHashMap<>();
        values.forEach((name, value) -> repaired.put(name, repaired(value)));
        return repaired;
    }

    private static AttributeValue repaired(AttributeValue value) {
        return switch (value.type()) {
            case UNKNOWN_TO_SDK_VERSION -> AttributeValue.fromM(Map.of());
            case M -> AttributeValue.fromM(repaired(value.m()));
            case L ->
                AttributeValue.fromL(
                        value.l().stream().map(EmbeddedConnection::repaired).toList());
            default -> value;
        };
    }

    @Override
    public boolean isHttp() {
        return false;
    }

    @Override
    public URI endpoint() {
        throw withoutHttp("an endpoint");
    }

    @Override
    public DynamoDbAsyncClientBuilder clientBuilder(Faults faults) {
        throw withoutHttp("Faults");
    }

    @Override
    public void close() {
        database.shutdown();
    }

    @Override
    public String toString() {
        return "the embedded client";
    }

    static IllegalStateException withoutHttp(String what) {
        return new IllegalStateException("There is no HTTP for " + what + ": the system property "
                + LocalDynamoDb.ENDPOINT_PROPERTY + " or the environment variable " + LocalDynamoDb.ENDPOINT_VARIABLE
                + " selects the embedded client of DynamoDB Local. Use its client(), unset it, or set it to the endpoint of a"
                + " DynamoDB Local that runs elsewhere");
    }
}
