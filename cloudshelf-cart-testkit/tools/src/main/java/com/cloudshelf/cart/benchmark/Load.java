package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * Many callers of one process, each with its own cart, on a service that takes 50 ms. Each contender uses its default
 * client.
 */
final class Load {
    private static final int LATENCY_MILLIS = 50;
    private static final int CALLERS = 500;
    private static final int BURST = 20_000;

    /** Two processors still compile code until then, so a shorter warm-up would measure the compiler. */
    private static final long WARM_UP = TimeUnit.SECONDS.toNanos(120);

    private static final long TIME = TimeUnit.SECONDS.toNanos(6);

    private Load() {}

    static void run(Results results, Path answers) throws IOException, InterruptedException {
        try (StubService service = StubService.start(answers.resolve("store-10.json"), LATENCY_MILLIS)) {
            String classPath = System.getProperty("java.class.path");
            // The store does not run first, so that it does not meet a cold service.
            double[] raw = Jvm.run(service.settings(), classPath, Load.class, CannedAnswers.RAW);
            double[] store = Jvm.run(service.settings(), classPath, Load.class, CannedAnswers.STORE);
            double[] enhanced = Jvm.run(service.settings(), classPath, Load.class, CannedAnswers.ENHANCED);
            results.add(
                    6,
                    CALLERS + " callers read: calls per second",
                    Results.format("%.0f", store[0]),
                    Results.format("%.0f", raw[0]),
                    Results.format("%.0f", enhanced[0]),
                    "4 times the SDK's default client",
                    store[0] >= 4 * raw[0] && store[0] >= 4 * enhanced[0]);
            results.add(
                    6,
                    CALLERS + " callers read: p50",
                    Results.format("%.0f ms", store[1]),
                    Results.format("%.0f ms", raw[1]),
                    Results.format("%.0f ms", enhanced[1]),
                    "a quarter",
                    store[1] <= raw[1] / 4 && store[1] <= enhanced[1] / 4);
            results.add(
                    6,
                    BURST + " concurrent reads: failures",
                    Results.format("%.0f", store[2]),
                    Results.format("%.0f", raw[2]),
                    Results.format("%.0f", enhanced[2]),
                    "0",
                    store[2] == 0);
            results.draw("p50, 500 callers, 50 ms", store[1] / raw[1], store[1] / enhanced[1]);
        }
    }

    /** Puts one contender under load. Prints calls per second, p50 in milliseconds, and the failures of a burst. */
    public static void main(String[] arguments) throws InterruptedException {
        String table = "cloudshelf-shopping-cart";
        Carts carts = switch (arguments[0]) {
            case CannedAnswers.RAW -> new RawCarts(DynamoDbAsyncClient.create(), table);
            case CannedAnswers.ENHANCED -> new EnhancedCarts(DynamoDbAsyncClient.create(), table);
            default ->
                new StoreCarts(DynamoDbCartStore.builder()
                        .operationTimeout(Duration.ofSeconds(30))
                        .build());
        };
        Callers callers = Callers.start(carts, CALLERS, WARM_UP, TIME);
        callers.awaitEnd();
        List<Double> sorted = callers.millis();
        double rate = sorted.size() / (TIME / 1e9);
        System.out.println(rate + " " + sorted.get(sorted.size() / 2) + " " + burst(carts));
        System.exit(0);
    }

    private static int burst(Carts carts) {
        AtomicInteger failures = new AtomicInteger();
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < BURST; i++) {
            calls.add(carts.get("user" + i).handle((cart, failure) -> failures.addAndGet(failure == null ? 0 : 1)));
        }
        calls.forEach(CompletableFuture::join);
        return failures.get();
    }
}
