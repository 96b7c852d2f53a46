package com.cloudshelf.cart.benchmark;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/** The peers' reaction to a conflict: back off, start again, and give up after the store's deadline. */
final class Retries {
    private static final long DEADLINE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final BackoffStrategy BACKOFF =
            BackoffStrategy.exponentialDelay(Duration.ofMillis(50), Duration.ofSeconds(2));

    private Retries() {}

    static <T> CompletableFuture<T> untilNoConflict(Supplier<CompletableFuture<T>> attempt) {
        return retry(attempt, 1, System.nanoTime() + DEADLINE_NANOS);
    }

    private static <T> CompletableFuture<T> retry(Supplier<CompletableFuture<T>> attempt, int number, long end) {
        return attempt.get().exceptionallyCompose(thrown -> {
            Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
            if (!(cause instanceof ConditionalCheckFailedException) || System.nanoTime() >= end) {
                return CompletableFuture.failedFuture(cause);
            }
            long pause = BACKOFF.computeDelay(number + 1).toMillis();
            Executor later = CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS);
            return CompletableFuture.supplyAsync(() -> null, later)
                    .thenCompose(nothing -> retry(attempt, number + 1, end));
        });
    }
}
