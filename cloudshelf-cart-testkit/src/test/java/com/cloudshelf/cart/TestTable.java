package com.cloudshelf.cart;

import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.SentRequest;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** A table on DynamoDB Local, with stores whose network can fail and direct access to the raw items. */
final class TestTable implements AutoCloseable {
    static final String USER = "user123";
    private static final LocalDynamoDb SERVER = LocalDynamoDb.shared();

    /** How the Python function before this library adds a line: blindly, and with totals that must already exist. */
    static final String APPEND = "SET cartItems = list_append(if_not_exists(cartItems, :empty_list), :item),"
            + " totalItems = totalItems + :qty, totalPrice = totalPrice + :price";

    /** More than a call takes on a busy machine if nothing goes wrong. */
    private static final Duration AMPLE = Duration.ofSeconds(30);

    final String name = SERVER.createCartTable();
    final Faults faults = Faults.none();
    private final List<Runnable> closing = new ArrayList<>();

    static CartItem book(String bookId, String price, int quantity) {
        return CartItem.of(bookId, "Title of " + bookId, "An Author", new BigDecimal(price), quantity);
    }

    /** Returns a store whose requests pass through {@link #faults}. */
    DynamoDbCartStore store() {
        return store(settings -> {});
    }

    DynamoDbCartStore store(Consumer<DynamoDbCartStore.Builder> settings) {
        return store(faults, settings, client -> {});
    }

    /**
     * Returns settings with which a store ends a call without waiting for its deadline: after this many backoffs, which
     * take no time, the next one would outlast any deadline.
     */
    static Consumer<DynamoDbCartStore.Builder> endingAfterPauses(int pauses) {
        return settings -> settings.operationTimeout(Duration.ofSeconds(60))
                .backoff(attempt -> attempt - 1 > pauses ? Duration.ofHours(1) : Duration.ZERO);
    }

    DynamoDbCartStore store(
            Faults network,
            Consumer<DynamoDbCartStore.Builder> settings,
            Consumer<ClientOverrideConfiguration.Builder> clientSettings) {
        DynamoDbAsyncClient client = SERVER.clientBuilder(network)
                .overrideConfiguration(clientSettings)
                .build();
        DynamoDbCartStore.Builder builder = DynamoDbCartStore.builder()
                .client(client)
                .tableName(name)
                .operationTimeout(AMPLE)
                .backoff(BackoffStrategy.exponentialDelay(Duration.ofMillis(5), Duration.ofMillis(100)));
        settings.accept(builder);
        DynamoDbCartStore store = builder.build();
        closing.add(store::close);
        closing.add(client::close);
        return store;
    }

    /** Returns the stored item, or an empty map if there is none. */
    Map<String, AttributeValue> item(String userId) {
        return SERVER.client()
                .getItem(get -> get.tableName(name)
                        .key(Map.of("userId", AttributeValue.fromS(userId)))
                        .consistentRead(true))
                .join()
                .item();
    }

    void put(Map<String, AttributeValue> item) {
        SERVER.client().putItem(put -> put.tableName(name).item(item)).join();
    }

    /** Appends a line as {@link #APPEND} does. */
    CompletableFuture<?> appendBlindly(String userId, String bookId, String price, int quantity) {
        return appendBlindly(
                userId,
                Map.of(
                        "bookId", AttributeValue.fromS(bookId),
                        "price", AttributeValue.fromN(price),
                        "quantity", AttributeValue.fromN(Integer.toString(quantity))));
    }

    CompletableFuture<?> appendBlindly(String userId, Map<String, AttributeValue> line) {
        return SERVER.client()
                .updateItem(update -> update.tableName(name)
                        .key(Map.of("userId", AttributeValue.fromS(userId)))
                        .updateExpression(APPEND)
                        .expressionAttributeValues(appended(line)));
    }

    /** Returns the values of {@link #APPEND} for a line. */
    static Map<String, AttributeValue> appended(Map<String, AttributeValue> line) {
        BigDecimal price = new BigDecimal(line.get("price").n());
        BigDecimal quantity = new BigDecimal(line.get("quantity").n());
        return Map.of(
                ":empty_list", AttributeValue.fromL(List.of()),
                ":item", AttributeValue.fromL(List.of(AttributeValue.fromM(line))),
                ":qty", AttributeValue.fromN(quantity.toPlainString()),
                ":price", AttributeValue.fromN(price.multiply(quantity).toPlainString()));
    }

    void set(String userId, String expression, Map<String, AttributeValue> values) {
        set(userId, expression, null, values);
    }

    void set(
            String userId, String expression, @Nullable Map<String, String> names, Map<String, AttributeValue> values) {
        SERVER.client()
                .updateItem(update -> update.tableName(name)
                        .key(Map.of("userId", AttributeValue.fromS(userId)))
                        .updateExpression(expression)
                        .expressionAttributeNames(names)
                        .expressionAttributeValues(values))
                .join();
    }

    /** Returns the operations sent since the last call of this method, in order. */
    List<String> sent() {
        List<String> operations =
                faults.sent().stream().map(SentRequest::operation).toList();
        faults.forget();
        return operations;
    }

    /** Waits for a call that must fail, and returns its failure. */
    static Throwable failureOf(CompletableFuture<?> call) {
        try {
            Object value = call.join();
            throw new AssertionError("should have failed, but returned " + value);
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    @Override
    public void close() {
        closing.forEach(Runnable::run);
        faults.close();
    }
}
