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

    private static final ThreadLocal<Departure> CURRENT = new ThreadLocal<>();

    private final IdentityProvider<? extends AwsCredentialsIdentity> provider;

    MarkedCredentials(IdentityProvider<? extends AwsCredentialsIdentity> provider) {
        this.provider = provider;
    }

    /** Has requests with these settings use the client's credentials through this class. */
    static void putInto(AwsRequestOverrideConfiguration.Builder settings, DynamoDbAsyncClient client) {
        IdentityProvider<? extends AwsCredentialsIdentity> provider;
        try {
            provider = client.serviceClientConfiguration().credentialsProvider();
        } catch (UnsupportedOperationException e) {
            return; // Stubs, and the embedded client of DynamoDB Local, do not report it, and need none.
        }
        if (provider != null && provider.identityType() == AwsCredentialsIdentity.class) {
            settings.credentialsProvider(new MarkedCredentials(provider));
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

    /**
     * Whether one attempt can still be kept from being sent. It can with certainty until its credentials have arrived;
     * from then on, it counts as sent. Thread-safe.
     */
    static final class Departure {
        private enum State {
            /** Not passed to the client yet. */
            NEW,
            /** The client has it; whether it was sent is unknown. */
            GONE,
            /** The client has it and is waiting for credentials. */
            ASKED,
            /** It is not sent. */
            STAYED
        }

        private final AtomicReference<State> state = new AtomicReference<>(State.NEW);
        private final CompletableFuture<AwsCredentialsIdentity> stayed = new CompletableFuture<>();

        /** Passes the attempt to the client, on this thread, unless it must stay. */
        <R> CompletableFuture<R> send(Supplier<CompletableFuture<R>> request) {
            if (!state.compareAndSet(State.NEW, State.GONE)) {
                return CompletableFuture.failedFuture(overdue());
            }
            CURRENT.set(this);
            try {
                return request.get();
            } finally {
                CURRENT.remove();
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
                stayed.completeExceptionally(overdue()); // frees the thread on which the SDK is waiting for them
                return true;
            }
            return state.get() == State.STAYED;
        }

        private boolean ask() {
            return state.compareAndSet(State.GONE, State.ASKED);
        }

        @SuppressWarnings("FutureReturnValueIgnored") // the stage lets nothing escape
        private CompletableFuture<? extends AwsCredentialsIdentity> answer(
                CompletableFuture<? extends AwsCredentialsIdentity> identity) {
            if (identity.isDone() && !identity.isCompletedExceptionally() && leave()) {
                return identity;
            }
            identity.whenComplete((credentials, failure) -> {
                if (failure != null) {
                    stayed.completeExceptionally(failure);
                } else if (leave()) {
                    stayed.complete(credentials);
                }
            });
            return stayed;
        }

        private boolean leave() {
            return state.compareAndSet(State.ASKED, State.GONE);
        }

        private static Unavailable overdue() {
            return new Unavailable("the call ended before its request had credentials", null);
        }
    }
}
