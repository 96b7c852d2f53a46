package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.math.BigDecimal;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ParameterResolutionException;
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

    @Test
    void store_testsInParallel_tablesApart() {
        EngineExecutionResults results = run(
                ParallelCase.class,
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.mode.default", "concurrent",
                        "junit.jupiter.execution.parallel.config.strategy", "fixed",
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "4"));

        results.testEvents()
                .assertStatistics(events -> events.started(ParallelCase.TESTS).succeeded(ParallelCase.TESTS));
    }

    @Test
    void parameters_methodAnnotated_resolved() {
        run(MethodCase.class, Map.of())
                .testEvents()
                .assertStatistics(events -> events.started(2).succeeded(1).failed(1));
    }

    @Test
    void store_inBeforeAll_refusedWithAdvice() {
        EngineExecutionResults results = run(BeforeAllCase.class, Map.of());

        assertThat(results.containerEvents().failed().stream())
                .extracting(WithCartStoreTest::failure)
                .singleElement()
                .isInstanceOfSatisfying(
                        ParameterResolutionException.class,
                        e -> assertThat(e).hasMessageContaining("CartStore").hasMessageContaining("@BeforeEach"));
    }

    @Test
    void store_afterItsTest_closed() {
        run(ClosedCase.class, Map.of()).testEvents().assertStatistics(events -> events.succeeded(1));

        assertThatIllegalStateException().isThrownBy(() -> ClosedCase.store.get("user1"));
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

    @WithCartStore
    static class ParallelCase {

        static final int TESTS = 24;

        private static final CountDownLatch TWO_AT_ONCE = new CountDownLatch(2);

        @RepeatedTest(TESTS)
        void addsTheSameBook(CartStore carts, RepetitionInfo repetition) throws InterruptedException {
            TWO_AT_ONCE.countDown();
            assertThat(TWO_AT_ONCE.await(30, TimeUnit.SECONDS))
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
}
