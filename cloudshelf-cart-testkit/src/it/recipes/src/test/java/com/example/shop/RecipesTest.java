package com.example.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micronaut.context.ApplicationContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.MetricsFactory;

/** Runs what docs/recipes.md shows. */
class RecipesTest {
    private static final CartItem DUNE = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 2);

    private final LocalDynamoDb server = LocalDynamoDb.shared();

    /** Returns a store for a busy machine: calls have ample time, and slow requests are not hedged. */
    private static DynamoDbCartStore.Builder patient() {
        return DynamoDbCartStore.builder().operationTimeout(Duration.ofSeconds(30)).hedging(0);
    }

    @Test
    void tracing_aSecondAttempt_runsInTheContextOfTheCaller() {
        ContextKey<String> key = ContextKey.named("trace");
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = server.client(network);
                DynamoDbCartStore carts = Tracing.traced(patient())
                        .client(client)
                        .tableName(server.createCartTable())
                        .metricPublisher(new MicrometerPublisher(new SimpleMeterRegistry()) {
                            @Override
                            public void publish(software.amazon.awssdk.metrics.MetricCollection call) {
                                seen.add(MDC.get("order") + " " + Context.current().get(key));
                            }
                        })
                        .build()) {
            network.next(Fault.throttle());
            MDC.put("order", "4711");
            try (Scope scope = Context.current().with(key, "t1").makeCurrent()) {
                carts.addItem("user123", DUNE).join();
            } finally {
                MDC.clear();
            }
        }
        assertEquals(List.of("4711 t1"), List.copyOf(seen));
    }

    @Test
    void micrometer_callsAndThrottles_areMeters() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = server.client(network);
                DynamoDbCartStore carts = patient()
                        .client(client)
                        .tableName(server.createCartTable())
                        .metricPublisher(new MicrometerPublisher(registry))
                        .build()) {
            network.next(Fault.throttle());
            carts.addItem("user123", DUNE).join();
        }
        assertEquals(1, registry.get("cart.call").timer().count());
        assertEquals(1, registry.get("cart.throttles").counter().count());
        assertEquals(2, registry.get("cart.requests").counter().count());
    }

    @Test
    void powertools_counters_areMetricsOfTheFunction() {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (DynamoDbCartStore carts = patient()
                .client(server.client())
                .tableName(server.createCartTable())
                .metricPublisher(new PowertoolsPublisher(MetricsFactory.getMetricsInstance()))
                .build()) {
            Metrics metrics = MetricsFactory.getMetricsInstance();
            metrics.setNamespace("Shop");
            carts.addItem("user123", DUNE).join();
            metrics.flush();
        } finally {
            System.setOut(out);
        }
        assertTrue(printed.toString(StandardCharsets.UTF_8).contains("CartRequests"), printed::toString);
    }

    @Test
    void reactive_add_isSentOnSubscription() {
        InMemoryCartStore carts = InMemoryCartStore.create();
        ReactiveCarts controller = new ReactiveCarts(carts);
        Mono<?> add = controller.add("user123", Mono.just(DUNE));
        assertEquals(0, carts.get("user123").join().totalItems());
        add.block();
        assertEquals(2, controller.get("user123").block().getBody().totalItems());
    }

    @Test
    void micronaut_store_isABean() {
        try (ApplicationContext context = ApplicationContext.builder(Map.of("carts.table", server.createCartTable()))
                .singletons(server.client())
                .start()) {
            CartStore carts = context.getBean(DynamoDbCartStore.class).within(Duration.ofSeconds(30));
            assertEquals(2, carts.addItem("user123", DUNE).join().totalItems());
        }
    }

    @Test
    void savedForLater_movedBack_losesNothing() {
        try (DynamoDbCartStore carts = patient()
                .client(server.client())
                .tableName(server.createCartTable())
                .build()) {
            Cart cart = carts.addItem("user123", DUNE.with("giftWrap", true)).join();
            Cart saved = SavedForLater.save(carts, cart, "book001").join();
            assertTrue(saved.isEmpty());
            assertEquals(cart.items(), SavedForLater.saved(saved));
            Cart back = SavedForLater.takeBack(carts, saved, "book001").join();
            assertEquals(cart.items(), back.items());
            assertEquals(List.of(), SavedForLater.saved(back));
        }
    }
}
