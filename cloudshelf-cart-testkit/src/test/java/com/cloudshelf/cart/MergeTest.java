package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Merging a guest's cart into a user's in one transaction, also if the response is lost. */
class MergeTest {
    private static final String GUEST = "guest";
    private static final String USER = "user";

    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @BeforeEach
    void fill() {
        carts.apply(CartUpdate.of(USER).add(book("both", "2", 2)).add(book("users", "1", 1)))
                .join();
        carts.apply(CartUpdate.of(GUEST).add(book("both", "3", 3)).add(book("guests", "1", 4)))
                .join();
        table.sent();
    }

    @AfterEach
    void close() {
        table.close();
    }

    static Stream<Arguments> strategies() {
        return Stream.of(
                Arguments.of(MergeStrategy.SUM, 5, "3"),
                Arguments.of(MergeStrategy.MAX, 3, "3"),
                Arguments.of(MergeStrategy.KEEP_FROM, 3, "3"),
                Arguments.of(MergeStrategy.KEEP_INTO, 2, "2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("strategies")
    void merge_bookInBoth_followsTheStrategyAndClearsTheGuest(MergeStrategy strategy, int quantity, String price) {
        Cart merged = carts.merge(GUEST, USER, strategy).join();
        assertThat(table.sent()).containsExactly("TransactGetItems", "TransactWriteItems");
        assertThat(merged.items()).extracting(CartItem::bookId).containsExactly("both", "users", "guests");
        CartItem both = merged.item("both").orElseThrow();
        assertThat(both.quantity()).isEqualTo(quantity);
        assertThat(both.price()).isEqualByComparingTo(price);
        assertThat(carts.get(USER).join()).isEqualTo(merged);
        assertThat(carts.get(GUEST).join().isEmpty()).isTrue();
        assertThat(table.item(USER).get("totalItems").n()).isEqualTo(Long.toString(merged.totalItems()));
    }

    @Test
    void merge_repeated_hasNoSecondEffect() {
        Cart merged = carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        table.sent();
        assertThat(carts.merge(GUEST, USER, MergeStrategy.SUM).join()).isEqualTo(merged);
        assertThat(table.sent()).containsExactly("TransactGetItems");
    }

    static Stream<Fault> lostResponses() {
        return ReliabilityTest.lostResponses();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_responseLost_takesEffectOnce(Fault fault) {
        table.faults.next(fault.on("TransactWriteItems"));
        Cart merged = carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(merged.totalItems()).isEqualTo(10);
        assertThat(carts.get(USER).join()).isEqualTo(merged);
        assertThat(carts.get(GUEST).join().isEmpty()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_responseLostAndRivalInBetween_takesEffectOnce(Fault fault) {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        table.faults
                .next(fault.on("TransactWriteItems"))
                .next(Fault.rival(() -> rival.addItem(GUEST, book("guests", "1", 7))
                                .thenCompose(cart -> rival.setQuantity(USER, "users", 100)))
                        .on("TransactWriteItems"));
        carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(109);
        assertThat(carts.get(GUEST).join().totalItems()).isEqualTo(7);
    }

    /** Completes when the abandoned transaction is to arrive. */
    private final CompletableFuture<Void> landing = new CompletableFuture<>();

    private static final Clock AN_HOUR_LATER = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(61));

    private DynamoDbCartStore anHourLater() {
        return table.store(settings -> settings.clock(AN_HOUR_LATER));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_restedGuestAndResponseLost_takesEffectOnce(Fault fault) {
        table.faults.next(fault.on("TransactWriteItems"));
        Cart merged = anHourLater().merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(merged.totalItems()).isEqualTo(10);
        assertThat(carts.get(USER).join()).isEqualTo(merged);
        assertThat(table.item(GUEST)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_restedGuestResponseLostAndRivalInBetween_takesEffectOnce(Fault fault) {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        table.faults
                .next(fault.on("TransactWriteItems"))
                .next(Fault.rival(() -> rival.addItem(GUEST, book("guests", "1", 7))
                                .thenCompose(cart -> rival.setQuantity(USER, "users", 100)))
                        .on("TransactWriteItems"));
        anHourLater().merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(109);
        assertThat(carts.get(GUEST).join().totalItems()).isEqualTo(7);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_responseLostThenThrottledToTheEnd_isUnknownAndARepetitionHasNoSecondEffect(Fault fault) {
        unknownThenRepeated(fault, Clock.systemUTC());
    }

    @Test
    void merge_requestLostThenThrottledToTheEnd_isUnknownAndARepetitionMerges() {
        unknownThenRepeated(Fault.dropRequest(), Clock.systemUTC());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lostResponses")
    void merge_restedGuestResponseLostThenThrottledToTheEnd_isUnknownAndARepetitionHasNoSecondEffect(Fault fault) {
        unknownThenRepeated(fault, AN_HOUR_LATER);
    }

    @Test
    void merge_unknownAndLandsAfterTheRepetition_takesEffectOnce() {
        unknownThenRepeated(Fault.deliverLate(landing), Clock.systemUTC());
    }

    @Test
    void merge_restedGuestUnknownAndLandsAfterTheRepetition_takesEffectOnce() {
        unknownThenRepeated(Fault.deliverLate(landing), AN_HOUR_LATER);
    }

    private void unknownThenRepeated(Fault fault, Clock clock) {
        DynamoDbCartStore hasty =
                table.store(TestTable.endingAfterPauses(2).andThen(settings -> settings.clock(clock)));
        table.faults
                .next(fault.on("TransactWriteItems"))
                .always(Fault.throttle().on("TransactWriteItems"));
        Throwable failure = failureOf(hasty.merge(GUEST, USER, MergeStrategy.SUM));
        assertThat(failure).isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(failure.getCause()).isInstanceOf(CartThrottledException.class);
        assertThat(((CartStoreException) failure).isRetryable()).isTrue();
        table.faults.clear();
        Cart merged = table.store(settings -> settings.clock(clock))
                .merge(GUEST, USER, MergeStrategy.SUM)
                .join();
        assertThat(merged.totalItems()).isEqualTo(10);
        carts.addItem(GUEST, book("later", "1", 1)).join();
        landing.complete(null);
        table.faults.settled().join();
        assertThat(carts.get(USER).join()).isEqualTo(merged);
        assertThat(carts.get(GUEST).join().items()).extracting(CartItem::bookId).containsExactly("later");
    }

    @Test
    void merge_deliveredTwice_takesEffectOnce() {
        table.faults.next(Fault.deliverTwice(Duration.ofMillis(200)).on("TransactWriteItems"));
        Cart merged = carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        carts.addItem(GUEST, book("guests", "1", 1)).join();
        table.faults.settled().join();
        assertThat(carts.get(USER).join()).isEqualTo(merged);
        assertThat(carts.get(GUEST).join().totalItems()).isEqualTo(1);
    }

    @Test
    void merge_refusedAndDeliveredOnceMore_takesEffectOnce() {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        table.faults
                .next(Fault.rival(() -> rival.addItem(USER, book("rivals", "1", 1)))
                        .on("TransactWriteItems"))
                .next(Fault.deliverTwice(Duration.ofMillis(100)).on("TransactWriteItems"));
        assertThat(carts.merge(GUEST, USER, MergeStrategy.SUM).join().totalItems())
                .isEqualTo(11);
        table.faults.settled().join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(11);
    }

    @Test
    void merge_ringForgotTheWrite_isNeverAppliedTwice() {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> settings.ringSize(4), client -> {});
        table.faults
                .next(Fault.dropResponse().on("TransactWriteItems"))
                .next(Fault.rival(() -> {
                            CompletableFuture<?> last = CompletableFuture.completedFuture(null);
                            for (int i = 1; i <= 12; i++) {
                                int quantity = i;
                                last = last.thenCompose(done -> rival.setQuantity(USER, "users", quantity))
                                        .thenCompose(done -> rival.addItem(GUEST, book("again", "1", 1)));
                            }
                            return last;
                        })
                        .on("TransactWriteItems"));
        CompletableFuture<Cart> call = carts.merge(GUEST, USER, MergeStrategy.SUM);
        // An engine that recognizes the transaction's token can give a definite answer, unlike the items.
        assertThat(call.handle((cart, failure) -> failure == null || failure instanceof CartOutcomeUnknownException))
                .succeedsWithin(Duration.ofSeconds(120))
                .isEqualTo(true);
        Cart user = carts.get(USER).join();
        assertThat(user.item("both").orElseThrow().quantity()).isEqualTo(5);
        assertThat(user.item("guests").orElseThrow().quantity()).isEqualTo(4);
    }

    @Test
    void merge_readThrottledToTheEnd_isThrottled() {
        DynamoDbCartStore patient = table.store(settings -> settings.backoff(attempt -> Duration.ofMinutes(1)));
        table.faults.always(Fault.throttle());
        Throwable failure = failureOf(patient.merge(GUEST, USER, MergeStrategy.SUM));
        assertThat(failure).isInstanceOf(CartThrottledException.class);
        assertThat(((CartStoreException) failure).effectPossible()).isFalse();
    }

    @Test
    void merge_rivalBetweenReadAndWrite_isAppliedToThePresentCarts() {
        DynamoDbCartStore rival = table.store(Faults.none(), settings -> {}, client -> {});
        table.faults.next(
                Fault.rival(() -> rival.addItem(GUEST, book("late", "1", 7))).on("TransactWriteItems"));
        Cart merged = carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(merged.totalItems()).isEqualTo(17);
        assertThat(carts.get(GUEST).join().isEmpty()).isTrue();
    }

    @Test
    void merge_conflicts_retriesAtOnceAfterTheFirstAndThenAfterABackoff() {
        List<Integer> pauses = new ArrayList<>();
        DynamoDbCartStore store = table.store(settings -> settings.backoff(attempt -> {
            pauses.add(attempt);
            return Duration.ZERO;
        }));
        table.faults.next(
                2, Fault.transactionCanceled("ConditionalCheckFailed", "None").on("TransactWriteItems"));
        assertThat(store.merge(GUEST, USER, MergeStrategy.SUM).join().totalItems())
                .isEqualTo(10);
        assertThat(pauses).hasSize(1);
    }

    @Test
    void merge_attemptThatLandsLate_isRefused() {
        table.faults.next(Fault.deliverLate(Duration.ofMillis(300)).on("TransactWriteItems"));
        carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        carts.addItem(GUEST, book("guests", "1", 1)).join();
        table.faults.settled().join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(10);
        assertThat(carts.get(GUEST).join().totalItems()).isEqualTo(1);
    }

    @Test
    void merge_lateGuestAdd_doesNotComeBack() {
        table.faults.next(Fault.deliverLate(Duration.ofMillis(300)).on("UpdateItem"));
        carts.addItem(GUEST, book("late", "1", 1)).join();
        carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        table.faults.settled().join();
        assertThat(carts.get(GUEST).join().isEmpty()).isTrue();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(11);
    }

    /** A read transaction, too, is refused while another transaction writes. */
    @ParameterizedTest
    @ValueSource(strings = {"TransactGetItems", "TransactWriteItems"})
    void merge_transactionConflicts_areRetried(String operation) {
        table.faults.next(
                2, Fault.transactionCanceled("TransactionConflict", "None").on(operation));
        assertThat(carts.merge(GUEST, USER, MergeStrategy.SUM).join().totalItems())
                .isEqualTo(10);
    }

    /** The last merge returns all lines, so each merge must have seen all earlier ones when it took effect. */
    @Test
    void merge_manyInBothDirections_returnTheCartThatHoldsAll() {
        int merges = 200;
        DynamoDbCartStore another = table.store(Faults.none(), settings -> {}, client -> {});
        CompletableFuture<Set<Long>> there = CompletableFuture.supplyAsync(() -> totals(carts, GUEST, USER, merges));
        CompletableFuture<Set<Long>> back = CompletableFuture.supplyAsync(() -> totals(another, USER, GUEST, merges));
        assertThat(there).succeedsWithin(Duration.ofSeconds(300)).isEqualTo(Set.of(10L));
        assertThat(back).succeedsWithin(Duration.ofSeconds(300)).isEqualTo(Set.of(10L));
    }

    private static Set<Long> totals(DynamoDbCartStore carts, String from, String into, int merges) {
        Set<Long> totals = new HashSet<>();
        for (int i = 0; i < merges; i++) {
            totals.add(carts.merge(from, into, MergeStrategy.SUM).join().totalItems());
        }
        return totals;
    }

    @Test
    void merge_noGuestCart_changesNothing() {
        Map<String, AttributeValue> before = table.item(USER);
        assertThat(carts.merge("nobody", USER, MergeStrategy.SUM).join().totalItems())
                .isEqualTo(3);
        assertThat(table.item(USER)).isEqualTo(before);
    }

    @Test
    void merge_expiredGuestCart_changesNothing() {
        Map<String, AttributeValue> guest = new HashMap<>(table.item(GUEST));
        guest.put("ttl", AttributeValue.fromN("1725552600"));
        table.put(guest);
        assertThat(carts.merge(GUEST, USER, MergeStrategy.SUM).join().totalItems())
                .isEqualTo(3);
    }

    @Test
    void merge_intoNothing_movesTheCart() {
        assertThat(carts.merge(GUEST, "new", MergeStrategy.SUM).join().totalItems())
                .isEqualTo(7);
        assertThat(carts.get("new").join().totalItems()).isEqualTo(7);
        assertThat(carts.get(GUEST).join().isEmpty()).isTrue();
    }

    @Test
    void merge_beyondALimit_leavesBothCarts() {
        DynamoDbCartStore small = table.store(settings -> settings.limits(CartLimits.of(2, 100)));
        Map<String, AttributeValue> guest = table.item(GUEST);
        Map<String, AttributeValue> user = table.item(USER);
        assertThat(failureOf(small.merge(GUEST, USER, MergeStrategy.SUM))).isInstanceOf(CartRejectedException.class);
        assertThat(table.item(GUEST)).isEqualTo(guest);
        assertThat(table.item(USER)).isEqualTo(user);
    }

    @Test
    void merge_intoItself_isABadArgument() {
        assertThatIllegalArgumentException().isThrownBy(() -> carts.merge(USER, USER, MergeStrategy.SUM));
        assertThat(table.sent()).isEmpty();
    }

    @Test
    void merge_restedGuest_deletesItsItem() {
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(61));
        table.store(settings -> settings.clock(later))
                .merge(GUEST, USER, MergeStrategy.SUM)
                .join();
        assertThat(table.item(GUEST)).isEmpty();
    }

    /** Otherwise a repeated call on a machine whose clock still shows the retention would have a second effect. */
    @Test
    void merge_restedGuestWithAKeyByAMachineForWhichTheRetentionHasEnded_forgetsNoKey() {
        CartUpdate keyed = CartUpdate.of(GUEST).add(book("keyed", "1", 1)).idempotencyKey("order-4711");
        carts.apply(keyed).join();
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(24).minusMinutes(10));
        Clock ahead = Clock.offset(later, Duration.ofMinutes(29));
        table.store(settings -> settings.clock(ahead))
                .merge(GUEST, USER, MergeStrategy.SUM)
                .join();
        Cart repeated =
                table.store(settings -> settings.clock(later)).apply(keyed).join();
        assertThat(repeated.isEmpty()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void merge_attributesOfABookInBoth_keepFromTakesTheGuestsLineWhole(MergeStrategy strategy) {
        carts.apply(CartUpdate.of(USER)
                        .setItemAttribute("both", "wrap", "plain")
                        .setItemAttribute("both", "users", true))
                .join();
        carts.apply(CartUpdate.of(GUEST)
                        .setItemAttribute("both", "wrap", "gold")
                        .setItemAttribute("both", "guests", true))
                .join();

        Cart merged = carts.merge(GUEST, USER, strategy).join();

        Map<String, Object> expected = switch (strategy) {
            case KEEP_FROM -> Map.of("wrap", "gold", "guests", true);
            case KEEP_INTO -> Map.of("wrap", "plain", "users", true, "guests", true);
            case SUM, MAX -> Map.of("wrap", "gold", "users", true, "guests", true);
        };
        assertThat(merged.item("both").orElseThrow().attributes()).isEqualTo(expected);
        assertThat(carts.get(USER).join()).isEqualTo(merged);
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void merge_usersAttributeThatCannotBeShown_winsAsOneThatCan(MergeStrategy strategy) {
        AttributeValue tags = AttributeValue.fromSs(List.of("a", "b"));
        table.set(USER, "SET tags = :tags, cartItems[0].tags = :tags", Map.of(":tags", tags));
        carts.apply(CartUpdate.of(GUEST).setAttribute("tags", "guests").setItemAttribute("both", "tags", "guests"))
                .join();

        Cart merged = carts.merge(GUEST, USER, strategy).join();

        assertThat(merged.attributes()).isEmpty();
        assertThat(table.item(USER)).containsEntry("tags", tags);
        boolean ofTheUser = strategy == MergeStrategy.KEEP_INTO;
        assertThat(merged.item("both").orElseThrow().attributes())
                .isEqualTo(ofTheUser ? Map.of() : Map.of("tags", "guests"));
        assertThat(table.item(USER).get("cartItems").l().get(0).m())
                .containsEntry("tags", ofTheUser ? tags : AttributeValue.fromS("guests"));
        assertThat(carts.get(USER).join()).isEqualTo(merged);
    }

    @Test
    void merge_usersAttributeThatIsNull_isMissing() {
        AttributeValue missing = AttributeValue.fromNul(true);
        table.set(USER, "SET tags = :null, cartItems[0].tags = :null", Map.of(":null", missing));
        carts.apply(CartUpdate.of(GUEST).setAttribute("tags", "guests").setItemAttribute("both", "tags", "guests"))
                .join();

        Cart merged = carts.merge(GUEST, USER, MergeStrategy.KEEP_INTO).join();

        assertThat(merged.attributes()).isEqualTo(Map.of("tags", "guests"));
        assertThat(merged.item("both").orElseThrow().attributes()).isEqualTo(Map.of("tags", "guests"));
        assertThat(carts.get(USER).join()).isEqualTo(merged);
    }

    @Test
    void merge_unknownAttributes_surviveOnLinesThatMove() {
        table.set(GUEST, "SET cartItems[1].gift = :yes", Map.of(":yes", AttributeValue.fromBool(true)));
        table.set(USER, "SET coupon = :yes", Map.of(":yes", AttributeValue.fromS("SUMMER")));
        carts.merge(GUEST, USER, MergeStrategy.SUM).join();
        assertThat(table.item(USER)).containsEntry("coupon", AttributeValue.fromS("SUMMER"));
        assertThat(table.item(USER).get("cartItems").l().get(2).m())
                .containsEntry("gift", AttributeValue.fromBool(true));
    }
}
