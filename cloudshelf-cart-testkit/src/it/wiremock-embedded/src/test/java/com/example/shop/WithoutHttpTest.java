package com.example.shop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.WithCartStore;
import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Features that are not available without HTTP, and WireMock next to DynamoDB Local on one class path. */
@Isolated("sets a system property, and counts threads")
class WithoutHttpTest {
    private static final String PROPERTY = "cloudshelf.cart.testkit.endpoint";
    private static final CartItem DUNE = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);

    @Test
    void methods_thatNeedHttp_areRefusedWithAdvice() {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        assertRefused("an endpoint", dynamoDb::endpoint);
        assertRefused("a port", () -> LocalDynamoDb.start(8000));
        try (Faults faults = Faults.none()) {
            assertRefused("Faults", () -> dynamoDb.client(faults));
            assertRefused("Faults", () -> dynamoDb.clientBuilder(faults));
        }
    }

    @Test
    void parameters_thatNeedHttp_areRefusedWithAdvice() {
        assertTrue(failureOf("faults", Faults.class).contains("There is no HTTP for Faults"));
        assertTrue(failureOf("endpoint", URI.class).contains("There is no HTTP for an endpoint"));
    }

    @Test
    void report_ofAFailedTest_showsItemsAndNoRequests() {
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, UTF_8));
        try {
            assertTrue(failureOf("fails", CartStore.class).contains("on purpose"));
        } finally {
            System.setErr(err);
        }
        String report = printed.toString(UTF_8);
        assertTrue(report.contains("userId = {S: \"user123\"}"), report);
        assertTrue(report.endsWith("Requests of its store: not recorded, because the embedded client sends none\n"), report);
    }

    @Test
    void start_ownServer_isSeparateAndLeavesNoThread() throws InterruptedException {
        String table = LocalDynamoDb.shared().createCartTable();
        Set<Thread> before = Thread.getAllStackTraces().keySet();

        LocalDynamoDb own = LocalDynamoDb.start();
        try (DynamoDbCartStore carts = own.newCartStore()) {
            CartStore patient = carts.within(Duration.ofSeconds(30)); // ample time for a busy machine
            assertEquals(2, patient.addItem("user123", DUNE).join().totalItems());
        }
        assertFalse(own.client().listTables().join().tableNames().contains(table));
        assertFalse(startedSince(before).isEmpty());
        own.close();
        own.close();

        for (Thread thread : startedSince(before)) {
            thread.join(60_000);
        }
        assertEquals(Set.of(), startedSince(before));
        var refused = assertThrows(IllegalStateException.class, own::createCartTable);
        assertEquals("This LocalDynamoDb is closed: the embedded client", refused.getMessage());
    }

    @Test
    void httpServer_onTheClassPathOfWireMock_saysWhatToDo() throws Exception {
        WireMockServer wireMock =
                new WireMockServer(WireMockConfiguration.options().dynamicPort());
        wireMock.start();
        try {
            wireMock.stubFor(WireMock.get("/price").willReturn(WireMock.ok("9.99")));
            HttpRequest price = HttpRequest.newBuilder(URI.create(wireMock.url("/price"))).build();
            assertEquals(
                    "9.99",
                    HttpClient.newHttpClient()
                            .send(price, HttpResponse.BodyHandlers.ofString())
                            .body());
        } finally {
            wireMock.stop();
        }
        String chosen = System.clearProperty(PROPERTY);
        try {
            var failed = assertThrows(IllegalStateException.class, LocalDynamoDb::start);
            assertTrue(failed.getMessage().contains("set the system property " + PROPERTY + " to embedded"), failed::toString);
        } finally {
            System.setProperty(PROPERTY, chosen);
        }
    }

    private static void assertRefused(String what, Executable call) {
        String message = assertThrows(IllegalStateException.class, call).getMessage();
        assertTrue(message.startsWith("There is no HTTP for " + what), message);
        assertTrue(message.contains("embedded client") && message.contains(PROPERTY), message);
    }

    private static String failureOf(String test, Class<?> parameter) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Case.class, test, parameter.getName()))
                .execute()
                .testEvents()
                .failed()
                .stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow()
                        .getMessage())
                .findFirst()
                .orElseThrow();
    }

    private static Set<Thread> startedSince(Set<Thread> before) {
        Set<Thread> started = new HashSet<>(Thread.getAllStackTraces().keySet());
        started.removeAll(before);
        // The JDK's pools keep their threads for a while.
        started.removeIf(thread -> thread.getName().startsWith("ForkJoinPool"));
        return started;
    }

    @WithCartStore(operationTimeout = "PT30S")
    static class Case {

        @Test
        void faults(Faults faults) {}

        @Test
        void endpoint(URI endpoint) {}

        @Test
        void fails(CartStore carts) {
            carts.addItem("user123", DUNE).join();
            throw new AssertionError("on purpose");
        }
    }
}
