package com.cloudshelf.cart;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;

/**
 * The last piece of the way to the server, which knows when nothing is on it.
 *
 * <p>A request that its client gives up runs to its end all the same: the server may be at it already, and a test that goes
 * on must not be overtaken by it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what the stages do cannot fail
final class HistoryNetwork implements SdkAsyncHttpClient {
    private final SdkAsyncHttpClient client;
    private final Set<CompletableFuture<Void>> underWay = ConcurrentHashMap.newKeySet();

    HistoryNetwork(SdkAsyncHttpClient client) {
        this.client = client;
    }

    @Override
    public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
        CompletableFuture<Void> landed = new CompletableFuture<>();
        underWay.add(landed);
        CompletableFuture<Void> told = new CompletableFuture<>();
        client.execute(request).whenComplete((nothing, failure) -> {
            if (failure == null) {
                told.complete(null);
            } else {
                told.completeExceptionally(failure);
            }
            // Last: whoever is told may have more to deliver.
            underWay.remove(landed);
            landed.complete(null);
        });
        return told;
    }

    /** Returns a future that completes when every request has been answered, or cannot be any more. */
    CompletableFuture<Void> quiet() {
        CompletableFuture<?>[] open = underWay.toArray(CompletableFuture<?>[]::new);
        return open.length == 0
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.allOf(open).thenCompose(landed -> quiet());
    }

    @Override
    public String clientName() {
        return client.clientName();
    }

    /** Leaves the shared client open. */
    @Override
    public void close() {}
}
