package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.SentRequest;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The statements of docs/performance.md about requests and bytes that no other test covers. */
class RequestBytesTest {
    private final TestTable table = new TestTable();

    @AfterEach
    void close() {
        table.close();
    }

    private static CartUpdate lines(int count) {
        CartUpdate update = CartUpdate.of(USER);
        for (int i = 0; i < count; i++) {
            update = update.add(book("book" + (10_000 + i), "15.99", 2));
        }
        return update;
    }

    @Test
    void addItem_sixteenProcessesDifferentBooks_isOneRequestEach() {
        DynamoDbCartStore carts = table.store();
        carts.apply(lines(3)).join();
        table.sent();
        List<DynamoDbCartStore> processes = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            processes.add(table.store());
        }
        List<CompletableFuture<Cart>> adds = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            adds.add(processes.get(i).addItem(USER, book("new" + i, "1", 1)));
        }
        adds.forEach(CompletableFuture::join);
        assertThat(table.sent()).hasSize(16).containsOnly("UpdateItem");
        assertThat(carts.get(USER).join().items()).hasSize(19);
    }

    /** With a title and an author of usual length, and the table's usual name. */
    @Test
    void addItem_newBook_sendsAtMost1300Bytes() {
        DynamoDbCartStore carts = table.store();
        String userId = "user-123456";
        BigDecimal price = new BigDecimal("15.99");
        carts.addItem(userId, CartItem.of("9780156907392", "To the Lighthouse", "Virginia Woolf", price, 1))
                .join();
        carts.addItem(userId, CartItem.of("9780156027786", "The Common Reader", "Virginia Woolf", price, 1))
                .join();
        int longerName = table.name.length() - "cloudshelf-shopping-cart".length();

        assertThat(table.faults.sent())
                .hasSize(2)
                .allSatisfy(add -> assertThat(add.requestBytes() - longerName).isLessThanOrEqualTo(1300));
    }

    @Test
    void change_atHundredLines_sendsTheLineAndBringsOneCopyOfTheCart() {
        DynamoDbCartStore carts = table.store();
        carts.apply(lines(100)).join();
        table.sent();
        carts.setQuantity(USER, "book10050", 77).join();
        List<SentRequest> cold = table.faults.sent();
        assertThat(cold).extracting(SentRequest::operation).containsExactly("GetItem", "UpdateItem");
        assertThat(cold.get(0).requestBytes()).isLessThanOrEqualTo(128);
        assertThat(cold.get(1).requestBytes()).isLessThanOrEqualTo(1024);
        assertThat(cold.get(1).responseBytes()).hasValue(2);

        Cart cart = carts.get(USER).join();
        table.sent();
        carts.apply(CartUpdate.of(USER).setQuantity("book10050", 78).basedOn(cart))
                .join();
        assertThat(table.faults.sent()).singleElement().satisfies(update -> {
            assertThat(update.requestBytes()).isLessThanOrEqualTo(1024);
            assertThat(update.responseBytes()).hasValue(2);
        });
    }

    @Test
    void ifVersion_atHundredLines_sendsTheLineAlone() {
        DynamoDbCartStore carts = table.store();
        Cart cart = carts.apply(lines(100)).join();
        table.sent();

        carts.apply(CartUpdate.of(USER)
                        .setQuantity("book10050", 77)
                        .ifVersion(cart.version())
                        .basedOn(cart))
                .join();

        assertThat(table.faults.sent())
                .singleElement()
                .satisfies(write -> assertThat(write.requestBytes()).isLessThanOrEqualTo(1024));
    }
}
