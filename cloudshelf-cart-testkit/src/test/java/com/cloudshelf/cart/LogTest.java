package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.SentRequest;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.metrics.LoggingMetricPublisher;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * After every kind of failure, neither logs at INFO and above nor exception messages contain a user, a book or a token.
 */
class LogTest {
    private static final String SECRET = "SECRET";
    private static final String PRICE = "77.7713";
    private static final int QUANTITY = 4717;

    /** Runs in a separate process in which all loggers are at INFO, including the SDK's. */
    @Test
    @Timeout(420)
    void log_ofARunWithAllFaults_holdsNoUserData(@TempDir Path directory) throws IOException, InterruptedException {
        Path output = directory.resolve("log");
        Path failures = directory.resolve("failures");
        Path tokens = directory.resolve("tokens");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        FaultyRun.class.getName(),
                        LocalDynamoDb.shared().endpoint().toString(),
                        failures.toString(),
                        tokens.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended;
        try {
            ended = process.waitFor(400, TimeUnit.SECONDS);
        } finally {
            process.destroyForcibly();
        }
        String log = Files.readString(output);
        assertThat(ended).as(log).isTrue();
        assertThat(process.exitValue()).as(log).isZero();

        List<String> messages = Files.readAllLines(failures);
        List<String> secrets = new ArrayList<>(List.of(SECRET, PRICE));
        secrets.addAll(Files.readAllLines(tokens));
        assertThat(secrets).hasSizeGreaterThan(6).doesNotContain("");
        assertThat(log).doesNotContain(secrets);
        secrets.add(Integer.toString(QUANTITY)); // a latency in the log may look like it
        assertThat(messages).allSatisfy(message -> assertThat(message).doesNotContain(secrets));

        // The run logged both normal events and problems.
        assertThat(log)
                .contains("INFO " + CartTable.class.getName(), "WARN " + DynamoDbCartStore.class.getName())
                .contains("A stored cart is inconsistent", "The metric publisher failed", "Creating table")
                .contains(
                        "metric=CartRequests, value=2",
                        "metric=CartRecoveredWrites, value=1",
                        "metric=CartUnknownOutcomes, value=1",
                        "metric=CartDrifts, value=1");
        for (Class<?> kind : List.of(
                CartConflictException.class,
                CartRejectedException.class,
                CartThrottledException.class,
                CartUnavailableException.class,
                CartOutcomeUnknownException.class,
                CartAccessException.class,
                InvalidStoredCartException.class)) {
            assertThat(messages).as(kind.getSimpleName()).anyMatch(message -> message.contains(kind.getName()));
        }
    }

    /** Every kind of call and failure, with carts that contain only data that must not be logged. */
    static final class FaultyRun {
        private static final String USER = SECRET + "-user";
        private static final String GUEST = SECRET + "-guest";

        private static final CartItem BOOK = book("-book", QUANTITY);
        private static final CartItem OTHER_BOOK = book("-other", 1);
        private static final Pattern TEXT = Pattern.compile("\"([A-Za-z0-9+/]{12})\"");

        private final Faults network = Faults.none();
        private final String table = "table-" + UUID.randomUUID();
        private final List<String> failures = new ArrayList<>();

        private FaultyRun() {}

        private static CartItem book(String name, int quantity) {
            return CartItem.of(SECRET + name, SECRET + "-title", SECRET + "-author", new BigDecimal(PRICE), quantity);
        }

        public static void main(String[] arguments) throws IOException {
            FaultyRun run = new FaultyRun();
            try (SdkAsyncHttpClient http = run.network.wrap(NettyNioAsyncHttpClient.create());
                    DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                            .endpointOverride(URI.create(arguments[0]))
                            .region(Region.US_EAST_1)
                            .credentialsProvider(
                                    StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                            .httpClient(http)
                            .build()) {
                CartTable.create(client, CartTableSpec.defaults().withTableName(run.table))
                        .join();
                run.faults(client);
                run.refusals(client);
            }
            Files.write(Path.of(arguments[1]), run.failures);
            Files.write(Path.of(arguments[2]), run.tokens());
        }

        private DynamoDbCartStore store(DynamoDbAsyncClient client, Consumer<DynamoDbCartStore.Builder> settings) {
            DynamoDbCartStore.Builder builder = DynamoDbCartStore.builder()
                    .client(client)
                    .tableName(table)
                    .backoff(BackoffStrategy.exponentialDelay(Duration.ofMillis(2), Duration.ofMillis(20)))
                    .metricPublisher(LoggingMetricPublisher.create());
            settings.accept(builder);
            return builder.build();
        }

        private void attempt(Supplier<CompletableFuture<?>> call) {
            try {
                call.get().join();
            } catch (CompletionException e) {
                StringBuilder chain = new StringBuilder();
                for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                    chain.append(cause).append(" <- ");
                }
                failures.add(chain.toString().replace('\n', ' '));
            }
        }

        /** Every kind of call under every kind of fault. */
        private void faults(DynamoDbAsyncClient client) {
            DynamoDbCartStore carts = store(client, settings -> {});
            DynamoDbCartStore ending = store(client, TestTable.endingAfterPauses(2));
            DynamoDbCartStore impatient = store(client, settings -> settings.operationTimeout(Duration.ofMillis(300)));
            CartUpdate update = CartUpdate.of(USER);
            for (Fault fault : List.of(
                    Fault.throttle(),
                    Fault.error(400, "AccessDeniedException"),
                    Fault.error(400, "ValidationException"),
                    Fault.transactionCanceled("ConditionalCheckFailed", "None"),
                    Fault.serverErrorAfterEffect(500),
                    Fault.dropRequest(),
                    Fault.dropResponse(),
                    Fault.hang(),
                    Fault.garble(),
                    Fault.truncate(),
                    Fault.wrongCrc())) {
                network.clear();
                Cart cart = carts.addItem(USER, book("-book", 1)).join();
                carts.addItem(GUEST, OTHER_BOOK).join();
                DynamoDbCartStore hasty = fault.toString().equals("hang") ? impatient : ending;
                for (Supplier<CompletableFuture<?>> call : List.<Supplier<CompletableFuture<?>>>of(
                        () -> hasty.get(USER),
                        () -> hasty.getAll(List.of(USER, GUEST)),
                        () -> hasty.addItem(USER, OTHER_BOOK),
                        () -> hasty.apply(update.add(BOOK).idempotencyKey(SECRET)),
                        () -> hasty.setQuantity(USER, BOOK.bookId(), QUANTITY),
                        () -> hasty.apply(
                                update.reprice(BOOK.bookId(), BigDecimal.ONE).basedOn(cart)),
                        () -> hasty.apply(update.subtract(cart)),
                        () -> hasty.apply(update.remove(BOOK.bookId()).ifVersion(cart.version())),
                        () -> hasty.merge(GUEST, USER, MergeStrategy.SUM),
                        () -> hasty.clear(USER),
                        () -> hasty.delete(GUEST))) {
                    network.clear().always(fault);
                    attempt(call);
                }
                network.clear().next(Fault.dropResponse());
                attempt(() -> carts.addItem(USER, book("-" + UUID.randomUUID(), 1)));
            }
            network.clear();
        }

        /** Calls that the store refuses, and items that it finds broken. */
        private void refusals(DynamoDbAsyncClient client) {
            DynamoDbCartStore small = store(client, settings -> settings.limits(CartLimits.of(1, 5_000)));
            String user = SECRET + "-small";
            Cart cart = small.addItem(user, BOOK).join();
            attempt(() -> small.addItem(user, BOOK));
            attempt(() -> small.addItem(user, OTHER_BOOK));
            attempt(() -> small.setQuantity(user, SECRET, 1));
            attempt(() -> small.apply(CartUpdate.of(user)
                    .remove(BOOK.bookId())
                    .ifVersion(Cart.empty(user).version())));
            attempt(() -> small.apply(
                    CartUpdate.of(user).setQuantity(BOOK.bookId(), 1).idempotencyKey(SECRET)));
            attempt(() -> small.apply(
                    CartUpdate.of(user).setQuantity(BOOK.bookId(), 2).idempotencyKey(SECRET)));
            attempt(() -> small.merge(USER, user, MergeStrategy.SUM));
            attempt(() -> small.addItem(
                    SECRET + "-large", CartItem.of(SECRET, SECRET.repeat(80_000), null, BigDecimal.ONE, 1)));
            set(client, user, "totalItems", AttributeValue.fromN(Integer.toString(QUANTITY + 1)));
            attempt(() -> small.get(user));
            set(client, user, "cartItems", AttributeValue.fromS(SECRET));
            attempt(() -> small.get(user));
            attempt(() -> small.getAll(List.of(USER, user)));
            attempt(() -> small.apply(
                    CartUpdate.of(user).setQuantity(BOOK.bookId(), 3).basedOn(cart)));
            attempt(() -> store(client, settings -> settings.tableName("no-such-table"))
                    .addItem(user, BOOK));
            attempt(() -> store(client, settings -> settings.metricPublisher(new BrokenPublisher()))
                    .get(USER));
        }

        private void set(DynamoDbAsyncClient client, String user, String attribute, AttributeValue value) {
            client.updateItem(request -> request.tableName(table)
                            .key(Map.of("userId", AttributeValue.fromS(user)))
                            .updateExpression("SET " + attribute + " = :value")
                            .expressionAttributeValues(Map.of(":value", value)))
                    .join();
        }

        /** Returns the write IDs of all requests. */
        private Set<String> tokens() {
            Set<String> tokens = new TreeSet<>();
            for (SentRequest request : network.sent()) {
                TEXT.matcher(request.json())
                        .results()
                        .map(text -> text.group(1))
                        .map(text -> WriteId.of(
                                SdkBytes.fromByteArray(Base64.getDecoder().decode(text))))
                        .filter(id -> Math.abs(id.begin() - System.currentTimeMillis()) < 3_600_000)
                        .forEach(id -> {
                            tokens.add(id.text());
                            tokens.add(Base64.getEncoder()
                                    .encodeToString(id.bytes().asByteArray()));
                        });
            }
            return tokens;
        }
    }

    private static final class BrokenPublisher implements MetricPublisher {
        @Override
        public void publish(MetricCollection metrics) {
            throw new IllegalStateException("no room");
        }

        @Override
        public void close() {}
    }
}
