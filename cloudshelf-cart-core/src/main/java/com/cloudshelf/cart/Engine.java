package com.cloudshelf.cart;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** What the calls of one store share: the client, the time, the timer for pauses, and the list of calls under way. */
final class Engine {
    private static final Logger LOG = LoggerFactory.getLogger(DynamoDbCartStore.class);

    private static final long DRIFT_LOG_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final DynamoDbAsyncClient client;
    private final String table;
    private final Clock clock;
    private final LongSupplier wallMillis;
    private final BackoffStrategy backoff;
    private final @Nullable MetricPublisher metrics;
    private final @Nullable SdkPlugin oneTry;
    private final Admission admission;
    private final Lanes lanes = new Lanes();
    private final RecentCarts recent = new RecentCarts();
    private final AtomicLong nextDriftLog = new AtomicLong(System.nanoTime());
    private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();
    private final Timer timer = new Timer();
    private final ConcurrentMap<Long, AwsRequestOverrideConfiguration> configurations = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Engine(
            DynamoDbAsyncClient client,
            String table,
            Clock clock,
            LongSupplier wallMillis,
            BackoffStrategy backoff,
            @Nullable MetricPublisher metrics,
            int maxConcurrency) {
        this.client = client;
        this.table = table;
        this.clock = clock;
        this.wallMillis = wallMillis;
        this.backoff = backoff;
        this.metrics = metrics;
        this.admission = new Admission(maxConcurrency);
        this.oneTry = retriesByItself(client) ? oneTry() : null;
    }

    private static boolean retriesByItself(DynamoDbAsyncClient client) {
        try {
            return client.serviceClientConfiguration()
                    .overrideConfiguration()
                    .retryStrategy()
                    .map(strategy -> strategy.maxAttempts() > 1)
                    .orElse(true);
        } catch (UnsupportedOperationException e) {
            // Stubs, and the embedded client of DynamoDB Local, do not tell.
            return true;
        }
    }

    /**
     * Has the SDK send each request once. Retries are the calls' own: only they know that a retry may meet the write of the
     * try before it, and only they end by the deadline.
     */
    private static SdkPlugin oneTry() {
        ClientOverrideConfiguration once = ClientOverrideConfiguration.builder()
                .retryStrategy(AwsRetryStrategy.doNotRetry())
                .build();
        return configuration -> configuration.overrideConfiguration(once);
    }

    /** Returns the settings of a request that may take so long; a little less, so that there are few to make. */
    AwsRequestOverrideConfiguration configuration(long timeoutMillis) {
        long millis = timeoutMillis & -Math.max(1, Long.highestOneBit(timeoutMillis) >> 4);
        return configurations.computeIfAbsent(millis, this::newConfiguration);
    }

    private AwsRequestOverrideConfiguration newConfiguration(long timeoutMillis) {
        AwsRequestOverrideConfiguration.Builder builder =
                AwsRequestOverrideConfiguration.builder().apiCallTimeout(Duration.ofMillis(timeoutMillis));
        MarkedCredentials.putInto(builder, client);
        if (oneTry != null) {
            builder.addPlugin(oneTry);
        }
        return builder.build();
    }

    DynamoDbAsyncClient client() {
        return client;
    }

    String table() {
        return table;
    }

    /** Returns the time for carts, in the milliseconds that are stored. */
    Instant now() {
        return Instant.ofEpochMilli(clock.millis());
    }

    LongSupplier wallMillis() {
        return wallMillis;
    }

    long backoffMillis(int pause) {
        // The SDK counts attempts from 1, and waits from the second on.
        return backoff.computeDelay(pause + 1).toMillis();
    }

    void schedule(Runnable step, long millis) {
        timer.schedule(step, millis);
    }

    Admission admission() {
        return admission;
    }

    Lanes lanes() {
        return lanes;
    }

    /** Takes note of what was read or written. */
    void saw(StoredCart stored) {
        recent.saw(stored);
        long now = System.nanoTime();
        long due = nextDriftLog.get();
        if (stored.isDrifted() && now - due >= 0 && nextDriftLog.compareAndSet(due, now + DRIFT_LOG_PAUSE_NANOS)) {
            LOG.warn(
                    "A stored cart contradicts itself: totals, book ids or duplicate lines are another writer's; the next"
                            + " write to it repairs it. Others met within a minute are counted by the metric CartDrifts only.");
        }
    }

    /** Whether nothing speaks against it that a cart has gone unwritten for so long that its item may be deleted. */
    boolean mayHaveRested(String userId) {
        return recent.mayHaveRested(userId, clock.millis());
    }

    void began(Call<?> call) {
        calls.add(call);
        if (closed) {
            calls.remove(call);
            throw new IllegalStateException("the store is closed");
        }
    }

    void ended(Call<?> call, @Nullable Throwable failure) {
        calls.remove(call);
        if (metrics != null) {
            try {
                CallMetrics.publish(metrics, call.operation(), call.tally, failure);
            } catch (RuntimeException e) {
                LOG.warn("The metric publisher failed; the call is not affected", e);
            }
        }
    }

    boolean isClosed() {
        return closed;
    }

    void close() {
        closed = true;
        calls.forEach(Call::close);
        timer.close();
    }

    /** One daemon thread that starts the next step after a pause; it is made when the first pause is. */
    private static final class Timer {
        private @Nullable ScheduledThreadPoolExecutor executor;
        private boolean closed;

        @SuppressWarnings("FutureReturnValueIgnored") // a step lets nothing escape
        synchronized void schedule(Runnable step, long millis) {
            if (closed) {
                return; // every call was ended by then
            }
            if (executor == null) {
                executor = new ScheduledThreadPoolExecutor(1, runnable -> {
                    Thread thread = new Thread(runnable, "cloudshelf-cart-timer");
                    thread.setDaemon(true);
                    return thread;
                });
            }
            executor.schedule(step, millis, TimeUnit.MILLISECONDS);
        }

        synchronized void close() {
            closed = true;
            if (executor != null) {
                executor.shutdownNow();
            }
        }
    }

    /**
     * Exponential backoff with full jitter: the SDK's arithmetic, drawn from a generator that is not seeded before a snapshot,
     * so that the clones of a Lambda do not pause in step.
     */
    static BackoffStrategy defaultBackoff() {
        BackoffStrategy ceiling =
                BackoffStrategy.exponentialDelayWithoutJitter(Duration.ofMillis(50), Duration.ofSeconds(2));
        SecureRandom random = new SecureRandom();
        return attempt ->
                Duration.ofMillis((long) (ceiling.computeDelay(attempt).toMillis() * random.nextDouble()));
    }
}
