package com.cloudshelf.cart;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;

/** Reads one cart. */
final class Get extends Call<Cart> {
    private final boolean strong;

    Get(Engine engine, String userId, ReadConsistency consistency, Duration timeout) {
        super(engine, userId, timeout);
        this.strong = consistency == ReadConsistency.STRONG;
    }

    @Override
    String operation() {
        return "Get";
    }

    @Override
    void step() {
        read((client, configuration) -> getItem(client, configuration, engine.table(), userId, strong), response -> {
            StoredCart stored = ItemFormat.decode(userId, response.item(), engine.now());
            saw(stored);
            succeed(stored.cart());
        });
    }

    static CompletableFuture<GetItemResponse> getItem(
            DynamoDbAsyncClient client,
            AwsRequestOverrideConfiguration configuration,
            String table,
            String userId,
            boolean strong) {
        return client.getItem(request -> request.tableName(table)
                .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId)))
                .consistentRead(strong)
                .overrideConfiguration(configuration));
    }
}
