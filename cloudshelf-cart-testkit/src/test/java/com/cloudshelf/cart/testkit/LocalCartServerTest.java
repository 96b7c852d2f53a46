package com.cloudshelf.cart.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

class LocalCartServerTest {
    private static final Pattern TOTAL = Pattern.compile("(?m)^ +total +(\\d+) +([\\d.]+)$");
    private static final Pattern REQUESTS = Pattern.compile("(?m)^ +requests (\\d+): ");

    private final Printed out = new Printed();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void run_noOptions_printsTheStoryWithCorrectTotalsAndRequests() {
        assertThat(run()).isZero();

        assertThat(found(TOTAL))
                .extracting(total -> total.group(1) + " for " + total.group(2))
                .containsExactly(
                        "0 for 0.00",
                        "2 for 31.98",
                        "3 for 41.48",
                        "4 for 57.47",
                        "6 for 76.47",
                        "5 for 60.48",
                        "4 for 50.98",
                        "4 for 50.98",
                        "4 for 45.50",
                        "5 for 58.25",
                        "1 for 12.75",
                        "1 for 12.75",
                        "0 for 0.00",
                        "0 for 0.00");
        assertThat(found(REQUESTS))
                .extracting(requests -> requests.group(1))
                .containsExactly("1", "1", "1", "2", "2", "1", "2", "1", "2", "2", "2", "1", "2", "1");
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @Test
    void run_serve_servesAnEmptyTableUntilInterrupted() throws Exception {
        int port = freePort();
        Thread server = new Thread(() -> run("--serve", "--port", Integer.toString(port)), "local-cart-server");
        CompletableFuture<Void> ready = out.expect("get-item");
        server.start();
        try {
            ready.get(2, TimeUnit.MINUTES);
            URI endpoint = URI.create("http://127.0.0.1:" + port);
            assertThat(out.toString(UTF_8))
                    .contains("aws dynamodb put-item --endpoint-url " + endpoint
                            + " --table-name cloudshelf-shopping-cart"
                            + " --item '{\"userId\":{\"S\":\"test123\"},\"cartItems\":{\"L\":[]}}'\n")
                    .contains("aws dynamodb get-item --endpoint-url " + endpoint
                            + " --table-name cloudshelf-shopping-cart --key '{\"userId\":{\"S\":\"test123\"}}'\n");
            try (Faults network = Faults.none();
                    DynamoDbAsyncClient client = LocalDynamoDb.shared()
                            .clientBuilder(network)
                            .endpointOverride(endpoint)
                            .build()) {
                assertThat(client.scan(r -> r.tableName("cloudshelf-shopping-cart"))
                                .join()
                                .items())
                        .isEmpty();
            }
        } finally {
            server.interrupt();
            server.join(Duration.ofMinutes(1).toMillis());
        }
        assertThat(server.isAlive()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--serve"})
    void run_withoutHttp_saysWhyAndExitsWith1(String option) {
        System.setProperty(LocalDynamoDb.ENDPOINT_PROPERTY, "embedded");
        try {
            assertThat(option.isEmpty() ? run() : run(option)).isEqualTo(1);
        } finally {
            System.clearProperty(LocalDynamoDb.ENDPOINT_PROPERTY);
        }
        assertThat(err.toString(UTF_8))
                .startsWith("LocalCartServer: ")
                .contains("There is no HTTP")
                .contains(LocalDynamoDb.ENDPOINT_PROPERTY)
                .hasLineCount(1);
    }

    @Test
    void run_portTaken_printsOneLineAndExitsWith1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            String port = Integer.toString(taken.getLocalPort());

            assertThat(run("--port", port)).isEqualTo(1);

            assertThat(err.toString(UTF_8).lines()).singleElement().asString().contains(port, "--port");
            assertThat(out.toString(UTF_8)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--sevre", "8000", "--port", "--port x", "--port 0", "--port 65536", "--serve -x"})
    void run_badOption_printsTheUsageAndExitsWith2(String options) {
        assertThat(run(options.split(" "))).isEqualTo(2);

        assertThat(err.toString(UTF_8)).startsWith("LocalCartServer: ").contains("Usage: ");
        assertThat(out.toString(UTF_8)).isEmpty();
    }

    @Test
    void run_help_printsTheUsage() {
        assertThat(run("--help")).isZero();

        assertThat(out.toString(UTF_8)).startsWith("Usage: ").contains("--serve", "--port");
    }

    private int run(String... options) {
        return LocalCartServer.run(
                List.of(options), new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private List<MatchResult> found(Pattern pattern) {
        return pattern.matcher(out.toString(UTF_8)).results().toList();
    }

    /** The output of the server, which another thread can wait for. */
    private static final class Printed extends ByteArrayOutputStream {
        private final List<Expected> expected = new ArrayList<>();

        private record Expected(String text, CompletableFuture<Void> printed) {}

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            super.write(bytes, offset, length);
            String all = toString(UTF_8);
            expected.stream()
                    .filter(each -> all.contains(each.text()))
                    .forEach(each -> each.printed().complete(null));
        }

        synchronized CompletableFuture<Void> expect(String text) {
            CompletableFuture<Void> printed = new CompletableFuture<>();
            expected.add(new Expected(text, printed));
            return printed;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
