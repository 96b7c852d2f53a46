package com.cloudshelf.cart;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool of daemon threads in which blocked tasks do not hold up others, and short tasks do not get a thread each.
 *
 * <p>A fixed number of threads takes the tasks in order, so a burst of short tasks does not start thousands of threads.
 * While tasks wait, a watcher looks at the pool every few milliseconds. If all threads are blocked and no task has been
 * taken since its last look, or if they are found blocked several times in a row and few tasks have ended, it doubles
 * their number. So the pool cannot be exhausted into a deadlock, and tasks that block briefly do not hold up others for
 * as long as they come. Additional threads and the watcher end when they have had nothing to do for a second.
 */
final class ElasticThreads extends ThreadPoolExecutor {
    /** Enough that a few slow tasks, such as requests for credentials, do not stop the pool. */
    static final int USUAL_THREADS = Math.max(16, 4 * Runtime.getRuntime().availableProcessors());

    /**
     * A thread that waits for the network does not look blocked. So after this many looks the number is doubled even
     * if some threads seem to be at work. On a machine that is only short of processors, a task is taken before that.
     */
    static final int PATIENT_LOOKS = 10;

    /**
     * After this many looks at which all threads were blocked, the number is doubled even if some tasks were taken in
     * between.
     */
    static final int BLOCKED_LOOKS = 3;

    /** Threads that end at least so many tasks each between two looks are waiting for each other's locks, not blocked. */
    private static final long SHORT_TASKS = 2;

    private static final int KEEP_ALIVE_SECONDS = 10;
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Set<Thread> threads;
    private final ThreadFactory factory;
    private final ThreadFactory watchers;
    private final long lookNanos;
    private final AtomicInteger starting = new AtomicInteger();
    private final AtomicInteger busyHelpers = new AtomicInteger();
    private final AtomicLong helped = new AtomicLong();
    private final AtomicBoolean watched = new AtomicBoolean();

    // Guarded by this.
    private @Nullable Runnable first;
    private int looksAtFirst;
    private int looksAtBlocked;
    private long doneBefore;

    ElasticThreads(String name) {
        this(name, LOOK_NANOS);
    }

    /** @param lookNanos the time between two looks of the watcher */
    ElasticThreads(String name, long lookNanos) {
        this(name, lookNanos, ConcurrentHashMap.newKeySet());
    }

    private ElasticThreads(String name, long lookNanos, Set<Thread> threads) {
        super(
                USUAL_THREADS,
                USUAL_THREADS,
                KEEP_ALIVE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                listing(Hop.daemons(name), threads));
        allowCoreThreadTimeOut(true);
        this.threads = threads;
        this.factory = getThreadFactory();
        this.watchers = Hop.daemons(name + "-watcher");
        this.lookNanos = lookNanos;
    }

    /** Lists each thread while it lives. */
    private static ThreadFactory listing(ThreadFactory factory, Set<Thread> threads) {
        return worker -> factory.newThread(() -> {
            threads.add(Thread.currentThread());
            try {
                worker.run();
            } finally {
                threads.remove(Thread.currentThread());
            }
        });
    }

    @Override
    public void execute(Runnable task) {
        super.execute(task);
        if (!getQueue().isEmpty()) {
            watch();
        }
    }

    private void watch() {
        if (!watched.get() && watched.compareAndSet(false, true) && !start(watchers, this::lookUntilIdle)) {
            watched.set(false);
        }
    }

    private void lookUntilIdle() {
        long idleSince = System.nanoTime();
        while (System.nanoTime() - idleSince < IDLE_NANOS) {
            LockSupport.parkNanos(lookNanos);
            look();
            idleSince = getQueue().isEmpty() ? idleSince : System.nanoTime();
        }
        watched.set(false);
        if (!getQueue().isEmpty()) {
            watch(); // whoever added the task may have relied on this watcher
        }
    }

    /** Doubles the number of threads if they are what a task waits for. */
    synchronized void look() {
        Runnable waiting = getQueue().peek();
        looksAtFirst = waiting != null && waiting == first ? looksAtFirst + 1 : 0;
        first = waiting;
        long done = getCompletedTaskCount() + helped.get();
        boolean few = done - doneBefore < SHORT_TASKS * threads.size();
        doneBefore = done;
        boolean busy = waiting != null && areBusy();
        boolean blocked = busy && areBlocked();
        looksAtBlocked = blocked && few ? looksAtBlocked + 1 : 0;
        if ((blocked && looksAtFirst > 0)
                || looksAtBlocked >= BLOCKED_LOOKS
                || (busy && looksAtFirst >= PATIENT_LOOKS)) {
            looksAtFirst = 0;
            looksAtBlocked = 0;
            for (int more = threads.size(); more > 0; more--) {
                starting.incrementAndGet();
                if (!start(factory, this::help)) {
                    starting.decrementAndGet();
                }
            }
        }
    }

    /** Whether all threads have a task. */
    private boolean areBusy() {
        return starting.get() == 0 && getActiveCount() + busyHelpers.get() >= threads.size();
    }

    private boolean areBlocked() {
        for (Thread thread : threads) {
            Thread.State state = thread.getState();
            if (state != Thread.State.BLOCKED && state != Thread.State.WAITING && state != Thread.State.TIMED_WAITING) {
                return false;
            }
        }
        return true;
    }

    private void help() {
        starting.decrementAndGet();
        try {
            for (Runnable task = next(); task != null; task = next()) {
                busyHelpers.incrementAndGet();
                try {
                    task.run();
                } finally {
                    helped.incrementAndGet();
                    busyHelpers.decrementAndGet();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Runnable next() throws InterruptedException {
        return getQueue().poll(IDLE_NANOS, TimeUnit.NANOSECONDS);
    }

    /** Starts a thread; returns false if the system has none. */
    private static boolean start(ThreadFactory factory, Runnable task) {
        try {
            factory.newThread(task).start();
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }
}
