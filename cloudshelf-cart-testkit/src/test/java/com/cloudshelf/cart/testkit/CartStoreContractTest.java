package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.ReadConsistency;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The suite passes for a correct store, and fails for each of these incorrect ones. */
class CartStoreContractTest {

    /** Bugs that cart stores have, each with a test that finds it. */
    @SuppressWarnings("ImmutableEnumChecker") // the functions in it have no state
    enum Bug {
        ADDS_ONE_COPY_WHATEVER_IS_ASKED("addItem_newBook_isAppendedAsGiven", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return rewrite(update, change -> {
                    if (change instanceof CartChange.Add add) {
                        CartItem item = add.item();
                        return new CartChange.Add(with(item, item.price(), 1));
                    }
                    return change;
                });
            }
        },
        ROUNDS_PRICES("totals_extremePricesAndQuantities_areExact", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return rewrite(update, change -> {
                    if (change instanceof CartChange.Add add) {
                        CartItem item = add.item();
                        return new CartChange.Add(
                                with(item, item.price().setScale(2, RoundingMode.HALF_UP), item.quantity()));
                    }
                    return change;
                });
            }
        },
        STAMPS_LINES_ITSELF("addItem_withATime_keepsIt", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return rewrite(
                        update,
                        change -> change instanceof CartChange.Add add
                                ? new CartChange.Add(with(
                                        add.item(),
                                        add.item().price(),
                                        add.item().quantity()))
                                : change);
            }
        },
        LOSES_ATTRIBUTES_OF_LINES("attributes_ofAnAddedLine_comeBackAsGiven", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return rewrite(
                        update,
                        change -> change instanceof CartChange.Add add
                                ? new CartChange.Add(with(
                                        add.item(),
                                        add.item().price(),
                                        add.item().quantity()))
                                : change);
            }
        },
        IGNORES_DEADLINES("apply_withinZeroOrLess_isUnavailableAndDoesNothing", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return update.within(Duration.ofSeconds(5));
            }
        },
        IGNORES_BOUNDS("within_zeroOrLess_everyCallIsUnavailableAndDoesNothing", Dishonest.IgnoringBounds::new),
        IGNORES_VERSIONS("ifVersion_foreignToken_isAConflict", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                CartUpdate without = CartUpdate.of(update.userId());
                for (CartChange change : update.changes()) {
                    without = without.with(change);
                }
                return update.idempotencyKey().map(without::idempotencyKey).orElse(without);
            }
        },
        IGNORES_IDEMPOTENCY_KEYS("idempotencyKey_repeatedCall_hasOneEffectAndReturnsTheCart", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                CartUpdate without = CartUpdate.of(update.userId());
                for (CartChange change : update.changes()) {
                    without = without.with(change);
                }
                return update.expectedVersion().map(without::ifVersion).orElse(without);
            }
        },
        HASHES_KEYS_TOGETHER_WITH_VERSIONS("idempotencyKey_otherTermsOrTimes_isTheSameCall", Function.identity()) {
            @Override
            CartUpdate change(CartUpdate update) {
                return update.idempotencyKey()
                        .map(key -> update.idempotencyKey(key + update.expectedVersion()))
                        .orElse(update);
            }
        },
        CHANGES_ONE_BY_ONE("apply_oneChangeDoesNotFit_changesNothing", Dishonest.ApplyingOneByOne::new),
        REPEATS_EVERY_CHANGE("addItem_newBook_isAppendedAsGiven", Dishonest.Repeating::new),
        LOSES_UPDATES("concurrency_sameBook_losesNoAdd", Dishonest.ReadingAndReplacing::new),
        CLEARS_NOTHING("clear_anyCart_isEmptyAfterwards", Dishonest.NotClearing::new),
        CLEARS_BY_DELETING("idempotencyKey_clearInBetween_isRemembered", Dishonest.ClearingByDeleting::new),
        DELETES_BY_CLEARING("delete_idempotencyKey_isForgotten", Dishonest.DeletingByClearing::new),
        DELETES_NOTHING("delete_anyCart_isGone", Dishonest.DeletingNothing::new),
        SORTS_LINES("addItem_severalInARow_keepTheirOrder", Dishonest.Sorting::new),
        CACHES_CARTS_FOR_EVER("apply_anyChange_returnsTheCartThatIsReadAfterwards", Dishonest.Caching::new),
        RETURNS_ONE_VERSION_FOR_ALL("version_everyChange_isAnother", Dishonest.Unversioned::new),
        CONFLICTS_WITH_NOTHING(
                "ifVersion_ofAnotherChangeThanTheLast_isAConflictWithTheCurrentCart",
                Dishonest.ConflictingWithNothing::new),
        JUDGES_BY_THE_SNAPSHOT("basedOn_staleCart_neverDecidesAResultByItself", Dishonest.TrustingSnapshots::new),
        COMPLETES_WITH_BAD_ARGUMENTS("badArgument_userId_throwsAtOnceInEveryCall", Dishonest.ThrowingLate::new),
        LEAVES_OUT_ABSENT_CARTS(
                "getAll_someUsers_haveEveryIdAsAKeyInTheOrderAsked", Dishonest.LeavingOutAbsentCarts::new),
        SORTS_USERS("getAll_repeatedIds_countOnceAtTheirFirstPosition", Dishonest.SortingUsers::new),
        MERGES_AND_KEEPS_THE_GUESTS_CART("merge_repeated_hasNoSecondEffect", Dishonest.KeepingTheGuestsCart::new),
        MERGES_ALWAYS_BY_SUM("merge_max_takesTheLargerQuantity", Dishonest.Summing::new),
        MERGES_LINE_BY_LINE("merge_beyondALimit_isRejectedWithBothCartsUntouched", Dishonest.MergingLineByLine::new),
        HIDES_FAILURES("setQuantity_unknownBook_isRejected", Dishonest.Wrapping::new),
        HIDES_THE_LIMIT("limits_quantity_isHeldByEveryChangeThatRaisesIt", Dishonest.HidingTheLimit::new),
        REMEMBERS_A_HUNDRED_KEYS(
                "idempotencyKey_moreThanACartMustRemember_areRefusedRatherThanForgotten",
                Dishonest.RememberingAHundredKeys::new),
        HAS_NO_LIMITS("limits_lines_areHeldByEveryChangeThatAdds", Function.identity()) {
            @Override
            CartLimits limits(CartLimits limits) {
                return CartLimits.defaults();
            }
        },
        NEVER_EXPIRES("expiredCart_anyRead_isTheEmptyCart", Function.identity()) {
            @Override
            Clock clock(Clock clock) {
                return Clock.fixed(clock.instant(), clock.getZone());
            }
        },
        EXPIRES_LATE("expiredCart_anyRead_isTheEmptyCart", Function.identity()) {
            @Override
            Clock clock(Clock clock) {
                return new Clock() {
                    @Override
                    public Instant instant() {
                        return clock.instant().minusSeconds(1);
                    }

                    @Override
                    public ZoneId getZone() {
                        return clock.getZone();
                    }

                    @Override
                    public Clock withZone(ZoneId zone) {
                        return this;
                    }
                };
            }
        };

        private final String foundBy;
        private final Function<CartStore, CartStore> decorator;

        Bug(String foundBy, Function<CartStore, CartStore> decorator) {
            this.foundBy = foundBy;
            this.decorator = decorator;
        }

        CartLimits limits(CartLimits limits) {
            return limits;
        }

        Clock clock(Clock clock) {
            return clock;
        }

        CartUpdate change(CartUpdate update) {
            return update;
        }

        CartStore in(CartStore honest) {
            return decorator.apply(new Dishonest(honest) {
                @Override
                public CompletableFuture<Cart> apply(CartUpdate update) {
                    return super.apply(change(update));
                }
            });
        }

        private static CartItem with(CartItem item, BigDecimal price, int quantity) {
            return CartItem.of(
                    item.bookId(), item.title().orElse(null), item.author().orElse(null), price, quantity);
        }

        private static CartUpdate rewrite(CartUpdate update, Function<CartChange, CartChange> rewrite) {
            CartUpdate rewritten = CartUpdate.of(update.userId());
            for (CartChange change : update.changes()) {
                rewritten = rewritten.with(rewrite.apply(change));
            }
            if (update.expectedVersion().isPresent()) {
                rewritten = rewritten.ifVersion(update.expectedVersion().get());
            }
            return update.idempotencyKey().map(rewritten::idempotencyKey).orElse(rewritten);
        }
    }

    @Test
    void contract_correctStore_passes() {
        Events tests = run(Honest.class, selectClass(Honest.class));
        assertThat(tests.failed().list()).isEmpty();
        assertThat(tests.succeeded().count()).isGreaterThan(80);
    }

    @ParameterizedTest
    @EnumSource
    void contract_storeWithABug_fails(Bug bug) {
        WithBug.bug = bug;
        run(WithBug.class, theTest(WithBug.class, bug.foundBy))
                .assertStatistics(events -> events.started(1).failed(1));
    }

    @Test
    void contract_bugOverDynamoDb_fails() {
        WithBug.bug = Bug.IGNORES_IDEMPOTENCY_KEYS;
        String test = "idempotencyKey_repeatedCall_hasOneEffectAndReturnsTheCart";
        run(OnDynamoDb.class, theTest(OnDynamoDb.class, test))
                .assertStatistics(events -> events.started(1).failed(1));
        WithBug.bug = Bug.CLEARS_BY_DELETING;
        test = "idempotencyKey_clearInBetween_isRemembered";
        run(OnDynamoDb.class, theTest(OnDynamoDb.class, test))
                .assertStatistics(events -> events.started(1).failed(1));
    }

    @Test
    void contract_closeableStores_areClosed() {
        Closeable.opened = 0;
        Closeable.closed = 0;
        run(Closeable.class, theTest(Closeable.class, "limits_lines_areHeldByEveryChangeThatAdds"))
                .assertStatistics(events -> events.succeeded(1));
        assertThat(Closeable.opened).isEqualTo(2);
        assertThat(Closeable.closed).isEqualTo(2);
    }

    @Test
    void contract_storeWithoutALimitOfItemSize_skipsThoseTests() {
        Events tests =
                run(Boundless.class, selectNestedClass(List.of(Boundless.class), CartStoreContract.ItemSize.class));
        tests.assertStatistics(events -> events.aborted(3).succeeded(0).failed(0));
        run(Honest.class, selectNestedClass(List.of(Honest.class), CartStoreContract.ItemSize.class))
                .assertStatistics(events -> events.succeeded(3).aborted(0).failed(0));
    }

    /** Selects a test by its name, in any nested class of the suite. */
    private static DiscoverySelector theTest(Class<?> suite, String name) {
        Class<?> group = Arrays.stream(CartStoreContract.class.getDeclaredClasses())
                .filter(nested -> Arrays.stream(nested.getDeclaredMethods())
                        .anyMatch(method -> method.getName().equals(name)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no test " + name));
        return selectNestedMethod(List.of(suite), group, name);
    }

    private static Events run(Class<?> suite, DiscoverySelector selector) {
        assertThat(suite).isAssignableTo(CartStoreContract.class);
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selector)
                .execute()
                .testEvents();
    }

    static class Honest extends CartStoreContract {
        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            return new Dishonest(
                    InMemoryCartStore.builder().limits(limits).clock(clock).build());
        }
    }

    static class Boundless extends Honest {
        @Override
        protected boolean limitsItemSize() {
            return false;
        }
    }

    static class WithBug extends CartStoreContract {
        static Bug bug;

        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            return bug.in(InMemoryCartStore.builder()
                    .limits(bug.limits(limits))
                    .clock(bug.clock(clock))
                    .build());
        }
    }

    static class OnDynamoDb extends CartStoreContract {
        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            return WithBug.bug.in(DynamoDbCartStore.builder()
                    .client(LocalDynamoDb.shared().client())
                    .tableName(LocalDynamoDb.shared().createCartTable())
                    .limits(limits)
                    .clock(clock)
                    .build());
        }
    }

    static class Closeable extends CartStoreContract {
        static int opened;
        static int closed;

        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            opened++;
            return new CloseableStore(
                    InMemoryCartStore.builder().limits(limits).clock(clock).build());
        }

        private static final class CloseableStore extends Dishonest implements AutoCloseable {
            CloseableStore(CartStore honest) {
                super(honest);
            }

            @Override
            public void close() {
                closed++;
            }
        }
    }

    /** Forwards every call. Each subclass changes one of them. */
    private static class Dishonest implements CartStore {
        final CartStore honest;

        Dishonest(CartStore honest) {
            this.honest = honest;
        }

        @Override
        public CartStore within(Duration deadline) {
            return honest.within(deadline);
        }

        @Override
        public CompletableFuture<Cart> get(String userId) {
            return honest.get(userId);
        }

        @Override
        public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
            return honest.get(userId, consistency);
        }

        @Override
        public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
            return honest.getAll(userIds);
        }

        @Override
        public CompletableFuture<Cart> apply(CartUpdate update) {
            return honest.apply(update);
        }

        @Override
        public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
            return honest.merge(fromUserId, intoUserId, strategy);
        }

        @Override
        public CompletableFuture<Void> delete(String userId) {
            return honest.delete(userId);
        }

        @Override
        public CompletableFuture<Void> clear(String userId) {
            return honest.clear(userId);
        }

        static final class ApplyingOneByOne extends Dishonest {
            ApplyingOneByOne(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                if (update.changes().size() < 2
                        || update.expectedVersion().isPresent()
                        || update.idempotencyKey().isPresent()) {
                    return honest.apply(update);
                }
                CompletableFuture<Cart> last = honest.get(update.userId());
                for (CartChange change : update.changes()) {
                    last = honest.apply(CartUpdate.of(update.userId()).with(change));
                    if (last.isCompletedExceptionally()) {
                        return last;
                    }
                }
                return last;
            }
        }

        static final class Repeating extends Dishonest {
            Repeating(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                CompletableFuture<Cart> first = honest.apply(update);
                return first.isCompletedExceptionally()
                                || update.expectedVersion().isPresent()
                        ? first
                        : honest.apply(update);
            }
        }

        static final class ReadingAndReplacing extends Dishonest {
            ReadingAndReplacing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> addItem(String userId, CartItem item) {
                Cart cart = honest.get(userId).join();
                LockSupport.parkNanos(100_000);
                int quantity = cart.item(item.bookId()).map(CartItem::quantity).orElse(0);
                return quantity == 0 || quantity + item.quantity() <= 0
                        ? honest.addItem(userId, item)
                        : honest.apply(
                                CartUpdate.of(userId).add(item).setQuantity(item.bookId(), quantity + item.quantity()));
            }
        }

        static final class NotClearing extends Dishonest {
            NotClearing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Void> clear(String userId) {
                return honest.get(userId).thenAccept(cart -> {});
            }
        }

        static final class ClearingByDeleting extends Dishonest {
            ClearingByDeleting(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Void> clear(String userId) {
                return honest.delete(userId);
            }
        }

        static final class IgnoringBounds extends Dishonest {
            IgnoringBounds(CartStore honest) {
                super(honest);
            }

            @Override
            public CartStore within(Duration deadline) {
                return this;
            }
        }

        static final class DeletingByClearing extends Dishonest {
            DeletingByClearing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Void> delete(String userId) {
                return honest.clear(userId);
            }
        }

        static final class DeletingNothing extends Dishonest {
            DeletingNothing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Void> delete(String userId) {
                return honest.get(userId).thenAccept(cart -> {});
            }
        }

        static final class Sorting extends Dishonest {
            Sorting(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> get(String userId) {
                return honest.get(userId).thenApply(Sorting::sorted);
            }

            private static Cart sorted(Cart cart) {
                if (cart.isEmpty()) {
                    return cart;
                }
                List<CartChange> sorted = cart.items().stream()
                        .sorted(Comparator.comparing(CartItem::bookId))
                        .map(CartChange.Add::new)
                        .map(CartChange.class::cast)
                        .toList();
                return Cart.stored(
                        Cart.empty(cart.userId())
                                .apply(CartLimits.defaults(), cart.lastUpdated().orElseThrow(), sorted),
                        cart.version(),
                        cart.lastUpdated().orElseThrow(),
                        cart.expiresAt().orElseThrow());
            }
        }

        static final class Caching extends Dishonest {
            private final Map<String, Cart> cache = new ConcurrentHashMap<>();

            Caching(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> get(String userId) {
                Cart cached = cache.get(userId);
                return cached != null
                        ? CompletableFuture.completedFuture(cached)
                        : honest.get(userId).whenComplete((cart, failure) -> {
                            if (cart != null) {
                                cache.put(userId, cart);
                            }
                        });
            }
        }

        static final class Unversioned extends Dishonest {
            Unversioned(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                return honest.apply(update)
                        .thenApply(cart -> cart.isEmpty()
                                ? cart
                                : Cart.stored(
                                        cart,
                                        CartVersion.parse("any.1.0000000000000"),
                                        cart.lastUpdated().orElseThrow(),
                                        cart.expiresAt().orElseThrow()));
            }
        }

        static final class ConflictingWithNothing extends Dishonest {
            ConflictingWithNothing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                return honest.apply(update).exceptionally(failure -> {
                    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                    if (cause instanceof CartConflictException) {
                        throw CartConflictException.stale(Cart.empty(update.userId()));
                    }
                    throw (RuntimeException) cause;
                });
            }
        }

        static final class TrustingSnapshots extends Dishonest {
            TrustingSnapshots(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                if (update.snapshot().isPresent() && update.changes().size() == 1) {
                    Cart snapshot = update.snapshot().get();
                    if (update.changes().get(0) instanceof CartChange.Remove remove
                            && snapshot.item(remove.bookId()).isEmpty()) {
                        return CompletableFuture.completedFuture(snapshot);
                    }
                }
                return honest.apply(update);
            }
        }

        static final class ThrowingLate extends Dishonest {
            ThrowingLate(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> get(String userId) {
                return CompletableFuture.supplyAsync(() -> honest.get(userId).join());
            }
        }

        static final class LeavingOutAbsentCarts extends Dishonest {
            LeavingOutAbsentCarts(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
                return honest.getAll(userIds).thenApply(found -> {
                    Map<String, Cart> present = new LinkedHashMap<>(found);
                    present.values().removeIf(Cart::isEmpty);
                    return present;
                });
            }
        }

        static final class SortingUsers extends Dishonest {
            SortingUsers(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
                return honest.getAll(userIds).thenApply(TreeMap::new);
            }
        }

        static final class KeepingTheGuestsCart extends Dishonest {
            KeepingTheGuestsCart(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
                Cart guest = honest.get(fromUserId).join();
                Cart merged = honest.merge(fromUserId, intoUserId, strategy).join();
                guest.items().forEach(item -> honest.addItem(fromUserId, item).join());
                return CompletableFuture.completedFuture(merged);
            }
        }

        static final class Summing extends Dishonest {
            Summing(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
                return honest.merge(
                        fromUserId, intoUserId, strategy == MergeStrategy.KEEP_INTO ? strategy : MergeStrategy.SUM);
            }
        }

        static final class MergingLineByLine extends Dishonest {
            MergingLineByLine(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
                if (strategy != MergeStrategy.SUM || fromUserId.equals(intoUserId)) {
                    return honest.merge(fromUserId, intoUserId, strategy);
                }
                for (CartItem line : honest.get(fromUserId).join().items()) {
                    CompletableFuture<Cart> added = honest.addItem(intoUserId, line);
                    if (added.isCompletedExceptionally()) {
                        return added;
                    }
                    honest.removeItem(fromUserId, line.bookId()).join();
                }
                return honest.get(intoUserId);
            }
        }

        static final class Wrapping extends Dishonest {
            Wrapping(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                return honest.apply(update).exceptionally(failure -> {
                    throw new IllegalStateException("the cart could not be changed", failure);
                });
            }
        }

        static final class HidingTheLimit extends Dishonest {
            HidingTheLimit(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                return honest.apply(update).exceptionally(failure -> {
                    throw failure instanceof CartRejectedException rejection
                            ? new CartRejectedException(update.userId(), rejection.reason(), "too much")
                            : (CartStoreException) failure;
                });
            }
        }

        static final class RememberingAHundredKeys extends Dishonest {
            private final Set<String> keys = ConcurrentHashMap.newKeySet();

            RememberingAHundredKeys(CartStore honest) {
                super(honest);
            }

            @Override
            public CompletableFuture<Cart> apply(CartUpdate update) {
                update.idempotencyKey().ifPresent(keys::add);
                return keys.size() <= 100
                        ? honest.apply(update)
                        : CompletableFuture.failedFuture(new CartRejectedException(
                                update.userId(), Reason.KEYS_FULL, "full", "idempotencyKeys", 100));
            }
        }
    }
}
