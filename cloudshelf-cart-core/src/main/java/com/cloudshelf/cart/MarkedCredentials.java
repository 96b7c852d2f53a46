package com.cloudshelf.cart;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;

/**
 * Passes the credentials of a client on, with two differences: exceptions of their provider are marked, and a request
 * whose call has ended by the time they arrive is not sent.
 *
 * <p>The SDK wraps whatever a provider throws in its own exceptions, and a chain of providers throws what its members
 * throw: refused connections, errors of AWS STS, anything. From outside, these cannot be distinguished from failures of
 * the request itself. The difference matters, because without credentials nothing is ever sent.
 */
final class MarkedCredentials implements IdentityProvider<AwsCredentialsIdentity> {

    /** No credentials are available. */
    static final class Unavailable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unavailable(String message, @Nullable Throwable cause) {
            super(message, cause, true, false);
        }
    }

    /** The deadline of the call has passed, or the call has ended, before the request was sent. */
    static final class Overdue extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Overdue() {
            super("the call was over before its request could be sent", null, true, false);
        }
    }

    private static final ThreadLocal<Departure> CURRENT = new ThreadLocal<>();

    private final IdentityProvider<? extends AwsCredentialsIdentity> provider;

    MarkedCredentials(IdentityProvider<? extends AwsCredentialsIdentity> provider) {
        this.provider = provider;
    }

    /** Has requests with these settings use the client's credentials through this class. */
    static void putInto(AwsRequestOverrideConfiguration.Builder settings, DynamoDbAsyncClient client) {
        DynamoDbServiceClientConfiguration configuration = configurationOf(client);
        IdentityProvider<? extends AwsCredentialsIdentity> provider =
                configuration == null ? null : configuration.credentialsProvider();
        if (provider != null && provider.identityType() == AwsCredentialsIdentity.class) {
            settings.credentialsProvider(new MarkedCredentials(provider));
        }
    }

    /** Returns {@code null} if the client does not report it: a stub, a mock, the embedded client of DynamoDB Local. */
    static @Nullable DynamoDbServiceClientConfiguration configurationOf(DynamoDbAsyncClient client) {
        try {
            return client.serviceClientConfiguration();
        } catch (UnsupportedOperationException e) {
            return null;
        }
    }

    @Override
    public Class<AwsCredentialsIdentity> identityType() {
        return AwsCredentialsIdentity.class;
    }

    @Override
    public CompletableFuture<? extends AwsCredentialsIdentity> resolveIdentity(ResolveIdentityRequest request) {
        Departure departure = CURRENT.get();
        return departure == null || !departure.ask() ? resolve(request) : departure.answer(resolve(request));
    }

    private CompletableFuture<? extends AwsCredentialsIdentity> resolve(ResolveIdentityRequest request) {
        CompletableFuture<? extends AwsCredentialsIdentity> identity;
        try {
            identity = provider.resolveIdentity(request);
        } catch (Throwable e) { // whatever it is, it comes from the provider and belongs to the call that asked
            return CompletableFuture.failedFuture(unavailable(e));
        }
        if (identity == null) {
            return CompletableFuture.failedFuture(unavailable(null));
        }
        if (identity.isDone() && !identity.isCompletedExceptionally() && identity.getNow(null) != null) {
            return identity; // nearly always, and without allocating an object
        }
        return identity.handle((credentials, failure) -> {
            if (credentials == null) {
                throw unavailable(failure);
            }
            return credentials;
        });
    }

    private static Unavailable unavailable(@Nullable Throwable failure) {
        return new Unavailable(
                "the client's credentials provider failed",
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure);
    }

    @Override
    public String toString() {
        return provider.toString();
    }

    /** Whether one client reports when each of its requests leaves. */
    static final class Watch {
        private volatile boolean started;
        private volatile boolean missed;

        /** From now on, the requests of the client are watched. */
        void start() {
            started = true;
        }

        /** A request could not be matched to an attempt. */
        void miss() {
            missed = true;
        }

        boolean seesAll() {
            return started && !missed;
        }
    }

    /**
     * Whether one attempt can still be kept from being sent. It can with certainty until its credentials have arrived; if
     * the client sends through a {@link WatchedHttpClient}, until it has a connection. Thread-safe.
     *
     * <p>At these moments the attempt also asks for the deadline, because a process may have been frozen since it was passed to
     * the client. When it thaws, the timer is only one of many threads.
     */
    static final class Departure {
        private enum State {
            /** Not passed to the client yet. */
            NEW,
            /** The client has it and may send it at any moment; a watched client reports when. */
            HANDED,
            /** The client has it and is waiting for credentials. */
            ASKED,
            /** The client is sending it on a connection. */
            LEFT,
            /** It is not sent. */
            STAYED
        }

        private final Watch watch;
        private final Deadline deadline;
        private final AtomicReference<State> state = new AtomicReference<>(State.NEW);
        private final CompletableFuture<AwsCredentialsIdentity> stayed = new CompletableFuture<>();
        private boolean unwanted;
        private @Nullable CompletableFuture<?> transmission;

        /**
         * @param watch of the client's connections, or of nothing
         * @param deadline of the call
         */
        Departure(Watch watch, Deadline deadline) {
            this.watch = watch;
            this.deadline = deadline;
        }

        /** Returns the departure of the attempt that this thread is sending. */
        static @Nullable Departure current() {
            return CURRENT.get();
        }

        /** Passes the attempt to the client, on this thread, unless it must stay. */
        <R> CompletableFuture<R> send(Supplier<CompletableFuture<R>> request) {
            return state.compareAndSet(State.NEW, State.HANDED)
                    ? here(request)
                    : CompletableFuture.failedFuture(new Overdue());
        }

        private <R> R here(Supplier<R> step) {
            Departure before = CURRENT.get();
            CURRENT.set(this);
            try {
                return step.get();
            } finally {
                CURRENT.set(before);
            }
        }

        /**
         * Keeps the attempt from being sent, and returns whether that is certain; false if it may already have been
         * sent.
         */
        boolean stay() {
            if (state.compareAndSet(State.NEW, State.STAYED)) {
                return true;
            }
            if (state.compareAndSet(State.ASKED, State.STAYED)) {
                stayed.completeExceptionally(new Overdue()); // frees the thread on which the SDK is waiting for them
                return true;
            }
            return (isWatched() && state.compareAndSet(State.HANDED, State.STAYED)) || state.get() == State.STAYED;
        }

        /**
         * Gives up the response. A request that has not left stays; one that has left loses its connection. It is not cancelled
         * any earlier, because the SDK's Netty client cannot cancel a request that is just getting its connection.
         */
        void giveUp() {
            if (!stay()) {
                disconnect();
            }
        }

        private void disconnect() {
            CompletableFuture<?> given;
            synchronized (this) {
                unwanted = true;
                given = transmission;
            }
            if (given != null) {
                given.cancel(true);
            }
        }

        /** Whether it is certain that the attempt, which has failed, was never sent. */
        boolean hasStayed() {
            return isWatched() && state.get() != State.LEFT;
        }

        private boolean isWatched() {
            return watch.seesAll();
        }

        /** The HTTP client has the attempt. */
        void transmitting(CompletableFuture<?> transmission) {
            boolean given;
            synchronized (this) {
                this.transmission = transmission;
                given = unwanted;
            }
            if (given) {
                transmission.cancel(true);
            }
        }

        /** The HTTP client has a connection. If the attempt must stay, returns false and closes the connection. */
        boolean leave() {
            stayIfOverdue();
            if (state.compareAndSet(State.HANDED, State.LEFT) || state.get() != State.STAYED) {
                return true;
            }
            disconnect();
            return false;
        }

        private boolean ask() {
            return state.compareAndSet(State.HANDED, State.ASKED);
        }

        @SuppressWarnings("FutureReturnValueIgnored") // the stage lets nothing escape
        private CompletableFuture<? extends AwsCredentialsIdentity> answer(
                CompletableFuture<? extends AwsCredentialsIdentity> identity) {
            if (identity.isDone() && !identity.isCompletedExceptionally() && goOn()) {
                return identity;
            }
            identity.whenComplete((credentials, failure) -> {
                if (failure != null) {
                    stayed.completeExceptionally(failure);
                } else if (goOn()) {
                    here(() -> stayed.complete(credentials));
                }
            });
            return stayed;
        }

        private boolean goOn() {
            stayIfOverdue();
            return state.compareAndSet(State.ASKED, State.HANDED);
        }

        private void stayIfOverdue() {
            if (deadline.hasPassed()) {
                stay();
            }
        }
    }
}
