package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What calls hold on to while they wait and when they have ended, and what becomes of far too many in a small JVM. */
final class Memory {
    private static final int WAITING = 20_000; // so many that the garbage of other things is small beside them
    private static final int BURST = 100_000;

    private Memory() {}

    static void run(Results results, Path answers) throws IOException, InterruptedException {
        String classPath = System.getProperty("java.class.path");
        try (StubService silent = StubService.start(answers.resolve("store-10.json"), 600_000)) {
            List<String> options = new ArrayList<>(silent.settings());
            options.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC"));
            double[] bytes = Jvm.run(options, classPath, Memory.class, "waiting");
            results.add(
                    10,
                    "a call that waits for its turn: bytes retained",
                    Results.format("%.0f", bytes[0]),
                    "",
                    "",
                    "at most 1024",
                    bytes[0] <= 1024);
            results.add(
                    10,
                    "a call that has ended: bytes retained",
                    Results.format("%.0f", Math.max(0, bytes[1])), // other garbage than the calls' is less than before
                    "",
                    "",
                    "0",
                    bytes[1] < 8);
        }
        try (StubService service = StubService.start(answers.resolve("store-10.json"), 50)) {
            List<String> options = new ArrayList<>(service.settings());
            options.addAll(List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"));
            double[] ends = Jvm.run(options, classPath, Memory.class, "burst");
            results.add(
                    10,
                    BURST
                            + " adds at once at -Xmx256m: done, refused or too late (no effect), unknown, other; the slowest",
                    Results.format("%.0f, %.0f, %.0f, %.0f; %.1f s", ends[0], ends[1], ends[2], ends[3], ends[4]),
                    "",
                    "",
                    "each ends by its deadline of 5 s",
                    ends[0] + ends[1] + ends[2] == BURST && ends[4] < 6);
        }
    }

    /** Prints what one of the two measurements came to. */
    public static void main(String[] arguments) {
        if (arguments[0].equals("waiting")) {
            waiting();
        } else {
            burst();
        }
        System.exit(0);
    }

    private static void waiting() {
        DynamoDbCartStore store = DynamoDbCartStore.builder()
                .maxConcurrency(10)
                .maxPending(2 * WAITING)
                .operationTimeout(Duration.ofSeconds(20))
                .build();
        CartItem book = Carts.book(1);
        String[] users = new String[WAITING];
        for (int i = 0; i < WAITING; i++) {
            users[i] = "user" + i;
        }
        List<CompletableFuture<?>> calls = new ArrayList<>(WAITING);
        // The places are taken, and what the first calls load is loaded.
        List<CompletableFuture<?>> first = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            first.add(store.addItem("first" + i, book));
        }
        long before = used();
        for (String user : users) {
            calls.add(store.addItem(user, book));
        }
        long pending = calls.stream().filter(call -> !call.isDone()).count();
        long during = used();
        first.forEach(Memory::awaitEnd);
        calls.forEach(Memory::awaitEnd);
        first.clear();
        calls.clear();
        long empty = used();
        for (String user : users) {
            calls.add(store.addItem(user, book));
        }
        calls.forEach(Memory::awaitEnd);
        calls.clear();
        long after = used();
        System.out.println((double) (during - before) / pending + " " + (double) (after - empty) / WAITING);
    }

    private static void burst() {
        DynamoDbCartStore store = DynamoDbCartStore.builder().build();
        store.get("user").join();
        Map<String, AtomicInteger> ends = new ConcurrentHashMap<>();
        List<CompletableFuture<?>> calls = new ArrayList<>(BURST);
        AtomicLong slowest = new AtomicLong();
        for (int i = 0; i < BURST; i++) {
            long start = System.nanoTime();
            calls.add(store.addItem("user" + i, Carts.book(i)).handle((cart, failure) -> {
                slowest.accumulateAndGet(System.nanoTime() - start, Math::max);
                String end = failure == null ? "done" : name(failure);
                return ends.computeIfAbsent(end, name -> new AtomicInteger()).incrementAndGet();
            }));
        }
        calls.forEach(CompletableFuture::join);
        double seconds = slowest.get() / 1e9;
        int done = taken(ends, "done");
        int refused = taken(ends, "CartUnavailableException") + taken(ends, "CartThrottledException");
        int unknown = taken(ends, "CartOutcomeUnknownException");
        int others = ends.values().stream().mapToInt(AtomicInteger::get).sum();
        System.out.println(done + " " + refused + " " + unknown + " " + others + " " + seconds);
    }

    private static int taken(Map<String, AtomicInteger> ends, String name) {
        AtomicInteger count = ends.remove(name);
        return count == null ? 0 : count.get();
    }

    private static String name(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName();
    }

    private static void awaitEnd(CompletableFuture<?> call) {
        call.handle((value, failure) -> value).join();
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
