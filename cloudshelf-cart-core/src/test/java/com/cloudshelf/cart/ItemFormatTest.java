package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.money;
import static com.cloudshelf.cart.Items.b;
import static com.cloudshelf.cart.Items.bs;
import static com.cloudshelf.cart.Items.hashes;
import static com.cloudshelf.cart.Items.item;
import static com.cloudshelf.cart.Items.line;
import static com.cloudshelf.cart.Items.list;
import static com.cloudshelf.cart.Items.map;
import static com.cloudshelf.cart.Items.n;
import static com.cloudshelf.cart.Items.ring;
import static com.cloudshelf.cart.Items.s;
import static com.cloudshelf.cart.Items.with;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.cloudshelf.cart.StoredCart.Drift;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

        /** The example from the table's documentation. Its time to live is a year before its last change. */
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
        void version_ownAttributesDiffer_isAnother() {
            Map<String, AttributeValue> plain = item("cartItems", list(line("a", "1", "1")));
            AttributeValue wrapped = with(line("a", "1", "1"), "giftWrap", AttributeValue.fromBool(true));
            List<CartVersion> versions = new ArrayList<>();
            for (Map<String, AttributeValue> item : List.of(
                    plain,
                    with(plain, "coupon", s("SAVE10")),
                    with(plain, "coupon", s("SAVE20")),
                    with(plain, "cartItems", list(wrapped)))) {
                versions.add(decode(item).cart().version());
            }

            assertThat(versions).doesNotHaveDuplicates();
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
                    .contains(entry("gift", s("second")), entry("x", n("1")), entry("y", n("2")));
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
        void decode_lineWithoutCopies_isNoLine() {
            StoredCart zero = decode(item("cartItems", list(line("a", "1", "0"), line("b", "2", "1"))));

            assertThat(zero.cart().items()).extracting(CartItem::bookId).containsExactly("b");
            assertThat(zero.lines()).hasSize(1);
            assertThat(zero.isIndexed()).isFalse();
            assertThat(zero.isDrifted()).isTrue();
        }

        @Test
        void decode_lineWithoutCopiesAndWithoutAPrice_isNoLine() {
            AttributeValue removed = map("bookId", s("a"), "quantity", n("0"));

            StoredCart stored = decode(item("cartItems", list(removed, line("b", "2", "1"))));

            assertThat(stored.cart().items()).extracting(CartItem::bookId).containsExactly("b");
            assertThat(stored.drift()).containsExactly(Drift.EMPTY_LINES);
        }

        @Test
        void decode_lineWithoutCopiesBesideAnotherOfItsBook_isSkipped() {
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
        void decode_storedTotalsAreCorrect_isNoDrift(String totalItems, String totalPrice) {
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
        void decode_invalidQuantity_isNoCart(String stored) {
            assertInvalid(item("cartItems", list(line("a", "1", stored))), "cartItems[0].quantity");
        }

        @ParameterizedTest
        @CsvSource({
            "15.990, 15.99",
            "15.99000000, 15.99",
            "1E+2, 100",
            "0, 0",
            "0E-20, 0",
            "1E+12, 1000000000000",
            "0.000001, 0.000001"
        })
        void decode_priceInAnyForm_isExactAndPlain(String stored, String price) {
            CartItem line = decode(item("cartItems", list(line("a", stored, "1"))))
                    .cart()
                    .items()
                    .get(0);

            assertThat(line.price()).hasToString(price);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "-0.01",
                    "1E-7",
                    "0.0000001",
                    "15.9900001",
                    "1000000000000.000001",
                    "1E+13",
                    "1E+125",
                    "1E-130",
                    "-9.9999999999E+125"
                })
        void decode_invalidPrice_isNoCart(String stored) {
            assertInvalid(item("cartItems", list(line("a", stored, "1"))), "cartItems[0].price");
        }

        @ParameterizedTest
        @ValueSource(strings = {"-1", "0.5", "1E+125", "-1E+125", "1E-130", "99999999999999999999999999999999999999"})
        void decode_countersAndTimesOfAnySize_areAccepted(String stored) {
            for (String name : List.of("version", "cf", "ct", "cu", "format")) {
                StoredCart odd = decode(with(written(), name, n(stored)));

                assertThat(odd.cart().totalItems()).isEqualTo(1);
                assertThat(odd.counter()).isBetween(0L, 1_000_000_000_000_000_000L);
            }
        }

        /** DynamoDB's numbers have at most 38 digits. */
        @ParameterizedTest
        @CsvSource({
            "0, 1",
            "-7, 1",
            "7, 8",
            "2.5, 3",
            "999999999999999999, 1000000000000000000",
            "1000000000000000000.5, 1000000000000000001.5",
            "99999999999999999999999999999999999999, 1E+38",
            "1E+38, 100000000000000000000000000000000000010",
            "1E+125, 1.0000000000000000000000000000000000001E+125",
            "9.9999999999999999999999999999999999998E+125, 9.9999999999999999999999999999999999999E+125"
        })
        void nextVersion_numberOfAnySize_isHigherAndFitsDynamoDb(String stored, BigDecimal next) {
            assertThat(new BigDecimal(ItemFormat.nextVersion(n(stored)).n())).isEqualByComparingTo(next);
        }

        @Test
        void nextVersion_afterTheLargestNumber_startsAgain() {
            assertThat(ItemFormat.nextVersion(n("9.9999999999999999999999999999999999999E+125")))
                    .isEqualTo(n("1"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"0", "7", "2.5", "999999999999999999", "1795814400000000000", "1E+38", "1E+125"})
        void counter_ofAVersionOfAnySize_differsFromTheNext(String stored) {
            Set<Long> counters = new HashSet<>();
            AttributeValue version = n(stored);
            for (int i = 0; i < 50; i++) {
                counters.add(ItemFormat.counter(ItemFormat.number(version)));
                version = ItemFormat.nextVersion(version);
            }

            assertThat(counters).hasSize(50);
        }

        @Test
        void counter_sameVersionInAnotherForm_isTheSame() {
            assertThat(ItemFormat.counter(new BigDecimal("1E+38")))
                    .isEqualTo(ItemFormat.counter(new BigDecimal("100000000000000000000000000000000000000.0")));
        }

        @ParameterizedTest
        @CsvSource({"1756895401", "1756895401.0", "1.756895401E9", "999999999999999999"})
        void decode_ttlInTheFuture_isNotExpired(String ttl) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl)));

            assertThat(stored.isExpired()).isFalse();
            assertThat(stored.cart().expiresAt()).isPresent();
        }

        @ParameterizedTest
        @CsvSource({"1725552600", "1756895399", "1756895400", "1756895400.75", "1599215401"})
        void decode_ttlNotInTheFuture_isExpired(String ttl) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl)));

            assertThat(stored.isExpired()).isTrue();
            assertThat(stored.cart().isEmpty()).isTrue();
        }

        /** DynamoDB never deletes an item that expired more than five years ago. */
        @ParameterizedTest
        @CsvSource({"0", "-1", "-1E+125", "1E-130", "1599215400", "1599215400.9"})
        void decode_ttlThatDynamoDbIgnores_isNotExpired(String ttl) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl)));

            assertThat(stored.isExpired()).isFalse();
            assertThat(stored.isExpiredAt(NOW)).isFalse();
            assertThat(stored.cart().expiresAt()).isEmpty();
            assertThat(stored.cart().totalItems()).isEqualTo(1);
        }

        /** Such a time is no mistake: an expired cart does not come back after five years. */
        @ParameterizedTest
        @CsvSource({"1599215400, 1599215400000", "1599215400.9, 1599215400000", "1, 0"})
        void decode_ttlThatDynamoDbIgnoresAfterTheLastWrite_isExpired(String ttl, String lastWrite) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl), "ct", n(lastWrite)));

            assertThat(stored.isExpired()).isTrue();
            assertThat(stored.cart().isEmpty()).isTrue();
        }

        @ParameterizedTest
        @CsvSource({"0, 1000", "1599215399, 1599215400000", "-1, 0"})
        void decode_ttlThatDynamoDbIgnoresBeforeTheLastWrite_isNotExpired(String ttl, String lastWrite) {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n(ttl), "ct", n(lastWrite)));

            assertThat(stored.isExpired()).isFalse();
            assertThat(stored.cart().expiresAt()).isEmpty();
        }

        @Test
        void decode_ttlWithAFraction_isRoundedDown() {
            StoredCart stored = decode(item("cartItems", list(line("a", "1", "1")), "ttl", n("1893456000.25")));

            assertThat(stored.cart().expiresAt()).contains(Instant.ofEpochSecond(1_893_456_000));
            assertThat(stored.isDrifted()).isFalse();
        }

        @Test
        void isExpiredAt_timePasses_becomesTrueAtTheTtl() {
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
                    "2025-09-03T10:30:00[Nowhere]"
                })
        void decode_textThatIsNoTime_isAbsentAndReported(String stored) {
            StoredCart updated = decode(item("lastUpdated", s(stored)));
            StoredCart added = decode(item(
                    "cartItems", list(line("z", "1", "1"), with(line("a", "1", "1"), "addedAt", s(stored)))));

            assertThat(updated.cart().lastUpdated()).isEmpty();
            assertThat(updated.drift()).containsExactly(Drift.DISPLAY);
            assertThat(added.cart().items()).hasSize(2);
            assertThat(added.cart().items().get(1).addedAt()).isEmpty();
            assertThat(added.drift()).containsExactly(Drift.DISPLAY);
            assertThat(added.isIndexed()).isFalse();
            assertThat(added.lines().get(1).m()).doesNotContainKey("addedAt");
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
            return wrong(Items.TYPES_OF_ATTRIBUTES);
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

        /**
         * Only a bad line can make a cart unreadable. Any other attribute of a wrong type counts as absent or as drift,
         * and the next change repairs it.
         */
        @ParameterizedTest(name = "{0} as {1}")
        @MethodSource("attributesAndWrongTypes")
        void decode_attributeOfAWrongType_isReadAndRepairedByTheNextChange(String name, String type, String expected) {
            Map<String, AttributeValue> item = with(written(), name, ONE_OF_EACH_TYPE.get(type));

            StoredCart stored = decode(item);

            assertThat(stored.cart()).isEqualTo(decode(written()).cart());
            boolean isAbsent = type.equals("NULL")
                    && List.of("totalItems", "totalPrice", "lastUpdated", "ttl", "cu")
                            .contains(name);
            assertThat(stored.isDrifted()).isEqualTo(!isAbsent);
            Write change = Writes.change(stored, new CartChange.SetQuantity("a", 9));
            Map<String, AttributeValue> after = Expressions.apply(change, item);
            assertThat(after).isNotNull();
            ItemFormatProperties.assertSame(decode(after), change.after());
            assertThat(decode(after).isDrifted()).isFalse();
            assertThat(decode(after).memory()).isNotNull();
            assertThat(after.get(name)).isNotEqualTo(item.get(name));
        }

        @ParameterizedTest(name = "{0} as {1}")
        @MethodSource("attributesAndWrongTypes")
        void decode_attributeOfAWrongTypeWithoutLines_isRepairedByTheNextAdd(
                String name, String type, String expected) {
            Map<String, AttributeValue> item = with(with(written(), "totalItems", n("0")), "totalPrice", n("0"));
            item.put("cartItems", list());
            item.remove("cb");
            item.put(name, ONE_OF_EACH_TYPE.get(type));

            Write add = Writes.change(decode(item), new CartChange.Add(CartItem.of("b", "t", "u", money("2"), 1)));

            Map<String, AttributeValue> after = Expressions.apply(add, item);
            assertThat(after).isNotNull();
            ItemFormatProperties.assertSame(decode(after), add.after());
            assertThat(decode(after).isDrifted()).isFalse();
            assertThat(decode(after).areIdsTrue()).isTrue();
        }

        @ParameterizedTest
        @ValueSource(strings = {"S", "N", "B", "BOOL", "M", "SS", "NS", "BS"})
        void decode_linesOfAWrongType_isNoCart(String type) {
            assertInvalid(with(written(), "cartItems", ONE_OF_EACH_TYPE.get(type)), "cartItems");
        }

        @Test
        void decode_mapInsteadOfLines_isNoCart() {
            assertInvalid(with(written(), "cartItems", map("a", line("a", "1", "1"))), "cartItems");
        }

        @Test
        void decode_nullInAnOptionalAttribute_isAbsent() {
            AttributeValue nothing = AttributeValue.fromNul(true);
            AttributeValue line = line("a", "1", "1");
            for (String name : List.of("title", "author", "addedAt")) {
                line = with(line, name, nothing);
            }
            Map<String, AttributeValue> item = item("cartItems", list(line));
            Items.TYPES_OF_ATTRIBUTES.keySet().forEach(name -> item.put(name, nothing));

            StoredCart stored = decode(item);

            assertThat(stored.cart().items()).containsExactly(CartItem.of("a", null, null, money("1"), 1));
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.isIndexed()).isTrue();
            assertThat(stored.memory()).isNull();
            for (CartChange change : List.of(
                    new CartChange.SetQuantity("a", 3),
                    new CartChange.Add(CartItem.of("b", "t", "u", money("2"), 1)))) {
                Write write = Writes.change(stored, change);
                Map<String, AttributeValue> after = Expressions.apply(write, item);
                assertThat(after).isNotNull().doesNotContainEntry("cb", nothing).doesNotContainKey("cu");
                ItemFormatProperties.assertSame(decode(after), write.after());
            }
        }

        @Test
        void decode_nullInsteadOfTheList_isTheEmptyCart() {
            Map<String, AttributeValue> item = with(written(), "cartItems", AttributeValue.fromNul(true));

            StoredCart stored = decode(item);
            Write write = Writes.change(stored, new CartChange.Add(CartItem.of("b", "t", "u", money("2"), 1)));

            assertThat(stored.cart().isEmpty()).isTrue();
            assertThat(decode(Expressions.apply(write, item)).cart())
                    .isEqualTo(write.after().cart());
            assertThat(Expressions.apply(write, with(item, "cartItems", list())))
                    .isNull();
            assertThat(Expressions.apply(write, written())).isNull();
        }

        @ParameterizedTest(name = "{0} as {1}")
        @MethodSource("lineAttributesAndWrongTypes")
        void decode_lineWithAnAttributeOfAWrongType_isNoCart(String name, String type, String expected) {
            AttributeValue line = with(line("b", "1", "1"), name, ONE_OF_EACH_TYPE.get(type));
            Map<String, AttributeValue> item = with(written(), "cartItems", list(line("a", "1", "1"), line));
            boolean mayBeMissing = List.of("title", "author", "addedAt").contains(name);
            if (name.equals("addedAt") || (mayBeMissing && type.equals("NULL"))) {
                assertThat(decode(item).cart().items()).hasSize(2);
                return;
            }

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
        void decode_invalidBookId_isNoCart() {
            for (String bookId : List.of("", "  ", "b".repeat(2049), "\u20ac".repeat(683))) {
                assertInvalid(item("cartItems", list(line(bookId, "1", "1"))), "cartItems[0].bookId");
            }
            assertThat(decode(item("cartItems", list(line("b".repeat(2048), "1", "1"))))
                            .cart()
                            .items())
                    .hasSize(1);
        }

        @Test
        void decode_attributeThatOnlyLooksLikeAKey_isForeign() {
            String name = ItemFormat.keyName(Writes.hash("h"));
            ONE_OF_EACH_TYPE.forEach((type, value) -> {
                StoredCart stored = decode(with(written(), name, value));

                assertThat(stored.keys()).isEmpty();
                assertThat(stored.unknownBytes()).isPositive();
                assertThat(stored.isDrifted()).isFalse();
            });
            assertThat(decode(with(
                                    written(),
                                    "k_short",
                                    ItemFormat.encodeKey(Writes.key("h", 9).key())))
                            .keys())
                    .isEmpty();
        }

        @Test
        void decode_hugeAndNestedUnknownAttributes_areAccepted() {
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
        void decode_severalErrors_namesTheFirst() {
            assertInvalid(
                    item("cartItems", list(line("a", "1", "1"), line("", "-1", "-1"), line("", "1", "1"))),
                    "cartItems[1].bookId");
        }

        @Test
        void decode_expiredItem_needNotBeAValidCart() {
            Map<String, AttributeValue> expired = item("ttl", n("1725552600"));
            for (Map<String, AttributeValue> item : List.of(
                    with(expired, "cartItems", s("no list")),
                    with(expired, "cartItems", list(line("a", "-1", "1"))),
                    with(expired, "totalItems", s("no number")),
                    with(expired, "lastUpdated", n("1")),
                    with(expired, "cw", s("no set")))) {
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
            Write.KeyEntry key = Writes.key("h", 9);

            StoredCart stored = decode(Writes.withKey(written(), key));

            assertThat(stored.memory())
                    .isEqualTo(new Memory(STARTED, 5, List.of(FIRST, SECOND), 7, 8, Map.of(key.hash(), key.key())));
            assertThat(stored.format()).isEqualTo(1);
            assertThat(stored.areIdsTrue()).isTrue();
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.unknownBytes()).isZero();
            assertThat(stored.cart().version().toString()).startsWith(STARTED.text() + ".5.");
        }

        @ParameterizedTest
        @ValueSource(strings = {"format", "version", "ci", "cw", "cf", "ct"})
        void decode_itemThatLacksOneOfOurAttributes_isAnotherWriters(String name) {
            Map<String, AttributeValue> item = new LinkedHashMap<>(written());
            item.remove(name);

            assertThat(decode(item).memory()).isNull();
            assertThat(decode(item).cart().totalItems()).isEqualTo(1);
        }

        @Test
        void decode_bookIdsThatAreNotTheLines_isDrift() {
            for (AttributeValue ids : List.of(hashes("b"), hashes("a", "b"), hashes("A"), b(1), bs(1), bs())) {
                StoredCart stored = decode(with(written(), "cb", ids));

                assertThat(stored.areIdsTrue()).isFalse();
                assertThat(stored.isDrifted()).isTrue();
                assertThat(stored.isIndexed()).isTrue();
            }
        }

        @Test
        void decode_bookIdsThatAreMissing_isDrift() {
            Map<String, AttributeValue> item = new LinkedHashMap<>(written());
            item.remove("cb");

            assertThat(decode(item).areIdsTrue()).isFalse();
            assertThat(decode(item).isDrifted()).isTrue();
        }

        @Test
        void drift_kinds_areDistinguished() {
            AttributeValue two = list(line("a", "1", "1"), line("b", "1", "1"));
            Map<String, AttributeValue> appended =
                    with(with(with(written(), "cartItems", two), "totalItems", n("2")), "totalPrice", n("2"));

            assertThat(decode(written()).drift()).isEmpty();
            assertThat(decode(appended).drift()).containsExactly(Drift.INDEX);
            assertThat(Drift.INDEX.isWarning()).isFalse();
            assertThat(decode(with(written(), "totalPrice", n("9"))).drift()).containsExactly(Drift.TOTALS);
            assertThat(decode(with(written(), "totalItems", s("1"))).drift()).containsExactly(Drift.TOTALS);
            assertThat(decode(with(appended, "cartItems", list(line("a", "1", "1"), line("a", "1", "1"))))
                            .drift())
                    .containsExactly(Drift.DUPLICATES, Drift.INDEX);
            assertThat(decode(with(written(), "ttl", s("soon"))).drift()).containsExactly(Drift.DISPLAY);
            assertThat(decode(item("cartItems", list(line("a", "1", "1"), line("a", "1", "1"))))
                            .drift())
                    .containsExactly(Drift.DUPLICATES);
            assertThat(decode(item("cartItems", list(line("a", "1", "1"), line("b", "1", "0"))))
                            .drift())
                    .containsExactly(Drift.EMPTY_LINES);
            assertThat(Drift.EMPTY_LINES.isWarning()).isFalse();
        }

        @Test
        void decode_booksThatShareAHash_areNoDriftAndNeedAReadBeforeAnAdd() {
            Cart cart = Generated.cartOf(List.of(
                    CartItem.of("Aa", null, null, money("1"), 1), CartItem.of("BB", null, null, money("1"), 1)));
            Map<String, AttributeValue> item = Writes.itemOf(cart, NOW);

            assertThat(item.get("cb").bs()).hasSize(1);
            assertThat(decode(item).isDrifted()).isFalse();
            assertThat(decode(item).areIdsTrue()).isFalse();
            assertThat(decode(item).isIndexed()).isTrue();
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

                assertThat(AttributeValues.sizeOf(line)).isBetween(exact, exact + 10);
            }
        }

        @Test
        void sizeOf_aCart_isDynamoDbsOrALittleMore() {
            for (int lines : new int[] {0, 1, 10, 1000}) {
                List<CartItem> items = new ArrayList<>();
                for (int i = 0; i < lines; i++) {
                    items.add(CartItem.of("book" + i, "\u00dcber " + i, "\u20ac".repeat(30), money("1234.56"), 10_000));
                }
                Write write = PinnedWrites.replace(
                        StoredCart.absent(USER),
                        Generated.cartOf(items),
                        Writes.key("h", 0),
                        Writes.stamp(),
                        Writes.TERMS);
                int exact = Items.sizeOf(write.item());

                assertThat(ItemFormat.sizeOf(write.after())).isBetween(exact, exact + 200 + 5 * lines);
            }
        }
    }

    /** Returns an item with one line, as this library writes it. */
    private static Map<String, AttributeValue> written() {
        return item(
                "cartItems", list(line("a", "1", "1")),
                "totalItems", n("1"),
                "totalPrice", n("1"),
                "lastUpdated", s("2025-09-03T10:30:00Z"),
                "ttl", n("1759487400"),
                "format", n("1"),
                "version", n("5"),
                "ci", ItemFormat.b(STARTED),
                "cb", hashes("a"),
                "cw", ring(FIRST, SECOND),
                "cf", n("7"),
                "ct", n("8"));
    }

    private static final WriteId STARTED = WriteId.startedAt(5);
    private static final WriteId FIRST = WriteId.startedAt(6);
    private static final WriteId SECOND = WriteId.startedAt(7);

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
