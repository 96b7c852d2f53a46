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
 * The credentials of a client, as they are, but for two things: what their provider fails with is marked, and a request whose
 * call is over by the time they arrive is not sent.
 *
 * <p>The SDK hands out whatever a provider throws, in its own exceptions, and a chain of providers throws what its members do:
 * refused connections, errors of AWS STS, anything. From outside nothing tells them from failures of the request itself. But
 * without credentials nothing is ever sent, so that it matters to know.
 */
final class MarkedCredentials implements IdentityProvider<AwsCredentialsIdentity> {

    /** No credentials could be had. */
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

    /** Has the requests that are made with these settings use the client's credentials by way of this class. */
    static void putInto(AwsRequestOverrideConfiguration.Builder settings, DynamoDbAsyncClient client) {
        IdentityProvider<? extends AwsCredentialsIdentity> provider;
        try {
            provider = client.serviceClientConfiguration().credentialsProvider();
        } catch (UnsupportedOperationException e) {
            return; // Stubs, and the embedded client of DynamoDB Local, do not tell, and need none.
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
        } catch (Throwable e) { // whatever it is, it is the provider's, and belongs to the call that asked
            return CompletableFuture.failedFuture(unavailable(e));
        }
        if (identity == null) {
            return CompletableFuture.failedFuture(unavailable(null));
        }
        if (identity.isDone() && !identity.isCompletedExceptionally() && identity.getNow(null) != null) {
            return identity; // nearly always, and without another object
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
     * Of one attempt: whether it can still be kept from being sent. Until its credentials are there it can, for certain; then it
     * counts as sent. Safe for use by several threads.
     */
    static final class Departure {
        private enum State {
            /** Not handed to the client yet. */
            NEW,
            /** The client has it; nobody can tell. */
            GONE,
            /** The client has it, and waits for its credentials. */
            ASKED,
            /** It is not sent. */
            STAYED
        }

        private final AtomicReference<State> state = new AtomicReference<>(State.NEW);
        private final CompletableFuture<AwsCredentialsIdentity> stayed = new CompletableFuture<>();

        /** Hands the attempt to the client, on this thread; not if it was made to stay. */
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

        /** Keeps the attempt from being sent, and returns whether that is certain; false once it may have been sent. */
        boolean stay() {
            if (state.compareAndSet(State.NEW, State.STAYED)) {
                return true;
            }
            if (state.compareAndSet(State.ASKED, State.STAYED)) {
                stayed.completeExceptionally(overdue()); // frees the thread on which the SDK waits for them
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
