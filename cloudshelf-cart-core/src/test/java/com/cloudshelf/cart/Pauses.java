package com.cloudshelf.cart;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import software.amazon.awssdk.retries.api.BackoffStrategy;

/** A backoff strategy that does not wait, and records the attempts that it was asked about. */
final class Pauses implements BackoffStrategy {
    private final List<Integer> attempts = new CopyOnWriteArrayList<>();
    private volatile Runnable onPause = () -> {};
    private volatile Duration delay = Duration.ZERO;

    /** Returns the attempts that followed a backoff, counted from 1. */
    List<Integer> attempts() {
        return attempts;
    }

    /** Runs the action whenever a call asks how long to back off. */
    void onPause(Runnable action) {
        onPause = action;
    }

    void delay(Duration duration) {
        delay = duration;
    }

    @Override
    public Duration computeDelay(int attempt) {
        attempts.add(attempt);
        onPause.run();
        return delay;
    }
}
