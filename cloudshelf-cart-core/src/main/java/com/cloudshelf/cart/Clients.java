package com.cloudshelf.cart;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;

/** Creates the client of a store, and the settings of each request that make every client send it once. */
final class Clients {
    /** Says what is wrong with a client that returns {@code null}, as a mock does by default. */
    static final String NO_FUTURE = "the client returned no future";

    private static final Logger LOG = Logs.logger();

    private Clients() {}

    /**
     * Creates a client whose responses arrive on its event loop. The store hops to a thread of its own at once, and one
     * hop is enough.
     *
     * @param watch of the connections of the client; it sees nothing if the configuration brings another HTTP client
     * @throws IllegalStateException if the SDK finds no region
     */
    static DynamoDbAsyncClient newClient(
            int maxConcurrency,
            MarkedCredentials.Watch watch,
            @Nullable Consumer<DynamoDbAsyncClientBuilder> configuration) {
        Duration longest = Deadline.LONGEST;
        NettyNioAsyncHttpClient.Builder http = NettyNioAsyncHttpClient.builder()
                .maxConcurrency(maxConcurrency)
                .connectionTimeout(Duration.ofSeconds(1))
                .connectionAcquisitionTimeout(longest)
                .readTimeout(longest)
                .writeTimeout(longest);
        DynamoDbAsyncClientBuilder builder = DynamoDbAsyncClient.builder()
                .httpClientBuilder(new WatchedHttpClient.Builder(http, watch))
                .asyncConfiguration(async ->
                        async.advancedOption(SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, Runnable::run));
        if (configuration != null) {
            configuration.accept(builder);
        }
        ClientOverrideConfiguration.Builder override = configuration == null
                ? ClientOverrideConfiguration.builder()
                : builder.overrideConfiguration().toBuilder();
        builder.overrideConfiguration(
                override.retryStrategy(AwsRetryStrategy.doNotRetry()).build());
        try {
            return builder.build();
        } catch (SdkClientException e) {
            throw new IllegalStateException(
                    "no client could be created from the environment; set AWS_REGION, or set a region in"
                            + " DynamoDbCartStore.builder().configureClient(..)",
                    e);
        }
    }

    /** The settings of each request of a client. */
    interface RequestConfigurations {
        /**
         * Returns the settings of one request.
         *
         * @param remainingMillis the remaining time of the call
         * @param watched whether the store can keep the request from being sent after its call has ended
         */
        AwsRequestOverrideConfiguration of(long remainingMillis, boolean watched);
    }

    static RequestConfigurations requestConfigurations(DynamoDbAsyncClient client, boolean ownsClient) {
        SdkPlugin plugin = retriesByItself(client) ? oneAttempt() : null;
        if (plugin != null && !ownsClient) {
            LOG.info(
                    "The store's client has retries, so the store adds a plugin to each request that switches them off. To save"
                            + " that cost, switch off the retries of a client that only this store uses, or let the store create"
                            + " the client (configureClient).");
        }
        AwsRequestOverrideConfiguration ofWatched = settings(client, plugin).build();
        Map<Long, AwsRequestOverrideConfiguration> made = new ConcurrentHashMap<>();
        // Slightly less than the remaining time, so that only a few different settings are created.
        return (remaining, watched) -> {
            if (watched) {
                return ofWatched;
            }
            long rounded = remaining & -Math.max(1, Long.highestOneBit(remaining) >> 4);
            AwsRequestOverrideConfiguration known = made.get(rounded); // nearly always, and without a lock
            return known == null ? made.computeIfAbsent(rounded, millis -> bounded(client, plugin, millis)) : known;
        };
    }

    /**
     * The store cancels a request when its call has ended, but if the request is still waiting for a connection of a
     * busy client that is not watched, it may be sent anyway. Only the SDK's own timeout prevents that.
     */
    private static AwsRequestOverrideConfiguration bounded(
            DynamoDbAsyncClient client, @Nullable SdkPlugin plugin, long millis) {
        return settings(client, plugin)
                .apiCallTimeout(Duration.ofMillis(Math.max(1, millis)))
                .build();
    }

    /** Returns the settings of a single request, which any client sends once. */
    static AwsRequestOverrideConfiguration.Builder settings(DynamoDbAsyncClient client) {
        return settings(client, retriesByItself(client) ? oneAttempt() : null);
    }

    private static AwsRequestOverrideConfiguration.Builder settings(
            DynamoDbAsyncClient client, @Nullable SdkPlugin plugin) {
        AwsRequestOverrideConfiguration.Builder settings = AwsRequestOverrideConfiguration.builder();
        MarkedCredentials.putInto(settings, client);
        if (plugin != null) {
            settings.addPlugin(plugin);
        }
        return settings;
    }

    /**
     * Has the SDK send each request once. The store retries by itself: only the store knows that a second attempt may
     * find the write of the first, and only its retries end by the deadline or when the caller cancels. A client that
     * the store creates has retries only if a plugin of its configuration has switched them on.
     */
    private static SdkPlugin oneAttempt() {
        ClientOverrideConfiguration once = ClientOverrideConfiguration.builder()
                .retryStrategy(AwsRetryStrategy.doNotRetry())
                .build();
        return configuration -> configuration.overrideConfiguration(once);
    }

    private static boolean retriesByItself(DynamoDbAsyncClient client) {
        DynamoDbServiceClientConfiguration configuration = MarkedCredentials.configurationOf(client);
        return configuration == null
                || configuration
                        .overrideConfiguration()
                        .retryStrategy()
                        .map(strategy -> strategy.maxAttempts() > 1)
                        .orElse(true);
    }
}
