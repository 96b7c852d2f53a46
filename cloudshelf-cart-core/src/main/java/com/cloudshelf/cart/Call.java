package com.cloudshelf.cart;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Drives one call from its start to the completion of its future. Takes the steps that its {@link Protocol} decides on,
 * and knows nothing about carts.
 */
final class Call<E, V, T> implements Places.Guest, Lanes.Traveller, Engine.Member {
    /*
     * The states, and their transitions:
     *
     *   NEW -> TURN -> PLACE -> STEP <-> FLIGHT
     *                    ^       |
     *                    + PAUSE +-> ENDED
     *
     *   TURN    waits until the previous changes to the same cart have ended; skipped by calls without a lane.
     *   PLACE   waits for one of the store's places; holds none.
     *   FLIGHT  holds a place; a request, or two copies of it, is in flight. Lasts until the protocol has seen the response.
     *   STEP    holds a place; executes what the protocol has decided.
     *   PAUSE   holds no place; the timer wakes it.
     *   ENDED   holds nothing. Every state may lead here: by the protocol's decision, the deadline, a cancel, a close.
     *
     * Whatever happens to a call arrives as a signal in its mailbox, from any thread, and one thread at a time handles it
     * (draining). Therefore the fields below the mailbox need no lock: they pass from one thread to the next together with the
     * mailbox. A signal is never handled on the thread that brings it, but on a thread of the engine, so a call delays neither
     * the timer nor the SDK's threads.
     *
     * A request is sent after its thread has released the mailbox (see run). The SDK may block there for as long as it takes to
     * get credentials, and the deadline must still work.
     *
     * What a call holds is released in end, and nowhere else, before anyone learns the outcome.
     *
     * Code of others is expected to throw anything, also checked exceptions that it does not declare: Kotlin has none.
     */

    private static final Logger LOG = Logs.logger();

    /** The minimum time for a request, unless the whole call has less than four times as much. */
    private static final long LEAST_ATTEMPT_MILLIS = 250;

    private enum State {
        NEW,
        TURN,
        PLACE,
        FLIGHT,
        STEP,
        PAUSE
    }

    private enum SignalKind {
        START,
        TURN,
        PLACE,
        ANSWER,
        TIMER,
        ABANDONED,
        CLOSED
    }

    private record Signal(
            SignalKind kind,
            @Nullable StoredCart handedOn,
            @Nullable Copy copy,
            @Nullable Object answer,
            @Nullable Throwable thrown,
            @Nullable Object timer) {
        static Signal of(SignalKind kind) {
            return new Signal(kind, null, null, null, null, null);
        }
    }

    /** One of the copies of a request in flight. */
    private static final class Copy {
        final Request request;
        final boolean hedge;
        final long sentAt;
        final MarkedCredentials.Departure departure;
        boolean open = true;
        private boolean unwanted;
        private @Nullable CompletableFuture<?> future;

        @Nullable
        Failure failure;

        Copy(Request request, MarkedCredentials.Departure departure, boolean hedge, long sentAt) {
            this.sentAt = sentAt;
            this.request = request;
            this.departure = departure;
            this.hedge = hedge;
        }

        synchronized void sent(CompletableFuture<?> future) {
            this.future = future;
            if (unwanted) {
                future.cancel(true);
            }
        }

        /** Whether it may have reached DynamoDB. If it has not left yet, asking this prevents it from being sent. */
        boolean mayHaveLeft() {
            return open ? !departure.stay() : failure != null && failure.kind() == Failure.Kind.AMBIGUOUS;
        }

        /** Whether its response has arrived, even if the call has not handled it yet. */
        synchronized boolean isAnswered() {
            return open && future != null && future.isDone();
        }

        synchronized void cancel() {
            departure.giveUp(); // if it has not left yet, it is no longer sent
            unwanted = true;
            if (future != null) {
                future.cancel(true);
            }
        }
    }

    private final Engine engine;
    private final Protocol<E, V> protocol;
    private final Function<V, T> finish;
    private final boolean takesTurns;
    private final @Nullable Future<?> whole;
    private final Deadline deadline;
    private final long leastAttemptMillis;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final Runnable steps;

    // Guarded by this.
    private final ArrayDeque<Signal> mailbox = new ArrayDeque<>(2);
    private boolean draining = true; // by the thread that starts the call
    private int issued; // how often the decorated steps were called
    private volatile int taken; // the latest of these that ran
    private volatile boolean ended;

    // Used only by the thread that drains the mailbox.
    private State state = State.NEW;
    private E evidence;
    private boolean crowded;
    private boolean started;
    private boolean inLane;
    private boolean placed;
    private @Nullable StoredCart handedOn;
    private List<Copy> copies = List.of();
    private @Nullable Copy outgoing;
    private @Nullable Future<?> wake;
    private @Nullable Object timer;
    private long slowAt;
    private long lostAt;
    private int lost; // requests without a response in time
    private int pauses;
    private int retryCost;
    private @Nullable Failure lastFailure;
    private volatile @Nullable Runnable completion;
    private final CallMetrics.Tally tally = new CallMetrics.Tally();

    /**
     * @param takesTurns whether calls of this kind on one cart run one after the other
     * @param whole the call of which this one is a part; once that has ended, this one sends nothing more
     */
    Call(
            Engine engine,
            Protocol<E, V> protocol,
            Duration timeout,
            boolean takesTurns,
            @Nullable Future<?> whole,
            Function<V, T> finish) {
        this.engine = engine;
        this.protocol = protocol;
        this.finish = finish;
        this.takesTurns = takesTurns;
        this.whole = whole;
        Duration bound = timeout.isNegative() ? Duration.ZERO : timeout; // far from any overflow
        this.deadline = Deadline.in(bound, engine.wallMillis());
        this.leastAttemptMillis = Math.min(LEAST_ATTEMPT_MILLIS, bound.toMillis() / 4);
        this.evidence = protocol.nothingYet();
        this.steps = engine.decorated(this::run);
    }

    @Override
    public String userId() {
        return protocol.userId();
    }

    /** Starts the call. Unless it has to wait, its first request is sent on the calling thread. */
    CompletableFuture<T> start() {
        enter();
        runSteps();
        return result;
    }

    /** Starts the call without sending anything on the calling thread. */
    CompletableFuture<T> startElsewhere() {
        enter();
        goOn();
        return result;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the stage lets nothing escape
    private void enter() {
        crowded = !engine.started(this);
        result.whenComplete((value, failure) -> {
            if (!ended) { // the caller has completed it
                abandon();
            }
        });
        synchronized (this) {
            mailbox.addFirst(Signal.of(SignalKind.START)); // a close may have come before
        }
    }

    /* The mailbox. */

    /** Returns false if the call has ended and nobody will see the signal. */
    private boolean post(Signal signal) {
        synchronized (this) {
            if (ended) {
                return false;
            }
            mailbox.add(signal);
            if (draining) {
                return true;
            }
            draining = true;
        }
        goOn();
        return true;
    }

    /** Has a thread of the engine handle the signals. */
    private void goOn() {
        engine.hop(this::runSteps);
    }

    /** Ends the call at once if no other thread is working on it. This cannot run any code of the caller. */
    private void abandon() {
        synchronized (this) {
            if (ended) {
                return;
            }
            if (draining) {
                mailbox.add(Signal.of(SignalKind.ABANDONED));
                return;
            }
            draining = true;
        }
        end((Runnable) null);
        synchronized (this) {
            draining = false;
        }
    }

    /** Runs the decorated steps. A decorator that throws, runs nothing, or runs them twice or elsewhere does no harm. */
    private void runSteps() {
        int number;
        synchronized (this) {
            number = ++issued;
        }
        try {
            steps.run();
        } catch (Throwable e) {
            engine.warnOfPart("task decorator", e);
        }
        if (taken < number) {
            run();
        }
    }

    private void run() {
        Runnable completing;
        synchronized (this) {
            if (taken == issued) {
                return;
            }
            taken = issued;
            completing = completion;
            completion = null;
        }
        if (completing != null) {
            completing.run();
            return;
        }
        while (true) {
            Signal signal;
            synchronized (this) {
                signal = mailbox.poll();
                if (signal == null || ended) {
                    draining = false;
                    return;
                }
            }
            handle(signal);
            Copy copy = outgoing;
            if (copy != null) {
                outgoing = null;
                boolean more;
                synchronized (this) {
                    more = !mailbox.isEmpty();
                    draining = more;
                }
                if (more) {
                    goOn();
                }
                if (!transmit(copy)) {
                    return;
                }
            }
        }
    }

    /** Sends a request. Returns true if the response is already here and this thread may handle it. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage lets nothing escape
    private boolean transmit(Copy copy) {
        CompletableFuture<?> sent;
        try {
            sent = copy.departure.send(() -> engine.wire().send(copy.request, Math.max(1, deadline.remainingMillis())));
        } catch (Throwable e) {
            sent = CompletableFuture.failedFuture(e);
        }
        copy.sent(sent);
        if (sent.isDone()) {
            Object answer = null;
            Throwable thrown = null;
            try {
                answer = sent.getNow(null);
            } catch (RuntimeException e) {
                thrown = e;
            }
            synchronized (this) {
                if (ended) {
                    return false;
                }
                mailbox.add(new Signal(SignalKind.ANSWER, null, copy, answer, thrown, null));
                if (draining) {
                    return false;
                }
                draining = true;
                return true;
            }
        }
        sent.whenComplete((answer, thrown) -> post(new Signal(SignalKind.ANSWER, null, copy, answer, thrown, null)));
        return false;
    }

    @Override
    public void placed() {
        if (!post(Signal.of(SignalKind.PLACE))) {
            engine.places().release();
        }
    }

    @Override
    public void turn(@Nullable StoredCart handedOn) {
        post(new Signal(SignalKind.TURN, handedOn, null, null, null, null));
    }

    @Override
    public CompletableFuture<T> close() {
        post(Signal.of(SignalKind.CLOSED));
        return result;
    }

    /** Whatever goes wrong, the future is completed. */
    private void handle(Signal signal) {
        try {
            placed |= signal.kind == SignalKind.PLACE; // before anything else: whatever ends the call releases it
            if (isUnwanted()) {
                end((Runnable) null);
                return;
            }
            switch (signal.kind) {
                case START -> onStart();
                case TURN -> {
                    handedOn = signal.handedOn;
                    toPlace();
                }
                case PLACE -> step(started ? Event.resumed() : firstEvent());
                case ANSWER -> onAnswer(signal);
                case TIMER -> onTimer(signal);
                case ABANDONED -> end((Runnable) null);
                case CLOSED -> stop(Stop.Reason.CLOSED);
            }
        } catch (Throwable e) {
            broken(e);
        }
    }

    private boolean isUnwanted() {
        return result.isDone() || (whole != null && whole.isDone());
    }

    private void broken(Throwable thrown) {
        try {
            take(protocol.stop(evidence, new Stop(Stop.Reason.BROKEN, isUnanswered(), thrown)));
        } catch (Throwable e) {
            e.addSuppressed(thrown);
            end(() -> result.completeExceptionally(e));
        }
    }

    /* Signals. */

    private void onStart() {
        if (deadline.remainingMillis() <= 0) {
            stop(Stop.Reason.NO_TIME);
        } else if (crowded) {
            stop(Stop.Reason.CROWDED);
        } else if (takesTurns) {
            Lanes.Entry entry = engine.lanes().enter(this);
            inLane = entry != Lanes.Entry.BESIDE;
            if (entry == Lanes.Entry.WAIT) {
                state = State.TURN;
                wakeAfter(deadline.remainingMillis());
            } else {
                toPlace();
            }
        } else {
            toPlace();
        }
    }

    private void toPlace() {
        state = State.PLACE;
        if (engine.places().take(this, started)) {
            placed = true;
            step(started ? Event.resumed() : firstEvent());
        } else {
            wakeAfter(deadline.remainingMillis());
        }
    }

    private Event firstEvent() {
        started = true;
        StoredCart known = handedOn;
        handedOn = null;
        return Event.start(known);
    }

    private void onTimer(Signal signal) {
        if (signal.timer != timer) {
            return; // it was set for something that has passed
        }
        wake = null;
        if (deadline.remainingMillis() <= 0) {
            stop(
                    switch (state) {
                        case TURN -> Stop.Reason.TURN;
                        case PLACE -> Stop.Reason.PLACE;
                        default -> Stop.Reason.TIME;
                    });
            return;
        }
        switch (state) {
            case PAUSE -> toPlace();
            case FLIGHT -> onSlow();
            default -> wakeAfter(deadline.remainingMillis());
        }
    }

    private void onSlow() {
        for (Copy copy : copies) {
            if (copy.isAnswered()) {
                // Its signal is in the mailbox: this thread was slow, not the request. The other copy may still be.
                wakeAfter(1);
                return;
            }
        }
        long left = (lostAt - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            boolean mayHaveLeft = isUnanswered();
            lost++;
            engine.hedging().of(copies.get(0).request.kind()).lost();
            cancelCopies();
            TimeoutException cause = new TimeoutException("no response came within the time limit of the request");
            answered(Event.failed(new Failure(mayHaveLeft ? Failure.Kind.AMBIGUOUS : Failure.Kind.UNSENT, cause)));
            return;
        }
        Copy first = copies.get(0);
        if (copies.size() == 1
                && tally.requests < Stop.MAX_REQUESTS
                && System.nanoTime() - slowAt >= 0
                && engine.places().tryTake()) {
            if (engine.hedging().spend()) {
                tally.hedges++;
                log("hedge", "the previous request is slow", null);
                transmitLater(new Copy(first.request, engine.wire().departure(deadline), true, System.nanoTime()));
            } else {
                engine.places().release();
            }
        }
        wakeAfter(Math.min(left + 1, deadline.remainingMillis()));
    }

    private void onAnswer(Signal signal) {
        Copy copy = signal.copy;
        if (copy == null || !copies.contains(copy) || !copy.open) {
            return; // of a request that was abandoned
        }
        copy.open = false;
        Event event = engine.wire().event(copy.request, signal.answer, signal.thrown);
        if (event.kind() != Event.Kind.FAILED) {
            engine.hedging().of(copy.request.kind()).add(System.nanoTime() - copy.sentAt);
            tally.hedgesWon += copy.hedge ? 1 : 0;
            boolean stray = false;
            for (Copy other : copies) {
                stray |= other != copy
                        && (other.open || (other.failure != null && other.failure.kind() == Failure.Kind.AMBIGUOUS));
            }
            cancelCopies();
            answered(event.kind() == Event.Kind.REFUSED ? Event.refused(event.cause(), stray) : event);
            return;
        }
        Failure failure = event.cause();
        if (failure.kind() == Failure.Kind.AMBIGUOUS && copy.departure.hasStayed()) {
            failure = new Failure(Failure.Kind.UNSENT, failure.cause());
        }
        copy.failure = failure;
        Failure worst = failure;
        for (Copy other : copies) {
            if (other.open) {
                return; // its response decides
            }
            worst = other.failure != null && other.failure.kind() == Failure.Kind.AMBIGUOUS ? other.failure : worst;
        }
        cancelCopies();
        answered(Event.failed(worst));
    }

    private void answered(Event event) {
        if (event.kind() == Event.Kind.FAILED) {
            lastFailure = event.cause();
            tally.throttles += event.cause().kind() == Failure.Kind.THROTTLED ? 1 : 0;
        } else {
            engine.quota().succeeded(retryCost);
            retryCost = 0;
            lastFailure = event.kind() == Event.Kind.REFUSED ? event.cause() : null;
            tally.conflicts += event.kind() == Event.Kind.REFUSED ? 1 : 0;
        }
        step(event);
    }

    /* Steps. */

    private void step(Event event) {
        take(protocol.next(evidence, event, engine.moment()));
    }

    private void take(Decision<E, V> decision) {
        evidence = decision.evidence();
        state = State.STEP;
        for (StoredCart seen : decision.seen()) {
            if (seen.isDrifted()) {
                tally.drifts += seen.isWarning() ? 1 : 0;
                tally.staleIndexes += seen.drift().contains(StoredCart.Drift.INDEX) ? 1 : 0;
            }
            engine.saw(seen);
        }
        tally.recovered += decision.recovered() ? 1 : 0;
        switch (decision.kind()) {
            case SEND -> send(required(decision.request()));
            case PAUSE -> pause();
            case SUCCEED, FAIL -> end(decision);
        }
    }

    private static Request required(@Nullable Request request) {
        if (request == null) {
            throw new IllegalStateException("there is nothing to send");
        }
        return request;
    }

    private void send(Request request) {
        long now = System.nanoTime();
        long remaining = deadline.remainingMillis(now);
        if (engine.isClosed()) {
            stop(Stop.Reason.CLOSED, false);
        } else if (remaining <= leastAttemptMillis) {
            // A request that is cut off too early is ambiguous, although its response would have been clear.
            stop(Stop.Reason.TIME, false);
        } else if (tally.requests >= Stop.MAX_REQUESTS) {
            stop(Stop.Reason.REQUESTS, false);
        } else {
            state = State.FLIGHT;
            Latencies latencies = engine.hedging().of(request.kind());
            // Half of the remaining time, so that a hung request leaves time for another.
            long bound = Math.min(Math.max(leastAttemptMillis, remaining / 2), latencies.lostMillis(lost));
            long slow = request.isHedged() ? engine.hedging().delayMillis(request.kind()) : -1;
            slow = slow >= 0 && slow < bound ? slow : bound;
            lostAt = now + bound * 1_000_000;
            slowAt = now + slow * 1_000_000;
            wakeAfter(Math.min(slow, remaining));
            copies = List.of();
            Failure failure = lastFailure;
            if (tally.requests > 0) {
                log(
                        "attempt",
                        failure == null ? "the next step" : failure.kind().name(),
                        failure);
            }
            transmitLater(new Copy(request, engine.wire().departure(deadline), false, now));
        }
    }

    private void transmitLater(Copy copy) {
        tally.requests++;
        engine.hedging().sent();
        List<Copy> more = new ArrayList<>(copies);
        more.add(copy);
        copies = more;
        outgoing = copy;
    }

    private void log(String what, String why, @Nullable Failure failure) {
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "{} {} of {} after {} ms: {}{}",
                    what,
                    tally.requests + 1,
                    protocol.operation(),
                    (System.nanoTime() - tally.start) / 1_000_000,
                    why,
                    failure == null || failure.requestId().isEmpty() ? "" : ", request ID " + failure.requestId());
        }
    }

    /**
     * Continues after a growing delay. Ends the call at once if the delay would exceed the deadline, or if the quota is
     * used up.
     */
    private void pause() {
        Failure failure = lastFailure;
        int cost = failure == null ? 0 : Quota.costOf(failure.kind());
        if (!engine.quota().take(cost)) {
            stop(Stop.Reason.QUOTA, false);
            return;
        }
        retryCost += cost;
        long millis = engine.backoffMillis(++pauses);
        if (failure != null) {
            millis = Math.max(millis, failure.retryAfterMillis().orElse(0));
        }
        if (millis >= deadline.remainingMillis() - leastAttemptMillis) {
            stop(Stop.Reason.TIME, false);
            return;
        }
        state = State.PAUSE;
        releasePlace();
        wakeAfter(millis);
    }

    private void stop(Stop.Reason reason) {
        stop(reason, isUnanswered());
    }

    private boolean isUnanswered() {
        boolean unanswered = state == State.FLIGHT && copies.isEmpty(); // the protocol has not seen the response
        for (Copy copy : copies) {
            unanswered |= copy.mayHaveLeft();
        }
        return unanswered;
    }

    private void stop(Stop.Reason reason, boolean unanswered) {
        take(protocol.stop(evidence, Stop.because(reason, unanswered)));
    }

    /* Ends. */

    private void end(Decision<E, V> decision) {
        StoredCart left = decision.left();
        CartStoreException failure = decision.failure();
        if (failure != null) {
            end(left, failure, () -> result.completeExceptionally(failure));
            return;
        }
        T value;
        try {
            value = finish.apply(decision.value());
        } catch (Throwable e) {
            end(left, e, () -> result.completeExceptionally(e));
            return;
        }
        end(left, null, () -> result.complete(value));
    }

    private void end(@Nullable Runnable completing) {
        end(null, null, completing);
    }

    /** Gives back what the call holds, then tells its outcome; with {@code null} its holder has completed it already. */
    private void end(@Nullable StoredCart left, @Nullable Throwable failure, @Nullable Runnable completing) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            // A place may have been granted at this very moment.
            for (Signal unseen : mailbox) {
                placed |= unseen.kind == SignalKind.PLACE;
            }
            mailbox.clear();
        }
        outgoing = null;
        Future<?> waking = wake;
        if (waking != null) {
            waking.cancel(false);
        }
        wake = null;
        timer = null;
        cancelCopies();
        if (placed) {
            releasePlace();
        } else {
            engine.places().leave(this); // one that is granted later comes back through placed()
        }
        if (inLane) {
            engine.lanes().leave(this, left);
        }
        if (completing == null) {
            engine.ended(this, protocol.operation(), tally, abandoned());
        } else {
            engine.completing(this, result);
            engine.ended(this, protocol.operation(), tally, failure);
            engine.complete(this, completing, this::completeOn);
        }
    }

    private @Nullable Throwable abandoned() {
        return result.isCompletedExceptionally() ? new CancellationException() : null;
    }

    private void completeOn(Runnable completing) {
        completion = completing;
        runSteps();
    }

    private void releasePlace() {
        placed = false;
        engine.places().release();
    }

    /** Cancels the requests in flight. Each copy after the first holds a place of its own. */
    private void cancelCopies() {
        List<Copy> given = copies;
        copies = List.of();
        for (int i = 0; i < given.size(); i++) {
            if (i > 0) {
                engine.places().release();
            }
            Copy copy = given.get(i);
            if (copy.open) {
                copy.cancel();
            }
        }
    }

    private void wakeAfter(long millis) {
        Future<?> before = wake;
        if (before != null) {
            before.cancel(false);
        }
        Object armed = new Object();
        timer = armed;
        wake = engine.timer()
                .schedule(() -> post(new Signal(SignalKind.TIMER, null, null, null, null, armed)), Math.max(1, millis));
    }
}
