package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * Many callers of one process read, with hand-written code and with the store, on the same kind of client: retries on,
 * 500 connections.
 */
final class EqualClients {
    private static final int CALLERS = 500;
    private static final long WARM_UP = TimeUnit.SECONDS.toNanos(60);
    private static final long TIME = TimeUnit.SECONDS.toNanos(20);

    private EqualClients() {}

    static void run(Results results, Path answers) throws IOException, InterruptedException {
        try (StubService service = StubService.start(answers.resolve("store-10.json"), 10)) {
            String table = "cloudshelf-shopping-cart";
            compare(results, "a service that takes 10 ms", service.settings(), table, table);
        }
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String rawTable = dynamoDb.createCartTable();
        String storeTable = dynamoDb.createCartTable();
        Carts raw = new RawCarts(dynamoDb.client(), rawTable);
        Carts store = new StoreCarts(DynamoDbCartStore.builder()
                .client(dynamoDb.client())
                .tableName(storeTable)
                .build());
        for (int i = 0; i < CALLERS; i++) {
            raw.add("user" + i, Carts.books(10)).join();
            store.add("user" + i, Carts.books(10)).join();
        }
        compare(results, "DynamoDB Local", StubService.settings(dynamoDb.endpoint()), rawTable, storeTable);
    }

    private static void compare(
            Results results, String where, List<String> settings, String rawTable, String storeTable)
            throws IOException, InterruptedException {
        String classPath = System.getProperty("java.class.path");
        double[] raw = Jvm.run(settings, classPath, EqualClients.class, CannedAnswers.RAW, rawTable);
        double[] store = Jvm.run(settings, classPath, EqualClients.class, CannedAnswers.STORE, storeTable);
        String what = CALLERS + " callers read on equal clients, " + where + ": ";
        results.add(
                12,
                what + "calls per second",
                Results.format("%.0f (%.2f)", store[0], store[0] / raw[0]),
                Results.format("%.0f", raw[0]),
                "",
                "at least 0.95 of raw",
                store[0] >= 0.95 * raw[0]);
        results.add(
                12,
                what + "p99",
                Results.format("%.0f ms (%.2f)", store[2], store[2] / raw[2]),
                Results.format("%.0f ms", raw[2]),
                "",
                "at most 1.25 of raw",
                store[2] <= 1.25 * raw[2]);
        results.add(
                what + "p50, CPU per call",
                Results.format("%.0f ms, %.0f us", store[1], store[3]),
                Results.format("%.0f ms, %.0f us", raw[1], raw[3]),
                "");
    }

    /**
     * Puts one contender under load. Prints calls per second, p50 and p99 in milliseconds, and microseconds of CPU per
     * call.
     */
    public static void main(String[] arguments) throws InterruptedException {
        DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                .httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(CALLERS))
                .build();
        Carts carts = arguments[0].equals(CannedAnswers.RAW)
                ? new RawCarts(client, arguments[1])
                : new StoreCarts(DynamoDbCartStore.builder()
                        .client(client)
                        .tableName(arguments[1])
                        .operationTimeout(Duration.ofSeconds(30))
                        .build());
        Callers callers = Callers.start(carts, CALLERS, WARM_UP, TIME);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        callers.awaitWarmUp();
        long before = system.getProcessCpuTime();
        callers.awaitEnd();
        double cpu = (system.getProcessCpuTime() - before) / 1e3;
        List<Double> sorted = callers.millis();
        int calls = sorted.size();
        System.out.println(calls / (TIME / 1e9) + " " + sorted.get(calls / 2) + " " + sorted.get(calls * 99 / 100) + " "
                + cpu / calls);
        System.exit(0);
    }
}
