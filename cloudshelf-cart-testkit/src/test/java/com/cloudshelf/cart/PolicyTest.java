package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.cloudshelf.cart.testkit.CartStoreContract;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.SentRequest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * The published policies contain exactly the IAM actions that the library's requests need. Each test compares a policy
 * with the requests that were sent, so it fails on a missing action as well as on an unneeded one.
 */
class PolicyTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String GUEST = "guest-4711";

    private static final Map<String, String> PARTS = Map.of(
            "Put", "PutItem",
            "Update", "UpdateItem",
            "Delete", "DeleteItem",
            "Get", "GetItem",
            "ConditionCheck", "ConditionCheckItem");

    private final InfrastructureTest.Template template = InfrastructureTest.Template.read();

    /** The contract of all stores, on a network that records requests. The test below runs it; Surefire does not. */
    static class RecordedContract extends CartStoreContract {
        static final Faults NETWORK = Faults.none();
        static final DynamoDbAsyncClient CLIENT = LocalDynamoDb.shared().client(NETWORK);

        @Override
        protected CartStore newStore(CartLimits limits, Clock clock) {
            return DynamoDbCartStore.builder()
                    .client(CLIENT)
                    .tableName(LocalDynamoDb.shared().createCartTable())
                    .limits(limits)
                    .clock(clock)
                    .operationTimeout(Duration.ofSeconds(30))
                    .build();
        }
    }

    /**
     * Returns the IAM actions that the requests need. A transaction needs those of its parts, and tags at creation need
     * an action of their own.
     */
    private static Set<String> actions(List<SentRequest> requests) {
        Set<String> actions = new TreeSet<>();
        for (SentRequest request : requests) {
            JsonNode body = body(request);
            if (request.operation().startsWith("Transact")) {
                body.path("TransactItems")
                        .forEach(item -> item.fieldNames().forEachRemaining(part -> {
                            assertThat(PARTS).containsKey(part);
                            actions.add("dynamodb:" + PARTS.get(part));
                        }));
            } else {
                actions.add("dynamodb:" + request.operation());
            }
            if (request.operation().equals("CreateTable") && body.path("Tags").size() > 0) {
                actions.add("dynamodb:TagResource");
            }
        }
        return actions;
    }

    /** Returns the partition keys in the requests. */
    private static Set<String> keys(List<SentRequest> requests) {
        Set<String> keys = new TreeSet<>();
        for (SentRequest request : requests) {
            for (String place : List.of("Key", "Keys", "Item")) {
                body(request)
                        .findValues(place)
                        .forEach(holder -> holder.findValues("userId")
                                .forEach(userId -> keys.add(userId.path("S").asText())));
            }
        }
        return keys;
    }

    private static JsonNode body(SentRequest request) {
        try {
            return JSON.readTree(request.json());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void storePolicy_allOfTheContract_needsExactlyItsActions() {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(RecordedContract.class))
                .execute()
                .testEvents();
        // The contract's own test checks that all of them pass.
        assertThat(tests.succeeded().count()).isGreaterThan(50);
        List<SentRequest> sent = RecordedContract.NETWORK.sent();
        RecordedContract.CLIENT.close();
        assertThat(sent).extracting(SentRequest::operation).contains("TransactWriteItems");
        assertThat(template.actions("CartStorePolicy")).isEqualTo(actions(sent));
        assertThat(template.policy("CartStorePolicy").values())
                .allSatisfy(statement -> assertThat(statement.conditions()).isEmpty());
    }

    @Test
    void ownKeyPolicy_allThatOneUserDoes_needsExactlyItsActionsAndNoOtherKey() {
        try (TestTable table = new TestTable()) {
            oneUsersLife(table);
            List<SentRequest> sent = table.faults.sent();
            assertThat(template.actions("CartOwnKeyPolicy")).isEqualTo(actions(sent));
            assertThat(keys(sent)).containsExactly(USER);
        }
        assertThat(template.policy("CartOwnKeyPolicy").values())
                .allSatisfy(statement -> assertThat(statement.conditions())
                        .containsExactlyInAnyOrder(
                                "ForAllValues:StringEquals dynamodb:LeadingKeys [${aws:PrincipalTag/userId}]",
                                "Null dynamodb:LeadingKeys [false]"));
    }

    private static void oneUsersLife(TestTable table) {
        DynamoDbCartStore carts = table.store();
        carts.get(USER).join();
        carts.get(USER, ReadConsistency.EVENTUAL).join();
        carts.addItem(USER, book("book001", "15.99", 2)).join();
        carts.addItem(USER, book("book001", "15.99", 1)).join();
        carts.addItem(USER, book("book002", "9.50", 1)).join();
        Cart cart = carts.setQuantity(USER, "book002", 3).join();
        CartUpdate update = CartUpdate.of(USER);
        carts.apply(update.reprice("book002", new BigDecimal("9")).ifVersion(cart.version()))
                .join();
        table.appendBlindly(USER, "book001", "15.99", 1).join();
        carts.apply(update.add(book("book003", "1", 1)).idempotencyKey("order-1"))
                .join();
        carts.apply(update.subtract(cart)).join();
        carts.removeItem(USER, "book003").join();
        carts.addItem(USER, book("book004", "1", 1)).join();
        carts.clear(USER).join();
        carts.addItem(USER, book("book005", "1", 1)).join();
        expire(table, USER);
        carts.addItem(USER, book("book006", "1", 1)).join();
        // A day later, no key is remembered and the cart has rested.
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(25));
        table.store(settings -> settings.clock(later)).clear(USER).join();
        carts.delete(USER).join();
    }

    private static void expire(TestTable table, String userId) {
        Map<String, AttributeValue> item = new HashMap<>(table.item(userId));
        item.put("ttl", AttributeValue.fromN("1725552600"));
        table.put(item);
    }

    @Test
    void mergePolicy_allMerges_needExactlyItsActions() {
        try (TestTable table = new TestTable()) {
            DynamoDbCartStore carts = table.store();
            DynamoDbCartStore rested =
                    table.store(settings -> settings.clock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(61))));
            Set<String> needed = new TreeSet<>();
            for (DynamoDbCartStore store : List.of(carts, rested, carts)) {
                carts.addItem(GUEST, book("book001", "15.99", 2)).join();
                carts.addItem(USER, book("book001", "15.99", 2)).join();
                if (needed.size() == 4) {
                    expire(table, USER);
                }
                table.faults.forget();
                store.merge(GUEST, USER, MergeStrategy.SUM).join();
                List<SentRequest> sent = table.faults.sent();
                assertThat(sent)
                        .extracting(SentRequest::operation)
                        .containsExactly("TransactGetItems", "TransactWriteItems");
                assertThat(keys(sent)).containsExactlyInAnyOrder(GUEST, USER);
                needed.addAll(actions(sent));
            }
            assertThat(template.actions("CartMergePolicy")).isEqualTo(needed);
        }
        Map<String, InfrastructureTest.Statement> statements = template.policy("CartMergePolicy");
        assertThat(statements.get("ReadBothCartsInOneTransaction").actions()).containsExactly("dynamodb:GetItem");
        assertThat(statements.get("ReadBothCartsInOneTransaction").conditions())
                .containsExactly("ForAnyValue:StringEquals dynamodb:EnclosingOperation [TransactGetItems]");
        assertThat(statements.get("WriteBothCartsInOneTransaction").conditions())
                .containsExactly("ForAnyValue:StringEquals dynamodb:EnclosingOperation [TransactWriteItems]");
    }

    @Test
    void deployPolicy_createAndVerify_needExactlyItsActions() {
        CartTableSpec spec = CartTableSpec.defaults().withTableName("table-" + UUID.randomUUID());
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = LocalDynamoDb.shared().client(network)) {
            CartTable.create(client, spec).join();
            Set<String> ofCreate = actions(network.sent());
            network.forget();
            CartTable.verify(client, spec).join();
            Set<String> ofVerify = actions(network.sent());
            Map<String, InfrastructureTest.Statement> statements = template.policy("CartDeployPolicy");
            assertThat(statements.get("VerifyTable").actions()).isEqualTo(ofVerify);
            ofCreate.removeAll(ofVerify);
            assertThat(statements.get("CreateTable").actions()).isEqualTo(ofCreate);
        }
    }

    private static CompletableFuture<?> append(TestTable table) {
        return LocalDynamoDb.shared()
                .client()
                .updateItem(update -> update.tableName(table.name)
                        .key(Map.of("userId", AttributeValue.fromS(USER)))
                        .updateExpression("SET cartItems = list_append(cartItems, :line)")
                        .expressionAttributeValues(Map.of(
                                ":line",
                                AttributeValue.fromL(List.of(AttributeValue.fromM(Map.of(
                                        "bookId", AttributeValue.fromS("b"),
                                        "price", AttributeValue.fromN("1"),
                                        "quantity", AttributeValue.fromN("1"))))))));
    }

    @Test
    void auditPolicy_reportAndRepair_needExactlyItsActions() {
        try (TestTable table = new TestTable();
                DynamoDbAsyncClient client = LocalDynamoDb.shared().client(table.faults)) {
            CartTableSpec spec = CartTableSpec.defaults().withTableName(table.name);
            table.put(Map.of("userId", AttributeValue.fromS(USER), "cartItems", AttributeValue.fromL(List.of())));
            CartTable.audit(client, spec, CartAudit.reporting()).join();
            assertThat(template.policy("CartAuditPolicy").get("LookOver").actions())
                    .isEqualTo(actions(table.faults.sent()));
            table.faults.forget();
            // Two conflicts in a row make the audit read the item again.
            table.faults.next(2, Fault.rival(() -> append(table)).on("UpdateItem"));
            CartTable.audit(client, spec, CartAudit.repairing()).join();
            Set<String> ofRepair = actions(table.faults.sent());
            ofRepair.removeAll(
                    template.policy("CartAuditPolicy").get("LookOver").actions());
            assertThat(template.policy("CartAuditPolicy").get("Repair").actions())
                    .isEqualTo(ofRepair);
        }
    }

    @Test
    void actions_ofATransaction_areThoseOfItsParts() {
        try (TestTable table = new TestTable();
                DynamoDbAsyncClient client = LocalDynamoDb.shared().client(table.faults)) {
            TransactWriteItem check = TransactWriteItem.builder()
                    .conditionCheck(it -> it.tableName(table.name)
                            .key(Map.of("userId", AttributeValue.fromS(GUEST)))
                            .conditionExpression("attribute_not_exists(userId)"))
                    .build();
            TransactWriteItem delete = TransactWriteItem.builder()
                    .delete(it -> it.tableName(table.name).key(Map.of("userId", AttributeValue.fromS(USER))))
                    .build();
            client.transactWriteItems(request -> request.transactItems(check, delete))
                    .join();
            assertThat(actions(table.faults.sent()))
                    .containsExactly("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem");
            assertThat(keys(table.faults.sent())).containsExactlyInAnyOrder(GUEST, USER);
        }
    }
}
