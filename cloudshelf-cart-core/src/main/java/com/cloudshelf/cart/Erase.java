package com.cloudshelf.cart;

import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Deletes one item, whatever it holds. */
final class Erase extends Call<Void> {
    Erase(Engine engine, String userId, Duration timeout) {
        super(engine, userId, timeout);
    }

    @Override
    String operation() {
        return "Delete";
    }

    @Override
    void step() {
        write(
                (client, configuration) -> client.deleteItem(request -> request.tableName(engine.table())
                        .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId)))
                        .overrideConfiguration(configuration)),
                response -> done(),
                refused -> pause());
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null
    private void done() {
        succeed(null);
    }

    @Override
    boolean isRepeatable() {
        return true;
    }
}
