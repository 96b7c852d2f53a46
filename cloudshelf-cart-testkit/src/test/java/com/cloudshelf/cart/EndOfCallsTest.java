package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Calls that end before their time: cancelled, or with their store. */
class EndOfCallsTest {
    /** The store's longest pause, and the delay with which a request may leave. */
    private static final long LONGER_THAN_A_TRY_MILLIS = 400;

    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    static Stream<Arguments> calls() {
        return Stream.of(
                call("get", store -> store.get(USER)),
                call(
                        "getAll",
                        store -> store.getAll(IntStream.range(0, 250)
                                .mapToObj(i -> "user" + i)
                                .toList())),
                call("addItem", store -> store.addItem(USER, book("book1", "1", 1))),
                call("setQuantity", store -> store.setQuantity(USER, "book1", 2)),
                call("removeItem", store -> store.removeItem(USER, "book1")),
                call("clear", store -> store.clear(USER)),
                call(
                        "keyed",
                        store -> store.apply(
                                CartUpdate.of(USER).add(book("book1", "1", 1)).idempotencyKey("key"))),
                call("merge", store -> store.merge("guest", USER, MergeStrategy.SUM)),
                call("delete", store -> store.delete(USER)));
    }

    private static Arguments call(String name, Function<CartStore, CompletableFuture<?>> call) {
        return Arguments.of(name, call);
    }

    private static void pause() {
        CompletableFuture.runAsync(
                        () -> {}, CompletableFuture.delayedExecutor(LONGER_THAN_A_TRY_MILLIS, TimeUnit.MILLISECONDS))
                .join();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void cancel_whileThrottled_endsTheRequests(String name, Function<CartStore, CompletableFuture<?>> call) {
        table.faults.always(Fault.throttle());
        CompletableFuture<?> future = call.apply(carts);
        while (table.faults.sent().size() < 3) {
            Thread.onSpinWait();
        }
        future.cancel(true);
        pause();
        int sent = table.faults.sent().size();
        pause();
        assertThat(future).isCancelled();
        assertThat(table.faults.sent()).hasSize(sent);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void cancel_whileHung_sendsNoOtherRequest(String name, Function<CartStore, CompletableFuture<?>> call) {
        table.faults.always(Fault.hang());
        CompletableFuture<?> future = call.apply(carts);
        while (table.faults.sent().isEmpty()) {
            Thread.onSpinWait();
        }
        future.cancel(true);
        pause();
        assertThat(future).isCancelled();
        assertThat(table.faults.sent()).hasSizeLessThanOrEqualTo(name.equals("getAll") ? 3 : 1);
    }

    @Test
    void close_hungCalls_leaveTheClientToOthers() {
        Faults network = Faults.none();
        try (network;
                DynamoDbAsyncClient client = LocalDynamoDb.shared().client(network);
                DynamoDbCartStore others = DynamoDbCartStore.builder()
                        .client(client)
                        .tableName(table.name)
                        .build()) {
            DynamoDbCartStore store = DynamoDbCartStore.builder()
                    .client(client)
                    .tableName(table.name)
                    .operationTimeout(Duration.ofSeconds(60))
                    .build();
            network.always(Fault.hangAfterEffect());
            List<CompletableFuture<?>> futures = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                futures.add(store.get("user" + i));
            }
            store.close();
            assertThat(futures).allSatisfy(future -> assertThat(future).isCompletedExceptionally());
            int sent = network.sent().size();
            network.clear();
            others.get(USER).join();
            assertThat(network.sent()).hasSize(sent + 1);
        }
    }

    @Test
    void close_store_endsItsThread() {
        table.faults.next(Fault.throttle());
        carts.get(USER).join();
        long before = timers();
        assertThat(before).isPositive();
        carts.close();
        for (int i = 0; i < 100 && timers() >= before; i++) {
            CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS))
                    .join();
        }
        assertThat(timers()).isLessThan(before);
    }

    private static long timers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("cloudshelf-cart-timer"))
                .count();
    }
}
