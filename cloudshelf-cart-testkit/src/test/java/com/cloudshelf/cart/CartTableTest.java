package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.cloudshelf.cart.CartTableReport.Check;
import com.cloudshelf.cart.CartTableReport.Outcome;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Creating a table, comparing a live table with its specification, and reading items from streams and exports. */
class CartTableTest {
    private final DynamoDbAsyncClient client = LocalDynamoDb.shared().client();
    private final CartTableSpec spec =
            CartTableSpec.defaults().withTableName("table-" + UUID.randomUUID()).withTag("Environment", "test");

    private Check check(CartTableReport report, String subject) {
        return report.checks().stream()
                .filter(check -> check.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }

    private DynamoDbCartStore store() {
        return DynamoDbCartStore.builder()
                .client(client)
                .tableName(spec.tableName())
                .build();
    }

    @Test
    void create_noTable_createsItAsSpecified() {
        CartTable.create(client, spec).join();
        CartTableReport report = CartTable.verify(client, spec).join();
        assertThat(report.isHeld()).as(report.toString()).isTrue();
        assertThat(check(report, "key").outcome()).isEqualTo(Outcome.HELD);
        assertThat(check(report, "billing mode").outcome()).isEqualTo(Outcome.HELD);
        assertThat(check(report, "time to live").outcome()).isEqualTo(Outcome.HELD);
        assertThat(check(report, "deletion protection").outcome()).isEqualTo(Outcome.HELD);
    }

    @Test
    void create_repeated_keepsTheCarts() {
        CartTable.create(client, spec).join();
        try (DynamoDbCartStore carts = store()) {
            Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
            CartTable.create(client, spec).join();
            assertThat(carts.get(USER).join()).isEqualTo(cart);
        }
    }

    @Test
    void create_afterAnInterruption_switchesOnWhatIsMissing() {
        String table = LocalDynamoDb.shared().createCartTable();
        CartTableSpec existing = spec.withTableName(table);
        assertThat(check(CartTable.verify(client, existing).join(), "time to live")
                        .outcome())
                .isEqualTo(Outcome.DEVIATING);
        CartTable.create(client, existing).join();
        assertThat(check(CartTable.verify(client, existing).join(), "time to live")
                        .outcome())
                .isEqualTo(Outcome.HELD);
    }

    @Test
    void verify_differingTable_explainsTheEffectAndTheFix() {
        String table = LocalDynamoDb.shared().createCartTable();
        CartTableReport report =
                CartTable.verify(client, spec.withTableName(table)).join();
        assertThat(report.isHeld()).isFalse();
        assertThat(check(report, "deletion protection").outcome()).isEqualTo(Outcome.DEVIATING);
        assertThat(report.checks())
                .filteredOn(check -> check.outcome() == Outcome.DEVIATING)
                .allSatisfy(check -> {
                    assertThat(check.consequence()).isNotBlank();
                    assertThat(check.fix()).isNotBlank();
                    assertThat(report.toString()).contains(check.fix());
                });
    }

    @Test
    void verify_whatTheEngineLacks_isNotCheckedRatherThanHeld() {
        CartTable.create(client, spec).join();
        assertThat(check(CartTable.verify(client, spec).join(), "point-in-time recovery")
                        .outcome())
                .isEqualTo(Outcome.NOT_CHECKED);
    }

    @Test
    void verify_noTable_isReported() {
        CartTableReport report = CartTable.verify(client, spec).join();
        assertThat(report.isHeld()).isFalse();
        assertThat(report.checks())
                .singleElement()
                .satisfies(check -> assertThat(check.found()).contains("no such table"));
    }

    @Test
    void decode_itemOfAStream_isTheCartEvenIfItHasExpired() {
        CartTable.create(client, spec).join();
        Cart cart;
        try (DynamoDbCartStore carts = store()) {
            cart = carts.addItem(USER, book("book1", "9.50", 2)).join();
        }
        Map<String, AttributeValue> image = new HashMap<>(client.getItem(
                        get -> get.tableName(spec.tableName()).key(Map.of("userId", AttributeValue.fromS(USER))))
                .join()
                .item());
        assertThat(CartTable.decode(image)).isEqualTo(cart);
        assertThat(CartTable.decode(image).version()).isEqualTo(cart.version());
        image.put("ttl", AttributeValue.fromN("1725552600"));
        assertThat(CartTable.decode(image)).isEqualTo(cart);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1.5", "-1"})
    void decode_ttlThatDynamoDbIgnores_isNoExpiryAsInAStore(String ttl) {
        Map<String, AttributeValue> image = Map.of(
                "userId", AttributeValue.fromS(USER),
                "cartItems", AttributeValue.fromL(List.of()),
                "campaign", AttributeValue.fromS("autumn"),
                "ttl", AttributeValue.fromN(ttl));
        assertThat(CartTable.decode(image).attributes()).containsEntry("campaign", "autumn");
        assertThat(CartTable.decode(image).expiresAt()).isEmpty();
    }

    /** An image may come from a file, such as an export, so its numbers may be malformed. */
    @ParameterizedTest
    @ValueSource(strings = {"abc", "", "NaN", "1e", " 1"})
    void decode_textThatIsNoNumber_isReadOrNamed(String text) {
        AttributeValue number = AttributeValue.fromN(text);
        for (String total : List.of("totalItems", "totalPrice", "ttl", "version", "format", "cf", "ct", "cu")) {
            Map<String, AttributeValue> image = new HashMap<>(
                    Map.of("userId", AttributeValue.fromS(USER), "cartItems", AttributeValue.fromL(List.of())));
            image.put(total, number);
            assertThat(CartTable.decode(image).isEmpty()).isTrue();
        }
        for (String name : List.of("price", "quantity")) {
            Map<String, AttributeValue> line = new HashMap<>(Map.of(
                    "bookId", AttributeValue.fromS("book1"),
                    "price", AttributeValue.fromN("1"),
                    "quantity", AttributeValue.fromN("1")));
            line.put(name, number);
            assertThatExceptionOfType(InvalidStoredCartException.class)
                    .isThrownBy(() -> CartTable.decode(Map.of(
                            "userId",
                            AttributeValue.fromS(USER),
                            "cartItems",
                            AttributeValue.fromL(List.of(AttributeValue.fromM(line))))))
                    .satisfies(failure -> assertThat(failure.attributePath()).isEqualTo("cartItems[0]." + name));
        }
    }

    @Test
    @SuppressWarnings("NullAway")
    void anyNull_isRefusedByName() {
        assertThatNullPointerException()
                .isThrownBy(() -> CartTable.decode(null))
                .withMessage("item");
        assertThatNullPointerException()
                .isThrownBy(() -> CartAudit.reporting().resumingFrom(null))
                .withMessage("checkpoint");
        assertThatNullPointerException()
                .isThrownBy(() -> CartAudit.repairing((CartAuditReport.Problem[]) null))
                .withMessage("problems");
    }

    @Test
    void decode_notACart_namesTheAttribute() {
        assertThatExceptionOfType(InvalidStoredCartException.class)
                .isThrownBy(() -> CartTable.decode(Map.of()))
                .satisfies(failure -> assertThat(failure.attributePath()).isEqualTo("userId"));
        for (String noUser : List.of("", " ", "x".repeat(2049), "\uD800")) {
            assertThatExceptionOfType(InvalidStoredCartException.class)
                    .isThrownBy(() -> CartTable.decode(Map.of("userId", AttributeValue.fromS(noUser))))
                    .satisfies(failure -> assertThat(failure.attributePath()).isEqualTo("userId"));
        }
    }
}
