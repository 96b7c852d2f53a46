package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.testkit.CartStoreContract.StillClock;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The store in memory and the store on DynamoDB give the same answers, also where the {@link CartStoreContract} leaves a
 * choice: times of empty carts, texts of failures.
 */
class StoresAlikeTest {
    private static final String USER = "user123";
    private static final String GUEST = "guest-4711";
    private static final Instant NOW = Instant.parse("2025-09-03T10:30:00.250Z");
    private static final Duration TIME_TO_LIVE = Duration.ofHours(5);

    @SuppressWarnings({"ImmutableEnumChecker", "NullAway"}) // the functions have no state; some tests pass null
    enum Scenario {
        NULLS(story -> {
            story.call(carts -> carts.apply(null));
            story.call(carts -> carts.getAll(null));
            story.call(carts -> carts.getAll(Arrays.asList(USER, null)));
            story.call(carts -> carts.get(null));
            story.call(carts -> carts.get(USER, null));
            story.call(carts -> carts.delete(null));
            story.call(carts -> carts.clear(null));
            story.call(carts -> carts.merge(null, USER, MergeStrategy.SUM));
            story.call(carts -> carts.merge(GUEST, null, MergeStrategy.SUM));
            story.call(carts -> carts.merge(GUEST, USER, null));
            story.call(carts -> carts.within(null).get(USER));
            story.call(carts -> carts.within(Duration.ofMinutes(1)).within(null).get(USER));
            story.call(carts -> carts.within(Duration.ZERO).within(null).get(USER));
            story.call(carts -> carts.within(Duration.ZERO).apply(null));
            story.call(carts -> carts.within(Duration.ofMinutes(1)).apply(null));
            story.call(carts -> carts.within(Duration.ZERO).getAll(null));
        }),
        BAD_IDS(story -> {
            for (String bad : List.of(" ", "x".repeat(2049), "a\uD83D")) {
                story.call(carts -> carts.get(bad));
                story.call(carts -> carts.getAll(List.of(USER, bad)));
                story.call(carts -> carts.merge(bad, USER, MergeStrategy.SUM));
                story.call(carts -> carts.merge(GUEST, bad, MergeStrategy.SUM));
                story.call(carts -> carts.merge(bad, bad, MergeStrategy.SUM));
                story.call(carts -> carts.within(Duration.ZERO).merge(GUEST, bad, MergeStrategy.SUM));
            }
            story.call(carts -> carts.merge(USER, USER, MergeStrategy.SUM));
        }),
        BAD_SETTINGS(story -> {
            story.call(carts -> builtWith(carts, Duration.ofMinutes(1), TIME_TO_LIVE));
            story.call(carts -> builtWith(carts, null, TIME_TO_LIVE));
            story.call(carts -> builtWith(carts, TIME_TO_LIVE, null));
            story.call(carts -> builtWith(carts, TIME_TO_LIVE, Duration.ZERO));
            story.call(carts -> builtWith(carts, TIME_TO_LIVE, TIME_TO_LIVE.plusMillis(1)));
        }),
        NO_TIME(story -> {
            story.call(carts -> carts.within(Duration.ZERO).get(USER));
            story.call(carts -> carts.within(Duration.ZERO).getAll(List.of(GUEST, USER)));
            story.call(carts -> carts.within(Duration.ZERO).getAll(List.of()));
            story.call(carts -> carts.within(Duration.ZERO).merge(GUEST, USER, MergeStrategy.SUM));
            story.call(carts -> carts.apply(CartUpdate.of(USER).clear().within(Duration.ofNanos(-1))));
        }),
        KEY_REUSED(story -> {
            story.call(carts -> carts.apply(keyed("key", 1)));
            story.call(carts -> carts.apply(keyed("key", 2)));
            story.call(carts -> carts.apply(keyed("key", 1)));
        }),
        BAD_CLOCK(story -> {
            story.call(carts -> carts.addItem(GUEST, book("book1", 1)));
            for (String time : List.of("1969-12-31T23:59:59.999Z", "+10000-01-01T00:00:00Z")) {
                Instant bad = Instant.parse(time);
                story.callAt(bad, carts -> carts.addItem(USER, book("book1", 1)));
                story.callAt(bad, carts -> carts.removeItem(USER, "book1"));
                story.callAt(bad, carts -> carts.clear(USER));
                story.callAt(bad, carts -> carts.merge("nobody", USER, MergeStrategy.SUM));
                story.callAt(bad, carts -> carts.delete(USER));
            }
        }),
        QUANTITY_BEYOND_AN_INT(story -> {
            story.call(carts -> carts.addItem(USER, book("book1", 2)));
            story.call(carts -> carts.addItem(GUEST, book("book1", 10_000)));
            story.call(carts -> carts.addItem(USER, book("book1", Integer.MAX_VALUE)));
            story.call(carts -> carts.merge(GUEST, USER, MergeStrategy.SUM));
        }),
        KEY_THAT_OUTLIVES_THE_TIME_TO_LIVE(story -> {
            // A time to live in whole seconds would end before the key, which was stored between two.
            story.call(carts -> carts.apply(keyed("key", 1)));
            story.advance(TIME_TO_LIVE.minusMillis(1));
            story.call(carts -> carts.apply(keyed("key", 1)));
            story.advance(Duration.ofMillis(1));
            story.call(carts -> carts.apply(keyed("key", 1)));
        }),
        CLEAR_AT_ONCE(story -> {
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.call(carts -> carts.clear(USER));
        }),
        CLEAR_AFTER_A_REST(story -> {
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(1));
            story.call(carts -> carts.apply(CartUpdate.of(USER).remove("book1")));
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(1));
            story.call(carts -> carts.clear(USER)); // an hour, but not more
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(1).plusMillis(1));
            story.call(carts -> carts.apply(CartUpdate.of(USER).clear()));
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
        }),
        CLEAR_OF_AN_EMPTY_CART_AFTER_A_REST(story -> {
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.call(carts -> carts.removeItem(USER, "book1"));
            story.advance(Duration.ofHours(2));
            story.call(carts -> carts.get(USER));
            story.call(carts -> carts.clear(USER));
        }),
        CLEAR_FROM_A_SNAPSHOT_AFTER_A_REST(story -> {
            for (String lines : List.of("none", "one")) {
                story.call(carts -> carts.addItem(USER, book("book1", 1)));
                story.call(carts -> carts.setQuantity(USER, "book1", lines.equals("one") ? 2 : 0));
                story.advance(Duration.ofHours(2));
                story.call(carts -> carts.apply(
                        CartUpdate.of(USER).clear().basedOn(carts.get(USER).join())));
            }
        }),
        CLEAR_ONCE_A_KEY_IS_FORGOTTEN(story -> {
            for (Duration since : List.of(Duration.ZERO, Duration.ofMinutes(30), Duration.ofMinutes(31))) {
                story.call(carts -> carts.apply(keyed("key", 1)));
                story.advance(TIME_TO_LIVE);
                story.call(carts -> carts.addItem(USER, book("book2", 1)));
                story.call(carts -> carts.apply(keyed("other", 1)));
                story.advance(TIME_TO_LIVE.minusHours(2));
                story.call(carts -> carts.addItem(USER, book("book3", 1)));
                story.advance(Duration.ofHours(2).plus(since));
                story.call(carts -> carts.clear(USER)); // on another machine, the key may still be live
            }
        }),
        CLEAR_ON_TERMS_AFTER_A_REST(story -> {
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(2));
            story.call(carts -> carts.apply(
                    CartUpdate.of(USER).clear().ifVersion(carts.get(USER).join().version())));
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(2));
            story.call(carts -> carts.apply(CartUpdate.of(USER).clear().idempotencyKey("key")));
            story.call(carts -> carts.addItem(USER, book("book1", 1)));
            story.advance(Duration.ofHours(2));
            story.call(carts -> carts.clear(USER)); // it has a live key
        }),
        MERGE_OF_A_CART_THAT_HAS_RESTED(story -> {
            story.call(carts -> carts.addItem(GUEST, book("book1", 1)));
            story.advance(Duration.ofHours(2));
            story.call(carts -> carts.merge(GUEST, USER, MergeStrategy.SUM));
            story.call(carts -> carts.addItem(GUEST, book("book1", 1)));
            story.call(carts -> carts.merge(GUEST, USER, MergeStrategy.SUM));
        });

        private final Consumer<Story> acts;

        Scenario(Consumer<Story> acts) {
            this.acts = acts;
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothStores_anyScenario_giveTheSameAnswers(Scenario scenario) {
        StillClock one = new StillClock();
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        Story onDynamoDb;
        try (DynamoDbCartStore carts = DynamoDbCartStore.builder()
                .client(dynamoDb.client())
                .tableName(dynamoDb.createCartTable())
                .clock(one)
                .timeToLive(TIME_TO_LIVE)
                .operationTimeout(Duration.ofSeconds(60)) // ample time for a busy machine
                .build()) {
            onDynamoDb = new Story(carts, one);
            scenario.acts.accept(onDynamoDb);
        }
        StillClock other = new StillClock();
        Story inMemory = new Story(
                InMemoryCartStore.builder()
                        .clock(other)
                        .timeToLive(TIME_TO_LIVE)
                        .build(),
                other);
        scenario.acts.accept(inMemory);

        assertThat(inMemory.answers).hasSameSizeAs(onDynamoDb.answers);
        for (int i = 0; i < inMemory.answers.size(); i++) {
            assertThat(inMemory.answers.get(i)).isEqualTo(onDynamoDb.answers.get(i));
        }
    }

    private static CartItem book(String bookId, int quantity) {
        return CartItem.of(bookId, "A title", "An author", new BigDecimal("15.99"), quantity);
    }

    private static CompletableFuture<?> builtWith(CartStore like, Duration timeToLive, Duration idempotencyRetention) {
        CartStore carts = like instanceof InMemoryCartStore
                ? InMemoryCartStore.builder()
                        .timeToLive(timeToLive)
                        .idempotencyRetention(idempotencyRetention)
                        .build()
                : DynamoDbCartStore.builder()
                        .client(LocalDynamoDb.shared().client())
                        .timeToLive(timeToLive)
                        .idempotencyRetention(idempotencyRetention)
                        .build();
        throw new AssertionError("built " + carts);
    }

    private static CartUpdate keyed(String key, int quantity) {
        return CartUpdate.of(USER).add(book("book1", quantity)).idempotencyKey(key);
    }

    /** Calls to one store, and what it answered. */
    private static final class Story {
        private final CartStore carts;
        private final StillClock clock;
        private final List<String> answers = new ArrayList<>();

        Story(CartStore carts, StillClock clock) {
            this.carts = carts;
            this.clock = clock;
            moveTo(NOW);
        }

        void moveTo(Instant time) {
            advance(Duration.between(clock.instant(), time));
        }

        void advance(Duration duration) {
            clock.advance(duration);
        }

        void call(Call call) {
            callAt(clock.instant(), call);
        }

        void callAt(Instant time, Call call) {
            Instant now = clock.instant();
            moveTo(time);
            answers.add(answer(() -> call.on(carts)));
            moveTo(now);
            answers.add(USER + " then has " + answer(() -> carts.get(USER)));
            answers.add(GUEST + " then has " + answer(() -> carts.get(GUEST)));
        }

        private static String answer(Callable<CompletableFuture<?>> call) {
            try {
                Object value = call.call().join();
                return value instanceof Cart cart ? shown(cart) : String.valueOf(value);
            } catch (CompletionException e) {
                return "fails with " + shown(e.getCause());
            } catch (Exception e) { // or the same Error for both, which fails the test
                return "throws " + shown(e);
            }
        }

        private static String shown(Cart cart) {
            return cart.items() + " " + cart.attributes() + " changed " + cart.lastUpdated() + " expires "
                    + cart.expiresAt();
        }

        private static String shown(Throwable failure) {
            StringBuilder text = new StringBuilder(failure.toString());
            if (failure instanceof CartStoreException ofTheStore) {
                text.append(" for ").append(ofTheStore.userId());
                text.append(ofTheStore.isRetryable() ? ", retryable" : ", final");
                text.append(ofTheStore.effectPossible() ? ", unknown" : ", without effect");
            }
            if (failure instanceof CartRejectedException rejection) {
                text.append(rejection.changeIndex()).append(rejection.limit()).append(rejection.limitValue());
            }
            if (failure instanceof CartConflictException conflict) {
                text.append(shown(conflict.current()));
            }
            if (failure.getCause() != null) {
                text.append(" because of ").append(failure.getCause());
            }
            return text.toString();
        }
    }

    private interface Call {
        CompletableFuture<?> on(CartStore carts);
    }
}
