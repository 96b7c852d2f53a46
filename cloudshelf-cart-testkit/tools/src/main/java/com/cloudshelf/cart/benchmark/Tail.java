package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What callers feel of requests that hang: a steady load on DynamoDB Local behind 5 ms, where 1 % of the requests are never
 * answered, half of them after they took effect.
 */
final class Tail {
    private static final int CALLS_A_SECOND = 200;
    private static final int WARM_UP = 2_000;
    private static final int READS = 5_000;
    private static final int ADDS = 20_000;
    private static final int LATENCY_MILLIS = 5;
    private static final double SHARE = 0.01;

    private final Results results;
    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();

    Tail(Results results) {
        this.results = results;
    }

    /** What the calls of one contender came to; times in milliseconds. */
    private record Felt(double p50, double p99, double p999, double requests, int failed, long doubled) {
        String times() {
            return Results.format("%.0f / %.0f / %.0f ms", p50, p99, p999);
        }
    }

    private interface Maker {
        Carts on(DynamoDbAsyncClient client, String table);
    }

    void run() {
        for (boolean adds : new boolean[] {false, true}) {
            Felt store = load(Tail::store, adds, SHARE);
            Felt patient = load(Tail::patient, adds, SHARE);
            Felt raw = load(RawCarts::new, adds, SHARE);
            String what = (adds ? "add" : "get") + ", 1 % of the requests hang: ";
            results.add(
                    9,
                    what + "p50 / p99 / p99.9",
                    store.times(),
                    raw.times(),
                    "",
                    "p99.9 at most 60 ms",
                    store.p999 <= 60);
            results.add(what + "the same with hedging(0)", patient.times(), "", "");
            results.add(
                    9,
                    what + "requests a call",
                    Results.format("%.3f", store.requests),
                    Results.format("%.3f", raw.requests),
                    "",
                    "at most 1.03",
                    store.requests <= 1.03);
            results.add(what + "failed calls", "" + store.failed, "" + raw.failed, "");
            if (adds) {
                results.add(9, what + "books twice", "" + store.doubled, "" + raw.doubled, "", "0", store.doubled == 0);
            }
            Felt healthy = load(Tail::store, adds, 0);
            results.add(
                    (adds ? "add" : "get") + ", none hangs: p50 / p99 / p99.9, requests a call",
                    healthy.times() + Results.format(", %.3f", healthy.requests),
                    "",
                    "");
        }
    }

    private static Carts store(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(
                DynamoDbCartStore.builder().client(client).tableName(table).build());
    }

    private static Carts patient(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(DynamoDbCartStore.builder()
                .client(client)
                .tableName(table)
                .hedging(0)
                .build());
    }

    /** Calls at a steady rate, whether those before have ended or not; of what warms up, nothing counts. */
    private Felt load(Maker maker, boolean adds, double share) {
        int count = adds ? ADDS : READS;
        String table = dynamoDb.createCartTable();
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.clientBuilder(network).build()) {
            Carts carts = maker.on(client, table);
            maker.on(dynamoDb.client(), table).add("user0", Carts.books(3)).join();
            IntFunction<CompletableFuture<?>> call =
                    n -> adds ? carts.add("user" + n, Carts.book(n)) : carts.get("user0");
            calls(clock, WARM_UP, n -> call.apply(1_000_000 + n), new ArrayList<>(), new AtomicInteger());
            network.forget();
            // The first that is drawn counts: what does not hang is late.
            network.hang(4711, share).draw(1, 1, Fault.delay(Duration.ofMillis(LATENCY_MILLIS)));
            List<Double> millis = Collections.synchronizedList(new ArrayList<>());
            AtomicInteger failed = new AtomicInteger();
            calls(clock, count, call, millis, failed);
            double requests = (double) network.sent().size() / count;
            network.clear();
            network.settled().join();
            long doubled = 0;
            if (adds) {
                for (int n = 1; n < count; n++) {
                    doubled += books(table, "user" + n) > Carts.book(n).quantity() ? 1 : 0;
                }
            }
            List<Double> sorted = millis.stream().sorted().toList();
            return new Felt(
                    sorted.get(sorted.size() / 2),
                    sorted.get(sorted.size() * 99 / 100),
                    sorted.get((int) (sorted.size() * 0.999)),
                    requests,
                    failed.get(),
                    doubled);
        } finally {
            clock.shutdownNow();
        }
    }

    private long books(String table, String userId) {
        AttributeValue total = dynamoDb.client()
                .getItem(get -> get.tableName(table).key(Map.of("userId", AttributeValue.fromS(userId))))
                .join()
                .item()
                .get("totalItems");
        return total == null ? 0 : Long.parseLong(total.n());
    }

    private static void calls(
            ScheduledExecutorService clock,
            int count,
            IntFunction<CompletableFuture<?>> call,
            List<Double> millis,
            AtomicInteger failed) {
        List<CompletableFuture<?>> calls = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<Void> issued = new CompletableFuture<>();
        AtomicInteger next = new AtomicInteger();
        ScheduledFuture<?> ticks = clock.scheduleAtFixedRate(
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
        ticks.cancel(false);
        calls.forEach(CompletableFuture::join);
    }
}
