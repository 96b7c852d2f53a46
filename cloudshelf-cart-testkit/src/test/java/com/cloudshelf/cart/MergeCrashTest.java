package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * The process of a login ends in the middle of its merge, and another process repeats the merge: no line is lost or
 * doubled.
 */
class MergeCrashTest {
    private static final String GUEST = "guest-4711";
    private static final String USER = "user123";
    private static final String READ = "TransactGetItems";
    private static final String WRITE = "TransactWriteItems";

    private final TestTable table = new TestTable();

    @BeforeEach
    void fill() {
        DynamoDbCartStore carts = table.store();
        carts.apply(CartUpdate.of(USER).add(book("both", "2", 2)).add(book("users", "1", 1)))
                .join();
        carts.apply(CartUpdate.of(GUEST).add(book("both", "3", 3)).add(book("guests", "1", 4)))
                .join();
    }

    @AfterEach
    void close() {
        table.close();
    }

    private void repeatAndLook() {
        DynamoDbCartStore another = table.store(Faults.none(), settings -> {}, client -> {});
        for (int login = 1; login <= 2; login++) {
            Cart merged = another.merge(GUEST, USER, MergeStrategy.SUM).join();
            assertThat(merged.items())
                    .extracting(CartItem::bookId, CartItem::quantity)
                    .containsExactly(tuple("both", 5), tuple("users", 1), tuple("guests", 4));
            assertThat(another.get(USER).join()).isEqualTo(merged);
            assertThat(another.get(GUEST).join().isEmpty()).isTrue();
        }
    }

    static Stream<Arguments> moments() {
        return Stream.of(
                Arguments.of("before the read", READ, Fault.hang()),
                Arguments.of("after the read", READ, Fault.hangAfterEffect()),
                Arguments.of("before the write", WRITE, Fault.hang()),
                Arguments.of("request lost", WRITE, Fault.dropRequest()),
                Arguments.of("after the write", WRITE, Fault.hangAfterEffect()),
                Arguments.of("response lost", WRITE, Fault.dropResponse()),
                Arguments.of("write lands late", WRITE, Fault.deliverLate(Duration.ofMillis(300))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("moments")
    void merge_storeClosedInTheMiddle_repetitionNeitherLosesNorDoubles(String moment, String operation, Fault fault) {
        // Later requests of the store are not answered, so the merge is still in progress when its process ends.
        table.faults
                .forget()
                .next(fault.on(operation))
                .always(Fault.hang().on(operation).optional());
        DynamoDbCartStore crashing = table.store();
        CompletableFuture<Cart> merge = crashing.merge(GUEST, USER, MergeStrategy.SUM);
        await(() -> !table.faults.counts().isEmpty());
        crashing.close();
        assertThat(merge).as(moment).isCompletedExceptionally();
        repeatAndLook();
        table.faults.settled().join();
        repeatAndLook();
    }

    /** The same in a separate process that is killed, so that it cannot clean up. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("killings")
    @Timeout(420)
    void merge_processKilledInTheMiddle_repetitionNeitherLosesNorDoubles(String when, @TempDir Path directory)
            throws IOException, InterruptedException {
        Path ready = directory.resolve("ready");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Login.class.getName(),
                        LocalDynamoDb.shared().endpoint().toString(),
                        table.name,
                        when,
                        ready.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        try {
            while (!Files.exists(ready)) {
                assertThat(process.waitFor(20, TimeUnit.MILLISECONDS))
                        .as(() -> output(directory))
                        .isFalse();
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        repeatAndLook();
    }

    private static String output(Path directory) {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    static List<String> killings() {
        return List.of(
                "before the read",
                "after the read",
                "before the write",
                "after the write",
                "after the write of a rested guest",
                "between two attempts",
                "after a conflict");
    }

    /** Returns the faults up to the moment of the kill. The last fault is the moment. */
    private static Fault[] faultsUntil(String when) {
        Fault lost = Fault.dropResponse().on(WRITE);
        return switch (when) {
            case "before the read" -> new Fault[] {Fault.hang().on(READ)};
            case "after the read" -> new Fault[] {Fault.hangAfterEffect().on(READ)};
            case "before the write" -> new Fault[] {Fault.hang().on(WRITE)};
            case "between two attempts" -> new Fault[] {lost, Fault.hang().on(WRITE)};
            case "after a conflict" ->
                new Fault[] {
                    Fault.transactionCanceled("ConditionalCheckFailed", "None").on(WRITE),
                    Fault.hangAfterEffect().on(WRITE)
                };
            default -> new Fault[] {Fault.hangAfterEffect().on(WRITE)};
        };
    }

    @Test
    void killedProcess_afterTheWrite_hadWritten() {
        table.faults
                .next(Fault.hangAfterEffect().on(WRITE))
                .always(Fault.hang().on(WRITE).optional());
        DynamoDbCartStore crashing = table.store();
        CompletableFuture<Cart> merge = crashing.merge(GUEST, USER, MergeStrategy.SUM);
        await(() -> table.faults.counts().containsKey("hangAfterEffect"));
        table.faults.settled().join();
        crashing.close();
        assertThat(TestTable.failureOf(merge)).isInstanceOf(CartOutcomeUnknownException.class);
        assertThat(table.store(Faults.none(), settings -> {}, client -> {})
                        .get(USER)
                        .join()
                        .totalItems())
                .isEqualTo(10);
    }

    /** The process that is killed. It merges, hangs at the chosen moment, and creates a file to signal that. */
    static final class Login {
        private Login() {}

        public static void main(String[] arguments) throws IOException {
            Faults network = Faults.none();
            Fault[] faults = faultsUntil(arguments[2]);
            for (Fault fault : faults) {
                network.next(fault);
            }
            network.always(Fault.hang().on(WRITE).optional()); // later requests are not answered
            Duration later = arguments[2].endsWith("rested guest") ? Duration.ofMinutes(61) : Duration.ZERO;
            try (SdkAsyncHttpClient http = network.wrap(NettyNioAsyncHttpClient.create());
                    DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                            .endpointOverride(URI.create(arguments[0]))
                            .region(Region.US_EAST_1)
                            .credentialsProvider(
                                    StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                            .httpClient(http)
                            .build();
                    DynamoDbCartStore carts = DynamoDbCartStore.builder()
                            .client(client)
                            .tableName(arguments[1])
                            .clock(Clock.offset(Clock.systemUTC(), later))
                            .operationTimeout(Duration.ofSeconds(60))
                            .build()) {
                CompletableFuture<Cart> merge = carts.merge(GUEST, USER, MergeStrategy.SUM);
                await(() -> network.counts().values().stream()
                                .mapToInt(count -> count)
                                .sum()
                        >= faults.length);
                network.settled().join();
                Files.createFile(Path.of(arguments[3]));
                merge.join();
            }
        }
    }
}
