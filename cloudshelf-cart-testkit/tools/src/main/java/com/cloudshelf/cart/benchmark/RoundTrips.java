package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.SentRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/** What operations cost in requests and bytes, counted where they leave for the wire to DynamoDB Local. */
final class RoundTrips {
    private static final int PARTIES = 16;
    private static final int ONE_COPY_OF_100_LINES = 22_500;
    private static final int BYTES_OF_AN_ATTRIBUTE = "'giftWrap':{'BOOL':true},".length();

    private final Results results;
    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
    private int tables;

    RoundTrips(Results results) {
        this.results = results;
    }

    /** Makes a contender on a client and a table. */
    private interface Maker {
        Carts on(DynamoDbAsyncClient client, String table);
    }

    private static StoreCarts store(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(DynamoDbCartStore.builder()
                .client(client)
                .tableName(table)
                .operationTimeout(Duration.ofSeconds(30))
                .build());
    }

    private static StoreCarts laterStore(DynamoDbAsyncClient client, String table) {
        return new StoreCarts(DynamoDbCartStore.builder()
                .client(client)
                .tableName(table)
                .clock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(61)))
                .build());
    }

    /** What a measured piece cost. */
    private record Cost(int requests, long up, long down) {
        static Cost of(List<SentRequest> sent) {
            long up = 0;
            long down = 0;
            for (SentRequest request : sent) {
                up += request.requestBytes();
                down += request.responseBytes().orElse(0);
            }
            return new Cost(sent.size(), up, down);
        }

        String kilobytes() {
            return Results.format("%.2f / %.2f KB", up / 1024.0, down / 1024.0);
        }
    }

    void run() {
        Function<Carts, CompletableFuture<?>> change = carts -> carts.setQuantity(Carts.USER, Carts.bookId(1), 77);
        Cost snapshot = snapshot(3);
        List<Cost> add = each(3, RoundTrips::store, carts -> carts.add(Carts.USER, Carts.book(1000)));
        List<Cost> cold = each(3, RoundTrips::store, change);
        List<Cost> clear = each(3, RoundTrips::laterStore, carts -> carts.clear(Carts.USER));
        row("add of a new book, cold: requests", add, 1);
        row("change from a snapshot: requests", List.of(snapshot, cold.get(1), cold.get(2)), 1);
        row("clear of a cart that has rested, cold: requests", clear, 1);
        row("change, cold: requests", cold, 2);
        for (int conflicts = 1; conflicts <= 3; conflicts++) {
            List<Cost> costs = afterConflicts(conflicts);
            String what =
                    "change, cold, after " + conflicts + (conflicts == 1 ? " conflict" : " conflicts") + ": requests";
            if (conflicts == 1) {
                row(what, costs, 3);
            } else {
                results.add(what, "" + costs.get(0).requests, "" + costs.get(1).requests, "" + costs.get(2).requests);
            }
        }
        List<Cost> keyed = each(3, RoundTrips::store, carts -> keyed(carts, List.of(Carts.book(1000))));
        List<Cost> first = each(0, RoundTrips::store, carts -> keyed(carts, List.of(Carts.book(1000))));
        List<Cost> five = each(3, RoundTrips::store, carts -> carts.add(Carts.USER, fiveBooks()));
        row(8, "add with an idempotency key, cold: requests", keyed, 1);
        row(8, "the same, the first of a cart: requests", first, 1);
        row(8, "add of five new books in one update, cold: requests", five, 1);
        results.add(
                7,
                "add of a new book, cold: bytes up",
                add.get(0).up + "",
                add.get(1).up + "",
                add.get(2).up + "",
                "1.3 KB",
                add.get(0).up <= 1331);
        bytes(each(100, RoundTrips::store, change), snapshot(100));
        withAttributes(change);
        writers(3);
        writers(16);
        callers();
    }

    /** The same once more, with an attribute on each line and one on the cart. */
    private void withAttributes(Function<Carts, CompletableFuture<?>> change) {
        Maker store = (client, table) -> store(client, table).withAttributes();
        Maker later = (client, table) -> laterStore(client, table).withAttributes();
        attributedRow(
                1,
                "add of a new book, cold",
                cost(3, store, store, carts -> carts.add(Carts.USER, Carts.book(1000))),
                1);
        attributedRow(1, "change from a snapshot", snapshot(3, true), 1);
        attributedRow(
                1, "clear of a cart that has rested, cold", cost(3, store, later, carts -> carts.clear(Carts.USER)), 1);
        attributedRow(1, "change, cold", cost(3, store, store, change), 2);
        attributedRow(
                8,
                "add with an idempotency key, cold",
                cost(3, store, store, carts -> keyed(carts, List.of(Carts.book(1000)))),
                1);
        attributedRow(
                8,
                "add of five new books in one update, cold",
                cost(3, store, store, carts -> carts.add(Carts.USER, fiveBooks())),
                1);
        Cost cold = cost(100, store, store, change);
        Cost snapshot = snapshot(100, true);
        results.add(
                1,
                "with attributes: change at 100 lines, cold: bytes up / down",
                cold.kilobytes(),
                "",
                "",
                "1 KB / one copy",
                cold.up <= 1024 && cold.down <= ONE_COPY_OF_100_LINES + 100 * BYTES_OF_AN_ATTRIBUTE);
        results.add(
                1,
                "with attributes: change at 100 lines from a snapshot: bytes up / down",
                snapshot.kilobytes(),
                "",
                "",
                "1 / 0.1 KB",
                snapshot.up <= 1024 && snapshot.down <= 102);
    }

    private void attributedRow(int target, String what, Cost cost, int wanted) {
        results.add(
                target,
                "with attributes: " + what + ": requests",
                "" + cost.requests,
                "",
                "",
                "" + wanted,
                cost.requests == wanted);
    }

    /** Makes a table whose name is as long as the default one: it is part of every request. */
    private String table() {
        return dynamoDb.createCartTable("cloudshelf-shopping-%04d".formatted(tables++));
    }

    private static List<CartItem> fiveBooks() {
        return IntStream.range(1000, 1005).mapToObj(Carts::book).toList();
    }

    /** The peers have no keys: they add. */
    private static CompletableFuture<?> keyed(Carts carts, List<CartItem> books) {
        return carts instanceof StoreCarts store
                ? store.add(Carts.USER, books, "request-1")
                : carts.add(Carts.USER, books);
    }

    private void row(String what, List<Cost> costs, int wanted) {
        row(1, what, costs, wanted);
    }

    private void row(int target, String what, List<Cost> costs, int wanted) {
        results.add(
                target,
                what,
                "" + costs.get(0).requests,
                "" + costs.get(1).requests,
                "" + costs.get(2).requests,
                "" + wanted,
                costs.get(0).requests == wanted);
    }

    private void bytes(List<Cost> cold, Cost snapshot) {
        results.add(
                1,
                "change at 100 lines, cold: bytes up / down",
                cold.get(0).kilobytes(),
                cold.get(1).kilobytes(),
                cold.get(2).kilobytes(),
                "1 KB / one copy",
                cold.get(0).up <= 1024 && cold.get(0).down <= ONE_COPY_OF_100_LINES);
        results.add(
                1,
                "change at 100 lines from a snapshot: bytes up / down",
                snapshot.kilobytes(),
                cold.get(1).kilobytes(),
                cold.get(2).kilobytes(),
                "1 / 0.1 KB",
                snapshot.up <= 1024 && snapshot.down <= 102);
        results.draw(
                "bytes up, change at 100 lines, cold",
                (double) cold.get(0).up / cold.get(1).up,
                (double) cold.get(0).up / cold.get(2).up);
    }

    /** Returns what an operation costs the store, raw and enhanced, each on a cart that it had filled in another process. */
    private List<Cost> each(int lines, Maker store, Function<Carts, CompletableFuture<?>> operation) {
        List<Cost> costs = new ArrayList<>();
        for (Maker maker : List.of(store, (Maker) RawCarts::new, (Maker) EnhancedCarts::new)) {
            costs.add(cost(lines, maker == store ? RoundTrips::store : maker, maker, operation));
        }
        return costs;
    }

    private Cost cost(int lines, Maker filler, Maker maker, Function<Carts, CompletableFuture<?>> operation) {
        String table = table();
        if (lines > 0) {
            filler.on(dynamoDb.client(), table)
                    .fill(Carts.USER, Carts.books(lines))
                    .join();
        }
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.client(network)) {
            operation.apply(maker.on(client, table)).join();
            return Cost.of(network.sent());
        }
    }

    private Cost snapshot(int lines) {
        return snapshot(lines, false);
    }

    private Cost snapshot(int lines, boolean attributed) {
        String table = table();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.client(network)) {
            StoreCarts carts = attributed ? store(client, table).withAttributes() : store(client, table);
            Cart cart = carts.fill(Carts.USER, Carts.books(lines)).join();
            network.forget();
            carts.setQuantity(cart, Carts.bookId(1), 77).join();
            return Cost.of(network.sent());
        }
    }

    /** Returns what a change costs if a rival writes before each of its first attempts, as many as conflicts. */
    private List<Cost> afterConflicts(int conflicts) {
        List<Cost> costs = new ArrayList<>();
        for (Maker maker : List.of((Maker) RoundTrips::store, (Maker) RawCarts::new, (Maker) EnhancedCarts::new)) {
            String table = table();
            Carts rival = maker.on(dynamoDb.client(), table);
            rival.add(Carts.USER, Carts.books(3)).join();
            AtomicInteger left = new AtomicInteger(conflicts);
            ExecutionInterceptor rivalFirst = new ExecutionInterceptor() {
                @Override
                public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                    if (context.request() instanceof UpdateItemRequest && left.getAndDecrement() > 0) {
                        rival.setQuantity(Carts.USER, Carts.bookId(2), 50 + left.get())
                                .join();
                    }
                }
            };
            try (Faults network = Faults.none();
                    DynamoDbAsyncClient client = dynamoDb.clientBuilder(network)
                            .overrideConfiguration(settings -> settings.addExecutionInterceptor(rivalFirst))
                            .build()) {
                maker.on(client, table)
                        .setQuantity(Carts.USER, Carts.bookId(1), 77)
                        .join();
                costs.add(Cost.of(network.sent()));
            }
        }
        return costs;
    }

    /** What many concurrent chains of operations came to. */
    private record Crowd(double requestsEach, int failed, double p99Millis) {}

    private Crowd crowd(Maker maker, boolean apart, int each, Work work) {
        String table = table();
        maker.on(dynamoDb.client(), table).add(Carts.USER, Carts.books(3)).join();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.client(network)) {
            Carts shared = maker.on(client, table);
            shared.get(Carts.USER).join(); // opens a connection
            network.forget();
            List<Double> millis = Collections.synchronizedList(new ArrayList<>());
            AtomicInteger failed = new AtomicInteger();
            List<CompletableFuture<?>> parties = new ArrayList<>();
            for (int i = 0; i < PARTIES; i++) {
                int party = i;
                Carts carts = apart ? maker.on(client, table) : shared;
                IntFunction<CompletableFuture<?>> operation = step -> {
                    long begin = System.nanoTime();
                    return work.of(carts, party, step).handle((cart, failure) -> {
                        millis.add((System.nanoTime() - begin) / 1e6);
                        failed.addAndGet(failure == null ? 0 : 1);
                        return cart;
                    });
                };
                CompletableFuture<?> chain = CompletableFuture.completedFuture(null);
                for (int step = 0; step < each; step++) {
                    int next = step;
                    chain = chain.thenCompose(before -> operation.apply(next));
                }
                parties.add(chain);
            }
            parties.forEach(CompletableFuture::join);
            List<Double> sorted = millis.stream().sorted().toList();
            return new Crowd(
                    (double) network.sent().size() / sorted.size(), failed.get(), sorted.get(sorted.size() * 99 / 100));
        }
    }

    private interface Work {
        CompletableFuture<?> of(Carts carts, int party, int step);
    }

    private Map<String, Crowd> crowds(boolean apart, int each, Work work) {
        Map<String, Crowd> crowds = new LinkedHashMap<>();
        crowds.put(CannedAnswers.STORE, crowd(RoundTrips::store, apart, each, work));
        crowds.put(CannedAnswers.RAW, crowd(RawCarts::new, apart, each, work));
        crowds.put(CannedAnswers.ENHANCED, crowd(EnhancedCarts::new, apart, each, work));
        return crowds;
    }

    private static String requests(Crowd crowd) {
        return Results.format("%.2f", crowd.requestsEach) + (crowd.failed == 0 ? "" : ", " + crowd.failed + " failed");
    }

    private void writers(int each) {
        Map<String, Crowd> crowds = crowds(
                true, each, (carts, party, step) -> carts.add(Carts.USER, Carts.book(1000 + party * 100 + step)));
        Crowd store = crowds.get(CannedAnswers.STORE);
        Crowd raw = crowds.get(CannedAnswers.RAW);
        Crowd enhanced = crowds.get(CannedAnswers.ENHANCED);
        String what = PARTIES + " writers in other processes add " + each + " books each: requests per add";
        if (each * PARTIES <= 48) {
            results.add(
                    1,
                    what,
                    requests(store),
                    requests(raw),
                    requests(enhanced),
                    "1",
                    store.requestsEach == 1 && store.failed == 0);
        } else {
            results.add(what, requests(store), requests(raw), requests(enhanced));
        }
        if (each * PARTIES <= 48) {
            results.draw(
                    "requests per add, 16 processes, one cart",
                    store.requestsEach / raw.requestsEach,
                    store.requestsEach / enhanced.requestsEach);
        }
    }

    private void callers() {
        Map<String, Crowd> crowds = crowds(false, 20, (carts, party, step) -> switch (step % 4) {
            case 0 -> carts.add(Carts.USER, Carts.book(1000 + party));
            case 1 -> carts.setQuantity(Carts.USER, Carts.bookId(1), 100 + party * 100 + step);
            case 2 -> carts.add(Carts.USER, Carts.book(0));
            default -> carts.remove(Carts.USER, Carts.bookId(1000 + party));
        });
        Crowd store = crowds.get(CannedAnswers.STORE);
        Crowd raw = crowds.get(CannedAnswers.RAW);
        Crowd enhanced = crowds.get(CannedAnswers.ENHANCED);
        results.add(
                1,
                PARTIES + " callers of one process, one cart, mixed changes: requests per change",
                requests(store),
                requests(raw),
                requests(enhanced),
                "at most 1.1, none failed",
                store.requestsEach <= 1.1 && store.failed == 0);
        results.add(
                1,
                "the same: p99",
                Results.format("%.0f ms", store.p99Millis),
                Results.format("%.0f ms", raw.p99Millis),
                Results.format("%.0f ms", enhanced.p99Millis),
                "a quarter",
                store.p99Millis <= raw.p99Millis / 4 && store.p99Millis <= enhanced.p99Millis / 4);
        results.draw(
                "requests per change, 16 callers, one cart",
                store.requestsEach / raw.requestsEach,
                store.requestsEach / enhanced.requestsEach);
    }
}
