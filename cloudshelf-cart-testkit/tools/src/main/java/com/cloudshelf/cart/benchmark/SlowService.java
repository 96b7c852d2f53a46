package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * The requests per call that the hedges and retries of one store add while DynamoDB as a whole is slow, while it then
 * throttles everything, and once it is healthy again.
 */
final class SlowService {
    private static final int CALLERS = 40;
    private static final int HEALTHY = 3_000;
    private static final int SLOW = 8_000;
    private static final int THROTTLED = 10_000;
    private static final Duration DELAY = Duration.ofMillis(300);
    private static final double SHARE = 0.02; // the default of DynamoDbCartStore.Builder.hedging

    private final Faults network;
    private final Carts carts;
    private int users;

    private SlowService(Faults network, Carts carts) {
        this.network = network;
        this.carts = carts;
    }

    static void run(Results results) throws InterruptedException {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.clientBuilder(network).build()) {
            Carts carts = new StoreCarts(DynamoDbCartStore.builder()
                    .client(client)
                    .tableName(dynamoDb.createCartTable())
                    .build());
            new SlowService(network, carts).measure(results);
        }
    }

    private void measure(Results results) throws InterruptedException {
        requestsPerCall(HEALTHY); // what the store expects from now on
        network.always(Fault.delay(DELAY));
        add(results, "every response takes " + DELAY.toMillis() + " ms", requestsPerCall(SLOW));
        network.clear();
        network.always(Fault.throttle());
        add(results, "then everything is throttled", requestsPerCall(THROTTLED));
        network.clear();
        network.forget();
        carts.get("user0").join();
        int next = network.sent().size();
        results.add(9, "then healthy again: requests of the next call", "" + next, "", "", "1", next == 1);
        add(results, "then healthy again", requestsPerCall(HEALTHY));
    }

    private static void add(Results results, String what, double requests) {
        results.add(
                9,
                what + ", " + CALLERS + " callers: requests per call",
                Results.format("%.3f", requests),
                "",
                "",
                "at most " + (1 + SHARE),
                requests <= 1 + SHARE);
    }

    /** Gets carts and adds to others in turn, and counts the requests, whether the calls succeed or fail. */
    private double requestsPerCall(int calls) throws InterruptedException {
        network.forget();
        Semaphore callers = new Semaphore(CALLERS);
        for (int i = 0; i < calls; i++) {
            callers.acquire();
            call().handle((cart, failure) -> {
                callers.release();
                return null;
            });
        }
        callers.acquire(CALLERS);
        network.settled().join();
        return (double) network.sent().size() / calls;
    }

    private CompletableFuture<?> call() {
        String userId = "user" + users++;
        return users % 2 == 0 ? carts.get(userId) : carts.add(userId, Carts.book(1));
    }
}
