package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** DynamoDB's responses to reads of carts of several sizes, as the store and each peer write them. */
final class CannedAnswers {
    static final String STORE = "store";

    /** The store with an attribute on each line and one on the cart. */
    static final String ATTRIBUTES = "attributes";

    static final String RAW = "raw";
    static final String ENHANCED = "enhanced";

    /** The number of changes to each filled cart, so that the store's cart holds the IDs of this many writes. */
    private static final int CHANGES = 9;

    private CannedAnswers() {}

    /** Writes the responses to files, for the JVMs that the benchmark starts. */
    static void write(Path directory, int... sizes) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        DynamoDbAsyncClient client = dynamoDb.client();
        String[] names = {STORE, ATTRIBUTES, RAW, ENHANCED};
        for (String name : names) {
            String table = dynamoDb.createCartTable();
            DynamoDbCartStore store = DynamoDbCartStore.builder()
                    .client(client)
                    .tableName(table)
                    .operationTimeout(Duration.ofSeconds(30))
                    .build();
            Carts carts = switch (name) {
                case STORE -> new StoreCarts(store);
                case ATTRIBUTES -> new StoreCarts(store).withAttributes();
                case RAW -> new RawCarts(client, table);
                default -> new EnhancedCarts(client, table);
            };
            for (int size : sizes) {
                String userId = Carts.USER + "-" + size;
                carts.fill(userId, Carts.books(size)).join();
                for (int i = 0; i < CHANGES; i++) {
                    carts.setQuantity(userId, Carts.bookId(0), 10 + i).join();
                }
                Files.writeString(file(directory, name, size), getItem(dynamoDb.endpoint(), table, userId));
            }
            store.close();
        }
    }

    static String read(Path directory, String name, int size) throws IOException {
        return Files.readString(file(directory, name, size));
    }

    private static Path file(Path directory, String name, int size) {
        return directory.resolve(name + "-" + size + ".json");
    }

    /** Bypasses the SDK, which does not expose the raw body. */
    private static String getItem(URI endpoint, String table, String userId) throws IOException, InterruptedException {
        String body = "{\"TableName\":\"%s\",\"Key\":{\"userId\":{\"S\":\"%s\"}},\"ConsistentRead\":true}"
                .formatted(table, userId);
        HttpRequest request = HttpRequest.newBuilder(endpoint)
                .header("X-Amz-Target", "DynamoDB_20120810.GetItem")
                .header("Content-Type", "application/x-amz-json-1.0")
                .header("X-Amz-Date", "20250101T000000Z")
                .header(
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request,"
                                + " SignedHeaders=host, Signature=0")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(
                    "DynamoDB Local answered " + response.statusCode() + ": " + response.body());
        }
        return response.body();
    }
}
