package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.cloudshelf.cart.CartAuditReport.Finding;
import com.cloudshelf.cart.CartAuditReport.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** What an audit reports about repairs that are unanswered when it ends. */
@Timeout(60)
class TableAuditTest {
    private static final String A = "a";
    private static final String B = "b";

    private final Service service = new Service();
    private final List<Finding> findings = new CopyOnWriteArrayList<>();
    private final List<CartAuditReport> reports = new CopyOnWriteArrayList<>();
    private final CartAudit repair =
            CartAudit.repairing().withSegments(2).withFindings(findings::add).withProgress(reports::add);

    private CompletableFuture<CartAuditReport> audit(CartAudit audit) {
        return CartTable.audit(service, CartTableSpec.defaults(), audit);
    }

    @Test
    void deadline_whileRepairsAreUnanswered_namesThemAndLeavesThemToTheNext() {
        CartAuditReport report;
        Service silent;
        // On a slow machine, an audit may end before it has sent anything. The next one gets more time.
        Duration time = Duration.ofMillis(500);
        do {
            findings.clear();
            silent = new Service();
            silent.silent = List.of(A, B);
            report = CartTable.audit(silent, CartTableSpec.defaults(), repair.withDeadline(time))
                    .join();
            time = time.multipliedBy(2);
        } while (silent.unanswered.size() < 2);
        assertThat(findings).extracting(Finding::userId).containsExactlyInAnyOrder(A, B);
        assertThat(findings).noneMatch(Finding::repaired);
        assertThat(report.isComplete()).isFalse();
        assertThat(report.carts()).isZero();
        assertThat(reports).last().extracting(CartAuditReport::checkpoint).isEqualTo(report.checkpoint());

        findings.clear();
        CartAuditReport rest = audit(repair.resumingFrom(report.checkpoint())).join();
        assertThat(findings).hasSize(2).allMatch(Finding::repaired);
        assertThat(rest.isComplete()).isTrue();
        assertThat(rest.repairedCarts()).isEqualTo(2);
    }

    @Test
    void failure_whileAnotherRepairIsUnanswered_namesThatAsWell() {
        service.silent = List.of(B);
        service.failing = A;
        CompletableFuture<CartAuditReport> audit = audit(repair);
        assertThat(audit)
                .failsWithin(Duration.ofSeconds(50))
                .withThrowableThat()
                .withCauseInstanceOf(CartAccessException.class);
        assertThat(findings).extracting(Finding::userId).contains(B);
        assertThat(findings).noneMatch(Finding::repaired);
        assertThat(reports)
                .last()
                .satisfies(report -> assertThat(report.isComplete()).isFalse());
    }

    @Test
    void cancellation_whileARepairIsUnanswered_reportsNothingMore() {
        service.silent = List.of(A, B);
        CompletableFuture<CartAuditReport> audit = audit(repair);
        service.sent.join();
        audit.cancel(true);
        service.answer();
        assertThat(audit).isCancelled();
        assertThat(findings).isEmpty();
        assertThat(reports).isEmpty();
    }

    @Test
    void progress_withinAPageOfRepairs_isReported() {
        service.silent = List.of(B);
        CompletableFuture<CartAuditReport> audit = audit(repair.withSegments(1));
        service.sent.join();
        audit.cancel(true);
        assertThat(reports).extracting(CartAuditReport::repairedCarts).containsExactly(1L);
    }

    @Test
    void problems_ofEachDrift_haveTheirOwnKind() {
        service.item = Map.of(
                "cartItems",
                AttributeValue.fromL(
                        List.of(line("book", "1", "yesterday"), line("book", "2", null), line("none", "0", null))),
                "lastUpdated",
                AttributeValue.fromS("soon"),
                "totalItems",
                AttributeValue.fromN("9"),
                "format",
                AttributeValue.fromN("1"));
        audit(CartAudit.reporting().withSegments(1).withFindings(findings::add)).join();
        assertThat(findings)
                .hasSize(2)
                .allSatisfy(finding -> assertThat(finding.problems())
                        .containsExactlyInAnyOrder(
                                Problem.WRONG_TOTALS,
                                Problem.DUPLICATE_LINES,
                                Problem.UNREADABLE_DETAILS,
                                Problem.STALE_INDEX,
                                Problem.NEVER_EXPIRES,
                                Problem.NO_MEMORY));
    }

    @Test
    void problems_timeToLiveOfElevenDigits_isInSeconds() {
        assertThat(problemsOfTimeToLive("99999999999"))
                .doesNotContain(Problem.TTL_IN_MILLISECONDS, Problem.NEVER_EXPIRES);
        assertThat(problemsOfTimeToLive("100000000000"))
                .contains(Problem.TTL_IN_MILLISECONDS)
                .doesNotContain(Problem.NEVER_EXPIRES);
    }

    /** For a whole day, such a cart was neither one that expires nor one that does not. */
    @Test
    void problems_timeToLiveOfFiveYearsAgo_neverExpires() {
        long fiveYearsAgo = Instant.now().minus(Duration.ofDays(5 * 365)).getEpochSecond();
        assertThat(problemsOfTimeToLive(Long.toString(fiveYearsAgo))).contains(Problem.NEVER_EXPIRES);
        assertThat(problemsOfTimeToLive("0")).contains(Problem.NEVER_EXPIRES);
        assertThat(problemsOfTimeToLive("-1E+125")).contains(Problem.NEVER_EXPIRES);
    }

    private Set<Problem> problemsOfTimeToLive(String ttl) {
        findings.clear();
        service.users = List.of(A);
        service.item = Map.of("cartItems", AttributeValue.fromL(List.of()), "ttl", AttributeValue.fromN(ttl));
        audit(CartAudit.reporting().withSegments(1).withFindings(findings::add)).join();
        return findings.get(0).problems();
    }

    /** DynamoDB takes a blank key, although no call of a store can reach its cart. */
    @Test
    void userId_thatIsNoUsersId_isNamedAndPassed() {
        service.users = List.of(" ", A);

        CartAuditReport report = audit(repair.withSegments(1)).join();

        assertThat(report.isComplete()).isTrue();
        assertThat(report.carts()).isEqualTo(2);
        assertThat(report.found(Problem.UNREADABLE)).isEqualTo(1);
        assertThat(findings).extracting(Finding::userId).containsExactlyElementsOf(service.users);
        assertThat(findings)
                .extracting(Finding::attributePath, Finding::repaired)
                .containsExactly(tuple("userId", false), tuple("", true));
    }

    @Test
    void checkpoint_atAUserIdThatIsNoUsersId_isRead() {
        List<AuditCheckpoint.Segment> segments =
                List.of(new AuditCheckpoint.Segment(false, " "), AuditCheckpoint.Segment.AT_START);
        AuditCheckpoint checkpoint = new AuditCheckpoint("carts", segments, new CartAuditReport.Counts());

        assertThat(AuditCheckpoint.parse(checkpoint.toString()).segments()).isEqualTo(segments);
    }

    private static AttributeValue line(String bookId, String quantity, String addedAt) {
        Map<String, AttributeValue> line = new HashMap<>();
        line.put("bookId", AttributeValue.fromS(bookId));
        line.put("price", AttributeValue.fromN("1"));
        line.put("quantity", AttributeValue.fromN(quantity));
        if (addedAt != null) {
            line.put("addedAt", AttributeValue.fromS(addedAt));
        }
        return AttributeValue.fromM(line);
    }

    /** A table with a broken cart in each of two segments. */
    private static final class Service implements DynamoDbAsyncClient {
        final CompletableFuture<Void> sent = new CompletableFuture<>();
        private final List<CompletableFuture<UpdateItemResponse>> unanswered = new CopyOnWriteArrayList<>();
        volatile List<String> silent = List.of();
        volatile String failing = "";
        volatile List<String> users = List.of(A, B);
        volatile Map<String, AttributeValue> item = Map.of(
                "cartItems",
                AttributeValue.fromL(List.of(line("book", "1", null))),
                "totalItems",
                AttributeValue.fromN("7"));

        private List<Map<String, AttributeValue>> items(ScanRequest request) {
            return request.totalSegments() == 1
                    ? users.stream().map(this::item).toList()
                    : List.of(item(request.segment() == 0 ? A : B));
        }

        private Map<String, AttributeValue> item(String userId) {
            Map<String, AttributeValue> cart = new HashMap<>(item);
            cart.put("userId", AttributeValue.fromS(userId));
            return cart;
        }

        void answer() {
            unanswered.forEach(answer -> answer.complete(UpdateItemResponse.builder()
                    .attributes(Map.of("userId", AttributeValue.fromS(A)))
                    .build()));
        }

        @Override
        public CompletableFuture<DescribeTableResponse> describeTable(Consumer<DescribeTableRequest.Builder> request) {
            return CompletableFuture.completedFuture(
                    DescribeTableResponse.builder().table(table -> {}).build());
        }

        @Override
        public CompletableFuture<ScanResponse> scan(Consumer<ScanRequest.Builder> request) {
            ScanRequest.Builder builder = ScanRequest.builder();
            request.accept(builder);
            return CompletableFuture.completedFuture(
                    ScanResponse.builder().items(items(builder.build())).build());
        }

        @Override
        public CompletableFuture<UpdateItemResponse> updateItem(UpdateItemRequest request) {
            String userId = request.key().get("userId").s();
            if (silent.contains(userId)) {
                CompletableFuture<UpdateItemResponse> answer = new CompletableFuture<>();
                unanswered.add(answer);
                sent.complete(null);
                return answer;
            }
            if (userId.equals(failing)) {
                sent.join(); // the other repair is in flight
                return CompletableFuture.failedFuture(
                        new CompletionException(Failures.service(400, "AccessDeniedException", "not allowed")));
            }
            // This stub ignores conditions, so every repair succeeds.
            return CompletableFuture.completedFuture(UpdateItemResponse.builder()
                    .attributes(Writes.itemOf(CartTable.decode(item(userId)), Instant.now()))
                    .build());
        }

        @Override
        public String serviceName() {
            return "dynamodb";
        }

        @Override
        public void close() {}
    }
}
