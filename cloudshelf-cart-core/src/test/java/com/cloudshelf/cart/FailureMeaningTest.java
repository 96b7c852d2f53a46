package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.WireServer.error;
import static com.cloudshelf.cart.WireServer.hang;
import static com.cloudshelf.cart.WireServer.http;
import static com.cloudshelf.cart.WireServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What the caller learns about failures: the store over the SDK's real client, and a server that misbehaves. */
class FailureMeaningTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private static final String ITEM = "{\"userId\":{\"S\":\"" + USER + "\"},\"cartItems\":{\"L\":[{\"M\":{"
            + "\"bookId\":{\"S\":\"a\"},\"price\":{\"N\":\"1.5\"},\"quantity\":{\"N\":\"1\"},"
            + "\"addedAt\":{\"S\":\"2025-01-01T00:00:00Z\"}}}]},"
            + "\"totalItems\":{\"N\":\"1\"},\"totalPrice\":{\"N\":\"1.5\"},\"ttl\":{\"N\":\"99999999999\"}}";

    private static final String TWO_ITEMS = "{\"Responses\":[{\"Item\":" + ITEM.replace(USER, "guest") + "},{}]}";

    private static DynamoDbCartStore store(DynamoDbAsyncClient client) {
        return DynamoDbCartStore.builder().client(client).operationTimeout(LONG).build();
    }

    /** Returns a store whose calls end where they would back off, because the backoff outlasts their deadline. */
    private static DynamoDbCartStore impatient(DynamoDbAsyncClient client) {
        return DynamoDbCartStore.builder()
                .client(client)
                .operationTimeout(LONG)
                .backoff(attempt -> LONG.multipliedBy(2))
                .build();
    }

    private static <E extends CartStoreException> E failure(Class<E> type, CompletableFuture<?> call) {
        CompletionException thrown = catchThrowableOfType(CompletionException.class, call::join);
        assertThat(thrown).isNotNull();
        assertThat(thrown.getCause()).isInstanceOf(type);
        return type.cast(thrown.getCause());
    }

    @ParameterizedTest
    @ValueSource(strings = {"InvalidSignatureException", "RequestTimeTooSkewed"})
    void clock_thatIsOff_costsOneMoreAttempt(String code) throws IOException {
        String date = "Date: " + FailureTest.dateIn(20);
        try (WireServer server = new WireServer(error(400, code, date), ok("{\"Attributes\":" + ITEM + "}"));
                DynamoDbAsyncClient client = server.client().build();
                DynamoDbCartStore carts = store(client)) {
            assertThat(carts.addItem(USER, book("a", "1.50", 1)).join().items()).hasSize(1);
            assertThat(server.operations().subList(0, 2)).containsExactly("UpdateItem", "UpdateItem");
        }
    }

    /** The process freezes while it gets credentials, and thaws after the deadline of its call. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void process_frozenWhileItGetsCredentials_sendsNothing(boolean later) throws IOException {
        TestClock clock = new TestClock(Examples.NOW);
        AwsCredentials credentials = AwsBasicCredentials.create("key", "secret");
        AwsCredentialsProvider provider = new AwsCredentialsProvider() {
            @Override
            public AwsCredentials resolveCredentials() {
                clock.advance(LONG.multipliedBy(2));
                return credentials;
            }

            @Override
            public CompletableFuture<AwsCredentialsIdentity> resolveIdentity(ResolveIdentityRequest request) {
                return later
                        ? CompletableFuture.supplyAsync(this::resolveCredentials)
                        : CompletableFuture.completedFuture(resolveCredentials());
            }
        };
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(provider).build();
                DynamoDbCartStore carts = DynamoDbCartStore.builder()
                        .client(client)
                        .operationTimeout(LONG)
                        .wallMillis(clock::millis)
                        .build()) {
            assertThat(failure(CartUnavailableException.class, carts.addItem(USER, book("a", "1", 1))))
                    .hasMessageContaining("nothing was sent");
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void clock_thatCannotBeCorrected_isNamed() throws IOException {
        try (WireServer server =
                        new WireServer(error(400, "InvalidSignatureException", "Date: " + FailureTest.dateIn(20)));
                DynamoDbAsyncClient client = server.client().build();
                DynamoDbCartStore carts = store(client)) {
            assertThat(failure(CartAccessException.class, carts.addItem(USER, book("a", "1", 1))))
                    .hasMessageContaining("clock");
            assertThat(server.seen()).hasSize(2);
        }
    }

    @Test
    void credentials_thatAreUnavailable_endEveryCallUnsent() throws IOException {
        AwsCredentialsProvider none = () -> {
            throw new IllegalStateException("x");
        };
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(none).build();
                DynamoDbCartStore carts = store(client)) {
            for (CompletableFuture<?> call : List.of(
                    carts.get(USER),
                    carts.getAll(List.of(USER)),
                    carts.addItem(USER, book("a", "1", 1)),
                    carts.merge("guest", USER, MergeStrategy.SUM),
                    carts.clear(USER),
                    carts.delete(USER))) {
                assertThat(failure(CartAccessException.class, call)).hasMessageContaining("nothing was sent");
            }
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void credentials_thatAreLate_areNotALostResponse() throws IOException {
        CountDownLatch release = new CountDownLatch(1);
        AwsCredentialsProvider slow = new AwsCredentialsProvider() {
            @Override
            public AwsCredentials resolveCredentials() {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return AwsBasicCredentials.create("key", "secret");
            }
        };
        // The provider responds only after the end of the call, which is when the call's metrics are published.
        MetricPublisher over = new MetricPublisher() {
            @Override
            public void publish(MetricCollection metrics) {
                release.countDown();
            }

            @Override
            public void close() {}
        };
        try (WireServer server = new WireServer(ok("{\"Attributes\":" + ITEM + "}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(slow).build();
                DynamoDbCartStore carts = DynamoDbCartStore.builder()
                        .client(client)
                        .operationTimeout(Duration.ofSeconds(1))
                        .metricPublisher(over)
                        .build()) {
            CartStoreException failure =
                    failure(CartUnavailableException.class, carts.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void transaction_thatIsInProgress_isSentAgainUnchanged() throws IOException {
        try (WireServer server = new WireServer(ok(TWO_ITEMS), error(400, "TransactionInProgressException"), ok("{}"));
                DynamoDbAsyncClient client = server.client().build();
                DynamoDbCartStore carts = store(client)) {
            assertThat(carts.merge("guest", USER, MergeStrategy.SUM).join().items())
                    .hasSize(1);
            assertThat(server.operations())
                    .containsExactly("TransactGetItems", "TransactWriteItems", "TransactWriteItems");
            assertThat(server.seen().get(1).body())
                    .isEqualTo(server.seen().get(2).body());
        }
    }

    @Test
    void transaction_thatStaysInProgress_isUnknown() throws IOException {
        try (WireServer server = new WireServer(ok(TWO_ITEMS), error(400, "TransactionInProgressException"));
                DynamoDbAsyncClient client = server.client().build();
                DynamoDbCartStore carts = impatient(client)) {
            assertThat(failure(CartOutcomeUnknownException.class, carts.merge("guest", USER, MergeStrategy.SUM))
                            .isRetryable())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "",
                "{\"Attributes\":{}}",
                "{\"Responses\":{}}",
                "{\"Responses\":[]}",
                "{\"Responses\":[{}]}"
            })
    void response_thatIsEmpty_isUnknownToWritesAndUnavailableToReads(String body) throws IOException {
        try (WireServer server = new WireServer(http(200, body));
                DynamoDbAsyncClient client = server.client().build();
                DynamoDbCartStore carts = impatient(client)) {
            failure(CartOutcomeUnknownException.class, carts.addItem(USER, book("a", "1", 1)));
            if (!body.startsWith("{\"Responses\":[")) { // not valid as the response to a batch
                failure(CartUnavailableException.class, carts.getAll(List.of(USER)));
            }
            if (!body.equals("{\"Responses\":{}}")) {
                failure(CartUnavailableException.class, carts.merge("guest", USER, MergeStrategy.SUM));
            }
        }
    }

    @Test
    void pool_thatIsExhausted_isNeverALostResponse() throws Exception {
        try (WireServer server = new WireServer(hang());
                DynamoDbAsyncClient client = server.client()
                        .httpClientBuilder(WireServer.netty()
                                .maxConcurrency(1)
                                .connectionAcquisitionTimeout(Duration.ofMillis(30)))
                        .build();
                DynamoDbCartStore carts = impatient(client)) {
            client.getItem(request -> request.tableName("t").key(Map.of("userId", AttributeValue.fromS("u"))));
            server.awaitRequest(); // which holds the only connection
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                calls.add(carts.addItem("user" + i, book("a", "1", 1)));
            }
            for (CompletableFuture<Cart> call : calls) {
                assertThat(failure(CartUnavailableException.class, call).effectPossible())
                        .isFalse();
            }
            assertThat(Set.copyOf(server.operations())).isEqualTo(Set.of("GetItem"));
        }
    }

    /** If the client is not the store's own, nothing shows whether a request is still waiting for a connection. */
    @Test
    void pool_thatIsExhaustedAtTheDeadlineOfAGivenClient_isUnknown() throws Exception {
        try (WireServer server = new WireServer(hang());
                DynamoDbAsyncClient client = server.client()
                        .httpClientBuilder(WireServer.netty().maxConcurrency(1))
                        .build();
                DynamoDbCartStore carts = impatient(client)) {
            client.getItem(request -> request.tableName("t").key(Map.of("userId", AttributeValue.fromS("u"))));
            server.awaitRequest(); // which holds the only connection

            failure(
                    CartOutcomeUnknownException.class,
                    carts.within(Duration.ofSeconds(2)).addItem(USER, book("a", "1", 1)));
            assertThat(Set.copyOf(server.operations())).isEqualTo(Set.of("GetItem"));
        }
    }

    /** The call does not retry, because no later attempt could succeed. */
    @Test
    void client_thatWasClosedBefore_endsEveryCallUnsent() throws IOException {
        BackoffStrategy none = attempt -> {
            throw new AssertionError("the call is about to make another attempt");
        };
        try (WireServer server = new WireServer(ok("{}"))) {
            DynamoDbAsyncClient client = server.client()
                    .httpClientBuilder(NettyNioAsyncHttpClient.builder()) // its threads end with it
                    .build();
            try (DynamoDbCartStore carts =
                    DynamoDbCartStore.builder().client(client).backoff(none).build()) {
                carts.get(USER).join();
                client.close();
                for (CompletableFuture<?> call : List.of(
                        carts.get(USER),
                        carts.getAll(List.of(USER)),
                        carts.addItem(USER, book("a", "1", 1)),
                        carts.setQuantity(USER, "a", 1),
                        carts.merge("guest", USER, MergeStrategy.SUM),
                        carts.clear(USER),
                        carts.delete(USER),
                        CartTable.ping(client, CartTableSpec.defaults(), LONG))) {
                    assertThat(failure(CartStoreException.class, call))
                            .isExactlyInstanceOf(CartUnavailableException.class);
                }
                assertThat(server.seen()).hasSize(1);
            }
        }
    }

    @Test
    void server_thatCannotBeReached_isUnavailable() {
        try (DynamoDbAsyncClient client =
                        WireServer.client(URI.create("http://127.0.0.1:1")).build();
                DynamoDbCartStore carts = impatient(client)) {
            assertThat(failure(CartUnavailableException.class, carts.addItem(USER, book("a", "1", 1))))
                    .hasMessageContaining("nothing was sent");
        }
    }
}
