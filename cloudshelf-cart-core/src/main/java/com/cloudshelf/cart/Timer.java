package com.cloudshelf.cart;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One daemon thread that triggers tasks after a time; created on first use. A task must pass its work to another
 * thread. A cancelled task is garbage at once.
 *
 * <p>Most tasks are cancelled within milliseconds. To wake the thread for each of them would cost a call more than all
 * else that the timer does. So while tasks come, one more task, the tick, is due before nearly all of them: only what is
 * due first wakes the thread.
 */
class Timer {
    private static final long TICK_MILLIS = 5;

    private @Nullable ScheduledThreadPoolExecutor executor;
    private @Nullable Future<?> tick;
    private boolean used;
    private boolean closed;

    /** Runs a task after a time. Returns its handle, or {@code null} if the timer is closed. */
    synchronized @Nullable Future<?> schedule(Runnable task, long millis) {
        if (closed) {
            return null; // every call was ended by then
        }
        ScheduledThreadPoolExecutor timer = executor;
        if (timer == null) {
            timer = new ScheduledThreadPoolExecutor(1, Hop.daemons("cloudshelf-cart-timer"));
            timer.setRemoveOnCancelPolicy(true);
            executor = timer;
        }
        used = true;
        if (tick == null) {
            tickLater(timer);
        }
        return timer.schedule(task, Math.max(0, millis), TimeUnit.MILLISECONDS);
    }

    private void tickLater(ScheduledThreadPoolExecutor timer) {
        tick = timer.schedule(() -> tick(timer), TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void tick(ScheduledThreadPoolExecutor timer) {
        tick = null;
        if (used && !closed) {
            tickLater(timer);
        }
        used = false;
    }

    synchronized int size() {
        int tasks = 0;
        if (executor != null) {
            for (Runnable task : executor.getQueue()) {
                tasks += task == tick ? 0 : 1;
            }
        }
        return tasks;
    }

    synchronized void close() {
        closed = true;
        if (executor != null) {
            executor.shutdownNow();
        }
    }
}
