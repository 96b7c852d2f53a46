package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

class ClientsTest {
    private static DynamoDbAsyncClient client() {
        return DynamoDbAsyncClient.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b")))
                .build();
    }

    /** The store keeps them for its lifetime, so one for each millisecond would be a leak. */
    @Test
    void requestConfigurations_forAnyRemainingTime_areFew() {
        try (DynamoDbAsyncClient client = client()) {
            LongFunction<AwsRequestOverrideConfiguration> configurations = Clients.requestConfigurations(client, false);
            Set<AwsRequestOverrideConfiguration> made = Collections.newSetFromMap(new IdentityHashMap<>());

            for (long millis = 1; millis <= Deadline.LONGEST.toMillis(); millis++) {
                made.add(configurations.apply(millis));
            }

            assertThat(made).hasSizeLessThan(250);
        }
    }

    @Test
    void requestConfiguration_ofACallersClient_endsWithTheCallOrSlightlyEarlier() {
        try (DynamoDbAsyncClient client = client()) {
            LongFunction<AwsRequestOverrideConfiguration> configurations = Clients.requestConfigurations(client, false);

            for (long millis = 1; millis <= Deadline.LONGEST.toMillis(); millis++) {
                long timeout = configurations
                        .apply(millis)
                        .apiCallTimeout()
                        .orElseThrow()
                        .toMillis();
                assertThat(timeout).isBetween(millis - millis / 16, millis);
            }
        }
    }

    @Test
    void requestConfiguration_ofTheStoresClient_isAlwaysTheSame() {
        try (DynamoDbAsyncClient client = client()) {
            LongFunction<AwsRequestOverrideConfiguration> configurations = Clients.requestConfigurations(client, true);

            assertThat(configurations.apply(1)).isSameAs(configurations.apply(60_000));
        }
    }
}
