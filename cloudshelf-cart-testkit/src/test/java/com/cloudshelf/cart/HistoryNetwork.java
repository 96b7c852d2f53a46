package com.cloudshelf.cart;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.reactivestreams.Publisher;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;

/**
 * The last piece of the way to the server, which knows when nothing is on it.
 *
 * <p>A request that its client gives up runs to its end all the same: the server may be at it already, and a test that goes
 * on must not be overtaken by it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what the stages do cannot fail
final class HistoryNetwork implements SdkAsyncHttpClient {
    private final SdkAsyncHttpClient client;
    private final boolean refusedTwice;
    private final Set<CompletableFuture<Void>> underWay = ConcurrentHashMap.newKeySet();
    private final Set<SdkHttpRequest> refused =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    /**
     * @param refusedTwice whether a request that the server has refused may be delivered once more. The store has the answer
     *     by then, and cannot know that its request could still be carried out
     */
    HistoryNetwork(SdkAsyncHttpClient client, boolean refusedTwice) {
        this.client = client;
        this.refusedTwice = refusedTwice;
    }

    @Override
    public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
        if (!refusedTwice && refused.contains(request.request())) {
            IOException dropped = new IOException("It was refused before");
            request.responseHandler().onError(dropped);
            return CompletableFuture.failedFuture(dropped);
        }
        CompletableFuture<Void> landed = new CompletableFuture<>();
        underWay.add(landed);
        CompletableFuture<Void> told = new CompletableFuture<>();
        client.execute(noticingRefusal(request)).whenComplete((nothing, failure) -> {
            underWay.remove(landed);
            landed.complete(null);
            if (failure == null) {
                told.complete(null);
            } else {
                told.completeExceptionally(failure);
            }
        });
        return told;
    }

    private AsyncExecuteRequest noticingRefusal(AsyncExecuteRequest request) {
        SdkAsyncHttpResponseHandler handler = request.responseHandler();
        AsyncExecuteRequest.Builder copy = AsyncExecuteRequest.builder()
                .request(request.request())
                .requestContentPublisher(request.requestContentPublisher())
                .fullDuplex(request.fullDuplex())
                .httpExecutionAttributes(request.httpExecutionAttributes())
                .responseHandler(new SdkAsyncHttpResponseHandler() {
                    @Override
                    public void onHeaders(SdkHttpResponse headers) {
                        if (!headers.isSuccessful()) {
                            refused.add(request.request());
                        }
                        handler.onHeaders(headers);
                    }

                    @Override
                    public void onStream(Publisher<ByteBuffer> stream) {
                        handler.onStream(stream);
                    }

                    @Override
                    public void onError(Throwable error) {
                        handler.onError(error);
                    }
                });
        request.metricCollector().ifPresent(copy::metricCollector);
        return copy.build();
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
