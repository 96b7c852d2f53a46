package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartAccessException;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartOutcomeUnknownException;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartThrottledException;
import com.cloudshelf.cart.CartUnavailableException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.InvalidStoredCartException;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.testkit.InMemoryCartStore.Failure;
import java.math.BigDecimal;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Features of the store in memory beyond the contract: settings, scripted failures, and no dependencies. */
class InMemoryCartStoreTest {

    private static final String USER = "user123";
    private static final Instant NOW = Instant.parse("2025-09-03T10:30:00.250Z");
    private static final Map<Failure, Class<? extends CartStoreException>> THROWN = Map.of(
            Failure.THROTTLED, CartThrottledException.class,
            Failure.UNAVAILABLE, CartUnavailableException.class,
            Failure.ACCESS_DENIED, CartAccessException.class,
            Failure.INVALID_ITEM, InvalidStoredCartException.class,
            Failure.CONFLICT, CartConflictException.class,
            Failure.LOST_REQUEST, CartOutcomeUnknownException.class,
            Failure.LOST_RESPONSE, CartOutcomeUnknownException.class);

    private final InMemoryCartStore carts =
            InMemoryCartStore.builder().clock(Clock.fixed(NOW, ZoneOffset.UTC)).build();

    private static CartItem book(String bookId) {
        return CartItem.of(bookId, "A title", "An author", new BigDecimal("15.99"), 1);
    }

    /** As on DynamoDB, where such an add does not read the cart, so that it cannot count its keys. */
    @Test
    void apply_moreKeysThanTheCartRemembers_isRejectedUnlessItOnlyAddsNewBooks() {
        for (int i = 0; i < 1000; i++) {
            carts.apply(CartUpdate.of(USER).add(book("book1")).idempotencyKey("key" + i))
                    .join();
        }
        Cart cart = carts.get(USER).join();
        CartUpdate keyed = CartUpdate.of(USER).idempotencyKey("one more");
        CartUpdate added = keyed.add(book("book2"));
        for (CartUpdate other : List.of(
                keyed,
                keyed.add(book("book1")),
                added.add(book("book1")),
                added.add(book("book2")),
                added.remove("book1"),
                added.basedOn(cart),
                added.ifVersion(cart.version()))) {
            assertThat(failureOf(carts.apply(other)))
                    .as("%s", other)
                    .isInstanceOfSatisfying(
                            CartRejectedException.class,
                            rejected ->
                                    assertThat(rejected.reason()).isEqualTo(CartRejectedException.Reason.KEYS_FULL));
        }
        assertThat(carts.apply(added.add(book("book3"))).join().items()).hasSize(3);
        assertThat(carts.apply(added.add(book("book3"))).join().items()).hasSize(3);
    }

    private static CartStoreException failureOf(CompletableFuture<?> call) {
        assertThat(call).isCompletedExceptionally();
        try {
            throw new AssertionError("returned " + call.join());
        } catch (CompletionException e) {
            return (CartStoreException) e.getCause();
        }
    }

    @Test
    void merge_responseLost_isRetryable() {
        carts.failNext(Failure.LOST_RESPONSE);

        CartStoreException unknown = failureOf(carts.merge("guest", USER, MergeStrategy.SUM));

        assertThat(unknown.effectPossible()).isTrue();
        assertThat(unknown.isRetryable()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void failNext_change_failsOnceAndHasNoEffectUnlessTheResponseIsLost(Failure failure) {
        carts.addItem(USER, book("book1")).join();
        carts.failNext(failure);

        CartStoreException thrown = failureOf(carts.addItem(USER, book("book2")));

        assertThat(thrown).isInstanceOf(THROWN.get(failure));
        assertThat(thrown.userId()).isEqualTo(USER);
        assertThat(carts.get(USER).join().item("book2").isPresent()).isEqualTo(failure == Failure.LOST_RESPONSE);
        assertThat(thrown.effectPossible()).isEqualTo(thrown instanceof CartOutcomeUnknownException);
        assertThat(carts.addItem(USER, book("book3")).join().item("book3")).isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void failNext_anyChange_fails(Failure failure) {
        CartUpdate keyed = CartUpdate.of(USER).add(book("book1")).idempotencyKey("key");
        List<Supplier<CompletableFuture<?>>> changes = List.of(
                () -> carts.apply(keyed),
                () -> carts.setQuantity(USER, "book1", 1),
                () -> carts.removeItem(USER, "book1"),
                () -> carts.merge("guest", USER, MergeStrategy.SUM),
                () -> carts.clear(USER));
        for (Supplier<CompletableFuture<?>> change : changes) {
            carts.failNext(failure);
            assertThat(failureOf(change.get())).isInstanceOf(THROWN.get(failure));
        }
    }

    @ParameterizedTest
    @EnumSource
    void failNext_readOrDelete_failsIfItCanFailThatWay(Failure failure) {
        boolean anyCall = List.of(Failure.THROTTLED, Failure.UNAVAILABLE, Failure.ACCESS_DENIED)
                .contains(failure);
        carts.failNext(failure, failure, failure);

        boolean reads = anyCall || failure == Failure.INVALID_ITEM;
        assertThat(carts.get(USER).isCompletedExceptionally()).isEqualTo(reads);
        assertThat(carts.getAll(List.of(USER)).isCompletedExceptionally()).isEqualTo(reads);
        boolean deletions = failure != Failure.CONFLICT && failure != Failure.INVALID_ITEM;
        assertThat(carts.delete(USER).isCompletedExceptionally()).isEqualTo(deletions);
        if (!anyCall) {
            assertThat(failureOf(carts.clear(USER))).isInstanceOf(THROWN.get(failure));
        }
    }

    @Test
    void failNext_several_comeInOrderAndWaitForACallTheyApplyTo() {
        carts.failNext(Failure.THROTTLED, Failure.LOST_RESPONSE);
        carts.failNext(Failure.UNAVAILABLE);

        assertThat(failureOf(carts.addItem(USER, book("book1")))).isInstanceOf(CartThrottledException.class);
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
        assertThat(failureOf(carts.addItem(USER, book("book1")))).isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(failureOf(carts.get(USER))).isInstanceOf(CartUnavailableException.class);
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(1);
    }

    @Test
    void failNext_lostResponseOfAKeyedCall_isCuredByRepeatingIt() {
        CartUpdate keyed = CartUpdate.of(USER).add(book("book1")).idempotencyKey("key");
        carts.failNext(Failure.LOST_RESPONSE);

        assertThat(failureOf(carts.apply(keyed)).isRetryable()).isTrue();
        assertThat(carts.apply(keyed).join().totalItems()).isEqualTo(1);

        carts.failNext(Failure.LOST_RESPONSE);
        assertThat(failureOf(carts.addItem(USER, book("book1"))).isRetryable()).isFalse();
    }

    @Test
    void failNext_lostResponseOfARejectedCall_isStillUnknown() {
        carts.failNext(Failure.LOST_RESPONSE);
        assertThat(failureOf(carts.setQuantity(USER, "book1", 1))).isInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void failNext_lostResponseOfAMergeClearOrDelete_tookEffect() {
        carts.addItem("guest", book("book1")).join();
        carts.failNext(Failure.LOST_RESPONSE, Failure.LOST_RESPONSE, Failure.LOST_RESPONSE);
        failureOf(carts.merge("guest", USER, MergeStrategy.SUM));
        assertThat(carts.getAll(List.of("guest", USER)).join().get("guest").isEmpty())
                .isTrue();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(1);
        failureOf(carts.clear(USER));
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
        carts.beforeNextChange(rival -> rival.addItem(USER, book("book1")).join());
        assertThat(failureOf(carts.delete(USER)).isRetryable()).isTrue();
    }

    @Test
    void failNext_conflict_carriesTheCurrentCartAndIsRetryable() {
        Cart cart = carts.addItem(USER, book("book1")).join();
        carts.failNext(Failure.CONFLICT);
        CartConflictException conflict = (CartConflictException) failureOf(carts.addItem(USER, book("book1")));
        assertThat(conflict.current()).isEqualTo(cart);
        assertThat(conflict.current().version()).isEqualTo(cart.version());
        assertThat(conflict.isRetryable()).isTrue();
    }

    @Test
    void failNext_badArguments_consumeNoFailure() {
        carts.failNext(Failure.THROTTLED);
        assertThatIllegalArgumentException().isThrownBy(() -> carts.get(" "));
        assertThatNullPointerException().isThrownBy(() -> carts.apply(null));
        assertThatNullPointerException().isThrownBy(() -> carts.getAll(Arrays.asList(USER, null)));
        assertThatIllegalArgumentException().isThrownBy(() -> carts.merge(USER, USER, MergeStrategy.SUM));
        assertThat(carts.getAll(List.of())).isCompletedWithValue(Map.of());
        assertThat(failureOf(carts.get(USER))).isInstanceOf(CartThrottledException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1H"})
    void apply_deadlineThatHasPassed_usesUpNoFailureAndNoRival(Duration over) {
        carts.failNext(Failure.THROTTLED);
        carts.beforeNextChange(rival -> rival.addItem(USER, book("rival")).join());
        CartUpdate update = CartUpdate.of(USER).add(book("book1"));

        assertThat(failureOf(carts.apply(update.within(over))))
                .isInstanceOf(CartUnavailableException.class)
                .hasMessageContaining("deadline");
        assertThat(failureOf(carts.within(over).clear(USER))).isInstanceOf(CartUnavailableException.class);
        assertThat(failureOf(carts.within(over).get(USER)).userId()).isEqualTo(USER);

        assertThat(failureOf(carts.apply(update))).isInstanceOf(CartThrottledException.class);
        assertThat(carts.apply(update).join().items())
                .extracting(CartItem::bookId)
                .containsExactly("rival", "book1");
    }

    @Test
    void beforeNextChange_rivalWhoseDeadlineHasPassed_isUnavailableToo() {
        carts.beforeNextChange(rival -> assertThat(failureOf(
                        rival.apply(CartUpdate.of(USER).add(book("rival")).within(Duration.ZERO))))
                .isInstanceOf(CartUnavailableException.class));
        assertThat(carts.addItem(USER, book("book1")).join().totalItems()).isEqualTo(1);
    }

    @Test
    void beforeNextChange_callWithAVersion_meetsAStaleOne() {
        Cart seen = carts.addItem(USER, book("book1")).join();
        carts.beforeNextChange(rival -> rival.addItem(USER, book("book2")).join());
        CartUpdate update = CartUpdate.of(USER).remove("book1").ifVersion(seen.version());

        assertThat(carts.get(USER).join()).isEqualTo(seen);
        CartConflictException conflict = (CartConflictException) failureOf(carts.apply(update));

        assertThat(conflict.isRetryable()).isFalse();
        assertThat(conflict.current().items()).extracting(CartItem::bookId).containsExactly("book1", "book2");
        assertThat(carts.apply(update.ifVersion(conflict.current().version()))
                        .join()
                        .totalItems())
                .isEqualTo(1);
    }

    @Test
    void beforeNextChange_severalRivals_precedeAsManyChangesAndNoFailures() {
        carts.beforeNextChange(rival -> rival.addItem(USER, book("rival1")).join());
        carts.beforeNextChange(rival -> rival.addItem(USER, book("rival2")).join());
        carts.failNext(Failure.THROTTLED);

        failureOf(carts.addItem(USER, book("book1")));
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
        carts.failNext(Failure.UNAVAILABLE);
        failureOf(carts.get(USER));
        assertThat(carts.addItem(USER, book("book1")).join().items())
                .extracting(CartItem::bookId)
                .containsExactly("rival1", "book1");
        carts.removeItem(USER, "book1").join();
        assertThat(carts.get(USER).join().items()).extracting(CartItem::bookId).containsExactly("rival1", "rival2");
    }

    @Test
    void beforeNextChange_rivalThatThrows_isSeenByTheTest() {
        carts.beforeNextChange(rival -> rival.get(" ").join());
        assertThatIllegalArgumentException().isThrownBy(() -> carts.clear(USER));
    }

    @Test
    void advanceTime_pastTheTimeToLive_expiresTheCart() {
        Cart cart = carts.addItem(USER, book("book1")).join();
        assertThat(cart.lastUpdated()).contains(NOW);
        assertThat(cart.expiresAt()).contains(Instant.parse("2025-10-03T10:30:00Z"));

        carts.advanceTime(Duration.ofDays(29));
        assertThat(carts.get(USER).join()).isEqualTo(cart);
        carts.advanceTime(Duration.ofDays(1));
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> carts.advanceTime(Duration.ofMillis(-1)));
    }

    @Test
    void advanceTime_partOfAMillisecond_leavesTimesAsATableKeepsThem() {
        carts.advanceTime(Duration.ofNanos(1_500_000));
        assertThat(carts.addItem(USER, book("book1")).join().lastUpdated()).contains(NOW.plusMillis(1));
        carts.advanceTime(Duration.ofNanos(500_000));
        assertThat(carts.addItem(USER, book("book1")).join().lastUpdated()).contains(NOW.plusMillis(2));
    }

    @Test
    void settings_timeToLiveAndRetention_areHeld() {
        InMemoryCartStore shortLived =
                InMemoryCartStore.builder().timeToLive(Duration.ofHours(2)).build();
        CartUpdate keyed = CartUpdate.of(USER).add(book("book1")).idempotencyKey("key");
        shortLived.apply(keyed).join();
        shortLived.advanceTime(Duration.ofHours(2).plusSeconds(1)); // keys and carts end at a whole second
        assertThat(shortLived.get(USER).join().isEmpty()).isTrue();
        assertThat(shortLived.apply(keyed).join().totalItems()).isEqualTo(1);

        InMemoryCartStore forgetful = InMemoryCartStore.builder()
                .idempotencyRetention(Duration.ofMinutes(1))
                .build();
        forgetful.apply(keyed).join();
        forgetful.advanceTime(Duration.ofSeconds(59));
        assertThat(forgetful.apply(keyed).join().totalItems()).isEqualTo(1);
        forgetful.advanceTime(Duration.ofSeconds(2));
        assertThat(forgetful.apply(keyed).join().totalItems()).isEqualTo(2);
    }

    @Test
    void idempotencyKey_beyondAThousand_isRejected() {
        for (int i = 0; i < 1000; i++) {
            carts.apply(CartUpdate.of(USER).remove("book1").idempotencyKey("key" + i))
                    .join();
        }
        CartUpdate another = CartUpdate.of(USER).remove("book1").idempotencyKey("one too many");
        assertThatExceptionOfType(CartRejectedException.class)
                .isThrownBy(() -> CartStore.await(carts.apply(another)))
                .satisfies(full -> {
                    assertThat(full.reason()).isEqualTo(CartRejectedException.Reason.KEYS_FULL);
                    assertThat(full.limitValue()).hasValue(1000);
                    assertThat(full).hasMessageEndingWith("there is room again when the retention of one has ended");
                });
    }

    @Test
    void settings_bad_areRefusedAsByTheStoreOnDynamoDb() {
        for (Duration bad : List.of(Duration.ofMinutes(119), Duration.ofDays(3651))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InMemoryCartStore.builder().timeToLive(bad));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> DynamoDbCartStore.builder().timeToLive(bad));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InMemoryCartStore.builder().idempotencyRetention(Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InMemoryCartStore.builder()
                        .idempotencyRetention(Duration.ofHours(3))
                        .timeToLive(Duration.ofHours(2))
                        .build());
        assertThatNullPointerException()
                .isThrownBy(() -> InMemoryCartStore.builder().clock(null));
        assertThatNullPointerException()
                .isThrownBy(() -> InMemoryCartStore.builder().limits(null));
    }

    @Test
    void versions_ofTwoStores_neverMatch() {
        Cart cart = carts.addItem(USER, book("book1")).join();
        InMemoryCartStore other = InMemoryCartStore.create();
        other.addItem(USER, book("book1")).join();
        assertThatThrownBy(() -> other.apply(CartUpdate.of(USER).remove("book1").ifVersion(cart.version()))
                        .join())
                .hasCauseInstanceOf(CartConflictException.class);
    }

    @Test
    void classPath_withoutAnyLibrary_isEnough() throws Exception {
        URL[] ours = {locationOf(CartStore.class), locationOf(InMemoryCartStore.class), locationOf(Scenario.class)};
        try (URLClassLoader loader = new URLClassLoader(ours, ClassLoader.getPlatformClassLoader())) {
            Object scenario = loader.loadClass(Scenario.class.getName())
                    .getDeclaredConstructor()
                    .newInstance();
            assertThat(scenario.getClass()).isNotEqualTo(Scenario.class);
            assertThat(scenario).asString().contains("CartConflictException", "CartThrottledException", "totalItems=3");
            assertThatThrownBy(() -> loader.loadClass("software.amazon.awssdk.services.dynamodb.model.AttributeValue"))
                    .isInstanceOf(ClassNotFoundException.class);
        }
    }

    private static URL locationOf(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }

    /** Everything that a unit test may do with the store. It runs with only this library on the class path. */
    public static class Scenario {
        private final StringBuilder seen = new StringBuilder();

        @Override
        public String toString() {
            InMemoryCartStore carts = InMemoryCartStore.create();
            Cart first = carts.addItem(USER, book("book1")).join();
            carts.apply(CartUpdate.of(USER)
                            .setQuantity("book1", 2)
                            .reprice("book1", BigDecimal.ONE)
                            .basedOn(first)
                            .idempotencyKey("key")
                            .within(Duration.ofSeconds(1)))
                    .join();
            carts.addItem("guest", book("book2")).join();
            note(carts.merge("guest", USER, MergeStrategy.MAX));
            note(carts.apply(CartUpdate.of(USER).subtract(first).ifVersion(first.version())));
            carts.failNext(Failure.THROTTLED);
            note(carts.getAll(List.of(USER, "guest")));
            note(carts.removeItem(USER, "book1"));
            note(carts.clear(USER));
            note(carts.delete(USER));
            carts.advanceTime(Duration.ofDays(31));
            CartInvariants.assertHold(carts.get(USER).join());
            return seen.toString();
        }

        private void note(CompletableFuture<?> call) {
            seen.append(call.handle((value, failure) -> value + " " + failure).join());
        }
    }
}
