package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Items of other writers: unknown attributes are kept, invalid carts are refused, and expired carts are absent. */
class StoredItemTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    private Map<String, AttributeValue> written() {
        carts.apply(CartUpdate.of(USER)
                        .add(book("book1", "2", 1))
                        .add(book("book2", "3", 2))
                        .idempotencyKey("key"))
                .join();
        return table.item(USER);
    }

    private static final List<AttributeValue> WRONG = List.of(
            AttributeValue.fromBool(true),
            AttributeValue.fromB(SdkBytes.fromString("x", StandardCharsets.UTF_8)),
            AttributeValue.fromNs(List.of("1")));

    @Test
    void anyCall_linesOfAnotherType_namesThemAndLeavesTheItem() {
        Map<String, AttributeValue> item = written();
        for (AttributeValue value : WRONG) {
            Map<String, AttributeValue> broken = new HashMap<>(item);
            broken.put("cartItems", value);
            table.put(broken);
            List<Supplier<CompletableFuture<?>>> calls = List.of(
                    () -> carts.get(USER),
                    () -> carts.addItem(USER, book("new", "1", 1)),
                    () -> carts.setQuantity(USER, "book1", 7),
                    () -> carts.clear(USER));
            for (Supplier<CompletableFuture<?>> call : calls) {
                assertThat(failureOf(call.get()))
                        .as("cartItems as " + value.type())
                        .isInstanceOfSatisfying(
                                InvalidStoredCartException.class,
                                failure -> assertThat(failure.attributePath()).isEqualTo("cartItems"));
            }
            assertThat(table.item(USER)).isEqualTo(broken);
        }
    }

    /** Object mappers write NULL for null, and imports turn numbers into strings. Only the lines make the cart. */
    @Test
    void anyCall_otherAttributeOfAnotherType_readsTheCartAndTheNextChangeRepairsIt() {
        Map<String, AttributeValue> item = written();
        List<AttributeValue> wrong = new ArrayList<>(WRONG);
        wrong.add(AttributeValue.fromNul(true));
        for (String name : item.keySet()) {
            if (name.equals("userId") || name.equals("cartItems") || name.startsWith(ItemFormat.KEY_PREFIX)) {
                continue;
            }
            for (AttributeValue value : wrong) {
                if (name.equals("ci") && value.b() != null) {
                    continue; // any binary value is an incarnation
                }
                Map<String, AttributeValue> broken = new HashMap<>(item);
                broken.put(name, value);
                table.put(broken);
                assertThat(carts.get(USER).join().totalItems())
                        .as(name + " as " + value.type())
                        .isEqualTo(3);
                assertThat(carts.addItem(USER, book("new", "1", 1)).join().totalItems())
                        .as(name + " as " + value.type())
                        .isEqualTo(4);
                assertThat(table.item(USER).get(name)).isNotEqualTo(value);
                CartInvariants.assertItemHolds(table.item(USER));
            }
        }
    }

    @Test
    void anyWrite_ofAHigherFormat_isRefused() {
        Map<String, AttributeValue> item = new HashMap<>(written());
        item.put("format", AttributeValue.fromN("2"));
        table.put(item);
        assertThat(failureOf(carts.addItem(USER, book("new", "1", 1)))).isInstanceOf(InvalidStoredCartException.class);
        assertThat(failureOf(carts.setQuantity(USER, "book1", 2))).isInstanceOf(InvalidStoredCartException.class);
        assertThat(failureOf(carts.clear(USER))).isInstanceOf(InvalidStoredCartException.class);
        assertThat(table.item(USER)).isEqualTo(item);
    }

    @Test
    void everyChange_unknownAttributes_survive() {
        Map<String, AttributeValue> item = new HashMap<>(written());
        AttributeValue deep =
                AttributeValue.fromM(Map.of("a", AttributeValue.fromL(List.of(AttributeValue.fromN("1")))));
        item.put("coupon", deep);
        List<AttributeValue> lines = new ArrayList<>();
        item.get("cartItems").l().forEach(line -> {
            Map<String, AttributeValue> attributes = new HashMap<>(line.m());
            attributes.put("gift", deep);
            lines.add(AttributeValue.fromM(attributes));
        });
        item.put("cartItems", AttributeValue.fromL(lines));
        table.put(item);
        Cart cart = carts.setQuantity(USER, "book1", 9).join();
        carts.addItem(USER, book("book1", "4", 1)).join();
        carts.addItem(USER, book("book3", "4", 1)).join();
        carts.apply(CartUpdate.of(USER).remove("book1").add(book("book4", "1", 1)))
                .join();
        carts.apply(CartUpdate.of(USER).subtract(cart)).join();
        table.appendBlindly(USER, "book3", "5", 1).join();
        Cart last = carts.addItem(USER, book("book3", "4", 1)).join();
        Map<String, AttributeValue> after = table.item(USER);
        assertThat(after).containsEntry("coupon", deep);
        assertThat(last.items()).extracting(CartItem::bookId).containsExactly("book3", "book4");
        carts.apply(CartUpdate.of(USER).add(book("book2", "1", 1))).join();

        table.put(item);
        carts.apply(CartUpdate.of(USER).remove("book1").add(book("book4", "1", 1)))
                .join();
        assertThat(table.item(USER).get("cartItems").l().get(0).m()).containsEntry("gift", deep);
    }

    /** A clear leaves nothing of another program's, whether or not the cart has lines. */
    @Test
    void clear_cartWithoutLines_removesAttributesThatCannotBeShown() {
        Map<String, AttributeValue> item = new HashMap<>(written());
        item.put("tags", AttributeValue.fromSs(List.of("a", "b")));
        for (Map<String, AttributeValue> each : List.of(item, foreign(item.get("tags")))) {
            table.put(each);
            carts.apply(CartUpdate.of(USER).remove("book1").remove("book2")).join();
            assertThat(table.item(USER)).containsKey("tags");

            carts.clear(USER).join();
            assertThat(table.item(USER)).doesNotContainKey("tags");

            table.sent();
            table.store().clear(USER).join();
            assertThat(table.sent()).doesNotContain("PutItem");
        }
    }

    private static Map<String, AttributeValue> foreign(AttributeValue tags) {
        return Map.of("userId", AttributeValue.fromS(USER), "cartItems", AttributeValue.fromL(List.of()), "tags", tags);
    }

    @Test
    void anyCall_expiredCart_isAbsentAndItsLinesNeverComeBack() {
        written();
        DynamoDbCartStore later =
                table.store(settings -> settings.clock(Clock.offset(Clock.systemUTC(), Duration.ofDays(31))));
        assertThat(table.item(USER)).isNotEmpty();
        assertThat(later.get(USER).join().isEmpty()).isTrue();
        assertThat(later.get(USER).join().version()).isEqualTo(Cart.empty(USER).version());
        assertThat(failureOf(later.setQuantity(USER, "book1", 1))).isInstanceOf(CartRejectedException.class);
        Cart started = later.addItem(USER, book("book1", "7", 1)).join();
        assertThat(started.totalItems()).isEqualTo(1);
        assertThat(later.get(USER).join()).isEqualTo(started);
        assertThat(table.item(USER).get("cartItems").l()).hasSize(1);
    }

    @Test
    void anyCall_expiredItemThatIsNoCart_isAbsent() {
        table.put(Map.of(
                "userId", AttributeValue.fromS(USER),
                "ttl", AttributeValue.fromN("1725552600"),
                "totalItems", AttributeValue.fromS("many"),
                "cartItems", AttributeValue.fromS("broken")));
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
        assertThat(carts.addItem(USER, book("book1", "1", 1)).join().totalItems())
                .isEqualTo(1);
    }

    @Test
    void apply_snapshotOfACartThatHasExpiredSince_doesNotReviveIt() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        DynamoDbCartStore later =
                table.store(settings -> settings.clock(Clock.offset(Clock.systemUTC(), Duration.ofDays(31))));
        Cart started = later.apply(
                        CartUpdate.of(USER).add(book("book2", "1", 1)).basedOn(cart))
                .join();
        assertThat(started.items()).extracting(CartItem::bookId).containsExactly("book2");
    }

    @Test
    void apply_snapshotOfAnEventualRead_losesNoUpdate() {
        Cart stale = carts.get(USER, ReadConsistency.EVENTUAL).join();
        carts.addItem(USER, book("book1", "1", 1)).join();
        carts.addItem(USER, book("book2", "1", 1)).join();
        Cart cart = carts.apply(CartUpdate.of(USER)
                        .add(book("book3", "1", 1))
                        .add(book("book1", "1", 1))
                        .basedOn(stale))
                .join();
        assertThat(cart.totalItems()).isEqualTo(4);
        assertThat(failureOf(carts.apply(CartUpdate.of(USER)
                        .setQuantity("unknown", 1)
                        .basedOn(carts.get(USER, ReadConsistency.EVENTUAL).join()))))
                .isInstanceOf(CartRejectedException.class);
    }

    @Test
    void apply_tooLarge_isRejectedAndLeavesTheItem() {
        String title = "x".repeat(190_000);
        CartItem large = CartItem.of("book1", title, null, BigDecimal.ONE, 1);
        CartItem larger = CartItem.of("book2", title, null, BigDecimal.ONE, 1);
        CartItem tooMuch = CartItem.of("book3", title, null, BigDecimal.ONE, 1);
        carts.addItem(USER, large).join();
        Cart cart = carts.addItem(USER, larger).join();
        Map<String, AttributeValue> item = table.item(USER);
        table.sent();
        for (CartUpdate update : List.of(
                CartUpdate.of(USER).add(tooMuch),
                CartUpdate.of(USER).add(tooMuch).basedOn(cart),
                CartUpdate.of(USER).add(tooMuch).remove("absent"))) {
            assertThat(failureOf(carts.apply(update)))
                    .isInstanceOfSatisfying(
                            CartRejectedException.class,
                            failure -> assertThat(failure.reason()).isEqualTo(CartRejectedException.Reason.TOO_LARGE));
        }
        assertThat(table.sent()).containsExactly("UpdateItem", "GetItem", "GetItem");
        assertThat(table.item(USER)).isEqualTo(item);
        assertThat(carts.removeItem(USER, "book1").join().totalItems()).isEqualTo(1);
    }

    @Test
    void delete_itemThatIsNoCart_erasesIt() {
        table.put(Map.of("userId", AttributeValue.fromS(USER), "cartItems", AttributeValue.fromS("x")));
        table.faults.next(Fault.dropResponse());
        carts.delete(USER).join();
        assertThat(table.item(USER)).isEmpty();
        assertThat(carts.addItem(USER, book("book1", "1", 1)).join().totalItems())
                .isEqualTo(1);
    }

    @Test
    void anyFailure_message_holdsNoUserData() {
        String secret = "SECRET";
        DynamoDbCartStore store = table.store(Faults.none(), settings -> settings.limits(CartLimits.of(1, 5)), c -> {});
        CartItem line = CartItem.of(secret, secret, secret, new BigDecimal("77.77"), 3);
        String user = secret + "-user";
        Cart cart = store.addItem(user, line).join();
        List<Throwable> failures = new ArrayList<>();
        failures.add(failureOf(store.addItem(user, line)));
        failures.add(failureOf(store.setQuantity(user, secret + "2", 1)));
        failures.add(failureOf(store.addItem(user, CartItem.of(secret + "2", secret, secret, line.price(), 1))));
        failures.add(failureOf(store.apply(
                CartUpdate.of(user).remove(secret).ifVersion(Cart.empty(user).version()))));
        Map<String, AttributeValue> broken = new HashMap<>(table.item(user));
        broken.put("cartItems", AttributeValue.fromS(secret));
        table.put(broken);
        failures.add(failureOf(store.get(user)));
        failures.add(failureOf(store.apply(CartUpdate.of(user).remove(secret).basedOn(cart))));
        assertThat(failures).allSatisfy(failure -> {
            assertThat(((CartStoreException) failure).userId()).isEqualTo(user);
            for (Throwable t = failure; t != null; t = t.getCause()) {
                assertThat(t.toString()).doesNotContain(secret).doesNotContain("77.77");
            }
        });
    }
}
