package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.testkit.Exchange.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A fault of one request, on the way to DynamoDB, or of its response, on the way back.
 *
 * <ul>
 *   <li>The server never sees the request: {@link #throttle throttle}, {@link #error error}, {@link
 *       #transactionCanceled transactionCanceled}, {@link #serverError serverError}, {@link #dropRequest dropRequest},
 *       {@link #hang hang}.
 *   <li>The request takes effect, but the client does not learn it: {@link #dropResponse dropResponse}, {@link
 *       #serverErrorAfterEffect}, {@link #hangAfterEffect hangAfterEffect}, {@link #garble garble}, {@link #truncate
 *       truncate}, {@link #wrongCrc wrongCrc}.
 *   <li>The request takes effect later or more than once: {@link #delay delay}, {@link #deliverLate deliverLate},
 *       {@link #deliverTwice deliverTwice}, {@link #rival rival}.
 *   <li>The request takes effect in part: {@link #partialBatch partialBatch}.
 * </ul>
 *
 * <p>"Takes effect" means that the server has processed the request; it may still have refused it. A fault does not
 * choose requests or count them; {@link Faults} does.
 *
 * <p>Immutable and thread-safe.
 */
public final class Fault {
    private static final String PARTIAL_BATCH = "partialBatch";
    private static final String BATCH_GET = "BatchGetItem";
    private static final Fault NONE = new Fault("none", null, Exchange::deliver, false);

    private final String name;
    private final @Nullable String operation;
    private final Effect effect;
    private final boolean optional;

    /** What happens in one exchange, from the request to the response or error that the client receives. */
    @FunctionalInterface
    interface Effect {
        CompletionStage<Answer> on(Exchange exchange);
    }

    private Fault(String name, @Nullable String operation, Effect effect, boolean optional) {
        this.name = name;
        this.operation = operation;
        this.effect = effect;
        this.optional = optional;
    }

    private static Fault of(String name, Effect effect) {
        return new Fault(name, null, effect, false);
    }

    /** {@return the fault that does nothing: in a script, it lets a request pass} */
    public static Fault none() {
        return NONE;
    }

    /** {@return throttling as on an on-demand table: {@code ThrottlingException}; the server never sees the request} */
    public static Fault throttle() {
        return of("throttle", Answer.error(400, "ThrottlingException"));
    }

    /**
     * {@return a DynamoDB error; the server never sees the request}
     *
     * @param status 400 to 599
     * @param code the code as spelled by DynamoDB, for instance {@code ProvisionedThroughputExceededException}
     * @throws IllegalArgumentException if the status is out of range, or the code contains anything but letters and
     *     digits
     */
    public static Fault error(int status, String code) {
        checkStatus(status);
        checkCode("code", code);
        return of("error(" + status + ", " + code + ")", Answer.error(status, code));
    }

    /**
     * {@return a {@code TransactionCanceledException}; the server never sees the transaction}
     *
     * <p>DynamoDB Local has no transaction conflicts of its own.
     *
     * @param reasons a code for each item of the transaction, for instance {@code TransactionConflict} and {@code None}
     * @throws IllegalArgumentException if there are none, or one contains anything but letters and digits
     */
    public static Fault transactionCanceled(String... reasons) {
        List<String> codes = List.of(reasons);
        if (codes.isEmpty()) {
            throw new IllegalArgumentException("reasons must not be empty");
        }
        codes.forEach(code -> checkCode("reason", code));
        return of("transactionCanceled" + codes, Answer.transactionCanceled(codes));
    }

    /**
     * {@return a server error; the server never sees the request}
     *
     * @param status 500 to 599; 500 and 503 have DynamoDB's body, others have none, as from a proxy
     * @throws IllegalArgumentException if the status is out of range
     */
    public static Fault serverError(int status) {
        checkServerStatus(status);
        return of("serverError(" + status + ")", Answer.serverError(status));
    }

    /**
     * {@return a server error instead of the response, after the request took effect}
     *
     * @param status as for {@link #serverError serverError}
     * @throws IllegalArgumentException if the status is out of range
     */
    public static Fault serverErrorAfterEffect(int status) {
        checkServerStatus(status);
        Answer error = Answer.serverError(status);
        return of(
                "serverErrorAfterEffect(" + status + ")",
                exchange -> exchange.deliver().thenApply(answer -> error));
    }

    /** {@return the loss of the request: the server never sees it, and the client sees an {@link IOException}} */
    public static Fault dropRequest() {
        return of("dropRequest", exchange -> reset());
    }

    /** {@return the loss of the response: the request takes effect, and the client sees an {@link IOException}} */
    public static Fault dropResponse() {
        return of("dropResponse", exchange -> exchange.deliver().thenCompose(answer -> reset()));
    }

    /**
     * {@return silence: the server never sees the request, and no response comes until the client gives up}
     *
     * <p>It ends only with a timeout of the DynamoDB client (API call or attempt), or when the HTTP client is closed.
     * The read timeout of the real HTTP client does not apply, because that client never sees the request.
     */
    public static Fault hang() {
        return of("hang", exchange -> new CompletableFuture<>());
    }

    /**
     * {@return silence after the effect: the request takes effect, even if the client gives up at once, and no response
     * comes}
     *
     * <p>It ends as {@link #hang hang} does.
     */
    public static Fault hangAfterEffect() {
        return of("hangAfterEffect", exchange -> {
            exchange.deliverLate(Duration.ZERO);
            return new CompletableFuture<>();
        });
    }

    /**
     * {@return a slow request: delivered after the delay, or never if the client gives up before}
     *
     * <p>A client of the SDK gives up at its timeouts (API call or attempt). It does not give up when a call is
     * cancelled: the request is delivered nonetheless, and {@link Faults#settled()} waits for it.
     *
     * @param delay the delay before the delivery
     * @throws IllegalArgumentException if the delay is negative
     */
    public static Fault delay(Duration delay) {
        checkDelay("delay", delay);
        return of(
                "delay(" + delay + ")",
                exchange -> exchange.pending(exchange.after(delay).thenCompose(passed -> exchange.deliver())));
    }

    /**
     * {@return a slow request: delivered at the given moment, or never if the client gives up before}
     *
     * <p>Unlike {@link #delay(Duration) delay}, it does not depend on the speed of the machine. When a call is
     * cancelled, the same applies.
     *
     * @param moment completes, with any result, when the moment has come
     */
    public static Fault delay(CompletionStage<?> moment) {
        requireNonNull(moment, "moment");
        return of(
                "delay", exchange -> exchange.pending(exchange.after(moment).thenCompose(come -> exchange.deliver())));
    }

    /**
     * {@return a late request: the client sees an {@link IOException} at once, and the request is delivered after the
     * delay}
     *
     * @param delay the delay before the delivery
     * @see Faults#settled()
     * @throws IllegalArgumentException if the delay is negative
     */
    public static Fault deliverLate(Duration delay) {
        checkDelay("delay", delay);
        return of("deliverLate(" + delay + ")", exchange -> {
            exchange.deliverLate(delay);
            return reset();
        });
    }

    /**
     * {@return a late request: the client sees an {@link IOException} at once, and the request is delivered at the
     * given moment}
     *
     * <p>Unlike with {@link #deliverLate(Duration) deliverLate}, the order of events does not depend on the speed of
     * the machine.
     *
     * @param moment completes, with any result, when the moment has come
     * @see Faults#settled()
     */
    public static Fault deliverLate(CompletionStage<?> moment) {
        requireNonNull(moment, "moment");
        return of("deliverLate", exchange -> {
            exchange.deliverLate(moment);
            return reset();
        });
    }

    /**
     * {@return a second delivery: the request is answered normally, and delivered again after the gap}
     *
     * @param gap the time between the first response and the second delivery
     * @see Faults#settled()
     * @throws IllegalArgumentException if the gap is negative
     */
    public static Fault deliverTwice(Duration gap) {
        checkDelay("gap", gap);
        return of(
                "deliverTwice(" + gap + ")",
                exchange -> exchange.deliver().thenApply(answer -> {
                    exchange.deliverLate(gap);
                    return answer;
                }));
    }

    /**
     * {@return garbage of the same size, without a checksum, instead of the response's body; the request takes effect}
     */
    public static Fault garble() {
        return of("garble", exchange -> exchange.deliver().thenApply(Answer::garbled));
    }

    /** {@return a connection that breaks in the middle of the response's body; the request takes effect} */
    public static Fault truncate() {
        return of("truncate", exchange -> exchange.deliver().thenApply(Answer::truncated));
    }

    /** {@return a wrong checksum on a response that is otherwise complete; the request takes effect} */
    public static Fault wrongCrc() {
        return of("wrongCrc", exchange -> exchange.deliver().thenApply(Answer::withWrongCrc));
    }

    /**
     * {@return a {@code BatchGetItem} that leaves half of its keys unprocessed; {@linkplain #on(String) limited} to
     * that operation}
     *
     * <p>For each table, the second half of the requested keys, rounded down, moves to {@code UnprocessedKeys}: a
     * request for a single key is answered completely. A projection must contain the key attributes.
     */
    public static Fault partialBatch() {
        return of(PARTIAL_BATCH, exchange -> exchange.deliver().thenApply(answer -> answer.partial(exchange.body())))
                .on(BATCH_GET);
    }

    /**
     * {@return another writer that goes first: the request is delivered when the other writer's future has completed}
     *
     * <p>If the other writer fails, the request fails with the same error and is not delivered. When a call is
     * cancelled, the same applies as for {@link #delay(Duration) delay}.
     *
     * @param write starts the other writer's work, and must not block; use a client without faults, or the work may
     *     meet this fault
     */
    public static Fault rival(Supplier<? extends CompletionStage<?>> write) {
        requireNonNull(write, "write");
        return of("rival", exchange -> exchange.pending(write.get().thenCompose(done -> exchange.deliver())));
    }

    /**
     * {@return this fault, limited to requests of one operation}
     *
     * @param operation the name as spelled by DynamoDB, for instance {@code UpdateItem}
     * @throws IllegalArgumentException if DynamoDB has no such operation, or if this is {@link #partialBatch
     *     partialBatch} and the operation is another one: no request would ever meet it
     */
    public Fault on(String operation) {
        Operations.check(operation);
        if (name.equals(PARTIAL_BATCH) && !operation.equals(BATCH_GET)) {
            throw new IllegalArgumentException(
                    "operation of a partialBatch must be " + BATCH_GET + ", but is " + operation);
        }
        return new Fault(name, operation, effect, optional);
    }

    /**
     * {@return this fault, which then need not be met}
     *
     * <p>Use it if the request may or may not come, such as an attempt that the client may not need. Any other scripted
     * fault that no request meets fails the test.
     */
    public Fault optional() {
        return new Fault(name, operation, effect, true);
    }

    /** {@return the name in logs and counts, with its parameters and its operation} */
    @Override
    public String toString() {
        return operation == null ? name : name + " on " + operation;
    }

    boolean appliesTo(String requested) {
        return operation == null || operation.equals(requested);
    }

    /** Returns the name that the log shows for a request that met this fault. */
    @Nullable
    String loggedName() {
        return effect == NONE.effect ? null : name;
    }

    boolean isOptional() {
        return optional;
    }

    CompletionStage<Answer> happenTo(Exchange exchange) {
        return effect.on(exchange);
    }

    private static Fault of(String name, Answer answer) {
        return of(name, exchange -> CompletableFuture.completedFuture(answer));
    }

    private static CompletionStage<Answer> reset() {
        return CompletableFuture.failedFuture(new IOException("Connection reset by an injected fault"));
    }

    private static void checkStatus(int status) {
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status must be from 400 to 599, but is " + status);
        }
    }

    private static void checkServerStatus(int status) {
        if (status < 500 || status > 599) {
            throw new IllegalArgumentException("status must be from 500 to 599, but is " + status);
        }
    }

    private static void checkCode(String field, String code) {
        if (!requireNonNull(code, field).matches("[A-Za-z0-9]+")) {
            throw new IllegalArgumentException(field + " must be letters and digits, but is " + code);
        }
    }

    private static void checkDelay(String field, Duration delay) {
        if (requireNonNull(delay, field).isNegative()) {
            throw new IllegalArgumentException(field + " must not be negative, but is " + delay);
        }
    }
}
