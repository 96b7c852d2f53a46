package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.DynamoDbCartStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/**
 * A DynamoDB Local for tests. It runs in this JVM and is accessed over real HTTP, unless another server is {@linkplain
 * #shared() selected}.
 *
 * <p>In this JVM, it listens only on the loopback interface and keeps everything in memory. Starting it takes one to
 * three seconds, and creating a table a few milliseconds, so tests share one server ({@link #shared()}) and create
 * their own tables ({@link #createCartTable()}).
 *
 * <pre>{@code
 * LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
 * String table = dynamoDb.createCartTable();
 * dynamoDb.client().describeTable(r -> r.tableName(table)).join();
 * }</pre>
 *
 * <p>It does not need JUnit. It never throttles. If a table's time to live is on, it deletes expired items within
 * seconds, where the service may take days. It does not support point-in-time recovery, PartiQL, and listing tags.
 *
 * <p>Thread-safe.
 */
public final class LocalDynamoDb implements AutoCloseable {

    static final String ENDPOINT_PROPERTY = "cloudshelf.cart.testkit.endpoint";
    static final String ENDPOINT_VARIABLE = "CLOUDSHELF_CART_TESTKIT_ENDPOINT";

    /**
     * The value that selects the client without HTTP instead of an endpoint. It has no scheme, so it cannot be confused
     * with a URL.
     */
    static final URI EMBEDDED = URI.create("embedded");

    private static final String KEY = "userId";
    private static final int ANY_FREE_PORT = 0;
    private static final Object SHARED_LOCK = new Object();
    private static @Nullable LocalDynamoDb sharedServer;

    private final Connection connection;
    private final DynamoDbAsyncClient lentClient;
    private final boolean shared;
    private boolean closed;

    private LocalDynamoDb(Connection connection, boolean shared) {
        this.connection = connection;
        this.lentClient = ignoringClose(connection.client());
        this.shared = shared;
    }

    /**
     * The server that all tests in this JVM share. The first call starts it; it stops when the JVM exits.
     *
     * <p>The system property {@code cloudshelf.cart.testkit.endpoint}, or else the environment variable {@code
     * CLOUDSHELF_CART_TESTKIT_ENDPOINT}, selects the server:
     *
     * <ul>
     *   <li>Not set: it runs in this JVM, behind its HTTP server on a free port. Everything works.
     *   <li>{@code embedded}: it runs in this JVM, behind the client that DynamoDB Local brings. Use this if its HTTP
     *       server conflicts with your class path, for instance with WireMock 3 and its Jetty 11. There is no endpoint,
     *       no port and no {@link Faults}; what needs one throws {@link IllegalStateException}. That client ignores
     *       request settings such as timeouts, and cancelling its futures has no effect.
     *   <li>An endpoint, such as {@code http://127.0.0.1:8000}: the server runs there, and none is started in this JVM.
     *       Tables that tests create there stay there.
     * </ul>
     *
     * @return always the same server; its {@link #close()} does nothing
     * @throws IllegalStateException if the server does not start, or the property or variable has another value; the
     *     next call tries to start it again
     */
    public static LocalDynamoDb shared() {
        synchronized (SHARED_LOCK) {
            LocalDynamoDb server = sharedServer;
            if (server == null) {
                server = new LocalDynamoDb(connect(choice().orElse(null)), true);
                Runtime.getRuntime().addShutdownHook(new Thread(server::stop, "local-dynamodb-shutdown"));
                sharedServer = server;
            }
            return server;
        }
    }

    private static Connection connect(@Nullable URI choice) {
        if (choice == null) {
            return HttpConnection.serve(ANY_FREE_PORT);
        }
        return choice.equals(EMBEDDED) ? EmbeddedConnection.open() : HttpConnection.to(choice);
    }

    private static Optional<URI> choice() {
        return choice(System.getProperty(ENDPOINT_PROPERTY), System.getenv(ENDPOINT_VARIABLE));
    }

    /**
     * Returns the selected endpoint, or {@link #EMBEDDED}; empty if neither is set. The property takes precedence over
     * the variable.
     */
    static Optional<URI> choice(@Nullable String property, @Nullable String variable) {
        boolean byProperty = property != null && !property.isBlank();
        String value = byProperty ? property : variable;
        if (value == null || value.isBlank()) {
            return Optional.empty();
        }
        try {
            URI choice = new URI(value.strip());
            if (choice.equals(EMBEDDED)
                    || (choice.getHost() != null && Set.of("http", "https").contains(choice.getScheme()))) {
                return Optional.of(choice);
            }
        } catch (URISyntaxException e) {
            // The message below says it all.
        }
        throw new IllegalStateException((byProperty ? ENDPOINT_PROPERTY : ENDPOINT_VARIABLE)
                + " must be a URL such as http://127.0.0.1:8000, or " + EMBEDDED + ", but is " + value);
    }

    private static boolean isEmbeddedChosen() {
        return choice().filter(EMBEDDED::equals).isPresent();
    }

    /**
     * Starts another server on a free port: for a test that stops its server or must be alone on it.
     *
     * <p>It runs in this JVM even if the {@linkplain #shared() shared} server runs elsewhere, and without HTTP if the
     * shared one does.
     *
     * @return the running server, for the caller to close
     * @throws IllegalStateException if the server does not start
     */
    public static LocalDynamoDb start() {
        return new LocalDynamoDb(connect(isEmbeddedChosen() ? EMBEDDED : null), false);
    }

    /**
     * Starts another server on the given port: for tools that need a fixed endpoint.
     *
     * @param port 1 to 65535
     * @return the running server, for the caller to close
     * @throws IllegalArgumentException if the port is out of range
     * @throws IllegalStateException if the server does not start, for instance because the port is in use, or because
     *     {@code embedded} is selected, which has no ports
     */
    public static LocalDynamoDb start(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port must be 1 to 65535, but was " + port);
        }
        if (isEmbeddedChosen()) {
            throw EmbeddedConnection.withoutHttp("a port");
        }
        return new LocalDynamoDb(HttpConnection.serve(port), false);
    }

    /**
     * The address of the server: a loopback address and the port, over plain HTTP.
     *
     * <p>The server accepts any Region, and any credentials whose access key consists of letters and digits. All of
     * them see the same tables.
     *
     * @return the endpoint, for instance {@code http://127.0.0.1:40123}
     * @throws IllegalStateException if {@code embedded} is selected, which has no HTTP
     */
    public URI endpoint() {
        return connection.endpoint();
    }

    /**
     * The client of this server, ready to use.
     *
     * <p>It ignores the machine's AWS profiles, proxies and environment variables. Over HTTP, it has the SDK's default
     * retries. All callers share it, and it lives as long as the server. Its {@code close()} does nothing, so a
     * container that closes its beans does no harm.
     *
     * @return always the same client
     */
    public DynamoDbAsyncClient client() {
        return lentClient;
    }

    /**
     * Returns a new client that accesses this server through a faulty network, with the SDK's default retries.
     *
     * @param faults the faults on its network
     * @return a client for the caller to close
     * @throws IllegalStateException if {@code embedded} is selected, which has no HTTP, or this server is closed
     */
    public DynamoDbAsyncClient client(Faults faults) {
        return clientBuilder(faults).build();
    }

    /**
     * Returns a complete builder for this server and a faulty network: for clients with their own settings, such as a
     * retry strategy.
     *
     * @param faults the faults on the network of the clients
     * @return a builder that needs no further settings
     * @throws IllegalStateException if {@code embedded} is selected, which has no HTTP, or this server is closed
     */
    public DynamoDbAsyncClientBuilder clientBuilder(Faults faults) {
        Objects.requireNonNull(faults, "faults");
        checkOpen();
        return connection.clientBuilder(faults);
    }

    boolean isHttp() {
        return connection.isHttp();
    }

    /**
     * Creates a cart table with a random, unique name.
     *
     * <p>Its time to live is off, because DynamoDB Local deletes expired items within seconds, and a test of expired
     * carts would not find them. The table stays until the server stops.
     *
     * @return the name of the table, which is ready to use
     * @throws IllegalStateException if this server is closed
     */
    public String createCartTable() {
        return createCartTable("cart-" + UUID.randomUUID());
    }

    /**
     * Creates a cart table with the given name; otherwise like {@link #createCartTable()}.
     *
     * @param name a name that DynamoDB allows
     * @return the same name; the table is ready to use
     * @throws IllegalStateException if a table with this name exists, or this server is closed
     * @throws software.amazon.awssdk.services.dynamodb.model.DynamoDbException if DynamoDB refuses the name
     */
    public String createCartTable(String name) {
        Objects.requireNonNull(name, "name");
        checkOpen();
        CompletableFuture<?> created = lentClient.createTable(table -> table.tableName(name)
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .keySchema(KeySchemaElement.builder()
                        .attributeName(KEY)
                        .keyType(KeyType.HASH)
                        .build())
                .attributeDefinitions(AttributeDefinition.builder()
                        .attributeName(KEY)
                        .attributeType(ScalarAttributeType.S)
                        .build()));
        try {
            created.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ResourceInUseException) {
                throw new IllegalStateException(
                        "There is a table " + name + " at " + connection + " already", e.getCause());
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        return name;
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new IllegalStateException("This LocalDynamoDb is closed: " + connection);
        }
    }

    /**
     * Creates a cart table with a random name, and a store on it.
     *
     * @return a store with default settings; closing it leaves {@link #client()} open
     * @throws IllegalStateException if this server is closed
     */
    public DynamoDbCartStore newCartStore() {
        return DynamoDbCartStore.builder()
                .client(lentClient)
                .tableName(createCartTable())
                .build();
    }

    /**
     * Stops the server, its client and all their threads, and discards the tables. Does nothing on the {@linkplain
     * #shared() shared} server, or when called again.
     */
    @Override
    public void close() {
        if (!shared) {
            stop();
        }
    }

    private void stop() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        connection.close();
    }

    private static DynamoDbAsyncClient ignoringClose(DynamoDbAsyncClient client) {
        return (DynamoDbAsyncClient) Proxy.newProxyInstance(
                DynamoDbAsyncClient.class.getClassLoader(),
                new Class<?>[] {DynamoDbAsyncClient.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        return null;
                    }
                    if (method.getName().equals("equals")) {
                        return proxy == arguments[0];
                    }
                    try {
                        return method.invoke(client, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
