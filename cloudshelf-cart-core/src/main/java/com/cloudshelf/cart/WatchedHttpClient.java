package com.cloudshelf.cart;

import com.cloudshelf.cart.MarkedCredentials.Departure;
import com.cloudshelf.cart.MarkedCredentials.Watch;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkHttpContentPublisher;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * The HTTP client of a client that the store creates. It knows which requests have left, and closes the connections of those
 * that were given up.
 *
 * <p>An HTTP client asks for the body of a request once it has a connection to send it on. Until then, nothing has left that
 * DynamoDB could carry out. The SDK does not pass a cancellation on to its HTTP client: a request that hangs would keep its
 * connection long after its call has ended.
 */
final class WatchedHttpClient implements SdkAsyncHttpClient {
    private static final Subscription NOTHING = new Subscription() {
        @Override
        public void request(long count) {}

        @Override
        public void cancel() {}
    };

    /** Builds such a client around another one; the AWS client that uses the builder closes both. */
    record Builder(SdkAsyncHttpClient.Builder<?> http, Watch watch) implements SdkAsyncHttpClient.Builder<Builder> {
        @Override
        public SdkAsyncHttpClient buildWithDefaults(AttributeMap defaults) {
            return new WatchedHttpClient(http.buildWithDefaults(defaults), watch);
        }
    }

    private final SdkAsyncHttpClient client;
    private final Watch watch;

    private WatchedHttpClient(SdkAsyncHttpClient client, Watch watch) {
        this.client = client;
        this.watch = watch;
        watch.start();
    }

    @Override
    public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
        Departure departure = Departure.current();
        if (departure == null) {
            watch.miss(); // an interceptor changes threads: from now on, nothing is concluded
            return client.execute(request);
        }
        AsyncExecuteRequest.Builder watched = AsyncExecuteRequest.builder()
                .request(request.request())
                .requestContentPublisher(new Content(request.requestContentPublisher(), departure))
                .responseHandler(request.responseHandler())
                .fullDuplex(request.fullDuplex())
                .httpExecutionAttributes(request.httpExecutionAttributes());
        watched.metricCollector(request.metricCollector().orElse(null));
        CompletableFuture<Void> transmission = client.execute(watched.build());
        departure.transmitting(transmission);
        return transmission;
    }

    @Override
    public String clientName() {
        return client.clientName();
    }

    @Override
    public void close() {
        client.close();
    }

    private record Content(SdkHttpContentPublisher content, Departure departure) implements SdkHttpContentPublisher {
        @Override
        public Optional<Long> contentLength() {
            return content.contentLength();
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            if (departure.leave()) {
                content.subscribe(subscriber);
            } else {
                subscriber.onSubscribe(NOTHING); // and the connection is closed
            }
        }
    }
}
