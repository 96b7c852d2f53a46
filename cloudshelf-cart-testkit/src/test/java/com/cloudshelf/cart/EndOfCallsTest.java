package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Calls that end early, by cancellation or with their store. */
class EndOfCallsTest {
    /** Longer than the store's longest backoff and the delay before a request leaves. */
    private static final long LONGER_THAN_AN_ATTEMPT_MILLIS = 400;

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
                        () -> {},
                        CompletableFuture.delayedExecutor(LONGER_THAN_AN_ATTEMPT_MILLIS, TimeUnit.MILLISECONDS))
                .join();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void cancel_whileThrottled_endsTheRequests(String name, Function<CartStore, CompletableFuture<?>> call) {
        table.faults.always(Fault.throttle());
        CompletableFuture<?> future = call.apply(carts);
        await(() -> table.faults.sent().size() >= 3);
        future.cancel(true);
        int sent = table.faults.sent().size();
        pause();
        assertThat(future).isCancelled();
        // At most the requests that were already in flight, however slow the machine is.
        assertThat(table.faults.sent()).hasSizeLessThanOrEqualTo(sent + inFlight(name));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void cancel_whileHung_sendsNoOtherRequest(String name, Function<CartStore, CompletableFuture<?>> call) {
        table.faults.always(Fault.hang());
        CompletableFuture<?> future = call.apply(carts);
        await(() -> !table.faults.sent().isEmpty());
        future.cancel(true);
        pause();
        assertThat(future).isCancelled();
        assertThat(table.faults.sent()).hasSizeLessThanOrEqualTo(inFlight(name));
    }

    private static int inFlight(String name) {
        return name.equals("getAll") ? 3 : 1;
    }

    /**
     * Two hundred calls of all kinds, over at most fifty connections, to a server that accepts them and never responds.
     */
    @Test
    @Timeout(180)
    void close_hungCallsOnASilentServer_completesEveryFutureAndLeavesNothing() throws IOException {
        try (SilentServer server = new SilentServer();
                DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                        .endpointOverride(server.endpoint())
                        .region(Region.US_EAST_1)
                        .credentialsProvider(
                                StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                        .build()) {
            DynamoDbCartStore store = DynamoDbCartStore.builder()
                    .client(client)
                    .operationTimeout(Duration.ofSeconds(8))
                    .build();
            List<CompletableFuture<?>> futures = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                String user = "user" + i;
                futures.add(store.get(user));
                futures.add(store.addItem(user, book("book1", "1", 1)));
                futures.add(store.getAll(List.of(user, "other" + i)));
                futures.add(store.merge("guest" + i, user, MergeStrategy.SUM));
            }
            await(() -> server.requests() >= 50);
            store.close();
            assertThat(futures)
                    .hasSize(200)
                    .allSatisfy(future -> assertThat(future).isCompletedExceptionally());
            assertThat(futures)
                    .allSatisfy(future -> assertThat(failureOf(future))
                            .isInstanceOfAny(CartUnavailableException.class, CartOutcomeUnknownException.class));
            // The SDK does not end a request whose future is cancelled. Each ends with the timeout that the store gave
            // it.
            assertThat(server.connections.stream().filter(server::holdsARequest))
                    .isEmpty();
        }
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
        await(() -> timers() < before);
    }

    private static long timers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("cloudshelf-cart-timer"))
                .count();
    }

    /** A server that accepts connections and never responds. */
    private static final class SilentServer implements AutoCloseable {
        final List<Socket> connections = new CopyOnWriteArrayList<>();
        private final ServerSocket socket = new ServerSocket(0, 300, InetAddress.getLoopbackAddress());
        private final Thread accepting = new Thread(this::accept, "silent-server");

        SilentServer() throws IOException {
            accepting.setDaemon(true);
            accepting.start();
        }

        private void accept() {
            try {
                while (true) {
                    connections.add(socket.accept());
                }
            } catch (IOException e) {
                // closed
            }
        }

        URI endpoint() {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }

        /** Returns how many connections hold a request. */
        long requests() {
            return connections.stream().filter(SilentServer::hasReceived).count();
        }

        private static boolean hasReceived(Socket connection) {
            try {
                return connection.getInputStream().available() > 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Reads what was sent, and returns whether the client still waits for its response. */
        boolean holdsARequest(Socket connection) {
            boolean asked = false;
            try {
                connection.setSoTimeout(60_000);
                byte[] buffer = new byte[8192];
                while (connection.getInputStream().read(buffer) >= 0) {
                    asked = true;
                }
                return false;
            } catch (SocketTimeoutException e) {
                return asked; // otherwise it is an idle connection of the client's pool
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
            for (Socket connection : connections) {
                connection.close();
            }
        }
    }
}
