package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.File;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** The class path of a project that depends only on the library. */
class ClassPathTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "net.jqwik.api.Property",
                "org.assertj.core.api.Assertions",
                "org.mockito.Mockito",
                "software.amazon.awssdk.http.apache.ApacheHttpClient",
                "software.amazon.awssdk.http.apache5.Apache5HttpClient",
                "org.apache.http.client.HttpClient",
                "org.apache.hc.client5.http.classic.HttpClient",
                "software.amazon.dynamodb.services.local.embedded.DynamoDBEmbedded",
                "software.amazon.dynamodb.services.local.server.DynamoDBProxyServer",
                "com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer",
                "org.eclipse.jetty.server.Server",
                "com.almworks.sqlite4java.SQLite",
                "org.apache.logging.log4j.LogManager",
                "com.fasterxml.jackson.databind.ObjectMapper",
                "com.google.common.collect.ImmutableList",
                "com.cloudshelf.cart.testkit.LocalDynamoDb"
            })
    void classPath_ofTheProject_containsNoTestLibraries(String name) {
        assertThrows(ClassNotFoundException.class, () -> Class.forName(name));
    }

    @Test
    void classPath_jars_areTheSdkWithNettyAndLittleElse() {
        List<String> unexpected = Arrays.stream(
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                                .split(File.pathSeparator))
                .map(path -> path.replace(File.separatorChar, '/'))
                .filter(path -> path.endsWith(".jar"))
                .filter(path -> !path.matches(".*/(software/amazon/(awssdk|eventstream)|io/netty|com/cloudshelf"
                        + "|org/(slf4j|jspecify|reactivestreams|junit|opentest4j|apiguardian)"
                        + "|org/apache/maven/surefire)/.*"))
                .filter(path -> !path.matches(".*/surefirebooter[^/]*\\.jar"))
                .toList();
        assertEquals(List.of(), unexpected);
    }

    @Test
    void library_withoutTheTestkit_works() {
        CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);
        Cart cart = Cart.empty("user123")
                .apply(CartLimits.defaults(), Instant.now(), List.of(new com.cloudshelf.cart.CartChange.Add(dune)));
        assertEquals(new BigDecimal("19.98"), cart.totalPrice());
        try (DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                        .region(Region.US_EAST_1)
                        .credentialsProvider(AnonymousCredentialsProvider.create())
                        .endpointOverride(URI.create("http://127.0.0.1:1"))
                        .build();
                DynamoDbCartStore carts = DynamoDbCartStore.builder()
                        .client(client)
                        .operationTimeout(Duration.ofMillis(500))
                        .build()) {
            var failure = assertThrows(
                    CompletionException.class, () -> carts.get("user123").join());
            assertTrue(failure.getCause() instanceof CartStoreException, failure::toString);
        }
    }
}
