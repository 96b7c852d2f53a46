package com.cloudshelf.cart.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.http.async.SdkHttpContentPublisher;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;

/**
 * One request of the client, from its sending to the response or error that the client is told, and the means by which
 * a {@link Fault} delivers it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // every error reaches the client
final class Exchange {
    static final int NONE = -1;

    private final Faults faults;
    private final SdkAsyncHttpClient client;
    private final AsyncExecuteRequest request;
    private final String operation;
    private final Fault fault;
    private final CompletableFuture<Void> result = new CompletableFuture<>();
    private final CompletableFuture<Void> happened = new CompletableFuture<>();
    private final AtomicBoolean told = new AtomicBoolean();
    private final AtomicInteger deliveries = new AtomicInteger();
    private volatile byte[] body = {};
    private volatile int status = NONE;
    private volatile int responseBytes = NONE;
    private volatile @Nullable Throwable failure;

    Exchange(Faults faults, SdkAsyncHttpClient client, AsyncExecuteRequest request, String operation, Fault fault) {
        this.faults = faults;
        this.client = client;
        this.request = request;
        this.operation = operation;
        this.fault = fault;
    }

    /** Lets the fault happen; the client cancels the exchange by failing the returned future. */
    CompletableFuture<Void> start() {
        // The handler is not notified of a cancellation, because the SDK's next attempt may already be using it.
        result.whenComplete((nothing, error) -> {
            if (error != null && told.compareAndSet(false, true)) {
                failure = error;
            }
        });
        bytesOf(request.requestContentPublisher())
                .thenCompose(bytes -> {
                    body = bytes;
                    CompletionStage<Answer> answer = fault.happenTo(this);
                    happened.complete(null);
                    return answer;
                })
                .whenComplete((answer, error) -> {
                    happened.complete(null);
                    if (error == null) {
                        tell(answer);
                    } else {
                        fail(unwrapped(error));
                    }
                });
        return result;
    }

    /** Delivers the request for its client: when that one gives up, so does the delivery. */
    CompletableFuture<Answer> deliver() {
        if (result.isDone()) {
            return CompletableFuture.failedFuture(new CancellationException("The client has given up"));
        }
        AsyncExecuteRequest.Builder copy = copyOfRequest();
        request.metricCollector().ifPresent(copy::metricCollector);
        return transmit(copy, result);
    }

    /** Delivers the request after the delay, whatever its client does by then; the response is not passed on. */
    void deliverLate(Duration delay) {
        faults.late(faults.after(delay), this::transmitToNobody);
    }

    /**
     * Delivers the request when the moment has come, whatever its client does by then; the response is not passed on.
     */
    void deliverLate(CompletionStage<?> moment) {
        faults.late(faults.at(moment), this::transmitToNobody);
    }

    private CompletableFuture<?> transmitToNobody() {
        return transmit(copyOfRequest(), new CompletableFuture<>());
    }

    /** Completes after the delay, unless the client gives up before. */
    CompletableFuture<Void> after(Duration delay) {
        return unlessGivenUp(faults.after(delay));
    }

    /** Completes when the moment has come, unless the client gives up before. */
    CompletableFuture<Void> after(CompletionStage<?> moment) {
        return unlessGivenUp(faults.at(moment));
    }

    /**
     * Has {@link Faults#settled} wait for a delivery whose time has not come, even if nobody waits for its response.
     */
    CompletionStage<Answer> pending(CompletionStage<Answer> delivery) {
        faults.pending(delivery);
        return delivery;
    }

    private CompletableFuture<Void> unlessGivenUp(CompletableFuture<Void> passed) {
        result.whenComplete((nothing, error) -> passed.cancel(false));
        return passed;
    }

    /** {@return what completes when the fault has started its deliveries, those to nobody included} */
    CompletableFuture<Void> happened() {
        return happened;
    }

    byte[] body() {
        return body;
    }

    /** Tells the client of an error, if it has been told nothing yet. */
    void fail(Throwable error) {
        if (isFirstToTell()) {
            failure = error;
            end(error);
        }
    }

    SentRequest snapshot() {
        return new SentRequest(operation, body, fault.loggedName(), deliveries.get(), status, responseBytes, failure);
    }

    private static Throwable unwrapped(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }

    private boolean isFirstToTell() {
        return !result.isDone() && told.compareAndSet(false, true);
    }

    private void tell(Answer answer) {
        if (!isFirstToTell()) {
            return;
        }
        status = answer.head.statusCode();
        responseBytes = answer.body.length;
        failure = answer.broken;
        try {
            request.responseHandler().onHeaders(answer.head);
            request.responseHandler().onStream(new Body(answer.body, answer.broken));
        } catch (RuntimeException e) {
            failure = e;
        }
        end(failure);
    }

    private void end(@Nullable Throwable error) {
        if (error == null) {
            result.complete(null);
            return;
        }
        try {
            request.responseHandler().onError(error);
        } finally {
            result.completeExceptionally(error);
        }
    }

    private AsyncExecuteRequest.Builder copyOfRequest() {
        return AsyncExecuteRequest.builder()
                .request(request.request())
                .requestContentPublisher(new Body(body, null))
                .httpExecutionAttributes(request.httpExecutionAttributes());
    }

    private CompletableFuture<Answer> transmit(AsyncExecuteRequest.Builder copy, CompletableFuture<?> awaited) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        CompletableFuture<Void> transmission =
                client.execute(copy.responseHandler(new Collector(answer)).build());
        transmission.whenComplete((nothing, error) -> {
            if (error != null) {
                answer.completeExceptionally(error);
            }
        });
        awaited.whenComplete((nothing, error) -> {
            if (error != null) {
                transmission.completeExceptionally(error);
            }
        });
        // Both, so that the connection is free again when the client receives the response.
        return transmission.thenCombine(answer, (nothing, answered) -> {
            deliveries.incrementAndGet();
            return answered;
        });
    }

    private static CompletableFuture<byte[]> bytesOf(Publisher<ByteBuffer> content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return SdkPublisher.adapt(content)
                .subscribe(buffer -> {
                    byte[] part = new byte[buffer.remaining()];
                    buffer.get(part);
                    bytes.writeBytes(part);
                })
                .thenApply(complete -> bytes.toByteArray());
    }

    /** Collects a response of the server's. */
    private static final class Collector implements SdkAsyncHttpResponseHandler {
        private final CompletableFuture<Answer> answer;
        private volatile @Nullable SdkHttpResponse head;

        Collector(CompletableFuture<Answer> answer) {
            this.answer = answer;
        }

        @Override
        public void onHeaders(SdkHttpResponse headers) {
            head = headers;
        }

        @Override
        public void onStream(Publisher<ByteBuffer> stream) {
            bytesOf(stream).whenComplete((bytes, error) -> {
                if (error != null) {
                    answer.completeExceptionally(error);
                } else if (head instanceof SdkHttpFullResponse full) {
                    answer.complete(new Answer(full, bytes, null));
                } else {
                    answer.completeExceptionally(new IllegalStateException("The HTTP client gave no headers"));
                }
            });
        }

        @Override
        public void onError(Throwable error) {
            answer.completeExceptionally(error);
        }
    }

    /** A body in memory, whose stream ends with the given error, if any. */
    private static final class Body implements SdkHttpContentPublisher {
        private final byte[] bytes;
        private final @Nullable Throwable broken;

        Body(byte[] bytes, @Nullable Throwable broken) {
            this.bytes = bytes;
            this.broken = broken;
        }

        @Override
        public Optional<Long> contentLength() {
            return Optional.of((long) bytes.length);
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            subscriber.onSubscribe(new Subscription() {
                private final AtomicBoolean started = new AtomicBoolean();
                private volatile boolean cancelled;

                @Override
                public void request(long count) {
                    if (!started.compareAndSet(false, true)) {
                        return;
                    }
                    if (count < 1) {
                        subscriber.onError(new IllegalArgumentException("count must be at least 1, but is " + count));
                        return;
                    }
                    if (bytes.length > 0) {
                        subscriber.onNext(ByteBuffer.wrap(bytes).asReadOnlyBuffer());
                    }
                    if (cancelled) {
                        return;
                    }
                    if (broken == null) {
                        subscriber.onComplete();
                    } else {
                        subscriber.onError(broken);
                    }
                }

                @Override
                public void cancel() {
                    started.set(true);
                    cancelled = true;
                }
            });
        }
    }

    /** A response as the client gets it: the server's, a spoilt one, or one that no server gave. Immutable. */
    static final class Answer {
        private static final String TYPE_PREFIX = "com.amazonaws.dynamodb.v20120810#";
        private static final String CONTENT_LENGTH = "Content-Length";
        private static final String CRC = "x-amz-crc32";

        private final SdkHttpFullResponse head;
        private final byte[] body;
        private final @Nullable IOException broken;

        private Answer(SdkHttpFullResponse head, byte[] body, @Nullable IOException broken) {
            this.head = head;
            this.body = body;
            this.broken = broken;
        }

        static Answer error(int status, String code) {
            return json(status, "{\"__type\":\"" + TYPE_PREFIX + code + "\",\"message\":\"Injected fault\"}");
        }

        static Answer transactionCanceled(List<String> reasons) {
            StringBuilder json = new StringBuilder("{\"__type\":\"")
                    .append(TYPE_PREFIX)
                    .append("TransactionCanceledException\",\"message\":\"Injected fault\",\"CancellationReasons\":[");
            for (String reason : reasons) {
                json.append("{\"Code\":\"").append(reason).append("\"},");
            }
            json.setCharAt(json.length() - 1, ']');
            return json(400, json.append('}').toString());
        }

        static Answer serverError(int status) {
            return switch (status) {
                case 500 -> error(status, "InternalServerError");
                case 503 -> error(status, "ServiceUnavailable");
                default -> new Answer(head(status).build(), new byte[0], null);
            };
        }

        private static Answer json(int status, String json) {
            byte[] body = json.getBytes(StandardCharsets.UTF_8);
            SdkHttpFullResponse head = head(status)
                    .putHeader("Content-Type", "application/x-amz-json-1.0")
                    .putHeader(CONTENT_LENGTH, Integer.toString(body.length))
                    .putHeader(CRC, Long.toString(crc(body)))
                    .build();
            return new Answer(head, body, null);
        }

        private static SdkHttpFullResponse.Builder head(int status) {
            return SdkHttpFullResponse.builder().statusCode(status).putHeader("x-amzn-RequestId", "INJECTED-FAULT");
        }

        Answer garbled() {
            byte[] garbage = new byte[body.length];
            Arrays.fill(garbage, (byte) '?');
            return new Answer(head.toBuilder().removeHeader(CRC).build(), garbage, null);
        }

        Answer truncated() {
            IOException cut = new IOException("Connection closed in the middle of the answer by an injected fault");
            return new Answer(head, Arrays.copyOf(body, body.length / 2), cut);
        }

        Answer withWrongCrc() {
            return new Answer(
                    head.toBuilder()
                            .putHeader(CRC, Long.toString(crc(body) ^ 1))
                            .build(),
                    body,
                    null);
        }

        /** Returns this response to a {@code BatchGetItem} with half of each table's keys unprocessed. */
        Answer partial(byte[] request) {
            if (!head.isSuccessful()) {
                return this;
            }
            Map<String, JsonNode> asked = member(JsonNode.parser().parse(request), "RequestItems");
            Map<String, List<JsonNode>> moved = new LinkedHashMap<>();
            asked.forEach((table, spec) -> {
                List<JsonNode> keys = spec.field("Keys").map(JsonNode::asArray).orElse(List.of());
                if (keys.size() > 1) {
                    moved.put(table, keys.subList(keys.size() - keys.size() / 2, keys.size()));
                }
            });
            JsonNode answer = JsonNode.parser().parse(body);
            if (moved.isEmpty() || !member(answer, "UnprocessedKeys").isEmpty()) {
                return this;
            }
            JsonWriter out = JsonWriter.create().writeStartObject();
            out.writeFieldName("Responses").writeStartObject();
            member(answer, "Responses").forEach((table, items) -> {
                List<JsonNode> gone = moved.getOrDefault(table, List.of());
                out.writeFieldName(table);
                write(
                        out,
                        items.asArray().stream()
                                .filter(item -> !hasAnyKey(item, gone))
                                .toList());
            });
            out.writeEndObject().writeFieldName("UnprocessedKeys").writeStartObject();
            asked.forEach((table, spec) -> {
                List<JsonNode> keys = moved.get(table);
                if (keys != null) {
                    out.writeFieldName(table).writeStartObject().writeFieldName("Keys");
                    write(out, keys);
                    writeAllBut(Set.of("Keys"), out, spec);
                    out.writeEndObject();
                }
            });
            out.writeEndObject();
            writeAllBut(Set.of("Responses", "UnprocessedKeys"), out, answer);
            out.writeEndObject();
            return withBody(out.getBytes());
        }

        private static Map<String, JsonNode> member(JsonNode object, String name) {
            return object.field(name).map(JsonNode::asObject).orElse(Map.of());
        }

        private static boolean hasAnyKey(JsonNode item, List<JsonNode> keys) {
            return keys.stream()
                    .anyMatch(key -> item.asObject()
                            .entrySet()
                            .containsAll(key.asObject().entrySet()));
        }

        private static void writeAllBut(Set<String> names, JsonWriter out, JsonNode object) {
            object.asObject().forEach((name, value) -> {
                if (!names.contains(name)) {
                    out.writeFieldName(name);
                    write(out, value);
                }
            });
        }

        private static void write(JsonWriter out, List<JsonNode> array) {
            out.writeStartArray();
            array.forEach(element -> write(out, element));
            out.writeEndArray();
        }

        private static void write(JsonWriter out, JsonNode node) {
            if (node.isObject()) {
                out.writeStartObject();
                writeAllBut(Set.of(), out, node);
                out.writeEndObject();
            } else if (node.isArray()) {
                write(out, node.asArray());
            } else if (node.isString()) {
                out.writeValue(node.asString());
            } else if (node.isNumber()) {
                out.writeNumber(node.asNumber());
            } else if (node.isBoolean()) {
                out.writeValue(node.asBoolean());
            } else {
                out.writeNull();
            }
        }

        private Answer withBody(byte[] newBody) {
            SdkHttpFullResponse.Builder newHead =
                    head.toBuilder().putHeader(CONTENT_LENGTH, Integer.toString(newBody.length));
            if (head.firstMatchingHeader(CRC).isPresent()) {
                newHead.putHeader(CRC, Long.toString(crc(newBody)));
            }
            return new Answer(newHead.build(), newBody, null);
        }

        private static long crc(byte[] bytes) {
            CRC32 crc = new CRC32();
            crc.update(bytes);
            return crc.getValue();
        }
    }
}
