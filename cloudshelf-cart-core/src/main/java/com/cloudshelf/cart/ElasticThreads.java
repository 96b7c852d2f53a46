package com.cloudshelf.cart;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A pool of daemon threads in which blocked tasks do not hold up others, and short tasks do not get a thread each.
 *
 * <p>A few threads take the tasks in order, so a burst of short tasks does not start thousands of threads. While tasks
 * wait, a watcher looks at the pool every few milliseconds. It adds a thread for each one that is blocked, and doubles
 * their number if no task has ended since its last look. So the pool cannot be exhausted into a deadlock. The threads
 * and the watcher end when they have nothing to do.
 */
final class ElasticThreads extends ThreadPoolExecutor {
    /** Enough that a few slow tasks, such as requests for credentials, hold up nothing. */
    static final int USUAL_THREADS = Math.max(16, 4 * Runtime.getRuntime().availableProcessors());

    private static final int KEEP_ALIVE_SECONDS = 10;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** For how many looks at an empty queue the watcher stays: starting it again and again would cost more. */
    private static final int IDLE_LOOKS = 200;

    private final Set<Thread> threads;
    private final ThreadFactory watchers;
    private final long lookNanos;
    private final AtomicBoolean watched = new AtomicBoolean();

    // Guarded by this.
    private long endedBefore;

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
                Integer.MAX_VALUE,
                KEEP_ALIVE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                listing(Hop.daemons(name), threads));
        allowCoreThreadTimeOut(true);
        this.threads = threads;
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
        if (!watched.get() && watched.compareAndSet(false, true)) {
            try {
                watchers.newThread(this::watchUntilIdle).start();
            } catch (Error e) { // no native thread: those that there are go on
                watched.set(false);
            }
        }
    }

    private void watchUntilIdle() {
        int idleLooks = 0;
        while (idleLooks < IDLE_LOOKS) {
            LockSupport.parkNanos(lookNanos);
            idleLooks = getQueue().isEmpty() ? idleLooks + 1 : 0;
            if (idleLooks == 0) {
                look();
            }
        }
        setCorePoolSize(USUAL_THREADS);
        watched.set(false);
        if (!getQueue().isEmpty()) {
            watch(); // whoever added the task may have seen this watcher
        }
    }

    /** Starts threads for tasks that wait, if others are blocked. */
    synchronized void look() {
        long ended = getCompletedTaskCount();
        int wanted = USUAL_THREADS + blocked();
        if (ended == endedBefore) {
            wanted = Math.max(wanted, 2 * getPoolSize());
        }
        endedBefore = ended;
        if (wanted > getCorePoolSize()) {
            try {
                setCorePoolSize(wanted);
            } catch (Error e) {
                // No native thread: the next look tries again.
            }
        }
    }

    private int blocked() {
        int idle = getPoolSize() - getActiveCount();
        int still = 0;
        for (Thread thread : threads) {
            switch (thread.getState()) {
                case BLOCKED, WAITING, TIMED_WAITING -> still++;
                default -> {}
            }
        }
        return Math.max(0, still - idle);
    }
}
