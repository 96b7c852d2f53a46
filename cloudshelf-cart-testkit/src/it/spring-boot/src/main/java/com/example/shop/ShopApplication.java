package com.example.shop;

import com.cloudshelf.cart.DynamoDbCartStore;
import java.net.URI;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

@SpringBootApplication
class ShopApplication {

    @Bean
    DynamoDbAsyncClient dynamoDb(@Value("${carts.endpoint:#{null}}") URI endpoint) {
        DynamoDbAsyncClientBuilder client = DynamoDbAsyncClient.builder();
        if (endpoint != null) { // a DynamoDB Local, which takes any keys
            client.endpointOverride(endpoint)
                    .region(Region.US_EAST_1)
                    .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")));
        }
        return client.build();
    }

    @Bean
    DynamoDbCartStore carts(DynamoDbAsyncClient client, @Value("${carts.table}") String table) {
        return DynamoDbCartStore.builder().client(client).tableName(table).build();
    }
}
