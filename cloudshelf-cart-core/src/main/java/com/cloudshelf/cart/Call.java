package com.cloudshelf.cart;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * One call to the store, from its begin to the end of its future: sends one request after another until {@link #step} knows
 * the answer, the deadline passes, or the future is cancelled.
 *
 * <p>Only one request is under way at a time, so that the fields need no lock: each step happens after the one before.
 */
abstract class Call<T> {
    /** What no call exceeds, whatever happens; time ends nearly all of them earlier. */
    static final int MAX_REQUESTS = 40;

    /** What a request should have at least, unless the whole call has less than four times as much. */
    private static final long LEAST_TRY_MILLIS = 250;

    final Engine engine;
    final String userId;
    final Deadline deadline;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private volatile @Nullable CompletableFuture<?> inFlight;
    private volatile boolean writing;
    private volatile boolean waiting;
    private boolean expires;
    private boolean ended;
    private volatile boolean ambiguous;
    private volatile @Nullable T settled;
    private @Nullable Failure lastFailure;
    private final long leastTryMillis;
    final CallMetrics.Tally tally = new CallMetrics.Tally();
    private int pauses;

    Call(Engine engine, String userId, Duration timeout) {
        this.engine = engine;
        this.userId = userId;
        this.deadline = Deadline.in(timeout, engine.wallMillis());
        this.leastTryMillis = Math.min(LEAST_TRY_MILLIS, timeout.toMillis() / 4);
    }

    /** Returns the name under which the call is counted. */
    abstract String operation();

    /** Decides by what is known, and either sends the next request or ends the call. */
    abstract void step();

    /** Called when the write that was sent last may have taken effect, or may do so yet. */
    void becameAmbiguous() {}

    /** Returns the failure of a call that ran out of time after it lost against another writer. */
    CartStoreException contended() {
        return new CartUnavailableException(userId, "other writers kept the cart busy until the deadline", null);
    }

    boolean isRepeatable() {
        return false;
    }

    /** Returns the user whose cart is missing when the call ends without an answer. */
    String missingUserId() {
        return userId;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the stages below let nothing escape
    final CompletableFuture<T> start() {
        engine.began(this);
        result.whenComplete((value, failure) -> {
            end(failure); // for a future that its holder completed
            CompletableFuture<?> request = inFlight;
            if (request != null) {
                request.cancel(true);
            }
        });
        launch();
        return result;
    }

    /** Takes the first step, now or when it is this call's turn. */
    void launch() {
        proceed();
    }

    /** Called once, when the outcome is known and before the holder of the future learns it. */
    void ended() {}

    private void end(@Nullable Throwable failure) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
        }
        engine.ended(this, failure);
        ended();
    }

    final void proceed() {
        guarded(this::step);
    }

    final boolean isOver() {
        return result.isDone();
    }

    /** Notes that the call waits for something other than an answer, so that it may end by its deadline all the same. */
    final synchronized void beginWaiting() {
        waiting = true;
    }

    /** Has a call that still waits end by its deadline. */
    final void expireAtDeadline() {
        if (waiting && !expires) {
            expires = true;
            engine.schedule(this::expire, Math.max(0, deadline.remainingMillis()));
        }
    }

    private void expire() {
        boolean waited;
        synchronized (this) {
            waited = waiting;
            waiting = false;
        }
        if (waited) {
            giveUp();
        }
    }

    final synchronized void endWaiting() {
        waiting = false;
    }

    final <R> void read(
            BiFunction<DynamoDbAsyncClient, AwsRequestOverrideConfiguration, CompletableFuture<R>> request,
            Consumer<R> answered) {
        send(false, request, answered, failure -> {});
    }

    final <R> void write(
            BiFunction<DynamoDbAsyncClient, AwsRequestOverrideConfiguration, CompletableFuture<R>> request,
            Consumer<R> answered,
            Consumer<Failure> refused) {
        send(true, request, answered, refused);
    }

    private <R> void send(
            boolean write,
            BiFunction<DynamoDbAsyncClient, AwsRequestOverrideConfiguration, CompletableFuture<R>> request,
            Consumer<R> answered,
            Consumer<Failure> refused) {
        beginWaiting();
        boolean first = tally.requests > 0;
        if (engine.admission().admit(() -> transmit(write, request, answered, refused), first)) {
            expireAtDeadline();
        }
    }

    /** Returns false if the request is not sent, because the call is over or out of time. */
    @SuppressWarnings("FutureReturnValueIgnored") // guarded: the stages below let nothing escape
    private <R> boolean transmit(
            boolean write,
            BiFunction<DynamoDbAsyncClient, AwsRequestOverrideConfiguration, CompletableFuture<R>> request,
            Consumer<R> answered,
            Consumer<Failure> refused) {
        if (engine.isClosed()) {
            close();
            return false;
        }
        long remaining = deadline.remainingMillis();
        // A request that is cut off too early is ambiguous where its answer would have been clear.
        boolean late = remaining <= leastTryMillis;
        synchronized (this) {
            if (!waiting || result.isDone()) {
                return false;
            }
            waiting = false;
            writing = write && !late;
        }
        if (late || tally.requests == MAX_REQUESTS) {
            giveUp();
            return false;
        }
        tally.requests++;
        // Half of the time that is left: one that hangs leaves time for another.
        long timeout = Math.min(remaining, Math.max(leastTryMillis, remaining / 2));
        CompletableFuture<R> sent;
        try {
            sent = request.apply(engine.client(), engine.configuration(timeout));
        } catch (RuntimeException | Error e) {
            writing = false;
            guarded(() -> failed(Failure.of(e), false, refused));
            return false;
        }
        inFlight = sent;
        sent.whenComplete((answer, thrown) -> {
            inFlight = null;
            try {
                if (thrown == null) {
                    guarded(() -> answered.accept(answer));
                } else {
                    guarded(() -> failed(Failure.of(thrown), write, refused));
                }
            } finally {
                engine.admission().release();
            }
        });
        if (result.isDone()) {
            sent.cancel(true);
        }
        return true;
    }

    private void failed(Failure failure, boolean write, Consumer<Failure> refused) {
        lastFailure = failure;
        if (write && failure.kind() == Failure.Kind.AMBIGUOUS) {
            ambiguous = true;
            becameAmbiguous();
        }
        writing = false; // not before: a store that is closed meanwhile must know that the write may have happened
        switch (failure.kind()) {
            case REFUSED -> {
                if (!write) { // a read has no condition
                    fail(failure.asException(userId, engine.table()));
                    return;
                }
                tally.conflicts++;
                refused.accept(failure);
            }
            case DENIED, TOO_LARGE, INVALID -> fail(failure.asException(userId, engine.table()));
            default -> {
                tally.throttles += failure.kind() == Failure.Kind.THROTTLED ? 1 : 0;
                pause();
            }
        }
    }

    /** Takes note of what was read or written. */
    final void saw(StoredCart stored) {
        tally.drifts += stored.isDrifted() ? 1 : 0;
        engine.saw(stored);
    }

    /** Goes on after a pause that grows; gives up at once if the pause would outlast the deadline. */
    final void pause() {
        long millis = engine.backoffMillis(++pauses);
        if (millis >= deadline.remainingMillis() - leastTryMillis) {
            giveUp();
        } else {
            engine.schedule(() -> guarded(this::step), millis);
        }
    }

    /** Whether a request was sent that may have taken effect, or may do so yet. */
    final boolean isAmbiguous() {
        return ambiguous;
    }

    final void succeed(T value) {
        end(null);
        result.complete(value);
    }

    /** Keeps a value that stands whatever becomes of the requests that follow. */
    final void settle(T value) {
        settled = value;
    }

    /** Ends the call; a failure without effect is one only as long as every request's outcome is known. */
    final void fail(CartStoreException failure) {
        T value = settled;
        if (value != null) {
            succeed(value);
        } else {
            failWith(ambiguous && !failure.effectPossible() ? unknown(failure) : failure);
        }
    }

    private void failWith(Throwable failure) {
        end(failure);
        result.completeExceptionally(failure);
    }

    final boolean isSettled() {
        return settled != null;
    }

    /** Takes back that a request may have taken effect: it was proven that none did, and none will. */
    final void clearAmbiguity() {
        ambiguous = false;
    }

    final CartOutcomeUnknownException unknown(@Nullable Throwable cause) {
        return new CartOutcomeUnknownException(userId, isRepeatable(), cause);
    }

    private void giveUp() {
        Failure failure = lastFailure;
        fail(failure == null ? unanswered() : outOfTime(failure));
    }

    /** Returns the failure of a call that ran out of time although no request of it failed. */
    CartStoreException unanswered() {
        return new CartUnavailableException(
                missingUserId(), "the deadline passed before a request could be sent", null);
    }

    private CartStoreException outOfTime(Failure failure) {
        String missing = missingUserId();
        return switch (failure.kind()) {
            case REFUSED -> contended();
            case THROTTLED ->
                new CartThrottledException(missing, String.join(", ", failure.throttlingReasons()), failure.cause());
            case BUSY ->
                new CartUnavailableException(
                        missing,
                        "transactions or other replicas kept the cart busy until the deadline",
                        failure.cause());
            case UNSENT ->
                new CartUnavailableException(
                        missing, "DynamoDB could not be reached until the deadline; nothing was sent", failure.cause());
            default ->
                new CartUnavailableException(missing, "DynamoDB did not answer until the deadline", failure.cause());
        };
    }

    /** Ends the call because its store was closed. */
    final void close() {
        CartStoreException closed =
                new CartUnavailableException(missingUserId(), "the store was closed during the call", null);
        boolean mayBeWritten;
        synchronized (this) {
            waiting = false; // from here on nothing is sent
            mayBeWritten = writing;
        }
        if (mayBeWritten && settled == null) {
            failWith(unknown(closed));
        } else {
            fail(closed);
        }
    }

    /** Lets nothing that goes wrong leave the future incomplete. */
    private void guarded(Runnable step) {
        if (result.isDone()) {
            return;
        }
        try {
            step.run();
        } catch (CartStoreException e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            failWith(e);
        }
    }
}
