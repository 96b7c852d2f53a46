package com.cloudshelf.cart;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.Assertions;

/** How a call ended; it always does, for nothing in these tests takes long. */
final class Outcomes {
    private Outcomes() {}

    static <T> T resultOf(CompletableFuture<T> call) {
        try {
            return call.get(10, SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the call failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the call did not end", e);
        }
    }

    static <X extends Throwable> X failureOf(Class<X> type, CompletableFuture<?> call) {
        try {
            call.get(10, SECONDS);
        } catch (ExecutionException e) {
            Assertions.assertThat(e.getCause()).isExactlyInstanceOf(type);
            return type.cast(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("the call did not end", e);
        }
        throw new AssertionError("the call did not fail");
    }
}
