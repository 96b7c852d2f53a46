package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.endingAfterPauses;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** Changes on which the network, the service or another writer interferes. */
class ReliabilityTest {
    /** The system property for AWS_NEW_RETRIES_2026, which the SDK reads when it builds a client. */
    private static final String NEW_RETRIES = "aws.newRetries2026";

    private static final Duration SOON = Duration.ofMillis(300);

    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        System.clearProperty(NEW_RETRIES);
        table.close();
    }

    /** Returns faults after which the change is in the table although the client saw a failure. */
    static Stream<Fault> lostResponses() {
        return Stream.of(
                Fault.dropResponse(),
                Fault.serverErrorAfterEffect(500),
                Fault.serverErrorAfterEffect(503),
                Fault.garble(),
                Fault.truncate(),
                Fault.wrongCrc());
    }

    /** Returns the kinds of change, each with its result on a cart with three copies of book1 and one of book2. */
    static Stream<Arguments> changes() {
        CartUpdate update = CartUpdate.of(USER);
        Cart ordered = Cart.empty(USER)
                .apply(
                        CartLimits.defaults(),
                        Clock.systemUTC().instant(),
                        List.of(new CartChange.Add(book("book1", "9.50", 2))));
        return Stream.of(
                Arguments.of("add new", update.add(book("book3", "1", 5)), 9),
                Arguments.of("add more", update.add(book("book1", "9.50", 5)), 9),
                Arguments.of("set", update.setQuantity("book1", 10), 11),
                Arguments.of("remove", update.remove("book1"), 1),
                Arguments.of("reprice", update.reprice("book1", BigDecimal.TEN), 4),
                Arguments.of("subtract", update.subtract(ordered), 2),
                Arguments.of("several", update.add(book("book3", "1", 5)).remove("book2"), 8),
                Arguments.of("keyed", update.add(book("book3", "1", 5)).idempotencyKey("key"), 9),
                Arguments.of("clear", update.clear(), 0));
    }

    static Stream<Arguments> changesAndLostResponses() {
        return changes()
                .flatMap(change -> lostResponses()
                        .map(fault -> Arguments.of(change.get()[0], change.get()[1], change.get()[2], fault)));
    }

    private void fill() {
        carts.apply(CartUpdate.of(USER).add(book("book1", "9.50", 3)).add(book("book2", "1", 1)))
                .join();
        table.sent();
    }

    @ParameterizedTest(name = "{0}, {3}")
    @MethodSource("changesAndLostResponses")
    void apply_responseLost_takesEffectOnce(String name, CartUpdate update, long totalItems, Fault fault) {
        fill();
        Cart cart = carts.get(USER).join();
        table.faults.next(fault.on(update.isClear() ? "PutItem" : "UpdateItem"));
        Cart result = carts.apply(update.basedOn(cart)).join();
        assertThat(result.totalItems()).isEqualTo(totalItems);
        assertThat(carts.get(USER).join()).isEqualTo(result);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void addItem_responseLostWithoutSnapshot_takesEffectOnce(Fault fault) {
        fill();
        table.faults.next(fault);
        assertThat(carts.addItem(USER, book("book3", "1", 5)).join().totalItems())
                .isEqualTo(9);
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(9);
    }

    @ParameterizedTest(name = "{0}, {3}")
    @MethodSource("changesAndLostResponses")
    void apply_responseLostAndRivalInBetween_takesEffectOnce(
            String name, CartUpdate update, long totalItems, Fault fault) {
        fill();
        Cart cart = carts.get(USER).join();
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        table.faults
                .next(fault.on(update.isClear() ? "PutItem" : "UpdateItem"))
                .next(Fault.rival(() -> rival.addItem(USER, book("rival", "1", 100))));
        Cart result = carts.apply(update.basedOn(cart)).join();
        assertThat(result.totalItems()).isEqualTo(totalItems + 100);
        assertThat(carts.get(USER).join()).isEqualTo(result);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void apply_attemptThatLandsLate_isRefused(String name, CartUpdate update, long totalItems) {
        fill();
        Cart cart = carts.get(USER).join();
        table.faults.next(Fault.deliverLate(SOON).on(update.isClear() ? "PutItem" : "UpdateItem"));
        Cart result = carts.apply(update.basedOn(cart)).join();
        table.faults.settled().join();
        assertThat(carts.get(USER).join()).isEqualTo(result);
        assertThat(result.totalItems()).isEqualTo(totalItems);
    }

    @Test
    void addItem_attemptThatLandsAfterAClear_doesNotBringTheBookBack() {
        fill();
        table.faults.next(Fault.deliverLate(SOON));
        carts.addItem(USER, book("book3", "1", 5)).join();
        carts.clear(USER).join();
        table.faults.settled().join();
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
    }

    @Test
    void addItem_deliveredTwice_addsOnce() {
        table.faults.next(Fault.deliverTwice(SOON));
        carts.addItem(USER, book("book3", "1", 5)).join();
        table.faults.settled().join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(5);
    }

    @Test
    void apply_rejectedWhileAnAttemptIsInFlight_fencesTheAttempt() {
        // The retry of the late add finds a full cart. When the late add arrives, there is room again.
        DynamoDbCartStore small = table.store(settings -> settings.limits(CartLimits.of(2, 100)));
        small.addItem(USER, book("book1", "1", 1)).join();
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        CompletableFuture<Void> landing = new CompletableFuture<>();
        table.faults
                .next(Fault.deliverLate(landing))
                .next(Fault.rival(() -> rival.addItem(USER, book("book2", "1", 1))));
        Throwable failure = failureOf(small.addItem(USER, book("book3", "1", 1)));
        assertThat(failure).isInstanceOf(CartRejectedException.class);
        rival.removeItem(USER, "book2").join();
        landing.complete(null);
        table.faults.settled().join();
        assertThat(carts.get(USER).join().item("book3")).isEmpty();
    }

    @Test
    void apply_ringForgotTheWrite_isUnknownAndNeverTwice() {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> settings.ringSize(4), client -> {});
        fill();
        Cart cart = carts.get(USER).join();
        table.faults.next(Fault.dropResponse().on("UpdateItem")).next(Fault.rival(() -> {
            CompletableFuture<?> last = CompletableFuture.completedFuture(null);
            for (int i = 0; i < 12; i++) {
                int quantity = i + 1;
                last = last.thenCompose(done -> rival.setQuantity(USER, "book2", quantity));
            }
            return last;
        }));
        Throwable failure = failureOf(
                carts.apply(CartUpdate.of(USER).add(book("book1", "9.50", 2)).basedOn(cart)));
        assertThat(failure).isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(((CartStoreException) failure).effectPossible()).isTrue();
        assertThat(carts.get(USER).join().item("book1").orElseThrow().quantity())
                .isEqualTo(5);
    }

    @Test
    void apply_lostThenThrottledToTheEnd_isUnknown() {
        table.faults.next(Fault.dropResponse()).always(Fault.throttle());
        Throwable failure = failureOf(table.store(endingAfterPauses(2)).addItem(USER, book("book1", "1", 1)));
        assertThat(failure).isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(failure.getCause()).isInstanceOf(CartThrottledException.class);
        table.faults.clear();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(1);
    }

    @Test
    void apply_lostThenDenied_isUnknown() {
        table.faults.next(Fault.dropResponse()).next(Fault.error(400, "AccessDeniedException"));
        assertThat(failureOf(carts.addItem(USER, book("book1", "1", 1))))
                .isInstanceOf(CartOutcomeUnknownException.class);
    }

    /** Returns the SDK's retry modes. The store must not depend on the mode of its client. */
    static Stream<Arguments> retryModes() {
        Consumer<ClientOverrideConfiguration.Builder> legacy = client -> client.retryStrategy(RetryMode.LEGACY);
        Consumer<ClientOverrideConfiguration.Builder> standard = client -> client.retryStrategy(RetryMode.STANDARD);
        Consumer<ClientOverrideConfiguration.Builder> unset = client -> {};
        Consumer<ClientOverrideConfiguration.Builder> of2026 = client -> System.setProperty(NEW_RETRIES, "true");
        return Stream.of(
                Arguments.of("default", unset),
                Arguments.of("legacy", legacy),
                Arguments.of("standard", standard),
                Arguments.of("2026", of2026));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("retryModes")
    void apply_throttledForever_endsAsThrottledByTheDeadline(
            String mode, Consumer<ClientOverrideConfiguration.Builder> client) {
        DynamoDbCartStore store = table.store(table.faults, endingAfterPauses(3), client);
        for (Fault fault : List.of(
                Fault.throttle(),
                Fault.error(400, "ProvisionedThroughputExceededException"),
                Fault.error(400, "RequestLimitExceeded"))) {
            table.faults.clear().always(fault);
            table.faults.forget();
            Throwable failure = failureOf(store.addItem(USER, book("book1", "1", 1)));
            assertThat(failure).isInstanceOf(CartThrottledException.class);
            assertThat(((CartStoreException) failure).effectPossible()).isFalse();
            assertThat(((CartStoreException) failure).isRetryable()).isTrue();
            assertThat(table.sent()).hasSizeBetween(2, Stop.MAX_REQUESTS);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("retryModes")
    void apply_responseLost_isSentOnceAgainByTheStoreAlone(
            String mode, Consumer<ClientOverrideConfiguration.Builder> client) {
        DynamoDbCartStore store = table.store(table.faults, settings -> {}, client);
        table.faults.next(Fault.dropResponse());
        assertThat(store.addItem(USER, book("book1", "1", 1)).join().totalItems())
                .isEqualTo(1);
        assertThat(table.sent()).containsExactly("UpdateItem", "UpdateItem");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("retryModes")
    void apply_hungServer_endsByTheDeadline(String mode, Consumer<ClientOverrideConfiguration.Builder> client) {
        DynamoDbCartStore store = table.store(table.faults, settings -> {}, client);
        table.faults.always(Fault.hang());
        assertThat(failureOf(store.apply(
                        CartUpdate.of(USER).add(book("book1", "1", 1)).within(Duration.ofSeconds(3)))))
                .isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(table.sent()).hasSizeBetween(2, 10);
    }

    @Test
    void apply_transactionOrReplicaConflicts_areRetried() {
        table.faults
                .next(2, Fault.error(400, "TransactionConflictException"))
                .next(2, Fault.error(400, "ReplicatedWriteConflictException"));
        assertThat(carts.addItem(USER, book("book1", "1", 1)).join().totalItems())
                .isEqualTo(1);
        assertThat(table.sent()).hasSize(5);
    }

    @Test
    void apply_permanentRefusal_sendsOneRequestAndNamesTheReason() {
        table.faults.next(Fault.error(400, "AccessDeniedException"));
        assertThat(failureOf(carts.addItem(USER, book("book1", "1", 1))))
                .isInstanceOf(CartAccessException.class)
                .hasMessageContaining(table.name);
        table.faults.next(Fault.error(400, "ValidationException"));
        assertThat(failureOf(carts.setQuantity(USER, "book1", 1)))
                .isExactlyInstanceOf(CartStoreException.class)
                .hasMessageContainingAll("ValidationException", "CartTable.verify", "key");
        table.faults.next(Fault.error(400, "UnrecognizedClientException"));
        assertThat(failureOf(carts.get(USER))).isInstanceOf(CartAccessException.class);
        assertThat(table.sent()).hasSize(3);
        DynamoDbCartStore elsewhere = table.store(settings -> settings.tableName("no-such-table"));
        assertThat(failureOf(elsewhere.get(USER)))
                .isInstanceOf(CartAccessException.class)
                .hasMessageContaining("no-such-table");
        assertThat(table.sent()).hasSize(1);
    }

    /** An add sends a read as well, because the stored item could be the reason. */
    @Test
    void addItem_tableWithAnotherKey_saysWhat() {
        String other = "key-" + table.name;
        LocalDynamoDb.shared()
                .client()
                .createTable(create -> create.tableName(other)
                        .billingMode(BillingMode.PAY_PER_REQUEST)
                        .attributeDefinitions(AttributeDefinition.builder()
                                .attributeName("id")
                                .attributeType(ScalarAttributeType.S)
                                .build())
                        .keySchema(KeySchemaElement.builder()
                                .attributeName("id")
                                .keyType(KeyType.HASH)
                                .build()))
                .join();
        DynamoDbCartStore elsewhere = table.store(settings -> settings.tableName(other));

        assertThat(failureOf(elsewhere.addItem(USER, book("book1", "1", 1))))
                .isExactlyInstanceOf(CartStoreException.class)
                .hasMessageContaining("ValidationException");
        assertThat(table.sent()).containsExactly("UpdateItem", "GetItem");
    }

    @Test
    void apply_afterABlackout_returnsToNormal() {
        table.faults.always(Fault.dropRequest());
        for (int i = 0; i < 30; i++) {
            assertThat(failureOf(carts.apply(
                            CartUpdate.of(USER).setQuantity("book1", 1).within(Duration.ofMillis(50)))))
                    .isInstanceOf(CartUnavailableException.class);
        }
        table.faults.clear();
        assertThat(carts.addItem(USER, book("book1", "1", 1)).join().totalItems())
                .isEqualTo(1);
    }

    @Test
    void cancel_callInProgress_sendsNothingMore() {
        table.faults.always(Fault.throttle());
        CompletableFuture<Cart> call = carts.addItem(USER, book("book1", "1", 1));
        call.cancel(true);
        int before = table.faults.sent().size();
        assertThat(call).isCancelled();
        // Longer than any backoff of this store could take.
        CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(250, TimeUnit.MILLISECONDS))
                .join();
        assertThat(table.faults.sent()).hasSizeLessThanOrEqualTo(before + 1);
        table.faults.clear();
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
    }

    @Test
    void close_hungCalls_completesEveryFuture() {
        table.faults.always(Fault.hang());
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            calls.add(carts.get("user" + i));
            calls.add(carts.addItem("user" + i, book("book1", "1", 1)));
        }
        carts.close();
        assertThat(calls).allSatisfy(call -> assertThat(call).isCompletedExceptionally());
        assertThat(failureOf(calls.get(0))).isInstanceOf(CartUnavailableException.class);
        assertThat(failureOf(calls.get(1))).isInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void apply_sixteenWritersOnOneCart_loseNothing() {
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int writer = 0; writer < 16; writer++) {
            DynamoDbCartStore store = table.store(settings -> settings.operationTimeout(Duration.ofSeconds(30)));
            calls.add(store.addItem(USER, book("shared", "2.50", 1))
                    .thenCompose(cart -> store.addItem(USER, book("shared", "2.50", 2)))
                    .thenCompose(cart -> store.addItem(USER, book("shared", "2.50", 3))));
        }
        calls.forEach(CompletableFuture::join);
        Cart cart = carts.get(USER).join();
        assertThat(cart.totalItems()).isEqualTo(16 * 6);
        assertThat(cart.totalPrice()).isEqualByComparingTo("240");
        assertThat(table.item(USER)).containsEntry("totalItems", AttributeValue.fromN("96"));
    }

    @Test
    void addItem_sixteenWritersOfDifferentBooks_costAboutOneRequestEach() {
        List<DynamoDbCartStore> stores =
                IntStream.range(0, 16).mapToObj(i -> table.store()).toList();
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int writer = 0; writer < 16; writer++) {
            calls.add(stores.get(writer).addItem(USER, book("book" + writer, "1", 1)));
        }
        calls.forEach(CompletableFuture::join);
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(16);
        assertThat(table.sent()).hasSizeLessThanOrEqualTo(18);
    }

    @Test
    void apply_pythonFunctionAppendsInBetween_losesNeither() {
        fill();
        Cart cart = carts.get(USER).join();
        table.appendBlindly(USER, "book1", "8", 4).join();
        Cart result = carts.apply(CartUpdate.of(USER).setQuantity("book2", 5).basedOn(cart))
                .join();
        assertThat(result.item("book1").orElseThrow().quantity()).isEqualTo(7);
        assertThat(result.item("book1").orElseThrow().price()).isEqualByComparingTo("8");
        assertThat(result.item("book2").orElseThrow().quantity()).isEqualTo(5);
        assertThat(carts.get(USER).join()).isEqualTo(result);
        assertThat(table.item(USER).get("totalItems").n()).isEqualTo("12");
        assertThat(table.item(USER).get("cartItems").l()).hasSize(2);
    }

    @Test
    void addItem_totalsDriftedByOthers_areRepairedAtOnce() {
        fill();
        table.set(USER, "SET totalPrice = :wrong, totalItems = :wrong", Map.of(":wrong", AttributeValue.fromN("4711")));
        Cart cart = carts.addItem(USER, book("book3", "1", 1)).join();
        assertThat(cart.totalItems()).isEqualTo(5);
        assertThat(table.item(USER)).containsEntry("totalItems", AttributeValue.fromN("5"));
        assertThat(table.item(USER)).containsEntry("totalPrice", AttributeValue.fromN("30.5"));
    }

    @Test
    void get_totalsDriftedByOthers_returnsTheCorrectOnes() {
        fill();
        table.set(USER, "SET totalPrice = :wrong", Map.of(":wrong", AttributeValue.fromN("4711")));
        assertThat(carts.get(USER).join().totalPrice()).isEqualByComparingTo("29.5");
    }
}
