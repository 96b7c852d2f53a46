package com.example.shop;

import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.CartStoreContract;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.time.Clock;
import java.time.Duration;

/** The whole contract of the store, over the client without HTTP. */
class StoreContractTest extends CartStoreContract {
    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();

    @Override
    protected CartStore newStore(CartLimits limits, Clock clock) {
        return DynamoDbCartStore.builder()
                .client(dynamoDb.client())
                .tableName(dynamoDb.createCartTable())
                .limits(limits)
                .clock(clock)
                .operationTimeout(Duration.ofSeconds(30))
                .build();
    }
}
