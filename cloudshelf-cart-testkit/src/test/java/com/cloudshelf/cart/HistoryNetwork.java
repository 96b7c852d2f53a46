package com.cloudshelf.cart;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;

/**
 * The last stage before the server. It knows when no request is in flight.
 *
 * <p>A request that its client abandons still runs to its end: the server may already be processing it, and must not
 * apply it later in the test.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the stages cannot fail
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
            // Last, because a caller that is notified may deliver more.
            underWay.remove(landed);
            landed.complete(null);
        });
        return told;
    }

    /** Returns a future that completes when every request has been answered or can no longer be. */
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
