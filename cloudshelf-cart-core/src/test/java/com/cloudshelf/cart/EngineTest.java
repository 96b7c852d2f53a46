package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Outcomes.await;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.answer;
import static com.cloudshelf.cart.ScriptedClient.fail;
import static com.cloudshelf.cart.ScriptedClient.hang;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static com.cloudshelf.cart.ScriptedClient.serveAndLose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;

/** The engine around the protocols: places, turns, timer, queue and threads, under load and with failures. */
class EngineTest {
    private static final GetItemResponse NO_ITEM = GetItemResponse.builder().build();

    private final ScriptedClient client = new ScriptedClient();
    private final Table table = new Table();
    private final List<DynamoDbCartStore> stores = new ArrayList<>();

    private DynamoDbCartStore store(UnaryOperator<DynamoDbCartStore.Builder> settings) {
        DynamoDbCartStore store = settings.apply(DynamoDbCartStore.builder()
                        .client(client)
                        .backoff(new Pauses())
                        .hedging(0)) // on a busy machine, the store would hedge a scripted request
                .build();
        stores.add(store);
        return store;
    }

    private DynamoDbCartStore store() {
        return store(settings -> settings);
    }

    @AfterEach
    void close() {
        stores.forEach(DynamoDbCartStore::close);
    }

    /** Whatever a test does, nothing may be in use once its calls have ended. */
    private static void assertNothingInUse(DynamoDbCartStore store) {
        await(() -> store.inUse() == 0);
    }

    @Nested
    class Places {
        @Test
        void calls_manyQueuedOnAClientThatFailsAtOnce_endWithTheirOwnFailures() {
            CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>();
            client.then(request -> first).thenAlways(fail(Failures.accessDenied()));
            DynamoDbCartStore store =
                    store(settings -> settings.maxConcurrency(1).operationTimeout(Duration.ofSeconds(60)));
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                calls.add(store.get("user" + i));
            }

            first.completeExceptionally(Failures.accessDenied());

            calls.forEach(call -> failureOf(CartAccessException.class, call));
            assertNothingInUse(store);
        }

        @Test
        void call_clientThatThrowsAnError_givesItsPlaceBack() {
            client.then(request -> {
                        throw new StackOverflowError();
                    })
                    .thenAlways(serve(table));
            DynamoDbCartStore store =
                    store(settings -> settings.maxConcurrency(1).backoff(attempt -> Duration.ofHours(1)));

            failureOf(CartUnavailableException.class, store.get(USER));
            resultOf(store.get(USER));

            assertNothingInUse(store);
        }

        @Test
        void calls_moreThanMayWait_failAtOnceWithoutEffect() {
            client.thenAlways(hang());
            DynamoDbCartStore store =
                    store(settings -> settings.maxConcurrency(2).maxPending(3));
            for (int i = 0; i < 5; i++) {
                store.get("user" + i);
            }

            CartUnavailableException failure =
                    failureOf(CartUnavailableException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.isRetryable()).isTrue();
            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure).hasMessageContaining("maxPending");
            assertThat(client.sent()).hasSize(2);
        }

        @Test
        void calls_thatEndWhileTheyWait_leaveTheQueue() {
            client.thenAlways(hang());
            DynamoDbCartStore store =
                    store(settings -> settings.maxConcurrency(1).maxPending(1_000));
            CompletableFuture<Cart> holder = store.get("holder");
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                calls.add(store.get("user" + i));
            }

            calls.forEach(call -> call.cancel(true));
            holder.cancel(true);

            assertNothingInUse(store);
            assertThat(client.sent()).hasSize(1);
        }

        @Test
        void getAll_failsWhileItsPartsWait_givesEveryPlaceBack() {
            CompletableFuture<DynamoDbResponse> first = new CompletableFuture<>();
            client.then(request -> first).thenAlways(hang());
            DynamoDbCartStore store = store(settings -> settings.maxConcurrency(1));
            CompletableFuture<Map<String, Cart>> all = store.getAll(users(10_000));

            first.completeExceptionally(Failures.accessDenied());

            failureOf(CartAccessException.class, all);
            assertNothingInUse(store);
        }

        @Test
        void getAll_firstRequestFailsAtOnce_sendsNothingMore() {
            client.thenAlways(fail(Failures.accessDenied()));
            DynamoDbCartStore store = store();

            failureOf(CartAccessException.class, store.getAll(users(1_000)));

            assertThat(client.sent()).hasSize(1);
            assertNothingInUse(store);
        }

        /** As a slow credentials provider does: with a thousand requests, the caller would get the future after the deadline. */
        @Test
        void getAll_clientThatBlocksWhileItSends_holdsUpTheCallerForOneRequestAtMost() {
            CountDownLatch released = new CountDownLatch(1);
            client.then(hang()).thenAlways(hang().after(() -> awaitLatch(released)));
            DynamoDbCartStore store = store();

            CompletableFuture<CompletableFuture<Map<String, Cart>>> issued =
                    CompletableFuture.supplyAsync(() -> store.getAll(users(1_000)));

            resultOf(issued).cancel(true);
            released.countDown();
            assertNothingInUse(store);
        }

        @Test
        void getAll_cancelled_sendsNothingMore() {
            client.thenAlways(hang());
            DynamoDbCartStore store = store(settings -> settings.maxConcurrency(2));
            CompletableFuture<Map<String, Cart>> all = store.getAll(users(100_000));

            all.cancel(true);

            assertNothingInUse(store);
            assertThat(client.sent()).hasSizeLessThanOrEqualTo(2);
        }

        private static List<String> users(int count) {
            return IntStream.range(0, count).mapToObj(i -> "user" + i).toList();
        }
    }

    @Nested
    class CallersCode {
        @Test
        void callback_thatBlocks_delaysNoOtherCall() {
            CountDownLatch blocked = new CountDownLatch(1);
            CountDownLatch released = new CountDownLatch(1);
            client.thenAlways(fail(Failures.throttled()));
            DynamoDbCartStore store = store(settings -> settings.operationTimeout(Duration.ofSeconds(60)));
            CompletableFuture<Object> first = store.get(USER).handle((cart, failure) -> {
                blocked.countDown();
                awaitLatch(released);
                return failure;
            });
            awaitLatch(blocked);

            for (int i = 0; i < 20; i++) {
                failureOf(CartThrottledException.class, store.get("other" + i));
            }

            assertThat(first).isNotDone();
            released.countDown();
            resultOf(first);
        }

        @Test
        void callback_thatWaitsForAnotherCall_getsItsResult() {
            client.thenAlways(
                    request -> CompletableFuture.supplyAsync(() -> NO_ITEM).thenApply(none -> table.serve(request)));
            DynamoDbCartStore store = store(settings -> settings.maxConcurrency(50));
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                String user = "user" + i;
                calls.add(store.get(user)
                        .thenApply(
                                cart -> store.addItem(user, book("a", "1", 1)).join()));
            }

            calls.forEach(call -> assertThat(resultOf(call).totalItems()).isEqualTo(1));
            assertNothingInUse(store);
        }

        @Test
        void executor_thatRefuses_losesNoResult() {
            client.thenAlways(serve(table));
            DynamoDbCartStore store = store(settings -> settings.executor(task -> {
                throw new RejectedExecutionException("shut down");
            }));

            for (int i = 0; i < 100; i++) {
                resultOf(store.addItem(USER, book("a" + i, "1", 1)));
            }
            assertNothingInUse(store);
        }

        /** The other call ends on the thread that waits for it. */
        @Test
        void executor_thatRefuses_letsACallbackWaitForAnotherCall() {
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response).thenAlways(serve(table));
            DynamoDbCartStore store = store(settings -> settings.executor(task -> {
                throw new RejectedExecutionException("shut down");
            }));
            CompletableFuture<Cart> added = store.get(USER)
                    .thenApply(cart -> store.addItem(USER, book("a", "1", 1)).join());

            response.complete(NO_ITEM);

            assertThat(resultOf(added).totalItems()).isEqualTo(1);
        }

        @Test
        void executor_runsCallersCode() {
            client.thenAlways(serve(table));
            List<Thread> threads = new CopyOnWriteArrayList<>();
            DynamoDbCartStore store = store(settings -> settings.executor(task -> {
                Thread thread = new Thread(task);
                threads.add(thread);
                thread.start();
            }));
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);

            CompletableFuture<Thread> ran = store.get(USER).thenApply(cart -> Thread.currentThread());
            answer.complete(NO_ITEM);

            assertThat(resultOf(ran)).isIn(threads);
        }

        /** A security context in an inheritable thread-local would reach the continuations of later callers. */
        @Test
        void threads_inheritTheClassLoaderOfACallerButNotItsContext() throws Exception {
            InheritableThreadLocal<String> context = new InheritableThreadLocal<>();
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response).thenAlways(hang());
            DynamoDbCartStore store = store();
            context.set("alice");
            ClassLoader before = Thread.currentThread().getContextClassLoader();
            try (URLClassLoader application = new URLClassLoader(new URL[0], before)) {
                Thread.currentThread().setContextClassLoader(application);

                CompletableFuture<String> seen = store.get("alice").thenApply(cart -> context.get());
                CompletableFuture<ClassLoader> loader =
                        seen.thenApply(value -> Thread.currentThread().getContextClassLoader());
                response.complete(NO_ITEM);

                assertThat(resultOf(seen)).isNull();
                assertThat(resultOf(loader)).isSameAs(application);
            } finally {
                Thread.currentThread().setContextClassLoader(before);
                context.remove();
            }
        }

        @Test
        void taskDecorator_everyStepOfACall_carriesTheContextOfItsCaller() {
            ThreadLocal<String> context = new ThreadLocal<>();
            List<String> seen = new CopyOnWriteArrayList<>();
            table.put(Writes.itemWithLines(1));
            client.thenAlways(serve(table).after(() -> seen.add(String.valueOf(context.get()))));
            client.then(fail(Failures.throttled()).after(() -> seen.add(String.valueOf(context.get()))));
            DynamoDbCartStore store = store(settings -> settings.clock(new TestClock(Examples.NOW))
                    .taskDecorator(task -> {
                        String captured = context.get();
                        return () -> {
                            String before = context.get();
                            context.set(captured);
                            try {
                                task.run();
                            } finally {
                                context.set(before);
                            }
                        };
                    }));
            context.set("trace 1");
            CompletableFuture<String> told = store.setQuantity(USER, "book0", 3).thenApply(cart -> context.get());
            context.remove();

            resultOf(told);
            assertThat(seen).hasSize(3).containsOnly("trace 1");
        }

        @Test
        void taskDecorator_whileAStepOfTheCallIsStillReturning_completesOnTheExecutor() {
            client.thenAlways(serve(table));
            CountDownLatch entered = new CountDownLatch(1);
            CountDownLatch returned = new CountDownLatch(1);
            ThreadLocal<Boolean> ofTheExecutor = ThreadLocal.withInitial(() -> false);
            DynamoDbCartStore store = store(settings -> settings.taskDecorator(task -> () -> {
                        if (ofTheExecutor.get()) {
                            entered.countDown();
                            awaitLatch(returned);
                        }
                        task.run();
                    })
                    .executor(task -> {
                        new Thread(() -> {
                                    ofTheExecutor.set(true);
                                    task.run();
                                })
                                .start();
                        awaitLatch(entered);
                    }));

            CompletableFuture<Cart> call = store.get(USER);

            assertThat(call).isNotDone();
            returned.countDown();
            resultOf(call);
        }

        @Test
        void taskDecorator_thatThrowsAtTheStart_costsNoCall() {
            client.thenAlways(serve(table));
            DynamoDbCartStore store = store(settings -> settings.taskDecorator(task -> {
                throw new IllegalStateException("no context");
            }));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 1))).totalItems())
                    .isEqualTo(1);
        }

        @Test
        void taskDecorator_thatThrowsOrRunsNothing_costsNoCall() {
            client.thenAlways(serve(table));
            DynamoDbCartStore throwing = store(settings -> settings.taskDecorator(task -> () -> {
                throw new IllegalStateException("no context");
            }));
            DynamoDbCartStore lazy = store(settings -> settings.taskDecorator(task -> () -> {}));

            resultOf(throwing.addItem(USER, book("a", "1", 1)));
            resultOf(lazy.addItem(USER, book("b", "1", 1)));
        }

        /** The second run of a step meets another thread at work on the call. */
        @Test
        void taskDecorator_thatRunsEachStepTwice_losesNoPlace() {
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response).thenAlways(hang());
            CountDownLatch pausing = new CountDownLatch(1);
            CountDownLatch released = new CountDownLatch(1);
            Pauses pauses = new Pauses();
            pauses.onPause(() -> {
                pausing.countDown();
                awaitLatch(released);
            });
            CountDownLatch steps = new CountDownLatch(2);
            DynamoDbCartStore store =
                    store(settings -> settings.maxConcurrency(1).backoff(pauses).taskDecorator(task -> () -> {
                        task.run();
                        response.completeExceptionally(Failures.throttled());
                        awaitLatch(pausing);
                        task.run();
                        steps.countDown();
                    }));
            CompletableFuture<Cart> call = store.get(USER);
            call.cancel(true);
            released.countDown();
            awaitLatch(steps);
            assertNothingInUse(store);

            store.get("first");
            store.get("second");

            assertThat(client.sent()).hasSize(2);
        }
    }

    @Nested
    class PluggedInParts {
        @Test
        void publisher_thatThrowsAnError_leavesResultAndTurn() {
            AtomicInteger published = new AtomicInteger();
            client.thenAlways(serve(table));
            DynamoDbCartStore store = store(settings -> settings.metricPublisher(new MetricPublisher() {
                @Override
                public void publish(MetricCollection collection) {
                    published.incrementAndGet();
                    throw new NoClassDefFoundError("com/example/Gone");
                }

                @Override
                public void close() {}
            }));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 1))).totalItems())
                    .isEqualTo(1);
            assertThat(resultOf(store.addItem(USER, book("b", "1", 1))).totalItems())
                    .isEqualTo(2);

            assertThat(published).hasValue(2);
            assertNothingInUse(store);
        }

        @Test
        void backoff_thatThrowsAfterALostResponse_isUnknown() {
            client.then(serveAndLose(table));
            DynamoDbCartStore store = store(settings -> settings.backoff(attempt -> {
                throw new IllegalStateException("no pause");
            }));

            CartOutcomeUnknownException failure =
                    failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure).hasRootCauseMessage("no pause");
            assertNothingInUse(store);
        }

        @Test
        void backoff_thatThrowsAfterThrottling_hasNoEffect() {
            client.then(fail(Failures.throttled()));
            DynamoDbCartStore store = store(settings -> settings.backoff(attempt -> {
                throw new AssertionError("no pause");
            }));

            CartStoreException failure = failureOf(CartStoreException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.effectPossible()).isFalse();
            assertThat(failure).hasRootCauseMessage("no pause");
        }

        @Test
        void clock_thatThrowsAfterALostResponse_isUnknown() {
            AtomicBoolean broken = new AtomicBoolean();
            client.then(serveAndLose(table).after(() -> broken.set(true)));
            DynamoDbCartStore store = store(settings -> settings.clock(clockThatThrows(broken)));

            failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 1)));
            assertNothingInUse(store);
        }

        @Test
        void clockThatThrows_failsTheFutureOfEveryCall() {
            DynamoDbCartStore store = store(settings -> settings.clock(clockThatThrows(new AtomicBoolean(true))));

            failureOf(CartStoreException.class, store.get(USER));
            failureOf(CartStoreException.class, store.getAll(List.of(USER)));
            failureOf(CartStoreException.class, store.addItem(USER, book("a", "1", 1)));
            failureOf(CartStoreException.class, store.clear(USER));
            failureOf(CartStoreException.class, store.merge("guest", USER, MergeStrategy.SUM));
            failureOf(CartStoreException.class, store.delete(USER));
            assertNothingInUse(store);
        }

        /** Kotlin and Lombok let a method throw an exception that it does not declare. */
        @Test
        void partsAroundACall_thatThrowUndeclaredExceptions_leaveResultAndTurn() {
            client.thenAlways(serve(table));
            DynamoDbCartStore publishing = store(settings -> settings.metricPublisher(new MetricPublisher() {
                @Override
                public void publish(MetricCollection collection) {
                    throwUndeclared(new IOException("no agent"));
                }

                @Override
                public void close() {}
            }));
            DynamoDbCartStore capturing =
                    store(settings -> settings.taskDecorator(task -> throwUndeclared(new IOException("no context"))));
            DynamoDbCartStore decorating = store(
                    settings -> settings.taskDecorator(task -> () -> throwUndeclared(new IOException("no context"))));
            DynamoDbCartStore refusing =
                    store(settings -> settings.executor(task -> throwUndeclared(new IOException("shut down"))));

            for (DynamoDbCartStore store : stores) {
                resultOf(store.addItem(USER, book("a", "1", 1)));
                resultOf(store.addItem(USER, book("a", "1", 1)));
                assertNothingInUse(store);
            }
            assertThat(stores).containsExactly(publishing, capturing, decorating, refusing);
            assertThat(resultOf(publishing.get(USER)).totalItems()).isEqualTo(8);
        }

        @Test
        void partsThatACallNeeds_thatThrowUndeclaredExceptions_failIt() {
            client.then(
                    serveAndLose(table),
                    request -> throwUndeclared(new IOException("no client")),
                    fail(Failures.accessDenied()));
            DynamoDbCartStore pausing =
                    store(settings -> settings.backoff(attempt -> throwUndeclared(new IOException("no pause"))));
            DynamoDbCartStore timeless =
                    store(settings -> settings.clock(clock(() -> throwUndeclared(new IOException("no time")))));
            DynamoDbCartStore sending = store();

            assertThat(failureOf(CartOutcomeUnknownException.class, pausing.addItem(USER, book("a", "1", 1))))
                    .hasRootCauseMessage("no pause");
            assertThat(failureOf(CartStoreException.class, timeless.addItem(USER, book("a", "1", 1))))
                    .hasRootCauseMessage("no time");
            assertThat(failureOf(CartStoreException.class, timeless.clear(USER)))
                    .hasRootCauseMessage("no time");
            failureOf(CartOutcomeUnknownException.class, sending.addItem(USER, book("a", "1", 1)));
            stores.forEach(EngineTest::assertNothingInUse);
        }

        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
        private static <R, X extends Throwable> R throwUndeclared(Throwable thrown) throws X {
            throw (X) thrown;
        }

        private static Clock clockThatThrows(AtomicBoolean broken) {
            return clock(() -> {
                if (broken.get()) {
                    throw new IllegalStateException("no time");
                }
                return Instant.now();
            });
        }

        private static Clock clock(Supplier<Instant> time) {
            return new Clock() {
                @Override
                public ZoneId getZone() {
                    return ZoneOffset.UTC;
                }

                @Override
                public Clock withZone(ZoneId zone) {
                    return this;
                }

                @Override
                public Instant instant() {
                    return time.get();
                }
            };
        }
    }

    @Nested
    class Time {
        @Test
        void deadline_clientThatBlocksWhileItSends_holds() {
            CountDownLatch released = new CountDownLatch(1);
            DynamoDbCartStore store = store();
            Duration time = Duration.ofMillis(300);
            AtomicInteger requests = new AtomicInteger();
            Throwable failure;
            do { // on a slow machine, the deadline may pass before the second request
                requests.set(0);
                client.thenAlways(request -> {
                    if (requests.incrementAndGet() == 1) { // sent on the caller's thread
                        return fail(Failures.throttled()).answer(request);
                    }
                    awaitLatch(released);
                    return new CompletableFuture<>();
                });
                CartUpdate update = CartUpdate.of(USER).add(book("a", "1", 1)).within(time);
                failure = store.apply(update).handle((cart, thrown) -> thrown).join();
                time = time.multipliedBy(2);
            } while (requests.get() < 2);

            assertThat(failure).isExactlyInstanceOf(CartOutcomeUnknownException.class);
            released.countDown();
            assertNothingInUse(store);
        }

        @Test
        void calls_thatHaveEnded_leaveNothingWithTheTimer() {
            client.thenAlways(serve(table));
            DynamoDbCartStore store = store(settings -> settings.operationTimeout(Duration.ofSeconds(60)));

            for (int i = 0; i < 1_000; i++) {
                resultOf(store.addItem(USER, book("a", "1", 1)));
            }

            assertNothingInUse(store);
        }

        @Test
        void deadline_ofZeroOrLess_sendsNothing() {
            DynamoDbCartStore store = store();
            for (Duration deadline :
                    List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofSeconds(Long.MIN_VALUE))) {
                CartStore within = store.within(deadline);

                failureOf(CartUnavailableException.class, within.get(USER));
                failureOf(CartUnavailableException.class, within.getAll(List.of(USER)));
                failureOf(CartUnavailableException.class, within.addItem(USER, book("a", "1", 1)));
                failureOf(CartUnavailableException.class, within.clear(USER));
                failureOf(CartUnavailableException.class, within.merge("guest", USER, MergeStrategy.SUM));
                failureOf(CartUnavailableException.class, within.delete(USER));
                CartUpdate update = CartUpdate.of(USER).add(book("a", "1", 1)).within(deadline);
                CartUnavailableException failure = failureOf(CartUnavailableException.class, store.apply(update));
                assertThat(failure).hasMessageContaining("nothing was sent");
            }
            assertThat(client.sent()).isEmpty();
        }

        @Test
        void deadline_whileOthersHaveTheTurn_saysSo() {
            client.thenAlways(hang());
            DynamoDbCartStore store = store();
            store.addItem(USER, book("a", "1", 1));

            assertThat(failureOf(
                            CartUnavailableException.class,
                            store.within(Duration.ofMillis(200)).addItem(USER, book("b", "1", 1))))
                    .hasMessageContaining("turn");
        }

        @Test
        void deadline_whileOthersHaveThePlaces_saysSo() {
            client.thenAlways(hang());
            DynamoDbCartStore store = store(settings -> settings.maxConcurrency(1));
            store.get("holder");

            assertThat(failureOf(
                            CartUnavailableException.class,
                            store.within(Duration.ofMillis(200)).get(USER)))
                    .hasMessageContaining("maxConcurrency");
        }

        @Test
        void backoff_delayThatTheServiceAsksFor_isKept() {
            client.then(fail(Failures.service(400, "ThrottlingException", Map.of("x-amz-retry-after", "30000"))));
            DynamoDbCartStore store = store();

            failureOf(
                    CartThrottledException.class,
                    store.get(USER)); // immediately: the backoff would outlast the deadline

            assertThat(client.sent()).hasSize(1);
        }
    }

    @Nested
    class Outage {
        @Test
        void calls_permanentServerErrors_costAtMostTwoRequestsEach() {
            client.thenAlways(fail(Failures.serverError()));
            DynamoDbCartStore store = store();
            List<CompletableFuture<Cart>> calls = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                calls.add(store.get("user" + i));
            }

            calls.forEach(call -> failureOf(CartUnavailableException.class, call));

            assertThat(client.sent()).hasSizeLessThanOrEqualTo(2 * 40);
        }

        @Test
        void outage_thatIsOver_isForgottenAtOnce() {
            for (int i = 0; i < 200; i++) {
                client.then(fail(Failures.serverError()));
            }
            client.thenAlways(serve(table));
            DynamoDbCartStore store = store();
            while (client.sent().size() < 200) {
                store.get(USER).handle((cart, failure) -> cart).join();
            }

            for (int i = 0; i < 10; i++) {
                resultOf(store.addItem(USER, book("a", "1", 1)));
            }
        }
    }

    @Nested
    class Closing {
        @Test
        void close_withDrain_letsCallsFinish() {
            CompletableFuture<DynamoDbResponse> answer = new CompletableFuture<>();
            client.then(request -> answer);
            DynamoDbCartStore store = store();
            CompletableFuture<Cart> call = store.get(USER);
            CompletableFuture<Boolean> closed =
                    CompletableFuture.supplyAsync(() -> store.close(Duration.ofSeconds(60)));
            await(() -> refuses(store));

            answer.complete(NO_ITEM);

            assertThat(resultOf(call).isEmpty()).isTrue();
            assertThat(resultOf(closed)).isTrue();
        }

        @Test
        void close_withDrainThatIsTooShort_endsCalls() {
            client.thenAlways(hang());
            DynamoDbCartStore store = store();
            CompletableFuture<Cart> call = store.get(USER);

            assertThat(store.close(Duration.ZERO)).isFalse();

            failureOf(CartUnavailableException.class, call);
            assertNothingInUse(store);
        }

        @Test
        void close_whileAnotherThreadDrains_isNotTakenForTheEndOfTheCalls() {
            client.thenAlways(hang());
            DynamoDbCartStore store = store();
            CompletableFuture<Cart> call = store.get(USER);
            CompletableFuture<Boolean> drained =
                    CompletableFuture.supplyAsync(() -> store.close(Duration.ofSeconds(60)));
            await(() -> refuses(store));

            store.close();

            failureOf(CartUnavailableException.class, call);
            assertThat(resultOf(drained)).isFalse();
            assertThat(store.close(Duration.ofSeconds(60))).isFalse();
        }

        /** A service that exits after the close would lose the outcome. */
        @Test
        void close_withDrainWhileAnOutcomeIsPublished_waitsUntilItIsTold() {
            CountDownLatch publishing = new CountDownLatch(1);
            CountDownLatch released = new CountDownLatch(1);
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response);
            DynamoDbCartStore store = store(settings -> settings.metricPublisher(new MetricPublisher() {
                @Override
                public void publish(MetricCollection metrics) {
                    publishing.countDown();
                    awaitLatch(released);
                }

                @Override
                public void close() {}
            }));
            CompletableFuture<Cart> call = store.get(USER);
            response.complete(NO_ITEM);
            awaitLatch(publishing);

            assertThat(store.close(Duration.ZERO)).isFalse();

            released.countDown();
            resultOf(call);
        }

        /** The call itself has ended, and its outcome is waiting for a thread of the executor. */
        @Test
        void close_whileAnExecutorHasYetToCompleteAFuture_waitsUntilItIsTold() {
            client.thenAlways(serve(table));
            Thread closing = Thread.currentThread();
            CountDownLatch closed = new CountDownLatch(1);
            DynamoDbCartStore store = store(settings -> settings.executor(task -> new Thread(() -> {
                        await(() -> closing.getState() == Thread.State.TIMED_WAITING || closed.getCount() == 0);
                        task.run();
                    })
                    .start()));
            CompletableFuture<Cart> call = store.get(USER);

            store.close();

            boolean told = call.isDone();
            closed.countDown();
            assertThat(told).isTrue();
        }

        @Test
        void close_fromTheContinuationOfACall_doesNotWaitForThatCall() {
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response);
            DynamoDbCartStore store = store();
            CompletableFuture<Boolean> closed = store.get(USER).thenApply(cart -> store.close(Duration.ofSeconds(60)));

            response.complete(NO_ITEM);

            assertThat(resultOf(closed)).isTrue();
        }

        @Test
        void close_withADrainOfCenturies_letsCallsFinish() {
            CompletableFuture<DynamoDbResponse> response = new CompletableFuture<>();
            client.then(request -> response);
            DynamoDbCartStore store = store();
            CompletableFuture<Cart> call = store.get(USER);
            CompletableFuture<Boolean> closed =
                    CompletableFuture.supplyAsync(() -> store.close(ChronoUnit.FOREVER.getDuration()));
            await(() -> refuses(store));

            response.complete(NO_ITEM);

            resultOf(call);
            assertThat(resultOf(closed)).isTrue();
        }

        private boolean refuses(DynamoDbCartStore store) {
            try {
                store.within(Duration.ZERO).get(USER);
                return false;
            } catch (IllegalStateException e) {
                return true;
            }
        }
    }

    @Nested
    class Waiting {
        @Test
        void await_callThatFails_throwsItsFailureItself() {
            client.then(fail(Failures.accessDenied()));
            DynamoDbCartStore store = store();

            assertThatThrownBy(() -> CartStore.await(store.get(USER))).isExactlyInstanceOf(CartAccessException.class);
        }

        @Test
        void await_interrupted_cancelsTheCallAndKeepsTheFlag() {
            client.then(hang());
            DynamoDbCartStore store = store();
            CompletableFuture<Cart> call = store.get(USER);
            Thread.currentThread().interrupt();

            assertThatThrownBy(() -> CartStore.await(call)).isInstanceOf(CancellationException.class);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(call).isCancelled();
        }

        @Test
        void await_value_isReturned() {
            client.then(answer(NO_ITEM));

            assertThat(CartStore.await(store().get(USER)).isEmpty()).isTrue();
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
