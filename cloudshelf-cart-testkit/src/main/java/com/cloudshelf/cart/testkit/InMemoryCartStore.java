package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartAccessException;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartOutcomeUnknownException;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartThrottledException;
import com.cloudshelf.cart.CartUnavailableException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.cloudshelf.cart.InvalidStoredCartException;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.ReadConsistency;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link CartStore} that keeps carts in a map: for unit tests that need no server.
 *
 * <p>It passes the same {@link CartStoreContract} as the store on DynamoDB. The rules of carts are shared code, and
 * versions, conflicts, idempotency keys, limits, item sizes and expiry work the same way. Every future that it returns
 * is complete.
 *
 * <pre>{@code
 * InMemoryCartStore carts = InMemoryCartStore.create();
 * carts.failNext(Failure.THROTTLED);          // how does your code react?
 * carts.advanceTime(Duration.ofDays(31));     // and after every cart has expired?
 * }</pre>
 *
 * <p>Calls take no time, so a deadline only matters if it has already passed when the call is made. Eventually
 * consistent reads are never stale, a {@linkplain CartUpdate#basedOn snapshot} saves nothing, and no class of the AWS
 * SDK is loaded. To test network failures, use {@link Faults} with {@link LocalDynamoDb}.
 *
 * <p>Thread-safe.
 */
public final class InMemoryCartStore implements CartStore {

    /** How a call fails: see {@link InMemoryCartStore#failNext InMemoryCartStore.failNext}. */
    public enum Failure {
        /** Any call fails with {@link CartThrottledException}, without an effect. */
        THROTTLED,
        /** Any call fails with {@link CartUnavailableException}, without an effect. */
        UNAVAILABLE,
        /** Any call fails with {@link CartAccessException}, without an effect. */
        ACCESS_DENIED,
        /** Any call except a delete fails with {@link InvalidStoredCartException}, without an effect. */
        INVALID_ITEM,
        /**
         * A change fails with {@link CartConflictException}, without an effect, as after conflicts until its deadline.
         * To test a stale {@link CartUpdate#ifVersion CartUpdate.ifVersion}, use {@link
         * InMemoryCartStore#beforeNextChange InMemoryCartStore.beforeNextChange}.
         */
        CONFLICT,
        /** A change fails with {@link CartOutcomeUnknownException}, without an effect: its request never arrived. */
        LOST_REQUEST,
        /** A change is applied, but fails with {@link CartOutcomeUnknownException}: its response was lost. */
        LOST_RESPONSE;

        private boolean affects(Kind call) {
            return switch (this) {
                case THROTTLED, UNAVAILABLE, ACCESS_DENIED -> true;
                case INVALID_ITEM -> call != Kind.DELETION;
                case CONFLICT -> call == Kind.CHANGE;
                case LOST_REQUEST, LOST_RESPONSE -> call != Kind.READ;
            };
        }

        private CartStoreException on(Cart current, boolean repeatable) {
            String userId = current.userId();
            return switch (this) {
                case THROTTLED -> new CartThrottledException(userId, List.of(), null);
                case UNAVAILABLE -> new CartUnavailableException(userId, "the failure was scripted by a test", null);
                case ACCESS_DENIED -> new CartAccessException(userId, "the failure was scripted by a test", null);
                case INVALID_ITEM -> new InvalidStoredCartException(userId, "cartItems", "a list (L)");
                case CONFLICT -> CartConflictException.contended(current);
                case LOST_REQUEST, LOST_RESPONSE -> new CartOutcomeUnknownException(userId, repeatable, null);
            };
        }
    }

    private enum Kind {
        READ,
        CHANGE,
        DELETION
    }

    private final Carts carts;
    private final Deque<Failure> failures = new ArrayDeque<>();
    private final Deque<Consumer<? super CartStore>> rivals = new ArrayDeque<>();

    private InMemoryCartStore(Builder builder) {
        this.carts = new Carts(builder);
    }

    /** Returns an empty store with the default settings. */
    public static InMemoryCartStore create() {
        return builder().build();
    }

    /** Returns a builder with the same defaults as the store on DynamoDB. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes the next calls fail, in this order, one failure per call. The failures are added after those that are still
     * pending.
     *
     * <p>A failure that does not apply to a call, such as {@code CONFLICT} to a read, waits for the next call to which
     * it applies, and those after it wait as well. Calls that throw because of their arguments, and {@link #getAll
     * getAll} with no IDs, consume no failure.
     */
    public void failNext(Failure... failures) {
        List<Failure> next = List.of(failures);
        synchronized (this.failures) {
            this.failures.addAll(next);
        }
    }

    /**
     * Lets another writer act just before the next change is applied: between the read and the write of your code,
     * whose version then is stale.
     *
     * <pre>{@code
     * carts.beforeNextChange(rival -> rival.addItem("user123", book).join());
     * }</pre>
     *
     * <p>At most one writer acts before each change. If you call this method several times, the writers act before as
     * many changes. Changes that fail without an effect do not count. The store passed to the writer has the same
     * carts, but neither failures nor other writers. If the writer throws, so does the change.
     */
    public void beforeNextChange(Consumer<? super CartStore> rival) {
        requireNonNull(rival, "rival");
        synchronized (rivals) {
            rivals.add(rival);
        }
    }

    /**
     * Advances the time of this store, in addition to its clock, so that a test need not wait for a cart to expire.
     *
     * @throws IllegalArgumentException if the duration is negative
     */
    public void advanceTime(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration must not be negative, but is " + duration);
        }
        carts.advanceTime(duration);
    }

    @Override
    public CompletableFuture<Cart> get(String userId) {
        String first = checked(userId);
        return call(Kind.READ, first, true, () -> carts.get(first));
    }

    @Override
    public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
        requireNonNull(consistency, "consistency");
        return get(userId);
    }

    @Override
    public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
        Set<String> distinct = distinct(userIds);
        if (distinct.isEmpty()) {
            return carts.getAll(distinct);
        }
        return call(Kind.READ, distinct.iterator().next(), true, () -> carts.getAll(distinct));
    }

    @Override
    public CompletableFuture<Cart> apply(CartUpdate update) {
        if (isOver(update)) {
            return overdue(update.userId());
        }
        boolean repeatable = update.idempotencyKey().isPresent();
        return call(Kind.CHANGE, update.userId(), repeatable, () -> carts.apply(update));
    }

    @Override
    public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
        checkMerge(fromUserId, intoUserId, strategy);
        return call(Kind.CHANGE, intoUserId, true, () -> carts.merge(fromUserId, intoUserId, strategy));
    }

    /**
     * Returns this store, because its calls take no time. With a deadline of zero or less, returns a store on which
     * every call fails with {@link CartUnavailableException}; such calls consume neither failures nor other writers.
     */
    @Override
    public CartStore within(Duration deadline) {
        return isOver(deadline) ? new Overdue() : this;
    }

    @Override
    public CompletableFuture<Void> delete(String userId) {
        String checked = checked(userId);
        return call(Kind.DELETION, checked, true, () -> carts.delete(checked));
    }

    @Override
    public CompletableFuture<Void> clear(String userId) {
        String checked = checked(userId);
        return call(Kind.CHANGE, checked, false, () -> carts.clear(checked));
    }

    private <T> CompletableFuture<T> call(
            Kind kind, String userId, boolean repeatable, Supplier<CompletableFuture<T>> call) {
        Failure failure;
        synchronized (failures) {
            Failure next = failures.peek();
            failure = next != null && next.affects(kind) ? failures.remove() : null;
        }
        if (failure != null && failure != Failure.LOST_RESPONSE) {
            return CompletableFuture.failedFuture(failure.on(carts.present(userId), repeatable));
        }
        if (kind == Kind.CHANGE) {
            rivalsTurn();
        }
        CompletableFuture<T> outcome = call.get();
        return failure == null
                ? outcome
                : CompletableFuture.failedFuture(failure.on(carts.present(userId), repeatable));
    }

    private void rivalsTurn() {
        Consumer<? super CartStore> rival;
        synchronized (rivals) {
            rival = rivals.poll();
        }
        if (rival != null) {
            rival.accept(carts);
        }
    }

    private static boolean isOver(CartUpdate update) {
        return requireNonNull(update, "update")
                .deadline()
                .filter(InMemoryCartStore::isOver)
                .isPresent();
    }

    private static boolean isOver(Duration deadline) {
        return requireNonNull(deadline, "deadline").compareTo(Duration.ZERO) <= 0;
    }

    private static <T> CompletableFuture<T> overdue(String userId) {
        return CompletableFuture.failedFuture(new CartUnavailableException(
                userId, "the deadline had already passed when the call was made; nothing was sent", null));
    }

    private static String checked(String userId) {
        return Cart.empty(userId).userId();
    }

    private static String checked(String parameter, String userId) {
        requireNonNull(userId, parameter);
        try {
            return checked(userId);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(requireNonNull(e.getMessage()).replaceFirst("^userId", parameter));
        }
    }

    private static Set<String> distinct(Collection<String> userIds) {
        requireNonNull(userIds, "userIds");
        Set<String> distinct = new LinkedHashSet<>();
        userIds.forEach(userId -> distinct.add(checked(userId)));
        return distinct;
    }

    private static void checkMerge(String fromUserId, String intoUserId, MergeStrategy strategy) {
        if (checked("fromUserId", fromUserId).equals(checked("intoUserId", intoUserId))) {
            throw new IllegalArgumentException(
                    "fromUserId and intoUserId must be different: a cart cannot merge with itself");
        }
        requireNonNull(strategy, "strategy");
    }

    /** A store whose deadline has passed: does nothing. */
    private static final class Overdue implements CartStore {
        @Override
        public CompletableFuture<Cart> get(String userId) {
            return overdue(checked(userId));
        }

        @Override
        public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
            requireNonNull(consistency, "consistency");
            return get(userId);
        }

        @Override
        public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
            Set<String> distinct = distinct(userIds);
            return distinct.isEmpty()
                    ? CompletableFuture.completedFuture(Map.of())
                    : overdue(distinct.iterator().next());
        }

        @Override
        public CompletableFuture<Cart> apply(CartUpdate update) {
            return overdue(requireNonNull(update, "update").userId());
        }

        @Override
        public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
            checkMerge(fromUserId, intoUserId, strategy);
            return overdue(intoUserId);
        }

        @Override
        public CompletableFuture<Void> delete(String userId) {
            return overdue(checked(userId));
        }

        @Override
        public CompletableFuture<Void> clear(String userId) {
            return overdue(checked(userId));
        }

        @Override
        public CartStore within(Duration deadline) {
            requireNonNull(deadline, "deadline");
            return this;
        }
    }

    /** The carts, without failures and other writers. */
    private static final class Carts implements CartStore {
        private static final int MAX_ITEM_BYTES = 400 * 1024;

        /** What an idempotency key adds to an item of DynamoDB. */
        private static final int BYTES_PER_KEY = 29;

        private static final int MAX_KEYS = 1000;
        private static final int MAX_BOOKS_WITHOUT_READ = 20;

        /** After this time without a write, a clear removes the item of a cart, and with it the cart's times. */
        private static final Duration REST = Duration.ofHours(1);

        /** By how much clocks may differ: a key that has expired for no longer may still be live on another machine. */
        private static final Duration CLOCK_SKEW = Duration.ofMinutes(30);

        private static final Instant END_OF_TIME = Instant.parse("+10000-01-01T00:00:00Z");

        private final Clock clock;
        private final CartLimits limits;
        private final Duration timeToLive;
        private final Duration keyRetention;
        private final Map<String, Entry> entries = new HashMap<>();
        // Differs from every other store, so a version never matches by chance.
        private final String incarnation =
                Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE), Character.MAX_RADIX);
        private long writes;
        private Duration advanced = Duration.ZERO;

        Carts(Builder builder) {
            this.clock = builder.clock;
            this.limits = builder.limits;
            this.timeToLive = builder.timeToLive;
            this.keyRetention = builder.keyRetention();
        }

        /** A stored cart, which may have expired, and the keys of the calls that wrote it. */
        private record Entry(Cart cart, Map<String, Key> keys) {}

        private record Key(Instant until, String digest) {}

        synchronized void advanceTime(Duration duration) {
            advanced = advanced.plus(duration);
        }

        /** Returns the time in milliseconds, as a table stores it. */
        private Instant now() {
            return Instant.ofEpochMilli(clock.millis()).plus(advanced).truncatedTo(ChronoUnit.MILLIS);
        }

        private Instant timeOfChange(String userId) {
            Instant now = now();
            if (now.isBefore(Instant.EPOCH) || !now.isBefore(END_OF_TIME)) {
                throw new CartStoreException(
                        userId,
                        "a part of the store failed: the clock, the backoff strategy, or this library, as the cause"
                                + " says; the change had no effect",
                        false,
                        new IllegalArgumentException(
                                "now must be in the years 1970 to 9999; if it comes from a clock, set the clock"));
            }
            return now;
        }

        synchronized Cart present(String userId) {
            Entry entry = entries.get(userId);
            return entry == null || isPast(entry.cart().expiresAt().orElseThrow()) ? Cart.empty(userId) : entry.cart();
        }

        private boolean isPast(Instant time) {
            return !time.isAfter(now());
        }

        @Override
        public CartStore within(Duration deadline) {
            return isOver(deadline) ? new Overdue() : this;
        }

        @Override
        public CompletableFuture<Cart> get(String userId) {
            return CompletableFuture.completedFuture(present(checked(userId)));
        }

        @Override
        public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
            requireNonNull(consistency, "consistency");
            return get(userId);
        }

        @Override
        public synchronized CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
            Map<String, Cart> found = new LinkedHashMap<>();
            distinct(userIds).forEach(userId -> found.put(userId, present(userId)));
            return CompletableFuture.completedFuture(Collections.unmodifiableMap(found));
        }

        @Override
        public CompletableFuture<Cart> apply(CartUpdate update) {
            if (isOver(update)) {
                return overdue(update.userId());
            }
            try {
                return CompletableFuture.completedFuture(changed(update));
            } catch (CartStoreException e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @Override
        public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
            checkMerge(fromUserId, intoUserId, strategy);
            try {
                return CompletableFuture.completedFuture(merged(fromUserId, intoUserId, strategy));
            } catch (CartStoreException e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @Override
        public synchronized CompletableFuture<Void> delete(String userId) {
            entries.remove(checked(userId));
            return done();
        }

        @Override
        public CompletableFuture<Void> clear(String userId) {
            try {
                changed(CartUpdate.of(userId).clear());
                return done();
            } catch (CartStoreException e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @SuppressWarnings("NullAway") // a future of Void completes with null
        private static CompletableFuture<Void> done() {
            return CompletableFuture.completedFuture(null);
        }

        private synchronized Cart changed(CartUpdate update) {
            String userId = update.userId();
            Cart cart = present(userId);
            Map<String, Key> keys = liveKeys(userId);
            String key = update.idempotencyKey().orElse(null);
            Key used = key == null ? null : keys.get(key);
            if (used != null) {
                if (used.digest().equals(update.digest())) {
                    return cart;
                }
                throw new CartRejectedException(
                        userId,
                        Reason.KEY_REUSED,
                        "the idempotency key was used for other changes; a repeated call must carry the changes of the"
                                + " first one, for instance the lines of the order rather than those of the current"
                                + " cart");
            }
            CartVersion version = cart.version();
            if (!update.expectedVersion().orElse(version).equals(version)) {
                throw CartConflictException.stale(cart);
            }
            Instant now = timeOfChange(userId);
            Cart outcome = cart.apply(limits, now, update.changes());
            boolean changed = !outcome.equals(cart);
            if (isPlainClear(update)
                    && hasRested(userId, now)
                    && (changed || update.snapshot().isEmpty())) {
                entries.remove(userId);
                return Cart.empty(userId);
            }
            if (key != null) {
                if (keys.size() >= MAX_KEYS && !addsNewBooksOnly(update, cart)) {
                    throw new CartRejectedException(
                            userId,
                            Reason.KEYS_FULL,
                            "the cart remembers " + MAX_KEYS
                                    + " idempotency keys (idempotencyKeys); there is room again when"
                                    + " the retention of one has ended",
                            "idempotencyKeys",
                            MAX_KEYS);
                }
                keys.put(key, new Key(now.plus(keyRetention), update.digest()));
            } else if (!changed) {
                return cart;
            }
            checkSize(cart, outcome, keys);
            return write(outcome, keys, now);
        }

        private synchronized Cart merged(String fromUserId, String intoUserId, MergeStrategy strategy) {
            Cart from = present(fromUserId);
            Cart into = present(intoUserId);
            if (from.isEmpty() && from.attributes().isEmpty()) {
                return into;
            }
            Instant now = timeOfChange(intoUserId);
            Cart outcome = into.merge(from, strategy, limits, now);
            Map<String, Key> keys = liveKeys(intoUserId);
            checkSize(into, outcome, keys);
            if (hasRested(fromUserId, now)) {
                entries.remove(fromUserId);
            } else {
                write(Cart.empty(fromUserId), liveKeys(fromUserId), now);
            }
            return write(outcome, keys, now);
        }

        /** Whether DynamoDB would take the update without a read of the cart, and so without a count of its keys. */
        private static boolean addsNewBooksOnly(CartUpdate update, Cart cart) {
            Set<String> added = new HashSet<>();
            return update.changes().stream()
                            .allMatch(change -> change instanceof CartChange.Add add
                                    && cart.item(add.item().bookId()).isEmpty()
                                    && added.add(add.item().bookId()))
                    && !added.isEmpty()
                    && added.size() <= MAX_BOOKS_WITHOUT_READ
                    && update.snapshot().isEmpty()
                    && update.expectedVersion().isEmpty();
        }

        private static boolean isPlainClear(CartUpdate update) {
            return update.changes().equals(List.of(new CartChange.Clear()))
                    && update.idempotencyKey().isEmpty()
                    && update.expectedVersion().isEmpty();
        }

        private boolean hasRested(String userId, Instant now) {
            Entry entry = entries.get(userId);
            return entry != null
                    && entry.cart().lastUpdated().orElseThrow().isBefore(now.minus(REST))
                    && entry.keys().values().stream()
                            .noneMatch(key -> key.until().isAfter(now.minus(CLOCK_SKEW)));
        }

        private Cart write(Cart content, Map<String, Key> keys, Instant now) {
            writes++;
            CartVersion version = CartVersion.parse(
                    incarnation + "." + Long.toString(writes, Character.MAX_RADIX) + "." + "0".repeat(13));
            // A table keeps the time of expiry in whole seconds, and no key ends after it.
            Instant expiresAt = now.plus(timeToLive).truncatedTo(ChronoUnit.SECONDS);
            for (Key key : keys.values()) {
                Instant whole = key.until().truncatedTo(ChronoUnit.SECONDS);
                Instant end = whole.equals(key.until()) ? whole : whole.plusSeconds(1);
                expiresAt = end.isAfter(expiresAt) ? end : expiresAt;
            }
            Cart cart = Cart.stored(content, version, now, expiresAt);
            entries.put(cart.userId(), new Entry(cart, keys));
            return cart;
        }

        private Map<String, Key> liveKeys(String userId) {
            Entry entry = entries.get(userId);
            Map<String, Key> keys = entry == null ? new HashMap<>() : new HashMap<>(entry.keys());
            keys.values().removeIf(key -> isPast(key.until()));
            return keys;
        }

        private static void checkSize(Cart before, Cart after, Map<String, Key> keys) {
            int bytes = after.itemBytes();
            if (bytes + keys.size() * BYTES_PER_KEY > MAX_ITEM_BYTES && bytes > before.itemBytes()) {
                throw new CartRejectedException(
                        after.userId(),
                        Reason.TOO_LARGE,
                        "the cart would exceed DynamoDB's 400 KB for an item (itemBytes)",
                        "itemBytes",
                        MAX_ITEM_BYTES);
            }
        }
    }

    /** The settings of a store. Not thread-safe. The store takes a copy. */
    public static final class Builder {
        private static final Duration MIN_TIME_TO_LIVE = Duration.ofHours(2);
        private static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(3650);
        private static final Duration DEFAULT_RETENTION = Duration.ofHours(24);

        private Clock clock = Clock.systemUTC();
        private CartLimits limits = CartLimits.defaults();
        private Duration timeToLive = Duration.ofDays(30);
        private @Nullable Duration idempotencyRetention;

        private Builder() {}

        /**
         * The clock for the times stored in carts: last change, expiry, key retention. Default: the system clock in
         * UTC.
         */
        public Builder clock(Clock clock) {
            this.clock = requireNonNull(clock, "clock");
            return this;
        }

        /** How large a cart may grow. Default: {@link CartLimits#defaults()}. */
        public Builder limits(CartLimits limits) {
            this.limits = requireNonNull(limits, "limits");
            return this;
        }

        /**
         * How long a cart lives after its last change. Default: 30 days.
         *
         * @throws IllegalArgumentException if it is below 2 hours or above 10 years, as for the store on DynamoDB
         */
        public Builder timeToLive(Duration timeToLive) {
            requireNonNull(timeToLive, "timeToLive");
            if (timeToLive.compareTo(MIN_TIME_TO_LIVE) < 0 || timeToLive.compareTo(MAX_TIME_TO_LIVE) > 0) {
                throw new IllegalArgumentException("timeToLive must be between " + MIN_TIME_TO_LIVE + " and "
                        + MAX_TIME_TO_LIVE + ", but is " + timeToLive);
            }
            this.timeToLive = timeToLive;
            return this;
        }

        /**
         * How long a cart remembers an idempotency key. Default: 24 hours, or the time to live if that is shorter.
         *
         * @throws IllegalArgumentException if it is not positive; {@link #build build} also refuses a retention above
         *     the time to live
         */
        public Builder idempotencyRetention(Duration idempotencyRetention) {
            requireNonNull(idempotencyRetention, "idempotencyRetention");
            if (idempotencyRetention.isZero() || idempotencyRetention.isNegative()) {
                throw new IllegalArgumentException(
                        "idempotencyRetention must be positive, but is " + idempotencyRetention);
            }
            this.idempotencyRetention = idempotencyRetention;
            return this;
        }

        private Duration keyRetention() {
            Duration retention = idempotencyRetention;
            if (retention == null) {
                return timeToLive.compareTo(DEFAULT_RETENTION) < 0 ? timeToLive : DEFAULT_RETENTION;
            }
            if (retention.compareTo(timeToLive) > 0) {
                throw new IllegalArgumentException("idempotencyRetention must be at most timeToLive (" + timeToLive
                        + "), because a key expires with its cart, but is " + retention);
            }
            return retention;
        }

        /**
         * Returns an empty store.
         *
         * @throws IllegalArgumentException if the idempotency retention is above the time to live
         */
        public InMemoryCartStore build() {
            return new InMemoryCartStore(this);
        }
    }
}
