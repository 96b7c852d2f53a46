package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.schedule.Schedule;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Events that several calls meet at the same time, and what must hold afterwards in every order of events. */
enum EngineScenarios implements Runnable {
    /** There is one place. The call that waits for it is cancelled while the place is given back. */
    CANCEL_WHILE_A_PLACE_IS_RELEASED {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            CompletableFuture<String> first = calls.read("a");
            CompletableFuture<String> second = calls.read("b");
            Schedule.start("cancel", () -> second.cancel(true));

            calls.assertReady();
            assertThat(first).isCompletedWithValue("done");
        }
    },

    /** The call that holds the place backs off, while another call waits for the place and is cancelled. */
    PAUSE_AND_CANCEL_AND_RETURN {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            calls.failNext(Failures.throttled());
            CompletableFuture<String> first = calls.read("a");
            CompletableFuture<String> second = calls.read("b");
            Schedule.start("time", () -> calls.passTime(Duration.ofMillis(10)));
            Schedule.start("cancel", () -> first.cancel(true));

            calls.assertReady();
            assertThat(second).isCompletedWithValue("done");
        }
    },

    /** Three changes to one cart: the first is cancelled or ends while the others enter the lane. */
    HEAD_OF_A_LANE_ENDS_WHILE_OTHERS_ENTER {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(3);
            CompletableFuture<String> head = calls.change("user");
            Schedule.start("second", () -> calls.change("user"));
            Schedule.start("third", () -> calls.change("user"));
            Schedule.start("cancel", () -> head.cancel(true));

            calls.assertReady();
        }
    },

    /** Three changes to one cart: the second is cancelled while its turn comes. */
    TURN_COMES_WHILE_ITS_OWNER_IS_CANCELLED {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(3);
            CompletableFuture<String> head = calls.change("user");
            CompletableFuture<String> second = calls.change("user");
            CompletableFuture<String> third = calls.change("user");
            Schedule.start("cancel", () -> second.cancel(true));

            calls.assertReady();
            assertThat(head).isCompletedWithValue("done");
            assertThat(third).isCompletedWithValue("done");
        }
    },

    /** The response, the deadline and a cancellation all arrive at once, while another call waits for the place. */
    ANSWER_AND_DEADLINE_AND_CANCEL {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            CompletableFuture<String> first = calls.read("a");
            calls.read("b");
            Schedule.start("time", () -> calls.passTime(ScheduledEngine.TIMEOUT));
            Schedule.start("cancel", () -> first.cancel(true));

            calls.assertReady();
        }
    },

    /** Both copies of a request are answered while time passes and their call is cancelled. */
    HEDGE_AND_ANSWERS_AND_CANCEL {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(2, true);
            CompletableFuture<String> first = calls.read("a");
            Schedule.start("time", () -> calls.passTime(Duration.ofMillis(1)));
            Schedule.start("cancel", () -> first.cancel(true));

            calls.assertReady();
        }
    },

    /** A store is closed while calls start, receive responses and reach their deadlines. */
    CLOSE_AND_START_AND_ANSWER_AND_DEADLINE {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            calls.change("user");
            Schedule.start("start", () -> {
                try {
                    calls.change("user");
                } catch (IllegalStateException e) {
                    // the store is closed
                }
            });
            Schedule.start("time", () -> calls.passTime(ScheduledEngine.TIMEOUT));
            Schedule.start("close", () -> calls.engine().close(Duration.ofSeconds(1)));

            calls.assertAtRest();
        }
    },

    /** A store is closed while a call starts, and the service hangs. */
    CLOSE_AND_START_WITHOUT_ANSWERS {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(2);
            calls.stopAnswering();
            calls.read("a");
            Schedule.start("start", () -> {
                try {
                    calls.read("b");
                } catch (IllegalStateException e) {
                    // the store is closed
                }
            });
            Schedule.start("close", () -> calls.engine().close(Duration.ofSeconds(1)));

            calls.assertAtRest();
        }
    },

    /** A hedged request fails while the timer looks at it, and its hedge is never answered. */
    HEDGE_AND_FAILURE_AND_SILENCE {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(2, true);
            calls.failNext(Failures.throttled());
            calls.stopAnswering();
            CompletableFuture<String> call = calls.read("a");
            Schedule.start("time", () -> {
                calls.passTime(Duration.ofMillis(1));
                calls.passTime(Duration.ofMillis(1));
            });
            Schedule.joinOthers();

            // Twice, because what the first of them triggers may set the timer once more.
            calls.passTime(ScheduledEngine.TIMEOUT);
            Schedule.joinOthers();
            calls.passTime(ScheduledEngine.TIMEOUT);
            Schedule.joinOthers();

            assertThat(call).as("after its deadline").isDone();
        }
    },

    /** A call starts while its store is closed. */
    CLOSE_AND_START {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            calls.stopAnswering();
            Schedule.start("start", () -> startUnlessClosed(calls));
            Schedule.start("close", () -> calls.engine().close(Duration.ofSeconds(1)));

            calls.assertAtRest();
        }
    },

    /** A call starts while its store is drained and then closed. */
    DRAIN_AND_START {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(2);
            AtomicBoolean drained = new AtomicBoolean();
            AtomicReference<CompletableFuture<String>> call = new AtomicReference<>();
            Schedule.start("start", () -> call.set(startUnlessClosed(calls)));
            Schedule.start("drain", () -> {
                drained.set(drain(calls));
                calls.engine().close(Duration.ofSeconds(1));
            });

            calls.assertAtRest();
            CompletableFuture<String> started = call.get();
            if (drained.get() && started != null) {
                assertThat(started.isCompletedExceptionally())
                        .as("whether a call was ended by the close, although all were said to have ended before")
                        .isFalse();
            }
        }
    },

    /** A store is drained while its last call ends. */
    DRAIN_AND_END {
        @Override
        public void run() {
            ScheduledEngine calls = new ScheduledEngine(1);
            calls.read("a");
            AtomicBoolean drained = new AtomicBoolean();
            Schedule.start("drain", () -> drained.set(drain(calls)));

            calls.assertAtRest();
            assertThat(drained).as("the drain noticed the end of the last call").isTrue();
        }
    };

    private static @Nullable CompletableFuture<String> startUnlessClosed(ScheduledEngine calls) {
        try {
            return calls.change("user");
        } catch (IllegalStateException e) {
            return null;
        }
    }

    private static boolean drain(ScheduledEngine calls) {
        try {
            return calls.engine().drain(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
