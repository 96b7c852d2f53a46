package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Items as other writers leave them: the AWS CLI, older programs, and a Python function that only appends. */
class SeedItemsTest {
    private static final CartItem EMMA = CartItem.of("book002", "Emma", "Jane Austen", new BigDecimal("9.50"), 1);

    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    @Test
    void get_itemWithEmptyList_isTheEmptyCart() {
        put(Map.of("cartItems", list()));

        Cart cart = carts.get(USER).join();

        assertThat(cart).isEqualTo(Cart.empty(USER));
        assertThat(cart.version()).isEqualTo(Cart.empty(USER).version());
        assertThat(cart.expiresAt()).isEmpty();
    }

    @Test
    void addItem_itemWithEmptyList_becomesACartAndKeepsWhatItHad() {
        put(Map.of("cartItems", list(), "note", s("gift")));

        Cart cart = carts.addItem(USER, EMMA).join();

        assertThat(carts.get(USER).join()).isEqualTo(cart);
        assertThat(stored())
                .containsEntry("note", s("gift"))
                .containsEntry("totalItems", n("1"))
                .containsEntry("totalPrice", n("9.5"))
                .containsEntry(
                        "ttl", n(Long.toString(cart.expiresAt().orElseThrow().getEpochSecond())));
    }

    @Test
    void get_itemOfTheDocumentedSchema_isReadUnchanged() {
        put(schemaItem());

        Cart cart = carts.get(USER).join();

        assertThat(cart.items())
                .containsExactly(
                        CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", new BigDecimal("15.99"), 2)
                                .withAddedAt(Instant.parse("2025-09-03T10:30:00Z")));
        assertThat(cart.totalItems()).isEqualTo(2);
        assertThat(cart.totalPrice()).isEqualTo("31.98");
        assertThat(cart.lastUpdated()).contains(Instant.parse("2025-09-03T10:30:00Z"));
    }

    @Test
    void change_itemOfTheDocumentedSchema_keepsUnknownAttributes() {
        Map<String, AttributeValue> item = schemaItem();
        item.put("channel", s("web"));
        Map<String, AttributeValue> line = new HashMap<>(gatsby());
        line.put("giftWrap", AttributeValue.fromBool(true));
        item.put("cartItems", list(line));
        put(item);

        carts.setQuantity(USER, "book001", 5).join();
        carts.addItem(USER, EMMA).join();
        carts.apply(CartUpdate.of(USER).reprice("book001", new BigDecimal("12")).remove("book002"))
                .join();

        line.put("quantity", n("5"));
        line.put("price", n("12"));
        assertThat(stored())
                .containsEntry("channel", s("web"))
                .containsEntry("cartItems", list(line))
                .containsEntry("totalItems", n("5"))
                .containsEntry("totalPrice", n("60"));
    }

    @Test
    void get_exampleItemVerbatim_hasExpired() {
        put(exampleItem());

        assertThat(carts.get(USER).join()).isEqualTo(Cart.empty(USER));
    }

    @Test
    void addItem_exampleItemVerbatim_startsANewCart() {
        put(exampleItem());

        Cart cart = carts.addItem(USER, EMMA).join();

        assertThat(cart.items()).extracting(CartItem::bookId).containsExactly("book002");
        assertThat(cart.expiresAt()).hasValueSatisfying(at -> assertThat(at).isAfter(Instant.now()));
        assertThat(carts.get(USER).join()).isEqualTo(cart);
    }

    @Test
    void change_exampleItemWithTimeLeft_isReadChangedAndWrittenBack() {
        Map<String, AttributeValue> item = exampleItem();
        item.put("ttl", n(Long.toString(inAWeek())));
        put(item);

        Cart before = carts.get(USER).join();
        Cart after = carts.apply(CartUpdate.of(USER)
                        .setQuantity("book001", 3)
                        .basedOn(before)
                        .ifVersion(before.version()))
                .join();

        assertThat(before.item("book001").orElseThrow().author()).isEmpty();
        assertThat(before.totalPrice()).isEqualTo("31.98");
        assertThat(before.expiresAt()).contains(Instant.ofEpochSecond(inAWeekOf(item)));
        assertThat(after.totalPrice()).isEqualTo("47.97");
        assertThat(after.version()).isNotEqualTo(before.version());
        assertThat(stored().get("cartItems").l().get(0).m())
                .containsEntry("quantity", n("3"))
                .doesNotContainKey("author");
    }

    @Test
    void clear_itemOfOthers_emptiesIt() {
        put(schemaItem());

        carts.clear(USER).join();

        assertThat(carts.get(USER).join()).isEqualTo(Cart.empty(USER));
        assertThat(stored().get("cartItems").l()).isEmpty();
    }

    @Test
    void apply_appendBetweenReadAndWrite_keepsBoth() {
        carts.addItem(USER, EMMA).join();
        Cart seen = carts.get(USER).join();
        append(gatsby());

        Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book002", 2).basedOn(seen))
                .join();

        assertThat(cart.items()).extracting(CartItem::quantity).containsExactly(2, 2);
        assertThat(cart.totalPrice()).isEqualTo("50.98");
        assertThat(carts.get(USER).join()).isEqualTo(cart);
    }

    @Test
    void ifVersion_appendSinceRead_isAConflict() {
        CartVersion seen = carts.addItem(USER, EMMA).join().version();
        append(gatsby());

        assertThat(failureOf(carts.apply(CartUpdate.of(USER).remove("book002").ifVersion(seen))))
                .isInstanceOf(CartConflictException.class);
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(3);
    }

    @Test
    void get_bookAppendedTwice_isOneLineAtTheLaterPrice() {
        put(schemaItem());
        Map<String, AttributeValue> cheaper = new HashMap<>(gatsby());
        cheaper.put("price", n("14"));
        cheaper.put("shelf", s("B7"));
        append(cheaper);

        Cart cart = carts.get(USER).join();

        assertThat(cart.items()).singleElement().satisfies(line -> {
            assertThat(line.quantity()).isEqualTo(4);
            assertThat(line.price()).isEqualTo("14");
        });
        assertThat(cart.totalPrice()).isEqualTo("56");
    }

    @Test
    void addItem_bookAppendedTwice_mergesTheLinesAndRepairsTheTotals() {
        put(schemaItem());
        Map<String, AttributeValue> again = new HashMap<>(gatsby());
        again.put("shelf", s("B7"));
        append(again);

        carts.addItem(USER, EMMA).join();

        Map<String, AttributeValue> item = stored();
        assertThat(item.get("cartItems").l()).hasSize(2);
        assertThat(item.get("cartItems").l().get(0).m())
                .containsEntry("quantity", n("4"))
                .containsEntry("shelf", s("B7"));
        assertThat(item).containsEntry("totalItems", n("5")).containsEntry("totalPrice", n("73.46"));
    }

    @Test
    void get_totalsOfBinaryFloatingPoint_areRecomputed() {
        Map<String, AttributeValue> item = schemaItem();
        item.put("totalPrice", n("31.980000000000004"));
        put(item);

        assertThat(carts.get(USER).join().totalPrice()).isEqualTo("31.98");
        carts.setQuantity(USER, "book001", 1).join();
        assertThat(stored()).containsEntry("totalPrice", n("15.99"));
    }

    @Test
    void get_timesWithoutZoneOrWithOffset_areRead() {
        Map<String, AttributeValue> item = schemaItem();
        item.put("lastUpdated", s("2025-09-03T10:30:00.123456"));
        Map<String, AttributeValue> line = new HashMap<>(gatsby());
        line.put("addedAt", s("2025-09-03T12:30:00+02:00"));
        item.put("cartItems", list(line));
        put(item);

        Cart cart = carts.get(USER).join();

        assertThat(cart.lastUpdated()).contains(Instant.parse("2025-09-03T10:30:00.123456Z"));
        assertThat(cart.items().get(0).addedAt()).contains(Instant.parse("2025-09-03T10:30:00Z"));
    }

    @Test
    void append_clearedCart_counts() {
        carts.addItem(USER, EMMA).join();
        carts.clear(USER).join();
        append(gatsby());

        assertThat(carts.get(USER).join().totalPrice()).isEqualTo("31.98");
    }

    @Test
    void append_expiredCart_isLost() {
        put(exampleItem());
        append(gatsby());

        assertThat(carts.get(USER).join()).isEqualTo(Cart.empty(USER));
        assertThat(carts.addItem(USER, EMMA).join().items())
                .extracting(CartItem::bookId)
                .containsExactly("book002");
    }

    private static Map<String, AttributeValue> schemaItem() {
        Map<String, AttributeValue> item = exampleItem();
        item.put("ttl", n(Long.toString(inAWeek())));
        item.put("cartItems", list(gatsby()));
        return item;
    }

    /**
     * Returns the item of an example. Its line has no author, and its time to live ended a year before its last change.
     */
    private static Map<String, AttributeValue> exampleItem() {
        Map<String, AttributeValue> line = new HashMap<>(gatsby());
        line.remove("author");
        Map<String, AttributeValue> item = new HashMap<>();
        item.put("cartItems", list(line));
        item.put("totalItems", n("2"));
        item.put("totalPrice", n("31.98"));
        item.put("lastUpdated", s("2025-09-03T10:30:00Z"));
        item.put("ttl", n("1725552600"));
        return item;
    }

    private static Map<String, AttributeValue> gatsby() {
        return Map.of(
                "bookId", s("book001"),
                "title", s("The Great Gatsby"),
                "author", s("F. Scott Fitzgerald"),
                "price", n("15.99"),
                "quantity", n("2"),
                "addedAt", s("2025-09-03T10:30:00Z"));
    }

    private void put(Map<String, AttributeValue> attributes) {
        Map<String, AttributeValue> item = new HashMap<>(attributes);
        item.put("userId", s(USER));
        table.put(item);
    }

    private void append(Map<String, AttributeValue> line) {
        table.appendBlindly(USER, line).join();
    }

    private Map<String, AttributeValue> stored() {
        return table.item(USER);
    }

    private static long inAWeek() {
        return Instant.now().plus(Duration.ofDays(7)).getEpochSecond();
    }

    private static long inAWeekOf(Map<String, AttributeValue> item) {
        return Long.parseLong(item.get("ttl").n());
    }

    private static AttributeValue list() {
        return AttributeValue.fromL(List.of());
    }

    private static AttributeValue list(Map<String, AttributeValue> line) {
        return AttributeValue.fromL(List.of(AttributeValue.fromM(line)));
    }

    private static AttributeValue s(String text) {
        return AttributeValue.fromS(text);
    }

    private static AttributeValue n(String number) {
        return AttributeValue.fromN(number);
    }
}
