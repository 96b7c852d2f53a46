package com.cloudshelf.cart;

import static com.cloudshelf.cart.WireServer.error;
import static com.cloudshelf.cart.WireServer.hang;
import static com.cloudshelf.cart.WireServer.http;
import static com.cloudshelf.cart.WireServer.ok;
import static com.cloudshelf.cart.WireServer.raw;
import static com.cloudshelf.cart.WireServer.reset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.cloudshelf.cart.Failure.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProcessCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;

/** The failures of the SDK's real client over Netty, and how the store classifies them. */
class SdkFailuresTest {
    /** A fatal alert in TLS 1.2 and 1.3. */
    private static final byte[] HANDSHAKE_FAILURE = {21, 3, 3, 0, 2, 2, 40};

    static Stream<Arguments> answers() {
        return Stream.of(
                arguments("closed without a response", raw(""), Kind.AMBIGUOUS),
                arguments("reset", reset(), Kind.AMBIGUOUS),
                arguments("body cut", raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Attr"), Kind.AMBIGUOUS),
                arguments("no HTTP", raw("hello\r\n\r\n"), Kind.AMBIGUOUS),
                arguments("garbage", http(200, "{\"Attributes\": ]["), Kind.AMBIGUOUS),
                arguments("JSON of another type", http(200, "{\"Attributes\": 17}"), Kind.AMBIGUOUS),
                arguments("JSON list", http(200, "[]"), Kind.AMBIGUOUS),
                arguments("HTML", http(200, "<html>x</html>"), Kind.AMBIGUOUS),
                arguments("wrong checksum", http(200, "{}", "x-amz-crc32: 1"), Kind.AMBIGUOUS),
                arguments("{}", http(200, "{}"), Kind.AMBIGUOUS),
                arguments("{} of DynamoDB", ok("{}"), Kind.AMBIGUOUS),
                arguments("nothing", http(200, ""), Kind.AMBIGUOUS),
                arguments("204", raw("HTTP/1.1 204 No Content\r\n\r\n"), Kind.AMBIGUOUS),
                arguments("redirect", http(302, "", "Location: http://127.0.0.1:1/"), Kind.AMBIGUOUS),
                arguments("400 without a code", http(400, ""), Kind.AMBIGUOUS),
                arguments("403 without a code", http(403, ""), Kind.AMBIGUOUS),
                arguments("403 in HTML", http(403, "<html>blocked</html>"), Kind.AMBIGUOUS),
                arguments("404 without a code", http(404, ""), Kind.AMBIGUOUS),
                arguments("408 without a code", http(408, ""), Kind.AMBIGUOUS),
                arguments("413 without a code", http(413, ""), Kind.TOO_LARGE),
                arguments("413", error(413, "RequestEntityTooLargeException"), Kind.TOO_LARGE),
                arguments("429 without a code", http(429, ""), Kind.THROTTLED),
                arguments("500 without a code", http(500, ""), Kind.AMBIGUOUS),
                arguments("500 in HTML", http(500, "<html>x</html>"), Kind.AMBIGUOUS),
                arguments("500", error(500, "InternalServerError"), Kind.AMBIGUOUS),
                arguments("InternalServerError as 400", error(400, "InternalServerError"), Kind.AMBIGUOUS),
                arguments("503 without a code", http(503, ""), Kind.AMBIGUOUS),
                arguments("503", error(503, "ServiceUnavailable"), Kind.AMBIGUOUS),
                arguments("503 SlowDown", error(503, "SlowDown"), Kind.THROTTLED),
                arguments("in progress", error(400, "TransactionInProgressException"), Kind.AMBIGUOUS),
                arguments("other token", error(400, "IdempotentParameterMismatchException"), Kind.AMBIGUOUS),
                arguments("conflict", error(400, "TransactionConflictException"), Kind.BUSY),
                arguments("replica", error(400, "ReplicatedWriteConflictException"), Kind.BUSY),
                arguments("rate", error(400, "ProvisionedThroughputExceededException"), Kind.THROTTLED),
                arguments("account", error(400, "RequestLimitExceeded"), Kind.THROTTLED),
                arguments("throttling", error(400, "ThrottlingException"), Kind.THROTTLED),
                arguments("limit", error(400, "LimitExceededException"), Kind.THROTTLED),
                arguments("condition", error(400, "ConditionalCheckFailedException"), Kind.REFUSED),
                arguments("collection", error(400, "ItemCollectionSizeLimitExceededException"), Kind.INVALID),
                arguments("validation", error(400, "ValidationException"), Kind.INVALID),
                arguments("table", error(400, "ResourceNotFoundException"), Kind.DENIED),
                arguments("permission", error(400, "AccessDeniedException"), Kind.DENIED),
                arguments("session", error(400, "ExpiredTokenException"), Kind.DENIED),
                arguments("key", error(400, "UnrecognizedClientException"), Kind.DENIED),
                arguments("signature", error(400, "InvalidSignatureException"), Kind.DENIED),
                arguments("KMS, disabled", error(400, "KMSDisabledException"), Kind.DENIED),
                arguments("KMS, state", error(400, "KMSInvalidStateException"), Kind.DENIED),
                arguments("KMS, access", error(400, "KMSAccessDeniedException"), Kind.DENIED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answers")
    void response_ofTheServer_isClassified(String name, WireServer.Answer answer, Kind kind) throws IOException {
        try (WireServer server = new WireServer(answer);
                DynamoDbAsyncClient client = server.client().build()) {
            assertThat(failureOf(update(client)).kind()).isEqualTo(kind);
            assertThat(server.seen()).hasSize(1);
        }
    }

    @Test
    void timeouts_afterTheRequestArrived_areAmbiguous() throws IOException {
        Duration soon = Duration.ofMillis(200);
        try (WireServer server = new WireServer(hang());
                DynamoDbAsyncClient reading = server.client()
                        .httpClientBuilder(WireServer.netty().readTimeout(soon))
                        .build();
                DynamoDbAsyncClient attempting = server.client()
                        .overrideConfiguration(o ->
                                o.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallAttemptTimeout(soon))
                        .build();
                DynamoDbAsyncClient calling = server.client()
                        .overrideConfiguration(o ->
                                o.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallTimeout(soon))
                        .build()) {
            assertThat(failureOf(update(reading)).kind()).isEqualTo(Kind.AMBIGUOUS);
            assertThat(failureOf(update(attempting)).kind()).isEqualTo(Kind.AMBIGUOUS);
            assertThat(failureOf(update(calling)).kind()).isEqualTo(Kind.AMBIGUOUS);
        }
    }

    @Test
    void connection_thatCannotBeMade_isUnsent() {
        try (DynamoDbAsyncClient refused =
                        WireServer.client(URI.create("http://127.0.0.1:1")).build();
                DynamoDbAsyncClient unknown = WireServer.client(URI.create("http://no-such-host.invalid"))
                        .build()) {
            assertThat(failureOf(update(refused)).kind()).isEqualTo(Kind.UNSENT);
            assertThat(failureOf(update(unknown)).kind()).isEqualTo(Kind.UNSENT);
        }
    }

    @Test
    void handshake_thatFails_isUnsent() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                DynamoDbAsyncClient client = WireServer.client(URI.create("https://127.0.0.1:" + server.getLocalPort()))
                        .build()) {
            Thread handshakes = new Thread(() -> failHandshakes(server));
            handshakes.setDaemon(true);
            handshakes.start();

            // If the alert arrives before the SDK listens, it is lost, and the SDK reports a closed connection seconds
            // later.
            Failure failure;
            do {
                failure = failureOf(update(client));
            } while (!hasCause(failure.cause(), SSLException.class));

            assertThat(failure.kind()).isEqualTo(Kind.UNSENT);
        }
    }

    private static void failHandshakes(ServerSocket server) {
        while (true) {
            try (Socket connection = server.accept()) {
                connection.getInputStream().read();
                connection.getOutputStream().write(HANDSHAKE_FAILURE);
                connection.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
            }
        }
    }

    private static boolean hasCause(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void pool_thatGivesNoConnection_isUnsent() throws Exception {
        try (WireServer server = new WireServer(hang());
                DynamoDbAsyncClient late = server.client()
                        .httpClientBuilder(WireServer.netty()
                                .maxConcurrency(1)
                                .connectionAcquisitionTimeout(Duration.ofMillis(100)))
                        .build();
                DynamoDbAsyncClient full = server.client()
                        .httpClientBuilder(WireServer.netty().maxConcurrency(1).maxPendingConnectionAcquires(1))
                        .build()) {
            hold(server, 1, late);
            assertThat(failureOf(update(late)).kind()).isEqualTo(Kind.UNSENT);
            hold(server, 2, full);
            CompletableFuture<? extends DynamoDbResponse> one = update(full);
            CompletableFuture<? extends DynamoDbResponse> other = update(full);
            Outcomes.await(
                    () -> one.isDone() || other.isDone()); // which of them finds the queue full depends on the threads
            assertThat(failureOf(one.isDone() ? one : other).kind()).isEqualTo(Kind.UNSENT);
        }
    }

    /** Makes a request hold the client's only connection. On a busy machine, the first may not get it in time. */
    private static void hold(WireServer server, int seen, DynamoDbAsyncClient client) {
        CompletableFuture<?> holding = update(client);
        Outcomes.await(() -> server.seen().size() == seen || holding.isDone());
        if (server.seen().size() < seen) {
            hold(server, seen, client);
        }
    }

    @Test
    void client_thatWasClosedBefore_isUnsent() throws IOException {
        try (WireServer server = new WireServer(ok("{}"))) {
            DynamoDbAsyncClient client = server.client()
                    .httpClientBuilder(NettyNioAsyncHttpClient.builder()) // its threads end with it
                    .build();
            update(client).join();
            client.close();

            assertThat(failureOf(update(client)).kind()).isEqualTo(Kind.UNSENT);
            assertThat(server.seen()).hasSize(1);
        }
    }

    @Test
    void client_closedBeforeItHasAConnection_isUnsent() throws Exception {
        try (WireServer server = new WireServer(hang())) {
            DynamoDbAsyncClient client = server.client()
                    .httpClientBuilder(WireServer.netty().maxConcurrency(1))
                    .build();
            hold(server, 1, client);
            CompletableFuture<? extends DynamoDbResponse> waiting = update(client);
            client.close();

            assertThat(failureOf(waiting).kind()).isEqualTo(Kind.UNSENT);
            assertThat(server.seen()).hasSize(1);
        }
    }

    @Test
    void client_thatIsClosedMeanwhile_isAmbiguous() throws Exception {
        try (WireServer server = new WireServer(hang())) {
            DynamoDbAsyncClient client = server.client()
                    .httpClientBuilder(NettyNioAsyncHttpClient.builder())
                    .build();
            CompletableFuture<? extends DynamoDbResponse> sent = update(client);
            server.awaitRequest();
            client.close();
            assertThat(failureOf(sent).kind()).isEqualTo(Kind.AMBIGUOUS);
        }
    }

    static Stream<Arguments> providersWithoutCredentials() {
        AwsCredentialsProvider container = ContainerCredentialsProvider.builder()
                .endpoint("http://127.0.0.1:1")
                .build();
        ProfileFile empty = ProfileFile.aggregator().build();
        AwsCredentialsProvider profile = ProfileCredentialsProvider.builder()
                .profileFile(empty)
                .profileName("missing")
                .build();
        AwsCredentialsProvider properties = SystemPropertyCredentialsProvider.create();
        return Stream.of(
                arguments("system properties", properties),
                arguments("profile", profile),
                arguments(
                        "process",
                        ProcessCredentialsProvider.builder()
                                .command(List.of("false"))
                                .build()),
                arguments("container", container),
                arguments(
                        "instance",
                        InstanceProfileCredentialsProvider.builder()
                                .endpoint("http://127.0.0.1:1")
                                .profileFile(empty)
                                .build()),
                arguments("chain", AwsCredentialsProviderChain.of(properties, profile, container)),
                arguments("RuntimeException", throwing(new IllegalStateException("x"))),
                arguments("Error", throwing(new NoClassDefFoundError("x"))),
                arguments("SdkClientException", throwing(SdkClientException.create("x"))),
                arguments("AWS STS, throttled", throwing(Failures.service(400, "Throttling", "x"))),
                arguments("AWS STS, skewed", throwing(Failures.service(403, "RequestExpired", "x"))),
                arguments("AWS STS, ambiguous", throwing(Failures.serverError())),
                arguments("null", (AwsCredentialsProvider) () -> null),
                arguments("null future", identity(null)),
                arguments("future of null", identity(CompletableFuture.completedFuture(null))),
                arguments("failed future", identity(CompletableFuture.failedFuture(new IOException("x")))),
                arguments("future that fails later", identity(CompletableFuture.supplyAsync(() -> {
                    throw new IllegalStateException("x");
                }))));
    }

    private static AwsCredentialsProvider throwing(Throwable thrown) {
        return () -> {
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) thrown;
        };
    }

    private static IdentityProvider<AwsCredentialsIdentity> identity(
            CompletableFuture<AwsCredentialsIdentity> identity) {
        return new IdentityProvider<>() {
            @Override
            public Class<AwsCredentialsIdentity> identityType() {
                return AwsCredentialsIdentity.class;
            }

            @Override
            public CompletableFuture<AwsCredentialsIdentity> resolveIdentity(ResolveIdentityRequest request) {
                return identity;
            }
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("providersWithoutCredentials")
    void credentials_thatCannotBeHad_areDenied(String name, IdentityProvider<? extends AwsCredentialsIdentity> provider)
            throws IOException {
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(provider).build()) {
            Failure failure = failureOf(update(client));

            assertThat(failure.kind()).isEqualTo(Kind.DENIED);
            assertThat(failure.asException("u", "carts"))
                    .isInstanceOf(CartAccessException.class)
                    .hasMessageContaining("nothing was sent");
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void credentials_thatAreUnavailable_endATableCallAtOnce() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        AwsCredentialsProvider provider = () -> {
            asked.incrementAndGet();
            throw SdkClientException.create("none in the chain");
        };
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(provider).build()) {
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() ->
                            CartTable.verify(client, CartTableSpec.defaults()).join())
                    .withCauseInstanceOf(CartAccessException.class)
                    .withMessageContaining("nothing was sent");
            assertThat(asked).hasValue(1);
            assertThat(server.seen()).isEmpty();
        }
    }

    @Test
    void credentials_thatNeverCome_doNotHoldUpThreadOrRequest() throws Exception {
        CompletableFuture<AwsCredentialsIdentity> never = new CompletableFuture<>();
        try (WireServer server = new WireServer(ok("{}"));
                DynamoDbAsyncClient client =
                        server.client().credentialsProvider(identity(never)).build()) {
            AwsRequestOverrideConfiguration settings = marked(client);
            MarkedCredentials.Departure departure = new MarkedCredentials.Departure(
                    new MarkedCredentials.Watch(), Deadline.in(Duration.ofMinutes(1), System::currentTimeMillis));
            // The SDK waits for credentials on the thread of the call.
            CompletableFuture<CompletableFuture<? extends DynamoDbResponse>> issued =
                    CompletableFuture.supplyAsync(() -> departure.send(() -> typed(update(client, settings))));

            while (!departure.stay()) {
                Thread.onSpinWait(); // not handed to the SDK yet, and not requested
            }
            assertThat(failureOf(issued.get()).kind()).isEqualTo(Kind.UNSENT);
            never.complete(AwsBasicCredentials.create("a", "b"));
            assertThat(server.seen()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"beforeExecution", "beforeTransmission", "afterTransmission", "modifyException"})
    void interceptor_thatThrows_isAmbiguous(String where) throws IOException {
        AtomicBoolean thrown = new AtomicBoolean();
        ExecutionInterceptor interceptor = new ExecutionInterceptor() {
            private void at(String place) {
                if (place.equals(where)) {
                    thrown.set(true);
                    throw new IllegalStateException("x");
                }
            }

            @Override
            public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
                at("beforeExecution");
            }

            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                at("beforeTransmission");
            }

            @Override
            public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes attributes) {
                at("afterTransmission");
            }

            @Override
            public Throwable modifyException(Context.FailedExecution context, ExecutionAttributes attributes) {
                at("modifyException");
                return context.exception();
            }
        };
        try (WireServer server = new WireServer(where.equals("modifyException") ? http(500, "") : ok("{}"));
                DynamoDbAsyncClient client = server.client()
                        .overrideConfiguration(o ->
                                o.retryStrategy(AwsRetryStrategy.doNotRetry()).addExecutionInterceptor(interceptor))
                        .build()) {
            assertThat(failureOf(update(client)).kind()).isEqualTo(Kind.AMBIGUOUS);
            assertThat(thrown).isTrue();
        }
    }

    /**
     * The SDK learns the server's time from the refusal even if it does not retry, so the next attempt is signed with
     * it.
     */
    @ParameterizedTest
    @CsvSource({
        "InvalidSignatureException, 400, 20",
        "InvalidSignatureException, 400, -20",
        "SignatureDoesNotMatch, 403, 20",
        "RequestTimeTooSkewed, 403, 20",
        "RequestExpired, 400, -20"
    })
    void clock_thatIsOff_isCorrectedByTheSdk(String code, int status, int minutes) throws IOException {
        try (WireServer server = new WireServer(error(status, code, "Date: " + FailureTest.dateIn(minutes)), ok("{}"));
                DynamoDbAsyncClient client = server.client().build()) {
            Failure failure = failureOf(
                    client.getItem(request -> request.tableName("t").key(Map.of("userId", AttributeValue.fromS("u")))));
            client.getItem(request -> request.tableName("t").key(Map.of("userId", AttributeValue.fromS("u"))))
                    .join();

            assertThat(failure.kind()).isEqualTo(Kind.SKEWED);
            assertThat(minuteOf(server.seen().get(1)) - Instant.now().getEpochSecond() / 60)
                    .isBetween(minutes - 2L, minutes + 2L);
        }
    }

    private static long minuteOf(WireServer.Request request) {
        String date = request.header("X-Amz-Date"); // 20260102T030405Z
        return LocalDateTime.parse(date, DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
                        .toEpochSecond(ZoneOffset.UTC)
                / 60;
    }

    @Test
    void refusal_withHeaders_yieldsRequestIdAndRetryDelay() throws IOException {
        try (WireServer server = new WireServer(
                        error(400, "ThrottlingException", "x-amzn-RequestId: R7", "x-amz-retry-after: 1500"));
                DynamoDbAsyncClient client = server.client().build()) {
            Failure failure = failureOf(update(client));

            assertThat(failure.requestId()).isEqualTo("R7");
            assertThat(failure.retryAfterMillis()).hasValue(1500);
        }
    }

    @Test
    void throttling_withReasons_namesThem() throws IOException {
        try (WireServer server = new WireServer(http(
                        400,
                        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\","
                                + "\"message\":\"x\",\"ThrottlingReasons\":[{\"reason\":\"TableWriteKeyRangeThroughputExceeded\"},"
                                + "{\"reason\":\"TableWriteKeyRangeThroughputExceeded\"},{}]}"));
                DynamoDbAsyncClient client = server.client().build()) {
            assertThat(failureOf(update(client)).throttlingReasons())
                    .containsExactly("TableWriteKeyRangeThroughputExceeded");
        }
    }

    private static CompletableFuture<? extends DynamoDbResponse> update(DynamoDbAsyncClient client) {
        return update(client, marked(client));
    }

    private static CompletableFuture<? extends DynamoDbResponse> update(
            DynamoDbAsyncClient client, AwsRequestOverrideConfiguration settings) {
        return client.updateItem(request -> request.tableName("t")
                .key(Map.of("userId", AttributeValue.fromS("u")))
                .returnValues(ReturnValue.ALL_NEW)
                .overrideConfiguration(settings));
    }

    private static AwsRequestOverrideConfiguration marked(DynamoDbAsyncClient client) {
        AwsRequestOverrideConfiguration.Builder settings = AwsRequestOverrideConfiguration.builder();
        MarkedCredentials.putInto(settings, client);
        return settings.build();
    }

    @SuppressWarnings("unchecked")
    private static <R> CompletableFuture<R> typed(CompletableFuture<? extends R> future) {
        return (CompletableFuture<R>) future;
    }

    private static Failure failureOf(CompletableFuture<? extends DynamoDbResponse> sent) {
        DynamoDbResponse[] response = {null};
        Throwable thrown = catchThrowable(() -> response[0] = sent.join());
        return thrown == null ? new Answers().failureOf(response[0], true) : Failure.of(thrown);
    }
}
