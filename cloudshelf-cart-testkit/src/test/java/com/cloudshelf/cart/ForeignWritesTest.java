package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartAuditReport.Problem;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/** The expressions that docs/adopting.md gives to other programs work as described alongside this library. */
class ForeignWritesTest {
    private static final String TOTALS = "ADD totalItems :copies, totalPrice :amount, version :one";
    private static final String TIMES = "lastUpdated = :now, #ttl = :ttl ";
    private static final String ADD =
            "SET cartItems = list_append(if_not_exists(cartItems, :none), :line), " + TIMES + TOTALS;
    private static final String IF_ABSENT =
            "(attribute_not_exists(version) OR version = :version) AND (attribute_not_exists(#ttl) OR #ttl > :second)";
    private static final String SET_QUANTITY = "SET cartItems[{index}].quantity = :quantity, " + TIMES + TOTALS;
    private static final String REMOVE = "REMOVE cartItems[{index}] SET " + TIMES + TOTALS;
    private static final String IF_SAME =
            "{line}.bookId = :bookId AND {line}.quantity = :was AND {line}.price = :price";
    private static final String IF_ALIVE = " AND #ttl > :second";

    private final TestTable table = new TestTable();

    @AfterEach
    void close() {
        table.close();
    }

    @Test
    void expressions_ofThisTest_areThoseOfThePage() throws IOException {
        Path page = Path.of(System.getProperty("basedir", ""))
                .toAbsolutePath()
                .getParent()
                .resolve("docs/adopting.md");
        // Joins literals that the page breaks across lines.
        String text = Files.readString(page).replaceAll("[\"`](?: \\+)?\\n\\s*f?[\"`]", "");
        assertThat(text).contains(ADD, IF_ABSENT, SET_QUANTITY, REMOVE, IF_SAME, IF_ALIVE);
        String line = "cartItems[${index}]";
        assertThat(text).contains(REMOVE.replace("{index}", "${index}"), IF_SAME.replace("{line}", line) + IF_ALIVE);
    }

    private CompletableFuture<?> change(String update, String condition, Map<String, AttributeValue> values) {
        Instant now = Instant.now();
        Map<String, AttributeValue> all = new HashMap<>(values);
        all.put(":now", AttributeValue.fromS(now.toString()));
        all.put(":second", n(now.getEpochSecond()));
        all.put(":ttl", n(now.getEpochSecond() + 30 * 24 * 3600));
        all.put(":one", n(1));
        return LocalDynamoDb.shared()
                .client()
                .updateItem(request -> request.tableName(table.name)
                        .key(Map.of("userId", AttributeValue.fromS(USER)))
                        .updateExpression(update)
                        .conditionExpression(condition)
                        .expressionAttributeNames(Map.of("#ttl", "ttl"))
                        .expressionAttributeValues(all));
    }

    private static AttributeValue n(long number) {
        return AttributeValue.fromN(Long.toString(number));
    }

    private CompletableFuture<?> add(int version, String bookId, int price, int quantity) {
        AttributeValue line = AttributeValue.fromM(
                Map.of("bookId", AttributeValue.fromS(bookId), "price", n(price), "quantity", n(quantity)));
        return change(
                ADD,
                IF_ABSENT,
                Map.of(
                        ":none", AttributeValue.fromL(List.of()),
                        ":line", AttributeValue.fromL(List.of(line)),
                        ":version", n(version),
                        ":copies", n(quantity),
                        ":amount", n((long) price * quantity)));
    }

    private CompletableFuture<?> setQuantity(int index, String bookId, int price, int was, int quantity) {
        Map<String, AttributeValue> values = new HashMap<>(seen(bookId, price, was));
        values.put(":quantity", n(quantity));
        values.put(":copies", n(quantity - was));
        values.put(":amount", n((long) price * (quantity - was)));
        return change(at(index, SET_QUANTITY), at(index, IF_SAME + IF_ALIVE), values);
    }

    private CompletableFuture<?> remove(int index, String bookId, int price, int was) {
        Map<String, AttributeValue> values = new HashMap<>(seen(bookId, price, was));
        values.put(":copies", n(-was));
        values.put(":amount", n((long) -price * was));
        return change(at(index, REMOVE), at(index, IF_SAME + IF_ALIVE), values);
    }

    private static String at(int index, String expression) {
        return expression.replace("{line}", "cartItems[" + index + "]").replace("{index}", Integer.toString(index));
    }

    private static Map<String, AttributeValue> seen(String bookId, int price, int was) {
        return Map.of(":bookId", AttributeValue.fromS(bookId), ":was", n(was), ":price", n(price));
    }

    private CartAuditReport audit() {
        return CartTable.audit(
                        LocalDynamoDb.shared().client(),
                        CartTableSpec.defaults().withTableName(table.name),
                        CartAudit.reporting())
                .join();
    }

    @Test
    void changes_ofACartOfTheLibrary_leaveAConsistentCart() {
        DynamoDbCartStore carts = table.store();
        carts.addItem(USER, book("a", "2", 1)).join();
        carts.addItem(USER, book("b", "3", 2)).join();
        add(2, "c", 5, 1).join();
        setQuantity(1, "b", 3, 2, 4).join();
        remove(0, "a", 2, 1).join();
        Cart cart = carts.get(USER).join();
        assertThat(cart.items()).extracting(CartItem::bookId).containsExactly("b", "c");
        assertThat(cart.totalPrice()).isEqualByComparingTo(new BigDecimal(17));
        CartAuditReport report = audit();
        assertThat(report.found(Problem.WRONG_TOTALS)).isZero();
        assertThat(report.found(Problem.STALE_INDEX)).isEqualTo(1);
        carts.addItem(USER, book("d", "1", 1)).join();
        assertThat(audit().cartsWithProblems()).isZero();
    }

    @Test
    void changes_ofAnAbsentCart_createOne() {
        add(0, "a", 2, 3).join();
        assertThat(table.store().get(USER).join().totalItems()).isEqualTo(3);
        assertThat(audit().found(Problem.WRONG_TOTALS)).isZero();
    }

    @Test
    void changes_afterAnotherProgramsChange_areRefused() {
        DynamoDbCartStore carts = table.store();
        carts.addItem(USER, book("a", "2", 1)).join();
        carts.addItem(USER, book("b", "3", 2)).join();
        carts.removeItem(USER, "a").join();
        for (CompletableFuture<?> stale :
                List.of(remove(1, "b", 3, 2), remove(0, "a", 2, 1), setQuantity(0, "b", 3, 1, 7), add(2, "b", 3, 1))) {
            assertThat(failureOf(stale)).isInstanceOf(ConditionalCheckFailedException.class);
        }
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(2);
    }

    @Test
    void changes_ofAnExpiredCart_areRefused() {
        DynamoDbCartStore carts = table.store();
        carts.addItem(USER, book("a", "2", 1)).join();
        Map<String, AttributeValue> item = new HashMap<>(table.item(USER));
        item.put("ttl", n(Instant.now().getEpochSecond() - 60));
        table.put(item);
        for (CompletableFuture<?> late : List.of(remove(0, "a", 2, 1), add(1, "b", 3, 1))) {
            assertThat(failureOf(late)).isInstanceOf(ConditionalCheckFailedException.class);
        }
    }

    @Test
    void change_betweenOurReadAndOurWrite_isKept() {
        DynamoDbCartStore carts = table.store();
        Cart seen = carts.addItem(USER, book("a", "2", 1)).join();
        setQuantity(0, "a", 2, 1, 5).join();
        Cart cart = carts.apply(
                        CartUpdate.of(USER).reprice("a", new BigDecimal("4")).basedOn(seen))
                .join();
        assertThat(cart.totalItems()).isEqualTo(5);
        assertThat(cart.totalPrice()).isEqualByComparingTo(new BigDecimal(20));
    }
}
