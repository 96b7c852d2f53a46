package com.example.shop;

import com.cloudshelf.cart.DynamoDbCartStore;
import java.net.URI;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;

/** The store as a bean, which Spring closes. Credentials and Region come from Spring Cloud AWS and its properties. */
@Configuration(proxyBeanMethods = false)
class CartConfiguration {

    @Bean
    DynamoDbCartStore carts(
            AwsCredentialsProvider credentials,
            AwsRegionProvider region,
            @Value("${carts.table}") String table,
            @Value("${carts.endpoint:#{null}}") URI endpoint) {
        return DynamoDbCartStore.builder()
                .tableName(table)
                .configureClient(client -> {
                    client.credentialsProvider(credentials).region(region.getRegion());
                    if (endpoint != null) { // a DynamoDB Local
                        client.endpointOverride(endpoint);
                    }
                })
                .build();
    }
}
