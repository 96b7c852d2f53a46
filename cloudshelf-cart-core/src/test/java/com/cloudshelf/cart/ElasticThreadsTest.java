package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocked tasks hold up no others, and short ones do not get a thread each. */
@Timeout(60) // a task that is never run
class ElasticThreadsTest {
    private static final String NAME = "elastic-test";
    private static final long NEVER = TimeUnit.DAYS.toNanos(1);

    private final CountDownLatch released = new CountDownLatch(1);
    private ElasticThreads threads = new ElasticThreads(NAME);

    @AfterEach
    void release() {
        released.countDown();
        threads.shutdown();
    }

    @Test
    void execute_manyTasksThatWaitForEachOther_allEnd() throws InterruptedException {
        int tasks = 20 * ElasticThreads.USUAL_THREADS;
        CountDownLatch allThere = new CountDownLatch(tasks);
        CountDownLatch ended = new CountDownLatch(tasks);

        for (int i = 0; i < tasks; i++) {
            threads.execute(() -> {
                allThere.countDown();
                await(allThere);
                ended.countDown();
            });
        }

        ended.await();
    }

    @Test
    void execute_manyTasksThatWaitForEachOtherAfterACalm_allEnd() throws InterruptedException {
        execute_manyTasksThatWaitForEachOther_allEnd();
        awaitUntil(() -> threads.getCorePoolSize() == ElasticThreads.USUAL_THREADS);
        execute_manyTasksThatWaitForEachOther_allEnd();
    }

    @Test
    void execute_burstOfShortTasks_runsOnTheUsualThreads() throws InterruptedException {
        threads = unwatched();
        CountDownLatch ended = new CountDownLatch(100_000);

        for (int i = 0; i < 100_000; i++) {
            threads.execute(ended::countDown);
        }

        ended.await();
        assertThat(threads.getLargestPoolSize()).isEqualTo(ElasticThreads.USUAL_THREADS);
    }

    @Test
    void execute_shortTasks_inTheirOrder() throws InterruptedException {
        threads = unwatched();
        block(ElasticThreads.USUAL_THREADS - 1);
        List<Integer> order = new ArrayList<>();
        CountDownLatch ended = new CountDownLatch(100);

        for (int i = 0; i < 100; i++) {
            int number = i;
            threads.execute(() -> {
                order.add(number);
                ended.countDown();
            });
        }

        ended.await();
        assertThat(order).isSorted().hasSize(100);
    }

    @Test
    void look_someThreadsBlockedAndOthersAtWork_addsOneForEachThatIsBlocked() throws InterruptedException {
        threads = unwatched();
        threads.execute(() -> {});
        awaitUntil(() -> threads.getCompletedTaskCount() == 1);
        block(3);
        for (int i = 3; i < ElasticThreads.USUAL_THREADS; i++) {
            threads.execute(this::workUntilReleased);
        }
        awaitUntil(() -> threads.getActiveCount() == ElasticThreads.USUAL_THREADS);

        threads.look();

        assertThat(threads.getCorePoolSize()).isEqualTo(ElasticThreads.USUAL_THREADS + 3);
    }

    @Test
    void look_noTaskEnded_doublesTheThreads() {
        threads = unwatched();
        for (int i = 0; i < ElasticThreads.USUAL_THREADS; i++) {
            threads.execute(this::workUntilReleased);
        }

        threads.look();

        assertThat(threads.getCorePoolSize()).isEqualTo(2 * ElasticThreads.USUAL_THREADS);
    }

    @Test
    void shutdown_acceptedTasksBehindBlockedOnes_stillRun() throws InterruptedException {
        block(ElasticThreads.USUAL_THREADS);
        CountDownLatch ended = new CountDownLatch(1);
        threads.execute(ended::countDown);

        threads.shutdown();

        ended.await();
        assertThatThrownBy(() -> threads.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    }

    private ElasticThreads unwatched() {
        return new ElasticThreads(NAME, NEVER);
    }

    private void block(int tasks) throws InterruptedException {
        CountDownLatch blocked = new CountDownLatch(tasks);
        for (int i = 0; i < tasks; i++) {
            threads.execute(() -> {
                blocked.countDown();
                await(released);
            });
        }
        blocked.await();
        awaitUntil(() -> Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith(NAME))
                        .filter(thread -> thread.getState() == Thread.State.WAITING)
                        .count()
                >= tasks);
    }

    private void workUntilReleased() {
        while (released.getCount() > 0) {
            Thread.onSpinWait();
        }
    }

    private static void awaitUntil(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            if (Thread.interrupted()) {
                throw new AssertionError("it has not happened within the time limit of the test");
            }
            Thread.onSpinWait();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
