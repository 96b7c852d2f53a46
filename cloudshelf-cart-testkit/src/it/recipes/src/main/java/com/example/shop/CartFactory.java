package com.example.shop;

import com.cloudshelf.cart.DynamoDbCartStore;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** A store for Micronaut, closed with the application. */
@Factory
final class CartFactory {

    @Singleton
    @Bean(preDestroy = "close")
    DynamoDbCartStore carts(DynamoDbAsyncClient client, @Value("${carts.table}") String table) {
        return DynamoDbCartStore.builder().client(client).tableName(table).build();
    }
}
