package com.cloudshelf.cart;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.Assertions;

/** Outcomes of calls. Nothing in these tests takes long, so every call ends. */
final class Outcomes {
    private Outcomes() {}

    static <T> T resultOf(CompletableFuture<T> call) {
        try {
            return call.get(60, SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the call failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the call did not end", e);
        }
    }

    /** Waits until a condition holds that another thread is about to fulfil. */
    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("the condition never held");
            }
            Thread.onSpinWait();
        }
    }

    static <X extends Throwable> X failureOf(Class<X> type, CompletableFuture<?> call) {
        try {
            call.get(60, SECONDS);
        } catch (ExecutionException e) {
            Assertions.assertThat(e.getCause()).isExactlyInstanceOf(type);
            return type.cast(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the call did not end", e);
        }
        throw new AssertionError("the call did not fail");
    }
}
