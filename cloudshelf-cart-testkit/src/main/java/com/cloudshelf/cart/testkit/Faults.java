package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;

/**
 * A faulty network for tests: injects faults between a real asynchronous DynamoDB client and its server, and logs the
 * requests.
 *
 * <pre>{@code
 * try (Faults faults = Faults.none();
 *         SdkAsyncHttpClient http = faults.wrap(NettyNioAsyncHttpClient.create());
 *         DynamoDbAsyncClient client = DynamoDbAsyncClient.builder().httpClient(http)....build()) {
 *     faults.next(Fault.dropResponse().on("UpdateItem"));
 *     // the next update takes effect, but its response is lost
 * }
 * }</pre>
 *
 * <p>Requests and responses are those of the client and the server, on a real connection; a {@link Fault} drops,
 * delays, repeats or corrupts them. The client's own retries are requests like any other: each is logged and may meet a
 * fault.
 *
 * <p>A request meets at most one fault: the first that applies to it, of the oldest fault of {@link #next next}, the
 * oldest of {@link #always always}, and the oldest {@link #draw draw}. Requests are ordered as the HTTP client was
 * called.
 *
 * <p>A test that scripts a fault expects it to happen. Therefore {@link #close()} fails with an {@link AssertionError}
 * if no request met a fault of {@link #next next} or {@link #always always}, unless that fault is
 * {@linkplain Fault#optional() optional}; {@link #assertAllMet()} checks this earlier. Faults of {@link #draw draw}
 * need not happen.
 *
 * <p>It does not break connections, name resolution or TLS. It buffers whole requests and responses, so it is not for
 * streaming.
 *
 * <p>Thread-safe. One {@code Faults} can wrap several HTTP clients, which then share its faults and its log.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the stages let nothing escape
public final class Faults implements AutoCloseable {
    private final Object lock = new Object();
    private final List<Script> next = new ArrayList<>();
    private final List<Script> always = new ArrayList<>();
    private final List<Draw> draws = new ArrayList<>();
    private final List<String> missed = new ArrayList<>();
    private final List<Exchange> log = new ArrayList<>();
    private final Set<Exchange> starting = new HashSet<>();
    private final Set<LateDelivery> late = new HashSet<>();
    private final Set<PendingDelivery> pending = new HashSet<>();
    private final ScheduledThreadPoolExecutor timer;
    private boolean closed;

    private Faults() {
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "faults-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
    }

    /** {@return a network that works normally until a test adds faults} */
    public static Faults none() {
        return new Faults();
    }

    /**
     * {@return a network on which each request meets one of the given faults with the given probability: {@link
     * #none()} with one {@link #draw draw}}
     *
     * @param seed the seed of the draws
     * @param probability the probability of a fault, from 0 to 1
     * @param faults the faults to draw from, with equal probability
     * @throws IllegalArgumentException if the probability is out of range, or there are no faults
     */
    public static Faults seeded(long seed, double probability, Fault... faults) {
        return none().draw(seed, probability, faults);
    }

    /**
     * {@return an HTTP client that sends through the given one, with these faults}
     *
     * @param client the real client; closing the returned one closes it
     */
    public SdkAsyncHttpClient wrap(SdkAsyncHttpClient client) {
        return new FaultyHttpClient(requireNonNull(client, "client"));
    }

    /**
     * Applies this fault to the next request: {@link #next(int, Fault) next} with a count of 1.
     *
     * @param fault the fault
     * @return this
     * @throws IllegalStateException if this is closed
     */
    public Faults next(Fault fault) {
        return next(1, fault);
    }

    /**
     * Applies this fault to the next requests, after the faults that are still pending.
     *
     * <p>A fault that is {@linkplain Fault#on(String) limited to an operation} waits for requests of that operation,
     * without delaying the faults after it.
     *
     * @param count the number of requests, at least 1; all of them must come, unless the fault is {@linkplain
     *     Fault#optional() optional}
     * @param fault the fault
     * @return this
     * @throws IllegalArgumentException if the count is below 1
     * @throws IllegalStateException if this is closed
     */
    public Faults next(int count, Fault fault) {
        requireNonNull(fault, "fault");
        if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1, but is " + count);
        }
        synchronized (lock) {
            checkOpen();
            next.add(new Script(fault, count));
        }
        return this;
    }

    /**
     * Applies this fault to every request, until {@link #clear()}.
     *
     * @param fault the fault; at least one request must come, unless it is {@linkplain Fault#optional() optional}
     * @return this
     * @throws IllegalStateException if this is closed
     */
    public Faults always(Fault fault) {
        requireNonNull(fault, "fault");
        synchronized (lock) {
            checkOpen();
            always.add(new Script(fault, 0));
        }
        return this;
    }

    /**
     * Applies one of the given faults to each request with the given probability, until {@link #clear()}.
     *
     * <p>The draw for the n-th request from now on depends only on the seed and on n, so a single-threaded test is
     * repeatable. A drawn fault that is {@linkplain Fault#on(String) limited to another operation} than that of the
     * request does nothing. A fault that is passed twice is drawn twice as often. Several draws are independent of each
     * other.
     *
     * @param seed the seed of the draws
     * @param probability the probability of a fault, from 0 to 1
     * @param faults the faults to draw from, with equal probability
     * @return this
     * @throws IllegalArgumentException if the probability is out of range, or there are no faults
     * @throws IllegalStateException if this is closed
     */
    public Faults draw(long seed, double probability, Fault... faults) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be from 0 to 1, but is " + probability);
        }
        if (faults.length == 0) {
            throw new IllegalArgumentException("faults must not be empty");
        }
        Draw draw = new Draw(new SplittableRandom(seed), probability, List.of(faults));
        synchronized (lock) {
            checkOpen();
            draws.add(draw);
        }
        return this;
    }

    /**
     * Makes a share of the requests hang, until {@link #clear()}: the {@link #draw draw} of {@link Fault#hang()} and
     * {@link Fault#hangAfterEffect()}, so half of the hanging requests take effect.
     *
     * <pre>{@code
     * faults.hang(4711, 0.01);    // 1 % of the requests are never answered
     * }</pre>
     *
     * @param seed the seed of the draws
     * @param share the share of the requests, from 0 to 1
     * @return this
     * @throws IllegalArgumentException if the share is out of range
     * @throws IllegalStateException if this is closed
     */
    public Faults hang(long seed, double share) {
        return draw(seed, share, Fault.hang(), Fault.hangAfterEffect());
    }

    /**
     * Removes all faults, scripted and drawn. Later requests pass normally.
     *
     * <p>Faults that have already met a request still run to their end, including late deliveries. The log stays. The
     * rest of a count is dropped, but a scripted fault that no request has met at all still fails {@link
     * #assertAllMet()}.
     *
     * @return this
     */
    public Faults clear() {
        synchronized (lock) {
            Stream.concat(next.stream(), always.stream())
                    .filter(script -> script.met == 0)
                    .flatMap(Script::missing)
                    .forEach(missed::add);
            next.clear();
            always.clear();
            draws.clear();
        }
        return this;
    }

    /**
     * Asserts that requests met every fault of {@link #next next} and {@link #always always} that is not {@linkplain
     * Fault#optional() optional}.
     *
     * @throws AssertionError if a fault was not met; it names the faults and the requests that were sent instead
     */
    public void assertAllMet() {
        List<String> unmet = unmet();
        if (!unmet.isEmpty()) {
            String operations =
                    sent().stream().map(SentRequest::operation).distinct().collect(Collectors.joining(", "));
            throw new AssertionError("No request met " + String.join("; ", unmet) + ". Sent were "
                    + (operations.isEmpty() ? "no requests" : "requests of " + operations)
                    + ". If a fault may go unmet, declare it with Fault.optional()");
        }
    }

    /** Returns the faults that were not met but should have been, for messages. */
    List<String> unmet() {
        synchronized (lock) {
            return Stream.concat(
                            missed.stream(),
                            Stream.concat(next.stream(), always.stream()).flatMap(Script::missing))
                    .toList();
        }
    }

    /** {@return a copy of every request so far, in order, including those that never reached the server} */
    public List<SentRequest> sent() {
        synchronized (lock) {
            return log.stream().map(Exchange::snapshot).toList();
        }
    }

    /**
     * {@return how many requests met each fault, by the name in {@link SentRequest#fault()}; a copy, without unmet
     * faults}
     */
    public Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        for (SentRequest request : sent()) {
            request.fault().ifPresent(fault -> counts.merge(fault, 1, Integer::sum));
        }
        return counts;
    }

    /**
     * Clears the log and thereby the counts. Faults stay.
     *
     * @return this
     */
    public Faults forget() {
        synchronized (lock) {
            log.clear();
        }
        return this;
    }

    /**
     * {@return a future that completes when there are no outstanding deliveries for which perhaps no client waits}
     *
     * <p>These are the deliveries of {@link Fault#deliverLate Fault.deliverLate}, the second ones of {@link
     * Fault#deliverTwice Fault.deliverTwice}, and those of {@link Fault#hangAfterEffect Fault.hangAfterEffect}. Those
     * of {@link Fault#delay(Duration) Fault.delay} and {@link Fault#rival Fault.rival} count, too, because the SDK does
     * not tell its HTTP client that a call was cancelled. When all calls have ended and this future has completed, the
     * contents of the table are final, unless a call was cancelled or timed out while its request was on the wire: the
     * server may still process that one.
     */
    public CompletableFuture<Void> settled() {
        CompletableFuture<?>[] outstanding;
        synchronized (lock) {
            // One whose fault has just happened may still be among those that start; its late deliveries are noted
            // already.
            outstanding = Stream.concat(
                            starting.stream().map(Exchange::happened).filter(happened -> !happened.isDone()),
                            Stream.concat(
                                    late.stream().map(LateDelivery::landed),
                                    pending.stream().map(PendingDelivery::over)))
                    .toArray(CompletableFuture<?>[]::new);
        }
        return outstanding.length == 0
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.allOf(outstanding).thenCompose(landed -> settled());
    }

    /**
     * Removes all faults, drops late deliveries that are not on the wire yet, and asserts that all scripted faults were
     * met. Deliveries on the wire and delays run to their end.
     *
     * <p>Later requests pass normally. The wrapped clients stay open. A second call does nothing.
     *
     * @throws AssertionError if a fault was not met: see {@link #assertAllMet()}; everything is closed nonetheless
     */
    @Override
    public void close() {
        if (end()) {
            assertAllMet();
        }
    }

    /** Closes this without checking what was met; returns whether it was open. */
    boolean end() {
        List<LateDelivery> outstanding;
        synchronized (lock) {
            if (closed) {
                return false;
            }
            closed = true;
            timer.shutdown();
            outstanding = List.copyOf(late);
        }
        outstanding.forEach(delivery -> delivery.due().cancel(false));
        return true;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("These faults are closed: no request would meet another fault");
        }
    }

    private Exchange start(AsyncExecuteRequest request, SdkAsyncHttpClient client) {
        String target = request.request().firstMatchingHeader("X-Amz-Target").orElse("");
        String operation = target.substring(target.lastIndexOf('.') + 1);
        synchronized (lock) {
            Exchange exchange = new Exchange(this, client, request, operation, choose(operation));
            log.add(exchange);
            starting.add(exchange);
            exchange.happened().whenComplete((nothing, never) -> {
                synchronized (lock) {
                    starting.remove(exchange);
                }
            });
            return exchange;
        }
    }

    private Fault choose(String operation) {
        if (closed) {
            return Fault.none();
        }
        // Drawn even if a script takes precedence, so a script does not shift the draws of later requests.
        List<Fault> drawn = draws.stream().map(Draw::fault).toList();
        Optional<Script> scripted = Stream.concat(next.stream(), always.stream())
                .filter(script -> script.fault.appliesTo(operation))
                .findFirst();
        if (scripted.isPresent()) {
            Script script = scripted.get();
            script.met++;
            if (script.met == script.count) {
                next.remove(script);
            }
            return script.fault;
        }
        return drawn.stream()
                .filter(fault -> fault != Fault.none() && fault.appliesTo(operation))
                .findFirst()
                .orElse(Fault.none());
    }

    /** Completes after the delay; cancelling the returned future cancels the wait. */
    CompletableFuture<Void> after(Duration delay) {
        CompletableFuture<Void> passed = new CompletableFuture<>();
        synchronized (lock) {
            if (closed) {
                passed.complete(null);
                return passed;
            }
            long nanos = TimeUnit.NANOSECONDS.convert(delay); // at most some 292 years
            Future<?> wait = timer.schedule(() -> passed.complete(null), nanos, TimeUnit.NANOSECONDS);
            passed.whenComplete((nothing, cancelled) -> wait.cancel(false));
        }
        return passed;
    }

    /** Completes when the moment has come; cancelling the returned future leaves the moment alone. */
    CompletableFuture<Void> at(CompletionStage<?> moment) {
        CompletableFuture<Void> come = new CompletableFuture<>();
        moment.whenComplete((nothing, error) -> come.complete(null));
        return come;
    }

    /** Delivers when due, without a recipient. */
    void late(CompletableFuture<Void> due, Supplier<CompletableFuture<?>> delivery) {
        LateDelivery late;
        synchronized (lock) {
            if (closed) {
                return;
            }
            late = new LateDelivery(due, new CompletableFuture<>());
            this.late.add(late);
        }
        late.due().thenCompose(passed -> delivery.get()).whenComplete((answer, error) -> {
            // Before it completes: settled() looks again when it does.
            synchronized (lock) {
                this.late.remove(late);
            }
            late.landed().complete(null);
        });
    }

    /** Notes a delivery until it has landed or failed. */
    void pending(CompletionStage<?> delivery) {
        PendingDelivery noted = new PendingDelivery(new CompletableFuture<>());
        synchronized (lock) {
            pending.add(noted);
        }
        delivery.whenComplete((answer, error) -> {
            // Before it completes: settled() looks again when it does.
            synchronized (lock) {
                pending.remove(noted);
            }
            noted.over().complete(null);
        });
    }

    /** A scripted fault, for a number of requests, or for all if the count is 0. */
    private static final class Script {
        private final Fault fault;
        private final int count;
        private int met;

        Script(Fault fault, int count) {
            this.fault = fault;
            this.count = count;
        }

        /** Returns what to report if no further request comes. */
        Stream<String> missing() {
            if (fault.isOptional() || (count == 0 && met > 0)) {
                return Stream.empty();
            }
            return Stream.of(met == 0 ? fault.toString() : fault + " (met " + met + " of " + count + " times)");
        }
    }

    private record Draw(SplittableRandom random, double probability, List<Fault> faults) {

        Fault fault() {
            boolean happens = random.nextDouble() < probability;
            Fault fault = faults.get(random.nextInt(faults.size()));
            return happens ? fault : Fault.none();
        }
    }

    private record PendingDelivery(CompletableFuture<Void> over) {}

    private record LateDelivery(CompletableFuture<Void> due, CompletableFuture<Void> landed) {}

    /** An HTTP client that passes each request to the fault chosen for it. */
    private final class FaultyHttpClient implements SdkAsyncHttpClient {
        private final SdkAsyncHttpClient client;
        private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
        private volatile boolean closed;

        FaultyHttpClient(SdkAsyncHttpClient client) {
            this.client = client;
        }

        @Override
        public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
            Exchange exchange = start(request, client);
            open.add(exchange);
            CompletableFuture<Void> result = exchange.start();
            result.whenComplete((nothing, error) -> open.remove(exchange));
            if (closed) {
                exchange.fail(new IOException("The HTTP client is closed"));
            }
            return result;
        }

        @Override
        public String clientName() {
            return client.clientName();
        }

        @Override
        public void close() {
            closed = true;
            client.close();
            // The real client fails its requests in flight, but does not know those that hang or wait here.
            open.forEach(exchange -> exchange.fail(new IOException("The HTTP client is closed")));
        }
    }
}
