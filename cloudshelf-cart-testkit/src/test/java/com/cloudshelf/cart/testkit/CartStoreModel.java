package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.testkit.CartStoreContract.StillClock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * A model of two users' carts, built on the pure rules of {@link Cart}. After every step, it compares the call's result
 * and a subsequent read with the store.
 */
final class CartStoreModel {
    static final CartLimits LIMITS = CartLimits.of(6, 10_000);
    private static final Duration TIME_TO_LIVE = Duration.ofDays(30);
    private static final Duration RETENTION = Duration.ofHours(24);

    /** The cart that a version or a snapshot is taken from. */
    enum Seen {
        NONE,
        LATEST,
        EARLIER
    }

    sealed interface Step {}

    record Update(int user, List<CartChange> changes, Seen version, Seen snapshot, String key) implements Step {}

    record Merge(int from, MergeStrategy strategy) implements Step {}

    record Clear(int user) implements Step {}

    record Delete(int user) implements Step {}

    record Wait(Duration duration) implements Step {}

    static Arbitrary<List<Step>> steps() {
        Arbitrary<Integer> users = Arbitraries.of(0, 0, 0, 1);
        Arbitrary<Seen> seen =
                Arbitraries.frequency(Tuple.of(6, Seen.NONE), Tuple.of(2, Seen.LATEST), Tuple.of(1, Seen.EARLIER));
        Arbitrary<List<CartChange>> changes = Arbitraries.frequencyOf(
                Tuple.of(9, withoutClear()), Tuple.of(1, Arbitraries.just(List.of(new CartChange.Clear()))));
        Arbitrary<Step> updates = Combinators.combine(
                        users, changes, seen, seen, Arbitraries.of("a", "b").injectNull(0.7))
                .as(Update::new);
        Arbitrary<Step> merges = Combinators.combine(users, Arbitraries.of(MergeStrategy.class))
                .as((into, strategy) -> new Merge(1 - into, strategy));
        Arbitrary<Step> waits = Arbitraries.of(
                        Duration.ofMillis(1), Duration.ofSeconds(1), Duration.ofHours(3), RETENTION, TIME_TO_LIVE)
                .map(Wait::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(15, updates),
                        Tuple.of(3, merges),
                        Tuple.of(1, users.map(Clear::new)),
                        Tuple.of(1, users.map(Delete::new)),
                        Tuple.of(2, waits))
                .list()
                .ofMinSize(1)
                .ofMaxSize(12);
    }

    private static Arbitrary<List<CartChange>> withoutClear() {
        return CartArbitraries.changes()
                .filter(change -> !(change instanceof CartChange.Clear))
                .list()
                .ofMaxSize(4);
    }

    private record Key(Instant until, List<CartChange> changes) {}

    private static final class UserModel {
        final String userId;
        final List<Cart> seen = new ArrayList<>();
        final Map<String, Key> keys = new HashMap<>();
        Cart cart;
        Instant expiresAt = Instant.MAX;

        UserModel(String userId) {
            this.userId = userId;
            this.cart = Cart.empty(userId);
            seen.add(cart);
        }

        Cart latest() {
            return seen.get(seen.size() - 1);
        }

        Cart earlier() {
            return seen.get(seen.size() / 2);
        }

        void become(Cart outcome, Instant now) {
            cart = outcome;
            expiresAt = now.plus(TIME_TO_LIVE).truncatedTo(ChronoUnit.SECONDS);
        }
    }

    private final CartStore store;
    private final StillClock clock;
    private final Consumer<String> lookBeneath;
    private final List<UserModel> users;

    /**
     * @param lookBeneath asserts anything else that can be known about a user's stored cart
     */
    CartStoreModel(CartStore store, StillClock clock, Consumer<String> lookBeneath) {
        this.store = store;
        this.clock = clock;
        this.lookBeneath = lookBeneath;
        String run = UUID.randomUUID().toString();
        this.users = List.of(new UserModel("first-" + run), new UserModel("second-" + run));
    }

    void check(List<Step> steps) {
        for (Step step : steps) {
            take(step).forEach(this::lookAt);
        }
        users.forEach(this::lookAt);
    }

    private void lookAt(UserModel user) {
        Cart read = store.get(user.userId).join();
        assertThat(read).isEqualTo(user.cart);
        CartInvariants.assertHold(read);
        lookBeneath.accept(user.userId);
        user.seen.add(read);
    }

    /** Takes a step in the store and in the model, and returns the users whose carts it may have changed. */
    private List<UserModel> take(Step step) {
        if (step instanceof Wait wait) {
            clock.advance(wait.duration());
        }
        Instant now = clock.instant();
        for (UserModel user : users) {
            user.keys.values().removeIf(key -> !key.until().isAfter(now));
            if (!user.expiresAt.isAfter(now)) {
                user.cart = Cart.empty(user.userId);
            }
        }
        if (step instanceof Update update) {
            UserModel user = users.get(update.user());
            CartUpdate call = call(update, user);
            compare(store.apply(call), user, () -> expect(call, user, now));
            return List.of(user);
        } else if (step instanceof Merge merge) {
            UserModel from = users.get(merge.from());
            UserModel into = users.get(1 - merge.from());
            compare(store.merge(from.userId, into.userId, merge.strategy()), into, () -> {
                if (!isBare(from.cart)) {
                    into.become(into.cart.merge(from.cart, merge.strategy(), LIMITS, now), now);
                    from.become(Cart.empty(from.userId), now);
                }
            });
        } else if (step instanceof Clear clear) {
            UserModel user = users.get(clear.user());
            store.clear(user.userId).join();
            user.become(Cart.empty(user.userId), now);
            return List.of(user);
        } else if (step instanceof Delete delete) {
            UserModel user = users.get(delete.user());
            store.delete(user.userId).join();
            user.become(Cart.empty(user.userId), now);
            user.keys.clear();
            return List.of(user);
        }
        return users;
    }

    private static CartUpdate call(Update update, UserModel user) {
        CartUpdate call = CartUpdate.of(user.userId);
        for (CartChange change : update.changes()) {
            call = call.with(change);
        }
        if (update.version() != Seen.NONE) {
            call = call.ifVersion((update.version() == Seen.LATEST ? user.latest() : user.earlier()).version());
        }
        if (update.snapshot() != Seen.NONE) {
            call = call.basedOn(update.snapshot() == Seen.LATEST ? user.latest() : user.earlier());
        }
        return update.key() == null ? call : call.idempotencyKey(update.key());
    }

    private static void expect(CartUpdate call, UserModel user, Instant now) {
        String name = call.idempotencyKey().orElse(null);
        Key key = user.keys.get(name);
        if (key != null) {
            if (!key.changes().equals(withoutTimes(call.changes()))) {
                throw new CartRejectedException(user.userId, CartRejectedException.Reason.KEY_REUSED, "");
            }
            return;
        }
        CartVersion version = isBare(user.cart)
                ? Cart.empty(user.userId).version()
                : user.latest().version();
        if (!call.expectedVersion().orElse(version).equals(version)) {
            throw CartConflictException.stale(user.cart);
        }
        Cart outcome = user.cart.apply(LIMITS, now, call.changes());
        if (name != null) {
            user.keys.put(name, new Key(now.plus(RETENTION), withoutTimes(call.changes())));
        }
        if (name != null || !outcome.equals(user.cart)) {
            user.become(outcome, now);
        }
    }

    private static List<CartChange> withoutTimes(List<CartChange> changes) {
        return changes.stream().map(CartStoreModel::withoutTime).toList();
    }

    private static CartChange withoutTime(CartChange change) {
        if (change instanceof CartChange.Add add) {
            return new CartChange.Add(add.item().withAddedAt(Instant.EPOCH));
        }
        return change;
    }

    /** Returns whether a cart has no content, as if it did not exist. */
    private static boolean isBare(Cart cart) {
        return cart.isEmpty() && cart.attributes().isEmpty();
    }

    /** Compares the outcome of a call with the model's: a cart, or a failure. */
    private static void compare(CompletableFuture<Cart> call, UserModel user, Runnable expectation) {
        CartStoreException expected = null;
        try {
            expectation.run();
        } catch (CartStoreException e) {
            expected = e;
        }
        Cart cart = null;
        Throwable failure = null;
        try {
            cart = call.join();
        } catch (CompletionException e) {
            failure = e.getCause();
        }
        assertThat(describe(failure)).isEqualTo(describe(expected));
        if (cart != null) {
            assertThat(cart).isEqualTo(user.cart);
            CartInvariants.assertHold(cart);
        }
    }

    /** Returns values, not a text of them: attributes have no order. */
    private static List<Object> describe(Throwable failure) {
        if (failure instanceof CartRejectedException rejection) {
            return List.of(rejection.reason());
        }
        if (failure instanceof CartConflictException conflict) {
            return List.of(
                    "conflict", conflict.current().items(), conflict.current().attributes());
        }
        return List.of(String.valueOf(failure));
    }

    /**
     * Lets several callers change one user's cart concurrently, and asserts what holds for every order of their
     * changes: a version identifies one cart, and the final cart is one that a call returned.
     */
    static void checkConcurrently(CartStore store, String userId, List<List<CartUpdate>> schedule) {
        store.delete(userId).join();
        Queue<Cart> seen = new ConcurrentLinkedQueue<>();
        seen.add(Cart.empty(userId));
        schedule.stream()
                .map(updates -> CompletableFuture.runAsync(() -> updates.forEach(update -> make(store, update, seen))))
                .toList()
                .forEach(CompletableFuture::join);
        Cart last = store.get(userId).join();
        assertThat(seen).contains(last);
        seen.add(last);
        Map<CartVersion, Cart> versions = new HashMap<>();
        for (Cart cart : seen) {
            CartInvariants.assertHold(cart);
            assertThat(versions.computeIfAbsent(cart.version(), version -> cart))
                    .isEqualTo(cart);
        }
    }

    private static void make(CartStore store, CartUpdate update, Queue<Cart> seen) {
        try {
            seen.add(store.apply(update).join());
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(CartRejectedException.class);
        }
    }
}
