package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The latencies of callers while requests hang: a steady load on a service that takes 5 ms and answers 1 % of the
 * requests after 10 s or never. Runs first on DynamoDB Local, where half of the requests that hang take effect, and
 * then on the stub service.
 */
final class Tail {
    private static final int CALLS_A_SECOND = 200;
    private static final int WARM_UP = 2_000;
    private static final int READS = 5_000;
    private static final int ADDS = 5_000;

    /** The store's adds, enough to reveal a book that is added twice. */
    private static final int MANY_ADDS = 20_000;

    private static final int LATENCY_MILLIS = 5;
    private static final int HUNG_ONE_IN = 100;
    private static final Duration HANG = Duration.ofSeconds(10);

    private final Results results;
    private final Path answers;
    private final Percentiles percentiles = new Percentiles("Latency of an add while 1 % of the requests hang");
    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();

    Tail(Results results, Path answers) {
        this.results = results;
        this.answers = answers;
    }

    /** The results of one contender. Times are in milliseconds. */
    private record Measured(List<Double> sorted, double requests, int failed, long doubled) {
        String times() {
            return Results.format("%.0f / %.0f / %.0f ms", at(0.5), at(0.99), at(0.999));
        }

        double at(double share) {
            return sorted.get((int) (share * sorted.size()));
        }
    }

    private interface Factory {
        Carts on(DynamoDbAsyncClient client, String table);
    }

    /** Puts one contender under load, and returns its results. */
    private interface Scenario {
        Measured run(Factory factory, boolean adds, int count, boolean faulty) throws IOException;
    }

    /** Measures, and writes a chart of the adds on DynamoDB Local. */
    void run(Path picture) throws IOException {
        run("DynamoDB Local", this::onDynamoDbLocal, true);
        run("stub service", this::onStub, false);
        Files.writeString(picture, percentiles.picture());
    }

    private void run(String where, Scenario scenario, boolean persistent) throws IOException {
        for (boolean adds : new boolean[] {false, true}) {
            int count = adds ? ADDS : READS;
            Measured store = scenario.run(Tail::store, adds, adds && persistent ? MANY_ADDS : count, true);
            Measured withoutHedging = scenario.run(Tail::withoutHedging, adds, count, true);
            Measured raw = scenario.run(RawCarts::new, adds, count, true);
            Measured healthy = scenario.run(Tail::store, adds, count, false);
            if (adds && persistent) {
                percentiles.add("hedging (2 %)", store.sorted);
                percentiles.add("hedging(0)", withoutHedging.sorted);
                percentiles.add("raw", raw.sorted);
            }
            String call = where + ", " + (adds ? "add" : "get");
            String what = call + ", 1 % of the requests hang: ";
            results.add(
                    9,
                    what + "p50 / p99 / p99.9",
                    store.times(),
                    raw.times(),
                    "",
                    "p99.9 at most 60 ms",
                    store.at(0.999) <= 60);
            results.add(what + "p50 / p99 / p99.9 with hedging(0)", withoutHedging.times(), "", "");
            results.add(
                    9,
                    what + "requests per call",
                    Results.format("%.3f", store.requests),
                    Results.format("%.3f", raw.requests),
                    "",
                    "at most 1.03",
                    store.requests <= 1.03);
            results.add(what + "failed calls", "" + store.failed, "" + raw.failed, "");
            if (adds && persistent) {
                results.add(
                        9,
                        what + "books added twice",
                        "" + store.doubled,
                        "" + raw.doubled,
                        "",
                        "0",
                        store.doubled == 0);
            }
            results.add(call + ", none hangs: p50 / p99 / p99.9", healthy.times(), "", "");
            results.add(
                    9,
                    call + ", none hangs: requests per call",
                    Results.format("%.4f", healthy.requests),
                    "",
                    "",
                    "at most 1.005",
                    healthy.requests <= 1.005);
        }
    }

    private static Carts store(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(
                DynamoDbCartStore.builder().client(client).tableName(table).build());
    }

    private static Carts withoutHedging(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(DynamoDbCartStore.builder()
                .client(client)
                .tableName(table)
                .hedging(0)
                .build());
    }

    private Measured onDynamoDbLocal(Factory factory, boolean adds, int count, boolean faulty) {
        String table = dynamoDb.createCartTable();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.clientBuilder(network)
                        // Without a timeout, the SDK would wait forever.
                        .overrideConfiguration(settings -> settings.apiCallAttemptTimeout(HANG))
                        .build()) {
            Carts carts = factory.on(client, table);
            factory.on(dynamoDb.client(), table).add("user0", Carts.books(3)).join();
            calls(WARM_UP, call(carts, adds, MANY_ADDS));
            network.forget();
            // The first fault that is drawn counts, so every request either hangs or is late.
            network.hang(4711, faulty ? 1.0 / HUNG_ONE_IN : 0)
                    .draw(1, 1, Fault.delay(Duration.ofMillis(LATENCY_MILLIS)));
            Times times = calls(count, call(carts, adds, 0));
            int requests = network.sent().size();
            network.clear();
            network.settled().join();
            long doubled = 0;
            if (adds) {
                for (int n = 1; n < count; n++) {
                    doubled += books(table, "user" + n) > Carts.book(n).quantity() ? 1 : 0;
                }
            }
            return times.measured((double) requests / count, doubled);
        }
    }

    private Measured onStub(Factory factory, boolean adds, int count, boolean faulty) throws IOException {
        AtomicInteger requests = new AtomicInteger();
        ExecutionInterceptor counter = new ExecutionInterceptor() {
            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                requests.incrementAndGet();
            }
        };
        try (StubService service = StubService.start(
                        answers.resolve(CannedAnswers.STORE + "-10.json"),
                        LATENCY_MILLIS,
                        200,
                        faulty ? HUNG_ONE_IN : 0);
                DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                        .endpointOverride(service.endpoint())
                        .region(Region.US_EAST_1)
                        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
                        .overrideConfiguration(settings -> settings.addExecutionInterceptor(counter))
                        .build()) {
            Carts carts = factory.on(client, "cloudshelf-shopping-cart");
            calls(WARM_UP, call(carts, adds, MANY_ADDS));
            requests.set(0);
            return calls(count, call(carts, adds, 0)).measured((double) requests.get() / count, 0);
        }
    }

    private static IntFunction<CompletableFuture<?>> call(Carts carts, boolean adds, int from) {
        return n -> adds ? carts.add("user" + (from + n), Carts.book(n)) : carts.get("user0");
    }

    private long books(String table, String userId) {
        AttributeValue total = dynamoDb.client()
                .getItem(get -> get.tableName(table).key(Map.of("userId", AttributeValue.fromS(userId))))
                .join()
                .item()
                .get("totalItems");
        return total == null ? 0 : Long.parseLong(total.n());
    }

    /** The duration of each call, and the number of failures. */
    private record Times(List<Double> millis, int failed) {
        Measured measured(double requests, long doubled) {
            return new Measured(millis.stream().sorted().toList(), requests, failed, doubled);
        }
    }

    /** Calls at a steady rate, whether earlier calls have ended or not. */
    private static Times calls(int count, IntFunction<CompletableFuture<?>> call) {
        List<Double> millis = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger failed = new AtomicInteger();
        List<CompletableFuture<?>> calls = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> issued = new CompletableFuture<>();
        AtomicInteger next = new AtomicInteger();
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
        clock.scheduleAtFixedRate(
                () -> {
                    int n = next.getAndIncrement();
                    if (n >= count) {
                        issued.complete(null);
                        return;
                    }
                    long start = System.nanoTime();
                    calls.add(call.apply(n).handle((cart, failure) -> {
                        millis.add((System.nanoTime() - start) / 1e6);
                        return failure == null ? 0 : failed.incrementAndGet();
                    }));
                },
                0,
                TimeUnit.SECONDS.toNanos(1) / CALLS_A_SECOND,
                TimeUnit.NANOSECONDS);
        issued.join();
        clock.shutdownNow();
        calls.forEach(CompletableFuture::join);
        return new Times(millis, failed.get());
    }
}
