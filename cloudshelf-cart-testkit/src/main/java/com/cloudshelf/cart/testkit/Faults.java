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
 * A misbehaving network, for tests: faults that are injected between a real asynchronous DynamoDB client and the server
 * that it speaks to, and a log of what was sent.
 *
 * <pre>{@code
 * try (Faults faults = Faults.none();
 *         SdkAsyncHttpClient http = faults.wrap(NettyNioAsyncHttpClient.create());
 *         DynamoDbAsyncClient client = DynamoDbAsyncClient.builder().httpClient(http)....build()) {
 *     faults.next(Fault.dropResponse().on("UpdateItem"));
 *     // the next update takes effect, and its caller does not learn it
 * }
 * }</pre>
 *
 * <p>Requests and answers are those of the client and the server, on a real wire; a {@link Fault} loses, delays, repeats or
 * spoils them. The client's own retries are requests like any other: each one is logged and may meet a fault.
 *
 * <p>Of what is set up, a request meets the first that applies to it: the oldest fault of {@link #next}, the oldest of
 * {@link #always}, the oldest {@link #draw}. It meets at most one. The order of requests is the order in which the HTTP
 * client was called.
 *
 * <p>A test that scripts a fault means it to happen. {@link #close()} therefore fails with an {@link AssertionError} if no
 * request met a fault of {@link #next} or {@link #always}, unless that fault is {@linkplain Fault#optional() optional};
 * {@link #assertAllMet()} says so at an earlier time. Faults that are drawn need not happen.
 *
 * <p>It does not break connections, name resolution or TLS, and it buffers requests and answers whole: it is not for
 * streams of data.
 *
 * <p>Thread-safe. One {@code Faults} may wrap several HTTP clients, which then share its faults and its log.
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

    /** {@return a network that behaves until it is told otherwise} */
    public static Faults none() {
        return new Faults();
    }

    /**
     * {@return a network on which each request meets one of the given faults with the given probability: {@link #none()} with
     * one {@link #draw}}
     *
     * @param seed where the draws start
     * @param probability of a fault, from 0 to 1
     * @param faults what to draw from, each as likely as the other
     * @throws IllegalArgumentException if the probability is out of range, or there are no faults
     */
    public static Faults seeded(long seed, double probability, Fault... faults) {
        return none().draw(seed, probability, faults);
    }

    /**
     * {@return an HTTP client that sends through the given one, and on which these faults happen}
     *
     * @param client the real client; closing the returned one closes it
     */
    public SdkAsyncHttpClient wrap(SdkAsyncHttpClient client) {
        return new FaultyHttpClient(requireNonNull(client, "client"));
    }

    /**
     * Lets the next request meet this fault: {@link #next(int, Fault)} with a count of 1.
     *
     * @param fault to meet
     * @return this
     * @throws IllegalStateException if this is closed
     */
    public Faults next(Fault fault) {
        return next(1, fault);
    }

    /**
     * Lets the next requests meet this fault, after the faults that wait already.
     *
     * <p>A fault that is {@linkplain Fault#on(String) bound to an operation} waits for requests of that operation, and does
     * not hold up those behind it.
     *
     * @param count how many requests, at least 1; all of them have to come, unless the fault is {@linkplain Fault#optional()
     *     optional}
     * @param fault to meet
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
     * Lets every request meet this fault, until {@link #clear()}.
     *
     * @param fault to meet; one request at least has to come, unless it is {@linkplain Fault#optional() optional}
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
     * Lets each request meet one of the given faults with the given probability, until {@link #clear()}.
     *
     * <p>The draw for the n-th request from now on depends on the seed and on n only: a single-threaded test is repeatable by
     * its seed. A fault that is {@linkplain Fault#on(String) bound to another operation} than that of the request does
     * nothing. A fault that is given twice is drawn twice as often. Several draws are independent of one another.
     *
     * @param seed where the draws start
     * @param probability of a fault, from 0 to 1
     * @param faults what to draw from, each as likely as the other
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
     * Lets a share of the requests hang, until {@link #clear()}: the {@link #draw} of {@link Fault#hang()} and
     * {@link Fault#hangAfterEffect()}, so that of those that hang one half has taken effect.
     *
     * <pre>{@code
     * faults.hang(4711, 0.01);    // 1 % of the requests are never answered
     * }</pre>
     *
     * @param seed which ones
     * @param share of the requests, from 0 to 1
     * @return this
     * @throws IllegalArgumentException if the share is out of range
     * @throws IllegalStateException if this is closed
     */
    public Faults hang(long seed, double share) {
        return draw(seed, share, Fault.hang(), Fault.hangAfterEffect());
    }

    /**
     * Ends all faults, scripted and drawn: requests from now on pass untouched.
     *
     * <p>Faults that requests have met already run their course, late deliveries included. The log stays. It takes back what is
     * left of a count. A script that no request has met at all remains a failure of {@link #assertAllMet()}.
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
     * Asserts that requests met every fault of {@link #next} and {@link #always} that is not {@linkplain Fault#optional()
     * optional}.
     *
     * @throws AssertionError if one was not met; it names the faults, and what was sent instead
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

    /** Returns the faults that should have been met, for messages. */
    List<String> unmet() {
        synchronized (lock) {
            return Stream.concat(
                            missed.stream(),
                            Stream.concat(next.stream(), always.stream()).flatMap(Script::missing))
                    .toList();
        }
    }

    /** {@return every request so far, in order, those that never reached the server included; a copy} */
    public List<SentRequest> sent() {
        synchronized (lock) {
            return log.stream().map(Exchange::snapshot).toList();
        }
    }

    /**
     * {@return how many requests met each fault, by the name under which {@link SentRequest#fault()} has it; a copy, without
     * the faults that none met}
     */
    public Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        for (SentRequest request : sent()) {
            request.fault().ifPresent(fault -> counts.merge(fault, 1, Integer::sum));
        }
        return counts;
    }

    /**
     * Empties the log, and with it the counts; faults stay as they are.
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
     * {@return a future that completes when no delivery is outstanding that no client waits for}
     *
     * <p>Such are the deliveries of {@link Fault#deliverLate}, the second ones of {@link Fault#deliverTwice}, and those of
     * {@link Fault#hangAfterEffect}. When all calls have ended and this has completed, what is in the table is final;
     * unless a client gave up a request that was on the wire, which the server may yet process.
     */
    public CompletableFuture<Void> settled() {
        CompletableFuture<?>[] outstanding;
        synchronized (lock) {
            outstanding = Stream.concat(
                            starting.stream().map(Exchange::happened),
                            late.stream().map(LateDelivery::landed))
                    .toArray(CompletableFuture<?>[]::new);
        }
        return outstanding.length == 0
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.allOf(outstanding).thenCompose(landed -> settled());
    }

    /**
     * Ends all faults, drops the late deliveries that are not on the wire yet, and asserts that all scripted faults were met;
     * deliveries on the wire run to their end, as do delays.
     *
     * <p>Requests after it pass untouched. It closes none of the wrapped clients. A second call does nothing.
     *
     * @throws AssertionError if a fault was not met: see {@link #assertAllMet()}; everything is closed nevertheless
     */
    @Override
    public void close() {
        if (end()) {
            assertAllMet();
        }
    }

    /** Closes this without a look at what was met; returns whether it was open. */
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
            throw new IllegalStateException("These faults are closed: no request would meet another one");
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
        // Drawn even if a script goes first, so that a script does not shift the draws of later requests.
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
            Future<?> wait = timer.schedule(() -> passed.complete(null), delay.toNanos(), TimeUnit.NANOSECONDS);
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

    /** Delivers when it is due, to nobody. */
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

    /** A fault that was set up, for so many requests, or for all if the count is 0. */
    private static final class Script {
        private final Fault fault;
        private final int count;
        private int met;

        Script(Fault fault, int count) {
            this.fault = fault;
            this.count = count;
        }

        /** Returns what is to be said of it if no further request comes. */
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

    private record LateDelivery(CompletableFuture<Void> due, CompletableFuture<Void> landed) {}

    /** An HTTP client that hands each request to the fault that is chosen for it. */
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
            // The real client fails what it has under way; it knows nothing of what hangs or waits here.
            open.forEach(exchange -> exchange.fail(new IOException("The HTTP client is closed")));
        }
    }
}
