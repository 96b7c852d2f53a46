package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static com.cloudshelf.cart.ScriptedClient.serveAndLose;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every promise holds on machines whose clocks are up to half an hour off in either direction. */
class ClockSkewTest {
    private final TestClock clock = new TestClock(NOW);
    private final Table table = new Table();
    private final List<DynamoDbCartStore> stores = new ArrayList<>();

    private DynamoDbCartStore machine(Duration ahead, ScriptedClient client) {
        Clock skewed = Clock.offset(clock, ahead);
        DynamoDbCartStore store = DynamoDbCartStore.builder()
                .client(client)
                .clock(skewed)
                .wallMillis(() -> clock.millis() + ahead.toMillis())
                .backoff(new Pauses())
                .hedging(0) // a second copy in flight can by itself make an outcome unknown
                .build();
        stores.add(store);
        return store;
    }

    private DynamoDbCartStore machine(Duration ahead) {
        return machine(ahead, new ScriptedClient().thenAlways(serve(table)));
    }

    @AfterEach
    void close() {
        stores.forEach(DynamoDbCartStore::close);
    }

    @ParameterizedTest(name = "{0} s")
    @ValueSource(longs = {-1_799, -90, -61, 0, 61, 90, 1_799})
    void clear_responseLostAndACartStartedSince_leavesThatCart(long secondsAhead) {
        resultOf(machine(Duration.ZERO).addItem(USER, book("old", "1", 1)));
        clock.advance(Duration.ofHours(3));
        DynamoDbCartStore other = machine(Duration.ofSeconds(secondsAhead));
        ScriptedClient client = new ScriptedClient()
                .then(serveAndLose(table), serve(table).after(() -> resultOf(other.addItem(USER, book("new", "1", 1)))))
                .thenAlways(serve(table));

        CompletableFuture<Void> clear = machine(Duration.ZERO, client).clear(USER);
        Throwable failure = clear.handle((nothing, thrown) -> thrown).join();

        assertThat(resultOf(machine(Duration.ZERO).get(USER)).items())
                .extracting(CartItem::bookId)
                .containsExactly("new");
        assertThat(failure == null || failure instanceof CartOutcomeUnknownException)
                .isTrue();
    }

    @ParameterizedTest(name = "{0} min")
    @ValueSource(longs = {29, 31, 40})
    void addItem_cartStartedByAMachineWithAFastClock_isNotUnknown(long minutesAhead) {
        DynamoDbCartStore ahead = machine(Duration.ofMinutes(minutesAhead));
        DynamoDbCartStore right = machine(Duration.ZERO);
        resultOf(ahead.addItem(USER, book("a", "1", 1)));

        resultOf(right.addItem(USER, book("b", "1", 1)));
        resultOf(right.addItem(USER, book("a", "1", 1)));
        resultOf(right.setQuantity(USER, "b", 7));

        assertThat(resultOf(right.get(USER)).totalItems()).isEqualTo(2 + 7);
    }

    @ParameterizedTest(name = "{0} min")
    @ValueSource(longs = {-30, 29, 30})
    void addItem_expiredCartReplacedMeanwhileByAMachineWithAnotherClock_isNotUnknown(long minutesAhead) {
        resultOf(machine(Duration.ZERO).addItem(USER, book("old", "1", 1)));
        clock.advance(Duration.ofDays(31));
        DynamoDbCartStore other = machine(Duration.ofMinutes(minutesAhead));
        ScriptedClient client = new ScriptedClient()
                .then(serve(table), serve(table).after(() -> resultOf(other.addItem(USER, book("a", "1", 1)))))
                .thenAlways(serve(table));

        resultOf(machine(Duration.ZERO, client).addItem(USER, book("b", "1", 1)));

        assertThat(resultOf(other.get(USER)).items())
                .extracting(CartItem::bookId)
                .containsExactly("a", "b");
    }

    @ParameterizedTest(name = "{0} min")
    @ValueSource(longs = {-29, 29})
    void changes_ofManyMachinesThatOverflowTheRing_areNeverUnknown(long minutesAhead) {
        DynamoDbCartStore skewed = machine(Duration.ofMinutes(minutesAhead));
        for (int i = 0; i < 60; i++) {
            clock.advance(Duration.ofMillis(5));
            resultOf(skewed.addItem(USER, book("a" + i, "1", 1)));
            // Each store is new and has not seen the cart, as in a Lambda function's cold start.
            resultOf(machine(Duration.ZERO).addItem(USER, book("b" + i, "1", 1)));
            resultOf(machine(Duration.ZERO).addItem(USER, book("b0", "1", 1)));
        }

        assertThat(resultOf(skewed.get(USER)).totalItems()).isEqualTo(3 * 60);
    }

    /** Otherwise a repeated call on a machine whose clock still shows the retention would have a second effect. */
    @ParameterizedTest(name = "seen before: {0}")
    @ValueSource(booleans = {false, true})
    void clear_byAMachineForWhichTheRetentionHasEnded_forgetsNoKey(boolean seen) {
        DynamoDbCartStore right = machine(Duration.ZERO);
        CartUpdate keyed = CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("order-4711");
        resultOf(right.apply(keyed));
        clock.advance(Duration.ofHours(24).minusMinutes(10));

        DynamoDbCartStore ahead = machine(Duration.ofMinutes(29));
        if (seen) {
            resultOf(ahead.get(USER));
        }
        resultOf(ahead.clear(USER));

        assertThat(resultOf(right.apply(keyed)).isEmpty()).isTrue();
    }

    @Test
    void setQuantity_cartsClockMovedForward_dropsWhatIsStaleByIt() {
        for (int days : List.of(0, 1, 3, 9)) {
            DynamoDbCartStore store = DynamoDbCartStore.builder()
                    .client(new ScriptedClient().thenAlways(serve(table)))
                    .clock(Clock.offset(Clock.systemUTC(), Duration.ofDays(days)))
                    .build();
            stores.add(store);
            resultOf(store.addItem(USER, book("b" + days, "1", 1)));
            resultOf(store.setQuantity(USER, "b" + days, 2));
        }

        assertThat(table.item(USER).get("cw").bs()).hasSize(2);
        assertThat(resultOf(stores.get(3).get(USER)).totalItems()).isEqualTo(4 * 2);
    }

    @Test
    void addItem_lostOnAMachineWithAFastClock_hasOneEffect() {
        DynamoDbCartStore right = machine(Duration.ZERO);
        resultOf(right.addItem(USER, book("a", "1", 1)));
        ScriptedClient client = new ScriptedClient()
                .then(serveAndLose(table))
                .thenAlways(serve(table).after(() -> resultOf(right.addItem(USER, book("r", "1", 1)))));

        resultOf(machine(Duration.ofMinutes(29), client).addItem(USER, book("b", "1", 1)));

        assertThat(resultOf(right.get(USER)).item("b").orElseThrow().quantity()).isEqualTo(1);
    }
}
