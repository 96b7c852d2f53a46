package com.cloudshelf.cart;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One daemon thread that says when time is up; it is made when first needed. It only triggers: what it runs must hand the work
 * on. A task that is cancelled is garbage at once.
 */
class Timer {
    private @Nullable ScheduledThreadPoolExecutor executor;
    private boolean closed;

    /** Has a task run after a time; returns its handle, or {@code null} once the timer is closed. */
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
