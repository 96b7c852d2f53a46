package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Versions: a required version matches exactly if nobody has changed the cart since. */
class VersionTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    private CartUpdate addIf(CartVersion version) {
        return CartUpdate.of(USER).add(book("new", "1", 1)).ifVersion(version);
    }

    private void assertConflict(CartVersion version) {
        Throwable failure = failureOf(carts.apply(addIf(version)));
        assertThat(failure).isInstanceOf(CartConflictException.class);
        CartConflictException conflict = (CartConflictException) failure;
        assertThat(conflict.current()).isEqualTo(carts.get(USER).join());
        assertThat(conflict.current().version())
                .isEqualTo(carts.get(USER).join().version());
        assertThat(conflict.isRetryable()).isFalse();
    }

    @Test
    void ifVersion_current_writes() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        CartVersion parsed = CartVersion.parse(cart.version().toString());
        assertThat(carts.apply(addIf(parsed)).join().totalItems()).isEqualTo(2);
    }

    @Test
    void ifVersion_stale_isAConflictWithTheCurrentCart() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        carts.setQuantity(USER, "book1", 2).join();
        assertConflict(cart.version());
    }

    @Test
    void ifVersion_clearedAndStartedAgain_isAConflict() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        carts.clear(USER).join();
        assertConflict(cart.version());
        carts.addItem(USER, book("book1", "1", 1)).join();
        assertConflict(cart.version());
    }

    @Test
    void ifVersion_deletedByClearAndStartedAgain_isAConflict() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        table.store(settings -> settings.clock(Clock.offset(Clock.systemUTC(), Duration.ofHours(2))))
                .clear(USER)
                .join();
        assertThat(table.item(USER)).isEmpty();
        carts.addItem(USER, book("book1", "1", 1)).join();
        assertConflict(cart.version());
    }

    /** Some programs count in nanoseconds since 1970. */
    @ParameterizedTest
    @ValueSource(strings = {"1795814400000000000", "99999999999999999999999999999999999999", "1E+125"})
    void ifVersion_clearedAndStartedAgainAfterAVersionOfAnySize_isAConflict(String version) {
        carts.addItem(USER, book("book1", "1", 1)).join();
        table.set(USER, "SET version = :version", Map.of(":version", AttributeValue.fromN(version)));
        Cart cart = carts.get(USER).join();
        carts.clear(USER).join();
        carts.addItem(USER, book("book1", "1", 1)).join();
        assertConflict(cart.version());
    }

    @Test
    void ifVersion_foreignWriterChangedALine_isAConflict() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        table.set(USER, "SET cartItems[0].title = :title", Map.of(":title", AttributeValue.fromS("Another")));
        assertConflict(cart.version());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cartItems[0].title", "cartItems[0].price", "cartItems[0].giftWrap", "coupon"})
    void ifVersion_foreignWriterChangedTheContentSinceTheSnapshot_isAConflict(String path) {
        carts.addItem(USER, book("book1", "1", 1)).join();
        carts.apply(CartUpdate.of(USER).setAttribute("coupon", "SAVE10").setItemAttribute("book1", "giftWrap", true))
                .join();
        Cart cart = carts.get(USER).join();
        AttributeValue value = path.endsWith("price") ? AttributeValue.fromN("2") : AttributeValue.fromS("Another");
        table.set(USER, "SET " + path + " = :value", Map.of(":value", value));

        Throwable failure = failureOf(carts.apply(addIf(cart.version()).basedOn(cart)));

        assertThat(failure).isInstanceOf(CartConflictException.class);
        assertThat(carts.get(USER).join().item("new")).isEmpty();
    }

    @Test
    void ifVersion_snapshotOfALineWithASet_isOneWrite() {
        carts.apply(CartUpdate.of(USER).add(book("book1", "1.50", 1)).setAttribute("coupon", "SAVE10"))
                .join();
        AttributeValue set = AttributeValue.fromSs(List.of("b", "a", "c"));
        table.set(USER, "SET cartItems[0].tags = :tags, seals = :tags", Map.of(":tags", set));
        Cart cart = carts.get(USER).join();
        table.sent();

        Cart added = carts.apply(
                        addIf(cart.version()).setAttribute("coupon", "SAVE20").basedOn(cart))
                .join();
        carts.apply(CartUpdate.of(USER).clear().ifVersion(added.version()).basedOn(added))
                .join();

        assertThat(table.sent()).containsExactly("UpdateItem", "PutItem");
    }

    @Test
    void ifVersion_staleSnapshot_isAConflictAfterAll() {
        Cart cart = carts.addItem(USER, book("book1", "1", 1)).join();
        carts.setQuantity(USER, "book1", 2).join();
        Throwable failure = failureOf(carts.apply(addIf(cart.version()).basedOn(cart)));
        assertThat(failure).isInstanceOf(CartConflictException.class);
    }

    @Test
    void ifVersion_absent_writesOnlyIfThereIsNoCart() {
        assertThat(carts.apply(addIf(Cart.empty(USER).version())).join().totalItems())
                .isEqualTo(1);
        assertConflict(Cart.empty(USER).version());
    }

    @Test
    void version_ofAnEmptyCart_isTheOneTokenForAbsent() {
        CartVersion absent = carts.get(USER).join().version();
        carts.addItem(USER, book("book1", "1", 1)).join();
        carts.clear(USER).join();
        assertThat(carts.get(USER).join().version())
                .isEqualTo(absent)
                .isEqualTo(Cart.empty(USER).version());
    }

    @Test
    void basedOn_staleSnapshotOfAReorderedCart_hitsTheRightLine() {
        Cart stale = carts.apply(CartUpdate.of(USER).add(book("book1", "1", 1)).add(book("book2", "2", 2)))
                .join();
        carts.removeItem(USER, "book1").join();
        Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book2", 9).basedOn(stale))
                .join();
        assertThat(cart.items()).singleElement().satisfies(line -> {
            assertThat(line.bookId()).isEqualTo("book2");
            assertThat(line.quantity()).isEqualTo(9);
        });
    }

    @Test
    void basedOn_foreignWriterSwappedTheLines_hitsTheRightLine() {
        Cart stale = carts.apply(CartUpdate.of(USER).add(book("book1", "1", 1)).add(book("book2", "1", 1)))
                .join();
        var lines = table.item(USER).get("cartItems").l();
        table.set(
                USER,
                "SET cartItems = :swapped",
                Map.of(":swapped", AttributeValue.fromL(List.of(lines.get(1), lines.get(0)))));
        Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book2", 9).basedOn(stale))
                .join();
        assertThat(cart.item("book1").orElseThrow().quantity()).isEqualTo(1);
        assertThat(cart.item("book2").orElseThrow().quantity()).isEqualTo(9);
    }

    @Test
    void basedOn_cartOfAnotherTable_isHarmless() {
        carts.addItem(USER, book("book1", "1", 1)).join();
        try (TestTable other = new TestTable()) {
            Cart foreign = other.store().addItem(USER, book("book2", "1", 7)).join();
            Cart cart = carts.apply(
                            CartUpdate.of(USER).add(book("book3", "1", 1)).basedOn(foreign))
                    .join();
            assertThat(cart.items()).extracting(CartItem::bookId).containsExactly("book1", "book3");
        }
    }
}
