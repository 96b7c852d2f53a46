package com.cloudshelf.cart;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One daemon thread that triggers tasks after a time; created on first use. A task must pass its work to another
 * thread. A cancelled task is garbage at once.
 */
class Timer {
    private @Nullable ScheduledThreadPoolExecutor executor;
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
        return timer.schedule(task, Math.max(0, millis), TimeUnit.MILLISECONDS);
    }

    synchronized int size() {
        return executor == null ? 0 : executor.getQueue().size();
    }

    synchronized void close() {
        closed = true;
        if (executor != null) {
            executor.shutdownNow();
        }
    }
}
