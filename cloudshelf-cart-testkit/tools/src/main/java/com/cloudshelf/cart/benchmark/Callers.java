package com.cloudshelf.cart.benchmark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Callers that read carts, each its own and again as soon as it has been read. */
final class Callers {
    private final Carts carts;
    private final long measured;
    private final long end;
    private final List<Double> millis = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger failed = new AtomicInteger();
    private final CountDownLatch ended;

    private Callers(Carts carts, int callers, long warmUp, long time) {
        this.carts = carts;
        this.measured = System.nanoTime() + warmUp;
        this.end = measured + time;
        this.ended = new CountDownLatch(callers);
    }

    /**
     * Starts callers that read for a while.
     *
     * @param warmUp for how many nanoseconds they read before their reads are measured
     * @param time for how many nanoseconds they are measured
     */
    static Callers start(Carts carts, int callers, long warmUp, long time) {
        Callers started = new Callers(carts, callers, warmUp, time);
        for (int i = 0; i < callers; i++) {
            started.call("user" + i);
        }
        return started;
    }

    void awaitWarmUp() throws InterruptedException {
        ended.await(measured - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** Returns the milliseconds of each measured read, the shortest first, once all have ended. */
    List<Double> millis() {
        if (failed.get() > 0) {
            throw new IllegalStateException(failed + " calls failed");
        }
        return millis.stream().sorted().toList();
    }

    private void call(String userId) {
        long start = System.nanoTime();
        carts.get(userId).whenComplete((cart, failure) -> {
            long now = System.nanoTime();
            if (failure != null) {
                failed.incrementAndGet();
            }
            if (now >= measured && now < end) {
                millis.add((now - start) / 1e6);
            }
            if (now >= end) {
                ended.countDown();
            } else {
                call(userId);
            }
        });
    }
}
