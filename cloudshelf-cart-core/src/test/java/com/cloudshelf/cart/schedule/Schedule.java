package com.cloudshelf.cart.schedule;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario in which one thread runs at a time. Before each access to shared state, the schedule decides
 * which thread continues. {@link Instrumentation} inserts these points into the classes under test.
 *
 * <p>It is drawn as in "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (Burckhardt and others):
 * each strand has a random priority, the strand with the highest priority that can continue does so, and at a few
 * random points the running strand falls behind all others. A bug that needs few such points is found with a
 * probability that does not depend on how narrow its window is. The same seed gives the same schedule.
 */
public final class Schedule {
    /** More points than any scenario has. A strand that reaches so many is in an endless loop. */
    private static final int MAX_POINTS = 20_000;

    private static final int PATIENCE_SECONDS = 120;

    private static final ThreadLocal<Strand> CURRENT = new ThreadLocal<>();

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "strand");
        thread.setDaemon(true);
        return thread;
    });

    /** A thread of a scenario. */
    private final class Strand {
        final String name;
        final Semaphore go = new Semaphore(0);
        int priority = random.nextInt(1, Integer.MAX_VALUE);
        boolean ended;
        int shielded;
        int locks;

        @Nullable
        BooleanSupplier waitsFor;

        boolean givesUp;

        Strand(String name) {
            this.name = name;
        }

        boolean canContinue() {
            BooleanSupplier condition = waitsFor;
            return !ended && (condition == null || condition.getAsBoolean());
        }

        Schedule schedule() {
            return Schedule.this;
        }
    }

    private static final class Lock {
        @Nullable
        Strand owner;

        int depth;
    }

    // Only the running strand uses these fields; each hands them over to the next.
    private final SplittableRandom random;
    private final Set<Integer> changes = new HashSet<>();
    private final List<Strand> strands = new ArrayList<>();
    private final Map<Object, Lock> locks = new IdentityHashMap<>();
    private final List<String> trace = new ArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private int points;
    private int fallenBehind;
    private @Nullable Throwable failure;

    private Schedule(long seed, int expectedPoints) {
        random = new SplittableRandom(seed);
        int count = random.nextInt(4); // a quarter of the runs have none
        for (int i = 0; i < count; i++) {
            changes.add(random.nextInt(1, Math.max(2, expectedPoints)));
        }
    }

    /** How a run ended. */
    public record Outcome(int points, @Nullable Throwable failure, List<String> trace) {}

    /**
     * Runs a scenario.
     *
     * @param expectedPoints roughly how many points the scenario has
     */
    public static Outcome run(long seed, int expectedPoints, Runnable scenario) {
        Schedule schedule = new Schedule(seed, expectedPoints);
        Strand first = schedule.add("main", scenario);
        first.go.release();
        try {
            if (!schedule.over.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a strand waits for something outside the schedule");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return new Outcome(schedule.points, schedule.failure, schedule.trace);
    }

    /* For scenarios. */

    /** Starts another strand. */
    public static void start(String name, Runnable body) {
        current().schedule().add(name, body);
        point("start of " + name);
    }

    /** Waits until all other strands have ended. */
    public static void joinOthers() {
        Strand self = current();
        self.schedule().wait(self, () -> self.schedule().haveEnded(self), false);
    }

    /* For the classes under test. */

    /** Marks a point: the strand is about to do something that others could observe or influence. */
    public static void point(String where) {
        Strand self = CURRENT.get();
        if (self != null && self.shielded == 0) {
            self.schedule().pass(self, where);
        }
    }

    /** Marks a point, unless the strand holds a lock that guards the access. */
    public static void guardedPoint(String where) {
        Strand self = CURRENT.get();
        if (self != null && self.locks == 0) {
            point(where);
        }
    }

    /** Keeps the strand running until {@link #unshield}: it is in a critical section of another class. */
    public static void shield(String where) {
        point(where);
        current().shielded++;
    }

    public static void unshield() {
        current().shielded--;
    }

    public static void enter(Object monitor, String where) {
        point(where);
        Strand self = current();
        Lock lock = self.schedule().locks.computeIfAbsent(monitor, any -> new Lock());
        if (lock.owner != self && lock.owner != null) {
            self.schedule().wait(self, () -> lock.owner == null, false);
        }
        lock.owner = self;
        lock.depth++;
        self.locks++;
    }

    public static void exit(Object monitor) {
        Strand self = current();
        Lock lock = self.schedule().locks.get(monitor);
        if (lock == null || lock.owner != self) {
            throw new IllegalMonitorStateException();
        }
        self.locks--;
        if (--lock.depth == 0) {
            lock.owner = null;
        }
    }

    /** Replaces the method of {@link CompletableFuture}. The time is up when no strand can continue. */
    public static Object get(CompletableFuture<?> future, long time, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        Strand self = current();
        self.schedule().wait(self, future::isDone, true);
        return future.get(0, unit);
    }

    /** Replaces the method of {@link CountDownLatch}. The time is up when no strand can continue. */
    public static boolean await(CountDownLatch latch, long time, TimeUnit unit) throws InterruptedException {
        Strand self = current();
        self.schedule().wait(self, () -> latch.getCount() == 0, true);
        return latch.await(0, unit);
    }

    /* The schedule. */

    private static Strand current() {
        Strand self = CURRENT.get();
        if (self == null) {
            throw new IllegalStateException("this thread belongs to no schedule");
        }
        return self;
    }

    private Strand add(String name, Runnable body) {
        Strand strand = new Strand(name);
        strands.add(strand);
        THREADS.execute(() -> {
            strand.go.acquireUninterruptibly();
            CURRENT.set(strand);
            try {
                body.run();
            } catch (Throwable e) {
                failure = failure == null ? e : failure;
            } finally {
                CURRENT.remove();
                strand.ended = true;
                next(strand);
            }
        });
        return strand;
    }

    private void pass(Strand self, String where) {
        points++;
        trace.add(self.name + ": " + where);
        if (points > MAX_POINTS) {
            throw new IllegalStateException("the strands are in an endless loop");
        }
        if (changes.contains(points)) {
            self.priority = --fallenBehind;
        }
        next(self);
    }

    private void wait(Strand self, BooleanSupplier condition, boolean givesUp) {
        self.waitsFor = condition;
        self.givesUp = givesUp;
        next(self);
        self.waitsFor = null;
        self.givesUp = false;
    }

    private boolean haveEnded(Strand self) {
        return strands.stream().allMatch(strand -> strand == self || strand.ended);
    }

    /** Lets the next strand run. If no strand can continue, the threads stay where they are. */
    private void next(Strand self) {
        Strand next = highest(Strand::canContinue);
        if (next == null) {
            next = highest(strand -> strand.givesUp && !strand.ended);
        }
        if (next == null) {
            if (!strands.stream().allMatch(strand -> strand.ended) && failure == null) {
                failure = new AssertionError("no strand can continue: " + stuck());
            }
            over.countDown();
        } else if (next != self) {
            next.go.release();
        }
        if (next != self && !self.ended) {
            self.go.acquireUninterruptibly();
        }
    }

    private @Nullable Strand highest(Predicate<Strand> which) {
        Strand highest = null;
        for (Strand strand : strands) {
            if (which.test(strand) && (highest == null || strand.priority > highest.priority)) {
                highest = strand;
            }
        }
        return highest;
    }

    private List<String> stuck() {
        return strands.stream()
                .filter(strand -> !strand.ended)
                .map(strand -> strand.name)
                .toList();
    }
}
