package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** The requests per call that 40 callers send to a service that only responds with errors. */
final class Outage {
    private static final int CALLERS = 40;
    private static final long TIME = TimeUnit.SECONDS.toNanos(60);

    private Outage() {}

    static void run(Results results, Path answers) throws IOException, InterruptedException {
        try (StubService service = StubService.start(answers.resolve("store-10.json"), 5, 500)) {
            double[] store = measure(service, CannedAnswers.STORE, "false");
            double[] raw = measure(service, CannedAnswers.RAW, "false");
            double[] rawWithNewRetries = measure(service, CannedAnswers.RAW, "true");
            results.add(
                    11,
                    "permanent errors, " + CALLERS
                            + " callers: requests per call (raw also with the SDK's new retries)",
                    Results.format("%.2f", store[0]),
                    Results.format("%.2f (%.2f)", raw[0], rawWithNewRetries[0]),
                    "",
                    "at most 2",
                    store[0] <= 2);
        }
        try (StubService service = StubService.start(answers.resolve("store-10.json"), 5, 400)) {
            double[] store = measure(service, CannedAnswers.STORE, "false");
            double[] raw = measure(service, CannedAnswers.RAW, "false");
            results.add(
                    9,
                    "everything throttled, " + CALLERS + " callers: requests per call",
                    Results.format("%.2f", store[0]),
                    Results.format("%.2f", raw[0]),
                    "",
                    "at most 1.02",
                    store[0] <= 1.02);
        }
    }

    private static double[] measure(StubService service, String contender, String newRetries)
            throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(service.settings());
        options.add("-Daws.newRetries2026=" + newRetries);
        return Jvm.run(options, System.getProperty("java.class.path"), Outage.class, contender);
    }

    /** Prints the requests per call of one contender. */
    public static void main(String[] arguments) throws InterruptedException {
        AtomicInteger requests = new AtomicInteger();
        ExecutionInterceptor counter = new ExecutionInterceptor() {
            @Override
            public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
                requests.incrementAndGet();
            }
        };
        DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                .overrideConfiguration(settings -> settings.addExecutionInterceptor(counter))
                .build();
        Carts carts = arguments[0].equals(CannedAnswers.RAW)
                ? new RawCarts(client, "cloudshelf-shopping-cart")
                : new StoreCarts(DynamoDbCartStore.builder().client(client).build());
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(CALLERS);
        long end = System.nanoTime() + TIME;
        for (int caller = 0; caller < CALLERS; caller++) {
            call(carts, caller, 0, calls, end, ended);
        }
        ended.await();
        System.out.println((double) requests.get() / calls.get());
        System.exit(0);
    }

    private static void call(Carts carts, int caller, int number, AtomicInteger calls, long end, CountDownLatch ended) {
        if (System.nanoTime() >= end) {
            ended.countDown();
            return;
        }
        String userId = "user" + caller;
        (number % 2 == 0 ? carts.get(userId) : carts.add(userId, Carts.book(number)))
                .whenCompleteAsync((cart, failure) -> {
                    if (failure == null) {
                        throw new IllegalStateException("a call succeeded");
                    }
                    calls.incrementAndGet();
                    call(carts, caller, number + 1, calls, end, ended);
                });
    }
}
