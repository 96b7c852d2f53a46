package com.cloudshelf.cart;

import static com.cloudshelf.cart.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks are triggered after their time, whatever was scheduled and cancelled before. */
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

        timer.schedule(triggered::countDown, 20);

        triggered.await();
    }

    @Test
    void schedule_soonerThanOthers_triggersTheSoonerFirst() throws InterruptedException {
        scheduled(() -> {}, FAR);
        CountDownLatch triggered = new CountDownLatch(2);

        timer.schedule(triggered::countDown, 30);
        timer.schedule(triggered::countDown, 0);

        triggered.await();
        assertThat(timer.size()).isEqualTo(1);
    }

    @Test
    void schedule_afterACalm_triggersTheTask() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            CountDownLatch triggered = new CountDownLatch(1);
            timer.schedule(triggered::countDown, 1);
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
