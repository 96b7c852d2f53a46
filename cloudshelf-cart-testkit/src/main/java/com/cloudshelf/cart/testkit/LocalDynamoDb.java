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
 * A DynamoDB Local for tests: inside this JVM and spoken to over real HTTP, unless another one is {@linkplain #shared()
 * chosen}.
 *
 * <p>In this JVM it listens on the loopback interface only and keeps everything in memory. A start takes one to three seconds, a
 * table some milliseconds: tests share one server ({@link #shared()}) and make a table each ({@link #createCartTable()}).
 *
 * <pre>{@code
 * LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
 * String table = dynamoDb.createCartTable();
 * dynamoDb.client().describeTable(r -> r.tableName(table)).join();
 * }</pre>
 *
 * <p>It needs no JUnit. It does not throttle, it deletes expired items within seconds once a table's time to live is
 * switched on (where the service may take days), and it lacks point-in-time recovery, PartiQL and the listing of tags.
 *
 * <p>Thread-safe.
 */
public final class LocalDynamoDb implements AutoCloseable {

    static final String ENDPOINT_PROPERTY = "cloudshelf.cart.testkit.endpoint";
    static final String ENDPOINT_VARIABLE = "CLOUDSHELF_CART_TESTKIT_ENDPOINT";

    /** What these name in place of an endpoint: the client without HTTP. It is no URL, for it has no scheme. */
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
     * The server that everything in this JVM shares: started by the first call, stopped when the JVM exits.
     *
     * <p>The system property {@code cloudshelf.cart.testkit.endpoint}, or else the environment variable
     * {@code CLOUDSHELF_CART_TESTKIT_ENDPOINT}, chooses which one it is:
     *
     * <ul>
     *   <li>Neither is set: it runs in this JVM, behind its HTTP server on a free port. Everything works.
     *   <li>{@code embedded}: it runs in this JVM, behind the client that DynamoDB Local brings, for class paths on which its HTTP
     *       server does not run, such as one with WireMock 3 and its Jetty 11. There are no endpoint, no port and no
     *       {@link Faults}; what needs one throws {@link IllegalStateException}. That client heeds no settings of requests, such
     *       as time limits, and cancelling its futures stops nothing.
     *   <li>An endpoint, say {@code http://127.0.0.1:8000}: it runs there, and none is started in this JVM. What tests create
     *       there, stays there.
     * </ul>
     *
     * @return always the same server; its {@link #close()} does nothing
     * @throws IllegalStateException if the server does not start, or the property or variable has another value; the next call
     *     tries again
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
     * Returns the endpoint that is set, by the property rather than by the variable, or {@link #EMBEDDED}; empty if neither is
     * set.
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
     * Starts a server of its own on a free port: for a test that closes its server or must be alone on it.
     *
     * <p>It runs in this JVM even if the {@linkplain #shared() shared} one is elsewhere, and without HTTP if that one does.
     *
     * @return the running server, for the caller to close
     * @throws IllegalStateException if the server does not start
     */
    public static LocalDynamoDb start() {
        return new LocalDynamoDb(connect(isEmbeddedChosen() ? EMBEDDED : null), false);
    }

    /**
     * Starts a server of its own on the given port: for tools that are set up for a fixed endpoint.
     *
     * @param port 1 to 65535
     * @return the running server, for the caller to close
     * @throws IllegalArgumentException if the port is out of range
     * @throws IllegalStateException if the server does not start, for instance because the port is taken, or because
     *     {@code embedded} is chosen, which has no ports
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
     * Where the server listens: a loopback address and the port, over plain HTTP.
     *
     * <p>The server takes any region, and any credentials whose access key consists of letters and digits. All of them see
     * the same tables.
     *
     * @return the endpoint, for instance {@code http://127.0.0.1:40123}
     * @throws IllegalStateException if there is no HTTP, for {@code embedded} is chosen
     */
    public URI endpoint() {
        return connection.endpoint();
    }

    /**
     * The client of this server, ready to use.
     *
     * <p>It heeds no profile, proxy or environment variable of the machine, and has, over HTTP, the SDK's default retries. It is
     * shared by all callers and lives as long as the server: its {@code close()} does nothing, so that a container that
     * closes what it manages does no harm.
     *
     * @return always the same client
     */
    public DynamoDbAsyncClient client() {
        return lentClient;
    }

    /**
     * Returns a new client that speaks to this server through a network of the caller's making, with the SDK's default retries.
     *
     * @param faults what happens on its network
     * @return a client for the caller to close
     * @throws IllegalStateException if there is no HTTP, for {@code embedded} is chosen
     */
    public DynamoDbAsyncClient client(Faults faults) {
        return clientBuilder(faults).build();
    }

    /**
     * Returns a builder that is set up for this server and a network, for clients with settings of their own such as a retry
     * strategy.
     *
     * @param faults what happens on the network of the clients
     * @return a builder that lacks nothing
     * @throws IllegalStateException if there is no HTTP, for {@code embedded} is chosen
     */
    public DynamoDbAsyncClientBuilder clientBuilder(Faults faults) {
        return connection.clientBuilder(faults);
    }

    boolean isHttp() {
        return connection.isHttp();
    }

    /**
     * Creates a cart table with a random name that no other table has.
     *
     * <p>Time to live is off: DynamoDB Local deletes expired items within seconds, and a test of expired carts would not
     * find them. The table stays until the server stops.
     *
     * @return the name of the table, which is ready to use
     * @throws IllegalStateException if this server is closed
     */
    public String createCartTable() {
        return createCartTable("cart-" + UUID.randomUUID());
    }

    /**
     * Creates a cart table with the given name, otherwise like {@link #createCartTable()}.
     *
     * @param name a name by DynamoDB's rules
     * @return the same name, of a table which is ready to use
     * @throws IllegalStateException if there is a table with that name, or if this server is closed
     */
    public String createCartTable(String name) {
        Objects.requireNonNull(name, "name");
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("This LocalDynamoDb is closed: " + connection);
            }
        }
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

    /**
     * Creates a cart table with a random name, and a store over it.
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
     * Stops the server, its client and all their threads, and forgets the tables; does nothing on the {@linkplain #shared()
     * shared} server, and nothing when called again.
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
