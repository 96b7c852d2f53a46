package com.cloudshelf.cart.benchmark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;

/**
 * An HTTP client without a network. It consumes the request and answers with a prepared body on the caller's thread, so
 * that a call consists only of client-side work.
 */
final class CannedHttpClient implements SdkAsyncHttpClient {
    private record Answer(SdkHttpResponse head, byte[] body) {
        static Answer of(String json) {
            byte[] body = json.getBytes(StandardCharsets.UTF_8);
            CRC32 crc = new CRC32();
            crc.update(body);
            SdkHttpResponse head = SdkHttpResponse.builder()
                    .statusCode(200)
                    .putHeader("Server", "Server")
                    .putHeader("Content-Type", "application/x-amz-json-1.0")
                    .putHeader("Content-Length", Integer.toString(body.length))
                    .putHeader("x-amzn-RequestId", "3F9K2DKQ5C2UEGMBT0O1VQ8F2JVV4KQNSO5AEMVJF66Q9ASUAAJG")
                    .putHeader("x-amz-crc32", Long.toString(crc.getValue()))
                    .build();
            return new Answer(head, body);
        }
    }

    private final Answer onGet;
    private final Answer onUpdate;

    /** Answers reads and updates with these bodies. */
    CannedHttpClient(String onGet, String onUpdate) {
        this.onGet = Answer.of(onGet);
        this.onUpdate = Answer.of(onUpdate);
    }

    @Override
    public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
        String target = request.request().firstMatchingHeader("X-Amz-Target").orElseThrow();
        request.requestContentPublisher().subscribe(new Drain());
        Answer answer = target.endsWith(".GetItem") ? onGet : onUpdate;
        request.responseHandler().onHeaders(answer.head);
        request.responseHandler().onStream(new Once(ByteBuffer.wrap(answer.body)));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public String clientName() {
        return "Canned";
    }

    @Override
    public void close() {}

    private static final class Drain implements Subscriber<ByteBuffer> {
        private int bytes;

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuffer buffer) {
            bytes += buffer.remaining();
        }

        @Override
        public void onError(Throwable thrown) {
            throw new IllegalStateException("the request's body failed after " + bytes + " bytes", thrown);
        }

        @Override
        public void onComplete() {}
    }

    private record Once(ByteBuffer body) implements Publisher<ByteBuffer> {
        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            subscriber.onSubscribe(new Subscription() {
                private boolean sent;

                @Override
                public void request(long n) {
                    if (!sent) {
                        sent = true;
                        subscriber.onNext(body);
                        subscriber.onComplete();
                    }
                }

                @Override
                public void cancel() {
                    sent = true;
                }
            });
        }
    }
}
