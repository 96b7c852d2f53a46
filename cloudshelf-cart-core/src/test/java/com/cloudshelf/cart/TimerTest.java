package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks are triggered after their time, whatever was scheduled and cancelled before. */
@Timeout(60) // a task that is never triggered
class TimerTest {
    private static final long FAR = 3_600_000;

    private final Timer timer = new Timer();

    @AfterEach
    void close() {
        timer.close();
    }

    @Test
    void schedule_afterManyThatWereCancelled_triggersTheTask() throws InterruptedException {
        for (int i = 0; i < 1_000; i++) {
            scheduled(() -> {}, FAR).cancel(false);
        }
        CountDownLatch triggered = new CountDownLatch(1);

        scheduled(triggered::countDown, 20);

        triggered.await();
    }

    @Test
    void schedule_soonerThanOthers_triggersTheSoonerFirst() throws InterruptedException {
        scheduled(() -> {}, FAR);
        CountDownLatch triggered = new CountDownLatch(2);

        scheduled(triggered::countDown, 30);
        scheduled(triggered::countDown, 0);

        triggered.await();
        assertThat(timer.size()).isEqualTo(1);
    }

    @Test
    void schedule_anyDelay_triggersTheTaskNoSooner() throws InterruptedException {
        AtomicLong waited = new AtomicLong();
        CountDownLatch triggered = new CountDownLatch(1);
        long start = System.nanoTime();

        scheduled(
                () -> {
                    waited.set(System.nanoTime() - start);
                    triggered.countDown();
                },
                40);

        triggered.await();
        assertThat(waited.get()).isGreaterThanOrEqualTo(Duration.ofMillis(40).toNanos());
    }

    @Test
    void schedule_afterACalm_triggersTheTask() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            CountDownLatch triggered = new CountDownLatch(1);
            scheduled(triggered::countDown, 1);
            triggered.await();
            Thread.sleep(20); // in which the timer comes to rest; what follows holds if it does not
        }
    }

    @Test
    void cancel_anyTask_leavesNothing() {
        List<Future<?>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tasks.add(scheduled(() -> {}, FAR));
        }
        assertThat(timer.size()).isEqualTo(100);

        tasks.forEach(task -> task.cancel(false));

        assertThat(timer.size()).isZero();
    }

    @Test
    void close_withTasks_leavesNothingAndAcceptsNothing() {
        scheduled(() -> {}, FAR);

        timer.close();

        await(() -> timer.size() == 0);
        assertThat(timer.schedule(() -> {}, 0)).isNull();
    }

    private Future<?> scheduled(Runnable task, long millis) {
        Future<?> handle = timer.schedule(task, millis);
        assertThat(handle).isNotNull();
        return handle;
    }
}
