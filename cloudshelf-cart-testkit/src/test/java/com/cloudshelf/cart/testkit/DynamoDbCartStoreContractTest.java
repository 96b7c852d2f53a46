package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.time.Clock;
import java.time.Duration;

class DynamoDbCartStoreContractTest extends CartStoreContract {

    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();

    @Override
    protected CartStore newStore(CartLimits limits, Clock clock) {
        return DynamoDbCartStore.builder()
                .client(dynamoDb.client())
                .tableName(dynamoDb.createCartTable())
                .limits(limits)
                .clock(clock)
                .operationTimeout(Duration.ofSeconds(30)) // ample time for a busy machine
                .build();
    }
}
