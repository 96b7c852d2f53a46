package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.cloudshelf.cart.CartTableReport.Check;
import com.cloudshelf.cart.CartTableReport.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ContinuousBackupsUnavailableException;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.CreateTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeContinuousBackupsRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeContinuousBackupsResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTimeToLiveRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeTimeToLiveResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ListTagsOfResourceRequest;
import software.amazon.awssdk.services.dynamodb.model.ListTagsOfResourceResponse;
import software.amazon.awssdk.services.dynamodb.model.PointInTimeRecoveryStatus;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.SSEType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.Tag;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;
import software.amazon.awssdk.services.dynamodb.model.UpdateContinuousBackupsRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateContinuousBackupsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateTimeToLiveRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateTimeToLiveResponse;

/**
 * Creating and verifying a table on a service that does what DynamoDB Local cannot: it refuses for a while, and reports
 * all settings.
 */
class CartTableSetupTest {
    private static final Duration PAUSE = Duration.ofMillis(1);

    private final Service service = new Service();
    private final CartTableSpec spec = CartTableSpec.defaults().withTableName("carts");

    private void create() {
        create(Duration.ofSeconds(20));
    }

    private void create(Duration deadline) {
        CartTable.create(service, spec, deadline, PAUSE).join();
    }

    private CartTableReport verify(CartTableSpec expected) {
        return CartTable.verify(service, expected).join();
    }

    private String fix(String subject) {
        return verify(spec).checks().stream()
                .filter(check -> check.subject().equals(subject) && check.outcome() == Outcome.DEVIATING)
                .map(Check::fix)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void create_recoveryNotYetAvailable_retriesUntilItIs() {
        service.recoveryRefusals = 7;
        create();
        assertThat(service.recovery).isTrue();
        assertThat(service.sent)
                .filteredOn(sent -> sent.equals("UpdateContinuousBackups"))
                .hasSize(8);
        assertThat(verify(spec).isHeld()).as(verify(spec).toString()).isTrue();
    }

    @Test
    void create_recoveryNeverAvailable_endsByItsDeadlineAndARepetitionCompletesIt() {
        service.recoveryRefusals = Integer.MAX_VALUE;
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> create(Duration.ofMillis(300)))
                .withCauseInstanceOf(CartUnavailableException.class);
        service.recoveryRefusals = 0;
        service.sent.clear();
        create();
        assertThat(service.recovery).isTrue();
    }

    @Test
    void create_recoveryRefusedForAnotherReason_failsAtOnce() {
        service.recoveryRefusal = refusal("AccessDeniedException");
        service.recoveryRefusals = 1;
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> create())
                .withCauseInstanceOf(CartAccessException.class)
                .withMessageContaining("dynamodb:UpdateContinuousBackups")
                .satisfies(failure -> assertThat(failure.getCause()).hasCause(service.recoveryRefusal));
    }

    @Test
    void create_anotherDeploymentAtTheSameTime_bothSucceed() {
        service.timeToLiveOfAnother = true;
        create();
        assertThat(service.timeToLive).isEqualTo("ttl");
        assertThat(service.sent).containsSubsequence("UpdateTimeToLive", "DescribeTimeToLive");
    }

    @Test
    void create_timeToLiveRefused_fails() {
        service.timeToLiveRefused = true;
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> create())
                .withCauseInstanceOf(CartStoreException.class)
                .satisfies(failure -> assertThat(failure.getCause()).hasCauseInstanceOf(DynamoDbException.class));
    }

    @Test
    void create_tableWithAnotherKey_failsAndChangesNothing() {
        service.exists = true;
        service.key = "id";
        CartStoreException failure = failureOf(CartStoreException.class, CartTable.create(service, spec));
        assertThat(failure).hasMessageContainingAll("carts", "id HASH", "userId", "another name");
        assertThat(failure.isRetryable()).isFalse();
        assertThat(service.sent).containsExactly("CreateTable", "DescribeTable");
    }

    private static AwsServiceException refusal(String code) {
        return coded(DynamoDbException.builder(), code);
    }

    private static AwsServiceException coded(AwsServiceException.Builder refusal, String code) {
        return refusal.statusCode(400)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
                .build();
    }

    @Test
    void create_tableIsNotActiveYet_waits() {
        service.describedUntilActive = 3;
        create();
        assertThat(service.sent)
                .startsWith("CreateTable", "DescribeTable", "DescribeTable", "DescribeTable", "DescribeTable")
                .endsWith("UpdateContinuousBackups");
    }

    @Test
    void create_throttled_retries() {
        service.refusals.add(refusal("ThrottlingException"));
        service.refusals.add(refusal("LimitExceededException"));
        create();
        assertThat(service.recovery).isTrue();
    }

    @Test
    void create_throttledUntilTheDeadline_failsAsThrottled() {
        service.refusal = refusal("ThrottlingException");
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> create(Duration.ofSeconds(1)))
                .withCauseInstanceOf(CartThrottledException.class);
    }

    /** Kotlin has no checked exceptions, and a mock returns {@code null}. */
    @Test
    void calls_clientThatThrowsOrReturnsAnything_failAsUnavailable() {
        List<ScriptedClient> clients = List.of(
                new ScriptedClient().thenAlways(request -> throwUndeclared(new IOException("no socket"))),
                new ScriptedClient().thenAlways(request -> {
                    throw new StackOverflowError();
                }),
                new ScriptedClient().thenAlways(request -> CompletableFuture.completedFuture(null)));
        for (ScriptedClient client : clients) {
            assertThat(failureOf(CartUnavailableException.class, CartTable.ping(client, spec, Duration.ofSeconds(60))))
                    .hasMessageContainingAll("dynamodb:GetItem", "cause", "endpoint", "network");
        }
    }

    /** The SDK accepts it as an empty response, and an audit that sees nothing would be complete. */
    @Test
    void calls_responseThatIsNotDynamoDbs_areRepeated() throws IOException {
        WireServer.Answer empty = WireServer.ok("{}");
        WireServer.Answer answer = WireServer.ok("{\"Table\":{\"ItemCount\":3},\"Items\":[],\"Count\":0,"
                + "\"TimeToLiveDescription\":{},"
                + "\"ContinuousBackupsDescription\":{\"PointInTimeRecoveryDescription\":{}}}");
        try (WireServer server = new WireServer(empty, answer, empty, answer, empty, answer);
                DynamoDbAsyncClient client = server.client().build()) {
            CartTable.verify(client, spec).join();
            assertThat(server.operations())
                    .startsWith(
                            "DescribeTable",
                            "DescribeTable",
                            "DescribeTimeToLive",
                            "DescribeTimeToLive",
                            "DescribeContinuousBackups",
                            "DescribeContinuousBackups");
        }
        try (WireServer server = new WireServer(empty, answer, empty, answer);
                DynamoDbAsyncClient client = server.client().build()) {
            CartTable.audit(client, spec, CartAudit.reporting().withSegments(1)).join();
            assertThat(server.operations()).containsExactly("DescribeTable", "DescribeTable", "Scan", "Scan");
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <R, X extends Throwable> R throwUndeclared(Throwable thrown) throws X {
        throw (X) thrown;
    }

    @Test
    void calls_withoutTime_failAsUnavailableAndSendNothing() {
        for (Duration none : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofSeconds(Long.MIN_VALUE))) {
            for (CompletableFuture<?> call : List.of(
                    CartTable.create(service, spec, none),
                    CartTable.verify(service, spec, none),
                    CartTable.ping(service, spec, none),
                    CartTable.audit(service, spec, CartAudit.reporting().withDeadline(none)))) {
                assertThat(call).isCompletedExceptionally();
                assertThatExceptionOfType(CompletionException.class)
                        .isThrownBy(call::join)
                        .withCauseInstanceOf(CartUnavailableException.class);
            }
        }
        assertThat(service.sent).isEmpty();
    }

    @Test
    @Timeout(60)
    void calls_onAServiceThatHangs_endByTheirDeadlineAndCancelTheRequest() {
        Duration deadline = Duration.ofMillis(50);
        for (Supplier<CompletableFuture<?>> call : List.<Supplier<CompletableFuture<?>>>of(
                () -> CartTable.create(service, spec, deadline),
                () -> CartTable.verify(service, spec, deadline),
                () -> CartTable.ping(service, spec, deadline))) {
            service.hung = new CompletableFuture<>();
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(call.get()::join)
                    .withCauseInstanceOf(CartUnavailableException.class);
            // However late the call's thread runs, it sends nothing after the first request.
            service.callThread.forEach(CartTableSetupTest::join);
            assertThat(service.hung.isCancelled() || service.sent.isEmpty()).isTrue();
            service.sent.clear();
        }
    }

    @Test
    @Timeout(60)
    void ping_onAServiceThatHangs_namesTheRequestAndWhatToCheck() {
        service.hung = new CompletableFuture<>();
        assertThat(failureOf(CartUnavailableException.class, CartTable.ping(service, spec, Duration.ofMillis(500))))
                .hasMessageContainingAll("dynamodb:GetItem", "region", "endpoint", "network");
    }

    @Test
    @Timeout(60)
    void create_cancelled_sendsNothingMore() {
        service.hung = new CompletableFuture<>();
        CompletableFuture<Void> call = CartTable.create(service, spec, Duration.ofMinutes(1));
        await(service.reached);
        call.cancel(true);
        join(service.callThread.get(0));
        assertThat(service.hung).isCancelled();
        assertThat(service.sent).containsExactly("CreateTable");
    }

    @Test
    @Timeout(60)
    void deadline_whileAnotherCallsCallbackBlocks_holds() {
        service.hung = new CompletableFuture<>();
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Void> first = CartTable.ping(service, spec, Duration.ofMillis(20))
                .handle((done, failure) -> {
                    blocked.countDown();
                    await(release);
                    return null;
                });
        await(blocked);
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(CartTable.ping(service, spec, Duration.ofMillis(20))::join)
                .withCauseInstanceOf(CartUnavailableException.class);
        release.countDown();
        first.join();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void verify_denied_isNotCheckedWithThePermission() {
        service.exists = true;
        service.denied = "DescribeTimeToLive";
        assertThat(verify(spec).checks())
                .filteredOn(check -> check.outcome() == Outcome.NOT_CHECKED)
                .extracting(Check::subject, Check::found)
                .containsExactly(tuple("time to live", "no permission for dynamodb:DescribeTimeToLive"));
        service.denied = "DescribeTable";
        assertThat(verify(spec).checks())
                .filteredOn(check -> check.outcome() == Outcome.NOT_CHECKED)
                .extracting(Check::subject)
                .containsExactly("status", "key", "billing mode", "encryption", "deletion protection", "tags");
    }

    @Test
    void verify_credentialsNotAccepted_failsAsAccess() {
        service.refusal = refusal("UnrecognizedClientException");
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> verify(spec))
                .withCauseInstanceOf(CartAccessException.class);
    }

    @Test
    void ping_answered_completesWithOneRequest() {
        service.exists = true;
        CartTable.ping(service, spec, Duration.ofSeconds(20)).join();
        assertThat(service.sent).containsExactly("GetItem");
    }

    @Test
    void ping_refused_saysWhatIsMissing() {
        service.refusal = refusal("AccessDeniedException");
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(CartTable.ping(service, spec, Duration.ofSeconds(20))::join)
                .withCauseInstanceOf(CartAccessException.class)
                .withMessageContaining("dynamodb:GetItem");
        service.refusal = coded(ResourceNotFoundException.builder(), "ResourceNotFoundException");
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(CartTable.ping(service, spec, Duration.ofSeconds(20))::join)
                .withCauseInstanceOf(CartAccessException.class)
                .withMessageContaining("does not exist");
        assertThat(service.sent).containsExactly("GetItem", "GetItem");
    }

    @Test
    void verify_everyDifference_givesCommandsForThisTable() {
        service.exists = true;
        service.plain = true;
        assertThat(verify(spec).checks())
                .filteredOn(check -> check.outcome() == Outcome.DEVIATING)
                .extracting(Check::subject, Check::fix)
                .containsExactly(
                        tuple(
                                "billing mode",
                                "aws dynamodb update-table --table-name carts --billing-mode PAY_PER_REQUEST"),
                        tuple(
                                "encryption",
                                "aws dynamodb update-table --table-name carts"
                                        + " --sse-specification Enabled=true,SSEType=KMS"),
                        tuple(
                                "deletion protection",
                                "aws dynamodb update-table --table-name carts --deletion-protection-enabled"),
                        tuple(
                                "time to live",
                                "aws dynamodb update-time-to-live --table-name carts"
                                        + " --time-to-live-specification Enabled=true,AttributeName=ttl"),
                        tuple(
                                "point-in-time recovery",
                                "aws dynamodb update-continuous-backups --table-name carts"
                                        + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"),
                        tuple(
                                "tags",
                                "aws dynamodb tag-resource --resource-arn " + Service.ARN
                                        + " --tags Key=Environment,Value=production Key=Project,Value=cloudshelf"
                                        + " Key=Owner,Value=cart-team"));
    }

    private static Tuple tuple(String subject, String fix) {
        return Tuple.tuple(subject, fix);
    }

    @Test
    void report_asText_hasEachCommandOnItsOwnLine() {
        service.exists = true;
        service.plain = true;
        assertThat(verify(spec).toString().lines())
                .hasSize(1 + 8 + 6)
                .contains("    aws dynamodb update-table --table-name carts --deletion-protection-enabled");
    }

    @Test
    void verify_noTable_givesTheCommandThatCreatesIt() {
        assertThat(fix("status"))
                .isEqualTo("aws dynamodb create-table --table-name carts"
                        + " --attribute-definitions AttributeName=userId,AttributeType=S"
                        + " --key-schema AttributeName=userId,KeyType=HASH --billing-mode PAY_PER_REQUEST"
                        + " --sse-specification Enabled=true,SSEType=KMS --deletion-protection-enabled"
                        + " --tags Key=Environment,Value=production Key=Project,Value=cloudshelf"
                        + " Key=Owner,Value=cart-team");
    }

    @Test
    void verify_otherKey_givesTheCommandForATableOfAnotherName() {
        service.exists = true;
        service.key = "id";
        assertThat(fix("key")).startsWith("aws dynamodb create-table --table-name carts-new ");
    }

    @Test
    void verify_tableNotActive_givesTheCommandThatWaits() {
        service.exists = true;
        service.status = TableStatus.CREATING;
        assertThat(fix("status")).isEqualTo("aws dynamodb wait table-exists --table-name carts");
    }

    @Test
    void verify_timeToLiveByAnotherAttribute_givesTheCommandThatSwitchesItOff() {
        service.exists = true;
        service.timeToLive = "expires";
        assertThat(fix("time to live"))
                .isEqualTo("aws dynamodb update-time-to-live --table-name carts"
                        + " --time-to-live-specification Enabled=false,AttributeName=expires");
    }

    @Test
    void verify_tagWithSpaces_isOneWordOfTheCommand() {
        service.exists = true;
        service.tags = spec.tags().entrySet().stream()
                .map(tag ->
                        Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
        assertThat(verify(spec.withTag("Owner", "the cart's team")).toString())
                .contains(" --tags 'Key=Owner,Value=the cart'\\''s team'");
        assertThat(verify(spec).toString()).doesNotContain("--tags");
    }

    /** The control plane of one table. It responds immediately. */
    private static final class Service implements DynamoDbAsyncClient {
        static final String ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/carts";

        final List<String> sent = new CopyOnWriteArrayList<>();
        boolean exists;
        boolean plain;
        String key = "userId";
        TableStatus status = TableStatus.ACTIVE;

        @Nullable
        String timeToLive;

        boolean timeToLiveOfAnother;
        boolean timeToLiveRefused;
        boolean recovery;
        int recoveryRefusals;
        Throwable recoveryRefusal =
                coded(ContinuousBackupsUnavailableException.builder(), "ContinuousBackupsUnavailableException");
        List<Tag> tags = List.of();

        final List<Throwable> refusals = new ArrayList<>();
        final CountDownLatch reached = new CountDownLatch(1);
        final List<Thread> callThread = new CopyOnWriteArrayList<>();

        @Nullable
        Throwable refusal;

        @Nullable
        String denied;

        int describedUntilActive;

        /** The response to every request, if set. */
        @Nullable
        CompletableFuture<?> hung;

        @SuppressWarnings("unchecked") // never completed with a value
        private <T> CompletableFuture<T> answer(T response) {
            callThread.add(Thread.currentThread());
            reached.countDown();
            if (hung != null) {
                return (CompletableFuture<T>) hung;
            }
            if (!refusals.isEmpty()) {
                return refuse(refusals.remove(0));
            }
            if (sent.get(sent.size() - 1).equals(denied)) {
                return refuse(refusal("AccessDeniedException"));
            }
            return refusal == null ? CompletableFuture.completedFuture(response) : refuse(refusal);
        }

        private <T> CompletableFuture<T> refuse(Throwable failure) {
            return CompletableFuture.failedFuture(failure);
        }

        @Override
        public CompletableFuture<CreateTableResponse> createTable(CreateTableRequest request) {
            sent.add("CreateTable");
            if (exists) {
                return refuse(coded(ResourceInUseException.builder(), "ResourceInUseException"));
            }
            if (hung == null && refusals.isEmpty()) {
                exists = true;
                tags = request.tags();
            }
            return answer(CreateTableResponse.builder().build());
        }

        @Override
        public CompletableFuture<DescribeTableResponse> describeTable(DescribeTableRequest request) {
            sent.add("DescribeTable");
            if (!exists && hung == null && refusal == null) {
                return refuse(coded(ResourceNotFoundException.builder(), "ResourceNotFoundException"));
            }
            return answer(DescribeTableResponse.builder()
                    .table(table -> {
                        table.tableArn(ARN)
                                .tableStatus(describedUntilActive-- > 0 ? TableStatus.CREATING : status)
                                .keySchema(KeySchemaElement.builder()
                                        .attributeName(key)
                                        .keyType(KeyType.HASH)
                                        .build())
                                .attributeDefinitions(AttributeDefinition.builder()
                                        .attributeName(key)
                                        .attributeType(ScalarAttributeType.S)
                                        .build())
                                .deletionProtectionEnabled(!plain);
                        if (!plain) {
                            table.billingModeSummary(billing -> billing.billingMode(BillingMode.PAY_PER_REQUEST))
                                    .sseDescription(encryption -> encryption.sseType(SSEType.KMS));
                        }
                    })
                    .build());
        }

        @Override
        public CompletableFuture<DescribeTimeToLiveResponse> describeTimeToLive(DescribeTimeToLiveRequest request) {
            sent.add("DescribeTimeToLive");
            String attribute = timeToLive;
            return answer(DescribeTimeToLiveResponse.builder()
                    .timeToLiveDescription(ttl -> ttl.attributeName(attribute)
                            .timeToLiveStatus(attribute == null ? TimeToLiveStatus.DISABLED : TimeToLiveStatus.ENABLED))
                    .build());
        }

        @Override
        public CompletableFuture<UpdateTimeToLiveResponse> updateTimeToLive(UpdateTimeToLiveRequest request) {
            sent.add("UpdateTimeToLive");
            if (!timeToLiveRefused) {
                timeToLive = request.timeToLiveSpecification().attributeName();
            }
            return timeToLiveOfAnother || timeToLiveRefused
                    ? refuse(refusal("ValidationException"))
                    : answer(UpdateTimeToLiveResponse.builder().build());
        }

        @Override
        public CompletableFuture<UpdateContinuousBackupsResponse> updateContinuousBackups(
                UpdateContinuousBackupsRequest request) {
            sent.add("UpdateContinuousBackups");
            if (recoveryRefusals > 0) {
                recoveryRefusals--;
                return refuse(recoveryRefusal);
            }
            recovery = true;
            return answer(UpdateContinuousBackupsResponse.builder().build());
        }

        @Override
        public CompletableFuture<DescribeContinuousBackupsResponse> describeContinuousBackups(
                DescribeContinuousBackupsRequest request) {
            sent.add("DescribeContinuousBackups");
            return answer(DescribeContinuousBackupsResponse.builder()
                    .continuousBackupsDescription(backups ->
                            backups.pointInTimeRecoveryDescription(description -> description.pointInTimeRecoveryStatus(
                                    recovery ? PointInTimeRecoveryStatus.ENABLED : PointInTimeRecoveryStatus.DISABLED)))
                    .build());
        }

        @Override
        public CompletableFuture<ListTagsOfResourceResponse> listTagsOfResource(ListTagsOfResourceRequest request) {
            sent.add("ListTagsOfResource");
            return answer(ListTagsOfResourceResponse.builder().tags(tags).build());
        }

        @Override
        public CompletableFuture<GetItemResponse> getItem(GetItemRequest request) {
            sent.add("GetItem");
            return answer(GetItemResponse.builder().build());
        }

        @Override
        public String serviceName() {
            return SERVICE_NAME;
        }

        @Override
        public void close() {}
    }
}
