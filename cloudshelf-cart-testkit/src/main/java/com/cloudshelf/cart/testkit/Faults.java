package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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
 * {@link #always}, the draw of {@link #seeded}. It meets at most one. The order of requests is the order in which the HTTP
 * client was called.
 *
 * <p>It does not break connections, name resolution or TLS, and it buffers requests and answers whole: it is not for
 * streams of data.
 *
 * <p>Thread-safe. One {@code Faults} may wrap several HTTP clients, which then share its faults and its log.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the stages let nothing escape
public final class Faults implements AutoCloseable {
    private final @Nullable SplittableRandom random;
    private final double probability;
    private final List<Fault> drawn;

    private final Object lock = new Object();
    private final List<Fault> next = new ArrayList<>();
    private final List<Fault> always = new ArrayList<>();
    private final List<Exchange> log = new ArrayList<>();
    private final Set<LateDelivery> late = new HashSet<>();
    private final ScheduledThreadPoolExecutor timer;
    private boolean drawing;
    private boolean closed;

    private Faults(@Nullable SplittableRandom random, double probability, List<Fault> drawn) {
        this.random = random;
        this.probability = probability;
        this.drawn = drawn;
        this.drawing = random != null;
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "faults-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
    }

    /** {@return a network that behaves until it is told otherwise} */
    public static Faults none() {
        return new Faults(null, 0, List.of());
    }

    /**
     * {@return a network on which each request meets one of the given faults with the given probability}
     *
     * <p>The draw for the n-th request depends on the seed and on n only: a single-threaded test is repeatable by its seed.
     * A fault that is {@linkplain Fault#on(String) bound to another operation} than that of the request does nothing. A
     * fault that is given twice is drawn twice as often.
     *
     * @param seed where the draws begin
     * @param probability of a fault, from 0 to 1
     * @param faults what to draw from, each as likely as the other
     * @throws IllegalArgumentException if the probability is out of range, or there are no faults
     */
    public static Faults seeded(long seed, double probability, Fault... faults) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be from 0 to 1, but is " + probability);
        }
        if (faults.length == 0) {
            throw new IllegalArgumentException("faults must not be empty");
        }
        return new Faults(new SplittableRandom(seed), probability, List.of(faults));
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
     * @param count how many requests, at least 1
     * @param fault to meet
     * @return this
     * @throws IllegalArgumentException if the count is below 1
     */
    public Faults next(int count, Fault fault) {
        requireNonNull(fault, "fault");
        if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1, but is " + count);
        }
        synchronized (lock) {
            for (int i = 0; i < count; i++) {
                next.add(fault);
            }
        }
        return this;
    }

    /**
     * Lets every request meet this fault, until {@link #clear()}.
     *
     * @param fault to meet
     * @return this
     */
    public Faults always(Fault fault) {
        requireNonNull(fault, "fault");
        synchronized (lock) {
            always.add(fault);
        }
        return this;
    }

    /**
     * Ends all faults, scripted and drawn: requests from now on pass untouched.
     *
     * <p>Faults that requests have met already run their course, late deliveries included. The log stays.
     *
     * @return this
     */
    public Faults clear() {
        synchronized (lock) {
            next.clear();
            always.clear();
            drawing = false;
        }
        return this;
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
            outstanding = late.stream().map(LateDelivery::landed).toArray(CompletableFuture<?>[]::new);
        }
        return outstanding.length == 0
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.allOf(outstanding).thenCompose(landed -> settled());
    }

    /**
     * Ends all faults and drops the late deliveries that are not on the wire yet; those that are, run to their end, as do
     * delays.
     *
     * <p>Requests after it pass untouched, whatever is set up. It closes none of the wrapped clients.
     */
    @Override
    public void close() {
        List<LateDelivery> outstanding;
        synchronized (lock) {
            clear();
            closed = true;
            timer.shutdown();
            outstanding = List.copyOf(late);
        }
        outstanding.forEach(delivery -> delivery.due().cancel(false));
    }

    private Exchange begin(AsyncExecuteRequest request, SdkAsyncHttpClient client) {
        String target = request.request().firstMatchingHeader("X-Amz-Target").orElse("");
        String operation = target.substring(target.lastIndexOf('.') + 1);
        synchronized (lock) {
            Exchange exchange = new Exchange(this, client, request, operation, choose(operation));
            log.add(exchange);
            return exchange;
        }
    }

    private Fault choose(String operation) {
        if (closed) {
            return Fault.none();
        }
        // Drawn even if a script goes first, so that a script does not shift the draws of later requests.
        Fault draw = draw();
        for (Iterator<Fault> waiting = next.iterator(); waiting.hasNext(); ) {
            Fault fault = waiting.next();
            if (fault.appliesTo(operation)) {
                waiting.remove();
                return fault;
            }
        }
        for (Fault fault : always) {
            if (fault.appliesTo(operation)) {
                return fault;
            }
        }
        return drawing && draw.appliesTo(operation) ? draw : Fault.none();
    }

    private Fault draw() {
        if (random == null) {
            return Fault.none();
        }
        boolean happens = random.nextDouble() < probability;
        Fault fault = drawn.get(random.nextInt(drawn.size()));
        return happens ? fault : Fault.none();
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

    /** Delivers after the delay, to nobody. */
    void late(Duration delay, Supplier<CompletableFuture<?>> delivery) {
        LateDelivery late;
        synchronized (lock) {
            if (closed) {
                return;
            }
            late = new LateDelivery(after(delay), new CompletableFuture<>());
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
            Exchange exchange = begin(request, client);
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
