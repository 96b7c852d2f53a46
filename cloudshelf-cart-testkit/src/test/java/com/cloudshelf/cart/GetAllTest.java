package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.cloudshelf.cart.testkit.Fault;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Reading the carts of many users in one call. */
class GetAllTest {
    private final TestTable table = new TestTable();
    private final DynamoDbCartStore carts = table.store();

    @AfterEach
    void close() {
        table.close();
    }

    private void fill(int users) {
        List<CompletableFuture<Cart>> calls = new ArrayList<>();
        for (int i = 0; i < users; i++) {
            calls.add(carts.addItem("user" + i, book("book1", "2.5", i + 1)));
        }
        calls.forEach(CompletableFuture::join);
        table.sent();
    }

    @Test
    void getAll_noUsers_sendsNothing() {
        assertThat(carts.getAll(List.of()).join()).isEmpty();
        assertThat(table.sent()).isEmpty();
    }

    @Test
    void getAll_moreThanABatch_returnsEveryIdInOrder() {
        fill(120);
        List<String> ids = new ArrayList<>(
                IntStream.range(0, 250).mapToObj(i -> "user" + (249 - i)).toList());
        ids.add("user7");
        Map<String, Cart> all = carts.getAll(ids).join();
        assertThat(table.sent()).containsExactly("BatchGetItem", "BatchGetItem", "BatchGetItem");
        assertThat(all.keySet()).containsExactlyElementsOf(ids.subList(0, 250));
        assertThat(all.get("user99").totalItems()).isEqualTo(100);
        assertThat(all.get("user200")).isEqualTo(Cart.empty("user200"));
    }

    @Test
    void getAll_unprocessedKeys_areRequestedAgain() {
        fill(20);
        table.faults.next(2, Fault.partialBatch());
        List<String> ids = IntStream.range(0, 20).mapToObj(i -> "user" + i).toList();
        assertThat(carts.getAll(ids).join().values())
                .extracting(Cart::totalItems)
                .containsExactlyElementsOf(
                        IntStream.range(1, 21).mapToObj(i -> (long) i).toList());
        assertThat(table.sent()).hasSize(3);
    }

    @Test
    void getAll_throttledHalfway_failsAsThrottled() {
        fill(10);
        DynamoDbCartStore hasty = table.store(TestTable.endingAfterPauses(2));
        table.faults.next(Fault.partialBatch()).always(Fault.throttle());
        List<String> ids = IntStream.range(0, 10).mapToObj(i -> "user" + i).toList();
        Throwable failure = failureOf(hasty.getAll(ids));
        assertThat(failure).isInstanceOf(CartThrottledException.class);
        assertThat(((CartStoreException) failure).userId()).isEqualTo("user5");
    }

    @Test
    void getAll_unprocessedToTheEnd_failsNamingWhatIsMissing() {
        fill(2);
        DynamoDbCartStore patient = table.store(TestTable.endingAfterPauses(0));
        table.faults.next(Fault.partialBatch());
        List<String> ids = IntStream.range(0, 10).mapToObj(i -> "user" + i).toList();
        Throwable failure = failureOf(patient.getAll(ids));
        assertThat(failure).isInstanceOf(CartThrottledException.class).hasMessageContaining("5 of 10 carts");
        assertThat(((CartStoreException) failure).userId()).isEqualTo("user5");
    }

    @Test
    void getAll_largeCarts_passesTheSixteenMegabyteLimit() {
        String title = "x".repeat(350_000);
        int users = 60;
        List<String> ids = IntStream.range(0, users).mapToObj(i -> "big" + i).toList();
        ids.forEach(id -> table.put(Map.of(
                "userId", AttributeValue.fromS(id),
                "cartItems",
                        AttributeValue.fromL(List.of(ItemFormat.encodeLine(
                                CartItem.of("book1", title, null, BigDecimal.ONE, 1), Map.of()))))));
        Map<String, Cart> all = table.store(settings -> settings.operationTimeout(Duration.ofSeconds(30)))
                .getAll(ids)
                .join();
        assertThat(all).hasSize(users);
        assertThat(all.values())
                .allSatisfy(cart -> assertThat(cart.totalItems()).isEqualTo(1));
        assertThat(table.sent().size()).isGreaterThan(1);
    }

    @Test
    void getAll_invalidId_isRefusedBeforeAnythingIsSent() {
        assertThatIllegalArgumentException().isThrownBy(() -> carts.getAll(List.of("user1", " ")));
        assertThat(table.sent()).isEmpty();
    }

    @Test
    void getAll_oneItemIsNoCart_failsNamingTheAttribute() {
        table.put(Map.of("userId", AttributeValue.fromS("bad"), "cartItems", AttributeValue.fromS("x")));
        Throwable failure = failureOf(carts.getAll(List.of("good", "bad")));
        assertThat(failure).isInstanceOf(InvalidStoredCartException.class);
        assertThat(((CartStoreException) failure).userId()).isEqualTo("bad");
    }

    @Test
    void getAll_cancelled_cancelsItsParts() {
        table.faults.always(Fault.hang());
        CompletableFuture<Map<String, Cart>> call =
                carts.getAll(IntStream.range(0, 300).mapToObj(i -> "user" + i).toList());
        await(() -> table.faults.sent().size() == 3);

        call.cancel(true);

        table.faults.clear();
        carts.get("user1").join();
        assertThat(table.faults.sent()).hasSize(3 + 1);
    }
}
