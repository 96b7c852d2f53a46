package com.cloudshelf.cart.testkit;

import io.netty.channel.EventLoopGroup;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.ProxyConfiguration;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/** The SDK's own clients, over HTTP, to a server in this JVM or elsewhere. */
final class HttpConnection implements Connection {
    private static final String HOST = "127.0.0.1";

    /** {@code null} if the server is elsewhere. */
    private final @Nullable EmbeddedServer server;

    private final URI endpoint;
    private final SdkEventLoopGroup eventLoops;
    private final DynamoDbAsyncClient client;

    private HttpConnection(@Nullable EmbeddedServer server, URI endpoint) {
        this.server = server;
        this.endpoint = endpoint;
        this.eventLoops = SdkEventLoopGroup.builder().build();
        this.client = settings().httpClientBuilder(httpClientBuilder()).build();
    }

    /** Starts a server in this JVM; on any free port if the port is 0. */
    static HttpConnection serve(int port) {
        EmbeddedServer server;
        try {
            server = EmbeddedServer.start(HOST, port);
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "The HTTP server of DynamoDB Local does not run on this class path, usually because of another version of Jetty"
                            + " (" + e + "): set the system property "
                            + LocalDynamoDb.ENDPOINT_PROPERTY + " to " + LocalDynamoDb.EMBEDDED
                            + " to run without HTTP, or to the endpoint of a DynamoDB Local that runs elsewhere",
                    e);
        }
        return new HttpConnection(server, URI.create("http://" + HOST + ":" + server.port()));
    }

    static HttpConnection to(URI endpoint) {
        return new HttpConnection(null, endpoint);
    }

    @Override
    public DynamoDbAsyncClient client() {
        return client;
    }

    @Override
    public boolean isHttp() {
        return true;
    }

    @Override
    public URI endpoint() {
        return endpoint;
    }

    @Override
    public DynamoDbAsyncClientBuilder clientBuilder(Faults faults) {
        // As a builder: the client closes an HTTP client that it has built.
        return settings()
                .httpClientBuilder(settings -> faults.wrap(httpClientBuilder().buildWithDefaults(settings)));
    }

    @Override
    public void close() {
        client.close();
        EventLoopGroup group = eventLoops.eventLoopGroup();
        // The default quiet period would wait two seconds for tasks that can no longer come.
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
        if (server != null) {
            server.stop();
        }
    }

    @Override
    public String toString() {
        return endpoint.toString();
    }

    private DynamoDbAsyncClientBuilder settings() {
        return DynamoDbAsyncClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                // The machine's AWS settings are for real endpoints: FIPS, for one, refuses any other.
                .fipsEnabled(false)
                .dualstackEnabled(false)
                .overrideConfiguration(settings ->
                        settings.defaultProfileFile(ProfileFile.aggregator().build()));
    }

    private NettyNioAsyncHttpClient.Builder httpClientBuilder() {
        return NettyNioAsyncHttpClient.builder()
                .eventLoopGroup(eventLoops)
                .proxyConfiguration(ProxyConfiguration.builder()
                        .useSystemPropertyValues(false)
                        .useEnvironmentVariableValues(false)
                        .build());
    }
}
