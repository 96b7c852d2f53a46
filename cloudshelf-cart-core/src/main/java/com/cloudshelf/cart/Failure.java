package com.cloudshelf.cart;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.RequestLimitExceededException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingReason;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.utils.DateUtils;

/**
 * The meaning of a failed attempt: may it have had an effect, and is it worth another attempt? The only class that
 * knows the SDK's exceptions.
 *
 * <p>It judges by types, error codes and the nesting of causes, never by texts, which differ between versions and
 * engines. Whatever is not known to be without effect counts as ambiguous: if a response was lost, cut off, garbled or
 * a server error, the request may have been applied.
 */
record Failure(Kind kind, Throwable cause) {
    enum Kind {
        /** The condition of the write did not hold. */
        REFUSED,
        /** Refused because of the request rate. */
        THROTTLED,
        /** Refused because another write, of a transaction or a replica, was in progress. */
        BUSY,
        /** It never reached DynamoDB. */
        UNSENT,
        /**
         * Refused because of the time of its signature. The SDK learns the server's time from the response and signs
         * the next attempt with it; a second refusal is final.
         */
        SKEWED,
        /** It may have been applied. */
        AMBIGUOUS,
        /** Table, permission or credentials are missing. */
        DENIED,
        /** The item would be too large. */
        TOO_LARGE,
        /** Refused permanently. */
        INVALID;

        /** Whether the same request may succeed later. */
        boolean isPassing() {
            return this == THROTTLED || this == BUSY || this == UNSENT || this == AMBIGUOUS;
        }
    }

    private static final String VALIDATION = "ValidationException";

    /** Common to all of DynamoDB's messages for an item that is too large; there is no error code for it. */
    private static final String ITEM_SIZE = "tem size";

    private static final int CONTENT_TOO_LARGE = 413;

    /** The SDK corrects a clock that is off by this much; DynamoDB refuses signatures from five minutes on. */
    private static final Duration CLOCK_THRESHOLD = Duration.ofMinutes(4);

    private static final String NETTY_CLIENT = "software.amazon.awssdk.http.nio.netty.";

    /** Chains of causes are short, unless they are circular. */
    private static final int MAX_CAUSES = 20;

    private static final Set<String> BUSY_CODES =
            Set.of("TransactionConflictException", "ReplicatedWriteConflictException");

    /** In addition to the codes that the SDK treats as throttling. */
    private static final Set<String> THROTTLED_CODES = Set.of("LimitExceededException", "KMSThrottlingException");

    /**
     * Codes that leave open whether the request was applied, whatever the status says. The first means that a
     * transaction with this token is still in progress; the second, that the token was used for another transaction. In
     * both cases, a request with this token was accepted, whether it was an attempt of ours or not.
     */
    private static final Set<String> AMBIGUOUS_CODES = Set.of(
            "TransactionInProgressException",
            "IdempotentParameterMismatchException",
            "InternalServerError",
            "InternalServerErrorException",
            "InternalError",
            "InternalFailure",
            "InternalFailureException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "PriorRequestNotComplete",
            "RequestTimeout",
            "RequestTimeoutException");

    private static final Set<String> CLOCK_CODES =
            Set.of("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture");

    /** Caused by a wrong signature time, but also by a wrong secret key. */
    private static final Set<String> SIGNATURE_CODES =
            Set.of("InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure");

    private static final Set<String> DENIED_CODES = Set.of(
            "AccessDeniedException",
            "AccessDenied",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "InvalidToken",
            "InvalidTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "ExpiredToken",
            "ExpiredTokenException",
            "NotAuthorized",
            "UnauthorizedOperation",
            "OptInRequired",
            "SubscriptionRequiredException",
            "ResourceNotFoundException");

    /**
     * Refusals by AWS KMS on behalf of DynamoDB: the table's key is missing, disabled, pending deletion or not allowed.
     */
    private static final String KMS = "KMS";

    /** Judges the exception of the client's future, or one that the client threw. */
    static Failure of(Throwable thrown) {
        Throwable cause = unwrap(thrown);
        return new Failure(kind(cause), cause);
    }

    static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        for (int depth = 0; depth < MAX_CAUSES; depth++) {
            Throwable inner = cause.getCause();
            if (inner == null || !(cause instanceof CompletionException || cause instanceof ExecutionException)) {
                break;
            }
            cause = inner;
        }
        return cause;
    }

    private static Kind kind(Throwable cause) {
        if (cause instanceof ConditionalCheckFailedException) {
            return Kind.REFUSED;
        }
        if (cause instanceof TransactionCanceledException canceled) {
            return kind(canceled);
        }
        if (isOfCredentials(cause)) {
            return Kind.DENIED;
        }
        if (has(cause, MarkedCredentials.Overdue.class)) {
            return Kind.UNSENT;
        }
        if (cause instanceof AwsServiceException service) {
            return kind(service);
        }
        return cause instanceof SdkClientException client && isUnsent(client) ? Kind.UNSENT : Kind.AMBIGUOUS;
    }

    /** A cancelled transaction had no effect. Each of its parts has a reason. */
    private static Kind kind(TransactionCanceledException canceled) {
        Kind kind = Kind.BUSY;
        for (CancellationReason reason : canceled.cancellationReasons()) {
            switch (String.valueOf(reason.code())) {
                case "ConditionalCheckFailed" -> {
                    return Kind.REFUSED;
                }
                case "ValidationError" -> {
                    return String.valueOf(reason.message()).contains(ITEM_SIZE) ? Kind.TOO_LARGE : Kind.INVALID;
                }
                case "ItemCollectionSizeLimitExceeded" -> {
                    return Kind.INVALID;
                }
                case "AccessDenied" -> {
                    return Kind.DENIED;
                }
                case "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded" ->
                    kind = Kind.THROTTLED;
                default -> {}
            }
        }
        return kind;
    }

    private static Kind kind(AwsServiceException service) {
        String code = errorCode(service);
        if (AMBIGUOUS_CODES.contains(code)) {
            return Kind.AMBIGUOUS; // before throttling, because the SDK treats one of them as throttling
        }
        if (BUSY_CODES.contains(code)) {
            return Kind.BUSY;
        }
        if (service.isThrottlingException() || THROTTLED_CODES.contains(code)) {
            return Kind.THROTTLED;
        }
        if (service.statusCode() == CONTENT_TOO_LARGE) {
            return Kind.TOO_LARGE;
        }
        if (service.statusCode() >= 500 || code.isEmpty()) {
            return Kind.AMBIGUOUS;
        }
        if (CLOCK_CODES.contains(code)) {
            return Kind.SKEWED;
        }
        if (SIGNATURE_CODES.contains(code)) {
            return isClockOff(service) ? Kind.SKEWED : Kind.DENIED;
        }
        if (DENIED_CODES.contains(code) || code.startsWith(KMS)) {
            return Kind.DENIED;
        }
        return code.equals(VALIDATION) && message(service).contains(ITEM_SIZE) ? Kind.TOO_LARGE : Kind.INVALID;
    }

    private static boolean isOfCredentials(Throwable thrown) {
        return has(thrown, MarkedCredentials.Unavailable.class);
    }

    /** Whether the exception or one of its causes has this type. */
    private static boolean has(Throwable thrown, Class<? extends Throwable> type) {
        Throwable cause = thrown;
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
            if (type.isInstance(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** Exceptions of Netty's client before it has a connection. */
    private static boolean isUnsent(SdkClientException client) {
        Throwable cause = client;
        for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
            if (cause instanceof ConnectException
                    || cause instanceof NoRouteToHostException
                    || cause instanceof UnknownHostException
                    || cause instanceof UnresolvedAddressException
                    || cause instanceof SSLHandshakeException
                    || cause instanceof SSLPeerUnverifiedException
                    || (depth == 1 && isOfPool(cause))) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /**
     * Whether the pool provided no connection. Only the pool fails with a bare {@code Throwable}, around a {@code
     * TimeoutException} if no connection became free in time, or an {@code IllegalStateException} if too many requests
     * were waiting. A client whose threads have ended refuses the task. If a client is closed while a request waits for
     * a connection, the pool's own class throws.
     */
    private static boolean isOfPool(Throwable cause) {
        Throwable inner = cause.getCause();
        return isOfClosedPool(cause)
                || (cause.getClass() == Throwable.class
                        && (inner instanceof TimeoutException || inner instanceof IllegalStateException));
    }

    private static boolean isOfClosedPool(Throwable cause) {
        if (cause instanceof RejectedExecutionException) {
            return true;
        }
        StackTraceElement[] trace = cause.getStackTrace();
        return cause instanceof IllegalStateException
                && trace.length > 0
                && trace[0].getClassName().startsWith(NETTY_CLIENT)
                && trace[0].getClassName().endsWith("ChannelPool");
    }

    /** Whether the client refuses every request, so that another attempt makes no sense. */
    boolean isOfClosedClient() {
        return kind == Kind.UNSENT && cause.getCause() != null && isOfClosedPool(cause.getCause());
    }

    /**
     * Whether the date of the response is far from the machine's. The exception's {@code isClockSkewException} cannot
     * answer this, because the SDK drops the time of the signature before it passes the exception on.
     */
    private static boolean isClockOff(AwsServiceException service) {
        Duration ahead = clockAhead(service);
        return ahead != null && ahead.abs().compareTo(CLOCK_THRESHOLD) >= 0;
    }

    private static @Nullable Duration clockAhead(AwsServiceException service) {
        String date = header(service, "Date");
        if (date == null) {
            return null;
        }
        try {
            return Duration.between(DateUtils.parseRfc822Date(date), Instant.now());
        } catch (RuntimeException e) {
            return null; // no date
        }
    }

    private static @Nullable String header(AwsServiceException service, String name) {
        AwsErrorDetails details = service.awsErrorDetails();
        SdkHttpResponse response = details == null ? null : details.sdkHttpResponse();
        return response == null ? null : response.firstMatchingHeader(name).orElse(null);
    }

    private static String errorCode(AwsServiceException service) {
        AwsErrorDetails details = service.awsErrorDetails();
        String code = details == null ? null : details.errorCode();
        return code == null ? "" : code;
    }

    private static String message(AwsServiceException service) {
        AwsErrorDetails details = service.awsErrorDetails();
        String message = details == null ? null : details.errorMessage();
        return message == null ? "" : message;
    }

    /**
     * Returns the item that refused the write: empty if there is no item, {@code null} if the engine did not send it.
     */
    @Nullable
    Map<String, AttributeValue> refusedBy() {
        return cause instanceof ConditionalCheckFailedException refused && refused.hasItem() ? refused.item() : null;
    }

    /**
     * Whether the reason may be the stored item: that an attribute has a type that the update cannot act on. DynamoDB
     * uses the same code for a request that is invalid in itself.
     */
    boolean mayBeOfTheItem() {
        return kind == Kind.INVALID
                && cause instanceof AwsServiceException service
                && errorCode(service).equals(VALIDATION);
    }

    /** Returns DynamoDB's throttling reasons, if it and the SDK provide them. */
    List<String> throttlingReasons() {
        try {
            return Reasons.of(cause);
        } catch (LinkageError e) {
            return List.of(); // older SDKs, at least up to 2.31, have no reasons
        }
    }

    /** Returns the delay that the service asks for, in milliseconds, as the SDK of 2026 reads it. */
    OptionalLong retryAfterMillis() {
        String millis = cause instanceof AwsServiceException service ? header(service, "x-amz-retry-after") : null;
        if (millis != null) {
            try {
                return OptionalLong.of(Math.max(0, Integer.parseInt(millis)));
            } catch (NumberFormatException e) {
                // Not a delay; the SDK ignores it, too.
            }
        }
        return OptionalLong.empty();
    }

    /** Returns the request ID that AWS support asks for; empty if there was no response. */
    String requestId() {
        String id = cause instanceof AwsServiceException service ? service.requestId() : null;
        return id == null ? "" : id;
    }

    /** Returns the exception for a failure without effect that another attempt cannot fix. */
    CartStoreException asException(String userId, String table) {
        return switch (kind) {
            case DENIED, SKEWED -> new CartAccessException(userId, accessAdvice(table), cause);
            case TOO_LARGE -> CartRejectedException.tooLarge(userId);
            case UNSENT ->
                new CartUnavailableException(
                        userId, "the AWS client accepts no requests: it was closed, or its executor is full", cause);
            default ->
                new CartStoreException(
                        userId,
                        "DynamoDB permanently refused the request ("
                                + (cause instanceof AwsServiceException service
                                        ? errorCode(service)
                                        : cause.getClass().getSimpleName())
                                + "); the cause says why"
                                + (mayBeOfTheItem()
                                        ? ", and CartTable.verify whether the table has the right key"
                                        : ""),
                        false,
                        cause);
        };
    }

    private String accessAdvice(String table) {
        if (cause instanceof TransactionCanceledException) {
            return permissionAdvice(table);
        }
        if (isOfCredentials(cause) || !(cause instanceof AwsServiceException service)) {
            return "no AWS credentials are available, and nothing was sent. The cause says why: give the process a role, a"
                    + " profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and check that their source can be reached";
        }
        String code = errorCode(service);
        if (kind == Kind.SKEWED) {
            return clockAdvice(code, clockAhead(service));
        }
        if (code.equals("ResourceNotFoundException")) {
            return "the table " + table + " does not exist in the client's account and region; create it, or"
                    + " correct the store's tableName and region";
        }
        if (code.startsWith(KMS)) {
            return "the KMS key of the table " + table + " cannot be used (" + code
                    + "); check that the key is enabled, and allow the caller's role kms:Decrypt on it";
        }
        if (code.startsWith("AccessDenied") || code.equals("UnauthorizedOperation")) {
            return permissionAdvice(table);
        }
        return "DynamoDB did not accept the caller's credentials (" + code
                + "); renew them, and check the account and the region";
    }

    private static String permissionAdvice(String table) {
        return "the caller has no permission to use the table " + table
                + "; its role needs the actions named by the cause, among"
                + " dynamodb:GetItem, BatchGetItem, PutItem, UpdateItem and DeleteItem on this table";
    }

    private static String clockAdvice(String code, @Nullable Duration ahead) {
        String off = ahead == null || ahead.abs().compareTo(CLOCK_THRESHOLD) < 0
                ? "may be off"
                : "is " + ahead.abs().toMinutes() + " minutes " + (ahead.isNegative() ? "behind" : "ahead");
        return "DynamoDB did not accept the time of the request signature (" + code + "): the machine's clock " + off
                + ". Set the clock; if it is correct, renew the credentials";
    }

    /** A class of its own, because older SDKs lack the class and the methods. */
    private static final class Reasons {
        static List<String> of(Throwable cause) {
            List<ThrottlingReason> reasons = List.of();
            if (cause instanceof ProvisionedThroughputExceededException exceeded) {
                reasons = exceeded.throttlingReasons();
            } else if (cause instanceof ThrottlingException throttled) {
                reasons = throttled.throttlingReasons();
            } else if (cause instanceof RequestLimitExceededException limited) {
                reasons = limited.throttlingReasons();
            }
            return reasons.stream()
                    .map(ThrottlingReason::reason)
                    .filter(Objects::nonNull)
                    .distinct()
                    .toList();
        }
    }
}
