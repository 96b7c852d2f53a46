package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbAsyncTable;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedAsyncClient;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/** Items of the most common other writers, in exactly their shapes, and what these writers read of ours. */
class OtherWritersTest {
    private static final AttributeValue NULL = AttributeValue.fromNul(true);

    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    private static AttributeValue s(String text) {
        return AttributeValue.fromS(text);
    }

    private static AttributeValue n(String number) {
        return AttributeValue.fromN(number);
    }

    private static Map<String, AttributeValue> line(String bookId, String price, String quantity) {
        return new HashMap<>(Map.of("bookId", s(bookId), "price", n(price), "quantity", n(quantity)));
    }

    private void put(Map<String, AttributeValue> attributes, Map<String, AttributeValue> line) {
        Map<String, AttributeValue> item = new HashMap<>(attributes);
        item.put("userId", s(USER));
        item.put("cartItems", AttributeValue.fromL(List.of(AttributeValue.fromM(line))));
        table.put(item);
    }

    private Map<String, AttributeValue> firstLine() {
        return table.item(USER).get("cartItems").l().get(0).m();
    }

    /** Beans of the SDK's enhanced client for Java. */
    @Nested
    class Beans {
        private final DynamoDbAsyncTable<CartBean> beans = DynamoDbEnhancedAsyncClient.builder()
                .dynamoDbClient(LocalDynamoDb.shared().client())
                .build()
                .table(table.name, TableSchema.fromBean(CartBean.class));

        private CartBean saved(int times) {
            CartBean bean = new CartBean();
            bean.setUserId(USER);
            for (int i = 0; i < times; i++) {
                bean.put("book1", new BigDecimal("2.50"), 1);
                bean = beans.updateItem(bean).join();
            }
            return bean;
        }

        private CartBean read() {
            return beans.getItem(Key.builder().partitionValue(USER).build()).join();
        }

        @Test
        void bean_thatLeavesFieldsUnset_isACart() {
            saved(1);

            assertThat(firstLine())
                    .containsEntry("title", NULL)
                    .containsEntry("author", NULL)
                    .containsEntry("addedAt", NULL);
            assertThat(table.item(USER)).containsEntry("ttl", n("0"));
            Cart cart = carts.get(USER).join();
            assertThat(cart.items()).containsExactly(CartItem.of("book1", null, null, new BigDecimal("2.5"), 1));
            assertThat(cart.expiresAt()).isEmpty();
            assertThat(carts.addItem(USER, book("book2", "3", 2)).join().totalItems())
                    .isEqualTo(3);
            CartInvariants.assertItemHolds(table.item(USER));
        }

        @Test
        void bean_thatIsStale_isRefusedAfterAnyChangeOfOurs() {
            CartBean stale = saved(7);
            carts.addItem(USER, book("book2", "3", 2)).join();

            assertThat(Long.parseLong(table.item(USER).get("version").n())).isGreaterThan(stale.getVersion());
            stale.put("book3", BigDecimal.ONE, 1);
            assertThat(failureOf(beans.updateItem(stale))).isInstanceOf(ConditionalCheckFailedException.class);

            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).setQuantity("book2", 5),
                    CartUpdate.of(USER).add(book("book4", "1", 1)),
                    CartUpdate.of(USER).setAttribute("coupon", "SAVE10"),
                    CartUpdate.of(USER).clear())) {
                CartBean seen = read();
                carts.apply(update).join();
                seen.put("book5", BigDecimal.ONE, 1);
                assertThat(failureOf(beans.updateItem(seen))).isInstanceOf(ConditionalCheckFailedException.class);
            }
        }

        @Test
        void bean_thatKeepsNoneOfOurAttributes_isRefusedAtEveryVersionUpToOurs() {
            table.put(Map.of("userId", s(USER), "version", n("7"), "cartItems", AttributeValue.fromL(List.of())));
            CartBean stale = read();

            carts.addItem(USER, book("book1", "3", 1)).join();

            assertThat(Long.parseLong(table.item(USER).get("version").n())).isGreaterThan(7);
            for (int i = 0; i < 20; i++) {
                carts.setQuantity(USER, "book1", 2 + i).join();
                assertThat(failureOf(beans.updateItem(stale))).isInstanceOf(ConditionalCheckFailedException.class);
            }
            assertThat(carts.get(USER).join().totalItems()).isEqualTo(21);
        }

        @Test
        void change_afterAVersionOfAnySize_storesAHigherOne() {
            for (String version : List.of("99999999999999999999999999999999999999", "1E+125")) {
                table.put(
                        Map.of("userId", s(USER), "version", n(version), "cartItems", AttributeValue.fromL(List.of())));
                BigDecimal before = new BigDecimal(version);
                for (int i = 0; i < 3; i++) {
                    carts.addItem(USER, book("book" + i, "3", 1)).join();
                    BigDecimal after =
                            new BigDecimal(table.item(USER).get("version").n());
                    assertThat(after).isGreaterThan(before);
                    before = after;
                }
            }
        }

        @Test
        void change_fromACartThatABeanHasSavedSince_keepsTheBeansChange() {
            saved(2);
            Cart seen = carts.addItem(USER, book("book2", "3", 2)).join();
            CartBean bean = read();
            bean.put("book3", BigDecimal.ONE, 4);
            beans.updateItem(bean).join();

            Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book2", 1).basedOn(seen))
                    .join();

            assertThat(cart.items()).extracting(CartItem::bookId).containsExactly("book1", "book2", "book3");
            assertThat(cart.totalItems()).isEqualTo(2 + 1 + 4);
            assertThat(read().getTotalItems()).isEqualTo(7);
            assertThat(read().getTotalPrice()).isEqualByComparingTo("12");
        }
    }

    /** boto3, whose TypeSerializer converts Python's values. */
    @Nested
    class Python {
        @Test
        void attributes_ofALineAndACart_areReadAsValues() {
            Map<String, AttributeValue> line = line("book1", "15.99", "2");
            line.put("giftWrap", AttributeValue.fromBool(true)); // True
            line.put("note", s("für Emma"));
            line.put("discount", n("0.10")); // Decimal('0.10')
            line.put("options", AttributeValue.fromM(Map.of("sizes", AttributeValue.fromL(List.of(n("1"), s("b"))))));
            line.put("tags", AttributeValue.fromSs(List.of("new", "sale"))); // {'new', 'sale'}
            line.put("author", NULL); // None
            put(Map.of("coupon", s("SAVE10"), "points", n("7"), "referrer", NULL), line);

            Cart cart = carts.get(USER).join();

            assertThat(cart.attributes()).containsOnly(entry("coupon", "SAVE10"), entry("points", new BigDecimal("7")));
            assertThat(cart.items().get(0).attributes())
                    .containsOnly(
                            entry("giftWrap", true),
                            entry("note", "für Emma"),
                            entry("discount", new BigDecimal("0.1")),
                            entry("options", Map.of("sizes", List.of(BigDecimal.ONE, "b"))));

            carts.apply(CartUpdate.of(USER).setQuantity("book1", 3).setItemAttribute("book1", "note", "for Emma"))
                    .join();
            line.put("note", s("for Emma"));
            line.put("quantity", n("3"));
            assertThat(firstLine()).isEqualTo(line);
            assertThat(table.item(USER)).containsEntry("referrer", NULL).containsEntry("coupon", s("SAVE10"));
        }

        @Test
        void attributes_thatWeWrite_areWhatPythonReads() {
            CartItem line = book("book1", "15.99", 2)
                    .with("giftWrap", true)
                    .with("discount", new BigDecimal("0.10"))
                    .with("options", Map.of("sizes", List.of(1, "b")));
            carts.apply(CartUpdate.of(USER).add(line).setAttribute("coupon", "SAVE10"))
                    .join();

            assertThat(firstLine())
                    .containsEntry("giftWrap", AttributeValue.fromBool(true))
                    .containsEntry("discount", n("0.1"))
                    .containsEntry(
                            "options",
                            AttributeValue.fromM(Map.of("sizes", AttributeValue.fromL(List.of(n("1"), s("b"))))));
            assertThat(table.item(USER)).containsEntry("coupon", s("SAVE10"));
        }

        @Test
        void append_lineWithAttributes_isReadAndKept() {
            carts.addItem(USER, book("book1", "2", 1)).join();
            Map<String, AttributeValue> line = line("book2", "15.99", "1");
            line.put("giftWrap", AttributeValue.fromBool(true));
            table.appendBlindly(USER, line).join();

            assertThat(carts.get(USER).join().item("book2").orElseThrow().attributes())
                    .containsOnly(entry("giftWrap", true));
            Cart cart = carts.addItem(USER, book("book3", "1", 1)).join();
            assertThat(cart.item("book2").orElseThrow().attributes()).containsOnly(entry("giftWrap", true));
            CartInvariants.assertItemHolds(table.item(USER));
        }
    }

    /** JavaScript's document client with {@code convertEmptyValues}, which turns empty texts and sets into NULL. */
    @Test
    void documentClient_emptyTextsAndSetsAsNull_areAbsent() {
        Map<String, AttributeValue> line = line("book1", "2.5", "1");
        line.put("title", s("Emma"));
        line.put("author", NULL);
        line.put("note", NULL);
        put(Map.of("bookIds", NULL, "cb", NULL, "cw", NULL, "ttl", NULL, "coupon", NULL), line);

        Cart cart = carts.get(USER).join();

        assertThat(cart.items()).containsExactly(CartItem.of("book1", "Emma", null, new BigDecimal("2.5"), 1));
        assertThat(cart.attributes()).isEmpty();
        assertThat(carts.addItem(USER, book("book2", "3", 2)).join().totalItems())
                .isEqualTo(3);
        assertThat(firstLine()).containsEntry("note", NULL);
        assertThat(table.item(USER)).containsEntry("coupon", NULL);
        CartInvariants.assertItemHolds(table.item(USER));
    }

    @Test
    void addItem_lineThatAnotherProgramBroke_saysThatTheBookIsInTheCartAndWhereItIsBroken() {
        carts.addItem(USER, book("book1", "2", 1)).join();
        table.set(USER, "SET cartItems[0].quantity = :half", Map.of(":half", n("1.5")));

        assertThat(failureOf(carts.addItem(USER, book("book2", "3", 1))))
                .isInstanceOf(CartOutcomeUnknownException.class)
                .hasMessageContaining("the change was applied")
                .hasMessageContaining("cartItems[0].quantity")
                .hasCauseInstanceOf(InvalidStoredCartException.class);

        assertThat(failureOf(carts.get(USER))).isInstanceOf(InvalidStoredCartException.class);
        table.set(USER, "SET cartItems[0].quantity = :one", Map.of(":one", n("1")));
        assertThat(carts.get(USER).join().items()).extracting(CartItem::bookId).containsExactly("book1", "book2");
    }

    /** A CSV import, or Python's {@code time.time()}. */
    @Test
    void ttl_withAFraction_isTheSecondInWhichItLiesForEveryOperation() {
        Instant end = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS);
        for (long millis : new long[] {-1, 0, 100, 900}) {
            Clock clock = Clock.fixed(end.plusMillis(millis), ZoneOffset.UTC);
            DynamoDbCartStore then = table.store(settings -> settings.clock(clock));
            for (boolean added : new boolean[] {false, true}) {
                carts.delete(USER).join();
                carts.addItem(USER, book("book1", "2", 1)).join();
                table.set(
                        USER,
                        "SET #ttl = :fraction",
                        Map.of("#ttl", "ttl"),
                        Map.of(":fraction", n(end.getEpochSecond() + ".25")));

                Cart cart = added
                        ? then.addItem(USER, book("book2", "3", 1)).join()
                        : then.get(USER).join();

                int left = millis < 0 ? 1 : 0;
                assertThat(cart.items()).as("at %s ms, %s", millis, added).hasSize(left + (added ? 1 : 0));
            }
        }
    }

    /** Values of every type, each where another type belongs: with as many elements as the cart has lines, or fewer. */
    private static final List<AttributeValue> ANY_TYPE = List.of(
            s("xx"),
            n("2"),
            AttributeValue.fromB(SdkBytes.fromUtf8String("xx")),
            AttributeValue.fromSs(List.of("x", "y")),
            AttributeValue.fromNs(List.of("1", "2")),
            AttributeValue.fromBs(List.of(SdkBytes.fromUtf8String("x"), SdkBytes.fromUtf8String("y"))),
            AttributeValue.fromL(List.of(s("x"), s("y"))),
            AttributeValue.fromM(Map.of("x", s("x"), "y", s("y"))),
            AttributeValue.fromBool(true),
            NULL);

    static Set<String> attributes() {
        return Items.TYPES_OF_ATTRIBUTES.keySet();
    }

    @ParameterizedTest
    @MethodSource("attributes")
    void anyAttribute_ofAnotherTypeInAnEmptyCart_keepsNoBookOut(String name) {
        for (AttributeValue wrong : ANY_TYPE) {
            if (wrong.type().toString().equals(Items.TYPES_OF_ATTRIBUTES.get(name))) {
                continue;
            }
            table.put(Map.of("userId", s(USER), "cartItems", AttributeValue.fromL(List.of()), name, wrong));

            Cart cart = carts.addItem(USER, book("new", "5", 1)).join();

            assertThat(cart.totalItems()).as("%s as %s", name, wrong).isEqualTo(1);
            assertThat(carts.get(USER).join()).isEqualTo(cart);
            CartInvariants.assertItemHolds(table.item(USER));
        }
    }

    /** Returns copies of an item, in each of which one attribute has another wrong type. */
    private static List<Map<String, AttributeValue>> withAnotherType(Map<String, AttributeValue> item, String name) {
        AttributeValue right = item.getOrDefault(name, n("1"));
        List<Map<String, AttributeValue>> items = new ArrayList<>();
        for (AttributeValue wrong : ANY_TYPE) {
            if (wrong.type() != right.type()) {
                Map<String, AttributeValue> changed = new HashMap<>(item);
                changed.put(name, wrong);
                items.add(changed);
            }
        }
        return items;
    }

    @ParameterizedTest
    @MethodSource("attributes")
    void anyAttribute_ofAnotherType_takesNoBookFromTheCartAndAddsNoneTwice(String name) {
        carts.apply(CartUpdate.of(USER).add(book("book1", "1.50", 1)).add(book("book2", "3", 2)))
                .join();
        for (Map<String, AttributeValue> item : withAnotherType(table.item(USER), name)) {
            for (String added : List.of("book1", "new")) {
                table.put(item);
                table.sent();

                Cart cart = carts.addItem(USER, book(added, "5", 1)).join();

                assertThat(table.sent()).as("%s as %s", name, item.get(name)).hasSizeLessThanOrEqualTo(3);
                assertThat(cart.totalItems()).isEqualTo(4);
                assertThat(cart.items()).hasSize(added.equals("new") ? 3 : 2);
                assertThat(carts.get(USER).join()).isEqualTo(cart);
                CartInvariants.assertItemHolds(table.item(USER));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("attributes")
    void anyAttribute_ofAnotherTypeSinceTheSnapshot_keepsNoChangeOut(String name) {
        Cart seen = carts.apply(
                        CartUpdate.of(USER).add(book("book1", "1.50", 1)).add(book("book2", "3", 2)))
                .join();
        for (Map<String, AttributeValue> item : withAnotherType(table.item(USER), name)) {
            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).remove("book1"),
                    CartUpdate.of(USER).add(book("new", "5", 1)).setAttribute("coupon", "SAVE10"),
                    CartUpdate.of(USER).add(book("new", "5", 1)).idempotencyKey("key"))) {
                table.put(item);
                table.sent();

                Cart cart = carts.apply(update.basedOn(seen)).join();

                assertThat(table.sent()).as("%s as %s", name, item.get(name)).hasSizeLessThanOrEqualTo(3);
                assertThat(cart.item("book2")).isPresent();
                assertThat(carts.get(USER).join()).isEqualTo(cart);
                CartInvariants.assertItemHolds(table.item(USER));
            }
        }
    }

    @Test
    void lines_ofAnotherType_areNamedAndLeft() {
        carts.apply(CartUpdate.of(USER).add(book("book1", "1.50", 1)).add(book("book2", "3", 2)))
                .join();
        Map<String, AttributeValue> written = table.item(USER);
        for (AttributeValue wrong : ANY_TYPE) {
            if (!wrong.hasL() && wrong.nul() == null) {
                Map<String, AttributeValue> item = new HashMap<>(written);
                item.put("cartItems", wrong);
                table.put(item);

                assertThat(failureOf(carts.addItem(USER, book("new", "5", 1))))
                        .isInstanceOfSatisfying(InvalidStoredCartException.class, invalid -> {
                            assertThat(invalid.attributePath()).isEqualTo("cartItems");
                            assertThat(invalid.effectPossible()).isFalse();
                        });
                assertThat(table.item(USER)).isEqualTo(item);
            }
        }
    }

    /** An import of a CSV file, in which all columns are strings. */
    @Nested
    class Csv {
        private final Map<String, AttributeValue> item = Map.of(
                "totalItems", s("2"),
                "totalPrice", s("31.98"),
                "ttl", s("1893456000"),
                "version", s("7"),
                "lastUpdated", s("2025-09-03 10:30:00+00:00"));

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "2025-09-03T10:30:00+0000",
                    "2025-09-03 10:30:00+00:00",
                    "2025-09-03T12:30:00+02:00[Europe/Berlin]",
                    "2025-09-03T10:30:60Z",
                    "2025-09-03",
                    "03/09/2025"
                })
        void csv_textsInAttributesWithoutRules_areReadAndRepaired(String time) {
            Map<String, AttributeValue> line = line("book1", "15.99", "2");
            line.put("addedAt", s(time));
            put(item, line);

            Cart cart = carts.get(USER).join();

            assertThat(cart.totalItems()).isEqualTo(2);
            assertThat(cart.totalPrice()).isEqualByComparingTo("31.98");
            assertThat(carts.addItem(USER, book("book2", "1", 1)).join().totalItems())
                    .isEqualTo(3);
            CartInvariants.assertItemHolds(table.item(USER));
            assertThat(Instant.parse(table.item(USER).get("lastUpdated").s())).isAfter(Instant.EPOCH);
        }

        @ParameterizedTest
        @ValueSource(strings = {"price", "quantity"})
        void csv_textsInALine_areReportedAndKept(String attribute) {
            Map<String, AttributeValue> line = line("book1", "15.99", "2");
            line.put(attribute, s("2"));
            put(item, line);
            Map<String, AttributeValue> before = table.item(USER);

            for (Throwable failure :
                    List.of(failureOf(carts.get(USER)), failureOf(carts.addItem(USER, book("book2", "1", 1))))) {
                assertThat(failure)
                        .isInstanceOfSatisfying(
                                InvalidStoredCartException.class,
                                invalid -> assertThat(invalid.attributePath()).isEqualTo("cartItems[0]." + attribute));
            }
            assertThat(table.item(USER)).isEqualTo(before);
        }
    }
}
