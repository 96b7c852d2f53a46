package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocked tasks hold up no others, and short ones do not get a thread each. */
@Timeout(60) // a task that is never run
class ElasticThreadsTest {
    private static final long NEVER = TimeUnit.DAYS.toNanos(1);

    private final CountDownLatch released = new CountDownLatch(1);
    private final String name = "elastic-test-" + System.identityHashCode(this);
    private ElasticThreads threads = new ElasticThreads(name);

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
        awaitUntil(() -> living() <= ElasticThreads.USUAL_THREADS);
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
    void look_allThreadsAreBlocked_doublesThem() throws InterruptedException {
        threads = unwatched();
        block(ElasticThreads.USUAL_THREADS);
        CountDownLatch ended = new CountDownLatch(1);
        threads.execute(ended::countDown);
        threads.look();
        assertThat(living()).isEqualTo(ElasticThreads.USUAL_THREADS);

        threads.look();

        ended.await();
    }

    @Test
    void look_someThreadsAreAtWork_doublesThemAfterSomeLooksOnly() throws InterruptedException {
        threads = unwatched();
        block(ElasticThreads.USUAL_THREADS - 1);
        CountDownLatch working = new CountDownLatch(1);
        threads.execute(() -> {
            working.countDown();
            workUntilReleased();
        });
        working.await(); // a thread that has not started yet does not count
        CountDownLatch ended = new CountDownLatch(1);
        threads.execute(ended::countDown);
        for (int i = 0; i < ElasticThreads.PATIENT_LOOKS; i++) {
            threads.look();
        }
        assertThat(living()).isEqualTo(ElasticThreads.USUAL_THREADS);

        threads.look();

        ended.await();
    }

    @Test
    void look_tasksAreTakenByAThreadAtWork_startsNoThread() throws InterruptedException {
        threads = unwatched();
        block(ElasticThreads.USUAL_THREADS - 1);
        Semaphore taken = new Semaphore(0);
        Semaphore ended = new Semaphore(0);
        for (int i = 0; i < 100; i++) {
            threads.execute(() -> {
                taken.release();
                while (!ended.tryAcquire()) {
                    Thread.onSpinWait();
                }
            });
        }

        for (int i = 0; i < 90; i++) {
            taken.acquire();
            threads.look();
            ended.release();
        }

        ended.release(10);
        assertThat(living()).isEqualTo(ElasticThreads.USUAL_THREADS);
    }

    /** Tasks that block briefly, one after the other, would otherwise hold up all others for as long as they come. */
    @Test
    void look_tasksAreTakenButAllThreadsAreBlockedEachTime_doublesThemAfterSomeLooks() throws InterruptedException {
        threads = unwatched();
        block(ElasticThreads.USUAL_THREADS - 1);
        Semaphore taken = new Semaphore(0);
        Semaphore ended = new Semaphore(0);
        for (int i = 0; i < 100; i++) {
            threads.execute(() -> {
                taken.release();
                ended.acquireUninterruptibly();
            });
        }

        for (int i = 0; i < ElasticThreads.BLOCKED_LOOKS; i++) {
            assertThat(living()).isEqualTo(ElasticThreads.USUAL_THREADS);
            taken.acquire();
            awaitUntil(() -> living(Thread.State.WAITING) == ElasticThreads.USUAL_THREADS);
            threads.look();
            ended.release();
        }

        taken.acquire(1 + ElasticThreads.USUAL_THREADS);
        ended.release(100);
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
        return new ElasticThreads(name, NEVER);
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
        awaitUntil(() -> living(Thread.State.WAITING) >= tasks);
    }

    private long living(Thread.State... states) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name + "-"))
                .filter(thread -> !thread.getName().contains("watcher"))
                .filter(thread -> states.length == 0 || List.of(states).contains(thread.getState()))
                .count();
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
