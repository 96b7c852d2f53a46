package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartAccessException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartOutcomeUnknownException;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableSpec;
import com.cloudshelf.cart.CartThrottledException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.MergeStrategy;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** The library on the oldest supported AWS SDK, which lacks much of what later versions have. */
class OldestSdkTest {
    private static final String ITEM = "{\"userId\":{\"S\":\"user123\"},\"cartItems\":{\"L\":[{\"M\":{"
            + "\"bookId\":{\"S\":\"book001\"},\"title\":{\"S\":\"Emma\"},\"author\":{\"S\":\"Jane Austen\"},"
            + "\"price\":{\"N\":\"9.5\"},\"quantity\":{\"N\":\"2\"},\"addedAt\":{\"S\":\"2025-01-01T00:00:00Z\"}}}]},"
            + "\"totalItems\":{\"N\":\"2\"},\"totalPrice\":{\"N\":\"19\"},\"ttl\":{\"N\":\"99999999999\"}}";

    /** Shared, because a group per client would take two seconds to close. */
    private static final SdkEventLoopGroup THREADS =
            SdkEventLoopGroup.builder().numberOfThreads(2).build();

    private record Reply(int status, String body, String date) {}

    private final Queue<Reply> script = new ArrayDeque<>();
    private final List<String> operations = new CopyOnWriteArrayList<>();
    private Reply last = new Reply(500, "", "");
    private ServerSocket server;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        onThread(() -> {
            while (true) {
                Socket socket = server.accept();
                onThread(() -> serve(socket));
            }
        });
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void onThread(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The other side has closed the connection.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Speaks HTTP itself, because the JDK's server sets the date of each response. */
    private void serve(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.append((char) next);
            if (!head.toString().endsWith("\r\n\r\n")) {
                continue;
            }
            in.readNBytes(Integer.parseInt(header(head, "content-length")));
            String target = header(head, "x-amz-target");
            head.setLength(0);
            Reply reply;
            synchronized (this) {
                operations.add(target.substring(target.indexOf('.') + 1));
                reply = script.isEmpty() ? last : script.remove();
            }
            String answer = "HTTP/1.1 " + reply.status() + " Status\r\nx-amzn-RequestId: R1\r\nContent-Length: "
                    + reply.body().length() + "\r\n" + reply.date() + "\r\n" + reply.body();
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
        }
    }

    private static String header(CharSequence head, String name) {
        return head.toString()
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).trim())
                .findFirst()
                .orElse("0");
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private synchronized void answer(Reply... replies) {
        script.addAll(List.of(replies));
        last = replies[replies.length - 1];
    }

    private static Reply ok(String body) {
        return new Reply(200, body, "");
    }

    private static Reply error(String code) {
        return new Reply(
                400,
                "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + code + "\",\"message\":\"no\","
                        + "\"ThrottlingReasons\":[{\"reason\":\"TableWriteKeyRangeThroughputExceeded\"}]}",
                "");
    }

    private DynamoDbAsyncClient client() {
        return client(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")));
    }

    private DynamoDbAsyncClient client(AwsCredentialsProvider credentials) {
        return DynamoDbAsyncClient.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(credentials)
                .httpClientBuilder(NettyNioAsyncHttpClient.builder().eventLoopGroup(THREADS))
                .endpointOverride(URI.create("http://127.0.0.1:" + server.getLocalPort()))
                .build();
    }

    private static DynamoDbCartStore store(DynamoDbAsyncClient client) {
        return DynamoDbCartStore.builder()
                .client(client)
                .operationTimeout(Duration.ofSeconds(30)) // ample time for a busy machine
                .build();
    }

    private static CartItem emma() {
        return CartItem.of("book001", "Emma", "Jane Austen", new BigDecimal("9.50"), 2);
    }

    private static <E extends CartStoreException> E failure(Class<E> type, CompletableFuture<?> call) {
        return assertInstanceOf(type, assertThrows(CompletionException.class, call::join).getCause());
    }

    @Test
    void sdk_onTheClassPath_isTheOldest() {
        assertEquals(System.getProperty("awssdk.version"), VersionInfo.SDK_VERSION);
    }

    @Test
    void calls_ofEachKind_work() {
        try (DynamoDbAsyncClient client = client();
                DynamoDbCartStore carts = store(client)) {
            answer(ok("{\"Item\":" + ITEM + "}"));
            Cart cart = carts.get("user123").join();
            assertEquals(new BigDecimal("19"), cart.totalPrice().stripTrailingZeros());

            answer(ok("{\"Attributes\":" + ITEM + "}"));
            Cart changed = carts.apply(
                            CartUpdate.of("user123").setQuantity("book001", 3).basedOn(cart))
                    .join();
            assertEquals(1, changed.items().size());

            answer(ok("{\"Responses\":{\"cloudshelf-shopping-cart\":[" + ITEM + "]},\"UnprocessedKeys\":{}}"));
            assertEquals(cart, carts.getAll(List.of("user123", "user124")).join().get("user123"));

            answer(ok("{\"Responses\":[{},{\"Item\":" + ITEM + "}]}"));
            assertEquals(cart, carts.merge("guest1", "user123", MergeStrategy.SUM).join());

            answer(ok("{}"));
            assertNull(carts.delete("user123").join());
            carts.prime();
        }
        assertTrue(operations.containsAll(
                        List.of("GetItem", "UpdateItem", "BatchGetItem", "TransactGetItems", "DeleteItem")),
                operations::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"})
    void throttling_thatPasses_isWaitedOut(String code) {
        try (DynamoDbAsyncClient client = client();
                DynamoDbCartStore carts = store(client)) {
            answer(error(code), error(code), ok("{\"Attributes\":" + ITEM + "}"));

            assertEquals(1, carts.addItem("user123", emma()).join().items().size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"})
    void throttling_thatStays_isReported(String code) {
        try (DynamoDbAsyncClient client = client();
                DynamoDbCartStore carts = store(client)) {
            answer(error(code));

            CartThrottledException throttled = failure(
                    CartThrottledException.class,
                    carts.apply(CartUpdate.of("user123").add(emma()).within(Duration.ofSeconds(2))));
            assertEquals("user123", throttled.userId());
        }
    }

    @Test
    void failures_ofEachKind_areReported() {
        Duration soon = Duration.ofSeconds(2);
        try (DynamoDbAsyncClient client = client();
                DynamoDbCartStore carts = store(client)) {
            answer(error("AccessDeniedException"));
            failure(CartAccessException.class, carts.get("user123"));
            answer(error("InternalServerError"));
            failure(
                    CartOutcomeUnknownException.class,
                    carts.apply(CartUpdate.of("user123").add(emma()).within(soon)));
        }
        AwsCredentialsProvider none = () -> {
            throw new IllegalStateException("no credentials");
        };
        int before = operations.size();
        try (DynamoDbAsyncClient client = client(none);
                DynamoDbCartStore carts = store(client)) {
            failure(CartAccessException.class, carts.addItem("user123", emma()));
        }
        assertEquals(before, operations.size());
    }

    @Test
    void clock_thatIsOff_isCorrected() {
        String later = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(20));
        try (DynamoDbAsyncClient client = client();
                DynamoDbCartStore carts = store(client)) {
            answer(
                    new Reply(400, error("InvalidSignatureException").body(), "Date: " + later + "\r\n"),
                    ok("{\"Item\":" + ITEM + "}"));

            assertEquals(1, carts.get("user123").join().items().size());
        }
    }

    @Test
    void table_thatIsMissing_isReported() {
        try (DynamoDbAsyncClient client = client()) {
            answer(error("ResourceNotFoundException"));

            assertFalse(CartTable.verify(client, CartTableSpec.defaults()).join().toString().isEmpty());
            assertEquals("DescribeTable", operations.get(0));
        }
    }

    @Test
    void store_withAClientOfItsOwn_canBeMade() {
        System.setProperty("aws.region", "us-east-1");

        DynamoDbCartStore.create().close();
    }
}
