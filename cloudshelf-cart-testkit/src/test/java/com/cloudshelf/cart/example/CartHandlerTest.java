package com.cloudshelf.cart.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyRequestEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** The function end to end: events as API Gateway sends them, DynamoDB Local, and a network that may fail. */
class CartHandlerTest {
    private static final String USER = "7c1d2e3f-4a5b-4c6d-8e7f-901234567890";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final String table = server.createCartTable();
    private final Faults network = Faults.none();
    private final DynamoDbAsyncClient client = server.client(network);
    private final DynamoDbCartStore carts = store(table, CartLimits.defaults());
    private final OrderTable orders = new OrderTable(server.client(), createOrderTable());
    private final List<Duration> timeouts = new ArrayList<>();
    private final CartHandler handler = new CartHandler(recordingTimeouts(), orders);
    private final CartStore patient = carts.within(Duration.ofSeconds(20));
    private final List<String> log = new ArrayList<>();

    private DynamoDbCartStore store(String tableName, CartLimits limits) {
        return DynamoDbCartStore.builder()
                .client(client)
                .tableName(tableName)
                .limits(limits)
                .operationTimeout(Duration.ofSeconds(1))
                .build();
    }

    /** Returns the store of carts, and records how long each event lets it take. */
    private CartStore recordingTimeouts() {
        return (CartStore) Proxy.newProxyInstance(
                CartStore.class.getClassLoader(), new Class<?>[] {CartStore.class}, (store, method, arguments) -> {
                    if (method.getName().equals("within")) {
                        timeouts.add((Duration) arguments[0]);
                    }
                    return method.invoke(carts, arguments);
                });
    }

    private String createOrderTable() {
        String orderTable = "orders-" + UUID.randomUUID();
        server.client()
                .createTable(create -> create.tableName(orderTable)
                        .keySchema(KeySchemaElement.builder()
                                .attributeName("orderId")
                                .keyType(KeyType.HASH)
                                .build())
                        .attributeDefinitions(AttributeDefinition.builder()
                                .attributeName("orderId")
                                .attributeType(ScalarAttributeType.S)
                                .build())
                        .billingMode(BillingMode.PAY_PER_REQUEST))
                .join();
        return orderTable;
    }

    @AfterEach
    void close() {
        carts.close();
        client.close();
        network.close();
    }

    private static APIGatewayProxyRequestEvent event(String file) {
        try (InputStream json = CartHandlerTest.class.getResourceAsStream("/example/" + file + ".json")) {
            return JSON.readValue(json, APIGatewayProxyRequestEvent.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static APIGatewayProxyRequestEvent with(APIGatewayProxyRequestEvent event, String header, String value) {
        event.getHeaders().put(header, value);
        return event;
    }

    private APIGatewayProxyResponseEvent handle(APIGatewayProxyRequestEvent event) {
        return handle(event, 20_000);
    }

    private APIGatewayProxyResponseEvent handle(APIGatewayProxyRequestEvent event, int remainingMillis) {
        return handler.handleRequest(event, new StubContext(remainingMillis, log));
    }

    private static JsonNode body(APIGatewayProxyResponseEvent response) {
        try {
            return JSON.readTree(response.getBody());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Calls the store over a network that works, and with ample time. */
    private <T> T directly(Function<CartStore, CompletableFuture<T>> call) {
        try (DynamoDbCartStore direct = DynamoDbCartStore.builder()
                .client(server.client())
                .tableName(table)
                .build()) {
            return call.apply(direct).join();
        }
    }

    private Cart stored() {
        return directly(store -> store.get(USER));
    }

    private void storeTwoBooks() {
        directly(store -> store.apply(CartUpdate.of(USER)
                .add(CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", new BigDecimal("15.99"), 2))
                .add(CartItem.of("book002", "Emma", "Jane Austen", new BigDecimal("9.50"), 1))));
    }

    private void addBook(String userId, String bookId) {
        directly(store -> store.addItem(userId, CartItem.of(bookId, null, null, new BigDecimal("5"), 1)));
    }

    @Test
    void routes_oneAfterTheOther_respondWithTheCart() {
        APIGatewayProxyResponseEvent empty = handle(event("get-cart"));
        assertThat(empty.getStatusCode()).isEqualTo(200);
        assertThat(empty.getHeaders())
                .containsEntry("Content-Type", "application/json")
                .containsKey("ETag");
        assertThat(body(empty).path("cartItems").isEmpty()).isTrue();

        APIGatewayProxyResponseEvent added = handle(event("add-book"));
        assertThat(added.getStatusCode()).isEqualTo(200);
        JsonNode line = body(added).at("/cartItems/0");
        assertThat(line.path("bookId").asText()).isEqualTo("book001");
        assertThat(line.path("title").asText()).isEqualTo("The Great Gatsby");
        assertThat(added.getBody()).contains("\"price\":15.99,\"quantity\":2").contains("\"totalPrice\":31.98");
        assertThat(line.hasNonNull("addedAt")).isTrue();
        assertThat(added.getHeaders().get("ETag"))
                .isNotEqualTo(empty.getHeaders().get("ETag"))
                .matches("\"[A-Za-z0-9._-]+\"");

        APIGatewayProxyResponseEvent set = handle(event("set-quantity"));
        assertThat(body(set).path("totalItems").asInt()).isEqualTo(3);
        assertThat(handle(event("get-cart")).getHeaders().get("ETag"))
                .isEqualTo(set.getHeaders().get("ETag"));

        assertThat(body(handle(event("remove-book"))).path("cartItems").isEmpty())
                .isTrue();
        storeTwoBooks();
        APIGatewayProxyResponseEvent cleared = handle(event("clear-cart"));
        assertThat(cleared.getStatusCode()).isEqualTo(200);
        assertThat(stored().isEmpty()).isTrue();
        assertThat(log).isEmpty();
    }

    @Test
    void body_inBase64_isRead() {
        APIGatewayProxyRequestEvent event = event("add-book");
        event.setBody(Base64.getEncoder().encodeToString(event.getBody().getBytes(StandardCharsets.UTF_8)));
        event.setIsBase64Encoded(true);
        assertThat(handle(event).getStatusCode()).isEqualTo(200);
        assertThat(stored().totalItems()).isEqualTo(2);
    }

    @Test
    void add_responseOfDynamoDbLost_isAppliedOnceAnd200() {
        network.next(Fault.dropResponse().on("UpdateItem"));
        APIGatewayProxyRequestEvent event = event("add-book");
        event.getHeaders().remove("Idempotency-Key");
        APIGatewayProxyResponseEvent response = handle(event);
        assertThat(network.counts()).containsEntry("dropResponse", 1);
        assertThat(response.getStatusCode()).isEqualTo(200);
        assertThat(body(response).path("totalItems").asInt()).isEqualTo(2);
        assertThat(stored().totalItems()).isEqualTo(2);
    }

    private static APIGatewayProxyRequestEvent checkout(String orderId) {
        APIGatewayProxyRequestEvent event = event("add-book");
        event.setResource("/cart/checkout");
        event.setBody(null);
        return with(event, "Idempotency-Key", orderId);
    }

    private static APIGatewayProxyRequestEvent merge(String guestId) {
        APIGatewayProxyRequestEvent event = event("add-book");
        event.setResource("/cart/merge");
        event.setBody("{\"guestId\": \"" + guestId + "\"}");
        event.getHeaders().remove("Idempotency-Key");
        return event;
    }

    /** The client receives no response to the first two calls, and the customer continues shopping in between. */
    @Test
    void checkout_calledThreeTimes_isOneOrderAndTakesItsBooksOnce() {
        storeTwoBooks();
        network.next(Fault.none()).next(Fault.none()).next(Fault.dropResponse());
        APIGatewayProxyResponseEvent first = handle(checkout("order-1"));
        assertThat(network.counts()).containsEntry("dropResponse", 1);
        addBook(USER, "book001");
        APIGatewayProxyResponseEvent second = handle(checkout("order-1"));
        addBook(USER, "book003");
        APIGatewayProxyResponseEvent third = handle(checkout("order-1"));

        assertThat(List.of(first, second, third))
                .extracting(APIGatewayProxyResponseEvent::getStatusCode)
                .containsOnly(200);
        for (APIGatewayProxyResponseEvent answer : List.of(first, second, third)) {
            assertThat(body(answer).path("orderId").asText()).isEqualTo("order-1");
            assertThat(body(answer).path("lines")).hasSize(2);
            assertThat(body(answer).path("totalPrice").decimalValue()).isEqualByComparingTo("41.48");
        }
        assertThat(stored().items())
                .extracting(CartItem::bookId, CartItem::quantity)
                .containsExactly(tuple("book001", 1), tuple("book003", 1));
    }

    /** The order is placed, and then the function ends. The books are still in the cart until the next call. */
    @Test
    void checkout_thatEndsBetweenOrderAndCart_isFinishedByTheNextCall() {
        storeTwoBooks();
        network.next(Fault.none()).always(Fault.throttle());
        assertThat(handle(checkout("order-1"), 1_500).getStatusCode()).isEqualTo(429);
        network.clear();
        assertThat(orders.find("order-1"))
                .hasValueSatisfying(order -> assertThat(order.taken()).isFalse());
        addBook(USER, "book003");
        assertThat(handle(checkout("order-1")).getStatusCode()).isEqualTo(200);
        assertThat(orders.find("order-1"))
                .hasValueSatisfying(order -> assertThat(order.taken()).isTrue());
        assertThat(stored().items()).extracting(CartItem::bookId).containsExactly("book003");
    }

    @Test
    void checkout_atOnceWithAnother_isOneOrder() {
        storeTwoBooks();
        Order rival = Order.of("order-1", USER, stored().items());
        Orders beaten = new Orders() {
            @Override
            public Optional<Order> find(String orderId) {
                return Optional.empty();
            }

            @Override
            public Order place(Order order) {
                orders.place(rival);
                return orders.place(order);
            }

            @Override
            public void taken(String orderId) {
                orders.taken(orderId);
            }
        };
        addBook(USER, "book003");
        Order order = new Checkout(patient, beaten, CartItem::price)
                .order(USER, "order-1")
                .orElseThrow();
        assertThat(order).isEqualTo(rival);
        assertThat(stored().items()).extracting(CartItem::bookId).containsExactly("book003");
    }

    @Test
    void checkout_ofAnotherUsersOrder_is404AndTouchesNoCart() {
        storeTwoBooks();
        orders.place(Order.of("order-1", "someone else", stored().items()));
        assertThat(handle(checkout("order-1")).getStatusCode()).isEqualTo(404);
        assertThat(stored().totalItems()).isEqualTo(3);
    }

    @Test
    void checkout_ofAnEmptyCart_is404() {
        APIGatewayProxyResponseEvent response = handle(checkout("order-1"));
        assertThat(response.getStatusCode()).isEqualTo(404);
        assertThat(body(response).path("code").asText()).isEqualTo("NOTHING_TO_ORDER");
        assertThat(orders.find("order-1")).isEmpty();
    }

    @Test
    void checkout_withoutAnOrderId_is400() {
        APIGatewayProxyRequestEvent event = checkout("order-1");
        event.getHeaders().remove("Idempotency-Key");
        assertThat(handle(event).getStatusCode()).isEqualTo(400);
    }

    @Test
    void checkout_withCatalogPrices_ordersAtThosePrices() {
        storeTwoBooks();
        Order order = new Checkout(patient, orders, line -> new BigDecimal("2.50"))
                .order(USER, "order-1")
                .orElseThrow();
        assertThat(order.totalPrice()).isEqualByComparingTo("7.50");
        assertThat(orders.find("order-1").orElseThrow().lines()).isEqualTo(order.lines());
        assertThat(stored().isEmpty()).isTrue();
    }

    @Test
    void merge_calledThreeTimes_addsTheGuestsBooksOnce() {
        storeTwoBooks();
        addBook("guest-1", "book001");
        network.next(Fault.none()).next(Fault.dropResponse());
        for (int call = 1; call <= 3; call++) {
            APIGatewayProxyResponseEvent response = handle(merge("guest-1"));
            assertThat(response.getStatusCode()).isEqualTo(200);
            assertThat(body(response).path("totalItems").asInt()).isEqualTo(4);
        }
        assertThat(network.counts()).containsEntry("dropResponse", 1);
        assertThat(stored().item("book001").orElseThrow().quantity()).isEqualTo(3);
        assertThat(directly(store -> store.get("guest-1")).isEmpty()).isTrue();
    }

    @Test
    void merge_withoutAGuest_is400() {
        APIGatewayProxyRequestEvent event = merge("guest-1");
        for (String body : List.of("{}", "{\"guestId\":null}", "{\"guestId\":\" \"}")) {
            event.setBody(body);
            assertThat(handle(event).getStatusCode()).as(body).isEqualTo(400);
        }
    }

    @Test
    void ifMatch_current_isAccepted() {
        storeTwoBooks();
        String tag = handle(event("get-cart")).getHeaders().get("ETag");
        assertThat(handle(with(event("set-quantity"), "If-Match", tag)).getStatusCode())
                .isEqualTo(200);
        assertThat(handle(with(event("remove-book"), "if-match", "*")).getStatusCode())
                .isEqualTo(200);
    }

    @Test
    void ifMatch_stale_is412WithTheCurrentCart() {
        storeTwoBooks();
        String tag = handle(event("get-cart")).getHeaders().get("ETag");
        handle(event("set-quantity"));
        APIGatewayProxyResponseEvent response = handle(with(event("remove-book"), "If-Match", tag));
        assertThat(response.getStatusCode()).isEqualTo(412);
        assertThat(body(response).path("totalItems").asInt()).isEqualTo(4);
        assertThat(response.getHeaders().get("ETag"))
                .isEqualTo(handle(event("get-cart")).getHeaders().get("ETag"))
                .isNotEqualTo(tag);
        assertThat(stored().item("book001")).isPresent();
        assertThat(handle(with(
                                event("remove-book"),
                                "If-Match",
                                response.getHeaders().get("ETag")))
                        .getStatusCode())
                .isEqualTo(200);
    }

    @Test
    void cart_keptBusyByOthers_is409WithRetryAfter() {
        CartStoreException conflict = CartConflictException.contended(Cart.empty(USER));
        APIGatewayProxyResponseEvent response = new CartHandler(failing(conflict), orders)
                .handleRequest(event("set-quantity"), new StubContext(20_000, log));
        assertThat(response.getStatusCode()).isEqualTo(409);
        assertThat(body(response).path("code").asText()).isEqualTo("CONFLICT");
        assertThat(response.getHeaders()).containsEntry("Retry-After", "1");
    }

    /** Returns a store on which every call fails with this failure. */
    private static CartStore failing(CartStoreException failure) {
        return (CartStore) Proxy.newProxyInstance(
                CartStore.class.getClassLoader(),
                new Class<?>[] {CartStore.class},
                (store, method, arguments) ->
                        method.getName().equals("within") ? store : CompletableFuture.failedFuture(failure));
    }

    @Test
    void table_throttled_is429WithRetryAfterAndInTime() {
        assertThat(stored().isEmpty()).isTrue(); // the first request of a client takes longer
        network.always(Fault.throttle());
        for (String file : List.of("get-cart", "add-book", "set-quantity", "clear-cart")) {
            APIGatewayProxyResponseEvent response = handle(event(file), 1_500);
            assertThat(response.getStatusCode()).as(file).isEqualTo(429);
            assertThat(body(response).path("code").asText()).isEqualTo("THROTTLED");
            assertThat(response.getHeaders()).containsEntry("Retry-After", "1");
        }
        assertThat(timeouts).hasSize(4).containsOnly(Duration.ofSeconds(1));
        network.clear();
        assertThat(stored().isEmpty()).isTrue();
        assertThat(handle(event("add-book")).getStatusCode()).isEqualTo(200);
    }

    @Test
    void idempotencyKey_repeated_hasOneEffect() {
        APIGatewayProxyResponseEvent first = handle(event("add-book"));
        APIGatewayProxyResponseEvent second = handle(event("add-book"));
        assertThat(second.getStatusCode()).isEqualTo(200);
        assertThat(second.getBody()).isEqualTo(first.getBody());
        assertThat(stored().totalItems()).isEqualTo(2);
    }

    @Test
    void idempotencyKey_ofAnotherChange_is422() {
        handle(event("add-book"));
        APIGatewayProxyRequestEvent other = event("add-book");
        other.setBody(other.getBody().replace("\"quantity\": 2", "\"quantity\": 5"));
        APIGatewayProxyResponseEvent response = handle(other);
        assertThat(response.getStatusCode()).isEqualTo(422);
        assertThat(body(response).path("code").asText()).isEqualTo("KEY_REUSED");
    }

    @Test
    void outcome_unknown_is503AndARepetitionWithTheKeyHasOneEffect() {
        assertThat(stored().isEmpty()).isTrue();
        network.next(Fault.dropResponse()).always(Fault.throttle());
        APIGatewayProxyResponseEvent response = handle(event("add-book"), 1_500);
        assertThat(response.getStatusCode()).isEqualTo(503);
        assertThat(body(response).path("code").asText()).isEqualTo("OUTCOME_UNKNOWN");
        assertThat(body(response).path("message").asText()).contains("same Idempotency-Key");
        assertThat(response.getHeaders()).containsKey("Retry-After");
        network.clear();
        assertThat(handle(event("add-book")).getStatusCode()).isEqualTo(200);
        assertThat(stored().totalItems()).isEqualTo(2);
    }

    @Test
    void outcome_unknownWithoutAKey_is503AndSaysToReadTheCartFirst() {
        assertThat(stored().isEmpty()).isTrue();
        network.next(Fault.dropResponse()).always(Fault.dropRequest());
        APIGatewayProxyRequestEvent event = event("add-book");
        event.getHeaders().remove("Idempotency-Key");
        APIGatewayProxyResponseEvent response = handle(event, 1_500);
        assertThat(response.getStatusCode()).isEqualTo(503);
        assertThat(body(response).path("message").asText()).contains("Read the cart");
        assertThat(response.getHeaders()).doesNotContainKey("Retry-After");
    }

    @Test
    void table_unreachable_is503() {
        network.always(Fault.dropRequest());
        APIGatewayProxyResponseEvent response = handle(event("get-cart"), 1_200);
        assertThat(response.getStatusCode()).isEqualTo(503);
        assertThat(body(response).path("code").asText()).isEqualTo("UNAVAILABLE");
    }

    @Test
    void time_shorterThanTheTimeoutOfARead_is503BeforeLambdaEndsTheFunction() {
        network.always(Fault.hang());
        assertThat(handle(event("get-cart"), 800).getStatusCode()).isEqualTo(503);
        assertThat(timeouts).containsExactly(Duration.ofMillis(300));
    }

    @Test
    void time_usedUp_is503AndNothingIsSent() {
        assertThat(handle(event("add-book"), 500).getStatusCode()).isEqualTo(503);
        assertThat(network.sent()).isEmpty();
    }

    @Test
    void book_notInTheCart_is404() {
        APIGatewayProxyResponseEvent response = handle(event("set-quantity"));
        assertThat(response.getStatusCode()).isEqualTo(404);
        assertThat(body(response).path("code").asText()).isEqualTo("UNKNOWN_BOOK");
        assertThat(handle(event("remove-book")).getStatusCode()).isEqualTo(200);
    }

    @Test
    void cart_full_is422() {
        storeTwoBooks();
        try (DynamoDbCartStore small = store(table, CartLimits.of(2, 2))) {
            APIGatewayProxyResponseEvent response =
                    new CartHandler(small, orders).handleRequest(event("add-book"), new StubContext(20_000, log));
            assertThat(response.getStatusCode()).isEqualTo(422);
            assertThat(body(response).path("code").asText()).isEqualTo("LIMIT");
        }
    }

    @Test
    void store_misconfiguredOrItemBroken_is500AndTheLogSaysWhy() {
        server.client()
                .putItem(put -> put.tableName(table)
                        .item(Map.of(
                                "userId", AttributeValue.fromS(USER), "cartItems", AttributeValue.fromS("no list"))))
                .join();
        assertThat(handle(event("get-cart")).getStatusCode()).isEqualTo(500);
        assertThat(log).singleElement().asString().contains("cartItems").doesNotContain(USER);
        try (DynamoDbCartStore lost = store("no-such-table", CartLimits.defaults())) {
            assertThat(new CartHandler(lost, orders)
                            .handleRequest(event("get-cart"), new StubContext(20_000, log))
                            .getStatusCode())
                    .isEqualTo(500);
        }
        assertThat(log.get(1)).contains("no-such-table").doesNotContain(USER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{",
                "{} {}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":1}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":1,\"quantity\":0}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":1,\"quantity\":1.5}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":-1,\"quantity\":1}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":\"1\",\"quantity\":1}",
                "{\"bookId\":\"b\",\"title\":\"t\",\"author\":\"a\",\"price\":0.0000001,\"quantity\":1}",
                "{\"bookId\":\" \",\"title\":\"t\",\"author\":\"a\",\"price\":1,\"quantity\":1}",
                "{\"bookId\":7,\"title\":\"t\",\"author\":\"a\",\"price\":1,\"quantity\":1}"
            })
    void body_invalid_is400AndNothingIsSent(String body) {
        APIGatewayProxyRequestEvent event = event("add-book");
        event.setBody(body);
        assertThat(handle(event).getStatusCode()).isEqualTo(400);
        assertThat(network.sent()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{}", "{\"quantity\":null}", "{\"quantity\":\"3\"}", "{\"quantity\":1.9}", "{\"quantity\":-1}"})
    void quantity_invalid_is400AndNothingIsSent(String body) {
        APIGatewayProxyRequestEvent event = event("set-quantity");
        event.setBody(body);
        assertThat(handle(event).getStatusCode()).isEqualTo(400);
        assertThat(network.sent()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "\"", "W/\"a.b.c\"", "\"a b\"", "\"a\", \"b\""})
    void ifMatch_invalid_is400(String tag) {
        assertThat(handle(with(event("remove-book"), "If-Match", tag)).getStatusCode())
                .isEqualTo(400);
    }

    @Test
    void idempotencyKey_blank_is400() {
        assertThat(handle(with(event("add-book"), "Idempotency-Key", " ")).getStatusCode())
                .isEqualTo(400);
    }

    @Test
    void user_notSignedIn_is401() {
        APIGatewayProxyRequestEvent event = event("get-cart");
        event.getRequestContext().setAuthorizer(null);
        assertThat(handle(event).getStatusCode()).isEqualTo(401);
    }

    @Test
    void route_unknown_is404() {
        APIGatewayProxyRequestEvent event = event("get-cart");
        event.setHttpMethod("PATCH");
        assertThat(handle(event).getStatusCode()).isEqualTo(404);
    }

    /** The context that Lambda passes to a function. */
    private record StubContext(int remainingMillis, List<String> log) implements Context {
        @Override
        public int getRemainingTimeInMillis() {
            return remainingMillis;
        }

        @Override
        public LambdaLogger getLogger() {
            return new LambdaLogger() {
                @Override
                public void log(String message) {
                    log.add(message);
                }

                @Override
                public void log(byte[] message) {
                    log.add(new String(message, StandardCharsets.UTF_8));
                }
            };
        }

        @Override
        public String getAwsRequestId() {
            return "5e0f3a52-8b1d-4f5c-9d2e-7a6b5c4d3e2f";
        }

        @Override
        public String getLogGroupName() {
            return "/aws/lambda/cart";
        }

        @Override
        public String getLogStreamName() {
            return "stream";
        }

        @Override
        public String getFunctionName() {
            return "cart";
        }

        @Override
        public String getFunctionVersion() {
            return "1";
        }

        @Override
        public String getInvokedFunctionArn() {
            return "arn:aws:lambda:us-east-1:123456789012:function:cart";
        }

        @Override
        public CognitoIdentity getIdentity() {
            return null;
        }

        @Override
        public ClientContext getClientContext() {
            return null;
        }

        @Override
        public int getMemoryLimitInMB() {
            return 256;
        }
    }
}
