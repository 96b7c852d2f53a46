package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class CartInvariantsTest {

    private static final CartItem BOOK1 = CartItem.of("book1", "Emma", "Jane Austen", new BigDecimal("9.50"), 2);
    private static final CartItem BOOK2 = CartItem.of("book2", null, null, new BigDecimal("0.01"), 1);

    private static Cart cart() {
        return InMemoryCartStore.create()
                .apply(CartUpdate.of("user123").add(BOOK1).add(BOOK2))
                .join();
    }

    @Test
    void assertHold_validCarts_pass() {
        assertThatCode(() -> CartInvariants.assertHold(cart())).doesNotThrowAnyException();
        assertThatCode(() -> CartInvariants.assertHold(Cart.empty("user123"))).doesNotThrowAnyException();
        assertThatNullPointerException().isThrownBy(() -> CartInvariants.assertHold(null));
    }

    @Test
    void assertSameContent_otherTimesOrVersions_passes() {
        Cart one = cart();
        Cart other = Cart.empty("user123")
                .apply(
                        CartLimits.defaults(),
                        Instant.EPOCH,
                        List.of(new CartChange.Add(BOOK1), new CartChange.Add(BOOK2.withAddedAt(Instant.EPOCH))));
        assertThatCode(() -> CartInvariants.assertSameContent(one, other)).doesNotThrowAnyException();
        assertThatCode(() -> CartInvariants.assertSameContent(other, one)).doesNotThrowAnyException();
        assertThatCode(() -> CartInvariants.assertSameContent(Cart.empty("a"), Cart.empty("a")))
                .doesNotThrowAnyException();
        assertThatNullPointerException().isThrownBy(() -> CartInvariants.assertSameContent(null, one));
        assertThatNullPointerException().isThrownBy(() -> CartInvariants.assertSameContent(one, null));
    }

    @Test
    void assertSameContent_anyDifference_isNamed() {
        Map<String, CartUpdate> differences = Map.of(
                "books", CartUpdate.of("user123").remove("book1"),
                "quantity in the line of book1", CartUpdate.of("user123").setQuantity("book1", 3),
                "price in the line of book2", CartUpdate.of("user123").reprice("book2", BigDecimal.ONE),
                "title in the line of book2",
                        CartUpdate.of("user123").add(CartItem.of("book2", "A title", null, BigDecimal.ONE, 1)),
                "author in the line of book1",
                        CartUpdate.of("user123").add(CartItem.of("book1", null, "Austen, Jane", BigDecimal.ONE, 1)),
                "attributes in the line of book1", CartUpdate.of("user123").setItemAttribute("book1", "giftWrap", true),
                "attributes", CartUpdate.of("user123").setAttribute("coupon", "SAVE10"));
        differences.forEach((what, update) -> {
            InMemoryCartStore carts = InMemoryCartStore.create();
            Cart before =
                    carts.apply(CartUpdate.of("user123").add(BOOK1).add(BOOK2)).join();
            Cart after = carts.apply(update).join();
            assertThatThrownBy(() -> CartInvariants.assertSameContent(before, after))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("other " + what + "\n")
                    .hasMessageContaining("expected: ")
                    .hasMessageContaining("actual: ");
        });
        assertThatThrownBy(() -> CartInvariants.assertSameContent(Cart.empty("one"), Cart.empty("other")))
                .hasMessageContaining("other userId");
        assertThatThrownBy(() -> CartInvariants.assertSameContent(cart(), Cart.empty("user123")))
                .hasMessageContaining("other books");
    }

    @Test
    void assertHold_brokenCart_namesTheInvariantAndShowsTheCart() throws Exception {
        Cart cart = cart();
        set(cart, "totalItems", 4L);
        assertThatThrownBy(() -> CartInvariants.assertHold(cart))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("broken: totalItems is the sum of the quantities")
                .hasMessageContaining("in the cart of user123 (totalItems 4, totalPrice 19.01")
                .hasMessageContaining("bookId=book1")
                .hasMessageContaining("bookId=book2");
    }

    @Test
    void assertHold_eachBrokenInvariant_isNamed() throws Exception {
        assertBroken("totalPrice is the exact sum", "totalPrice", new BigDecimal("19.02"));
        assertBroken("totalPrice has no trailing zeros", "totalPrice", new BigDecimal("19.010"));
        assertBroken("at most one line", "items", List.of(BOOK1, BOOK2, BOOK1));
        assertBroken("a quantity is at least 1", "items", List.of(broken("quantity", 0)));
        // Prices are stored in millionths, so more decimals or trailing zeros are not possible.
        assertBroken("a price is 0 to 10^12", "items", List.of(broken("micros", -1L)));
        assertBroken("a price is 0 to 10^12", "items", List.of(broken("micros", 1_000_000_000_000_000_001L)));
        assertBroken("a book id is not blank", "items", List.of(broken("bookId", " ")));
    }

    private static void assertBroken(String invariant, String field, Object value) throws Exception {
        Cart cart = cart();
        set(cart, field, value);
        assertThatThrownBy(() -> CartInvariants.assertHold(cart))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("broken: ")
                .hasMessageContaining(invariant);
    }

    private static CartItem broken(String field, Object value) throws Exception {
        CartItem item = CartItem.of("book1", "Emma", "Jane Austen", new BigDecimal("9.50"), 2);
        set(item, field, value);
        return item;
    }

    private static void set(Object target, String field, Object value) throws Exception {
        Field declared = target.getClass().getDeclaredField(field);
        declared.setAccessible(true);
        declared.set(target, value);
    }

    private static Map<String, AttributeValue> item() {
        LocalDynamoDb server = LocalDynamoDb.shared();
        String table = server.createCartTable();
        try (DynamoDbCartStore carts = DynamoDbCartStore.builder()
                .client(server.client())
                .tableName(table)
                .build()) {
            carts.apply(CartUpdate.of("user123").add(BOOK1).add(BOOK2)).join();
        }
        return new HashMap<>(server.client()
                .getItem(get -> get.tableName(table).key(Map.of("userId", AttributeValue.fromS("user123"))))
                .join()
                .item());
    }

    @Test
    void assertItemHolds_whatTheLibraryWrote_passes() {
        assertThatCode(() -> CartInvariants.assertItemHolds(item())).doesNotThrowAnyException();
        assertThatCode(() -> CartInvariants.assertItemHolds(Map.of())).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "totalItems, totalItems matches the lines",
        "totalPrice, totalPrice matches the lines",
        "ttl, ttl is later than lastUpdated",
        "lastUpdated, lastUpdated is a string (S)",
        "cartItems, cartItems is a list (L)",
        "userId, userId is a string (S)"
    })
    void assertItemHolds_anotherNumber_namesTheInvariantAndShowsTheItem(String attribute, String invariant) {
        Map<String, AttributeValue> item = item();
        item.put(attribute, AttributeValue.fromN("1"));
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(item))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("broken: " + invariant)
                .hasMessageContaining("totalPrice = ");
    }

    @ParameterizedTest
    @CsvSource({
        "quantity, 0, cartItems[1].quantity is 1 to 2147483647",
        "quantity, 1.5, cartItems[1].quantity is a whole number",
        "quantity, two, cartItems[1].quantity is a number (N)",
        "price, -1, cartItems[1].price is 0 to 10^12 with at most 6 decimals",
        "price, 5, totalPrice matches the lines",
        "title, 5, cartItems[1].title is a string (S)",
        "addedAt, 5, cartItems[1].addedAt is a string (S)",
        "bookId, 5, cartItems[1].bookId is a string (S)"
    })
    void assertItemHolds_anotherNumberInALine_namesThePath(String attribute, String number, String invariant) {
        Map<String, AttributeValue> item = withSecondLine(attribute, AttributeValue.fromN(number));
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(item))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("broken: " + invariant);
    }

    @ParameterizedTest
    @ValueSource(strings = {"title", "author", "addedAt"})
    void assertItemHolds_whatAnotherProgramLeftOut_passes(String attribute) {
        assertThatCode(() -> CartInvariants.assertItemHolds(withSecondLine(attribute, null)))
                .doesNotThrowAnyException();
        assertThatCode(() -> CartInvariants.assertItemHolds(withSecondLine(attribute, AttributeValue.fromNul(true))))
                .doesNotThrowAnyException();
    }

    @Test
    void assertItemHolds_timeOfALine_isInAnyFormThatIsRead() {
        for (String time : List.of("2025-09-03T10:30:00+02:00", "2025-09-03T10:30:00.123456", "2025-09-03T10:30:00Z")) {
            assertThatCode(() -> CartInvariants.assertItemHolds(withSecondLine("addedAt", AttributeValue.fromS(time))))
                    .doesNotThrowAnyException();
        }
        assertThatThrownBy(
                        () -> CartInvariants.assertItemHolds(withSecondLine("addedAt", AttributeValue.fromS("soon"))))
                .hasMessageContaining("broken: cartItems[1].addedAt is an ISO 8601 time");
    }

    private static Map<String, AttributeValue> withSecondLine(String attribute, AttributeValue value) {
        Map<String, AttributeValue> item = item();
        List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
        Map<String, AttributeValue> line = new HashMap<>(lines.get(1).m());
        line.put(attribute, value);
        line.values().removeIf(Objects::isNull);
        lines.set(1, AttributeValue.fromM(line));
        item.put("cartItems", AttributeValue.fromL(lines));
        return item;
    }

    @Test
    void assertItemHolds_duplicateLinesOrWrongBookIds_fail() {
        Map<String, AttributeValue> duplicate = item();
        AttributeValue line = duplicate.get("cartItems").l().get(0);
        duplicate.put("cartItems", AttributeValue.fromL(List.of(line, line)));
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(duplicate))
                .hasMessageContaining("broken: a book has at most one line");

        Map<String, AttributeValue> wrongIds = item();
        wrongIds.put("cb", AttributeValue.fromBs(List.of(SdkBytes.fromByteArray(new byte[3]))));
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(wrongIds))
                .hasMessageContaining("broken: cb contains the hashes of the book IDs");
        wrongIds.remove("cb");
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(wrongIds))
                .hasMessageContaining("broken: cb contains the hashes of the book IDs");

        Map<String, AttributeValue> localTime = item();
        localTime.put("lastUpdated", AttributeValue.fromS("yesterday"));
        assertThatThrownBy(() -> CartInvariants.assertItemHolds(localTime))
                .hasMessageContaining("broken: lastUpdated is an ISO 8601 time in UTC");
    }
}
