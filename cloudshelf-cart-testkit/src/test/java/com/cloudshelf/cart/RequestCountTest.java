package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.SentRequest;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The cost of each operation in requests and bytes, counted where they leave the process. */
class RequestCountTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    private Cart cartOf(int lines) {
        CartUpdate update = CartUpdate.of(USER);
        for (int i = 0; i < lines; i++) {
            update = update.add(book("book" + (1000 + i), "15.99", 2));
        }
        Cart cart = carts.apply(update).join();
        table.sent();
        return cart;
    }

    @Test
    void get_anyCart_isOneRequest() {
        carts.get(USER).join();
        carts.get(USER, ReadConsistency.EVENTUAL).join();
        assertThat(table.sent()).containsExactly("GetItem", "GetItem");
    }

    @Test
    void addItem_bookNotInCart_isOneRequestWithoutARead() {
        carts.addItem(USER, book("book1", "9.50", 1)).join();
        carts.addItem(USER, book("book2", "9.50", 1)).join();
        assertThat(table.sent()).containsExactly("UpdateItem", "UpdateItem");
    }

    @Test
    void addItem_bookInCart_isTwoRequests() {
        cartOf(1);
        carts.addItem(USER, book("book1000", "9.50", 1)).join();
        assertThat(table.sent()).containsExactly("UpdateItem", "UpdateItem");
    }

    @Test
    void addItem_manyTimes_rarelyTrimsTheRing() {
        for (int i = 0; i < 40; i++) {
            carts.addItem(USER, book("book" + i, "9.50", 1)).join();
        }
        assertThat(table.sent()).hasSizeLessThanOrEqualTo(44);
    }

    @Test
    void change_cold_isTwoRequests() {
        cartOf(3);
        carts.setQuantity(USER, "book1000", 5).join();
        assertThat(table.sent()).containsExactly("GetItem", "UpdateItem");
        carts.removeItem(USER, "book1001").join();
        assertThat(table.sent()).containsExactly("GetItem", "UpdateItem");
        carts.apply(CartUpdate.of(USER).reprice("book1000", BigDecimal.ONE)).join();
        assertThat(table.sent()).containsExactly("GetItem", "UpdateItem");
    }

    @Test
    void add_severalNewBooksOrWithAKey_isOneRequest() {
        carts.apply(CartUpdate.of(USER).add(book("first", "1", 1)).idempotencyKey("first"))
                .join();
        assertThat(table.sent()).containsExactly("UpdateItem");
        CartUpdate several = CartUpdate.of(USER);
        for (int i = 0; i < 5; i++) {
            several = several.add(book("new" + i, "1", 1));
        }
        carts.apply(several.idempotencyKey("several")).join();
        assertThat(table.sent()).containsExactly("UpdateItem");
        assertThat(carts.apply(several.idempotencyKey("several")).join().totalItems())
                .isEqualTo(6);
    }

    @Test
    void change_fromSnapshot_isOneRequest() {
        Cart cart = cartOf(3);
        cart = carts.apply(CartUpdate.of(USER).setQuantity("book1000", 5).basedOn(cart))
                .join();
        cart = carts.apply(CartUpdate.of(USER).remove("book1001").basedOn(cart)).join();
        cart = carts.apply(CartUpdate.of(USER)
                        .add(book("new", "1", 1))
                        .reprice("book1000", BigDecimal.TEN)
                        .basedOn(cart))
                .join();
        cart = carts.apply(
                        CartUpdate.of(USER).remove("new").idempotencyKey("key").basedOn(cart))
                .join();
        assertThat(table.sent()).containsExactly("UpdateItem", "UpdateItem", "UpdateItem", "UpdateItem");
        assertThat(carts.get(USER).join()).isEqualTo(cart);
    }

    @Test
    void change_afterOneConflict_isOneRequestMore() {
        Cart stale = cartOf(2);
        carts.setQuantity(USER, "book1001", 7).join();
        table.sent();
        Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book1000", 5).basedOn(stale))
                .join();
        assertThat(table.sent()).containsExactly("UpdateItem", "UpdateItem");
        assertThat(cart.totalItems()).isEqualTo(12);
    }

    @Test
    void removeItem_absentBook_isOneRead() {
        cartOf(1);
        carts.removeItem(USER, "absent").join();
        assertThat(table.sent()).containsExactly("GetItem");
    }

    @Test
    void removeItem_absentBookBySnapshot_isConfirmedByARead() {
        Cart stale = cartOf(1);
        carts.addItem(USER, book("late", "1", 1)).join();
        table.sent();
        Cart cart =
                carts.apply(CartUpdate.of(USER).remove("late").basedOn(stale)).join();
        assertThat(cart.item("late")).isEmpty();
        assertThat(table.sent()).containsExactly("GetItem", "UpdateItem");
    }

    @Test
    void clear_restedCart_isOneDeleteWithoutARead() {
        cartOf(2);
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(61));
        DynamoDbCartStore laterCarts = table.store(settings -> settings.clock(later));
        laterCarts.clear(USER).join();
        assertThat(table.sent()).containsExactly("DeleteItem");
        assertThat(table.item(USER)).isEmpty();
    }

    @Test
    void clear_noCart_isOneRequest() {
        carts.clear(USER).join();
        assertThat(table.sent()).hasSize(1);
    }

    @Test
    void clear_youngCart_isEmptiedInPlaceWithTwoRequests() {
        Cart cart = cartOf(2);
        carts.clear(USER).join();
        assertThat(table.sent()).containsExactly("GetItem", "PutItem");
        assertThat(table.item(USER)).containsKey("cw");

        cart = carts.addItem(USER, book("book1", "1", 1)).join();
        table.sent();
        carts.apply(CartUpdate.of(USER).clear().basedOn(cart)).join();
        assertThat(table.sent()).containsExactly("PutItem");
    }

    @Test
    void clear_youngCartOfAnotherProcess_isEmptiedInPlaceWithTwoRequests() {
        cartOf(2);
        table.store().clear(USER).join();
        assertThat(table.sent()).containsExactly("DeleteItem", "PutItem");
        assertThat(carts.get(USER).join().isEmpty()).isTrue();
    }

    @Test
    void rejection_anyReason_sendsNoWrite() {
        cartOf(1);
        failureOf(carts.setQuantity(USER, "unknown", 1));
        assertThat(table.sent()).containsExactly("GetItem");
        failureOf(carts.addItem(USER, book("book1", "1", 10_001)));
        failureOf(carts.addItem(USER, CartItem.of("book1", "x".repeat(500_000), null, BigDecimal.ONE, 1)));
        assertThat(table.sent()).isEmpty();
    }

    @Test
    void change_ofOneLineInTwoHundred_staysBelowOneKilobyte() {
        Cart cart = cartOf(200);
        carts.setQuantity(USER, "book1150", 7).join();
        carts.apply(CartUpdate.of(USER).reprice("book1150", new BigDecimal("12.34")))
                .join();
        carts.removeItem(USER, "book1001").join();
        carts.apply(CartUpdate.of(USER).setQuantity("book1160", 3).basedOn(cart))
                .join();
        List<SentRequest> updates = table.faults.sent().stream()
                .filter(request -> request.operation().equals("UpdateItem"))
                .toList();
        assertThat(updates)
                .hasSize(5)
                .allSatisfy(update -> assertThat(update.requestBytes()).isLessThan(1024));
        assertThat(updates.get(0).responseBytes()).hasValue(2);
    }

    @Test
    void addItem_toHundredLines_sendsTheNewLineOnly() {
        cartOf(100);
        carts.addItem(USER, book("new", "1", 1)).join();
        assertThat(table.faults.sent())
                .singleElement()
                .satisfies(request -> assertThat(request.requestBytes()).isLessThan(2048));
    }

    @Test
    void conflictWithoutItem_ofACompatibleEngine_readsInstead() {
        Cart stale = cartOf(2);
        carts.setQuantity(USER, "book1001", 7).join();
        table.sent();
        table.faults.next(Fault.error(400, "ConditionalCheckFailedException").on("UpdateItem"));
        Cart cart = carts.apply(CartUpdate.of(USER).setQuantity("book1000", 5).basedOn(stale))
                .join();
        assertThat(table.sent()).containsExactly("UpdateItem", "GetItem", "UpdateItem");
        assertThat(cart.totalItems()).isEqualTo(12);
    }
}
