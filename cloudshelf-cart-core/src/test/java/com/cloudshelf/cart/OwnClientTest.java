package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.WireServer.hang;
import static com.cloudshelf.cart.WireServer.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.MarkedCredentials.Departure;
import com.cloudshelf.cart.MarkedCredentials.Watch;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.utils.AttributeMap;

/** The client that the store creates: it knows which requests have left, and abandoned requests hold no connections. */
class OwnClientTest {
    private static DynamoDbCartStore.Builder carts(
            WireServer server, int connections, Consumer<DynamoDbAsyncClientBuilder> configuration) {
        return DynamoDbCartStore.builder()
                .maxConcurrency(connections)
                .operationTimeout(Duration.ofSeconds(30))
                .configureClient(client -> {
                    client.endpointOverride(server.uri())
                            .region(Region.US_EAST_1)
                            .credentialsProvider(
                                    StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")));
                    configuration.accept(client);
                });
    }

    @Test
    void requests_thatHangWhenTheirCallsAreCancelled_freeTheirConnections() throws IOException {
        try (WireServer server = new WireServer(hang());
                DynamoDbCartStore carts = carts(server, 2, client -> {}).build()) {
            for (int i = 0; i < 3; i++) {
                int sent = server.seen().size();
                CompletableFuture<Cart> first = carts.get(USER);
                CompletableFuture<Cart> second = carts.get(USER);
                await(() -> server.seen().size() == sent + 2);
                first.cancel(true);
                second.cancel(true);
            }

            server.answer(ok("{}"));

            assertThat(resultOf(carts.get(USER)).isEmpty()).isTrue();
        }
    }

    @Test
    void request_thatHangsAtTheDeadline_freesItsConnection() throws IOException {
        try (WireServer server = new WireServer(hang());
                DynamoDbCartStore carts = carts(server, 1, client -> {}).build()) {
            failureOf(
                    CartUnavailableException.class,
                    carts.within(Duration.ofMillis(400)).get(USER));

            server.answer(ok("{}"));

            assertThat(resultOf(carts.get(USER)).isEmpty()).isTrue();
        }
    }

    @Test
    void request_thatWaitsForAConnection_neverDeparts() throws Exception {
        Watch watch = new Watch();
        try (WireServer server = new WireServer(hang(), ok("{}"));
                DynamoDbAsyncClient client = server.client()
                        .httpClientBuilder(
                                new WatchedHttpClient.Builder(WireServer.netty().maxConcurrency(1), watch))
                        .build()) {
            Departure first = new Departure(watch, Deadline.in(Duration.ofMinutes(1), System::currentTimeMillis));
            Departure second = new Departure(watch, Deadline.in(Duration.ofMinutes(1), System::currentTimeMillis));
            Departure third = new Departure(watch, Deadline.in(Duration.ofMinutes(1), System::currentTimeMillis));
            first.send(() -> read(client));
            server.awaitRequest(); // which holds the only connection
            CompletableFuture<?> waiting = second.send(() -> read(client));

            assertThat(first.stay()).isFalse();
            assertThat(first.hasStayed()).isFalse();
            assertThat(second.stay()).isTrue();
            first.giveUp();
            second.giveUp();
            third.send(() -> read(client)).join();

            await(waiting::isCompletedExceptionally);
            assertThat(second.hasStayed()).isTrue();
            assertThat(server.seen()).hasSize(2);
        }
    }

    /** An unknown request may belong to any call, so from then on the store concludes nothing. */
    @Test
    void request_ofAnotherThread_endsTheWatch() throws IOException {
        Watch watch = new Watch();
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client = server.client()
                        .httpClientBuilder(new WatchedHttpClient.Builder(WireServer.netty(), watch))
                        .build()) {
            Departure departure = new Departure(watch, Deadline.in(Duration.ofMinutes(1), System::currentTimeMillis));
            departure
                    .send(() -> CompletableFuture.supplyAsync(() -> read(client).join()))
                    .join();

            assertThat(server.seen()).hasSize(1);
            assertThat(departure.stay()).isFalse();
            assertThat(departure.hasStayed()).isFalse();
        }
    }

    private static CompletableFuture<GetItemResponse> read(DynamoDbAsyncClient client) {
        return client.getItem(request -> request.tableName("t").key(Items.item()));
    }

    /** Where an interceptor may throw. */
    private enum Place implements ExecutionInterceptor {
        BEFORE_EXECUTION {
            @Override
            public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
                throw new IllegalStateException("x");
            }
        },
        MODIFY_HTTP_REQUEST {
            @Override
            public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
                throw new IllegalStateException("x");
            }
        },
        BEFORE_TRANSMISSION {
            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                throw new IllegalStateException("x");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void interceptor_thatThrowsBeforeAnythingIsSent_isNotUnknown(Place place) throws IOException {
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbCartStore carts = carts(
                                server,
                                1,
                                client -> client.overrideConfiguration(
                                        override -> override.addExecutionInterceptor(place)))
                        .backoff(attempt -> Duration.ofMinutes(2))
                        .build()) {
            CartUnavailableException failure =
                    failureOf(CartUnavailableException.class, carts.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure).hasRootCauseMessage("x");
            assertThat(server.seen()).isEmpty();
        }
    }

    /** The process freezes when the request has been signed, and thaws after the deadline of its call. */
    @Test
    void process_frozenBeforeTheRequestHasAConnection_sendsNothing() throws IOException {
        TestClock clock = new TestClock(Examples.NOW);
        ExecutionInterceptor freeze = new ExecutionInterceptor() {
            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                clock.advance(Duration.ofMinutes(10));
            }
        };
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbCartStore carts = carts(
                                server,
                                1,
                                client -> client.overrideConfiguration(
                                        override -> override.addExecutionInterceptor(freeze)))
                        .wallMillis(clock::millis)
                        .build()) {
            CartUnavailableException failure =
                    failureOf(CartUnavailableException.class, carts.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void interceptor_thatThrowsAfterTheResponse_isUnknown() throws IOException {
        ExecutionInterceptor interceptor = new ExecutionInterceptor() {
            @Override
            public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes attributes) {
                throw new IllegalStateException("x");
            }
        };
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbCartStore carts = carts(
                                server,
                                1,
                                client -> client.overrideConfiguration(
                                        override -> override.addExecutionInterceptor(interceptor)))
                        .backoff(attempt -> Duration.ofMinutes(2))
                        .build()) {
            failureOf(CartOutcomeUnknownException.class, carts.addItem(USER, book("a", "1", 1)));
        }
    }

    /** A plugin is applied after all other settings. */
    @Test
    void pluginOfTheConfiguration_thatSwitchesRetriesOn_multipliesNoRequest() throws IOException {
        SdkPlugin retries = settings -> settings.overrideConfiguration(settings.overrideConfiguration().toBuilder()
                .retryStrategy(strategy -> strategy.maxAttempts(4))
                .build());
        try (WireServer server = new WireServer(WireServer.error(500, "InternalServerError"));
                DynamoDbCartStore carts = carts(server, 1, client -> client.addPlugin(retries))
                        .backoff(attempt -> Duration.ofMinutes(2))
                        .build()) {
            failureOf(CartOutcomeUnknownException.class, carts.addItem(USER, book("a", "1", 1)));

            assertThat(server.operations()).containsExactly("UpdateItem");
        }
    }

    /** If the configuration replaces the HTTP client, the store does not know which requests have left. */
    @Test
    void httpClientOfTheConfiguration_requestThatFails_isUnknown() throws IOException {
        try (WireServer server = new WireServer(WireServer.http(500, ""));
                DynamoDbCartStore carts = carts(server, 1, client -> client.httpClientBuilder(WireServer.netty()))
                        .backoff(attempt -> Duration.ofMinutes(2))
                        .build()) {
            failureOf(CartOutcomeUnknownException.class, carts.addItem(USER, book("a", "1", 1)));
        }
    }

    @Test
    void httpClientOfTheConfiguration_instance_isUsedAndLeftOpen() throws IOException {
        try (WireServer server = new WireServer(ok("{}"));
                SdkAsyncHttpClient http = WireServer.netty().build()) {
            for (int i = 0; i < 2; i++) {
                try (DynamoDbCartStore carts = carts(
                                server,
                                1,
                                client -> client.httpClientBuilder(null).httpClient(http))
                        .build()) {
                    assertThat(resultOf(carts.get(USER)).isEmpty()).isTrue();
                }
            }
        }
    }

    @Test
    void httpClientOfTheConfiguration_requestThatWaitsForAConnection_isNotSentAfterItsCall() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        WireServer.Answer late = (request, socket, out) -> {
            gate.await();
            ok("{}").to(request, socket, out);
        };
        List<CompletableFuture<Void>> requests = new CopyOnWriteArrayList<>();
        ObservedBuilder http = new ObservedBuilder(
                WireServer.netty().maxConcurrency(1).connectionAcquisitionTimeout(Duration.ofMinutes(1)), requests);
        try (WireServer server = new WireServer(late, ok("{}"));
                DynamoDbCartStore carts = carts(server, 3, client -> client.httpClientBuilder(http))
                        .build()) {
            CompletableFuture<Cart> first = carts.get("other");
            server.awaitRequest();
            failureOf(
                    CartOutcomeUnknownException.class,
                    carts.within(Duration.ofMillis(400)).addItem(USER, book("a", "1", 1)));

            await(() -> requests.stream().skip(1).allMatch(CompletableFuture::isDone));
            gate.countDown();
            resultOf(first);
            resultOf(carts.get(USER));

            assertThat(server.seen()).extracting(WireServer.Request::operation).containsExactly("GetItem", "GetItem");
        }
    }

    /** Builds an HTTP client whose requests can be observed. */
    private record ObservedBuilder(SdkAsyncHttpClient.Builder<?> http, List<CompletableFuture<Void>> requests)
            implements SdkAsyncHttpClient.Builder<ObservedBuilder> {
        @Override
        public SdkAsyncHttpClient buildWithDefaults(AttributeMap defaults) {
            SdkAsyncHttpClient client = http.buildWithDefaults(defaults);
            return new SdkAsyncHttpClient() {
                @Override
                public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
                    CompletableFuture<Void> sent = client.execute(request);
                    requests.add(sent);
                    return sent;
                }

                @Override
                public void close() {
                    client.close();
                }
            };
        }
    }
}
