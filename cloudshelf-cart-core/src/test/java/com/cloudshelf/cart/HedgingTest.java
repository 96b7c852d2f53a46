package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.fail;
import static com.cloudshelf.cart.ScriptedClient.hang;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;

/** A slow request is sent a second time, within a budget, and never has two effects. */
class HedgingTest {
    private final TestClock clock = new TestClock(Examples.NOW);
    private final ScriptedClient client = new ScriptedClient();
    private final Table table = new Table();
    private DynamoDbCartStore store = store(settings -> settings.hedging(1).hedgeDelayMillis(1));

    private DynamoDbCartStore store(UnaryOperator<DynamoDbCartStore.Builder> settings) {
        return settings.apply(DynamoDbCartStore.builder()
                        .client(client)
                        .clock(clock)
                        .backoff(new Pauses())
                        .operationTimeout(Duration.ofSeconds(60)))
                .build();
    }

    @AfterEach
    void close() {
        store.close();
        client.assertNotOverrun();
    }

    @Test
    void get_thatHangs_completesByItsHedge() {
        client.then(hang(), serve(table));

        assertThat(resultOf(store.get(USER)).isEmpty()).isTrue();

        assertThat(client.sent()).containsExactly("GetItem", "GetItem");
        await(() -> store.inUse() == 0);
    }

    /** A copy that lands late would erase the next cart: nothing in it or in the table tells it from a new call. */
    @Test
    void delete_isNotHedged() {
        CompletableFuture<DynamoDbResponse> slow = new CompletableFuture<>();
        client.then(request -> slow, hang(), serve(table));

        CompletableFuture<Void> call = store.delete(USER);
        resultOf(store.get("another"));
        slow.complete(table.serve(client.requests().get(0)));

        resultOf(call);
        assertThat(client.sent()).containsExactly("DeleteItem", "GetItem", "GetItem");
    }

    /** A refused copy could not tell that the other one was applied, if another cart has been started since. */
    @Test
    void clear_byDeletion_isNotHedged() {
        client.thenAlways(serve(table));
        try (DynamoDbCartStore another = store(settings -> settings.hedging(0))) {
            resultOf(another.addItem(USER, book("a", "1", 2)));
        }
        clock.advance(Duration.ofHours(2));
        CompletableFuture<DynamoDbResponse> slow = new CompletableFuture<>();
        client.then(request -> slow, hang(), serve(table));

        CompletableFuture<Void> call = store.clear(USER);
        resultOf(store.get("another"));
        slow.complete(table.serve(client.requests().get(1)));

        resultOf(call);
        assertThat(client.sent()).containsExactly("UpdateItem", "DeleteItem", "GetItem", "GetItem");
    }

    @Test
    void lastRequestThatACallMaySend_isNotHedged() {
        CompletableFuture<DynamoDbResponse> last = new CompletableFuture<>();
        AtomicInteger ofCall = new AtomicInteger();
        AtomicInteger ofOther = new AtomicInteger();
        client.thenAlways(request -> {
            if (request.toString().contains("another")) {
                return (ofOther.incrementAndGet() == 1 ? hang() : serve(table)).answer(request);
            }
            return ofCall.incrementAndGet() < Stop.MAX_REQUESTS
                    ? fail(Failures.throttled()).answer(request)
                    : last;
        });

        CompletableFuture<Cart> call = store.get(USER);
        await(() -> ofCall.get() == Stop.MAX_REQUESTS);
        resultOf(store.get("another")); // by its hedge, so that one of the other call would have been sent by now
        last.completeExceptionally(Failures.throttled());

        failureOf(CartThrottledException.class, call);
        assertThat(ofCall).hasValue(Stop.MAX_REQUESTS);
    }

    @Test
    void hedge_ofAWrite_sendsTheSameRequest() {
        client.then(hang(), serve(table));

        resultOf(store.addItem(USER, book("a", "1", 1)));

        assertThat(client.requests().get(1)).isEqualTo(client.requests().get(0));
    }

    @Test
    void add_appliedWithoutAResponse_isFoundByItsHedge() {
        CompletableFuture<DynamoDbResponse> never = new CompletableFuture<>();
        client.then(
                request -> {
                    table.serve(request);
                    return never;
                },
                serve(table));

        assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                .isEqualTo(2);

        await(never::isCancelled);
        assertThat(client.sent()).hasSize(2);
    }

    @Test
    void add_whoseFirstCopyLandsAfterItsHedge_hasOneEffect() {
        List<DynamoDbRequest> late = new ArrayList<>();
        client.then(
                request -> {
                    late.add(request);
                    return new CompletableFuture<>();
                },
                serve(table));

        assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                .isEqualTo(2);
        CompletableFuture<? extends DynamoDbResponse> landed = serve(table).answer(late.get(0));

        assertThat(landed).isCompletedExceptionally();
    }

    /** The book is in the cart, so the hedge is refused. The fate of the first copy stays open. */
    @Test
    void add_hedgeRefusedWhileTheFirstCopyIsOpen_thenThrottledToTheEnd_isUnknown() {
        table.put(Writes.itemWithLines(1));
        store.close();
        store = endingAfterTheFirstPause();
        client.then(hang(), serve(table)).thenAlways(fail(Failures.throttled()));

        failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("book0", "9.50", 1)));
    }

    @Test
    void add_hedgeRefusedAfterTheFirstCopyWasLost_thenThrottledToTheEnd_isUnknown() {
        table.put(Writes.itemWithLines(1));
        store.close();
        store = endingAfterTheFirstPause();
        CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>();
        client.then(request -> first, serve(table).after(() -> first.completeExceptionally(Failures.lost())))
                .thenAlways(fail(Failures.throttled()));

        failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("book0", "9.50", 1)));
    }

    @Test
    void add_firstCopyLostAndHedgeThrottled_isUnknown() {
        store.close();
        store = endingAfterTheFirstPause();
        CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>();
        client.then(
                request -> first, fail(Failures.throttled()).after(() -> first.completeExceptionally(Failures.lost())));

        failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("book0", "9.50", 1)));
    }

    private DynamoDbCartStore endingAfterTheFirstPause() {
        Pauses pauses = new Pauses();
        pauses.delay(Duration.ofHours(1));
        return store(settings -> settings.hedging(1).hedgeDelayMillis(1).backoff(pauses));
    }

    @Test
    void setQuantity_hedgeRefusedByARival_doesNotTakeTheFirstCopyForRefused() {
        table.put(Writes.itemWithLines(1));
        List<DynamoDbRequest> late = new ArrayList<>();
        DynamoDbCartStore rival = DynamoDbCartStore.builder()
                .client(new ScriptedClient().thenAlways(serve(table)))
                .clock(clock)
                .build();
        Cart seen = resultOf(rival.get(USER));
        client.then(
                        request -> {
                            late.add(request);
                            return new CompletableFuture<>();
                        },
                        serve(table).after(() -> resultOf(rival.setQuantity(USER, "book0", 9))))
                .thenAlways(serve(table));

        Cart cart =
                resultOf(store.apply(CartUpdate.of(USER).setQuantity("book0", 7).basedOn(seen)));

        assertThat(cart.totalItems()).isEqualTo(7);
        assertThat(serve(table).answer(late.get(0))).isCompletedExceptionally();
        rival.close();
    }

    @Test
    void firstCopy_respondingLate_isIgnored() {
        CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                return false;
            }
        };
        client.then(request -> first, serve(table)).thenAlways(serve(table));

        Cart cart = resultOf(store.get(USER));
        first.completeExceptionally(Failures.accessDenied());

        assertThat(cart.isEmpty()).isTrue();
        resultOf(store.addItem(USER, book("a", "1", 1)));
    }

    @Nested
    class Budget {
        @Test
        void firstCalls_ofAProcess_areNotHedged() {
            assertThat(new Hedging(1, -1).delayMillis(Request.Kind.GET)).isNegative();
        }

        @Test
        void delay_followsTheUsualLatency_andIsNotRaisedByHungRequests() {
            Hedging hedging = new Hedging(0.02, -1);
            for (int i = 0; i < 256; i++) {
                hedging.of(Request.Kind.GET)
                        .add(Duration.ofMillis(i % 100 == 0 ? 10_000 : 5).toNanos());
            }

            assertThat(hedging.delayMillis(Request.Kind.GET)).isBetween(10L, 30L);
            assertThat(hedging.delayMillis(Request.Kind.WRITE)).isNegative();
        }

        @Test
        void share_ofAllRequests_limitsTheHedges() {
            Hedging hedging = new Hedging(0.02, -1);
            int spent = 0;
            for (int i = 0; i < 10_000; i++) {
                hedging.sent();
                spent += hedging.spend() ? 1 : 0;
            }

            assertThat(spent).isBetween(199, 200);
        }

        @Test
        void share_ofZero_disablesHedging() {
            assertThat(new Hedging(0, 1).delayMillis(Request.Kind.GET)).isNegative();
        }

        @Test
        void hedge_noFreePlace_isNotSent() {
            store.close();
            store = store(settings -> settings.hedging(1).hedgeDelayMillis(1).maxConcurrency(1));
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer, serve(table));
            CompletableFuture<Cart> first = store.get(USER);
            CompletableFuture<Cart> second = store.get("second");

            answer.complete(table.serve(client.requests().get(0)));

            resultOf(first);
            resultOf(second);
            assertThat(client.sent()).hasSize(2);
        }
    }

    /** How long a request may take before it counts as lost. */
    @Nested
    class Lost {
        private final Latencies latencies = new Latencies();

        @BeforeEach
        void seeFastResponses() {
            for (int i = 0; i < Latencies.ENOUGH; i++) {
                latencies.add(Duration.ofMillis(5).toNanos());
            }
        }

        @Test
        void request_amongAnsweredOnes_hasASecond() {
            assertThat(latencies.lostMillis(0)).isEqualTo(1_000);
        }

        @Test
        void requestsOfOneCall_haveTwiceTheTimeOfTheOneBefore() {
            assertThat(latencies.lostMillis(1)).isEqualTo(2_000);
            assertThat(latencies.lostMillis(2)).isEqualTo(4_000);
            assertThat(latencies.lostMillis(40)).isEqualTo(64_000);
        }

        @Test
        void requestsOfAnyCall_haveTwiceTheTime_untilOneIsAnsweredInUsualTime() {
            latencies.lost();
            latencies.lost();
            assertThat(latencies.lostMillis(0)).isEqualTo(4_000);
            assertThat(latencies.lostMillis(1)).isEqualTo(4_000);

            latencies.add(Duration.ofMillis(1_300).toNanos());

            assertThat(latencies.lostMillis(0)).isEqualTo(4_000);

            latencies.add(Duration.ofMillis(5).toNanos());

            assertThat(latencies.lostMillis(0)).isEqualTo(1_000);
        }

        @Test
        void requests_allLost_doNotRaiseTheTimeForEver() {
            for (int i = 0; i < 100; i++) {
                latencies.lost();
            }

            assertThat(latencies.lostMillis(0)).isEqualTo(64_000);
        }
    }

    /** If the whole service is slow or failing, not every call sends a second request. */
    @Nested
    class SickService {
        private static final double SHARE = 0.02;
        private static final int SEEN_BEFORE = 1_000;
        private static final int CALLERS = 100;

        private final AtomicInteger calls = new AtomicInteger();

        @BeforeEach
        void seeFastResponses() {
            store.close();
            store = store(settings -> settings.hedging(SHARE).maxConcurrency(2 * CALLERS));
            client.thenAlways(serve(table));
            for (int i = 0; i < SEEN_BEFORE; i++) {
                resultOf(call());
            }
        }

        @Test
        void slowService_sendsNoMoreThanTheShare() throws InterruptedException {
            for (int round = 0; round < 5; round++) {
                int before = client.requests().size();
                CompletableFuture<Void> slow = new CompletableFuture<>();
                client.thenAlways(request -> slow.thenApply(passed -> table.serve(request)));
                List<CompletableFuture<Cart>> waiting =
                        Stream.generate(this::call).limit(CALLERS).toList();

                await(() -> client.requests().size() > before + CALLERS);
                Thread.sleep(20); // time in which a storm would show; a passing test does not depend on it
                slow.complete(null);

                waiting.forEach(call -> call.handle((cart, failure) -> cart).join());
            }

            // Where processors are short, requests may even count as lost: the quota bounds their retries.
            int retries = Quota.CAPACITY / Quota.costOf(Failure.Kind.AMBIGUOUS);
            assertThat(client.requests().size())
                    .isBetween(calls.get() + 20, (int) ((calls.get() + retries) / (1 - SHARE)));
            await(() -> store.inUse() == 0);
        }

        @Test
        void throttlingService_getsLittleMoreThanOneRequestPerCall_andRecoversAtOnce() {
            client.thenAlways(fail(Failures.throttled()));

            for (int i = 0; i < SEEN_BEFORE; i++) {
                Outcomes.failureOf(CartThrottledException.class, call());
            }

            int retries = Quota.CAPACITY / Quota.costOf(Failure.Kind.THROTTLED);
            assertThat(client.requests().size())
                    .isBetween(calls.get() + retries / 2, (int) (calls.get() / (1 - SHARE)) + retries);
            client.thenAlways(serve(table));
            assertThat(resultOf(call()).isEmpty()).isTrue();
        }

        /** Every response takes longer than requests are waited for that were usually answered at once. */
        @Test
        void slowService_thatAnswersAfterRequestsCountAsLost_isWaitedFor() {
            Executor later = CompletableFuture.delayedExecutor(1_500, TimeUnit.MILLISECONDS);
            client.thenAlways(request -> CompletableFuture.supplyAsync(() -> table.serve(request), later));

            assertThat(resultOf(call()).isEmpty()).isTrue();
            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                    .isEqualTo(2);
        }

        private CompletableFuture<Cart> call() {
            return store.get("user" + calls.incrementAndGet());
        }
    }
}
