package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.ReadConsistency;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

@WithCartStore
class WithCartStoreTest {

    private static final CartItem BOOK = CartItem.of("book001", "A title", "An author", new BigDecimal("15.99"), 1);

    private final CartStore ofConstructor;
    private CartStore ofBeforeEach;

    WithCartStoreTest(CartStore carts) {
        this.ofConstructor = carts;
    }

    @BeforeEach
    void keep(CartStore carts) {
        ofBeforeEach = carts;
    }

    @Test
    void parameters_ofOneTest_areOneStore(CartStore carts, DynamoDbCartStore sameCarts) {
        assertThat(carts).isSameAs(sameCarts).isSameAs(ofBeforeEach).isSameAs(ofConstructor);
    }

    @Test
    void parameters_serverAndClient_areTheSharedOnes(LocalDynamoDb dynamoDb, DynamoDbAsyncClient client) {
        assertThat(dynamoDb).isSameAs(LocalDynamoDb.shared());
        assertThat(client).isSameAs(LocalDynamoDb.shared().client());
    }

    @RepeatedTest(2)
    void store_eachRepetition_startsEmpty(CartStore carts) {
        assertThat(carts.get("user1").join().isEmpty()).isTrue();
        assertThat(carts.addItem("user1", BOOK).join().totalItems()).isEqualTo(1);
    }

    @Nested
    class OfNestedClass {

        @Test
        void parameters_nestedClass_inheritsTheAnnotation(CartStore carts) {
            assertThat(carts).isSameAs(ofBeforeEach);
        }
    }

    /** Runs once, or as often as {@code -Drounds} says. */
    @Test
    void store_testsInParallel_haveSeparateTables() {
        for (int rounds = Integer.getInteger("rounds", 1); rounds > 0; rounds--) {
            EngineExecutionResults results = run(
                    ParallelCase.class,
                    Map.of(
                            "junit.jupiter.execution.parallel.enabled", "true",
                            "junit.jupiter.execution.parallel.mode.default", "concurrent",
                            "junit.jupiter.execution.parallel.config.strategy", "fixed",
                            "junit.jupiter.execution.parallel.config.fixed.parallelism", "8"));

            results.testEvents()
                    .assertStatistics(
                            events -> events.started(ParallelCase.TESTS).succeeded(ParallelCase.TESTS));
        }
    }

    @Test
    void parameters_methodAnnotated_areResolved() {
        run(MethodCase.class, Map.of())
                .testEvents()
                .assertStatistics(events -> events.started(2).succeeded(1).failed(1));
    }

    @Test
    void store_inBeforeAll_isRefusedWithAdvice() {
        EngineExecutionResults results = run(BeforeAllCase.class, Map.of());

        assertThat(results.containerEvents().failed().stream())
                .extracting(WithCartStoreTest::failure)
                .singleElement()
                .isInstanceOfSatisfying(
                        ParameterResolutionException.class,
                        e -> assertThat(e).hasMessageContaining("CartStore").hasMessageContaining("@BeforeEach"));
    }

    @Test
    void store_afterItsTest_isClosed() {
        run(ClosedCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));

        assertThatIllegalStateException().isThrownBy(() -> ClosedCase.store.get("user1"));
    }

    @Test
    void settings_ofTheAnnotation_areTheStores() {
        run(SettingsCase.class, Map.of())
                .testEvents()
                .assertStatistics(events -> events.started(4).succeeded(4));
    }

    @Test
    void operationTimeout_ofTheAnnotation_isTheStores() {
        // The test uses refusals of the store, so it does not wait for a timeout.
        assertThat(run(SlowCase.class, Map.of()).testEvents().failed().stream())
                .extracting(WithCartStoreTest::failure)
                .singleElement()
                .asString()
                .contains("operationTimeout", "PT1M1S");
        run(SlowestCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));
    }

    @Test
    void settings_leftOut_areTheDefaultsOfTheStore() throws Exception {
        assertThat(WithCartStore.class.getMethod("maxLines").getDefaultValue())
                .isEqualTo(CartLimits.defaults().maxLines());
        assertThat(WithCartStore.class.getMethod("maxQuantity").getDefaultValue())
                .isEqualTo(CartLimits.defaults().maxQuantity());
    }

    @Test
    void timeToLive_leftOut_isThirtyDays(CartStore carts) {
        Cart cart = carts.addItem("user1", BOOK).join();
        assertThat(Duration.between(
                        cart.lastUpdated().orElseThrow(), cart.expiresAt().orElseThrow()))
                .isBetween(Duration.ofDays(30).minusSeconds(1), Duration.ofDays(30));
    }

    @Test
    void timeToLive_noDuration_isRefused() {
        assertThat(run(NoDurationCase.class, Map.of()).testEvents().failed().stream())
                .singleElement()
                .satisfies(event -> assertThat(failure(event))
                        .hasMessageContaining("timeToLive")
                        .hasMessageContaining("2h"));
    }

    @Test
    void tableName_ofTheStore_holdsItsItems(CartStore carts, DynamoDbAsyncClient client, @CartTableName String table) {
        carts.addItem("user1", BOOK).join();
        assertThat(client.scan(scan -> scan.tableName(table)).join().items())
                .singleElement()
                .satisfies(item -> assertThat(item.get("userId").s()).isEqualTo("user1"));
    }

    @Test
    void endpoint_parameter_isThatOfTheServer(URI endpoint) {
        assertThat(endpoint).isEqualTo(LocalDynamoDb.shared().endpoint());
    }

    @ParameterizedTest
    @ValueSource(strings = "https://shop.example/cart")
    void parameters_uriOfAParameterizedTest_isItsArgument(URI argument, CartStore carts) {
        assertThat(argument).hasHost("shop.example");
        assertThat(carts).isSameAs(ofBeforeEach);
    }

    @Test
    void faults_nextRequest_affectsTheStoreOnly(CartStore carts, Faults faults, DynamoDbAsyncClient client) {
        faults.next(Fault.throttle());
        client.listTables().join();
        carts.get("user1").join();
        assertThat(faults.counts()).containsExactly(Map.entry("throttle", 1));
        assertThat(faults.sent()).hasSize(2);
    }

    @Test
    void clock_advanced_expiresTheCart(CartStore carts, MovableClock clock) {
        carts.addItem("user1", BOOK).join();
        clock.advance(Duration.ofDays(29));
        assertThat(carts.get("user1").join().isEmpty()).isFalse();
        clock.advance(Duration.ofDays(2));
        assertThat(carts.get("user1").join().isEmpty()).isTrue();
    }

    @Test
    void scopeClass_itsTestsAndItsNestedOnes_shareEverything() {
        ClassCase.seen.clear();
        run(ClassCase.class, Map.of())
                .testEvents()
                .assertStatistics(events -> events.started(3).succeeded(3));

        assertThat(ClassCase.seen).hasSize(4 * 4); // @BeforeAll and three tests, with four objects each
        assertThat(Set.copyOf(ClassCase.seen)).hasSize(4);
        assertThatIllegalStateException().isThrownBy(() -> ClassCase.store.get("user1"));
    }

    @Test
    void scopeClass_subclasses_haveSeparateTables() {
        ClassCase.seen.clear();
        run(SubclassOfClassCase.class, Map.of());
        run(ClassCase.class, Map.of());
        assertThat(Set.copyOf(ClassCase.seen)).hasSize(8);
    }

    @Test
    void scope_nearestAnnotation_decides() {
        MixedCase.tables.clear();
        run(MixedCase.class, Map.of())
                .testEvents()
                .assertStatistics(events -> events.started(4).succeeded(4));
        assertThat(Set.copyOf(MixedCase.tables))
                .as("one for the class, two for the nested class")
                .hasSize(3);
        assertThat(MixedCase.tables).hasSize(4);
    }

    @Test
    void report_failedTest_showsItemsAndRequestsOnAScreen() {
        String printed = printedBy(FailingCase.class);

        assertThat(printed)
                .contains("FailingCase.leavesACart failed")
                .contains("userId = {S: \"user1\"}")
                .contains("bookId: {S: \"book001\"}")
                .contains("GetItem")
                .contains("UpdateItem")
                .contains("throttle");
        assertThat(printed.lines())
                .hasSizeLessThan(25)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(160));
    }

    @Test
    void report_largeTableAndManyRequests_isAtMostAScreen() {
        assertThat(printedBy(LargeFailingCase.class).lines())
                .hasSizeBetween(30, 42)
                .anySatisfy(line -> assertThat(line).contains("and more"))
                .anySatisfy(line -> assertThat(line).contains("earlier"))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(160));
    }

    @Test
    void report_testsThatPassOrAbortOrHaveNoStore_printNothing() {
        assertThat(printedBy(QuietCase.class)).isEmpty();
    }

    @Test
    void cost_ofAFurtherTest_isATable() {
        int before = tables();
        run(CostCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));
        assertThat(tables()).isEqualTo(before + 1);
        run(CostlessCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));
        assertThat(tables()).isEqualTo(before + 1);
    }

    private static int tables() {
        List<String> names = new ArrayList<>();
        LocalDynamoDb.shared()
                .client()
                .listTablesPaginator()
                .tableNames()
                .subscribe(names::add)
                .join();
        return names.size();
    }

    @Test
    void faults_notMet_failTheTestThatScriptedThem() {
        EngineExecutionResults results = run(UnmetCase.class, Map.of());

        results.testEvents()
                .assertStatistics(events -> events.started(4).succeeded(2).failed(2));
        assertThat(results.testEvents().failed().stream())
                .extracting(event -> event.getTestDescriptor().getDisplayName() + failure(event))
                .satisfiesExactlyInAnyOrder(
                        next -> assertThat(next)
                                .startsWith("next(")
                                .contains("AssertionError", "No request met throttle on DeleteItem"),
                        failing -> assertThat(failing).startsWith("failing(").endsWith("on purpose"));
    }

    @Test
    void faults_notMet_areInTheReportOfATestThatFailsAnyway() {
        assertThat(printedBy(UnmetCase.class).lines())
                .filteredOn(line -> line.startsWith("No request met"))
                .containsExactlyInAnyOrder(
                        "No request met throttle on DeleteItem", "No request met hang (met 1 of 2 times)");
    }

    @Test
    void faults_notMetByAllTestsOfAClass_failTheClass() {
        EngineExecutionResults results = run(UnmetClassCase.class, Map.of());

        results.testEvents().assertStatistics(events -> events.started(2).succeeded(2));
        assertThat(results.containerEvents().failed().stream())
                .extracting(WithCartStoreTest::failure)
                .singleElement()
                .asString()
                .contains("No request met throttle on DeleteItem");
    }

    @Test
    @Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
    void threads_afterManyTests_areNoMoreThanBefore() {
        run(ClosedCase.class, Map.of());
        long before = threadsOfStores();
        for (int i = 0; i < 10; i++) {
            run(ClosedCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));
        }
        while (threadsOfStores() > before) {
            Thread.onSpinWait();
        }
    }

    /** Counts all threads except those of the server and the event loops that all clients of a JVM share. */
    private static long threadsOfStores() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> !name.startsWith("local-dynamodb") && !name.startsWith("aws-java-sdk-NettyEventLoop"))
                .count();
    }

    private static String printedBy(Class<?> testCase) {
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            run(testCase, Map.of());
        } finally {
            System.setErr(err);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static EngineExecutionResults run(Class<?> testCase, Map<String, String> settings) {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameters(settings)
                .selectors(selectClass(testCase))
                .execute();
    }

    private static Throwable failure(Event event) {
        return event.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .orElseThrow();
    }

    @WithCartStore(operationTimeout = "PT30S") // ample time for a busy machine
    static class ParallelCase {

        static final int TESTS = 100;

        private static final CountDownLatch TWO_AT_ONCE = new CountDownLatch(2);

        @RepeatedTest(TESTS)
        void addsTheSameBook(CartStore carts, RepetitionInfo repetition) throws InterruptedException {
            TWO_AT_ONCE.countDown();
            assertThat(TWO_AT_ONCE.await(120, TimeUnit.SECONDS))
                    .as("tests run at the same time")
                    .isTrue();
            int adds = repetition.getCurrentRepetition() % 3 + 1;
            for (int i = 0; i < adds; i++) {
                carts.addItem("user1", BOOK).join();
            }
            assertThat(carts.get("user1").join()).extracting(Cart::totalItems).isEqualTo((long) adds);
        }
    }

    static class MethodCase {

        @Test
        @WithCartStore
        void annotated(CartStore carts) {
            assertThat(carts).isNotNull();
        }

        @Test
        void notAnnotated(CartStore carts) {
            assertThat(carts).as("never resolved").isNull();
        }
    }

    @WithCartStore
    static class CostCase {

        @Test
        void asksForAStore(CartStore carts) {
            assertThat(carts).isNotNull();
        }
    }

    @WithCartStore
    static class CostlessCase {

        @Test
        void asksForNothing() {}
    }

    @WithCartStore
    static class UnmetCase {

        @Test
        void next(CartStore carts, Faults faults) {
            faults.next(Fault.throttle().on("DeleteItem"));
            carts.get("user1").join();
        }

        @Test
        void met(CartStore carts, Faults faults) {
            faults.next(Fault.throttle()).always(Fault.none());
            carts.get("user1").join();
        }

        @Test
        void optional(Faults faults) {
            faults.next(Fault.throttle().optional());
        }

        @Test
        void failing(CartStore carts, Faults faults) {
            faults.next(2, Fault.hang());
            carts.get("user1").cancel(true);
            throw new AssertionError("on purpose");
        }
    }

    @WithCartStore(scope = WithCartStore.Scope.CLASS)
    static class UnmetClassCase {

        @BeforeAll
        static void script(Faults faults) {
            faults.next(Fault.throttle()).next(Fault.throttle().on("DeleteItem"));
        }

        @Test
        void one(CartStore carts) {
            carts.get("user1").join();
        }

        @Nested
        class Within {

            @Test
            void other(CartStore carts) {
                carts.get("user1").join();
            }
        }
    }

    @WithCartStore
    static class ClosedCase {

        private static CartStore store;

        @Test
        void keepsTheStore(CartStore carts) {
            store = carts;
            assertThat(store.get("user1").join().isEmpty()).isTrue();
        }
    }

    @WithCartStore
    static class BeforeAllCase {

        @BeforeAll
        static void ask(CartStore carts) {
            assertThat(carts).as("never resolved").isNull();
        }

        @Test
        void neverRuns() {}
    }

    @WithCartStore(timeToLive = "PT2H", maxLines = 2, maxQuantity = 3, readConsistency = ReadConsistency.EVENTUAL)
    static class SettingsCase {

        private static CartItem book(String bookId, int quantity) {
            return CartItem.of(bookId, "A title", "An author", BigDecimal.ONE, quantity);
        }

        @Test
        void timeToLive(CartStore carts, MovableClock clock) {
            carts.addItem("user1", BOOK).join();
            clock.advance(Duration.ofHours(3));
            assertThat(carts.get("user1").join().isEmpty()).isTrue();
        }

        @Test
        void maxLines(CartStore carts) {
            carts.addItem("user1", book("book1", 1)).join();
            carts.addItem("user1", book("book2", 1)).join();
            assertThat(carts.addItem("user1", book("book3", 1)))
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withCauseInstanceOf(CartRejectedException.class);
        }

        @Test
        void maxQuantity(CartStore carts) {
            assertThat(carts.addItem("user1", book("book1", 4)))
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withCauseInstanceOf(CartRejectedException.class);
        }

        @Test
        void readConsistency(CartStore carts, Faults faults) {
            carts.get("user1").join();
            assertThat(faults.sent())
                    .singleElement()
                    .satisfies(sent -> assertThat(sent.json()).doesNotContain("\"ConsistentRead\":true"));
        }
    }

    @WithCartStore(operationTimeout = "PT61S")
    static class SlowCase {

        @Test
        void asks(CartStore carts) {
            assertThat(carts).as("never resolved").isNull();
        }
    }

    @WithCartStore(operationTimeout = "PT60S")
    static class SlowestCase {

        @Test
        void asks(CartStore carts) {
            assertThat(carts).isNotNull();
        }
    }

    @WithCartStore(timeToLive = "2h")
    static class NoDurationCase {

        @Test
        void asks(CartStore carts) {
            assertThat(carts).as("never resolved").isNull();
        }
    }

    @WithCartStore(scope = WithCartStore.Scope.CLASS)
    static class ClassCase {

        private static final List<Object> seen = new ArrayList<>();
        private static CartStore store;

        @BeforeAll
        static void ask(CartStore carts, Faults faults, MovableClock clock, @CartTableName String table) {
            store = carts;
            seen.addAll(List.of(carts, faults, clock, table));
        }

        @Test
        void one(CartStore carts, Faults faults, MovableClock clock, @CartTableName String table) {
            seen.addAll(List.of(carts, faults, clock, table));
        }

        @Test
        void other(CartStore carts, Faults faults, MovableClock clock, @CartTableName String table) {
            seen.addAll(List.of(carts, faults, clock, table));
        }

        @Nested
        class Within {

            @Test
            void third(CartStore carts, Faults faults, MovableClock clock, @CartTableName String table) {
                seen.addAll(List.of(carts, faults, clock, table));
            }
        }
    }

    static class SubclassOfClassCase extends ClassCase {}

    @WithCartStore(scope = WithCartStore.Scope.CLASS)
    static class MixedCase {

        private static final List<String> tables = new ArrayList<>();

        @Test
        void one(@CartTableName String table) {
            tables.add(table);
        }

        @Test
        void other(@CartTableName String table) {
            tables.add(table);
        }

        @Nested
        @WithCartStore
        class Within {

            @Test
            void one(@CartTableName String table) {
                tables.add(table);
            }

            @Test
            void other(@CartTableName String table) {
                tables.add(table);
            }
        }
    }

    @WithCartStore
    static class FailingCase {

        @Test
        void leavesACart(CartStore carts, Faults faults) {
            faults.next(Fault.throttle());
            carts.addItem("user1", BOOK).join();
            carts.get("user1").join();
            throw new AssertionError("on purpose");
        }
    }

    @WithCartStore
    static class LargeFailingCase {

        @Test
        void leavesManyCarts(CartStore carts) {
            CartItem book = CartItem.of("book001", "A title\n".repeat(100), "An author", BigDecimal.ONE, 1);
            for (int i = 0; i < 20; i++) {
                carts.addItem("user" + i, book).join();
            }
            throw new AssertionError("on purpose");
        }
    }

    @WithCartStore
    static class QuietCase {

        @Test
        void passes(CartStore carts) {
            carts.get("user1").join();
        }

        @Test
        void aborts(CartStore carts) {
            carts.get("user1").join();
            Assumptions.abort();
        }

        @Test
        void failsWithoutAStore() {
            throw new AssertionError("on purpose");
        }
    }
}
