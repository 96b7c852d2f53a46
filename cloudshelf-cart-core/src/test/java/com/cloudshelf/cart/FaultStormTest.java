package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.WireServer.error;
import static com.cloudshelf.cart.WireServer.hang;
import static com.cloudshelf.cart.WireServer.http;
import static com.cloudshelf.cart.WireServer.ok;
import static com.cloudshelf.cart.WireServer.raw;
import static com.cloudshelf.cart.WireServer.reset;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * Everything goes wrong at once, over a real connection: the server hangs, breaks off, throttles and fails; credentials
 * expire; the connection pool is small; publisher, executor, decorator, backoff and callbacks throw or block; calls are
 * cancelled, and stores on the same client are closed. Afterwards nothing may be missing or left over, and a fresh call
 * succeeds.
 *
 * <p>{@code -Dstorm.seconds=300} sets the duration. Without it, the storm ends after a number of calls, which is larger
 * if the machine is so slow that all calls fail at first.
 */
class FaultStormTest {
    private static final int CALLS = 2_000;
    private static final int CALLERS = 200;
    private static final int PLACES = 16;
    private static final int STORES = 3;
    private static final Duration TIMEOUT = Duration.ofMillis(900);
    /** How calls must have ended, or the storm was none. */
    private static final List<String> ENDS = List.of("done", "CartUnavailableException", "CartOutcomeUnknownException");

    private static final long SECONDS = Long.getLong("storm.seconds", 0);
    private static final long SEED =
            Long.getLong("storm.seed", ThreadLocalRandom.current().nextLong());

    private static final String ITEM =
            "{\"userId\":{\"S\":\"u\"},\"cartItems\":{\"L\":[]},\"totalItems\":{\"N\":\"0\"},"
                    + "\"totalPrice\":{\"N\":\"0\"},\"ttl\":{\"N\":\"99999999999\"}}";

    /** Whose client the stores use. */
    private enum Client {
        /** Each store creates its own client. */
        OWN,
        /** All stores share a given client, which has fewer connections than places. */
        GIVEN
    }

    private final Random random = new Random(SEED);
    private final AtomicBoolean storming = new AtomicBoolean(true);
    private final Map<String, AtomicInteger> ends = new ConcurrentHashMap<>();
    private final Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
    private final ExecutorService callers = Executors.newCachedThreadPool();

    /** Draws a random number, for any thread. */
    private synchronized int draw(int bound) {
        return random.nextInt(bound);
    }

    /** Returns true once in so many times on average. */
    private boolean fault(int onceIn) {
        return storming.get() && draw(onceIn) == 0;
    }

    @ParameterizedTest
    @EnumSource
    void anyFaults_atRandom_leaveNothingBehind(Client kind) throws Exception {
        WireServer.startThreads();
        long threadsBefore = storeThreads();
        try (WireServer server = new WireServer(this::answer);
                DynamoDbAsyncClient given = server.client()
                        .httpClientBuilder(WireServer.netty()
                                .maxConcurrency(PLACES - 4)
                                .maxPendingConnectionAcquires(PLACES)
                                .connectionAcquisitionTimeout(Duration.ofMillis(300)))
                        .credentialsProvider(credentials())
                        .build()) {
            server.rememberNothing();
            Supplier<DynamoDbCartStore> factory = () -> store(kind, server, given);
            List<DynamoDbCartStore> stores =
                    new ArrayList<>(Stream.generate(factory).limit(STORES).toList());
            int calls = runStorm(stores, factory);
            storming.set(false);

            System.out.printf("%s, seed %d: %d calls: %s%n", kind, SEED, calls, new TreeMap<>(ends));
            for (DynamoDbCartStore store : stores) {
                await(() -> store.inUse() == 0);
                assertServesAtOnce(store, kind);
                await(() -> store.inUse() == 0);
                store.close();
            }
        } finally {
            callers.shutdownNow();
        }
        assertThat(ends.keySet()).containsAll(ENDS);
        assertThat(unexpected).isEmpty();
        await(() -> storeThreads() <= threadsBefore);
    }

    /** Asserts that no place is missing: as many calls succeed at the same time as there are places. */
    private static void assertServesAtOnce(DynamoDbCartStore store, Client kind) {
        // A connection may turn out to be dead on use. In a client that is not the store's own, an abandoned request
        // holds its connection until the deadline of its call.
        int attempts = kind == Client.OWN ? 3 : 1_000;
        for (int i = 1; !served(store); i++) {
            assertThat(i).as("failed attempts").isLessThan(attempts);
        }
    }

    private static boolean served(DynamoDbCartStore store) {
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int i = 0; i < PLACES; i++) {
            calls.add(store.within(Duration.ofSeconds(10)).get("fresh" + i));
        }
        return calls.stream()
                        .filter(call ->
                                call.handle((cart, failure) -> failure == null).join())
                        .count()
                == PLACES;
    }

    /** Makes calls until the storm is over, and returns their number. */
    private int runStorm(List<DynamoDbCartStore> stores, Supplier<DynamoDbCartStore> factory)
            throws InterruptedException {
        Semaphore slots = new Semaphore(CALLERS);
        long start = System.nanoTime();
        int calls = 0;
        while (SECONDS == 0
                ? calls < CALLS || !ends.keySet().containsAll(ENDS) && calls < 20 * CALLS
                : System.nanoTime() - start < SECONDS * 1_000_000_000) {
            slots.acquire();
            calls++;
            DynamoDbCartStore store = stores.get(draw(stores.size()));
            callers.execute(() -> call(store).whenComplete((nothing, failure) -> slots.release()));
            if (calls % 700 == 0) {
                int closed = draw(stores.size());
                DynamoDbCartStore old = stores.set(closed, factory.get());
                if (draw(2) == 0) {
                    old.close();
                } else {
                    old.close(Duration.ofMillis(100));
                }
                await(() -> old.inUse() == 0);
            }
        }
        assertThat(slots.tryAcquire(CALLERS, 60, TimeUnit.SECONDS))
                .as("all calls have ended")
                .isTrue();
        return calls;
    }

    /** Issues a call, and returns a future that completes once the call has ended. */
    private CompletableFuture<?> call(DynamoDbCartStore store) {
        CompletableFuture<?> call;
        try {
            call = issue(fault(4) ? store.within(Duration.ofMillis(draw(300))) : store);
        } catch (IllegalStateException e) {
            count("closed");
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<?> ended = call.handle((value, failure) -> {
            count(failure == null ? "done" : endOf(failure));
            return null;
        });
        call.whenComplete((value, failure) -> {
            if (fault(20)) {
                sleep(50); // a callback that blocks
            }
            if (fault(20)) {
                throw new IllegalStateException("a callback's own failure");
            }
        });
        if (fault(5)) {
            sleep(draw(20));
            call.cancel(true);
        }
        return ended;
    }

    private CompletableFuture<?> issue(CartStore store) {
        String user = "user" + draw(20);
        return switch (draw(7)) {
            case 0 -> store.get(user);
            case 1 -> store.getAll(List.of(user, "another", "third"));
            case 2 -> store.setQuantity(user, "book", 2);
            case 3 -> store.merge("guest" + user, user, MergeStrategy.SUM);
            case 4 -> store.clear(user);
            case 5 -> store.delete(user);
            default -> store.addItem(user, book("book", "1", 1));
        };
    }

    private void count(String end) {
        ends.computeIfAbsent(end, any -> new AtomicInteger()).incrementAndGet();
    }

    private String endOf(Throwable failure) {
        Throwable cause = Failure.unwrap(failure);
        if (cause instanceof CancellationException) {
            return "cancelled";
        }
        if (!(cause instanceof CartStoreException)) {
            unexpected.add(cause);
        }
        return cause.getClass().getSimpleName();
    }

    private DynamoDbCartStore store(Client kind, WireServer server, DynamoDbAsyncClient given) {
        DynamoDbCartStore.Builder builder = DynamoDbCartStore.builder()
                .operationTimeout(TIMEOUT)
                .maxConcurrency(PLACES)
                .maxPending(CALLERS / 2)
                .metricPublisher(new Publisher())
                .backoff(attempt -> {
                    if (fault(50)) {
                        throw new IllegalStateException("backoff");
                    }
                    return Duration.ofMillis(draw(20));
                })
                .taskDecorator(steps -> () -> {
                    if (fault(50)) {
                        throw new IllegalStateException("decorator");
                    }
                    if (fault(100)) {
                        sleep(20);
                    }
                    steps.run();
                })
                .hedging(0.05)
                .hedgeDelayMillis(10)
                .executor(task -> {
                    if (fault(30)) {
                        throw new RejectedExecutionException("full");
                    }
                    if (fault(30)) {
                        sleep(20);
                    }
                    callers.execute(task);
                });
        return (kind == Client.GIVEN
                        ? builder.client(given)
                        : builder.configureClient(client -> client.endpointOverride(server.uri())
                                .region(Region.US_EAST_1)
                                .credentialsProvider(credentials())))
                .build();
    }

    private AwsCredentialsProvider credentials() {
        return () -> {
            if (fault(40)) {
                throw new IllegalStateException("expired");
            }
            if (fault(100)) {
                sleep(200);
            }
            return AwsBasicCredentials.create("key", "secret");
        };
    }

    private final class Publisher implements MetricPublisher {
        @Override
        public void publish(MetricCollection metrics) {
            if (fault(30)) {
                throw new NoClassDefFoundError("com/example/Gone");
            }
            if (fault(100)) {
                sleep(20);
            }
        }

        @Override
        public void close() {}
    }

    private void answer(WireServer.Request request, Socket socket, OutputStream out)
            throws IOException, InterruptedException {
        WireServer.Answer answer = switch (storming.get() ? draw(40) : 99) {
            case 0, 1 -> hang();
            case 2, 3 -> error(400, "ThrottlingException");
            case 4 -> error(500, "InternalServerError");
            case 5 -> http(503, "");
            case 6 -> reset();
            case 7 -> raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
            case 8 -> error(400, "ConditionalCheckFailedException");
            case 9 -> error(400, "ExpiredTokenException");
            case 10 -> ok("no JSON");
            default -> ok(bodyFor(request.operation()));
        };
        if (fault(4)) {
            Thread.sleep(draw(40));
        }
        answer.to(request, socket, out);
    }

    private static String bodyFor(String operation) {
        return switch (operation) {
            case "UpdateItem" -> "{\"Attributes\":" + ITEM + "}";
            case "BatchGetItem" -> "{\"Responses\":{\"cloudshelf-shopping-cart\":[]}}";
            case "TransactGetItems" -> "{\"Responses\":[{\"Item\":" + ITEM + "},{}]}";
            default -> "{}";
        };
    }

    /** Returns how many threads belong to stores and to the clients that they create. */
    private static long storeThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("cloudshelf-cart") || name.startsWith("aws-java-sdk-Netty"))
                .count();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
