package com.cloudshelf.cart.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One request as {@link Faults} logged it: what the client sent, what happened to it, and what the client received.
 *
 * <p>It shows the state at the time of {@link Faults#sent()}: a request in flight has neither a status nor a failure
 * yet.
 *
 * <p>Immutable and thread-safe.
 */
public final class SentRequest {
    private final String operation;
    private final byte[] body;
    private final @Nullable String fault;
    private final int deliveries;
    private final int status;
    private final int responseBytes;
    private final @Nullable Throwable failure;

    SentRequest(
            String operation,
            byte[] body,
            @Nullable String fault,
            int deliveries,
            int status,
            int responseBytes,
            @Nullable Throwable failure) {
        this.operation = operation;
        this.body = body;
        this.fault = fault;
        this.deliveries = deliveries;
        this.status = status;
        this.responseBytes = responseBytes;
        this.failure = failure;
    }

    /** {@return the DynamoDB operation, for instance {@code UpdateItem}; empty for a request that names none} */
    public String operation() {
        return operation;
    }

    /**
     * {@return the body that was sent}
     *
     * <p>It contains user data; do not log it.
     */
    public String json() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** {@return the size of the body that was sent} */
    public int requestBytes() {
        return body.length;
    }

    /** {@return the name of the fault that the request met, as in {@link Faults#counts()}} */
    public Optional<String> fault() {
        return Optional.ofNullable(fault);
    }

    /**
     * {@return how often the server has responded to this request, whether or not the client received a response:
     * usually once}
     */
    public int deliveries() {
        return deliveries;
    }

    /** {@return the HTTP status that the client received; empty if it received none} */
    public OptionalInt status() {
        return status == Exchange.NONE ? OptionalInt.empty() : OptionalInt.of(status);
    }

    /** {@return the size of the body that the client received; empty if it received none} */
    public OptionalInt responseBytes() {
        return responseBytes == Exchange.NONE ? OptionalInt.empty() : OptionalInt.of(responseBytes);
    }

    /**
     * {@return what ended the exchange without a complete response: an injected error, a real one, or the client giving
     * up}
     */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    /** {@return a line for logs and assertions, without user data} */
    @Override
    public String toString() {
        StringBuilder line =
                new StringBuilder(operation).append(" (").append(body.length).append(" bytes)");
        if (fault != null) {
            line.append(", ").append(fault);
        }
        line.append(", delivered ").append(deliveries);
        if (status != Exchange.NONE) {
            line.append(", status ")
                    .append(status)
                    .append(" (")
                    .append(responseBytes)
                    .append(" bytes)");
        }
        if (failure != null) {
            line.append(", ").append(failure.getClass().getSimpleName());
        }
        return line.toString();
    }
}
