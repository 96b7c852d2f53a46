package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * The carts in one DynamoDB table.
 *
 * <pre>{@code
 * try (DynamoDbCartStore carts = DynamoDbCartStore.create()) {
 *     Cart cart = carts.addItem("user123", CartItem.of("book001", "Emma", "Jane Austen", new BigDecimal("9.50"), 1)).join();
 * }
 * }</pre>
 *
 * <p>Make one store for a table and keep it: it holds connections. It is thread-safe, and blocks no thread. Results arrive on a
 * thread of the AWS SDK's pool for responses, or on the store's timer thread if a call ends by a pause; do long work elsewhere
 * ({@code thenApplyAsync} with an executor).
 *
 * <p><b>Turns.</b> Changes to one cart through one store take turns, and hand the cart on: among themselves they do not conflict,
 * and each but the first usually costs one request. The wait counts against a call's deadline: a change that hangs holds up those
 * behind it until it ends. Changes to different carts never wait for each other, but at most {@link Builder#maxConcurrency}
 * requests are in flight at a time.
 *
 * <p><b>Retries</b> are the store's own, in every retry mode of the SDK: it has the client send each request once. Throttling
 * and failures of the network are retried after a pause (exponential, with full jitter) until the call's deadline; a conflict
 * is retried at once from the item that the refusal carries, later ones after a pause. No call sends more than 40 requests.
 */
public final class DynamoDbCartStore implements CartStore, AutoCloseable {
    static final Duration MAX_OPERATION_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration MIN_TIME_TO_LIVE = Duration.ofMillis(2 * Memory.REST_MILLIS);
    private static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(3650);
    private static final Duration DEFAULT_RETENTION = Duration.ofHours(24);

    private final Engine engine;
    private final DynamoDbAsyncClient client;
    private final boolean ownsClient;
    private final ReadConsistency consistency;
    private final Duration operationTimeout;
    private final Duration keyRetention;
    private final Write.Terms terms;

    private DynamoDbCartStore(Builder builder) {
        Duration retention = builder.idempotencyRetention;
        if (retention == null) {
            retention = builder.timeToLive.compareTo(DEFAULT_RETENTION) < 0 ? builder.timeToLive : DEFAULT_RETENTION;
        }
        if (retention.compareTo(builder.timeToLive) > 0) {
            throw new IllegalArgumentException("idempotencyRetention must be at most timeToLive (" + builder.timeToLive
                    + "), for a key goes with its cart, but is " + retention);
        }
        this.ownsClient = builder.client == null;
        this.client = builder.client == null ? newClient(builder.maxConcurrency) : builder.client;
        this.engine = new Engine(
                client,
                builder.tableName,
                builder.clock,
                builder.wallMillis,
                builder.backoff,
                builder.metrics,
                builder.maxConcurrency);
        this.consistency = builder.consistency;
        this.operationTimeout = builder.operationTimeout;
        this.keyRetention = retention;
        this.terms = new Write.Terms(builder.timeToLive, builder.limits, builder.ringSize);
    }

    private static DynamoDbAsyncClient newClient(int maxConcurrency) {
        try {
            return DynamoDbAsyncClient.builder()
                    .httpClientBuilder(NettyNioAsyncHttpClient.builder()
                            .maxConcurrency(maxConcurrency)
                            .connectionTimeout(Duration.ofSeconds(1))
                            .connectionAcquisitionTimeout(MAX_OPERATION_TIMEOUT)
                            .readTimeout(MAX_OPERATION_TIMEOUT)
                            .writeTimeout(MAX_OPERATION_TIMEOUT))
                    .overrideConfiguration(override -> override.retryStrategy(AwsRetryStrategy.doNotRetry()))
                    .build();
        } catch (SdkClientException e) {
            throw new IllegalStateException(
                    "no client could be made from the environment; set AWS_REGION, or pass a client with a region to"
                            + " DynamoDbCartStore.builder().client(..)",
                    e);
        }
    }

    /**
     * Returns a store on the table {@code cloudshelf-shopping-cart} with a client of its own: region, credentials and endpoint
     * come from the SDK's default chains (environment, profile, role).
     *
     * @throws IllegalStateException if no region is configured
     */
    public static DynamoDbCartStore create() {
        return builder().build();
    }

    /** Returns a builder whose settings all have defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public CompletableFuture<Cart> get(String userId) {
        return get(userId, consistency);
    }

    @Override
    public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
        requireNonNull(consistency, "consistency");
        return new Get(engine, Checks.id("userId", userId), consistency, operationTimeout).start();
    }

    @Override
    public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
        return GetAll.start(engine, userIds, consistency, operationTimeout);
    }

    @Override
    public CompletableFuture<Cart> apply(CartUpdate update) {
        return mutate(update, Function.identity());
    }

    @Override
    @SuppressWarnings("NullAway") // a future of Void completes with null
    public CompletableFuture<Void> clear(String userId) {
        return mutate(CartUpdate.of(userId).clear(), cart -> null);
    }

    private <T> CompletableFuture<T> mutate(CartUpdate update, Function<Cart, T> finish) {
        Duration timeout = update.deadline().orElse(operationTimeout);
        if (timeout.compareTo(MAX_OPERATION_TIMEOUT) > 0) {
            timeout = MAX_OPERATION_TIMEOUT;
        }
        return new Mutation<>(engine, update, timeout, terms, keyRetention, finish).start();
    }

    @Override
    public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
        Checks.id("fromUserId", fromUserId);
        Checks.id("intoUserId", intoUserId);
        if (fromUserId.equals(intoUserId)) {
            throw new IllegalArgumentException(
                    "fromUserId and intoUserId must be different: a cart cannot merge with itself");
        }
        requireNonNull(strategy, "strategy");
        return new Merge(engine, fromUserId, intoUserId, strategy, operationTimeout, terms).start();
    }

    @Override
    public CompletableFuture<Void> delete(String userId) {
        return new Erase(engine, Checks.id("userId", userId), operationTimeout).start();
    }

    /**
     * Loads and runs what the first calls need, before a snapshot of the process is taken (Lambda SnapStart, CRaC), where it
     * costs no request anything. Touches no table: what it runs meets a stub. The AWS SDK's own warm-up makes one network call.
     *
     * <p>Blocks for about a second; call it while the function initialises. Does nothing harmful if it is called again.
     */
    public void prime() {
        Priming.prime();
    }

    /**
     * Ends every call that is under way, and closes the client if the store made it. A call whose request is on its way ends as
     * {@link CartOutcomeUnknownException} if it was a write, others as {@link CartUnavailableException}. Calls issued later throw
     * {@link IllegalStateException}.
     */
    @Override
    public void close() {
        engine.close();
        if (ownsClient) {
            client.close();
        }
    }

    /** Collects the settings of a store. Not thread-safe; the store takes a copy. */
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
        private LongSupplier wallMillis = System::currentTimeMillis;
        private int ringSize = 64;
        private int maxConcurrency = 500;

        private Builder() {}

        /**
         * The client to use; the store does not close it. Any retry mode will do: the store has it send each request once.
         * Default: one that the store makes from the SDK's default chains, and closes.
         */
        public Builder client(DynamoDbAsyncClient client) {
            this.client = requireNonNull(client, "client");
            return this;
        }

        /** The name or ARN of the table. Default: {@code cloudshelf-shopping-cart}. */
        public Builder tableName(String tableName) {
            this.tableName = Checks.id("tableName", tableName);
            return this;
        }

        /**
         * How long a cart exists after its last change; from then on it reads as empty, and DynamoDB deletes its item within days.
         * Default: 30 days.
         *
         * @throws IllegalArgumentException if it is below 2 hours, the time for which a cart's memory of its writes must last, or
         *     above 10 years
         */
        public Builder timeToLive(Duration timeToLive) {
            this.timeToLive = Checks.between("timeToLive", MIN_TIME_TO_LIVE, MAX_TIME_TO_LIVE, timeToLive);
            return this;
        }

        /** The consistency of reads that do not name one. Default: {@link ReadConsistency#STRONG}. */
        public Builder readConsistency(ReadConsistency consistency) {
            this.consistency = requireNonNull(consistency, "readConsistency");
            return this;
        }

        /**
         * How long a call may take, retries and pauses included. Default: 5 seconds.
         *
         * @throws IllegalArgumentException if it is below 1 millisecond or above 60 seconds
         */
        public Builder operationTimeout(Duration operationTimeout) {
            this.operationTimeout =
                    Checks.between("operationTimeout", Duration.ofMillis(1), MAX_OPERATION_TIMEOUT, operationTimeout);
            return this;
        }

        /**
         * The pauses between tries after throttling, failures of the network and repeated conflicts: for the second and later
         * attempts. Default: exponential from 50 milliseconds to 2 seconds, with full jitter.
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
         * How long an idempotency key is remembered. Default: 24 hours, or the time to live if that is shorter.
         *
         * @throws IllegalArgumentException if it is not positive; {@link #build} refuses one above the time to live
         */
        public Builder idempotencyRetention(Duration idempotencyRetention) {
            this.idempotencyRetention = Checks.positive("idempotencyRetention", idempotencyRetention);
            return this;
        }

        /**
         * Takes what each call cost and met: requests, conflicts, throttles, recovered writes, unknown outcomes, drift, duration.
         * The store does not close it. It is called on the thread that ends the call. Default: none.
         */
        public Builder metricPublisher(MetricPublisher metricPublisher) {
            this.metrics = requireNonNull(metricPublisher, "metricPublisher");
            return this;
        }

        /** The clock for the times of carts: last change, expiry, key retention. Default: the system's, in UTC. */
        public Builder clock(Clock clock) {
            this.clock = requireNonNull(clock, "clock");
            return this;
        }

        /** The wall clock that deadlines and write ids go by: a seam for tests. */
        Builder wallMillis(LongSupplier wallMillis) {
            this.wallMillis = wallMillis;
            return this;
        }

        /**
         * How many requests may be in flight at a time; further ones wait, until their call's deadline at most. A client that the
         * store makes opens as many connections when they are needed. Little's law: so many requests at a time, divided by the
         * latency, is what a store can do in a second. Default: 500.
         *
         * @throws IllegalArgumentException if it is below 1
         */
        public Builder maxConcurrency(int maxConcurrency) {
            this.maxConcurrency = Checks.atLeast("maxConcurrency", 1, maxConcurrency);
            return this;
        }

        /** The number of writes that an item remembers: a seam for tests. */
        Builder ringSize(int ringSize) {
            this.ringSize = ringSize;
            return this;
        }

        /**
         * Returns the store. Nothing is sent yet.
         *
         * @throws IllegalStateException if no client is given and no region is configured
         * @throws IllegalArgumentException if the idempotency retention is above the time to live
         */
        public DynamoDbCartStore build() {
            return new DynamoDbCartStore(this);
        }
    }
}
