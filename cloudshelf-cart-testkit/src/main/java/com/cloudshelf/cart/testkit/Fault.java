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
 * Something that can happen to one request on its way to DynamoDB or to its answer on the way back.
 *
 * <ul>
 *   <li>The server never sees the request: {@link #throttle}, {@link #error}, {@link #transactionCanceled},
 *       {@link #serverError}, {@link #dropRequest}, {@link #hang}.
 *   <li>The request takes effect, and the client does not learn it: {@link #dropResponse},
 *       {@link #serverErrorAfterEffect}, {@link #hangAfterEffect}, {@link #garble}, {@link #truncate}, {@link #wrongCrc}.
 *   <li>It takes effect at another time, or more than once: {@link #delay}, {@link #deliverLate}, {@link #deliverTwice},
 *       {@link #rival}.
 *   <li>It takes effect in part: {@link #partialBatch}.
 * </ul>
 *
 * <p>"Takes effect" means that the server has processed the request; it may still have refused it. A fault does not count or
 * choose: {@link Faults} says which requests meet it.
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

    /** What happens to one exchange, from the request to the answer or error that the client is told. */
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

    /** {@return the fault that does nothing: in a script, it lets a request through} */
    public static Fault none() {
        return NONE;
    }

    /** {@return throttling as of an on-demand table: {@code ThrottlingException}, and the server never sees the request} */
    public static Fault throttle() {
        return of("throttle", Answer.error(400, "ThrottlingException"));
    }

    /**
     * {@return an error of DynamoDB's, for a request that the server never sees}
     *
     * @param status from 400 to 599
     * @param code as DynamoDB spells it, for instance {@code ProvisionedThroughputExceededException}
     * @throws IllegalArgumentException if the status is out of range, or the code is not made of letters and digits
     */
    public static Fault error(int status, String code) {
        checkStatus(status);
        checkCode("code", code);
        return of("error(" + status + ", " + code + ")", Answer.error(status, code));
    }

    /**
     * {@return a {@code TransactionCanceledException}, for a transaction that the server never sees}
     *
     * <p>DynamoDB Local has no transaction conflicts by itself.
     *
     * @param reasons one code per item of the transaction, for instance {@code TransactionConflict} and {@code None}
     * @throws IllegalArgumentException if there are none, or one is not made of letters and digits
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
     * {@return a server error, for a request that the server never sees}
     *
     * @param status from 500 to 599; 500 and 503 come with DynamoDB's body, others with none, as from a proxy
     * @throws IllegalArgumentException if the status is out of range
     */
    public static Fault serverError(int status) {
        checkServerStatus(status);
        return of("serverError(" + status + ")", Answer.serverError(status));
    }

    /**
     * {@return a server error in place of the answer, after the request took effect}
     *
     * @param status as for {@link #serverError}
     * @throws IllegalArgumentException if the status is out of range
     */
    public static Fault serverErrorAfterEffect(int status) {
        checkServerStatus(status);
        Answer error = Answer.serverError(status);
        return of(
                "serverErrorAfterEffect(" + status + ")",
                exchange -> exchange.deliver().thenApply(answer -> error));
    }

    /** {@return the loss of the request: the server never sees it, the client sees an {@link IOException}} */
    public static Fault dropRequest() {
        return of("dropRequest", exchange -> reset());
    }

    /** {@return the loss of the answer: the request takes effect, the client sees an {@link IOException}} */
    public static Fault dropResponse() {
        return of("dropResponse", exchange -> exchange.deliver().thenCompose(answer -> reset()));
    }

    /**
     * {@return silence: the server never sees the request, and there is no answer, until the client gives up}
     *
     * <p>Only the DynamoDB client's timeouts end it (API call, or attempt), or closing the HTTP client. The read timeout of
     * the real HTTP client does not, since that client never sees the request.
     */
    public static Fault hang() {
        return of("hang", exchange -> new CompletableFuture<>());
    }

    /**
     * {@return silence after the effect: the request takes effect, even if the client gives up at once, and there is no
     * answer}
     *
     * <p>What ends it is as for {@link #hang}.
     */
    public static Fault hangAfterEffect() {
        return of("hangAfterEffect", exchange -> {
            exchange.deliverLate(Duration.ZERO);
            return new CompletableFuture<>();
        });
    }

    /**
     * {@return a slow way to the server: the request is delivered after the delay, or never if the client gives up before}
     *
     * @param delay before the delivery
     * @throws IllegalArgumentException if the delay is negative
     */
    public static Fault delay(Duration delay) {
        checkDelay("delay", delay);
        return of("delay(" + delay + ")", exchange -> exchange.after(delay).thenCompose(passed -> exchange.deliver()));
    }

    /**
     * {@return a slow way to the server: the request is delivered when the moment has come, or never if the client gives up
     * before}
     *
     * <p>Unlike a {@link #delay(Duration)} it does not depend on how fast the machine is.
     *
     * @param moment completes when it has come, with whatever result
     */
    public static Fault delay(CompletionStage<?> moment) {
        requireNonNull(moment, "moment");
        return of("delay", exchange -> exchange.after(moment).thenCompose(come -> exchange.deliver()));
    }

    /**
     * {@return an attempt that lands late: the client sees an {@link IOException} at once, and the request is delivered after the
     * delay}
     *
     * @param delay before the delivery
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
     * {@return an attempt that lands late: the client sees an {@link IOException} at once, and the request is delivered when the
     * moment has come}
     *
     * <p>Unlike that of {@link #deliverLate(Duration)} its order among other events does not depend on how fast the machine is.
     *
     * @param moment completes when it has come, with whatever result
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
     * {@return a second delivery: the request is answered normally, and delivered once more after the gap}
     *
     * @param gap from the first answer to the second delivery
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

    /** {@return garbage of the same size, without a checksum, in place of the answer's body; the request takes effect} */
    public static Fault garble() {
        return of("garble", exchange -> exchange.deliver().thenApply(Answer::garbled));
    }

    /** {@return a connection that breaks in the middle of the answer's body; the request takes effect} */
    public static Fault truncate() {
        return of("truncate", exchange -> exchange.deliver().thenApply(Answer::truncated));
    }

    /** {@return a wrong checksum on an answer that is otherwise whole; the request takes effect} */
    public static Fault wrongCrc() {
        return of("wrongCrc", exchange -> exchange.deliver().thenApply(Answer::withWrongCrc));
    }

    /**
     * {@return a {@code BatchGetItem}, to which this is {@linkplain #on(String) bound}, that leaves half of its keys
     * unprocessed}
     *
     * <p>Of each table, the second half of the keys that the request names, rounded down, moves to {@code UnprocessedKeys}:
     * a request for a single key is answered in full. A projection must hold the key attributes.
     */
    public static Fault partialBatch() {
        return of(PARTIAL_BATCH, exchange -> exchange.deliver().thenApply(answer -> answer.partial(exchange.body())))
                .on(BATCH_GET);
    }

    /**
     * {@return somebody else who goes first: the request is delivered when the rival's future has completed}
     *
     * <p>If the rival fails, so does the request, undelivered, with the rival's error.
     *
     * @param write starts the rival's work and must not block; through a client without faults, or it may meet this one
     */
    public static Fault rival(Supplier<? extends CompletionStage<?>> write) {
        requireNonNull(write, "write");
        return of("rival", exchange -> write.get().thenCompose(done -> exchange.deliver()));
    }

    /**
     * {@return this fault for requests of one operation only}
     *
     * @param operation as DynamoDB spells it, for instance {@code UpdateItem}
     * @throws IllegalArgumentException if DynamoDB has no such operation, or this fault is {@link #partialBatch} and it is
     *     another one: no request would ever meet it
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
     * {@return this fault as one that may go unmet}
     *
     * <p>For a fault whose request may come or not, such as one of an attempt that the client may not need. Any other one that
     * {@link Faults} has in its script and that no request meets fails the test.
     */
    public Fault optional() {
        return new Fault(name, operation, effect, true);
    }

    /** {@return what it is called in logs and counts, with its parameters, and the operation that it is bound to} */
    @Override
    public String toString() {
        return operation == null ? name : name + " on " + operation;
    }

    boolean appliesTo(String requested) {
        return operation == null || operation.equals(requested);
    }

    /** Returns what is logged of a request that met this fault. */
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
        if (!code.matches("[A-Za-z0-9]+")) {
            throw new IllegalArgumentException(field + " must be letters and digits, but is " + code);
        }
    }

    private static void checkDelay(String field, Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException(field + " must not be negative, but is " + delay);
        }
    }
}
