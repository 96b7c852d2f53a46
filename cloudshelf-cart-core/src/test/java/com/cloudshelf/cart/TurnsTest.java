package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.fail;
import static com.cloudshelf.cart.ScriptedClient.hang;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;

/** Concurrent calls of one store: changes to one cart take turns, and the number of requests in flight is bounded. */
class TurnsTest {
    private static final GetItemResponse NO_ITEM = GetItemResponse.builder().build();

    private final TestClock clock = new TestClock(NOW);
    private final Table table = new Table();
    private final ScriptedClient client = new ScriptedClient();
    private final CompletableFuture<DynamoDbResponse> firstAnswer = new CompletableFuture<>();
    private DynamoDbCartStore store = store(500);

    private DynamoDbCartStore store(int maxConcurrency) {
        return DynamoDbCartStore.builder()
                .client(client)
                .clock(clock)
                .wallMillis(clock::millis)
                .backoff(new Pauses())
                .maxConcurrency(maxConcurrency)
                .hedging(0) // on a busy machine, the store would hedge a scripted request
                .build();
    }

    @AfterEach
    void close() {
        store.close();
        client.assertNotOverrun();
    }

    @Nested
    class ChangesToOneCart {
        @Test
        void addItem_whileAnotherIsInFlight_waitsAndCostsOneRequest() {
            client.then(request -> firstAnswer, serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.addItem(USER, book("a", "1", 2));

            assertThat(client.sent()).hasSize(1);
            answerTheFirst();

            assertThat(resultOf(first).totalItems()).isEqualTo(1);
            assertThat(resultOf(second).totalItems()).isEqualTo(3);
            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void changes_manyAtOnce_happenInTheirOrderAndCostOneRequestEach() {
            client.then(request -> firstAnswer).thenAlways(serve(table));
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                calls.add(store.apply(
                        CartUpdate.of(USER).remove("x").add(book("a", "1", 1)).add(book("b" + i, "1", 1))));
            }
            answerTheFirst(NO_ITEM);

            for (int i = 0; i < 30; i++) {
                Cart cart = resultOf(calls.get(i));
                assertThat(cart.totalItems()).isEqualTo(2L * (i + 1));
                assertThat(cart.items().get(i + 1).bookId()).isEqualTo("b" + i);
            }
            assertThat(client.sent()).hasSize(1 + 30);
        }

        @Test
        void otherCartsAndReads_whileAChangeIsInFlight_doNotWait() {
            client.then(hang(), serve(table), serve(table));
            CompletableFuture<Cart> change = store.addItem(USER, book("a", "1", 1));

            resultOf(store.addItem("another", book("a", "1", 1)));
            resultOf(store.get(USER));

            assertThat(change).isNotDone();
        }

        @Test
        void addItem_cancelledWhileItWaits_sendsNothing() {
            client.then(request -> firstAnswer, serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.addItem(USER, book("b", "1", 1));
            CompletableFuture<Cart> third = store.addItem(USER, book("c", "1", 1));

            second.cancel(true);
            answerTheFirst();

            resultOf(first);
            assertThat(resultOf(third).items()).extracting(CartItem::bookId).containsExactly("a", "c");
            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void addItem_cancelledInFlight_givesItsTurnToTheNext() {
            client.then(request -> firstAnswer, serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.addItem(USER, book("b", "1", 1));

            first.cancel(true);

            assertThat(resultOf(second).items()).extracting(CartItem::bookId).containsExactly("b");
            assertThat(firstAnswer).isCancelled();
        }

        @Test
        void addItem_afterAFailedChange_isNotAffected() {
            client.then(request -> firstAnswer, serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.addItem(USER, book("b", "1", 1));

            firstAnswer.completeExceptionally(Failures.accessDenied());

            failureOf(CartAccessException.class, first);
            assertThat(resultOf(second).items()).extracting(CartItem::bookId).containsExactly("b");
        }

        @Test
        void addItem_staleCartFromThePreviousChange_isHandledAsAConflict() {
            client.then(
                            request -> firstAnswer,
                            serve(table)
                                    .after(() -> table.put(Items.with(table.item(USER), "totalItems", Items.n("7")))))
                    .thenAlways(serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.setQuantity(USER, "a", 5);
            answerTheFirst();

            resultOf(first);
            assertThat(resultOf(second).totalItems()).isEqualTo(5);
            assertThat(ItemFormat.decode(USER, table.item(USER), NOW).isDrifted())
                    .isFalse();
        }

        @Test
        void removeItem_absentFromTheCartHandedOn_isConfirmedByARead() {
            client.then(request -> firstAnswer, serve(table));
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            CompletableFuture<Cart> second = store.removeItem(USER, "b");
            answerTheFirst();

            resultOf(first);
            resultOf(second);
            assertThat(client.sent()).containsExactly("UpdateItem", "GetItem");
        }

        @Test
        void addItem_fromACallbackOfThePreviousChange_takesItsTurn() {
            client.then(request -> firstAnswer).thenAlways(serve(table));
            CompletableFuture<Cart> nested = store.addItem(USER, book("a", "1", 1))
                    .thenCompose(cart -> store.addItem(USER, book("b", "1", 1)))
                    .thenCompose(cart -> store.addItem(USER, book("c", "1", 1)));
            CompletableFuture<Cart> second = store.addItem(USER, book("d", "1", 1));
            answerTheFirst();

            resultOf(second);
            assertThat(resultOf(nested).items())
                    .extracting(CartItem::bookId)
                    .containsExactlyInAnyOrder("a", "b", "c", "d");
        }

        @Test
        void changes_moreThanMayWait_bypassTheLane() {
            client.thenAlways(hang());

            for (int i = 0; i < 1003; i++) {
                CompletableFuture<Cart> call = store.addItem(USER, book("b" + i, "1", 1));
                assertThat(call).isNotDone();
            }

            assertThat(client.sent()).hasSize(1 + 2);
        }
    }

    @Nested
    class RequestsInFlight {
        private final List<CompletableFuture<DynamoDbResponse>> answers = new CopyOnWriteArrayList<>();

        /** Makes every request hang until the test answers it. */
        private void holdAnswers(int maxConcurrency) {
            store.close();
            store = store(maxConcurrency);
            client.thenAlways(request -> {
                CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
                answers.add(answer);
                return answer;
            });
        }

        /** Returns the response to a request, once the request has been sent. */
        private CompletableFuture<DynamoDbResponse> answer(int request) {
            await(() -> answers.size() > request);
            return answers.get(request);
        }

        @Test
        void get_moreThanMayBeInFlight_waits() {
            holdAnswers(2);
            List<CompletableFuture<Cart>> calls = List.of(store.get("a"), store.get("b"), store.get("c"));

            assertThat(answers).hasSize(2);
            answer(1).complete(NO_ITEM);

            answer(2).complete(NO_ITEM);
            answer(0).complete(NO_ITEM);
            calls.forEach(Outcomes::resultOf);
        }

        @Test
        void get_failureOfAnother_makesRoom() {
            holdAnswers(1);
            CompletableFuture<Cart> first = store.get("a");
            CompletableFuture<Cart> second = store.get("b");

            answer(0).completeExceptionally(Failures.accessDenied());

            failureOf(CartAccessException.class, first);
            answer(1).complete(NO_ITEM);
            resultOf(second);
        }

        @Test
        void get_cancelledWhileItWaits_isNotSent() {
            holdAnswers(1);
            CompletableFuture<Cart> first = store.get("a");
            CompletableFuture<Cart> second = store.get("b");
            CompletableFuture<Cart> third = store.get("c");

            second.cancel(true);
            answer(0).complete(NO_ITEM);
            answer(1).complete(NO_ITEM);

            resultOf(first);
            resultOf(third);
            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void get_cancelledInFlight_makesRoom() {
            holdAnswers(1);
            CompletableFuture<Cart> first = store.get("a");
            CompletableFuture<Cart> second = store.get("b");

            first.cancel(true);
            answer(1).complete(NO_ITEM);

            resultOf(second);
        }

        @Test
        void secondRequest_ofACall_goesBeforeCallsThatHaveNotStarted() {
            holdAnswers(1);
            table.put(Writes.itemWithLines(1));
            CompletableFuture<Cart> change = store.setQuantity(USER, "book0", 7);
            CompletableFuture<Cart> second = store.get("second");
            CompletableFuture<Cart> third = store.get("third");

            answer(0).complete(GetItemResponse.builder().item(table.item(USER)).build());
            CompletableFuture<DynamoDbResponse> written = answer(1);
            written.complete(table.serve(client.requests().get(1)));
            answer(2).complete(NO_ITEM);
            answer(3).complete(NO_ITEM);

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "GetItem", "GetItem");
            resultOf(change);
            resultOf(second);
            resultOf(third);
        }

        @Test
        void manyCalls_fewPlaces_allEnd() {
            store.close();
            store = store(3);
            client.then(request -> firstAnswer, hang(), hang()).thenAlways(serve(table));
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                calls.add(store.get("user" + i));
            }

            firstAnswer.complete(NO_ITEM);

            await(() -> calls.stream().filter(CompletableFuture::isDone).count() == 98);
        }

        @Test
        void retries_manyOfThem_loseNoPlace() {
            store.close();
            store = store(1);
            for (int i = 0; i < 50; i++) {
                client.then(fail(Failures.throttled()));
            }
            client.thenAlways(serve(table));

            for (int i = 0; i < 9; i++) {
                resultOf(store.get("user" + i).exceptionally(failure -> Cart.empty(USER)));
            }
            assertThat(resultOf(store.get(USER))).isEqualTo(Cart.empty(USER));
            assertThat(client.sent()).hasSize(50 + 9);
        }
    }

    /** Serves the first request, and answers it. */
    private void answerTheFirst() {
        answerTheFirst(table.serve(client.requests().get(0)));
    }

    private void answerTheFirst(DynamoDbResponse response) {
        firstAnswer.complete(response);
    }
}
