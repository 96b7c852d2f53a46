package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Idempotency keys: a repeated call has no second effect as long as the cart remembers its key. */
class IdempotencyKeyTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();
    private final CartUpdate keyed =
            CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("order-4711");

    @AfterEach
    void close() {
        table.close();
    }

    private static Reason reasonOf(Throwable failure) {
        return ((CartRejectedException) failure).reason();
    }

    @Test
    void apply_repeated_hasNoSecondEffectAndReturnsTheCart() {
        carts.apply(keyed).join();
        carts.addItem(USER, book("book2", "1", 1)).join();
        assertThat(carts.apply(keyed).join()).isEqualTo(carts.get(USER).join());
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(4);
    }

    @Test
    void apply_repeatedByAnotherStoreWithASnapshot_hasNoSecondEffect() {
        Cart before = carts.get(USER).join();
        carts.apply(keyed).join();
        assertThat(table.store().apply(keyed.basedOn(before)).join().totalItems())
                .isEqualTo(3);
    }

    @Test
    void apply_repeatedAfterUnknownOutcome_hasNoSecondEffect() {
        table.faults.next(Fault.dropResponse()).always(Fault.dropRequest());
        DynamoDbCartStore hasty = table.store(TestTable.endingAfterPauses(2));
        assertThat(failureOf(hasty.apply(keyed.basedOn(Cart.empty(USER)))))
                .isInstanceOfSatisfying(
                        CartOutcomeUnknownException.class,
                        unknown -> assertThat(unknown.isRetryable()).isTrue());
        table.faults.clear();
        assertThat(carts.apply(keyed).join().totalItems()).isEqualTo(3);
        assertThat(carts.apply(keyed).join().totalItems()).isEqualTo(3);
    }

    @Test
    void apply_repeatedAfterClear_hasNoSecondEffect() {
        carts.apply(keyed).join();
        carts.clear(USER).join();
        assertThat(carts.apply(keyed).join().isEmpty()).isTrue();
        // The cart has rested but has a live key, so the item must not be deleted.
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
        DynamoDbCartStore laterCarts = table.store(Faults.none(), settings -> settings.clock(later), client -> {});
        laterCarts.addItem(USER, book("book2", "1", 1)).join();
        Clock evenLater = Clock.offset(Clock.systemUTC(), Duration.ofHours(4));
        DynamoDbCartStore evenLaterCarts =
                table.store(Faults.none(), settings -> settings.clock(evenLater), client -> {});
        evenLaterCarts.clear(USER).join();
        assertThat(table.item(USER)).isNotEmpty();
        assertThat(evenLaterCarts.apply(keyed).join().isEmpty()).isTrue();
    }

    @Test
    void apply_keyedCallThatChangesNothing_leavesItsKey() {
        CartUpdate nothing = CartUpdate.of(USER).remove("book1").idempotencyKey("nothing");
        carts.apply(nothing).join();
        carts.addItem(USER, book("book1", "1", 1)).join();
        assertThat(carts.apply(nothing).join().totalItems()).isEqualTo(1);
    }

    @Test
    void apply_sameKeyWithOtherChanges_isRejected() {
        carts.apply(keyed).join();
        Throwable failure = failureOf(
                carts.apply(CartUpdate.of(USER).add(book("book1", "2", 4)).idempotencyKey("order-4711")));
        assertThat(reasonOf(failure)).isEqualTo(Reason.KEY_REUSED);
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(3);
    }

    @Test
    void apply_sameChangesAtAnotherTimeOnOtherTerms_isARepetition() {
        carts.apply(keyed).join();
        CartUpdate again = CartUpdate.of(USER)
                .add(book("book1", "2", 3).withAddedAt(Instant.EPOCH))
                .idempotencyKey("order-4711")
                .ifVersion(CartVersion.parse("long-gone.1.0000000000000"))
                .within(Duration.ofSeconds(30));
        assertThat(carts.apply(again).join().totalItems()).isEqualTo(3);
    }

    @Test
    void apply_keyPastItsRetention_countsAgain() {
        carts.apply(keyed).join();
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(25));
        DynamoDbCartStore laterCarts = table.store(settings -> settings.clock(later));
        assertThat(laterCarts.apply(keyed).join().totalItems()).isEqualTo(6);
    }

    /** A key for each request, on a day with more requests than usual. */
    @Test
    void apply_aKeyForEachOf101Requests_neverStandsInTheWayOfTheCheckout() {
        for (int i = 0; i < 101; i++) {
            CartUpdate update = CartUpdate.of(USER).idempotencyKey("request-" + i);
            carts.apply(i % 2 == 0 ? update.add(book("book" + i, "1", 1)) : update.remove("book" + (i - 1)))
                    .join();
        }
        Cart ordered = carts.get(USER).join();
        CartUpdate checkout = CartUpdate.of(USER).subtract(ordered).idempotencyKey("order-4711");
        assertThat(ordered.totalItems()).isEqualTo(1);
        assertThat(carts.apply(checkout).join().isEmpty()).isTrue();
        carts.addItem(USER, book("book100", "1", 2)).join();
        assertThat(carts.apply(checkout).join().totalItems()).isEqualTo(2);
    }

    @Test
    void apply_changeByAServiceWithAShorterTimeToLive_keepsTheItemAsLongAsTheKey() {
        carts.apply(keyed).join();
        long keyUntil = Instant.now().plus(Duration.ofHours(24)).getEpochSecond() - 60;
        DynamoDbCartStore shorter = table.store(
                settings -> settings.timeToLive(Duration.ofHours(2)).idempotencyRetention(Duration.ofHours(1)));
        for (CartUpdate update : List.of(
                CartUpdate.of(USER).add(book("book2", "1", 1)),
                CartUpdate.of(USER).setQuantity("book2", 5),
                CartUpdate.of(USER).add(book("book3", "1", 1)).idempotencyKey("short"),
                CartUpdate.of(USER).clear())) {
            shorter.apply(update).join();
            assertThat(Long.parseLong(table.item(USER).get("ttl").n()))
                    .as("%s", update)
                    .isGreaterThan(keyUntil);
        }
        assertThat(carts.apply(keyed).join().isEmpty()).isTrue();
    }

    @Test
    void apply_moreKeysThanTheCartRemembers_isRejectedAndForgetsNone() {
        carts.apply(keyed).join();
        Map<String, AttributeValue> full = new HashMap<>(table.item(USER));
        AttributeValue key = full.entrySet().stream()
                .filter(attribute -> attribute.getKey().startsWith(ItemFormat.KEY_PREFIX))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow();
        for (int i = 1; i < Memory.MAX_KEYS; i++) {
            full.put(ItemFormat.keyName("key_" + (10_000_000 + i)), key);
        }
        table.put(full);
        Cart cart = carts.get(USER).join();
        Throwable failure =
                failureOf(carts.apply(CartUpdate.of(USER).remove("book1").idempotencyKey("one too many")));
        assertThat(reasonOf(failure)).isEqualTo(Reason.KEYS_FULL);
        assertThat(carts.apply(keyed).join()).isEqualTo(cart);
        CartUpdate another = CartUpdate.of(USER).add(book("book2", "1", 1)).idempotencyKey("with a new book");
        assertThat(reasonOf(failureOf(carts.apply(another.basedOn(cart))))).isEqualTo(Reason.KEYS_FULL);
        assertThat(reasonOf(failureOf(carts.apply(another.ifVersion(cart.version())))))
                .isEqualTo(Reason.KEYS_FULL);
        assertThat(carts.apply(another).join().item("book2")).isPresent();
        // A day later, the keys are past their retention and make room.
        DynamoDbCartStore tomorrow =
                table.store(settings -> settings.clock(Clock.offset(Clock.systemUTC(), Duration.ofHours(25))));
        tomorrow.apply(CartUpdate.of(USER).remove("book1").idempotencyKey("one too many"))
                .join();
        assertThat(table.item(USER).keySet().stream().filter(name -> name.startsWith(ItemFormat.KEY_PREFIX)))
                .hasSize(Memory.MAX_KEYS - Memory.MAX_DROPPED_KEYS + 2);
    }

    @Test
    void clear_keyed_emptiesOnceAndLeavesWhatCameAfter() {
        carts.addItem(USER, book("book1", "1", 1)).join();
        CartUpdate clear = CartUpdate.of(USER).clear().idempotencyKey("clear");
        carts.apply(clear).join();
        carts.addItem(USER, book("book2", "1", 1)).join();
        assertThat(carts.apply(clear).join().totalItems()).isEqualTo(1);
    }

    @Test
    void subtract_keyedCheckoutDeliveredTwice_subtractsOnce() {
        Cart ordered = carts.addItem(USER, book("book1", "1", 2)).join();
        CartUpdate checkout = CartUpdate.of(USER).subtract(ordered).idempotencyKey("order-1");
        carts.addItem(USER, book("book1", "1", 5)).join();
        carts.apply(checkout).join();
        assertThat(carts.apply(checkout).join().totalItems()).isEqualTo(5);
    }
}
