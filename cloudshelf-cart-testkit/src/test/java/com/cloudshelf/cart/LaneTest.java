package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes to one cart through one store: they take turns, and none disturbs the others. */
class LaneTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store(settings -> settings.operationTimeout(Duration.ofSeconds(30)));

    @AfterEach
    void close() {
        table.close();
    }

    private void fill() {
        carts.apply(CartUpdate.of(USER).add(book("book1", "2", 1)).add(book("book2", "3", 1)))
                .join();
        table.sent();
    }

    @Test
    void apply_manyCallersOfOneStore_costAboutOneRequestEach() {
        fill();
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int i = 0; i < 160; i++) {
            calls.add(
                    switch (i % 4) {
                        case 0 -> carts.addItem(USER, book("book1", "2", 1));
                        case 1 -> carts.setQuantity(USER, "book2", i + 1);
                        case 2 -> carts.apply(CartUpdate.of(USER).reprice("book2", BigDecimal.valueOf(i)));
                        default -> carts.addItem(USER, book("other" + i, "1", 1));
                    });
        }
        calls.forEach(CompletableFuture::join);
        Cart cart = carts.get(USER).join();
        assertThat(cart.item("book1").orElseThrow().quantity()).isEqualTo(41);
        assertThat(cart.items()).hasSize(42);
        assertThat(table.sent()).hasSizeLessThanOrEqualTo(176);
    }

    @Test
    void apply_oneRejectedAmongMany_leavesTheOthers() {
        fill();
        CompletableFuture<Cart> first = carts.setQuantity(USER, "book1", 5);
        CompletableFuture<Cart> rejected = carts.setQuantity(USER, "unknown", 5);
        CompletableFuture<Cart> last = carts.setQuantity(USER, "book2", 7);
        assertThat(failureOf(rejected)).isInstanceOf(CartRejectedException.class);
        assertThat(first.join().totalItems()).isEqualTo(6);
        assertThat(last.join().totalItems()).isEqualTo(12);
    }

    @Test
    void apply_oneCancelledInFlight_theNextContinues() {
        fill();
        table.faults.next(Fault.hang());
        CompletableFuture<Cart> hung = carts.setQuantity(USER, "book1", 5);
        CompletableFuture<Cart> next = carts.setQuantity(USER, "book2", 7);
        hung.cancel(true);
        assertThat(next.join().item("book2").orElseThrow().quantity()).isEqualTo(7);
    }

    @Test
    void apply_waitingBehindAHungCall_endsByItsOwnDeadline() {
        fill();
        table.faults.always(Fault.hang());
        CompletableFuture<Cart> hung =
                carts.apply(CartUpdate.of(USER).setQuantity("book1", 5).within(Duration.ofSeconds(30)));
        Throwable failure = failureOf(
                carts.apply(CartUpdate.of(USER).setQuantity("book2", 7).within(Duration.ofMillis(200))));
        assertThat(failure).isInstanceOf(CartUnavailableException.class);
        assertThat(hung).isNotDone();
        CompletableFuture<Cart> elsewhere = carts.addItem("another", book("book1", "1", 1));
        table.faults.clear();
        hung.cancel(true);
        elsewhere.cancel(true);
        assertThat(carts.setQuantity(USER, "book2", 7).join().totalItems()).isEqualTo(8);
    }

    @Test
    void apply_blockingContinuation_doesNotHoldUpTheLane() {
        fill();
        Cart cart = carts.addItem(USER, book("book1", "2", 1))
                .thenApply(first -> carts.addItem(USER, book("book1", "2", 1)).join())
                .join();
        assertThat(cart.item("book1").orElseThrow().quantity()).isEqualTo(3);
    }

    @Test
    void apply_moreCallsThanPlaces_queueInsteadOfFailing() {
        DynamoDbCartStore narrow =
                table.store(settings -> settings.maxConcurrency(2).operationTimeout(Duration.ofSeconds(30)));
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            calls.add(narrow.addItem("user" + i, book("book1", "1", 1)));
        }
        assertThat(calls)
                .allSatisfy(call -> assertThat(call.join().totalItems()).isEqualTo(1));
    }

    @Test
    void apply_noPlaceUntilTheDeadline_endsWithoutEffect() {
        DynamoDbCartStore narrow =
                table.store(settings -> settings.maxConcurrency(1).operationTimeout(Duration.ofSeconds(30)));
        table.faults.next(Fault.hang());
        CompletableFuture<Cart> hung = narrow.get("user1");
        Throwable failure = failureOf(
                narrow.apply(CartUpdate.of("user2").add(book("book1", "1", 1)).within(Duration.ofMillis(200))));
        assertThat(failure).isInstanceOf(CartUnavailableException.class);
        hung.cancel(true);
        assertThat(carts.get("user2").join().isEmpty()).isTrue();
        assertThat(narrow.get("user1").join().isEmpty()).isTrue();
    }
}
