package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.schedule.Schedule;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;

/**
 * A real engine in a schedule: its threads are strands, the scenario advances its time, and its service is a script.
 */
final class ScheduledEngine {
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final Request REQUEST = Request.get("user", true);
    private static final GetItemResponse NO_ITEM = GetItemResponse.builder().build();
    private static final AwsRequestOverrideConfiguration NOTHING =
            AwsRequestOverrideConfiguration.builder().build();

    /** A call, and how often it reported its outcome. */
    private record Issued(CompletableFuture<String> result, AtomicInteger reports) {
        boolean isDone() {
            return result.isDone();
        }
    }

    private final int maxConcurrency;
    private final HandTimer timer = new HandTimer();
    private final Engine engine;
    private final List<Issued> calls = new ArrayList<>();
    private final List<CompletableFuture<GetItemResponse>> requests = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private boolean silent;
    private long millis = 1_000_000;

    // The counter of the last call's reports, and whether this thread is about to report an outcome.
    private AtomicInteger reports = new AtomicInteger();
    private final ThreadLocal<Boolean> reporting = ThreadLocal.withInitial(() -> false);

    /** @param hedging whether a request is hedged as soon as time passes */
    ScheduledEngine(int maxConcurrency, boolean hedging) {
        this.maxConcurrency = maxConcurrency;
        engine = new Engine(
                new Wire(new Client(), "carts", (remaining, watched) -> NOTHING, new MarkedCredentials.Watch()),
                new Engine.Settings(
                        Clock.systemUTC(),
                        () -> millis,
                        new IdClock(() -> millis, Duration.ZERO),
                        attempt -> Duration.ofMillis(10),
                        null,
                        maxConcurrency,
                        10,
                        hedging ? 1 : 0,
                        hedging ? 0 : -1,
                        this::complete,
                        this::decorate),
                timer,
                new StrandPerTask());
    }

    ScheduledEngine(int maxConcurrency) {
        this(maxConcurrency, false);
    }

    Engine engine() {
        return engine;
    }

    CompletableFuture<String> read(String userId) {
        return start(userId, false);
    }

    /** Issues a change, which takes turns with the cart's other changes. */
    CompletableFuture<String> change(String userId) {
        return start(userId, true);
    }

    private CompletableFuture<String> start(String userId, boolean takesTurns) {
        Call<String, String, String> call =
                new Call<>(engine, new OneRequest(userId), TIMEOUT, takesTurns, null, Function.identity());
        AtomicInteger counter = reports;
        CompletableFuture<String> result = call.start();
        calls.add(new Issued(result, counter));
        return result;
    }

    /** From now on, answers no request. */
    void stopAnswering() {
        silent = true;
    }

    void failNext(Throwable failure) {
        failures.add(failure);
    }

    void passTime(Duration time) {
        millis += time.toMillis();
        timer.trigger();
    }

    /** Lets time pass until every call is done, and asserts that each ended once and left nothing behind. */
    void assertAtRest() {
        Schedule.joinOthers();
        for (int i = 0; i < 20 && !calls.stream().allMatch(Issued::isDone); i++) {
            passTime(Duration.ofMillis(20));
            Schedule.joinOthers();
        }
        for (Issued call : calls) {
            assertThat(call.isDone()).as("the call is over").isTrue();
            // A call that is cancelled at this moment may still report its outcome, which nobody receives.
            assertThat(call.reports.get())
                    .as("reports of the call's outcome")
                    .isBetween(call.result.isCancelled() ? 0 : 1, 1);
        }
        assertThat(engine.places().taken()).as("places taken").isZero();
        assertThat(engine.inUse())
                .as("calls, places, turns and timer entries in use")
                .isZero();
    }

    /** Also asserts that as many new calls go through immediately as there are places. */
    void assertReady() {
        assertAtRest();
        int sent = requests.size();
        for (int i = 0; i < maxConcurrency; i++) {
            change("fresh" + i);
        }
        assertThat(requests.size() - sent).as("requests of fresh calls").isEqualTo(maxConcurrency);
        assertAtRest();
        calls.subList(calls.size() - maxConcurrency, calls.size())
                .forEach(call -> assertThat(call.result).isCompletedWithValue("done"));
    }

    private void complete(Runnable completion) {
        Schedule.start("completion", () -> {
            reporting.set(true);
            completion.run();
        });
    }

    private Runnable decorate(Runnable steps) {
        AtomicInteger count = new AtomicInteger();
        reports = count;
        return () -> {
            if (reporting.get()) {
                reporting.set(false);
                count.incrementAndGet();
            }
            steps.run();
        };
    }

    private final class Client implements DynamoDbAsyncClient {
        @Override
        public CompletableFuture<GetItemResponse> getItem(GetItemRequest request) {
            CompletableFuture<GetItemResponse> answer = new CompletableFuture<>();
            requests.add(answer);
            if (!failures.isEmpty()) {
                Throwable failure = failures.remove(0);
                Schedule.start("failure " + requests.size(), () -> answer.completeExceptionally(failure));
            } else if (!silent) {
                Schedule.start("answer " + requests.size(), () -> answer.complete(NO_ITEM));
            }
            return answer;
        }

        @Override
        public String serviceName() {
            return SERVICE_NAME;
        }

        @Override
        public void close() {}
    }

    /** The simplest protocol: one request, sent again after a failure. */
    private record OneRequest(String userId) implements Protocol<String, String> {
        @Override
        public String operation() {
            return "Test";
        }

        @Override
        public String nothingYet() {
            return "";
        }

        @Override
        public Decision<String, String> next(String evidence, Event event, Moment moment) {
            return switch (event.kind()) {
                case START, RESUMED -> Decision.send(evidence, REQUEST);
                case DONE -> Decision.succeed(evidence, "done", null);
                case REFUSED, FAILED -> Decision.pause(evidence);
            };
        }

        @Override
        public Decision<String, String> stop(String evidence, Stop stop) {
            return Decision.fail(evidence, stop.asException(userId, null), null);
        }
    }

    /** A timer that triggers due entries on demand. */
    private static final class HandTimer extends Timer {
        private final Set<FutureTask<?>> entries = new LinkedHashSet<>();
        private boolean closed;

        @Override
        @Nullable
        Future<?> schedule(Runnable task, long millis) {
            if (closed) {
                return null;
            }
            FutureTask<?> entry = new FutureTask<Object>(task, null) {
                @Override
                protected void done() {
                    entries.remove(this);
                }
            };
            entries.add(entry);
            return entry;
        }

        void trigger() {
            List.copyOf(entries).forEach(FutureTask::run);
        }

        @Override
        int size() {
            return entries.size();
        }

        @Override
        void close() {
            closed = true;
            entries.clear();
        }
    }

    private static final class StrandPerTask extends AbstractExecutorService {
        private int tasks;

        @Override
        public void execute(Runnable task) {
            Schedule.start("step " + ++tasks, task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long time, TimeUnit unit) {
            return true;
        }
    }
}
