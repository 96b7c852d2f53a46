package com.cloudshelf.cart.testkit;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.Crc32MismatchException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.http.async.SdkHttpContentPublisher;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.InternalServerErrorException;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

// In a separate thread, because CompletableFuture.join() ignores interrupts.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultsTest {
    private static final String USER = "user-4711";
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofMillis(300);

    private static LocalDynamoDb server;
    private static SdkAsyncHttpClient http;

    private final Faults faults = Faults.none();
    /** The clients' timer. Their timeouts are an hour long, and a test triggers them. */
    private final ScheduledThreadPoolExecutor timeouts = new ScheduledThreadPoolExecutor(1);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private String table;

    @BeforeAll
    static void start() {
        server = LocalDynamoDb.shared();
        http = NettyNioAsyncHttpClient.create();
    }

    @AfterAll
    static void stop() {
        http.close();
    }

    @BeforeEach
    void createTable() {
        table = server.createCartTable();
    }

    @AfterEach
    void close() throws Exception {
        faults.close();
        for (AutoCloseable each : opened) {
            each.close();
        }
        timeouts.shutdownNow();
    }

    // --- no fault ---

    @Test
    void none_requestPasses_andIsLogged() {
        assertThat(hit(client())).isEqualTo(1);

        assertThat(hits()).isEqualTo(1);
        SentRequest sent = onlySent();
        assertThat(sent.operation()).isEqualTo("UpdateItem");
        assertThat(sent.json()).startsWith("{").endsWith("}").contains("\"" + USER + "\"");
        assertThat(sent.requestBytes()).isEqualTo(sent.json().getBytes(StandardCharsets.UTF_8).length);
        assertThat(sent.fault()).isEmpty();
        assertThat(sent.deliveries()).isEqualTo(1);
        assertThat(sent.status()).hasValue(200);
        assertThat(sent.responseBytes()).hasValue("{\"Attributes\":{\"hits\":{\"N\":\"1\"}}}".length());
        assertThat(sent.failure()).isEmpty();
        assertThat(faults.counts()).isEmpty();
    }

    @Test
    void none_serverRefuses_refusalIsPassedOn() {
        assertThat(failureOf(() -> client().updateItem(
                                hitRequest().conditionExpression("hits > :one").build())))
                .isInstanceOf(ConditionalCheckFailedException.class);

        assertThat(onlySent().status()).hasValue(400);
        assertThat(onlySent().deliveries()).isEqualTo(1);
    }

    @Test
    void none_serverUnreachable_realErrorIsPassedOnAndLogged() {
        DynamoDbAsyncClient client = open(builder(faults, AwsRetryStrategy.doNotRetry())
                .endpointOverride(URI.create("http://127.0.0.1:1"))
                .build());

        assertThat(failureOf(() -> client.updateItem(hitRequest().build()))).hasRootCauseInstanceOf(IOException.class);

        assertThat(onlySent().failure()).containsInstanceOf(IOException.class);
        assertThat(onlySent().deliveries()).isZero();
        assertThat(onlySent().status()).isEmpty();
    }

    @Test
    void sent_toString_holdsNoUserData() {
        IllegalStateException personal = new IllegalStateException("About " + USER);
        faults.next(Fault.none())
                .next(Fault.dropResponse())
                .next(Fault.rival(() -> CompletableFuture.failedFuture(personal)));
        hit(client());
        failureOfHit(client());
        failureOfHit(client());

        assertThat(faults.sent()).allSatisfy(sent -> {
            assertThat(sent.json()).contains(USER, table);
            assertThat(sent.toString()).contains("UpdateItem").doesNotContain(USER, table);
        });
        assertThat(faults.sent().get(1).toString()).contains("dropResponse", "IOException");
    }

    @Test
    void wrap_clientName_isTheRealOne() {
        assertThat(faults.wrap(http).clientName()).isEqualTo(http.clientName());
    }

    // --- faults before the server ---

    @Test
    void throttle_clientSeesThrottling_noEffect() {
        faults.next(Fault.throttle());

        assertThat(failureOfHit(client()))
                .isInstanceOfSatisfying(
                        ThrottlingException.class,
                        e -> assertThat(e.isThrottlingException()).isTrue());

        assertNotDelivered("throttle");
        assertThat(onlySent().status()).hasValue(400);
    }

    @Test
    void error_clientSeesThatCode_noEffect() {
        faults.next(Fault.error(400, "ProvisionedThroughputExceededException")).next(Fault.error(400, "SomethingNew"));

        assertThat(failureOfHit(client())).isInstanceOf(ProvisionedThroughputExceededException.class);
        assertThat(failureOfHit(client())).isInstanceOfSatisfying(DynamoDbException.class, e -> {
            assertThat(e.awsErrorDetails().errorCode()).isEqualTo("SomethingNew");
            assertThat(e.statusCode()).isEqualTo(400);
            assertThat(e.requestId()).isNotBlank();
        });

        assertThat(hits()).isZero();
        assertThat(faults.counts())
                .containsOnly(
                        Map.entry("error(400, ProvisionedThroughputExceededException)", 1),
                        Map.entry("error(400, SomethingNew)", 1));
    }

    @Test
    void transactionCanceled_clientSeesReasons_noEffect() {
        TransactWriteItem put = TransactWriteItem.builder()
                .put(item -> item.tableName(table).item(key(USER)))
                .build();
        faults.next(Fault.transactionCanceled("TransactionConflict", "None"));

        assertThat(failureOf(() -> client().transactWriteItems(transaction -> transaction.transactItems(put))))
                .isInstanceOfSatisfying(
                        TransactionCanceledException.class,
                        e -> assertThat(e.cancellationReasons())
                                .extracting(CancellationReason::code)
                                .containsExactly("TransactionConflict", "None"));

        assertThat(itemOf(USER)).isEmpty();
        assertThat(onlySent().operation()).isEqualTo("TransactWriteItems");
    }

    @Test
    void serverError_clientSeesIt_noEffect() {
        faults.next(Fault.serverError(500));

        assertThat(failureOfHit(client())).isInstanceOf(InternalServerErrorException.class);

        assertNotDelivered("serverError(500)");
        assertThat(onlySent().status()).hasValue(500);
    }

    @Test
    void serverError_ofAProxy_hasNoBody() {
        faults.next(Fault.serverError(502));

        assertThat(failureOfHit(client()))
                .isInstanceOfSatisfying(
                        DynamoDbException.class, e -> assertThat(e.statusCode()).isEqualTo(502));

        assertNotDelivered("serverError(502)");
        assertThat(onlySent().responseBytes()).hasValue(0);
    }

    @Test
    void dropRequest_clientSeesIoException_noEffect() {
        faults.next(Fault.dropRequest());

        assertThat(failureOfHit(client()))
                .isInstanceOf(SdkClientException.class)
                .hasRootCauseInstanceOf(IOException.class);

        assertNotDelivered("dropRequest");
        assertThat(onlySent().failure()).containsInstanceOf(IOException.class);
    }

    @Test
    void hang_clientTimesOut_noEffect() {
        faults.next(Fault.hang());
        CompletableFuture<UpdateItemResponse> call =
                client().updateItem(impatient(hitRequest()).build());

        assertTimesOut(call);

        assertNotDelivered("hang");
    }

    @Test
    void hang_clientHasNoTimeout_neverAnswers() {
        faults.next(Fault.hang());
        CompletableFuture<UpdateItemResponse> call =
                client().updateItem(hitRequest().build());

        assertThat(hit(client())).isEqualTo(1);
        assertThat(call).isNotDone();
        assertThat(faults.sent().get(0).failure()).isEmpty();
        assertThat(faults.sent().get(0).status()).isEmpty();
    }

    // --- effect without a response ---

    @Test
    void serverErrorAfterEffect_clientSeesError_effect() {
        faults.next(Fault.serverErrorAfterEffect(500));

        assertThat(failureOfHit(client())).isInstanceOf(InternalServerErrorException.class);

        assertDeliveredOnce("serverErrorAfterEffect(500)");
    }

    @Test
    void dropResponse_clientSeesIoException_effect() {
        faults.next(Fault.dropResponse());

        assertThat(failureOfHit(client()))
                .isInstanceOf(SdkClientException.class)
                .hasRootCauseInstanceOf(IOException.class);

        assertDeliveredOnce("dropResponse");
        assertThat(onlySent().status()).isEmpty();
        assertThat(onlySent().failure()).containsInstanceOf(IOException.class);
    }

    @Test
    void hangAfterEffect_clientTimesOut_effect() {
        faults.next(Fault.hangAfterEffect());

        CompletableFuture<UpdateItemResponse> call =
                client().updateItem(impatient(hitRequest()).build());

        assertTimesOut(call);

        faults.settled().join();
        assertDeliveredOnce("hangAfterEffect");
    }

    @Test
    void garble_clientCannotReadResponse_effect() {
        faults.next(Fault.garble());

        assertThat(failureOfHit(client()))
                .isInstanceOf(SdkClientException.class)
                .isNotInstanceOf(Crc32MismatchException.class);

        assertDeliveredOnce("garble");
        assertThat(onlySent().status()).hasValue(200);
        assertThat(onlySent().responseBytes()).hasValue("{\"Attributes\":{\"hits\":{\"N\":\"1\"}}}".length());
    }

    @Test
    void truncate_clientSeesIoException_effect() {
        faults.next(Fault.truncate());

        assertThat(failureOfHit(client()))
                .isInstanceOf(SdkClientException.class)
                .hasRootCauseInstanceOf(IOException.class);

        assertDeliveredOnce("truncate");
        assertThat(onlySent().status()).hasValue(200);
        assertThat(onlySent().responseBytes()).hasValue("{\"Attributes\":{\"hits\":{\"N\":\"1\"}}}".length() / 2);
    }

    @Test
    void wrongCrc_clientSeesMismatch_effect() {
        faults.next(Fault.wrongCrc());

        assertThat(Stream.iterate(failureOfHit(client()), e -> e != null, Throwable::getCause))
                .hasAtLeastOneElementOfType(Crc32MismatchException.class);

        assertDeliveredOnce("wrongCrc");
    }

    // --- a late effect, or more than one ---

    @Test
    void delay_respondsNormally_butLater() {
        faults.next(Fault.delay(PATIENCE));

        long begin = System.nanoTime();
        assertThat(hit(client())).isEqualTo(1);

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(PATIENCE);
        assertDeliveredOnce("delay(PT0.3S)");
    }

    @Test
    void delay_clientGivesUpBefore_noEffect() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        faults.next(Fault.delay(gate));
        faults.wrap(ownHttp()).execute(aRequest(new ArrayList<>())).cancel(false);

        gate.complete(null);
        client().putItem(put -> put.tableName(table).item(key("other"))).join();

        assertThat(faults.sent()).extracting(SentRequest::deliveries).containsExactly(0, 1);
    }

    /** The SDK does not pass the cancellation on. */
    @Test
    void delayOrRival_callIsCancelledBefore_effectOnceSettled() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        faults.next(Fault.delay(gate)).next(Fault.rival(() -> gate));
        List<CompletableFuture<UpdateItemResponse>> calls = List.of(
                client().updateItem(hitRequest().build()),
                client().updateItem(hitRequest().build()));
        while (faults.sent().size() < 2) {
            Thread.onSpinWait();
        }
        calls.forEach(call -> call.cancel(true));

        CompletableFuture<Void> settled = faults.settled();
        assertThat(settled).isNotDone();

        gate.complete(null);
        settled.join();
        assertThat(hits()).isEqualTo(2);
    }

    @Test
    void delay_callTimesOutBefore_noEffect() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        faults.next(Fault.delay(gate));
        CompletableFuture<UpdateItemResponse> call =
                client().updateItem(impatient(hitRequest()).build());

        timeOutWhen(() -> !faults.sent().isEmpty());
        assertThatThrownBy(call::join).hasCauseInstanceOf(ApiCallAttemptTimeoutException.class);

        gate.complete(null);
        faults.settled().join();
        assertNotDelivered("delay");
    }

    @Test
    void delay_faultsAreClosedBefore_stillResponds() {
        faults.next(Fault.delay(PATIENCE));
        CompletableFuture<UpdateItemResponse> call =
                client().updateItem(hitRequest().build());

        faults.close();

        assertThat(call.join().attributes().get("hits").n()).isEqualTo("1");
    }

    @Test
    void deliverLate_clientSeesIoExceptionAtOnce_effectLater() {
        faults.next(Fault.deliverLate(PATIENCE));

        assertThat(failureOfHit(client())).hasRootCauseInstanceOf(IOException.class);

        faults.settled().join();
        assertDeliveredOnce("deliverLate(PT0.3S)");
        assertThat(faults.settled()).isCompleted();
    }

    @Test
    void settled_requestWhoseBodyIsInFlight_waitsForItsDelivery() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        faults.next(Fault.hangAfterEffect());
        faults.wrap(ownHttp()).execute(aRequest(new ArrayList<>(), gate));

        CompletableFuture<Void> settled = faults.settled();
        assertThat(settled).isNotDone();

        gate.complete(null);
        settled.join();
        assertThat(onlySent().deliveries()).isEqualTo(1);
    }

    @Test
    void deliverLate_faultsAreCleared_stillTakesEffect() {
        faults.next(Fault.deliverLate(PATIENCE));
        failureOfHit(client());

        faults.clear().settled().join();

        assertThat(hits()).isEqualTo(1);
    }

    @Test
    void deliverLate_faultsAreClosedBefore_noEffect() {
        faults.next(Fault.deliverLate(LONG));
        failureOfHit(client());
        CompletableFuture<Void> settled = faults.settled();
        assertThat(settled).isNotDone();
        assertThat(hits()).isZero();

        faults.close();

        assertThat(settled).isCompleted();
        assertNotDelivered("deliverLate(PT1H)");
    }

    @Test
    void deliverTwice_clientSeesFirstResponse_effectTwice() {
        faults.next(Fault.deliverTwice(Duration.ofMillis(10)));

        assertThat(hit(client())).isEqualTo(1);
        faults.settled().join();

        assertThat(hits()).isEqualTo(2);
        assertThat(onlySent().deliveries()).isEqualTo(2);
        assertThat(onlySent().status()).hasValue(200);
    }

    @Test
    void deliverTwice_faultsAreClosedMeanwhile_effectOnce() {
        CompletableFuture<Void> gate = new CompletableFuture<>();
        SdkAsyncHttpClient gated = new SdkAsyncHttpClient() {
            @Override
            public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
                return gate.thenCompose(opened -> http.execute(request));
            }

            @Override
            public void close() {}
        };
        faults.next(Fault.deliverTwice(Duration.ZERO));
        CompletableFuture<UpdateItemResponse> call = client(faults, AwsRetryStrategy.doNotRetry(), gated)
                .updateItem(hitRequest().build());

        faults.close();
        gate.complete(null);

        assertThat(call.join().attributes().get("hits").n()).isEqualTo("1");
        assertThat(faults.settled()).isCompleted();
        assertThat(onlySent().deliveries()).isEqualTo(1);
    }

    @Test
    void rival_goesFirst() {
        faults.next(Fault.rival(() -> server.client().updateItem(hitRequest().build())));

        assertThat(failureOf(() -> client().updateItem(hitRequest()
                        .conditionExpression("attribute_not_exists(userId)")
                        .build())))
                .isInstanceOf(ConditionalCheckFailedException.class);

        assertDeliveredOnce("rival");
    }

    @Test
    void rival_fails_requestFailsUndelivered() {
        IllegalStateException broken = new IllegalStateException("broken rival");
        faults.next(Fault.rival(() -> CompletableFuture.failedFuture(broken))).next(Fault.rival(() -> {
            throw broken;
        }));

        assertThat(failureOfHit(client())).hasRootCause(broken);
        assertThat(failureOfHit(client())).hasRootCause(broken);

        assertThat(hits()).isZero();
    }

    @Test
    void delay_centuries_doesNotEnd() {
        CompletableFuture<Void> passed = faults.after(Duration.ofSeconds(Long.MAX_VALUE));

        assertThat(passed).isNotDone();
        passed.cancel(false);
    }

    // --- a partial response ---

    @Test
    void partialBatch_halfOfTheKeysIsUnprocessed() {
        String awkward = "\"quoted\", back\\slash, line\nbreak, \u00e9\u20ac\ud83d\udcda";
        List<String> users = List.of("a", "b", awkward, "d", "e");
        users.forEach(user -> server.client()
                .putItem(put -> put.tableName(table).item(richItem(user)))
                .join());
        List<String> asked = Stream.concat(Stream.of("absent"), users.stream()).toList();
        KeysAndAttributes keys = KeysAndAttributes.builder()
                .keys(asked.stream().map(FaultsTest::key).toList())
                .consistentRead(true)
                .projectionExpression("#u, m, n")
                .expressionAttributeNames(Map.of("#u", "userId"))
                .build();
        faults.always(Fault.partialBatch());

        BatchGetItemResponse first = batchGet(Map.of(table, keys));

        assertThat(first.responses().get(table)).containsExactlyInAnyOrder(richItem("a"), richItem("b"));
        assertThat(first.unprocessedKeys())
                .containsExactly(Map.entry(
                        table,
                        keys.toBuilder()
                                .keys(List.of(key(awkward), key("d"), key("e")))
                                .build()));

        assertThat(first.consumedCapacity())
                .singleElement()
                .satisfies(consumed -> assertThat(consumed.capacityUnits()).isPositive());

        BatchGetItemResponse second = batchGet(first.unprocessedKeys());
        assertThat(second.responses().get(table)).containsExactlyInAnyOrder(richItem(awkward), richItem("d"));

        BatchGetItemResponse third = batchGet(second.unprocessedKeys());
        assertThat(third.responses().get(table)).containsExactly(richItem("e"));
        assertThat(third.unprocessedKeys()).isEmpty();
    }

    @Test
    void partialBatch_otherOperations_passUntouched() {
        faults.next(Fault.partialBatch().optional());

        assertThat(hit(client())).isEqualTo(1);

        assertThat(faults.counts()).isEmpty();
    }

    // --- the requests that meet a fault ---

    @Test
    void next_withCount_thenNothing() {
        faults.next(2, Fault.throttle());

        failureOfHit(client());
        failureOfHit(client());
        assertThat(hit(client())).isEqualTo(1);

        assertThat(faults.counts()).containsOnly(Map.entry("throttle", 2));
    }

    @Test
    void next_boundToAnOperation_waitsForIt() {
        faults.next(Fault.dropResponse().on("UpdateItem")).next(Fault.throttle());

        assertThat(failureOf(() -> client().putItem(put -> put.tableName(table).item(key("other")))))
                .isInstanceOf(ThrottlingException.class);
        assertThat(failureOfHit(client())).hasRootCauseInstanceOf(IOException.class);

        assertThat(faults.sent())
                .extracting(SentRequest::operation, sent -> sent.fault().orElse(""))
                .containsExactly(tuple("PutItem", "throttle"), tuple("UpdateItem", "dropResponse"));
    }

    @Test
    void next_goesBeforeAlways() {
        faults.always(Fault.throttle()).next(Fault.none());

        assertThat(hit(client())).isEqualTo(1);
        assertThat(failureOfHit(client())).isInstanceOf(ThrottlingException.class);
        assertThat(failureOfHit(client())).isInstanceOf(ThrottlingException.class);
    }

    @Test
    void clear_endsAllFaults_keepsTheLog() {
        Faults drawing = open(Faults.seeded(1, 1, Fault.throttle()));
        drawing.always(Fault.throttle().optional()).next(5, Fault.throttle());
        DynamoDbAsyncClient client = client(drawing);
        failureOfHit(client);

        drawing.clear();

        assertThat(hit(client)).isEqualTo(1);
        assertThat(drawing.sent()).hasSize(2);
    }

    @Test
    void forget_emptiesTheLog_keepsTheFaults() {
        faults.always(Fault.throttle());
        failureOfHit(client());

        faults.forget();

        assertThat(faults.sent()).isEmpty();
        assertThat(faults.counts()).isEmpty();
        assertThat(failureOfHit(client())).isInstanceOf(ThrottlingException.class);
        assertThat(faults.sent()).hasSize(1);
    }

    @Test
    void close_laterRequests_passUntouched() {
        faults.always(Fault.throttle().optional()).next(Fault.throttle().optional());

        faults.close();

        assertThat(hit(client())).isEqualTo(1);
    }

    @Test
    void close_laterFaults_areRefused() {
        faults.close();

        assertThatIllegalStateException().isThrownBy(() -> faults.next(Fault.throttle()));
        assertThatIllegalStateException().isThrownBy(() -> faults.always(Fault.throttle()));
        assertThatIllegalStateException().isThrownBy(() -> faults.hang(1, 0.5));
    }

    // --- faults that no request met ---

    static Stream<Arguments> unmetScripts() {
        return Stream.of(
                unmet(
                        "throttle on DeleteItem",
                        script -> script.next(Fault.throttle().on("DeleteItem"))),
                unmet(
                        "delay(PT0.3S) on PutItem",
                        script -> script.always(Fault.delay(PATIENCE).on("PutItem"))),
                unmet("throttle (met 1 of 3 times)", script -> script.next(3, Fault.throttle())),
                unmet(
                        "partialBatch on BatchGetItem",
                        script -> script.always(Fault.partialBatch()).clear()),
                unmet("hang", script -> script.next(Fault.throttle()).next(Fault.hang())));
    }

    private static Arguments unmet(String message, Consumer<Faults> script) {
        return Arguments.of(message, script);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unmetScripts")
    void close_faultThatNoRequestMet_failsOnce(String message, Consumer<Faults> script) {
        Faults scripted = Faults.none();
        script.accept(scripted);
        client(scripted)
                .updateItem(hitRequest().build())
                .exceptionally(failure -> null)
                .join();

        assertThatThrownBy(scripted::assertAllMet)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("No request met " + message + ".")
                .hasMessageContaining("requests of UpdateItem")
                .hasMessageContaining("Fault.optional()");
        assertThatThrownBy(scripted::close).isInstanceOf(AssertionError.class).hasMessageContaining(message);

        scripted.close();
        assertThat(hit(client(scripted))).isPositive();
    }

    @Test
    void close_faultsThatWereMetOrAreOptionalOrDrawn_succeeds() {
        try (Faults scripted = Faults.seeded(1, 0, Fault.throttle())) {
            scripted.next(2, Fault.throttle())
                    .next(Fault.hang().on("DeleteItem").optional())
                    .next(Fault.hang().optional().on("GetItem"))
                    .always(Fault.throttle())
                    .always(Fault.dropRequest().optional());
            DynamoDbAsyncClient client = client(scripted);
            for (int i = 0; i < 3; i++) {
                failureOfHit(client);
            }
            scripted.assertAllMet();
            scripted.next(5, Fault.throttle());
            failureOfHit(client);
            scripted.clear().assertAllMet();
        }
    }

    @Test
    void assertAllMet_nothingSent_saysSo() {
        faults.next(Fault.throttle());
        assertThatThrownBy(faults::assertAllMet).hasMessageContaining("throttle. Sent were no requests");
        failureOfHit(client());
        faults.assertAllMet();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UpdateItems", "updateItem", "Update", "UpdateItem2", "update item", "", " ", "Item*"})
    void on_operationThatDoesNotExist_isRefused(String operation) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.throttle().on(operation))
                .withMessageContaining("UpdateItem");
    }

    @Test
    void on_everyOperation_isTaken() {
        for (String operation : List.of(
                "GetItem",
                "BatchGetItem",
                "PutItem",
                "UpdateItem",
                "DeleteItem",
                "TransactGetItems",
                "TransactWriteItems",
                "Query",
                "Scan",
                "CreateTable",
                "DescribeTimeToLive",
                "ListTagsOfResource")) {
            assertThat(Fault.throttle().on(operation)).hasToString("throttle on " + operation);
        }
    }

    @Test
    void on_partialBatchAndAnotherOperation_isRefused() {
        assertThat(Fault.partialBatch().on("BatchGetItem")).hasToString("partialBatch on BatchGetItem");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.partialBatch().on("GetItem"))
                .withMessageContaining("BatchGetItem");
    }

    // --- faults on a share of the requests ---

    @Test
    void hang_share_hangsThoseOfTheSeedBeforeOrAfterTheirEffect() {
        Faults sick = open(Faults.none());
        sick.hang(4711, 0.2);
        DynamoDbAsyncClient client = client(sick);

        List<CompletableFuture<UpdateItemResponse>> calls = IntStream.range(0, 200)
                .mapToObj(i -> client.updateItem(hitRequest().build()))
                .toList();
        List<String> met = hangs(4711);
        Map<String, Integer> counts = met.stream()
                .filter(fault -> !fault.isEmpty())
                .collect(Collectors.toMap(fault -> fault, fault -> 1, Integer::sum));
        int hung = counts.get("hang") + counts.get("hangAfterEffect");
        while (calls.stream().filter(CompletableFuture::isDone).count() < 200 - hung) {
            Thread.onSpinWait();
        }
        sick.settled().join();

        assertThat(hung).isBetween(20, 60);
        assertThat(sick.counts()).isEqualTo(counts);
        assertThat(calls.stream().filter(call -> !call.isDone())).hasSize(hung);
        assertThat(hits()).isEqualTo(200 - counts.get("hang"));
        assertThat(sick.sent()).extracting(sent -> sent.fault().orElse("")).isEqualTo(met);
        assertThat(hangs(4712)).isNotEqualTo(met);
    }

    /** Returns which of 200 requests hang, on a network without a server. */
    private List<String> hangs(long seed) {
        Faults sick = open(Faults.none());
        sick.hang(seed, 0.2);
        SdkAsyncHttpClient wrapped = sick.wrap(new NeverAnswering());
        for (int i = 0; i < 200; i++) {
            wrapped.execute(aRequest(new ArrayList<>()));
        }
        return sick.sent().stream().map(sent -> sent.fault().orElse("")).toList();
    }

    @Test
    void draw_several_areIndependentAndTheOldestGoesFirst() {
        Faults drawing = open(Faults.none());
        drawing.draw(7, 0.5, Fault.throttle()).draw(7, 1, Fault.dropRequest());
        DynamoDbAsyncClient client = client(drawing);
        for (int i = 0; i < 30; i++) {
            failureOfHit(client);
        }
        assertThat(drawing.counts()).containsOnlyKeys("throttle", "dropRequest");

        drawing.clear();
        assertThat(hit(client)).isEqualTo(1);
    }

    @Test
    void seeded_sameSeed_sameFaults() {
        List<String> first = draws(42, 0.5, 0);

        assertThat(draws(42, 0.5, 0)).isEqualTo(first);
        assertThat(draws(43, 0.5, 0)).isNotEqualTo(first);
        assertThat(first).contains("", "throttle", "dropResponse");
    }

    @Test
    void seeded_scriptGoesFirst_drawsAreNotShifted() {
        List<String> plain = draws(42, 0.5, 0);

        List<String> scripted = draws(42, 0.5, 3);

        assertThat(scripted.subList(0, 3)).containsOnly("serverError(500)");
        assertThat(scripted.subList(3, scripted.size())).isEqualTo(plain.subList(3, plain.size()));
    }

    @Test
    void seeded_probabilityZeroAndOne_neverAndAlways() {
        assertThat(draws(7, 0, 0)).containsOnly("");
        assertThat(draws(7, 1, 0)).containsOnly("throttle", "dropResponse");
    }

    @Test
    void seeded_manyAtOnce_everyDeliveryIsAnEffect() {
        Faults storm = open(Faults.seeded(
                11,
                0.6,
                Fault.throttle(),
                Fault.dropRequest(),
                Fault.dropResponse(),
                Fault.delay(Duration.ofMillis(5)),
                Fault.deliverLate(Duration.ofMillis(40)),
                Fault.deliverTwice(Duration.ofMillis(20)),
                Fault.serverErrorAfterEffect(500),
                Fault.garble(),
                Fault.truncate(),
                Fault.wrongCrc()));
        DynamoDbAsyncClient client = client(storm, AwsRetryStrategy.standardRetryStrategy());

        List<CompletableFuture<UpdateItemResponse>> calls = IntStream.range(0, 200)
                .mapToObj(i -> client.updateItem(hitRequest().build()))
                .toList();
        calls.forEach(call -> call.exceptionally(failure -> null).join());
        storm.settled().join();

        assertThat(storm.sent()).hasSizeGreaterThan(200);
        assertThat(storm.counts()).hasSize(10);
        assertThat(hits())
                .isEqualTo(
                        storm.sent().stream().mapToInt(SentRequest::deliveries).sum());
    }

    // --- the contract of an HTTP client ---

    @Test
    void retryingClient_meetsOneFaultPerAttempt() {
        faults.next(2, Fault.throttle()).next(Fault.dropResponse());

        assertThat(hit(client(
                        faults,
                        AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(4)
                                .build())))
                .isEqualTo(2);

        assertThat(faults.sent()).extracting(SentRequest::deliveries).containsExactly(0, 0, 1, 1);
    }

    @Test
    void retryingClient_attemptTimesOut_nextAttemptIsUndisturbed() {
        faults.next(Fault.hang()).next(Fault.hangAfterEffect());

        CompletableFuture<UpdateItemResponse> call = client(
                        faults,
                        AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(4)
                                .build())
                .updateItem(impatient(hitRequest()).build());

        timeOut(1);
        timeOut(2);

        assertThat(call.join().attributes().get("hits").n()).isEqualTo("2");
        assertThat(faults.sent()).extracting(SentRequest::deliveries).containsExactly(0, 1, 1);
    }

    @Test
    void execute_clientGivesUp_realRequestIsCancelled() {
        NeverAnswering real = new NeverAnswering();
        CompletableFuture<UpdateItemResponse> call = client(faults, AwsRetryStrategy.doNotRetry(), real)
                .updateItem(impatient(hitRequest()).build());

        assertTimesOut(call);

        assertThat(real.executions)
                .singleElement()
                .satisfies(execution -> assertThat(execution)
                        .failsWithin(Duration.ofSeconds(30))
                        .withThrowableOfType(ExecutionException.class));
    }

    @Test
    void execute_cancelled_isLogged_andHandlerIsLeftAlone() {
        NeverAnswering real = new NeverAnswering();
        List<Throwable> told = new ArrayList<>();
        IOException reason = new IOException("enough");

        faults.wrap(real).execute(aRequest(told)).completeExceptionally(reason);

        assertThat(real.executions)
                .singleElement()
                .satisfies(execution -> assertThat(execution).isCompletedExceptionally());
        assertThat(onlySent().failure()).containsSame(reason);
        assertThat(told).isEmpty();
    }

    @Test
    void execute_realClientFailsWithoutNotifyingItsHandler_clientIsNotified() {
        NeverAnswering real = new NeverAnswering();
        List<Throwable> told = new ArrayList<>();
        IOException reason = new IOException("lost");
        CompletableFuture<Void> result = faults.wrap(real).execute(aRequest(told));

        real.executions.get(0).completeExceptionally(reason);

        assertThat(told).containsExactly(reason);
        assertThat(result).isCompletedExceptionally();
    }

    @Test
    void execute_clientGivesUpAfterEffect_realRequestIsLeftAlone() {
        NeverAnswering real = new NeverAnswering();
        faults.next(Fault.hangAfterEffect());
        CompletableFuture<UpdateItemResponse> call = client(faults, AwsRetryStrategy.doNotRetry(), real)
                .updateItem(impatient(hitRequest()).build());

        timeOutWhen(() -> !real.executions.isEmpty());
        assertThatThrownBy(call::join).hasCauseInstanceOf(ApiCallAttemptTimeoutException.class);

        assertThat(real.executions)
                .singleElement()
                .satisfies(execution -> assertThat(execution).isNotDone());
    }

    @Test
    void closeOfHttpClient_failsWhatHangs() {
        NeverAnswering real = new NeverAnswering();
        SdkAsyncHttpClient wrapped = faults.wrap(real);
        faults.next(Fault.hang()).next(Fault.delay(LONG));
        DynamoDbAsyncClient client = open(builder(faults, AwsRetryStrategy.doNotRetry())
                .httpClient(wrapped)
                .build());
        CompletableFuture<UpdateItemResponse> hung =
                client.updateItem(hitRequest().build());
        CompletableFuture<UpdateItemResponse> delayed =
                client.updateItem(hitRequest().build());

        wrapped.close();

        assertThatThrownBy(hung::join).hasRootCauseInstanceOf(IOException.class);
        assertThatThrownBy(delayed::join).hasRootCauseInstanceOf(IOException.class);
        assertThat(real.closed).isTrue();
        assertThat(real.executions).isEmpty();
    }

    @Test
    void closeOfHttpClient_retryingClient_endsToo() {
        SdkAsyncHttpClient wrapped = faults.wrap(new NeverAnswering());
        faults.always(Fault.hang());
        DynamoDbAsyncClient client = open(builder(faults, AwsRetryStrategy.standardRetryStrategy())
                .httpClient(wrapped)
                .build());
        List<CompletableFuture<UpdateItemResponse>> hung = IntStream.range(0, 200)
                .mapToObj(i -> client.updateItem(hitRequest().build()))
                .toList();

        wrapped.close();

        assertThat(hung)
                .allSatisfy(call ->
                        assertThatThrownBy(() -> call.get(30, SECONDS)).hasRootCauseInstanceOf(IOException.class));
    }

    @Test
    void deliverLate_httpClientIsClosedBefore_stillSettles() {
        NeverAnswering real = new NeverAnswering();
        faults.next(Fault.deliverLate(PATIENCE));
        DynamoDbAsyncClient client = client(faults, AwsRetryStrategy.doNotRetry(), real);
        real.close();

        failureOf(() -> client.updateItem(hitRequest().build()));

        faults.settled().join();
        assertThat(onlySent().deliveries()).isZero();
    }

    @Test
    void badArguments_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> faults.next(0, Fault.throttle()));
        assertThatIllegalArgumentException().isThrownBy(() -> Faults.seeded(1, 1.1, Fault.throttle()));
        assertThatIllegalArgumentException().isThrownBy(() -> Faults.seeded(1, Double.NaN, Fault.throttle()));
        assertThatIllegalArgumentException().isThrownBy(() -> Faults.seeded(1, 0.5));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.hang(1, -0.1));
        assertThatIllegalArgumentException().isThrownBy(() -> faults.draw(1, 0.5));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.error(200, "Fine"));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.error(400, "\"}"));
        assertThatIllegalArgumentException().isThrownBy(Fault::transactionCanceled);
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.serverError(400));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.serverErrorAfterEffect(600));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.delay(Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.deliverLate(Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.deliverTwice(Duration.ofMillis(-1)));
    }

    @Test
    void fault_toString_namesKindParametersAndOperation() {
        assertThat(Fault.delay(PATIENCE).on("GetItem")).hasToString("delay(PT0.3S) on GetItem");
        assertThat(Fault.partialBatch()).hasToString("partialBatch on BatchGetItem");
        assertThat(Fault.transactionCanceled("TransactionConflict", "None"))
                .hasToString("transactionCanceled[TransactionConflict, None]");
    }

    // --- helpers ---

    private DynamoDbAsyncClient client() {
        return client(faults);
    }

    private DynamoDbAsyncClient client(Faults onIt) {
        return client(onIt, AwsRetryStrategy.doNotRetry());
    }

    private DynamoDbAsyncClient client(Faults onIt, RetryStrategy retries) {
        return client(onIt, retries, http);
    }

    private DynamoDbAsyncClient client(Faults onIt, RetryStrategy retries, SdkAsyncHttpClient real) {
        return open(builder(onIt, retries).httpClient(onIt.wrap(real)).build());
    }

    private DynamoDbAsyncClientBuilder builder(Faults onIt, RetryStrategy retries) {
        return DynamoDbAsyncClient.builder()
                .endpointOverride(server.endpoint())
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                .overrideConfiguration(ClientOverrideConfiguration.builder()
                        .retryStrategy(retries)
                        .scheduledExecutorService(timeouts)
                        .build())
                .httpClient(onIt.wrap(http));
    }

    /**
     * Returns an HTTP client for requests that the server cannot read. The server closes the connection of such a
     * request, which would disturb the next one.
     */
    private SdkAsyncHttpClient ownHttp() {
        return open(NettyNioAsyncHttpClient.create());
    }

    private <T extends AutoCloseable> T open(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private UpdateItemRequest.Builder hitRequest() {
        return UpdateItemRequest.builder()
                .tableName(table)
                .key(key(USER))
                .updateExpression("ADD hits :one")
                .expressionAttributeValues(Map.of(":one", AttributeValue.fromN("1")))
                .returnValues(ReturnValue.UPDATED_NEW);
    }

    private static UpdateItemRequest.Builder impatient(UpdateItemRequest.Builder request) {
        return request.overrideConfiguration(settings -> settings.apiCallAttemptTimeout(LONG));
    }

    private void assertTimesOut(CompletableFuture<UpdateItemResponse> call) {
        timeOut(1);
        assertThatThrownBy(call::join).hasCauseInstanceOf(ApiCallAttemptTimeoutException.class);
    }

    /** Triggers the client's timeout for the attempt with this number, once the attempt has met its fault. */
    private void timeOut(int attempt) {
        timeOutWhen(() -> faults.sent().size() >= attempt && faults.settled().isDone());
    }

    private void timeOutWhen(BooleanSupplier moment) {
        while (!moment.getAsBoolean()) {
            Thread.yield();
        }
        timeouts.getQueue().forEach(Runnable::run);
    }

    private int hit(DynamoDbAsyncClient client) {
        return Integer.parseInt(client.updateItem(hitRequest().build())
                .join()
                .attributes()
                .get("hits")
                .n());
    }

    private Throwable failureOfHit(DynamoDbAsyncClient client) {
        return failureOf(() -> client.updateItem(hitRequest().build()));
    }

    private static Throwable failureOf(Supplier<CompletableFuture<?>> call) {
        Throwable failure = catchThrowable(() -> call.get().join());
        assertThat(failure).isNotNull();
        return failure.getCause();
    }

    private int hits() {
        AttributeValue hits = itemOf(USER).get("hits");
        return hits == null ? 0 : Integer.parseInt(hits.n());
    }

    private Map<String, AttributeValue> itemOf(String user) {
        return server.client()
                .getItem(get -> get.tableName(table).key(key(user)).consistentRead(true))
                .join()
                .item();
    }

    private BatchGetItemResponse batchGet(Map<String, KeysAndAttributes> keys) {
        return client().batchGetItem(
                        batch -> batch.requestItems(keys).returnConsumedCapacity(ReturnConsumedCapacity.TOTAL))
                .join();
    }

    private SentRequest onlySent() {
        assertThat(faults.sent()).hasSize(1);
        return faults.sent().get(0);
    }

    private void assertNotDelivered(String fault) {
        assertThat(hits()).isZero();
        assertThat(onlySent().deliveries()).isZero();
        assertThat(onlySent().fault()).contains(fault);
        assertThat(faults.counts()).containsOnly(Map.entry(fault, 1));
    }

    private void assertDeliveredOnce(String fault) {
        assertThat(hits()).isEqualTo(1);
        assertThat(onlySent().deliveries()).isEqualTo(1);
        assertThat(onlySent().fault()).contains(fault);
        assertThat(faults.counts()).containsOnly(Map.entry(fault, 1));
    }

    private List<String> draws(long seed, double probability, int scripted) {
        try (Faults drawing = Faults.seeded(seed, probability, Fault.throttle(), Fault.dropResponse())) {
            if (scripted > 0) {
                drawing.next(scripted, Fault.serverError(500));
            }
            DynamoDbAsyncClient client = client(drawing);
            for (int i = 0; i < 30; i++) {
                client.updateItem(hitRequest().build())
                        .exceptionally(failure -> null)
                        .join();
            }
            return drawing.sent().stream().map(sent -> sent.fault().orElse("")).toList();
        }
    }

    private static Map<String, AttributeValue> key(String user) {
        return Map.of("userId", AttributeValue.fromS(user));
    }

    private static Map<String, AttributeValue> richItem(String user) {
        return Map.of(
                "userId",
                AttributeValue.fromS(user),
                "n",
                AttributeValue.fromN("12345678901234567890.12345"),
                "m",
                AttributeValue.fromM(Map.of(
                        "text",
                        AttributeValue.fromS(user),
                        "list",
                        AttributeValue.fromL(List.of(AttributeValue.fromBool(true), AttributeValue.fromNul(true))))));
    }

    private static AsyncExecuteRequest aRequest(List<Throwable> errors) {
        return aRequest(errors, CompletableFuture.completedFuture(null));
    }

    /** Returns a request whose body is available once the gate is open. */
    private static AsyncExecuteRequest aRequest(List<Throwable> errors, CompletableFuture<Void> gate) {
        return AsyncExecuteRequest.builder()
                .request(SdkHttpRequest.builder()
                        .method(SdkHttpMethod.POST)
                        .uri(server.endpoint())
                        .putHeader("X-Amz-Target", "DynamoDB_20120810.ListTables")
                        .build())
                .requestContentPublisher(new SdkHttpContentPublisher() {
                    private final AsyncRequestBody body = AsyncRequestBody.fromString("{}");

                    @Override
                    public Optional<Long> contentLength() {
                        return body.contentLength();
                    }

                    @Override
                    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
                        gate.thenRun(() -> body.subscribe(subscriber));
                    }
                })
                .responseHandler(new SdkAsyncHttpResponseHandler() {
                    @Override
                    public void onHeaders(SdkHttpResponse headers) {}

                    @Override
                    public void onStream(Publisher<ByteBuffer> stream) {}

                    @Override
                    public void onError(Throwable error) {
                        errors.add(error);
                    }
                })
                .build();
    }

    /** An HTTP client whose server never responds. */
    private static final class NeverAnswering implements SdkAsyncHttpClient {
        private final List<CompletableFuture<Void>> executions = new ArrayList<>();
        private boolean closed;

        @Override
        public synchronized CompletableFuture<Void> execute(AsyncExecuteRequest request) {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            CompletableFuture<Void> execution = new CompletableFuture<>();
            executions.add(execution);
            return execution;
        }

        @Override
        public synchronized void close() {
            closed = true;
        }
    }
}
