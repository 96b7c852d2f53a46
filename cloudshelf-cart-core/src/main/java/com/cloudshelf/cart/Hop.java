package com.cloudshelf.cart;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;

/**
 * An executor that loses no task. If its delegate refuses a task, or has no thread for it, the task runs elsewhere; the
 * first refusal is logged.
 */
final class Hop implements Executor {
    private static final Logger LOG = Logs.logger();

    /**
     * The tasks that a thread still has to run itself. They run in a loop, so that refusals do not pile up on its
     * stack.
     */
    private static final ThreadLocal<ArrayDeque<Runnable>> OWN = new ThreadLocal<>();

    private final Executor delegate;
    private final Executor fallback;
    private final AtomicBoolean refused = new AtomicBoolean();

    /** Refused tasks run on the current thread, so they must not wait for each other. */
    Hop(Executor delegate) {
        this(delegate, Hop::runHere);
    }

    /** @param fallback runs refused tasks */
    Hop(Executor delegate, Executor fallback) {
        this.delegate = delegate;
        this.fallback = fallback;
    }

    static ThreadFactory daemons(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> daemon(task, name + "-" + count.incrementAndGet());
    }

    /** Returns a thread that knows nothing of the call that happens to need it, which may be on behalf of another user. */
    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(null, task, name, 0, false); // inherits no thread-locals
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader()); // nor this, on newer JDKs
        thread.setDaemon(true);
        return thread;
    }

    @Override
    @SuppressWarnings("CatchAndPrintStackTrace")
    public void execute(Runnable task) {
        try {
            delegate.execute(task);
        } catch (Throwable e) { // also an OutOfMemoryError: no native thread
            if (refused.compareAndSet(false, true)) {
                LOG.warn("An executor refused a task, which runs elsewhere, as will later ones", e);
            }
            fallback.execute(task);
        }
    }

    private static void runHere(Runnable task) {
        ArrayDeque<Runnable> waiting = OWN.get();
        if (waiting != null) {
            waiting.add(task);
            return;
        }
        waiting = new ArrayDeque<>();
        OWN.set(waiting);
        try {
            for (Runnable next = task; next != null; next = waiting.poll()) {
                next.run();
            }
        } finally {
            OWN.remove();
        }
    }
}
