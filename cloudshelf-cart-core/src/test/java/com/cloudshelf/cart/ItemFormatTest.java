package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.money;
import static com.cloudshelf.cart.Items.item;
import static com.cloudshelf.cart.Items.line;
import static com.cloudshelf.cart.Items.list;
import static com.cloudshelf.cart.Items.map;
import static com.cloudshelf.cart.Items.n;
import static com.cloudshelf.cart.Items.s;
import static com.cloudshelf.cart.Items.with;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class ItemFormatTest {

    @Nested
    class ShapesOfOtherWriters {
        @Test
        void decode_noItem_isTheEmptyCart() {
            StoredCart stored = decode(Map.of());

            assertThat(stored.exists()).isFalse();
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.memory()).isNull();
            assertThat(stored.cart()).isEqualTo(Cart.empty(USER));
            assertThat(stored.cart().version()).isEqualTo(CartVersion.ABSENT);
        }

        @Test
        void decode_schemaWithAllAttributes_isACart() {
            AttributeValue line = with(
                    with(line("book001", "15.99", "2"), "title", s("The Great Gatsby")),
                    "author",
                    s("F. Scott Fitzgerald"));
            StoredCart stored = decode(item(
                    "cartItems", list(with(line, "addedAt", s("2025-09-01T10:00:00Z"))),
                    "totalItems", n("2"),
                    "totalPrice", n("31.98"),
                    "lastUpdated", s("2025-09-01T10:05:00Z"),
                    "ttl", n("1759400000")));

            Cart cart = stored.cart();
            assertThat(cart.userId()).isEqualTo(USER);
            assertThat(cart.items())
                    .containsExactly(
                            CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", money("15.99"), 2)
                                    .withAddedAt(Instant.parse("2025-09-01T10:00:00Z")));
            assertThat(cart.totalItems()).isEqualTo(2);
            assertThat(cart.totalPrice()).isEqualTo(money("31.98"));
            assertThat(cart.lastUpdated()).contains(Instant.parse("2025-09-01T10:05:00Z"));
            assertThat(cart.expiresAt()).contains(Instant.ofEpochSecond(1_759_400_000));
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.isIndexed()).isTrue();
            assertThat(stored.memory()).isNull();
        }

        /** The example of the table's documentation; its time to live lies a year before its last change. */
        @Test
        void decode_dataModelExample_hasExpired() {
            AttributeValue line = with(
                    with(line("book001", "15.99", "2"), "title", s("The Great Gatsby")),
                    "addedAt",
                    s("2025-09-03T10:30:00Z"));
            StoredCart stored = decode(item(
                    "cartItems", list(line),
                    "totalItems", n("2"),
                    "totalPrice", n("31.98"),
                    "lastUpdated", s("2025-09-03T10:30:00Z"),
                    "ttl", n("1725552600")));

            assertThat(stored.exists()).isTrue();
            assertThat(stored.isExpired()).isTrue();
            assertThat(stored.cart()).isEqualTo(Cart.empty(USER));
            assertThat(stored.cart().version()).isEqualTo(CartVersion.ABSENT);
            assertThat(stored.cart().lastUpdated()).isEmpty();
            assertThat(stored.cart().expiresAt()).isEmpty();
        }

        @Test
        void decode_commandLineExample_isTheEmptyCart() {
            StoredCart stored = decode(item("cartItems", list()));

            assertThat(stored.exists()).isTrue();
            assertThat(stored.isExpired()).isFalse();
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.cart()).isEqualTo(Cart.empty(USER));
        }

        @Test
        void decode_keyAlone_isTheEmptyCart() {
            StoredCart stored = decode(item());

            assertThat(stored.exists()).isTrue();
            assertThat(stored.cart()).isEqualTo(Cart.empty(USER));
            assertThat(stored.pins().listSize()).isNegative();
        }

        @Test
        void decode_lineOfBookPriceAndQuantity_isACart() {
            Cart cart =
                    decode(item("cartItems", list(line("book001", "9.5", "3")))).cart();

            assertThat(cart.items()).containsExactly(CartItem.of("book001", null, null, money("9.5"), 3));
            assertThat(cart.totalPrice()).isEqualTo(money("28.5"));
            assertThat(cart.lastUpdated()).isEmpty();
            assertThat(cart.expiresAt()).isEmpty();
        }

        @Test
        void decode_linesInAnyOrder_keepTheirOrder() {
            assertThat(decode(item("cartItems", list(line("z", "1", "1"), line("a", "1", "1"), line("m", "1", "1"))))
                            .cart()
                            .items())
                    .extracting(CartItem::bookId)
                    .containsExactly("z", "a", "m");
        }

        @Test
        void version_linesDiffer_isAnother() {
            AttributeValue line = with(with(line("a", "1", "1"), "title", s("t")), "author", s("x"));
            List<CartVersion> versions = new ArrayList<>();
            for (AttributeValue other : List.of(
                    line,
                    line("a", "1", "1"),
                    with(line, "bookId", s("b")),
                    with(line, "title", s("u")),
                    with(line, "title", s("")),
                    with(line, "author", s("y")),
                    with(line, "price", n("2")),
                    with(line, "quantity", n("2")))) {
                versions.add(decode(item("cartItems", list(other))).cart().version());
            }
            versions.add(decode(item("cartItems", list(line, line("b", "1", "1"))))
                    .cart()
                    .version());
            versions.add(decode(item("cartItems", list(line("b", "1", "1"), line)))
                    .cart()
                    .version());

            assertThat(versions).doesNotHaveDuplicates().doesNotContain(CartVersion.ABSENT);
        }

        @Test
        void version_sameNumberInAnotherForm_isTheSame() {
            assertThat(decode(item("cartItems", list(line("a", "100", "2")))).version())
                    .isEqualTo(decode(item("cartItems", list(line("a", "1E+2", "2.0"))))
                            .version());
        }
    }

    @Nested
    class DuplicateLines {
        private final StoredCart stored = decode(item(
                "cartItems",
                list(
                        line("a", "1", "1"),
                        with(with(line("b", "2.50", "2"), "title", s("old")), "author", s("kept")),
                        line("c", "3", "3"),
                        with(line("b", "2.75", "4"), "title", s("new")),
                        line("a", "5", "6"))));

        @Test
        void decode_duplicates_areOneLineWithTheLaterPriceAtTheFirstPlace() {
            assertThat(stored.cart().items())
                    .containsExactly(
                            CartItem.of("a", null, null, money("5"), 7),
                            CartItem.of("b", "new", "kept", money("2.75"), 6),
                            CartItem.of("c", null, null, money("3"), 3));
            assertThat(stored.cart().totalItems()).isEqualTo(16);
        }

        @Test
        void decode_duplicates_areDriftAndNoIndexIsTrusted() {
            assertThat(stored.isDrifted()).isTrue();
            assertThat(stored.isIndexed()).isFalse();
            assertThat(stored.areIdsTrue()).isFalse();
            assertThat(stored.pins().listSize()).isEqualTo(5);
            assertThat(stored.lines()).hasSize(3);
        }

        @Test
        void decode_duplicates_mergeTheUnknownAttributesToo() {
            StoredCart merged = decode(item(
                    "cartItems",
                    list(
                            with(with(line("a", "1", "1"), "gift", s("first")), "x", n("1")),
                            with(with(line("a", "1", "1"), "gift", s("second")), "y", n("2")))));

            assertThat(merged.lines()).hasSize(1);
            assertThat(merged.lines().get(0).m())
                    .contains(entry("gift", s("first")), entry("x", n("1")), entry("y", n("2")));
        }

        @Test
        void decode_firstAddedAt_isKept() {
            assertThat(decode(item(
                                    "cartItems",
                                    list(
                                            with(line("a", "1", "1"), "addedAt", s("2025-09-01T00:00:00Z")),
                                            with(line("a", "1", "1"), "addedAt", s("2025-09-02T00:00:00Z")))))
                            .cart()
                            .items()
                            .get(0)
                            .addedAt())
                    .contains(Instant.parse("2025-09-01T00:00:00Z"));
        }

        @Test
        void decode_addedAtOfTheLaterLineAlone_isTaken() {
            StoredCart later = decode(item(
                    "cartItems",
                    list(line("a", "1", "1"), with(line("a", "1", "1"), "addedAt", s("2025-09-02T00:00:00Z")))));

            assertThat(later.cart().items().get(0).addedAt()).contains(Instant.parse("2025-09-02T00:00:00Z"));
            assertThat(later.lines().get(0).m()).containsEntry("addedAt", s("2025-09-02T00:00:00Z"));
        }

        @Test
        void decode_quantitiesTogetherBeyondTheLargestInt_isNoCart() {
            assertInvalid(
                    item("cartItems", list(line("a", "1", "2147483647"), line("a", "1", "1"))),
                    "cartItems[1].quantity");
        }

        @Test
        void decode_lineOfNothing_isNoLine() {
            StoredCart zero = decode(item("cartItems", list(line("a", "1", "0"), line("b", "2", "1"))));

            assertThat(zero.cart().items()).extracting(CartItem::bookId).containsExactly("b");
            assertThat(zero.lines()).hasSize(1);
            assertThat(zero.isIndexed()).isFalse();
            assertThat(zero.isDrifted()).isTrue();
        }

        @Test
        void decode_lineOfNothingBesideAnotherOfItsBook_isPassedOver() {
            for (AttributeValue lines : List.of(
                    list(line("a", "1", "0"), line("a", "2", "3")), list(line("a", "2", "3"), line("a", "1", "0")))) {
                assertThat(decode(item("cartItems", lines)).cart().items())
                        .containsExactly(CartItem.of("a", null, null, money("2"), 3));
            }
        }
    }

    @Nested
    class Totals {
        private final Map<String, AttributeValue> item =
                item("cartItems", list(line("a", "1.50", "2")), "totalItems", n("2"), "totalPrice", n("3"));

        @ParameterizedTest
        @CsvSource({"3", "0", "-1", "2.5", "1E+125", "99999999999999999999999999999999999999"})
        void decode_storedTotalsAreWrong_areRecomputedAndReported(String wrong) {
            for (String total : List.of("totalItems", "totalPrice")) {
                if (total.equals("totalPrice") && wrong.equals("3")) {
                    continue;
                }
                StoredCart stored = decode(with(item, total, n(wrong)));

                assertThat(stored.cart().totalItems()).isEqualTo(2);
                assertThat(stored.cart().totalPrice()).isEqualTo(money("3"));
                assertThat(stored.isDrifted()).isTrue();
            }
        }

        @ParameterizedTest
        @CsvSource({"2, 3", "2.0, 3.00", "2E0, 0.3E+1"})
        void decode_storedTotalsAreTrue_isNoDrift(String totalItems, String totalPrice) {
            assertThat(decode(with(with(item, "totalItems", n(totalItems)), "totalPrice", n(totalPrice)))
                            .isDrifted())
                    .isFalse();
        }

        @Test
        void decode_drift_keepsCartAndPins() {
            StoredCart stored = decode(with(item, "totalItems", n("7")));

            assertThat(stored.exists()).isTrue();
            assertThat(stored.isIndexed()).isTrue();
            assertThat(stored.pins().totalItems()).isEqualTo(n("7"));
            assertThat(stored.pins().listSize()).isEqualTo(1);
        }
    }

    @Nested
    class Numbers {
        @ParameterizedTest
        @CsvSource({"2, 2", "2.0, 2", "2E0, 2", "0.2E1, 2", "20E-1, 2", "+2, 2", "2147483647, 2147483647", "1E+3, 1000"
        })
        void decode_wholeQuantityInAnyForm_isRead(String stored, int quantity) {
            assertThat(decode(item("cartItems", list(line("a", "1", stored))))
                            .cart()
                            .totalItems())
                    .isEqualTo(quantity);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "-1",
                    "1.5",
                    "0.1",
                    "2147483648",
                    "-2147483649",
                    "4294967297",
                    "1E+125",
                    "-1E+125",
                    "1E-130",
                    "99999999999999999999999999999999999999",
                    "9.9999999999999999999999999999999999999E+125"
                })
        void decode_quantityThatIsNone_isNoCart(String stored) {
            assertInvalid(item("cartItems", list(line("a", "1", stored))), "cartItems[0].quantity");
        }

        @ParameterizedTest
        @CsvSource({"15.990, 15.99", "1E+2, 100", "0, 0", "0E-20, 0", "1E+12, 1000000000000", "0.000001, 0.000001"})
        void decode_priceInAnyForm_isExactAndPlain(String stored, String price) {
            CartItem line = decode(item("cartItems", list(line("a", stored, "1"))))
                    .cart()
                    .items()
                    .get(0);

            assertThat(line.price()).hasToString(price);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"-0.01", "1E-7", "1000000000000.000001", "1E+13", "1E+125", "1E-130", "-9.9999999999E+125"})
        void decode_priceThatIsNone_isNoCart(String stored) {
            assertInvalid(item("cartItems", list(line("a", stored, "1"))), "cartItems[0].price");
        }

        @ParameterizedTest
        @ValueSource(strings = {"-1", "0.5", "1E+125", "-1E+125", "1E-130", "99999999999999999999999999999999999999"})
        void decode_countersAndTimesThatAreNone_areNoCart(String stored) {
            for (String name : List.of("ttl", "format", "version", "forgotten", "lastWrite", "keysUntil")) {
                assertInvalid(item(name, n(stored)), name);
            }
        }

        @ParameterizedTest
        @CsvSource({"1756895401", "1756895401.0", "1.756895401E9", "999999999999999999"})
        void decode_ttlInTheFuture_isNotExpired(String ttl) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl)));

            assertThat(stored.isExpired()).isFalse();
            assertThat(stored.cart().expiresAt()).isPresent();
        }

        @ParameterizedTest
        @CsvSource({"0", "1725552600", "1756895399", "1756895400"})
        void decode_ttlNotInTheFuture_isExpired(String ttl) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl)));

            assertThat(stored.isExpired()).isTrue();
            assertThat(stored.cart().isEmpty()).isTrue();
        }

        @Test
        void isExpiredAt_timeGoesOn_comesTrueAtTheTtl() {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n("1756895460")));

            assertThat(stored.isExpiredAt(NOW.plusSeconds(59))).isFalse();
            assertThat(stored.isExpiredAt(NOW.plusSeconds(60))).isTrue();
        }
    }

    @Nested
    class Times {
        @ParameterizedTest
        @CsvSource({
            "2025-09-03T10:30:00Z, 2025-09-03T10:30:00Z",
            "2025-09-03T10:30:00.123456789Z, 2025-09-03T10:30:00.123456789Z",
            "2025-09-03T12:30:00+02:00, 2025-09-03T10:30:00Z",
            "2025-09-03T05:00:00.5-05:30, 2025-09-03T10:30:00.500Z",
            "2025-09-03T10:30:00.123456+00:00, 2025-09-03T10:30:00.123456Z",
            "2025-09-03T10:30:00, 2025-09-03T10:30:00Z",
            "2025-09-03T10:30:00.123456, 2025-09-03T10:30:00.123456Z",
            "2025-09-03T10:30, 2025-09-03T10:30:00Z",
            "2025-09-03T10:30Z, 2025-09-03T10:30:00Z"
        })
        void decode_timeInAnyIsoForm_isRead(String stored, Instant time) {
            Cart cart = decode(item(
                            "lastUpdated",
                            s(stored),
                            "cartItems",
                            list(with(line("a", "1", "1"), "addedAt", s(stored)))))
                    .cart();

            assertThat(cart.lastUpdated()).contains(time);
            assertThat(cart.items().get(0).addedAt()).contains(time);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    " ",
                    "yesterday",
                    "2025-13-01T00:00:00Z",
                    "2025-02-30T00:00:00Z",
                    "1756895400",
                    "2025-09-03"
                })
        void decode_textThatIsNoTime_isNoCart(String stored) {
            assertInvalid(item("lastUpdated", s(stored)), "lastUpdated");
            assertInvalid(
                    item("cartItems", list(line("z", "1", "1"), with(line("a", "1", "1"), "addedAt", s(stored)))),
                    "cartItems[1].addedAt");
        }
    }

    @Nested
    class HostileItems {
        private static final Map<String, AttributeValue> ONE_OF_EACH_TYPE = oneOfEachType();

        private static Map<String, AttributeValue> oneOfEachType() {
            SdkBytes bytes = SdkBytes.fromUtf8String("secret");
            Map<String, AttributeValue> values = new LinkedHashMap<>();
            values.put("S", s("secret"));
            values.put("N", n("424242"));
            values.put("B", AttributeValue.fromB(bytes));
            values.put("BOOL", AttributeValue.fromBool(true));
            values.put("NULL", AttributeValue.fromNul(true));
            values.put("M", map("secret", s("secret")));
            values.put("L", list(s("secret")));
            values.put("SS", AttributeValue.fromSs(List.of("secret")));
            values.put("NS", AttributeValue.fromNs(List.of("424242")));
            values.put("BS", AttributeValue.fromBs(List.of(bytes)));
            return values;
        }

        static Stream<Arguments> attributesAndWrongTypes() {
            Map<String, String> typesOfAttributes = new LinkedHashMap<>();
            typesOfAttributes.put("cartItems", "L");
            typesOfAttributes.put("totalItems", "N");
            typesOfAttributes.put("totalPrice", "N");
            typesOfAttributes.put("lastUpdated", "S");
            typesOfAttributes.put("ttl", "N");
            typesOfAttributes.put("format", "N");
            typesOfAttributes.put("incarnation", "S");
            typesOfAttributes.put("version", "N");
            typesOfAttributes.put("bookIds", "SS");
            typesOfAttributes.put("writes", "SS");
            typesOfAttributes.put("forgotten", "N");
            typesOfAttributes.put("lastWrite", "N");
            typesOfAttributes.put("idempotencyKeys", "M");
            typesOfAttributes.put("keysUntil", "N");
            return wrong(typesOfAttributes);
        }

        static Stream<Arguments> lineAttributesAndWrongTypes() {
            Map<String, String> typesOfAttributes = new LinkedHashMap<>();
            typesOfAttributes.put("bookId", "S");
            typesOfAttributes.put("title", "S");
            typesOfAttributes.put("author", "S");
            typesOfAttributes.put("price", "N");
            typesOfAttributes.put("quantity", "N");
            typesOfAttributes.put("addedAt", "S");
            return wrong(typesOfAttributes);
        }

        static Stream<Arguments> wrongTypesOfALine() {
            return wrong(Map.of("", "M"));
        }

        private static Stream<Arguments> wrong(Map<String, String> typesOfAttributes) {
            return typesOfAttributes.entrySet().stream()
                    .flatMap(attribute -> ONE_OF_EACH_TYPE.keySet().stream()
                            .filter(type -> !type.equals(attribute.getValue()))
                            .map(type -> Arguments.of(attribute.getKey(), type, attribute.getValue())));
        }

        @ParameterizedTest(name = "{0} as {1}")
        @MethodSource("attributesAndWrongTypes")
        void decode_attributeOfAWrongType_isNoCart(String name, String type, String expected) {
            Map<String, AttributeValue> item = with(written(), name, ONE_OF_EACH_TYPE.get(type));

            assertThat(assertInvalid(item, name).expected()).endsWith("(" + expected + ")");
        }

        @ParameterizedTest(name = "{0} as {1}")
        @MethodSource("lineAttributesAndWrongTypes")
        void decode_lineWithAnAttributeOfAWrongType_isNoCart(String name, String type, String expected) {
            AttributeValue line = with(line("b", "1", "1"), name, ONE_OF_EACH_TYPE.get(type));
            Map<String, AttributeValue> item = with(written(), "cartItems", list(line("a", "1", "1"), line));

            assertThat(assertInvalid(item, "cartItems[1]." + name).expected()).endsWith("(" + expected + ")");
        }

        @ParameterizedTest(name = "a line as {1}")
        @MethodSource("wrongTypesOfALine")
        void decode_lineOfAWrongType_isNoCart(String name, String type, String expected) {
            Map<String, AttributeValue> item =
                    with(written(), "cartItems", list(line("a", "1", "1"), ONE_OF_EACH_TYPE.get(type)));

            assertThat(assertInvalid(item, "cartItems[1]" + name).expected()).endsWith("(" + expected + ")");
        }

        @ParameterizedTest
        @ValueSource(strings = {"bookId", "price", "quantity"})
        void decode_lineWithoutARequiredAttribute_isNoCart(String name) {
            Map<String, AttributeValue> line =
                    new LinkedHashMap<>(line("a", "1", "1").m());
            line.remove(name);

            assertInvalid(item("cartItems", list(AttributeValue.fromM(line))), "cartItems[0]." + name);
        }

        @Test
        void decode_bookIdThatIsNone_isNoCart() {
            for (String bookId : List.of("", "  ", "b".repeat(2049), "\u20ac".repeat(683))) {
                assertInvalid(item("cartItems", list(line(bookId, "1", "1"))), "cartItems[0].bookId");
            }
            assertThat(decode(item("cartItems", list(line("b".repeat(2048), "1", "1"))))
                            .cart()
                            .items())
                    .hasSize(1);
        }

        @Test
        void decode_idempotencyKeyThatIsNone_isNoCart() {
            AttributeValue key = map("until", n("1"), "digest", s("d"));
            ONE_OF_EACH_TYPE.forEach((type, value) -> {
                if (!type.equals("M")) {
                    assertInvalid(item("idempotencyKeys", map("h", value)), "idempotencyKeys.h");
                }
                if (!type.equals("N")) {
                    assertInvalid(
                            item("idempotencyKeys", map("h", with(key, "until", value))), "idempotencyKeys.h.until");
                }
                if (!type.equals("S")) {
                    assertInvalid(item("idempotencyKeys", map("h", with(key, "digest", value))), "idempotencyKeys.h");
                }
            });
            assertInvalid(item("idempotencyKeys", map("h", map("until", n("1")))), "idempotencyKeys.h");
            assertInvalid(item("idempotencyKeys", map("h", map("digest", s("d")))), "idempotencyKeys.h");
        }

        @Test
        void decode_hugeAndNestedUnknownAttributes_areNoOffence() {
            AttributeValue nested = s("leaf");
            for (int i = 0; i < 31; i++) {
                nested = i % 2 == 0 ? list(nested) : map("n", nested);
            }
            AttributeValue line = with(with(line("a", "1", "1"), "nested", nested), "huge", s("x".repeat(300_000)));

            StoredCart stored = decode(item("cartItems", list(line), "nested", nested));

            assertThat(stored.cart().totalItems()).isEqualTo(1);
            assertThat(stored.lines().get(0)).isEqualTo(line);
        }

        @Test
        void decode_firstOfManyOffences_isNamed() {
            assertInvalid(
                    item("cartItems", list(line("a", "1", "1"), line("", "-1", "-1"), line("", "1", "1"))),
                    "cartItems[1].bookId");
        }

        @Test
        void decode_expiredItem_needNotBeFitToBeACart() {
            Map<String, AttributeValue> expired = item("ttl", n("1725552600"));
            for (Map<String, AttributeValue> item : List.of(
                    with(expired, "cartItems", s("no list")),
                    with(expired, "cartItems", list(line("a", "-1", "1"))),
                    with(expired, "totalItems", s("no number")),
                    with(expired, "lastUpdated", n("1")),
                    with(expired, "writes", s("no set")))) {
                StoredCart stored = decode(item);

                assertThat(stored.isExpired()).isTrue();
                assertThat(stored.cart()).isEqualTo(Cart.empty(USER));
                assertThat(stored.memory()).isNull();
            }
        }
    }

    @Nested
    class OwnAttributes {
        @Test
        void decode_itemOfThisLibrary_hasItsMemory() {
            Map<String, AttributeValue> item =
                    with(written(), "idempotencyKeys", map("h", map("until", n("9"), "digest", s("d"))));

            StoredCart stored = decode(item);

            assertThat(stored.memory())
                    .isEqualTo(new Memory(
                            "0000000000000000", 5, List.of("w1", "w2"), 7, 8, Map.of("h", new Memory.Key(9, "d"))));
            assertThat(stored.format()).isEqualTo(1);
            assertThat(stored.areIdsTrue()).isTrue();
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.unknownBytes()).isZero();
            assertThat(stored.cart().version().toString()).startsWith("0000000000000000.5.");
        }

        @ParameterizedTest
        @ValueSource(strings = {"incarnation", "version", "writes", "forgotten", "lastWrite"})
        void decode_itemThatLacksOneOfThem_isAnotherWriters(String name) {
            Map<String, AttributeValue> item = new LinkedHashMap<>(written());
            item.remove(name);

            assertThat(decode(item).memory()).isNull();
            assertThat(decode(item).cart().totalItems()).isEqualTo(1);
        }

        @Test
        void decode_bookIdsThatAreNotTheLines_isDrift() {
            for (AttributeValue ids : List.of(
                    AttributeValue.fromSs(List.of("b")),
                    AttributeValue.fromSs(List.of("a", "b")),
                    AttributeValue.fromSs(List.of("A")))) {
                StoredCart stored = decode(with(written(), "bookIds", ids));

                assertThat(stored.areIdsTrue()).isFalse();
                assertThat(stored.isDrifted()).isTrue();
                assertThat(stored.isIndexed()).isTrue();
            }
        }

        @Test
        void decode_bookIdsThatAreMissing_isDrift() {
            Map<String, AttributeValue> item = new LinkedHashMap<>(written());
            item.remove("bookIds");

            assertThat(decode(item).areIdsTrue()).isFalse();
            assertThat(decode(item).isDrifted()).isTrue();
        }

        @Test
        void decode_higherFormat_isReadAsFarAsItIsKnown() {
            StoredCart stored = decode(with(written(), "format", n("2")));

            assertThat(stored.format()).isEqualTo(2);
            assertThat(stored.cart().totalItems()).isEqualTo(1);
        }

        @Test
        void unknownBytes_attributesOfOtherWriters_countNamesAndValues() {
            StoredCart stored = decode(with(with(written(), "note", s("12345")), "\u00fcber", list(s("1"))));

            assertThat(stored.unknownBytes()).isEqualTo((4 + 5) + (5 + 3 + 1 + 1));
        }
    }

    @Nested
    class Sizes {
        @Test
        void sizeOf_aLine_isDynamoDbsOrALittleMore() {
            for (AttributeValue value : HostileItems.ONE_OF_EACH_TYPE.values()) {
                AttributeValue line =
                        with(line("book\u20ac", "15.99", "123"), "\u00fcber", list(value, map("v", value)));
                int exact = Items.sizeOf(Map.of("", line));

                assertThat(ItemFormat.sizeOf(line)).isBetween(exact, exact + 10);
            }
        }

        @Test
        void sizeOf_aCart_isDynamoDbsOrALittleMore() {
            for (int lines : new int[] {0, 1, 10, 1000}) {
                List<CartItem> items = new ArrayList<>();
                for (int i = 0; i < lines; i++) {
                    items.add(CartItem.of("book" + i, "\u00dcber " + i, "\u20ac".repeat(30), money("1234.56"), 10_000));
                }
                Write write = Write.replace(
                        StoredCart.absent(USER),
                        Generated.cartOf(items),
                        new Write.KeyEntry("h".repeat(22), new Memory.Key(NOW.toEpochMilli(), "d".repeat(22))),
                        Writes.stamp(),
                        Writes.TERMS);
                int exact = Items.sizeOf(write.item());

                assertThat(ItemFormat.sizeOf(write.after())).isBetween(exact, exact + 200 + 5 * lines);
            }
        }
    }

    /** An item as this library writes it, of one line. */
    private static Map<String, AttributeValue> written() {
        return item(
                "cartItems", list(line("a", "1", "1")),
                "totalItems", n("1"),
                "totalPrice", n("1"),
                "lastUpdated", s("2025-09-03T10:30:00Z"),
                "ttl", n("1759487400"),
                "format", n("1"),
                "incarnation", s("0000000000000000"),
                "version", n("5"),
                "bookIds", AttributeValue.fromSs(List.of("a")),
                "writes", AttributeValue.fromSs(List.of("w1", "w2")),
                "forgotten", n("7"),
                "lastWrite", n("8"));
    }

    private static StoredCart decode(Map<String, AttributeValue> item) {
        return ItemFormat.decode(USER, item, NOW);
    }

    private static InvalidStoredCartException assertInvalid(Map<String, AttributeValue> item, String path) {
        InvalidStoredCartException[] thrown = new InvalidStoredCartException[1];
        assertThatExceptionOfType(InvalidStoredCartException.class)
                .isThrownBy(() -> decode(item))
                .satisfies(invalid -> {
                    thrown[0] = invalid;
                    assertThat(invalid.attributePath()).isEqualTo(path);
                    assertThat(invalid.expected()).isNotBlank();
                    assertThat(invalid.userId()).isEqualTo(USER);
                    assertThat(invalid.effectPossible()).isFalse();
                    assertThat(invalid.isRetryable()).isFalse();
                    assertThat(invalid)
                            .hasMessageContaining(path)
                            .hasMessageContaining(invalid.expected())
                            .hasMessageNotContainingAny("secret", "424242", USER);
                });
        return thrown[0];
    }
}
