package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

class ClientsTest {
    private static final Map<String, AttributeValue> KEY = Map.of("userId", AttributeValue.fromS(USER));

    private static DynamoDbAsyncClient client() {
        return DynamoDbAsyncClient.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
                .build();
    }

    /** The store keeps them for its lifetime, so one for each millisecond would be a leak. */
    @Test
    void requestConfigurations_forAnyRemainingTime_areFew() {
        try (DynamoDbAsyncClient client = client()) {
            Clients.RequestConfigurations configurations = Clients.requestConfigurations(client, false);
            Set<AwsRequestOverrideConfiguration> made = Collections.newSetFromMap(new IdentityHashMap<>());

            for (long millis = 1; millis <= Deadline.LONGEST.toMillis(); millis++) {
                made.add(configurations.of(millis, false));
            }

            assertThat(made).hasSizeLessThan(250);
        }
    }

    /** An HTTP client of the configuration may make a client of the store one that is not watched. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestConfiguration_ofARequestThatIsNotWatched_endsWithTheCallOrSlightlyEarlier(boolean ownsClient) {
        try (DynamoDbAsyncClient client = client()) {
            Clients.RequestConfigurations configurations = Clients.requestConfigurations(client, ownsClient);

            for (long millis = 1; millis <= Deadline.LONGEST.toMillis(); millis++) {
                long timeout = configurations
                        .of(millis, false)
                        .apiCallTimeout()
                        .orElseThrow()
                        .toMillis();
                assertThat(timeout).isBetween(millis - millis / 16, millis);
            }
        }
    }

    @Test
    void requestConfiguration_ofAWatchedRequest_isAlwaysTheSame() {
        try (DynamoDbAsyncClient client = client()) {
            Clients.RequestConfigurations configurations = Clients.requestConfigurations(client, true);

            assertThat(configurations.of(1, true)).isSameAs(configurations.of(60_000, true));
        }
    }

    /** Cancelling a request would not keep the SDK from sending it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void request_thatWaitsForAConnectionWhenItsTimeIsUp_isNeverSent(boolean retries) throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        WireServer.Answer late = (request, socket, out) -> {
            free.await();
            WireServer.ok("{}").to(request, socket, out);
        };
        try (WireServer server = new WireServer(late);
                DynamoDbAsyncClient client = server.client()
                        .httpClientBuilder(
                                WireServer.netty().maxConcurrency(1).connectionAcquisitionTimeout(Deadline.LONGEST))
                        .overrideConfiguration(override -> override.retryStrategy(retries(retries)))
                        .build()) {
            CompletableFuture<GetItemResponse> first = client.getItem(get());
            server.awaitRequest(); // which holds the only connection
            AwsRequestOverrideConfiguration soon =
                    Clients.requestConfigurations(client, false).of(200, false);
            CompletableFuture<UpdateItemResponse> second =
                    client.updateItem(update -> update.tableName("t").key(KEY).overrideConfiguration(soon));
            failureOf(ApiCallTimeoutException.class, second);

            free.countDown();
            resultOf(first);
            resultOf(client.getItem(get()));

            assertThat(server.operations()).containsExactly("GetItem", "GetItem");
        }
    }

    private static GetItemRequest get() {
        return GetItemRequest.builder().tableName("t").key(KEY).build();
    }

    /** Retries of the SDK would continue after the caller has cancelled, and multiply with the call's own. */
    @Test
    void callsAboutTheTable_clientThatRetries_isToldNotTo() throws IOException {
        CartTableSpec spec = CartTableSpec.defaults();
        WireServer.Answer failed = WireServer.error(500, "InternalServerError");
        for (Function<DynamoDbAsyncClient, CompletableFuture<?>> call :
                List.<Function<DynamoDbAsyncClient, CompletableFuture<?>>>of(
                        client -> CartTable.ping(client, spec, Duration.ofSeconds(60)),
                        client -> CartTable.audit(client, spec, CartAudit.reporting()))) {
            try (WireServer server =
                            new WireServer(failed, failed, WireServer.ok("{\"Table\":{},\"Items\":[],\"Count\":0}"));
                    DynamoDbAsyncClient client = server.client()
                            .overrideConfiguration(override -> override.retryStrategy(retries(true)))
                            .build()) {
                resultOf(call.apply(client));

                assertThat(server.seen())
                        .hasSizeGreaterThan(2)
                        .allMatch(request -> request.header("amz-sdk-request").startsWith("attempt=1"));
            }
        }
    }

    private static RetryStrategy retries(boolean on) {
        return on ? AwsRetryStrategy.standardRetryStrategy() : AwsRetryStrategy.doNotRetry();
    }

    /** As a mock does by default. */
    @Test
    void client_thatReturnsNullForEverything_failsCallsAndSaysWhy() {
        DynamoDbAsyncClient mock = new DynamoDbAsyncClient() {
            @Override
            public CompletableFuture<UpdateItemResponse> updateItem(UpdateItemRequest request) {
                return null;
            }

            @Override
            public CompletableFuture<GetItemResponse> getItem(Consumer<GetItemRequest.Builder> request) {
                return null;
            }

            @Override
            public DynamoDbServiceClientConfiguration serviceClientConfiguration() {
                return null;
            }

            @Override
            public String serviceName() {
                return SERVICE_NAME;
            }

            @Override
            public void close() {}
        };

        try (DynamoDbCartStore store =
                DynamoDbCartStore.builder().client(mock).backoff(new Pauses()).build()) {
            assertThat(failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1))))
                    .hasRootCauseMessage("the client returned no future");
        }
        assertThat(failureOf(
                        CartUnavailableException.class,
                        CartTable.ping(mock, CartTableSpec.defaults(), Duration.ofSeconds(60))))
                .hasRootCauseMessage("the client returned no future");
    }
}
