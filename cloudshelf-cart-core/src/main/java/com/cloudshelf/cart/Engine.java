package com.cloudshelf.cart;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.retries.api.BackoffStrategy;

/** What the calls of one store share: the wire, time, threads, and all limited resources. */
final class Engine {
    private static final Logger LOG = Logs.logger();

    private static final long DRIFT_LOG_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** A running call. */
    interface Member {
        /** Ends the call because its store was closed; returns its future. */
        CompletableFuture<?> close();
    }

    /**
     * The settings of a store that concern its calls.
     *
     * @param executor runs the callers' code; {@code null} for the engine's own threads
     */
    record Settings(
            Clock clock,
            LongSupplier wallMillis,
            IdClock idClock,
            BackoffStrategy backoff,
            @Nullable MetricPublisher metrics,
            int maxConcurrency,
            int maxPending,
            double hedging,
            long hedgeDelayMillis,
            @Nullable Executor executor,
            UnaryOperator<Runnable> taskDecorator) {}

    private final Wire wire;
    private final Settings settings;
    private final Places places;
    private final Lanes lanes = new Lanes();
    private final Quota quota = new Quota();
    private final Hedging hedging;
    private final Timer timer;
    private final ExecutorService threads;
    private final Hop hop;
    private final @Nullable Hop completions;
    private final RecentCarts recent = new RecentCarts();
    private final AtomicLong nextDriftLog = new AtomicLong(System.nanoTime());
    private final AtomicBoolean warnedOfPart = new AtomicBoolean();
    private final Map<Member, CompletableFuture<?>> completing = new ConcurrentHashMap<>();
    private final Set<Member> calls = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger();
    private final CountDownLatch drained = new CountDownLatch(1);
    private volatile boolean draining;
    private volatile boolean closed;
    private volatile boolean cutShort; // calls were running when the store was closed

    Engine(Wire wire, Settings settings) {
        this(wire, settings, new Timer(), new ElasticThreads("cloudshelf-cart"));
    }

    /**
     * @param timer triggers what is due; the engine closes it
     * @param threads run the steps of calls; the engine shuts them down
     */
    Engine(Wire wire, Settings settings, Timer timer, ExecutorService threads) {
        this.wire = wire;
        this.settings = settings;
        this.timer = timer;
        this.threads = threads;
        this.hop = new Hop(threads);
        this.places = new Places(settings.maxConcurrency);
        this.hedging = new Hedging(settings.hedging, settings.hedgeDelayMillis);
        this.completions = settings.executor == null ? null : new Hop(settings.executor, hop);
    }

    Wire wire() {
        return wire;
    }

    LongSupplier wallMillis() {
        return settings.wallMillis;
    }

    Moment moment() {
        long carts = settings.clock.millis(); // milliseconds, because these are stored
        return new Moment(Instant.ofEpochMilli(carts), settings.idClock.at(carts), WriteId::startedAt);
    }

    long backoffMillis(int pause) {
        // The SDK counts attempts from 1, and waits before the second.
        return settings.backoff.computeDelay(pause + 1).toMillis();
    }

    Places places() {
        return places;
    }

    Lanes lanes() {
        return lanes;
    }

    Quota quota() {
        return quota;
    }

    Hedging hedging() {
        return hedging;
    }

    Timer timer() {
        return timer;
    }

    Runnable decorated(Runnable steps) {
        try {
            return settings.taskDecorator.apply(steps);
        } catch (Throwable e) {
            warnOfPart("task decorator", e);
            return steps;
        }
    }

    /** Runs a task on a thread of the engine, where it may block without delaying anything else. */
    void hop(Runnable task) {
        hop.execute(task);
    }

    /** Announces that the future of a call is about to be completed, so that a drain waits for it. */
    void completing(Member call, CompletableFuture<?> result) {
        completing.put(call, result);
    }

    /**
     * Completes a caller's future on the thread where the caller's code is to run.
     *
     * @param elsewhere runs the completion on a thread of the caller's executor
     */
    void complete(Member call, Runnable completion, Consumer<Runnable> elsewhere) {
        Runnable all = () -> {
            completion.run();
            completing.remove(call);
        };
        if (completions == null) {
            all.run();
        } else {
            completions.execute(() -> elsewhere.accept(all));
        }
    }

    /** Records what was read or written. */
    void saw(StoredCart stored) {
        recent.saw(stored);
        if (!stored.isWarning()) {
            return;
        }
        long now = System.nanoTime();
        long due = nextDriftLog.get();
        if (now - due >= 0 && nextDriftLog.compareAndSet(due, now + DRIFT_LOG_PAUSE_NANOS)) {
            LOG.warn(
                    "A stored cart is inconsistent: another writer left wrong totals or duplicate lines. The next change"
                            + " repairs it. For the next minute, only the metric CartDrifts counts such carts.");
        }
    }

    /** Whether, as far as this store knows, a cart may have gone unwritten for long enough to delete its item. */
    boolean mayHaveRested(String userId) {
        long now;
        try {
            now = settings.clock.millis();
        } catch (Throwable e) {
            return true; // the call asks the clock again, and fails
        }
        return recent.mayHaveRested(userId, now);
    }

    /**
     * Registers a call.
     *
     * @return false if too many calls are waiting already
     * @throws IllegalStateException if the store is closed
     */
    boolean started(Member call) {
        checkOpen();
        calls.add(call);
        boolean room = count.incrementAndGet() <= settings.maxConcurrency + (long) settings.maxPending;
        if (closed || draining) {
            ended(call);
            throw storeClosed();
        }
        return room;
    }

    /** @throws IllegalStateException if the store is closed, or about to be */
    void checkOpen() {
        if (closed || draining) {
            throw storeClosed();
        }
    }

    private static IllegalStateException storeClosed() {
        return new IllegalStateException(
                "the store is closed; keep one store for the life of the process, and close it last");
    }

    void ended(Member call, String operation, CallMetrics.Tally tally, @Nullable Throwable failure) {
        ended(call);
        MetricPublisher metrics = settings.metrics;
        if (metrics != null) {
            try {
                CallMetrics.publish(metrics, operation, tally, failure);
            } catch (Throwable e) {
                warnOfPart("metric publisher", e);
            }
        }
    }

    private void ended(Member call) {
        if (calls.remove(call) && count.decrementAndGet() == 0 && draining) {
            drained.countDown();
        }
    }

    void warnOfPart(String part, Throwable thrown) {
        if (warnedOfPart.compareAndSet(false, true)) {
            LOG.warn(
                    "The {} failed; the call is not affected. Later failures of this store are not logged.",
                    part,
                    thrown);
        }
    }

    boolean isClosed() {
        return closed;
    }

    /**
     * Accepts no new calls, and lets running calls finish for a limited time. Returns whether all did, before another thread
     * closed the store.
     */
    boolean drain(Duration atMost) throws InterruptedException {
        draining = true;
        long start = System.nanoTime();
        if (count.get() > 0 && !drained.await(nanos(atMost), TimeUnit.NANOSECONDS)) {
            return false;
        }
        return awaitAll(completing.values(), nanos(atMost) - (System.nanoTime() - start)) && !cutShort;
    }

    /** Ends all calls, and waits for a limited time until their futures are completed. */
    void close(Duration atMost) {
        closed = true;
        List<CompletableFuture<?>> results = new ArrayList<>();
        for (Member call : calls) {
            cutShort = true;
            results.add(call.close());
        }
        results.addAll(completing.values()); // last: a call is here before it stops running
        timer.close();
        try {
            awaitAll(results, nanos(atMost)); // in vain if their callers' code blocks an executor
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdown(); // tasks that it has accepted still run
    }

    /** Waits until all are complete, in whatever way. Returns false if that takes too long. */
    private static boolean awaitAll(Collection<CompletableFuture<?>> futures, long nanos) throws InterruptedException {
        try {
            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | CancellationException e) {
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private static long nanos(Duration duration) {
        return TimeUnit.NANOSECONDS.convert(duration); // at most some 292 years
    }

    /** The number of limited resources in use: for tests. */
    int inUse() {
        return calls.size() + places.taken() + places.waiting() + lanes.size() + timer.size();
    }

    /**
     * Exponential backoff with full jitter. Uses the SDK's arithmetic, but a generator that is not seeded before a
     * snapshot, so that the clones of a Lambda function do not back off in step.
     */
    static BackoffStrategy defaultBackoff() {
        BackoffStrategy ceiling =
                BackoffStrategy.exponentialDelayWithoutJitter(Duration.ofMillis(50), Duration.ofSeconds(2));
        SecureRandom random = new SecureRandom();
        return attempt ->
                Duration.ofMillis((long) (ceiling.computeDelay(attempt).toMillis() * random.nextDouble()));
    }
}
