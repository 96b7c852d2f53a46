package com.cloudshelf.cart;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.RequestLimitExceededException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingReason;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/**
 * What the failure of one request means: may it have had an effect, and is it worth another try? The one place that knows
 * the SDK's exceptions.
 *
 * <p>What is not known to be without effect counts as ambiguous: a request whose answer was lost, cut, garbled or a server
 * error may have been carried out.
 */
record Failure(Kind kind, Throwable cause) {
    enum Kind {
        /** The condition of the write did not hold. */
        REFUSED,
        /** Refused for its rate. */
        THROTTLED,
        /** Refused because another write, a transaction or a replica's, was under way. */
        BUSY,
        /** It never reached DynamoDB. */
        UNSENT,
        /** It may have been carried out. */
        AMBIGUOUS,
        /** Table, permission or credentials are missing. */
        DENIED,
        /** The item would be too large. */
        TOO_LARGE,
        /** Refused for good. */
        INVALID
    }

    /** What DynamoDB's texts for an item that is too large have in common; there is no error code for it. */
    private static final String ITEM_SIZE = "tem size";

    private static final Set<String> BUSY_CODES = Set.of(
            "TransactionConflictException", "ReplicatedWriteConflictException", "TransactionInProgressException");

    private static final Set<String> DENIED_CODES = Set.of(
            "AccessDeniedException",
            "AccessDenied",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "ExpiredToken",
            "ExpiredTokenException",
            "NotAuthorized",
            "OptInRequired",
            "ResourceNotFoundException",
            "KMSAccessDeniedException");

    static Failure of(Throwable thrown) {
        Throwable cause = unwrap(thrown);
        return new Failure(kind(cause), cause);
    }

    static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
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
        if (cause instanceof AwsServiceException service) {
            return kind(service);
        }
        return cause instanceof SdkClientException client ? kind(client) : Kind.AMBIGUOUS;
    }

    /** A cancelled transaction had no effect; why it was cancelled stands in a reason for each of its parts. */
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
                case "AccessDenied" -> {
                    return Kind.DENIED;
                }
                case "ThrottlingError", "ProvisionedThroughputExceeded" -> kind = Kind.THROTTLED;
                default -> {}
            }
        }
        return kind;
    }

    private static Kind kind(AwsServiceException service) {
        String code = errorCode(service);
        if (BUSY_CODES.contains(code)) {
            return Kind.BUSY;
        }
        if (service.isThrottlingException()) {
            return Kind.THROTTLED;
        }
        if (service.statusCode() >= 500 || code.isEmpty()) {
            return Kind.AMBIGUOUS;
        }
        if (service.isClockSkewException() && !code.equals("InvalidSignatureException")) {
            // The SDK has learned the server's time from this answer, and signs the next try with it.
            return Kind.UNSENT;
        }
        if (DENIED_CODES.contains(code)) {
            return Kind.DENIED;
        }
        return code.equals("ValidationException") && message(service).contains(ITEM_SIZE)
                ? Kind.TOO_LARGE
                : Kind.INVALID;
    }

    private static Kind kind(SdkClientException client) {
        for (Throwable cause = client; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof UnknownHostException
                    || cause instanceof SSLHandshakeException) {
                return Kind.UNSENT;
            }
        }
        return String.valueOf(client.getMessage()).startsWith("Unable to load credentials")
                ? Kind.DENIED
                : Kind.AMBIGUOUS;
    }

    private static String errorCode(AwsServiceException service) {
        String code = service.awsErrorDetails() == null
                ? null
                : service.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }

    private static String message(AwsServiceException service) {
        String message = service.awsErrorDetails() == null
                ? null
                : service.awsErrorDetails().errorMessage();
        return message == null ? "" : message;
    }

    /** Returns the item that refused the write, empty if there is none, or {@code null} if the engine did not send it. */
    @Nullable
    Map<String, AttributeValue> refusedBy() {
        return cause instanceof ConditionalCheckFailedException refused && refused.hasItem() ? refused.item() : null;
    }

    /** Returns DynamoDB's reasons for throttling, where it gives them. */
    String throttlingReasons() {
        List<ThrottlingReason> reasons = List.of();
        if (cause instanceof ProvisionedThroughputExceededException exceeded) {
            reasons = exceeded.throttlingReasons();
        } else if (cause instanceof ThrottlingException throttled) {
            reasons = throttled.throttlingReasons();
        } else if (cause instanceof RequestLimitExceededException limited) {
            reasons = limited.throttlingReasons();
        }
        return reasons.stream().map(ThrottlingReason::reason).distinct().collect(Collectors.joining(", "));
    }

    /** Returns the exception for a failure that no further try can mend, and that had no effect. */
    CartStoreException asException(String userId, String table) {
        return switch (kind) {
            case DENIED -> new CartAccessException(userId, accessAdvice(table), cause);
            case TOO_LARGE ->
                new CartRejectedException(
                        userId,
                        CartRejectedException.Reason.TOO_LARGE,
                        "the cart would exceed DynamoDB's 400 KB for an item");
            default ->
                new CartStoreException(
                        userId,
                        "DynamoDB refused the request for good ("
                                + (cause instanceof AwsServiceException service
                                        ? errorCode(service)
                                        : cause.getClass().getSimpleName())
                                + "); the cause says why",
                        false,
                        cause);
        };
    }

    private String accessAdvice(String table) {
        if (!(cause instanceof AwsServiceException service)) {
            return "no AWS credentials were found; give the process a role, or set AWS_ACCESS_KEY_ID and"
                    + " AWS_SECRET_ACCESS_KEY";
        }
        String code = errorCode(service);
        if (code.equals("ResourceNotFoundException")) {
            return "the table " + table + " does not exist in the client's account and region; create it, or give the"
                    + " store the right tableName and region";
        }
        if (code.startsWith("KMS")) {
            return "the caller may not use the KMS key of the table " + table
                    + "; allow its role kms:Decrypt on that key, and see that the key is enabled";
        }
        if (code.startsWith("AccessDenied") || cause instanceof TransactionCanceledException) {
            return "the caller may not use the table " + table
                    + "; its role needs the actions that the cause names, among"
                    + " dynamodb:GetItem, BatchGetItem, PutItem, UpdateItem and DeleteItem on this table";
        }
        return "DynamoDB did not accept the caller's credentials (" + code
                + "); renew them, and check the account and the" + " region";
    }
}
