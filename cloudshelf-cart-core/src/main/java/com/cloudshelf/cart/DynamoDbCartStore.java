package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/**
 * A {@link CartStore} on a DynamoDB table.
 *
 * <pre>{@code
 * try (DynamoDbCartStore carts = DynamoDbCartStore.create()) {
 *     Cart cart = carts.addItem("user123", CartItem.of("book001", "Emma", "Jane Austen", new BigDecimal("9.50"), 1)).join();
 * }
 * }</pre>
 *
 * <p>Create one store per table and keep it, because it holds connections. The store is thread-safe and never blocks a
 * thread itself. The first request of a call is usually sent on the calling thread, where the SDK waits for credentials if
 * their provider has none cached. Futures complete on {@link Builder#executor Builder.executor}, by default an elastic
 * pool of daemon threads. Your continuations may block there without delaying other calls.
 *
 * <p><b>Turns.</b> Changes to one cart through one store take turns and pass the cart on. They do not conflict with
 * each other, and each one after the first usually costs one request. Waiting counts against the deadline, so a change
 * that hangs delays those behind it until it ends. Changes to different carts do not wait for each other, except that
 * at most {@link Builder#maxConcurrency Builder.maxConcurrency} requests are in flight at a time.
 *
 * <p><b>Retries.</b> The store retries by itself, whatever the SDK's retry mode: it has the client send each request
 * once. Throttling and network failures are retried with exponential backoff and full jitter until the deadline. The
 * first conflict is retried at once from the item that the refusal returns; later conflicts are retried after a backoff
 * delay. A call sends at most 40 requests; {@link #getAll getAll} sends at most 40 per 100 IDs.
 */
public final class DynamoDbCartStore implements CartStore, AutoCloseable {
    private static final Duration MIN_TIME_TO_LIVE = Duration.ofMillis(2 * Memory.REST_MILLIS);
    private static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(3650);
    private static final Duration DEFAULT_RETENTION = Duration.ofHours(24);

    private static final Duration CLOSING_TIME = Duration.ofSeconds(1);

    private final Engine engine;
    private final DynamoDbAsyncClient client;
    private final boolean ownsClient;
    private final ReadConsistency consistency;
    private final Duration operationTimeout;
    private final Duration keyRetention;
    private final Write.Terms terms;
    private final String table;

    private DynamoDbCartStore(Builder builder) {
        Duration retention = builder.idempotencyRetention;
        if (retention == null) {
            retention = builder.timeToLive.compareTo(DEFAULT_RETENTION) < 0 ? builder.timeToLive : DEFAULT_RETENTION;
        }
        if (retention.compareTo(builder.timeToLive) > 0) {
            throw new IllegalArgumentException("idempotencyRetention must be at most timeToLive (" + builder.timeToLive
                    + "), because a key expires with its cart, but is " + retention);
        }
        Consumer<DynamoDbAsyncClientBuilder> configuration = builder.configuration;
        if (builder.client != null && configuration != null) {
            throw new IllegalStateException(
                    "configureClient applies to the client that the store creates; configure the one given to client(..) yourself");
        }
        this.ownsClient = builder.client == null;
        MarkedCredentials.Watch watch = new MarkedCredentials.Watch();
        this.client = builder.client == null
                ? Clients.newClient(builder.maxConcurrency, watch, configuration)
                : builder.client;
        this.table = builder.tableName;
        LongSupplier wallMillis = builder.wallMillis == null ? System::currentTimeMillis : builder.wallMillis;
        this.engine = new Engine(
                new Wire(client, table, Clients.requestConfigurations(client, ownsClient), watch),
                new Engine.Settings(
                        builder.clock,
                        wallMillis,
                        new IdClock(wallMillis, builder.wallMillis == null ? IdClock.FURTHEST : Duration.ZERO),
                        builder.backoff,
                        builder.metrics,
                        builder.maxConcurrency,
                        builder.maxPending,
                        builder.hedging,
                        builder.hedgeDelayMillis,
                        builder.executor,
                        builder.taskDecorator));
        this.consistency = builder.consistency;
        this.operationTimeout = builder.operationTimeout;
        this.keyRetention = retention;
        this.terms = new Write.Terms(builder.timeToLive, builder.limits, builder.ringSize);
    }

    /**
     * Returns a store on the table {@code cloudshelf-shopping-cart} with its own client. Region, credentials and
     * endpoint come from the SDK's default chains (environment, profile, role).
     *
     * @throws IllegalStateException if no region is configured
     */
    public static DynamoDbCartStore create() {
        return builder().build();
    }

    /** Returns a builder. Every setting has a default. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public CompletableFuture<Cart> get(String userId) {
        return get(userId, consistency);
    }

    @Override
    public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
        return get(userId, consistency, operationTimeout);
    }

    private CompletableFuture<Cart> get(String userId, ReadConsistency consistency, Duration timeout) {
        boolean strong = requireNonNull(consistency, "consistency") == ReadConsistency.STRONG;
        return start(new GetProtocol(Checks.id("userId", userId), strong, table), timeout, false);
    }

    @Override
    public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
        return getAll(userIds, operationTimeout);
    }

    /** Reads the carts of any number of users, a hundred a request, side by side; the first failure ends them all. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stages let nothing escape
    private CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds, Duration timeout) {
        requireNonNull(userIds, "userIds");
        Set<String> distinct = new LinkedHashSet<>();
        userIds.forEach(userId -> distinct.add(Checks.id("userId", userId)));
        List<String> ids = List.copyOf(distinct);
        engine.checkOpen(); // also if there is nothing to read
        boolean strong = consistency == ReadConsistency.STRONG;
        CompletableFuture<Map<String, Cart>> all = new CompletableFuture<>();
        List<CompletableFuture<Map<String, Cart>>> parts = new ArrayList<>();
        for (int from = 0; from < ids.size() && !all.isDone(); from += GetAllProtocol.MAX_KEYS) {
            List<String> keys = ids.subList(from, Math.min(from + GetAllProtocol.MAX_KEYS, ids.size()));
            Call<?, ?, Map<String, Cart>> call = new Call<>(
                    engine, new GetAllProtocol(keys, strong, table), timeout, false, all, Function.identity());
            // The SDK may wait for credentials while it sends. The caller waits for one request at most, as in any
            // call.
            CompletableFuture<Map<String, Cart>> part = from == 0 ? call.start() : call.startElsewhere();
            part.whenComplete((carts, failure) -> {
                if (failure != null) {
                    all.completeExceptionally(failure);
                }
            });
            parts.add(part);
        }
        all.whenComplete((carts, failure) -> parts.forEach(part -> part.cancel(true)));
        CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenRun(() -> {
            Map<String, Cart> found = new HashMap<>();
            parts.forEach(part -> found.putAll(part.join()));
            Map<String, Cart> inOrder = new LinkedHashMap<>();
            ids.forEach(userId -> inOrder.put(userId, found.getOrDefault(userId, Cart.empty(userId))));
            all.complete(Collections.unmodifiableMap(inOrder));
        });
        return all;
    }

    @Override
    public CompletableFuture<Cart> apply(CartUpdate update) {
        return apply(update, operationTimeout, Function.identity());
    }

    @Override
    public CompletableFuture<Void> clear(String userId) {
        return clear(userId, operationTimeout);
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null
    private CompletableFuture<Void> clear(String userId, Duration timeout) {
        return apply(CartUpdate.of(userId).clear(), timeout, cart -> null);
    }

    private <T> CompletableFuture<T> apply(CartUpdate update, Duration timeout, Function<Cart, T> finish) {
        requireNonNull(update, "update");
        boolean mayHaveRested = update.isClear() && engine.mayHaveRested(update.userId());
        UpdateProtocol protocol = new UpdateProtocol(update, terms, keyRetention, table, mayHaveRested);
        Duration bound = update.deadline().orElse(timeout);
        return new Call<>(engine, protocol, shorter(bound, Deadline.LONGEST), true, null, finish).start();
    }

    @Override
    public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
        return merge(fromUserId, intoUserId, strategy, operationTimeout);
    }

    private CompletableFuture<Cart> merge(
            String fromUserId, String intoUserId, MergeStrategy strategy, Duration timeout) {
        Checks.id("fromUserId", fromUserId);
        Checks.id("intoUserId", intoUserId);
        if (fromUserId.equals(intoUserId)) {
            throw new IllegalArgumentException(
                    "fromUserId and intoUserId must be different: a cart cannot merge with itself");
        }
        requireNonNull(strategy, "strategy");
        return start(new MergeProtocol(fromUserId, intoUserId, strategy, terms, table), timeout, false);
    }

    @Override
    public CompletableFuture<Void> delete(String userId) {
        return delete(userId, operationTimeout);
    }

    private CompletableFuture<Void> delete(String userId, Duration timeout) {
        return start(new EraseProtocol(Checks.id("userId", userId), table), timeout, false);
    }

    private <E, V> CompletableFuture<V> start(Protocol<E, V> protocol, Duration timeout, boolean takesTurns) {
        return new Call<>(engine, protocol, timeout, takesTurns, null, Function.<V>identity()).start();
    }

    @Override
    public CartStore within(Duration deadline) {
        return new Within(this, shorter(requireNonNull(deadline, "deadline"), Deadline.LONGEST));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** This store with another bound on every call. */
    private record Within(DynamoDbCartStore store, Duration deadline) implements CartStore {
        @Override
        public CompletableFuture<Cart> get(String userId) {
            return store.get(userId, store.consistency, deadline);
        }

        @Override
        public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
            return store.get(userId, consistency, deadline);
        }

        @Override
        public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
            return store.getAll(userIds, deadline);
        }

        @Override
        public CompletableFuture<Cart> apply(CartUpdate update) {
            Duration bound = shorter(requireNonNull(update, "update").deadline().orElse(deadline), deadline);
            return store.apply(update.within(bound), bound, Function.identity());
        }

        @Override
        public CompletableFuture<Void> clear(String userId) {
            return store.clear(userId, deadline);
        }

        @Override
        public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
            return store.merge(fromUserId, intoUserId, strategy, deadline);
        }

        @Override
        public CompletableFuture<Void> delete(String userId) {
            return store.delete(userId, deadline);
        }

        @Override
        public CartStore within(Duration deadline) {
            return store.within(shorter(requireNonNull(deadline, "deadline"), this.deadline));
        }
    }

    /**
     * Loads and runs the code that the first calls need, before a snapshot of the process is taken (Lambda SnapStart,
     * CRaC). Calls after the snapshot then start fast. Sends nothing to the table: the calls run against a stub. The
     * AWS SDK's own warm-up makes one network call.
     *
     * <p>Blocks for about a second; call it while the function initializes. Calling it again does no harm.
     */
    public void prime() {
        Priming.withStub(stub -> {
            try (DynamoDbCartStore carts = builder().client(stub).build()) {
                Priming.run(carts);
            }
        });
    }

    /**
     * Ends every running call, and closes the client if the store created it. A call with a write in flight fails with
     * {@link CartOutcomeUnknownException}, other calls with {@link CartUnavailableException}. Later calls throw {@link
     * IllegalStateException}. Waits up to one second for all futures to complete; the AWS SDK then takes about two more to
     * close a client that the store created.
     */
    @Override
    public void close() {
        engine.close(CLOSING_TIME);
        if (ownsClient) {
            client.close();
        }
    }

    /**
     * Lets running calls finish, for at most the given time, and then closes the store: for the shutdown of a service
     * that no longer accepts requests. New calls throw {@link IllegalStateException}.
     *
     * <p>If the waiting thread is interrupted, the store is closed at once and the thread's interrupt flag stays set.
     *
     * @param drain how long running calls may take; those that are still running then end as with {@link #close()}
     * @return whether all calls finished by themselves
     * @throws IllegalArgumentException if the duration is negative
     */
    public boolean close(Duration drain) {
        requireNonNull(drain, "drain");
        if (drain.isNegative()) {
            throw new IllegalArgumentException("drain must not be negative, but is " + drain);
        }
        boolean drained = false;
        try {
            drained = engine.drain(drain);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
        return drained;
    }

    /** Returns the number of calls, places, turns and timer entries in use: for tests. */
    int inUse() {
        return engine.inUse();
    }

    /** The settings of a store. Not thread-safe. The store takes a copy. */
    public static final class Builder {
        private @Nullable DynamoDbAsyncClient client;
        private String tableName = "cloudshelf-shopping-cart";
        private Duration timeToLive = Duration.ofDays(30);
        private ReadConsistency consistency = ReadConsistency.STRONG;
        private Duration operationTimeout = Duration.ofSeconds(5);
        private BackoffStrategy backoff = Engine.defaultBackoff();
        private CartLimits limits = CartLimits.defaults();
        private @Nullable Duration idempotencyRetention;
        private @Nullable MetricPublisher metrics;
        private Clock clock = Clock.systemUTC();
        private @Nullable LongSupplier wallMillis;
        private int ringSize = 64;
        private int maxConcurrency = 500;
        private int maxPending = 50_000;
        private double hedging = 0.02;
        private long hedgeDelayMillis = -1;
        private @Nullable Executor executor;
        private UnaryOperator<Runnable> taskDecorator = UnaryOperator.identity();
        private @Nullable Consumer<DynamoDbAsyncClientBuilder> configuration;

        private Builder() {}

        /**
         * The client to use. The store does not close it. The store has the client send each request once, whatever its
         * retry mode. If its retries are on, that takes a plugin per request, which costs CPU: switch retries off in a
         * client that only this store uses, or let the store create the client ({@link #configureClient
         * configureClient}). Default: a client that the store creates from the SDK's default chains, and closes.
         */
        public Builder client(DynamoDbAsyncClient client) {
            this.client = requireNonNull(client, "client");
            return this;
        }

        /**
         * The name or ARN of the table. Default: {@code cloudshelf-shopping-cart}.
         *
         * @throws IllegalArgumentException if it is blank
         */
        public Builder tableName(String tableName) {
            this.tableName = Checks.id("tableName", tableName);
            return this;
        }

        /**
         * How long a cart lives after its last change. After that it reads as empty, and DynamoDB deletes the item
         * within days. Default: 30 days.
         *
         * @throws IllegalArgumentException if it is above 10 years or below 2 hours, which is how long a cart must
         *     remember its writes
         */
        public Builder timeToLive(Duration timeToLive) {
            this.timeToLive = Checks.between("timeToLive", MIN_TIME_TO_LIVE, MAX_TIME_TO_LIVE, timeToLive);
            return this;
        }

        /** The consistency of reads that do not specify one. Default: {@link ReadConsistency#STRONG}. */
        public Builder readConsistency(ReadConsistency consistency) {
            this.consistency = requireNonNull(consistency, "readConsistency");
            return this;
        }

        /**
         * How long a call may take, including retries and backoff. Default: 5 seconds.
         *
         * @throws IllegalArgumentException if it is below 1 millisecond or above 60 seconds
         */
        public Builder operationTimeout(Duration operationTimeout) {
            this.operationTimeout =
                    Checks.between("operationTimeout", Duration.ofMillis(1), Deadline.LONGEST, operationTimeout);
            return this;
        }

        /**
         * The delay before the second and each later attempt after throttling, network failures and repeated conflicts.
         * Default: exponential from 50 milliseconds to 2 seconds, with full jitter.
         */
        public Builder backoff(BackoffStrategy backoff) {
            this.backoff = requireNonNull(backoff, "backoff");
            return this;
        }

        /** How large a cart may grow. Default: {@link CartLimits#defaults()}. */
        public Builder limits(CartLimits limits) {
            this.limits = requireNonNull(limits, "limits");
            return this;
        }

        /**
         * How long a cart remembers an idempotency key. Default: 24 hours, or the time to live if that is shorter.
         *
         * @throws IllegalArgumentException if it is not positive; {@link #build build} also refuses a retention above
         *     the time to live
         */
        public Builder idempotencyRetention(Duration idempotencyRetention) {
            this.idempotencyRetention = Checks.positive("idempotencyRetention", idempotencyRetention);
            return this;
        }

        /**
         * Receives the metrics of each call: its duration, and the counters named in {@link CartMetrics}. The publisher
         * must not block: it runs on the thread on which a call ends, which is yours if you cancel the future or the
         * call ends at once. The first exception from it is logged. The store does not close it. Default: none.
         */
        public Builder metricPublisher(MetricPublisher metricPublisher) {
            this.metrics = requireNonNull(metricPublisher, "metricPublisher");
            return this;
        }

        /**
         * The clock for the times stored in carts: last change, expiry, key retention. Default: the system clock in
         * UTC.
         */
        public Builder clock(Clock clock) {
            this.clock = requireNonNull(clock, "clock");
            return this;
        }

        /** The wall clock for deadlines and write IDs: a seam for tests. */
        Builder wallMillis(LongSupplier wallMillis) {
            this.wallMillis = wallMillis;
            return this;
        }

        /**
         * How many requests may be in flight at a time. Further calls wait for a place, at most until their deadline. A
         * client created by the store opens up to this many connections. Throughput is at most this number divided by
         * the latency. Default: 500.
         *
         * @throws IllegalArgumentException if it is below 1
         */
        public Builder maxConcurrency(int maxConcurrency) {
            this.maxConcurrency = Checks.atLeast("maxConcurrency", 1, maxConcurrency);
            return this;
        }

        /**
         * How many calls may wait: for their turn among the changes to a cart, or for one of the {@link #maxConcurrency
         * maxConcurrency} places. The next call fails at once with {@link CartUnavailableException}; nothing was sent,
         * and the call can be repeated. {@link #getAll getAll} counts once for each 100 IDs. A waiting call holds less than
         * 1 KB. Default: 50,000.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public Builder maxPending(int maxPending) {
            this.maxPending = Checks.atLeast("maxPending", 0, maxPending);
            return this;
        }

        /**
         * The executor that completes the store's futures, and therefore runs your continuations unless they name
         * another executor. If it refuses a task, the future is completed on a thread of the default. It must not
         * discard tasks silently, or their futures are never completed. Default: an elastic pool of daemon threads, on
         * which continuations may block.
         */
        public Builder executor(Executor executor) {
            this.executor = requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Wraps each step of every call, for instance to carry a logging context (MDC) or a tracing context. The
         * operator is applied once per call (in {@code getAll}, once per 100 users), on the thread that makes the call.
         * The {@code Runnable} that it returns runs around each step of the call: around each request, and around the
         * completion of the future. It runs on any thread, also the one that makes the call, so it must restore what it
         * finds there.
         *
         * <pre>{@code
         * .taskDecorator(task -> {
         *     Map<String, String> ofTheCaller = MDC.getCopyOfContextMap();
         *     return () -> {
         *         Map<String, String> ofTheThread = MDC.getCopyOfContextMap();
         *         MDC.setContextMap(ofTheCaller);
         *         try {
         *             task.run();
         *         } finally {
         *             MDC.setContextMap(ofTheThread);
         *         }
         *     };
         * })
         * }</pre>
         *
         * Default: none.
         */
        public Builder taskDecorator(UnaryOperator<Runnable> taskDecorator) {
            this.taskDecorator = requireNonNull(taskDecorator, "taskDecorator");
            return this;
        }

        /**
         * The share of requests of which the store may send a second copy because the first is slow. The first response
         * decides. Both copies carry the same write ID, so a change is never applied twice; requests that delete an item
         * carry no ID, and are not hedged. A refused second write consumes its write units. The store learns from recent
         * requests what is slow, and hedges nothing until it has seen enough of them. Default: 0.02; 0 disables hedging.
         *
         * @throws IllegalArgumentException if it is not between 0 and 1
         */
        public Builder hedging(double share) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("hedging must be between 0 and 1, but is " + share);
            }
            this.hedging = share;
            return this;
        }

        /**
         * Configures the client that the store creates, before it is built: endpoint, region, credentials,
         * interceptors. The store sets the retry strategy itself. It also sets an HTTP client with {@link
         * #maxConcurrency maxConcurrency} connections that reports when a request leaves. If you set another one
         * ({@code httpClientBuilder}), give it as many connections; a request then counts as sent when it would with
         * {@link #client client}. To set an instance ({@code httpClient}), also call {@code httpClientBuilder(null)},
         * because the SDK accepts only one of the two. Cannot be combined with {@link #client client}. Default: none.
         */
        public Builder configureClient(Consumer<DynamoDbAsyncClientBuilder> configuration) {
            this.configuration = requireNonNull(configuration, "configuration");
            return this;
        }

        /** The time after which a request is hedged, whatever latencies were seen: a seam for tests. */
        Builder hedgeDelayMillis(long hedgeDelayMillis) {
            this.hedgeDelayMillis = hedgeDelayMillis;
            return this;
        }

        /** The number of writes that an item remembers: a seam for tests. */
        Builder ringSize(int ringSize) {
            this.ringSize = ringSize;
            return this;
        }

        /**
         * Returns the store. Sends nothing yet.
         *
         * @throws IllegalStateException if no client is given and no region is configured, or if both {@link
         *     #configureClient} and {@link #client client} are used
         * @throws IllegalArgumentException if the idempotency retention is above the time to live
         */
        public DynamoDbCartStore build() {
            return new DynamoDbCartStore(this);
        }
    }
}
