package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.warmup.SdkWarmUp;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.utils.async.SimplePublisher;

/**
 * Runs the code of a read and of changes once, so that its classes are loaded before a snapshot is taken: with a real
 * client whose HTTP client returns the same response to every request.
 */
final class Priming {
    private static final Logger LOG = Logs.logger();

    private static final String ITEM = "{\"userId\":{\"S\":\"prime\"},\"cartItems\":{\"L\":[{\"M\":{"
            + "\"bookId\":{\"S\":\"book\"},\"title\":{\"S\":\"Title\"},\"author\":{\"S\":\"Author\"},"
            + "\"price\":{\"N\":\"9.5\"},\"quantity\":{\"N\":\"1\"},\"addedAt\":{\"S\":\"2025-01-01T00:00:00Z\"}}}]},"
            + "\"totalItems\":{\"N\":\"1\"},\"totalPrice\":{\"N\":\"9.5\"},\"ttl\":{\"N\":\"99999999999\"}}";

    /** The response to a read, and to an update that asks for the new item. */
    private static final byte[] ANSWER =
            ("{\"Item\":" + ITEM + ",\"Attributes\":" + ITEM + "}").getBytes(StandardCharsets.UTF_8);

    private Priming() {}

    /** Warms up the SDK, then provides a client that talks to a stub. */
    static void withStub(Consumer<DynamoDbAsyncClient> calls) {
        withStub(operation -> {}, calls);
    }

    /**
     * @param operations receives the operation of each request that the stub gets
     */
    static void withStub(Consumer<String> operations, Consumer<DynamoDbAsyncClient> calls) {
        try {
            WarmUp.run();
        } catch (LinkageError e) {
            LOG.debug("This version of the AWS SDK has no warm-up", e);
        }
        try (DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                .region(Region.US_EAST_1)
                .endpointOverride(URI.create("http://localhost"))
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
                .overrideConfiguration(override -> override.retryStrategy(AwsRetryStrategy.doNotRetry()))
                .httpClient(new CannedHttpClient(operations))
                .build()) {
            calls.accept(client);
        }
    }

    static void run(CartStore carts) {
        Cart cart = carts.get("prime").join();
        CartUpdate update = CartUpdate.of("prime");
        carts.apply(update.setQuantity("book", 2).basedOn(cart)).join();
        carts.apply(update.add(CartItem.of("new", "Title", "Author", BigDecimal.ONE, 1))
                        .basedOn(cart))
                .join();
        carts.apply(update.add(CartItem.of("blind", "Title", "Author", BigDecimal.ONE, 1)))
                .join();
        cart.version();
    }

    /** A class of its own, because SDKs before 2.54.0 lack the class that it uses. */
    private static final class WarmUp {
        static void run() {
            SdkWarmUp.warmUp(DynamoDbAsyncClient.class);
        }
    }

    private static final class CannedHttpClient implements SdkAsyncHttpClient {
        private final Consumer<String> operations;

        CannedHttpClient(Consumer<String> operations) {
            this.operations = operations;
        }

        @Override
        public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
            String target =
                    request.request().firstMatchingHeader("X-Amz-Target").orElse("");
            operations.accept(target.substring(target.indexOf('.') + 1));
            request.responseHandler()
                    .onHeaders(SdkHttpResponse.builder().statusCode(200).build());
            SimplePublisher<ByteBuffer> body = new SimplePublisher<>();
            request.responseHandler().onStream(body);
            CompletableFuture<Void> sent = body.send(ByteBuffer.wrap(ANSWER));
            return CompletableFuture.allOf(sent, body.complete());
        }

        @Override
        public void close() {}
    }
}
