package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.DescribeContinuousBackupsResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTimeToLiveResponse;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;

/**
 * One call about the table as a whole, such as creating it: a sequence of requests, until it is finished, the deadline
 * passes or the caller cancels.
 *
 * <p>Such calls are rare and take long. Therefore their steps are plain blocking code, on a daemon thread of the call's
 * own. The thread and the timer serve no other call, so the code that a caller runs when the call ends delays no other
 * call.
 */
final class TableCall {
    /** The user of such a call's failures. */
    static final String NO_USER = "";

    private static final Duration LONGEST = Duration.ofDays(365);
    private static final long LONGEST_REQUEST_MILLIS = 10_000;

    /** How often one request is sent before its failure ends the call: as often as a call of a store sends any. */
    private static final int MAX_ATTEMPTS = 40;

    private static final BackoffStrategy BACKOFF =
            BackoffStrategy.exponentialDelay(Duration.ofMillis(50), Duration.ofSeconds(2));

    private final DynamoDbAsyncClient client;
    private final String table;
    private final Deadline deadline;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Set<CompletableFuture<?>> inFlight = ConcurrentHashMap.newKeySet();
    private volatile String step = "the first request";
    private volatile @Nullable Failure lastFailure;

    private TableCall(DynamoDbAsyncClient client, String table, Duration duration) {
        this.client = client;
        this.table = table;
        this.deadline = Deadline.in(duration, System::currentTimeMillis);
    }

    /** Runs the steps on a new thread; what they return or throw completes the future. Fails if the deadline passes. */
    static <T> CompletableFuture<T> start(
            DynamoDbAsyncClient client, String table, Duration duration, Function<TableCall, T> steps) {
        return start(client, table, duration, steps, call -> {
            throw call.outOfTime();
        });
    }

    /**
     * The same for steps that can be broken off.
     *
     * @param atDeadline returns what there is when the deadline passes
     */
    @SuppressWarnings("FutureReturnValueIgnored") // nothing chained to the result and the alarm can fail
    static <T> CompletableFuture<T> start(
            DynamoDbAsyncClient client,
            String table,
            Duration duration,
            Function<TableCall, T> steps,
            Function<TableCall, T> atDeadline) {
        if (duration.isZero() || duration.isNegative()) {
            return CompletableFuture.failedFuture(
                    new CartUnavailableException(NO_USER, "the deadline had already passed; nothing was sent", null));
        }
        Duration bound = duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
        TableCall call = new TableCall(client, table, bound);
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<Void> alarm =
                new CompletableFuture<Void>().completeOnTimeout(null, bound.toMillis(), TimeUnit.MILLISECONDS);
        alarm.thenRunAsync(() -> complete(result, call, atDeadline, atDeadline), TableCall::onNewThread);
        result.whenComplete((value, failure) -> {
            call.stop();
            alarm.cancel(false); // a call that has ended leaves nothing in the timer
        });
        onNewThread(() -> complete(result, call, steps, atDeadline));
        return result;
    }

    private static <T> void complete(
            CompletableFuture<T> result, TableCall call, Function<TableCall, T> value, Function<TableCall, T> late) {
        try {
            result.complete(value.apply(call));
        } catch (Late e) {
            if (!result.isDone()) { // by the wall clock it is late, and the alarm goes by the other
                complete(result, call, late, late);
            }
        } catch (RequestFailed e) {
            result.completeExceptionally(call.asException(e));
        } catch (Throwable e) {
            result.completeExceptionally(e);
        }
    }

    static void onNewThread(Runnable work) {
        Hop.daemon(work, "cloudshelf-cart-table").start();
    }

    private void stop() {
        ended.countDown();
        inFlight.forEach(request -> request.cancel(true));
    }

    /** Whether the call was cancelled or has ended. Nothing may be sent then. */
    private boolean isOver() {
        return hasEnded() || remainingMillis() <= 0;
    }

    private boolean hasEnded() {
        return ended.getCount() == 0;
    }

    /** Returns the remaining time of the call; negative after its deadline. */
    long remainingMillis() {
        return deadline.remainingMillis();
    }

    /** Says what the call is waiting for, for the message if the deadline passes. */
    void isAt(String what) {
        step = what;
    }

    /**
     * Sends a request and waits for its response. A failure that may pass is followed by another attempt after a delay; all of these requests can be
     * repeated without harm.
     *
     * @throws RequestFailed if DynamoDB refused it for good
     */
    <R> R ask(String operation, Function<AwsRequestOverrideConfiguration, CompletableFuture<R>> request) {
        for (int attempt = 1; ; attempt++) {
            try {
                return once(operation, request);
            } catch (RequestFailed e) {
                lastFailure = e.failure;
                if (!e.mayPass() || attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                pause(BACKOFF.computeDelay(attempt + 1));
            }
        }
    }

    @SuppressWarnings("CollectionUndefinedEquality") // a future equals only itself, as intended
    private <R> R once(String operation, Function<AwsRequestOverrideConfiguration, CompletableFuture<R>> request) {
        isAt("dynamodb:" + operation);
        requireTime();
        Duration timeout = Duration.ofMillis(Math.max(1, Math.min(deadline.remainingMillis(), LONGEST_REQUEST_MILLIS)));
        CompletableFuture<R> sent = null;
        try {
            AwsRequestOverrideConfiguration settings =
                    Clients.settings(client).apiCallTimeout(timeout).build();
            sent = requireNonNull(request.apply(settings), Clients.NO_FUTURE);
            inFlight.add(sent);
            if (isOver()) { // while the request was prepared, for instance by a slow credentials provider
                sent.cancel(true);
            }
            R answer = requireNonNull(sent.join(), "the client returned no response");
            if (isOfDynamoDb(answer)) {
                lastFailure = null;
                return answer;
            }
        } catch (Throwable e) {
            requireTime(); // a request that was cancelled because the call is over did not fail
            throw new RequestFailed(operation, Failure.of(e));
        } finally {
            if (sent != null) {
                inFlight.remove(sent);
            }
        }
        throw new RequestFailed(operation, Answers.ofSomethingElse());
    }

    /** Whether the response has what DynamoDB's always has. The SDK accepts an empty one from anything in between. */
    private static boolean isOfDynamoDb(Object response) {
        if (response instanceof DescribeTableResponse described) {
            return described.table() != null;
        }
        if (response instanceof DescribeTimeToLiveResponse described) {
            return described.timeToLiveDescription() != null;
        }
        if (response instanceof DescribeContinuousBackupsResponse described) {
            return described.continuousBackupsDescription() != null;
        }
        return !(response instanceof ScanResponse page) || page.count() != null || page.hasItems();
    }

    /** Waits, unless the call ends in the meantime. */
    void pause(Duration pause) {
        try {
            if (ended.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new Late();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Leaves the thread if nobody is waiting for the call any more: it was cancelled, or has its result. */
    void requireCaller() {
        if (hasEnded()) {
            throw new Late();
        }
    }

    /** Leaves the thread if the call has ended. */
    private void requireTime() {
        if (isOver()) {
            throw new Late();
        }
    }

    /** Returns the failure of a call that ran out of time. */
    private CartStoreException outOfTime() {
        Failure failure = lastFailure;
        if (failure != null && failure.kind() == Failure.Kind.THROTTLED) {
            return new CartThrottledException(NO_USER, failure.throttlingReasons(), failure.cause());
        }
        return new CartUnavailableException(
                NO_USER,
                "the deadline passed at " + step
                        + "; the call can be repeated. If it happens again, check the region, the"
                        + " endpoint and the network, or allow more time",
                failure == null ? null : failure.cause());
    }

    private CartStoreException asException(RequestFailed failed) {
        Failure failure = failed.failure;
        if (failed.isDenied()) {
            return new CartAccessException(
                    NO_USER,
                    "the caller has no permission for dynamodb:" + failed.operation + " on the table " + table
                            + "; grant it: the policies in docs/infrastructure list what each kind of caller needs",
                    failure.cause());
        }
        if (failure.kind() == Failure.Kind.THROTTLED) {
            return new CartThrottledException(NO_USER, failure.throttlingReasons(), failure.cause());
        }
        return failure.kind().isPassing()
                ? new CartUnavailableException(
                        NO_USER,
                        "DynamoDB gave no usable response to dynamodb:" + failed.operation + ". The cause says why;"
                                + " unless it is a server error, check the region, the endpoint and the network",
                        failure.cause())
                : failure.asException(NO_USER, table);
    }

    /** The call has ended by its deadline, or is about to. This only leaves the thread. */
    private static final class Late extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Late() {
            super(null, null, false, false);
        }
    }

    /** A request that failed, or that DynamoDB did not respond to. */
    static final class RequestFailed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        final String operation;
        final transient Failure failure;

        RequestFailed(String operation, Failure failure) {
            super(failure.cause());
            this.operation = operation;
            this.failure = failure;
        }

        /** Whether the cause has this type. Such a refusal is often part of a normal outcome. */
        boolean is(Class<? extends Throwable> type) {
            return type.isInstance(failure.cause());
        }

        String code() {
            return failure.cause() instanceof AwsServiceException service && service.awsErrorDetails() != null
                    ? String.valueOf(service.awsErrorDetails().errorCode())
                    : "";
        }

        /** Whether a permission is missing, while table and credentials are in order. */
        boolean isDenied() {
            return code().startsWith("AccessDenied");
        }

        /** Whether a retry may succeed. DynamoDB creates and changes only a limited number of tables at a time. */
        private boolean mayPass() {
            Failure.Kind kind = failure.kind();
            boolean passing = kind.isPassing() || kind == Failure.Kind.SKEWED;
            return passing
                    ? failure.cause() instanceof SdkException && !failure.isOfClosedClient()
                    : code().equals("LimitExceededException");
        }
    }
}
