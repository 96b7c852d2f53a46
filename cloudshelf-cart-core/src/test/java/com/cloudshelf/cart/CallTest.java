package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.answer;
import static com.cloudshelf.cart.ScriptedClient.fail;
import static com.cloudshelf.cart.ScriptedClient.hang;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static com.cloudshelf.cart.ScriptedClient.serveAndLose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.cloudshelf.cart.ScriptedClient.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;

/** Rules for every call, whatever it does: attempts, time, cancellation, close, and the meaning of failures. */
class CallTest {
    private static final GetItemResponse NO_ITEM = GetItemResponse.builder().build();

    private final TestClock clock = new TestClock(NOW);
    private final Pauses pauses = new Pauses();
    private final Table table = new Table();
    private final ScriptedClient client = new ScriptedClient();
    private DynamoDbCartStore store = store(clock::millis);

    private DynamoDbCartStore store(LongSupplier wallMillis) {
        return DynamoDbCartStore.builder()
                .client(client)
                .tableName("carts")
                .clock(clock)
                .wallMillis(wallMillis)
                .backoff(pauses)
                .build();
    }

    @AfterEach
    void close() {
        store.close();
        client.assertNotOverrun();
    }

    @Nested
    class Requests {
        @Test
        void get_aResponse_isOneRequest() {
            client.then(answer(NO_ITEM));

            assertThat(resultOf(store.get(USER))).isEqualTo(Cart.empty(USER));

            GetItemRequest request = client.request(0, GetItemRequest.class);
            assertThat(request.tableName()).isEqualTo("carts");
            assertThat(request.key()).isEqualTo(Items.item());
            assertThat(request.consistentRead()).isTrue();
            assertThat(pauses.attempts()).isEmpty();
        }

        @ParameterizedTest
        @EnumSource
        void get_withAConsistency_requestsIt(ReadConsistency consistency) {
            client.then(answer(NO_ITEM));

            resultOf(store.get(USER, consistency));

            assertThat(client.request(0, GetItemRequest.class).consistentRead())
                    .isEqualTo(consistency == ReadConsistency.STRONG);
        }

        @Test
        void get_refusedAsIfItWereAWrite_failsRatherThanHangs() {
            client.then(fail(Failures.refused(Map.of())));

            assertThat(failureOf(CartStoreException.class, store.get(USER)))
                    .hasMessageContaining("ConditionalCheckFailed");
        }

        @Test
        void badArgument_anyCall_sendsNothing() {
            assertThatNullPointerException().isThrownBy(() -> store.get(null));
            assertThatNullPointerException().isThrownBy(() -> store.get(USER, null));
            assertThatNullPointerException().isThrownBy(() -> store.apply(null));
            assertThatNullPointerException().isThrownBy(() -> store.addItem(USER, null));
            assertThatNullPointerException().isThrownBy(() -> store.setQuantity(USER, null, 1));
            assertThatNullPointerException().isThrownBy(() -> store.removeItem(USER, null));
            assertThatNullPointerException().isThrownBy(() -> store.clear(null));
            assertThatNullPointerException().isThrownBy(() -> store.delete(null));
            assertThatIllegalArgumentException().isThrownBy(() -> store.get(" "));
            assertThatIllegalArgumentException().isThrownBy(() -> store.get("u".repeat(2049)));
            assertThatIllegalArgumentException().isThrownBy(() -> store.addItem("", book("a", "1", 1)));
            assertThatIllegalArgumentException().isThrownBy(() -> store.setQuantity(USER, "a", -1));
            assertThatIllegalArgumentException().isThrownBy(() -> store.clear(Examples.UNPAIRED_HIGH));
            assertThatIllegalArgumentException().isThrownBy(() -> store.delete(""));

            assertThat(client.sent()).isEmpty();
        }

        @Test
        void request_thatHangs_leavesTimeForAnother() {
            client.then(hang(), serve(table));

            Cart cart = resultOf(
                    store.apply(CartUpdate.of(USER).add(book("a", "1", 1)).within(Duration.ofSeconds(2))));

            assertThat(cart.totalItems()).isEqualTo(1);
            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void request_lessThanTheMinimumTimeLeft_isNotSent() {
            client.then(fail(Failures.throttled()));
            pauses.onPause(() -> clock.advance(Duration.ofMillis(4751)));

            failureOf(CartThrottledException.class, store.get(USER));

            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void request_slightlyMoreThanTheMinimumTimeLeft_isSent() {
            client.then(fail(Failures.throttled()), serve(table));
            pauses.onPause(() -> clock.advance(Duration.ofMillis(4700)));

            resultOf(store.get(USER));

            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void request_clientThatRetries_isToldNotTo() {
            ScriptedClient retrying =
                    new ScriptedClient(ClientOverrideConfiguration.builder().build());
            retrying.then(answer(NO_ITEM));
            client.then(answer(NO_ITEM));

            try (DynamoDbCartStore other =
                    DynamoDbCartStore.builder().client(retrying).build()) {
                resultOf(other.get(USER));
            }
            resultOf(store.get(USER));

            assertThat(configurationOf(retrying.requests().get(0)).plugins()).hasSize(1);
            assertThat(configurationOf(client.requests().get(0)).plugins()).isEmpty();
        }

        private static AwsRequestOverrideConfiguration configurationOf(DynamoDbRequest request) {
            return request.overrideConfiguration().orElseThrow();
        }
    }

    @Nested
    class Retries {
        static Stream<Named<Throwable>> failuresThatPass() {
            return Stream.of(
                    Named.of("throttled", Failures.throttled()),
                    Named.of("transaction", Failures.service(400, "TransactionConflictException", "")),
                    Named.of("replica", Failures.service(400, "ReplicatedWriteConflictException", "")),
                    Named.of("server", Failures.serverError()),
                    Named.of("lost", Failures.lost()),
                    Named.of("timeout", Failures.timedOut()),
                    Named.of("connection", Failures.connectionRefused()));
        }

        @ParameterizedTest
        @MethodSource("failuresThatPass")
        void read_transientFailures_succeeds(Throwable failure) {
            client.then(fail(failure), fail(failure), fail(failure), answer(NO_ITEM));

            assertThat(resultOf(store.get(USER))).isEqualTo(Cart.empty(USER));

            assertThat(client.sent()).hasSize(4);
            assertThat(pauses.attempts()).containsExactly(2, 3, 4);
        }

        @ParameterizedTest
        @MethodSource("failuresThatPass")
        void write_transientFailures_isAppliedOnce(Throwable failure) {
            client.then(fail(failure), fail(failure), serve(table));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                    .isEqualTo(2);

            assertThat(pauses.attempts()).containsExactly(2, 3);
        }

        @Test
        void delete_lostResponse_isRepeated() {
            table.put(Writes.itemWithLines(1));
            client.then(serveAndLose(table), serve(table));

            resultOf(store.delete(USER));

            assertThat(client.sent()).containsExactly("DeleteItem", "DeleteItem");
            assertThat(table.item(USER)).isEmpty();
        }

        @Test
        void anyCall_throttledForever_endsAfterFortyRequests() {
            client.thenAlways(fail(Failures.throttled()));

            failureOf(CartThrottledException.class, store.get(USER));
            assertThat(client.sent()).hasSize(40);
            failureOf(CartThrottledException.class, store.addItem(USER, book("a", "1", 1)));
            assertThat(client.sent()).hasSize(80);
        }

        @Test
        void anyCall_refusedForever_endsAfterFortyRequests() {
            table.put(Writes.itemWithLines(1));
            client.thenAlways(request -> request instanceof GetItemRequest
                    ? serve(table).answer(request)
                    : CompletableFuture.failedFuture(Failures.refused(table.item(USER))));

            CartConflictException conflict =
                    failureOf(CartConflictException.class, store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).hasSize(40);
            assertThat(conflict.current().totalItems()).isEqualTo(2);
            assertThat(conflict.isRetryable()).isTrue();
            assertThat(conflict.effectPossible()).isFalse();
        }

        @Test
        void twoCalls_eachThrottled_countTheirOwnBackoffs() {
            client.then(fail(Failures.throttled()), answer(NO_ITEM), fail(Failures.throttled()), answer(NO_ITEM));

            resultOf(store.get(USER));
            resultOf(store.get(USER));

            assertThat(pauses.attempts()).containsExactly(2, 2);
        }
    }

    @Nested
    class Deadlines {
        @Test
        void backoff_longerThanTheRemainingTime_isSkipped() {
            client.then(fail(Failures.throttled()));
            pauses.delay(Duration.ofHours(1));

            failureOf(CartThrottledException.class, store.get(USER));

            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void read_frozenDuringARequest_sendsNothingAfterItsDeadline() {
            client.then(fail(Failures.throttled()).after(() -> clock.advance(Duration.ofMinutes(10))));

            failureOf(CartThrottledException.class, store.get(USER));

            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void update_frozenDuringARead_sendsNothingAfterItsDeadline() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table).after(() -> clock.advance(Duration.ofMinutes(10))));

            CartUnavailableException failure =
                    failureOf(CartUnavailableException.class, store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem");
            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure.isRetryable()).isTrue();
        }

        /** If a request is cut off, its outcome is ambiguous even where its response would have been clear. */
        @Test
        void update_tooLittleTimeForAResponse_sendsNothing() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table).after(() -> clock.advance(Duration.ofMillis(49_800))));

            CartUnavailableException failure = failureOf(
                    CartUnavailableException.class,
                    store.within(Duration.ofSeconds(50)).setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem");
            assertThat(failure.effectPossible()).isFalse();
        }

        @Test
        void update_frozenDuringAWriteWhoseResponseIsLost_sendsNothingAndIsUnknown() {
            client.then(serveAndLose(table).after(() -> clock.advance(Duration.ofMinutes(10))));

            failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void update_frozenDuringARefusedWrite_sendsNothing() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table).after(() -> clock.advance(Duration.ofMinutes(10))));

            Throwable failure = store.addItem(USER, book("book0", "1", 1))
                    .handle((cart, thrown) -> thrown)
                    .join();

            assertThat(client.sent()).hasSize(1);
            assertThat(failure)
                    .isInstanceOfSatisfying(
                            CartStoreException.class,
                            refused -> assertThat(refused.effectPossible()).isFalse());
        }

        @Test
        void anyCall_frozenDuringABackoff_sendsNothing() {
            // The call reads the clock once more to check whether the backoff fits. Every later reading happens after
            // the backoff.
            AtomicInteger readings = new AtomicInteger(Integer.MIN_VALUE);
            pauses.onPause(() -> readings.set(0));
            store.close();
            store = store(() -> clock.millis() + (readings.incrementAndGet() > 1 ? 600_000 : 0));
            client.then(fail(Failures.throttled()));

            failureOf(CartThrottledException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(client.sent()).hasSize(1);
            assertThat(pauses.attempts()).containsExactly(2);
        }

        @Test
        void update_frozenBeforeTheFirstRequest_sendsNothing() {
            List<Long> readings = new ArrayList<>();
            store.close();
            store = store(() -> {
                readings.add(clock.millis());
                // The first reading is the start of the call. Then the process freezes.
                return clock.millis() + (readings.size() > 1 ? 600_000 : 0);
            });

            CartStoreException failure = failureOf(CartUnavailableException.class, store.setQuantity(USER, "a", 1));

            assertThat(client.sent()).isEmpty();
            assertThat(failure.effectPossible()).isFalse();
        }

        @Test
        void within_anUpdate_boundsItsCall() {
            client.then(fail(Failures.throttled()).after(() -> clock.advance(Duration.ofSeconds(2))), answer(NO_ITEM));

            failureOf(
                    CartThrottledException.class,
                    store.apply(CartUpdate.of(USER).remove("a").within(Duration.ofSeconds(2))));
            assertThat(client.sent()).hasSize(1);
            resultOf(store.apply(CartUpdate.of(USER).remove("a").within(Duration.ofSeconds(10))));
        }
    }

    @Nested
    class Cancellation {
        @Test
        void cancel_requestInFlight_cancelsIt() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);
            CompletableFuture<Cart> call = store.get(USER);

            call.cancel(true);

            await(answer::isCancelled);
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void cancel_secondRequestInFlight_cancelsIt() {
            table.put(Writes.itemWithLines(1));
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(serve(table), request -> answer);
            CompletableFuture<Cart> call = store.setQuantity(USER, "book0", 7);

            await(() -> client.sent().size() == 2);
            call.cancel(true);

            await(answer::isCancelled);
            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
        }

        @Test
        void cancel_responseThatComesLater_isIgnored() {
            CompletableFuture<DynamoDbResponse> uncancellable = new CompletableFuture<>() {
                @Override
                public boolean cancel(boolean mayInterruptIfRunning) {
                    return false;
                }
            };
            client.then(request -> uncancellable);
            CompletableFuture<Cart> call = store.setQuantity(USER, "book0", 7);
            call.cancel(true);

            uncancellable.complete(NO_ITEM);

            assertThat(call).isCancelled();
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void cancel_duringAPause_sendsNothingMore() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);
            CompletableFuture<Cart> call = store.get(USER);
            pauses.onPause(() -> call.cancel(true));

            answer.completeExceptionally(Failures.throttled());
            await(call::isDone);

            // The second call's backoff ends after the first one's, on the same timer.
            pauses.onPause(() -> {});
            client.then(fail(Failures.throttled()), answer(NO_ITEM));
            resultOf(store.get("another"));
            assertThat(call).isCancelled();
            assertThat(client.sent()).hasSize(3);
        }

        @Test
        void cancel_whileTheRequestIsBeingSent_cancelsIt() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            AtomicReference<CompletableFuture<Cart>> call = new AtomicReference<>();
            CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>();
            client.then(request -> first, request -> {
                call.get().cancel(true);
                return answer;
            });
            call.set(store.setQuantity(USER, "book0", 7));
            table.put(Writes.itemWithLines(1));

            first.complete(GetItemResponse.builder().item(table.item(USER)).build());

            await(answer::isCancelled);
        }
    }

    @Nested
    class Closing {
        @Test
        void close_readInFlight_endsWithoutEffect() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);
            CompletableFuture<Cart> call = store.get(USER);

            store.close();

            assertThat(failureOf(CartUnavailableException.class, call).effectPossible())
                    .isFalse();
            assertThat(answer).isCancelled();
        }

        @Test
        void close_writeInFlight_endsUnknown() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);
            CompletableFuture<Cart> call = store.addItem(USER, book("a", "1", 1));

            store.close();

            assertThat(failureOf(CartOutcomeUnknownException.class, call).effectPossible())
                    .isTrue();
            assertThat(answer).isCancelled();
        }

        @Test
        void close_readOfAnUpdateInFlight_endsWithoutEffect() {
            client.then(hang());
            CompletableFuture<Cart> call = store.setQuantity(USER, "a", 1);

            store.close();

            assertThat(failureOf(CartUnavailableException.class, call).effectPossible())
                    .isFalse();
        }

        @Test
        void close_duringAPauseAfterThrottling_endsWithoutEffect() {
            client.then(fail(Failures.throttled()));
            pauses.delay(Duration.ofSeconds(4));
            CompletableFuture<Cart> call = store.addItem(USER, book("a", "1", 1));

            store.close();

            failureOf(CartUnavailableException.class, call);
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void close_duringAPauseAfterALostResponse_endsUnknown() {
            client.then(fail(Failures.lost()));
            pauses.delay(Duration.ofSeconds(4));
            CompletableFuture<Cart> call = store.addItem(USER, book("a", "1", 1));

            store.close();

            failureOf(CartOutcomeUnknownException.class, call);
        }

        @Test
        void close_manyHungCalls_endsThemAll() {
            client.thenAlways(hang());
            List<CompletableFuture<Cart>> calls = IntStream.range(0, 200)
                    .mapToObj(i -> i % 2 == 0 ? store.get("user" + i) : store.addItem("user" + i, book("a", "1", 1)))
                    .toList();

            store.close();

            assertThat(calls).allMatch(CompletableFuture::isCompletedExceptionally);
        }

        @Test
        void close_changesThatWaitForTheirTurn_endWithoutEffectAndSendNothing() {
            client.then(hang());
            CompletableFuture<Cart> first = store.addItem(USER, book("a", "1", 1));
            List<CompletableFuture<Cart>> waiting = IntStream.range(0, 50)
                    .mapToObj(i -> store.addItem(USER, book("b" + i, "1", 1)))
                    .toList();

            store.close();

            assertThat(client.sent()).hasSize(1);
            failureOf(CartOutcomeUnknownException.class, first);
            waiting.forEach(call -> failureOf(CartUnavailableException.class, call));
        }

        @Test
        @SuppressWarnings("try") // closed early on purpose
        void close_requestsThatWaitForAPlace_endWithoutEffectAndAreNotSent() {
            try (DynamoDbCartStore narrow = DynamoDbCartStore.builder()
                    .client(client.then(hang()))
                    .maxConcurrency(1)
                    .build()) {
                CompletableFuture<Cart> first = narrow.addItem(USER, book("a", "1", 1));
                List<CompletableFuture<Cart>> waiting = IntStream.range(0, 50)
                        .mapToObj(i -> narrow.addItem("user" + i, book("a", "1", 1)))
                        .toList();

                narrow.close();

                assertThat(client.sent()).hasSize(1);
                failureOf(CartOutcomeUnknownException.class, first);
                waiting.forEach(call -> failureOf(CartUnavailableException.class, call));
            }
        }

        @Test
        void close_clientThatWasGiven_staysOpen() {
            store.close();

            assertThat(client.isClosed()).isFalse();
        }

        @Test
        void close_twice_isTheSame() {
            store.close();
            store.close();

            assertThatIllegalStateException().isThrownBy(() -> store.get(USER));
        }

        @Test
        void anyCall_closedStore_isRefused() {
            store.close();

            assertThatIllegalStateException().isThrownBy(() -> store.get(USER)).withMessageContaining("closed");
            assertThatIllegalStateException().isThrownBy(() -> store.addItem(USER, book("a", "1", 1)));
            assertThatIllegalStateException().isThrownBy(() -> store.delete(USER));
            assertThatIllegalStateException().isThrownBy(() -> store.getAll(List.of()));
            assertThat(client.sent()).isEmpty();
        }
    }

    @Nested
    class Meanings {
        /**
         * Returns a step that lets time pass and then fails, so that the call reaches its deadline after a few
         * attempts.
         */
        private Step slowly(Throwable failure) {
            return fail(failure).after(() -> clock.advance(Duration.ofMillis(1400)));
        }

        @Test
        void anyCall_throttledUntilTheDeadline_failsAsThrottled() {
            client.thenAlways(slowly(Failures.throttled()));

            for (CompletableFuture<?> call :
                    List.of(store.get(USER), store.addItem(USER, book("a", "1", 1)), store.setQuantity(USER, "a", 1))) {
                CartThrottledException failure = failureOf(CartThrottledException.class, call);
                assertThat(failure.effectPossible()).isFalse();
                assertThat(failure.isRetryable()).isTrue();
                assertThat(failure.userId()).isEqualTo(USER);
                assertThat(failure).hasMessageContaining(Failures.REASON).hasMessageNotContaining(USER);
                assertThat(failure).hasCauseInstanceOf(AwsServiceException.class);
            }
        }

        @Test
        void write_lostResponseThenThrottledUntilTheDeadline_isUnknown() {
            client.then(fail(Failures.lost())).thenAlways(slowly(Failures.throttled()));

            CartOutcomeUnknownException failure =
                    failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isTrue();
            assertThat(failure.isRetryable()).isFalse();
            assertThat(failure).hasMessageNotContaining(USER);
        }

        @Test
        void updateWithAKey_lostResponseThenThrottled_isUnknownButRepeatable() {
            client.then(fail(Failures.lost())).thenAlways(slowly(Failures.throttled()));

            CartOutcomeUnknownException failure = failureOf(
                    CartOutcomeUnknownException.class,
                    store.apply(CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("order-4711")));

            assertThat(failure.isRetryable()).isTrue();
            assertThat(failure).hasMessageContaining("idempotency").hasMessageNotContaining("4711");
        }

        static Stream<Named<Throwable>> failuresWithoutEffect() {
            return Stream.of(
                    Named.of("denied", Failures.accessDenied()),
                    Named.of("no table", Failures.noTable()),
                    Named.of("invalid", Failures.validation("bad")),
                    Named.of("too large", Failures.validation("Item size has exceeded the maximum")),
                    Named.of("unsent", Failures.connectionRefused()),
                    Named.of("busy", Failures.service(400, "TransactionConflictException", "")),
                    Named.of("no credentials", Failures.noCredentials()));
        }

        /** One ambiguous attempt makes the call ambiguous, whatever the last attempt reported. */
        @ParameterizedTest
        @MethodSource("failuresWithoutEffect")
        void write_lostResponseThenAnyFailure_isUnknown(Throwable failure) {
            client.then(serveAndLose(table)).thenAlways(slowly(failure));

            CartOutcomeUnknownException unknown =
                    failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(unknown.effectPossible()).isTrue();
        }

        @Test
        void lostResponses_ofReads_haveNoEffect() {
            client.thenAlways(slowly(Failures.lost()));

            assertThat(failureOf(CartUnavailableException.class, store.get(USER))
                            .effectPossible())
                    .isFalse();
            assertThat(failureOf(CartUnavailableException.class, store.setQuantity(USER, "a", 1))
                            .effectPossible())
                    .isFalse();
        }

        static Stream<Named<Throwable>> ambiguous() {
            return Stream.of(
                    Named.of("server", Failures.serverError()),
                    Named.of("lost", Failures.lost()),
                    Named.of("timeout", Failures.timedOut()),
                    Named.of("strange", new IllegalStateException("strange")));
        }

        @ParameterizedTest
        @MethodSource("ambiguous")
        void ambiguousFailures_ofWritesUntilTheDeadline_areUnknown(Throwable failure) {
            client.thenAlways(slowly(failure));

            assertThat(failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1))))
                    .hasMessageNotContaining(USER);
            assertThat(failureOf(CartOutcomeUnknownException.class, store.clear(USER))
                            .effectPossible())
                    .isTrue();
            assertThat(failureOf(CartOutcomeUnknownException.class, store.delete(USER))
                            .isRetryable())
                    .isTrue();
        }

        @Test
        void write_connectionRefusedUntilTheDeadline_isUnavailableWithoutEffect() {
            client.thenAlways(slowly(Failures.connectionRefused()));

            CartUnavailableException failure =
                    failureOf(CartUnavailableException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure.isRetryable()).isTrue();
            assertThat(client.sent()).hasSizeGreaterThan(1);
        }

        @Test
        void write_transactionConflictsUntilTheDeadline_isUnavailableWithoutEffect() {
            client.thenAlways(slowly(Failures.service(400, "TransactionConflictException", "")));

            assertThat(failureOf(CartUnavailableException.class, store.addItem(USER, book("a", "1", 1)))
                            .effectPossible())
                    .isFalse();
        }

        @Test
        void anyCall_accessDenied_sendsOneRequestAndNamesWhatIsMissing() {
            client.thenAlways(fail(Failures.accessDenied()));

            for (CompletableFuture<?> call : List.of(
                    store.get(USER), store.addItem(USER, book("a", "1", 1)), store.clear(USER), store.delete(USER))) {
                CartAccessException failure = failureOf(CartAccessException.class, call);
                assertThat(failure)
                        .hasMessageContaining("carts")
                        .hasMessageContaining("UpdateItem")
                        .hasMessageNotContaining(USER)
                        .hasCause(Failures.accessDenied());
                assertThat(failure.effectPossible()).isFalse();
                assertThat(failure.isRetryable()).isFalse();
            }
            assertThat(client.sent()).hasSize(4);
        }

        @Test
        void anyCall_missingTable_sendsOneRequestAndNamesTheTable() {
            client.thenAlways(fail(Failures.noTable()));

            assertThat(failureOf(CartAccessException.class, store.get(USER)))
                    .hasMessageContaining("carts")
                    .hasMessageContaining("does not exist");
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void anyCall_missingCredentials_sendsOneRequestAndSaysSo() {
            client.thenAlways(fail(Failures.noCredentials()));

            assertThat(failureOf(CartAccessException.class, store.addItem(USER, book("a", "1", 1))))
                    .hasMessageContaining("credentials");
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void anyCall_badCredentials_sendsOneRequestAndNamesTheCode() {
            client.thenAlways(fail(Failures.service(400, "ExpiredTokenException", "expired")));

            assertThat(failureOf(CartAccessException.class, store.get(USER)))
                    .hasMessageContaining("credentials")
                    .hasMessageContaining("ExpiredTokenException");
            assertThat(client.sent()).hasSize(1);
        }

        static Stream<Arguments> callsAndTheirRequests() {
            Function<CartStore, CompletableFuture<?>> get = carts -> carts.get(USER);
            Function<CartStore, CompletableFuture<?>> add = carts -> carts.addItem(USER, book("a", "1", 1));
            Function<CartStore, CompletableFuture<?>> set = carts -> carts.setQuantity(USER, "a", 2);
            Function<CartStore, CompletableFuture<?>> clear = carts -> carts.clear(USER);
            return Stream.of(
                    Arguments.of(Named.of("get", get), List.of("GetItem")),
                    // The stored item may be the reason. The read shows that it is not.
                    Arguments.of(Named.of("add", add), List.of("UpdateItem", "GetItem")),
                    Arguments.of(Named.of("set", set), List.of("GetItem")),
                    Arguments.of(Named.of("clear", clear), List.of("DeleteItem")));
        }

        @ParameterizedTest
        @MethodSource("callsAndTheirRequests")
        void anyCall_validationError_endsAtOnce(Function<CartStore, CompletableFuture<?>> call, List<String> requests) {
            client.thenAlways(fail(Failures.validation("One or more parameter values were invalid")));

            CartStoreException failure = failureOf(CartStoreException.class, call.apply(store));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure.isRetryable()).isFalse();
            assertThat(failure).hasMessageContaining("ValidationException").hasMessageNotContaining(USER);
            assertThat(client.sent()).isEqualTo(requests);
        }

        @Test
        void addItem_validationErrorOfEveryWrite_endsWithTheOneThatPinsTheItem() {
            table.put(Writes.itemOf(cartOf(book("b", "1", 1)), NOW));
            client.then(fail(Failures.validation("x")), serve(table), fail(Failures.validation("y")));

            CartStoreException failure = failureOf(CartStoreException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure).hasMessageContaining("ValidationException");
            assertThat(client.sent()).containsExactly("UpdateItem", "GetItem", "UpdateItem");
        }

        @Test
        void addItem_otherInvalidRequest_sendsOneRequest() {
            client.thenAlways(fail(Failures.service(400, "SerializationException", "x")));

            failureOf(CartStoreException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void blindAdd_itemTooLarge_isRejected() {
            client.then(fail(Failures.validation("Item size to update has exceeded the maximum allowed size")));

            CartRejectedException failure =
                    failureOf(CartRejectedException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.reason()).isEqualTo(CartRejectedException.Reason.TOO_LARGE);
            assertThat(failure.limit()).contains("itemBytes");
            assertThat(failure.limitValue()).hasValue(ItemFormat.MAX_ITEM_BYTES);
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void failure_ofAnyKind_keepsTheCauseOfTheLastAttempt() {
            Throwable last = Failures.serverError();
            client.then(fail(Failures.throttled())).thenAlways(slowly(last));

            assertThat(failureOf(CartUnavailableException.class, store.get(USER)))
                    .hasCause(last);
        }
    }
}
