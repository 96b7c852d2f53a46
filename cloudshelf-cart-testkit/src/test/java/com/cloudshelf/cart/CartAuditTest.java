package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.cloudshelf.cart.CartAuditReport.Finding;
import com.cloudshelf.cart.CartAuditReport.Problem;
import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** A table that other programs have filled is audited and repaired while they continue to write. */
class CartAuditTest {
    /** {@code -Daudit.carts=10000} tests a larger table. */
    private static final int CARTS = Integer.getInteger("audit.carts", 400);

    private static final int WRITERS = 8;
    private static final long IN_A_MONTH =
            Instant.now().plus(Duration.ofDays(30)).getEpochSecond();

    private final TestTable table = new TestTable();
    private final DynamoDbAsyncClient client = LocalDynamoDb.shared().client();
    private final CartTableSpec spec = CartTableSpec.defaults().withTableName(table.name);

    @AfterEach
    void close() {
        table.close();
    }

    private CartAuditReport audit(CartAudit audit) {
        return CartTable.audit(client, spec, audit.withUnitsPerSecond(100_000)).join();
    }

    /**
     * Ways to break a cart of the Python function's shape, each with the problems that the audit finds, apart from
     * {@link Problem#NO_MEMORY}.
     */
    private enum Breakage {
        TOTALS(Problem.WRONG_TOTALS, (item, lines) -> item.put("totalItems", n("99"))),
        DUPLICATES(Problem.DUPLICATE_LINES, (item, lines) -> {
            lines.add(line("book000", "3", "9.99"));
            total(item, lines);
        }),
        NO_COPY(Problem.DUPLICATE_LINES, (item, lines) -> lines.add(line("gone", "0", "1"))),
        MILLISECONDS(
                Problem.TTL_IN_MILLISECONDS, (item, lines) -> item.put("ttl", n(Long.toString(IN_A_MONTH * 1000)))),
        NO_TTL(Problem.NEVER_EXPIRES, (item, lines) -> item.remove("ttl")),
        FRACTION(Problem.UNREADABLE, (item, lines) -> lines.add(line("half", "1.5", "1"))),
        NO_PRICE(
                Problem.UNREADABLE,
                (item, lines) -> lines.add(
                        AttributeValue.fromM(Map.of("bookId", AttributeValue.fromS("free"), "quantity", n("1"))))),
        NO_LIST(Problem.UNREADABLE, (item, lines) -> item.put("cartItems", AttributeValue.fromS("[]"))),
        NO_BOOK(
                Problem.UNREADABLE,
                (item, lines) -> lines.add(AttributeValue.fromM(Map.of("quantity", n("1"), "price", n("1"))))),
        NEWER(Problem.HIGHER_FORMAT, (item, lines) -> item.put("format", n("99")));

        final Problem problem;
        final BiConsumer<Map<String, AttributeValue>, List<AttributeValue>> breaking;

        Breakage(Problem problem, BiConsumer<Map<String, AttributeValue>, List<AttributeValue>> breaking) {
            this.problem = problem;
            this.breaking = breaking;
        }
    }

    private static AttributeValue n(String number) {
        return AttributeValue.fromN(number);
    }

    private static AttributeValue line(String bookId, String quantity, String price) {
        return AttributeValue.fromM(Map.of(
                "bookId", AttributeValue.fromS(bookId),
                "title", AttributeValue.fromS("Title of " + bookId),
                "quantity", n(quantity),
                "price", n(price),
                "addedAt", AttributeValue.fromS("2025-09-03T10:30:00Z")));
    }

    private static void total(Map<String, AttributeValue> item, List<AttributeValue> lines) {
        int copies = 0;
        BigDecimal price = BigDecimal.ZERO;
        for (AttributeValue line : lines) {
            int quantity = Integer.parseInt(line.m().get("quantity").n());
            copies += quantity;
            price = price.add(new BigDecimal(line.m().get("price").n()).multiply(BigDecimal.valueOf(quantity)));
        }
        item.put("totalItems", n(Integer.toString(copies)));
        item.put("totalPrice", n(price.toPlainString()));
    }

    private static String user(int index) {
        return "user-" + index;
    }

    /** Returns a user's cart as the Python function leaves it. */
    private static Map<String, AttributeValue> legacy(String userId, int books) {
        Map<String, AttributeValue> item = new HashMap<>();
        List<AttributeValue> lines = new ArrayList<>();
        for (int i = 0; i < books; i++) {
            lines.add(line("book00" + i, Integer.toString(1 + i), "9.99"));
        }
        item.put("userId", AttributeValue.fromS(userId));
        item.put("lastUpdated", AttributeValue.fromS("2025-09-03T10:30:00Z"));
        item.put("ttl", n(Long.toString(IN_A_MONTH)));
        total(item, lines);
        item.put("cartItems", AttributeValue.fromL(lines));
        return item;
    }

    private static Map<String, AttributeValue> broken(String userId, Breakage breakage) {
        Map<String, AttributeValue> item = legacy(userId, 3);
        List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
        item.put("cartItems", AttributeValue.fromL(lines));
        breakage.breaking.accept(item, lines);
        if (item.get("cartItems").hasL()) {
            item.put("cartItems", AttributeValue.fromL(lines));
        }
        return item;
    }

    /** Returns how a cart is broken: every twentieth is, in one way after another. */
    private static Breakage breakage(int index) {
        return index % 20 == 7 ? Breakage.values()[index / 20 % Breakage.values().length] : null;
    }

    private void fill() {
        List<WriteRequest> batch = new ArrayList<>();
        for (int i = 0; i < CARTS; i++) {
            Breakage breakage = breakage(i);
            Map<String, AttributeValue> item =
                    breakage == null ? legacy(user(i), 1 + i % 4) : broken(user(i), breakage);
            batch.add(WriteRequest.builder().putRequest(put -> put.item(item)).build());
            if (batch.size() == 25 || i == CARTS - 1) {
                List<WriteRequest> requests = List.copyOf(batch);
                client.batchWriteItem(request -> request.requestItems(Map.of(table.name, requests)))
                        .join();
                batch.clear();
            }
        }
    }

    private static Map<Problem, Long> expected() {
        Map<Problem, Long> expected = new EnumMap<>(Problem.class);
        for (int i = 0; i < CARTS; i++) {
            Breakage breakage = breakage(i);
            if (breakage != null) {
                expected.merge(breakage.problem, 1L, Long::sum);
            }
            if (breakage == null || breakage.problem.isRepairable()) {
                expected.merge(Problem.NO_MEMORY, 1L, Long::sum);
            }
        }
        return expected;
    }

    private static Map<Problem, Long> found(CartAuditReport report) {
        Map<Problem, Long> found = new EnumMap<>(Problem.class);
        for (Problem problem : Problem.values()) {
            if (report.found(problem) > 0) {
                found.put(problem, report.found(problem));
            }
        }
        return found;
    }

    private static long unrepairable() {
        return expected().entrySet().stream()
                .filter(entry -> !entry.getKey().isRepairable())
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    @Test
    void audit_legacyTable_isReportedRepairedUnderLoadInterruptedAndResumed() {
        fill();

        Queue<Finding> findings = new ConcurrentLinkedQueue<>();
        CartAuditReport first = audit(CartAudit.reporting().withFindings(findings::add));
        assertThat(first.isComplete()).isTrue();
        assertThat(first.carts()).isEqualTo(CARTS);
        assertThat(found(first)).isEqualTo(expected());
        assertThat(first.repairedCarts()).isZero();
        assertThat(findings).hasSize((int) first.cartsWithProblems()).doesNotHaveDuplicates();
        for (int i = 0; i < CARTS; i++) {
            Breakage breakage = breakage(i);
            String userId = user(i);
            if (breakage != null) {
                assertThat(findings)
                        .filteredOn(finding -> finding.userId().equals(userId))
                        .singleElement()
                        .satisfies(finding -> assertThat(finding.problems()).contains(breakage.problem));
            }
        }

        Writers writers = new Writers();
        CartAuditReport repaired = repairWithAnInterruption();
        writers.end();
        assertThat(repaired.isComplete()).isTrue();
        assertThat(repaired.carts()).isGreaterThanOrEqualTo(CARTS);

        Queue<Finding> left = new ConcurrentLinkedQueue<>();
        audit(CartAudit.reporting().withFindings(left::add));
        // A foreign writer keeps leaving a stale index. Apart from that, only the irreparable carts are left.
        assertThat(left).allSatisfy(finding -> {
            if (finding.problems().stream().allMatch(Problem::isRepairable)) {
                assertThat(finding.problems()).containsExactly(Problem.STALE_INDEX);
                assertThat(writers.appendedTo).contains(finding.userId());
            }
        });
        audit(CartAudit.repairing());
        CartAuditReport last = audit(CartAudit.reporting());
        assertThat(found(last).keySet()).containsExactlyInAnyOrder(Problem.UNREADABLE, Problem.HIGHER_FORMAT);
        assertThat(last.cartsWithProblems()).isEqualTo(unrepairable());

        assertThat(writers.acknowledged).isNotEmpty();
        assertThat(writers.lost()).isEmpty();
        assertNothingElseChanged(writers);
    }

    private CartAuditReport repairWithAnInterruption() {
        AtomicReference<String> checkpoint = new AtomicReference<>();
        AtomicReference<CompletableFuture<CartAuditReport>> running = new AtomicReference<>();
        CompletableFuture<Void> started = new CompletableFuture<>();
        CartAudit repair = CartAudit.repairing().withUnitsPerSecond(100_000);
        running.set(CartTable.audit(client, spec, repair.withProgress(report -> {
            started.join();
            checkpoint.set(report.checkpoint());
            if (report.carts() > CARTS / 3) {
                running.get().cancel(true);
            }
        })));
        started.complete(null);
        assertThat(running.get()).failsWithin(Duration.ofMinutes(5)).withThrowableOfType(CancellationException.class);
        return audit(repair.resumingFrom(checkpoint.get()));
    }

    /**
     * Asserts that the lines which no writer touched are those of the start, with duplicates summed, and that
     * unreadable items are unchanged.
     */
    private void assertNothingElseChanged(Writers writers) {
        for (int i = 0; i < CARTS; i++) {
            Breakage breakage = breakage(i);
            if (breakage == null && i % 20 != 0) {
                continue;
            }
            Map<String, AttributeValue> before =
                    breakage == null ? legacy(user(i), 1 + i % 4) : broken(user(i), breakage);
            if (breakage != null && !breakage.problem.isRepairable()) {
                assertThat(table.item(user(i))).isEqualTo(before);
                continue;
            }
            Cart cart = CartTable.decode(table.item(user(i)));
            Set<String> added = writers.acknowledged.stream()
                    .filter(line -> line.userId().equals(cart.userId()))
                    .map(Written::bookId)
                    .collect(Collectors.toSet());
            assertThat(cart.items())
                    .filteredOn(line -> !added.contains(line.bookId()))
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("addedAt")
                    .isEqualTo(CartTable.decode(before).items());
        }
    }

    private record Written(String userId, String bookId) {}

    /** Four services with this library and four Python functions, which add books to the carts that can be written. */
    private final class Writers {
        final Queue<Written> acknowledged = new ConcurrentLinkedQueue<>();
        final Set<String> appendedTo = ConcurrentHashMap.newKeySet();
        private final AtomicBoolean ended = new AtomicBoolean();
        private final List<CompletableFuture<Void>> loops = new ArrayList<>();

        Writers() {
            DynamoDbCartStore store = table.store(settings -> settings.operationTimeout(Duration.ofSeconds(30)));
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                loops.add(CompletableFuture.runAsync(() -> run(store, writer)));
            }
        }

        private void run(DynamoDbCartStore store, int writer) {
            Random random = new Random(writer);
            for (int i = 0; !ended.get(); i++) {
                int index = random.nextInt(CARTS);
                Breakage breakage = breakage(index);
                if (breakage != null && !breakage.problem.isRepairable()) {
                    continue;
                }
                Written written = new Written(user(index), "w" + writer + "-" + i);
                if (writer < WRITERS / 2) {
                    store.addItem(written.userId, book(written.bookId, "2.50", 1))
                            .join();
                } else {
                    table.appendBlindly(written.userId, written.bookId, "2.50", 1)
                            .join();
                    appendedTo.add(written.userId);
                }
                acknowledged.add(written);
            }
        }

        void end() {
            ended.set(true);
            loops.forEach(CompletableFuture::join);
        }

        List<Written> lost() {
            Map<String, Set<String>> stored = new HashMap<>();
            return acknowledged.stream()
                    .filter(written -> !stored.computeIfAbsent(
                                    written.userId,
                                    userId -> CartTable.decode(table.item(userId)).items().stream()
                                            .map(CartItem::bookId)
                                            .collect(Collectors.toSet()))
                            .contains(written.bookId))
                    .toList();
        }
    }

    @Test
    void repair_ofAStaleIndex_isFoundAndRepaired() {
        DynamoDbCartStore carts = table.store();
        carts.addItem(USER, book("a", "1", 1)).join();
        table.appendBlindly(USER, "b", "2", 1).join();
        Finding finding = onlyFinding(CartAudit.reporting());
        assertThat(finding.problems()).containsExactly(Problem.STALE_INDEX);
        assertThat(onlyFinding(CartAudit.repairing()).repaired()).isTrue();
        assertThat(audit(CartAudit.reporting()).cartsWithProblems()).isZero();
        table.faults.forget();
        carts.addItem(USER, book("c", "1", 1)).join();
        assertThat(table.sent()).containsExactly("UpdateItem");
    }

    private Finding onlyFinding(CartAudit audit) {
        List<Finding> findings = new ArrayList<>();
        audit(audit.withFindings(findings::add));
        assertThat(findings).hasSize(1);
        return findings.get(0);
    }

    @Test
    void finding_ofAnUnreadableCart_namesThePath() {
        table.put(broken(USER, Breakage.FRACTION));
        Finding finding = onlyFinding(CartAudit.repairing());
        assertThat(finding.userId()).isEqualTo(USER);
        assertThat(finding.problems()).containsExactly(Problem.UNREADABLE);
        assertThat(finding.attributePath()).isEqualTo("cartItems[3].quantity");
        assertThat(finding.expected()).contains("(N)");
        assertThat(finding.repaired()).isFalse();
    }

    @Test
    void finding_ofAnItemWithABlankUserId_doesNotEndTheAudit() {
        table.put(Map.of("userId", AttributeValue.fromS(" ")));
        assertThat(onlyFinding(CartAudit.repairing()).attributePath()).isEqualTo("userId");
    }

    @Test
    void repair_ofMilliseconds_letsTheCartExpireAsAfterAChange() {
        table.put(broken(USER, Breakage.MILLISECONDS));
        onlyFinding(CartAudit.repairing().withTimeToLive(Duration.ofDays(7)));
        Cart cart = CartTable.decode(table.item(USER));
        assertThat(cart.expiresAt().orElseThrow())
                .isBetween(Instant.now().plus(Duration.ofDays(6)), Instant.now().plus(Duration.ofDays(8)));
    }

    @Test
    void repair_ofOneProblem_leavesCartsWithOthers() {
        table.put(broken("a", Breakage.TOTALS));
        table.put(broken("b", Breakage.DUPLICATES));
        CartAuditReport report = audit(CartAudit.repairing(Problem.WRONG_TOTALS));
        assertThat(report.repairedCarts()).isEqualTo(1);
        assertThat(report.repaired(Problem.NO_MEMORY)).isEqualTo(1);
        assertThat(audit(CartAudit.reporting()).found(Problem.DUPLICATE_LINES)).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> CartAudit.repairing(Problem.UNREADABLE));
    }

    @Test
    void audit_ofExpiredCarts_countsThemAndLeavesThem() {
        Map<String, AttributeValue> item = broken(USER, Breakage.TOTALS);
        item.put("ttl", n(Long.toString(Instant.now().minusSeconds(60).getEpochSecond())));
        table.put(item);
        CartAuditReport report = audit(CartAudit.repairing());
        assertThat(report.expiredCarts()).isEqualTo(1);
        assertThat(report.cartsWithProblems()).isZero();
        assertThat(table.item(USER)).isEqualTo(item);
    }

    @Test
    void repair_rivalsInBetween_areSeenAndKept() {
        table.put(broken(USER, Breakage.DUPLICATES));
        // The rival knows neither versions nor totals, so only the lines show its change.
        table.faults.next(Fault.rival(() -> client.updateItem(update -> update.tableName(table.name)
                        .key(Map.of("userId", AttributeValue.fromS(USER)))
                        .updateExpression("SET cartItems[0].quantity = :three")
                        .expressionAttributeValues(Map.of(":three", n("3")))))
                .on("UpdateItem"));
        try (DynamoDbAsyncClient faulty = LocalDynamoDb.shared().client(table.faults)) {
            CartTable.audit(faulty, spec, CartAudit.repairing()).join();
        }
        assertThat(CartTable.decode(table.item(USER))
                        .item("book000")
                        .orElseThrow()
                        .quantity())
                .isEqualTo(6);
    }

    @Test
    void repair_responseLost_isRepaired() {
        table.put(broken(USER, Breakage.TOTALS));
        table.faults.next(Fault.dropResponse().on("UpdateItem"));
        try (DynamoDbAsyncClient faulty = LocalDynamoDb.shared().client(table.faults)) {
            CartAuditReport report =
                    CartTable.audit(faulty, spec, CartAudit.repairing()).join();
            assertThat(report.repairedCarts()).isEqualTo(1);
        }
        assertThat(audit(CartAudit.reporting()).cartsWithProblems()).isZero();
    }

    @Test
    void audit_atItsDeadline_reportsThatItIsNotComplete() {
        for (int i = 0; i < 50; i++) {
            table.put(legacy(user(i), 2));
        }
        Set<String> found = ConcurrentHashMap.newKeySet();
        CartAuditReport report = CartTable.audit(
                        client,
                        spec,
                        CartAudit.repairing()
                                .withSegments(1)
                                .withUnitsPerSecond(20)
                                .withDeadline(Duration.ofSeconds(1))
                                .withFindings(finding -> found.add(finding.userId())))
                .join();
        assertThat(report.isComplete()).isFalse();
        assertThat(report.carts()).isLessThan(50);
        CartAuditReport rest = audit(CartAudit.repairing()
                .withFindings(finding -> found.add(finding.userId()))
                .resumingFrom(report.checkpoint()));
        assertThat(rest.isComplete()).isTrue();
        assertThat(rest.carts()).isEqualTo(50);
        assertThat(found).hasSize(50);
        for (int i = 0; i < 50; i++) {
            CartInvariants.assertItemHolds(table.item(user(i)));
        }
    }

    @Test
    void audit_consumerThatThrows_endsTheAudit() {
        table.put(broken(USER, Breakage.TOTALS));
        IllegalStateException mistake = new IllegalStateException("mine");
        assertThat(failureOf(CartTable.audit(client, spec, CartAudit.reporting().withFindings(finding -> {
                    throw mistake;
                }))))
                .isSameAs(mistake);
    }

    @Test
    void audit_ofATableWithoutCarts_isComplete() {
        CartAuditReport report = audit(CartAudit.repairing());
        assertThat(report.isComplete()).isTrue();
        assertThat(report.carts()).isZero();
    }

    @Test
    void audit_noTable_failsAsAccess() {
        assertThat(failureOf(CartTable.audit(client, spec.withTableName("no-such-table"), CartAudit.reporting())))
                .isInstanceOf(CartAccessException.class);
    }

    @Test
    void checkpoint_damagedOrOfAnotherTable_isRefused() {
        table.put(legacy("user with spaces, ü and =", 1));
        String checkpoint = audit(CartAudit.reporting()).checkpoint();
        assertThat(audit(CartAudit.reporting().resumingFrom(checkpoint)).carts())
                .isEqualTo(1);
        for (String damaged :
                List.of("", "x", checkpoint.substring(1), checkpoint.substring(0, 40), checkpoint + "1")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartAudit.reporting().resumingFrom(damaged));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartTable.audit(
                        client,
                        spec.withTableName("another"),
                        CartAudit.reporting().resumingFrom(checkpoint)));
    }

    @Test
    void settings_outOfRange_areRefused() {
        CartAudit audit = CartAudit.reporting();
        for (int segments : List.of(0, 65)) {
            assertThatIllegalArgumentException().isThrownBy(() -> audit.withSegments(segments));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> audit.withUnitsPerSecond(0));
        assertThatIllegalArgumentException().isThrownBy(() -> audit.withTimeToLive(Duration.ofHours(1)));
        assertThat(failureOf(CartTable.audit(client, spec, audit.withDeadline(Duration.ZERO))))
                .isInstanceOf(CartUnavailableException.class);
    }

    @Test
    void report_asText_hasALineForEachProblem() {
        table.put(broken("a", Breakage.TOTALS));
        Map<String, AttributeValue> both = new LinkedHashMap<>(broken("b", Breakage.TOTALS));
        both.remove("ttl");
        table.put(both);
        CartAuditReport report = audit(CartAudit.reporting());
        assertThat(report.toString().lines())
                .hasSize(4)
                .anyMatch(line -> line.matches(" +WRONG_TOTALS +2 found +0 repaired"))
                .anyMatch(line -> line.matches(" +NEVER_EXPIRES +1 found +0 repaired"));
    }
}
