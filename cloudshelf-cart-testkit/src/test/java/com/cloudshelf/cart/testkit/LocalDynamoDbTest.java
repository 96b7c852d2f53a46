package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;

class LocalDynamoDbTest {

    @Test
    void shared_calledTwice_returnsTheSameServerAndClient() {
        assertThat(LocalDynamoDb.shared()).isSameAs(LocalDynamoDb.shared());
        assertThat(LocalDynamoDb.shared().client())
                .isSameAs(LocalDynamoDb.shared().client())
                .isEqualTo(LocalDynamoDb.shared().client());
    }

    @Test
    void close_sharedServer_keepsRunning() {
        LocalDynamoDb.shared().close();

        assertThat(LocalDynamoDb.shared().createCartTable()).isNotBlank();
    }

    @Test
    void close_sharedClient_keepsWorking() {
        LocalDynamoDb.shared().client().close();

        assertThat(LocalDynamoDb.shared().client().listTables()).succeedsWithin(Duration.ofSeconds(60));
    }

    @Test
    void createCartTable_anyCall_createsTheTableOfTheContract() {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String name = dynamoDb.createCartTable();

        TableDescription table =
                dynamoDb.client().describeTable(r -> r.tableName(name)).join().table();
        assertThat(table.tableStatus()).isEqualTo(TableStatus.ACTIVE);
        assertThat(table.billingModeSummary().billingMode()).isEqualTo(BillingMode.PAY_PER_REQUEST);
        assertThat(table.keySchema())
                .singleElement()
                .satisfies(key -> assertThat(key.attributeName()).isEqualTo("userId"));
        assertThat(dynamoDb.client()
                        .describeTimeToLive(r -> r.tableName(name))
                        .join()
                        .timeToLiveDescription()
                        .timeToLiveStatus())
                .isEqualTo(TimeToLiveStatus.DISABLED);
    }

    @Test
    void createCartTable_calledTwice_createsSeparateTables() {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String one = dynamoDb.createCartTable();
        String other = dynamoDb.createCartTable();
        dynamoDb.client().putItem(r -> r.tableName(one).item(item("user1"))).join();

        assertThat(other).isNotEqualTo(one);
        assertThat(dynamoDb.client().scan(r -> r.tableName(other)).join().items())
                .isEmpty();
    }

    @Test
    void createCartTable_nameTaken_isRefused() {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String name = dynamoDb.createCartTable();

        assertThatIllegalStateException()
                .isThrownBy(() -> dynamoDb.createCartTable(name))
                .withMessageContaining(name);
    }

    @Test
    void start_ownServer_isSeparateFromTheSharedServer() {
        try (LocalDynamoDb own = LocalDynamoDb.start()) {
            String table = LocalDynamoDb.shared().createCartTable();

            assertThat(own).isNotSameAs(LocalDynamoDb.shared());
            assertThat(own.endpoint()).isNotEqualTo(LocalDynamoDb.shared().endpoint());
            assertThat(own.client().listTables().join().tableNames()).doesNotContain(table);
        }
    }

    @Test
    void start_freePort_listensThere() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (LocalDynamoDb own = LocalDynamoDb.start(port)) {
            assertThat(own.endpoint()).hasPort(port);
            assertThat(own.createCartTable("cloudshelf-shopping-cart")).isEqualTo("cloudshelf-shopping-cart");
        }
    }

    @Test
    void start_takenPort_saysWhich() {
        int port = LocalDynamoDb.shared().endpoint().getPort();

        assertThatIllegalStateException()
                .isThrownBy(() -> LocalDynamoDb.start(port))
                .withMessageContaining("127.0.0.1:" + port)
                .withRootCauseInstanceOf(BindException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 65536})
    void start_portOutOfRange_isRefused(int port) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalDynamoDb.start(port))
                .withMessageContaining(Integer.toString(port));
    }

    @Test
    void endpoint_otherInterfaces_areNotServed() throws Exception {
        int port = LocalDynamoDb.shared().endpoint().getPort();

        for (InetAddress address : outwardAddresses()) {
            assertThat(accepts(address, port)).as("%s", address).isFalse();
        }
        assertThat(accepts(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port))
                .isTrue();
    }

    @Test
    void choice_nothingSet_isEmpty() {
        assertThat(LocalDynamoDb.choice(null, null)).isEmpty();
        assertThat(LocalDynamoDb.choice("", " ")).isEmpty();
    }

    @Test
    void choice_bothSet_prefersTheProperty() {
        assertThat(LocalDynamoDb.choice("http://127.0.0.1:8000", "http://dynamodb:8001"))
                .contains(URI.create("http://127.0.0.1:8000"));
        assertThat(LocalDynamoDb.choice(null, "http://dynamodb:8001")).contains(URI.create("http://dynamodb:8001"));
    }

    @Test
    void choice_embedded_isTheClientWithoutHttp() {
        assertThat(LocalDynamoDb.choice(" embedded ", "http://dynamodb:8001")).contains(LocalDynamoDb.EMBEDDED);
        assertThat(LocalDynamoDb.choice(null, "embedded")).contains(LocalDynamoDb.EMBEDDED);
        assertThat(LocalDynamoDb.choice("http://embedded", null)).contains(URI.create("http://embedded"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:8000",
                "localhost",
                "http://",
                "ftp://localhost",
                "http://local host",
                "embed",
                "embedded:8000"
            })
    void choice_neitherUrlNorEmbedded_isRefusedByName(String value) {
        assertThatIllegalStateException()
                .isThrownBy(() -> LocalDynamoDb.choice(value, null))
                .withMessageContaining("cloudshelf.cart.testkit.endpoint")
                .withMessageContaining("embedded")
                .withMessageContaining(value);
        assertThatIllegalStateException()
                .isThrownBy(() -> LocalDynamoDb.choice(null, value))
                .withMessageContaining("CLOUDSHELF_CART_TESTKIT_ENDPOINT");
    }

    @Test
    void client_otherCredentials_seesTheSameTables() {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String table = dynamoDb.createCartTable();

        assertThat(dynamoDb.client()
                        .describeTable(r -> r.tableName(table)
                                .overrideConfiguration(c -> c.credentialsProvider(StaticCredentialsProvider.create(
                                        AwsBasicCredentials.create("somebodyElse", "x"))))))
                .succeedsWithin(Duration.ofSeconds(60));
    }

    @Test
    void close_ownServer_leavesNoThread() throws Exception {
        LocalDynamoDb.shared().createCartTable();
        Set<Thread> before = threads();

        LocalDynamoDb own = LocalDynamoDb.start();
        own.createCartTable();
        assertThat(started(before)).isNotEmpty();
        own.close();
        own.close();

        for (Thread thread : started(before)) {
            thread.join(Duration.ofMinutes(1).toMillis());
        }
        assertThat(started(before)).isEmpty();
    }

    @Test
    void createCartTableOrClient_closedServer_isRefused() {
        LocalDynamoDb own = LocalDynamoDb.start();
        DynamoDbAsyncClient client = own.client();
        own.close();

        assertThatIllegalStateException().isThrownBy(own::createCartTable).withMessageContaining("closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> own.client(Faults.none()))
                .withMessageContaining("closed");
        assertThat(client.listTables()).failsWithin(Duration.ofSeconds(60));
    }

    private static Map<String, AttributeValue> item(String userId) {
        return Map.of("userId", AttributeValue.fromS(userId));
    }

    private static Set<Thread> threads() {
        return Set.copyOf(Thread.getAllStackTraces().keySet());
    }

    private static Set<Thread> started(Set<Thread> before) {
        Set<Thread> now = new HashSet<>(threads());
        now.removeAll(before);
        return now;
    }

    private static Set<InetAddress> outwardAddresses() throws Exception {
        try (Stream<NetworkInterface> interfaces = NetworkInterface.networkInterfaces()) {
            return interfaces
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress())
                    .collect(Collectors.toSet());
        }
    }

    private static boolean accepts(InetAddress address, int port) {
        try (Socket socket = new Socket(address, port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
