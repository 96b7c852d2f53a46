package com.cloudshelf.cart;

import java.io.IOException;
import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.InternalServerErrorException;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingReason;

/** Failures of the client's futures. */
final class Failures {
    static final String REASON = "TableWriteKeyRangeThroughputExceeded";

    private Failures() {}

    static AwsServiceException throttled() {
        return ProvisionedThroughputExceededException.builder()
                .throttlingReasons(ThrottlingReason.builder().reason(REASON).build())
                .awsErrorDetails(details("ProvisionedThroughputExceededException", "too fast"))
                .statusCode(400)
                .build();
    }

    static AwsServiceException refused(Map<String, AttributeValue> item) {
        ConditionalCheckFailedException.Builder builder = ConditionalCheckFailedException.builder();
        if (!item.isEmpty()) {
            builder.item(item);
        }
        return builder.awsErrorDetails(details("ConditionalCheckFailedException", "no"))
                .statusCode(400)
                .build();
    }

    static AwsServiceException service(int status, String code, String message) {
        return DynamoDbException.builder()
                .awsErrorDetails(details(code, message))
                .statusCode(status)
                .build();
    }

    static AwsServiceException validation(String message) {
        return service(400, "ValidationException", message);
    }

    /** A request that is refused as invalid, and why. */
    static AwsServiceException validation(IllegalArgumentException reason) {
        return validation(String.valueOf(reason.getMessage())).toBuilder()
                .cause(reason)
                .build();
    }

    static AwsServiceException accessDenied() {
        return service(400, "AccessDeniedException", "User: x is not authorized to perform: dynamodb:UpdateItem");
    }

    static AwsServiceException noTable() {
        return ResourceNotFoundException.builder()
                .awsErrorDetails(details("ResourceNotFoundException", "not found"))
                .statusCode(400)
                .build();
    }

    static AwsServiceException serverError() {
        return InternalServerErrorException.builder()
                .awsErrorDetails(details("InternalServerError", "oops"))
                .statusCode(500)
                .build();
    }

    /** The request was sent, and nobody knows whether it arrived. */
    static Throwable lost() {
        return new CompletionException(
                SdkClientException.create("Unable to execute HTTP request", new IOException("connection reset")));
    }

    static Throwable timedOut() {
        return ApiCallTimeoutException.create(1000);
    }

    static Throwable connectionRefused() {
        return SdkClientException.create(
                "Unable to execute HTTP request", new IOException(new ConnectException("Connection refused")));
    }

    static Throwable noCredentials() {
        return SdkClientException.create(
                "x", new MarkedCredentials.Unavailable("x", SdkClientException.create("none in the chain")));
    }

    /** An error response with headers, such as {@code Date}. */
    static AwsServiceException service(int status, String code, Map<String, String> headers) {
        SdkHttpResponse.Builder response = SdkHttpResponse.builder().statusCode(status);
        headers.forEach(response::putHeader);
        return DynamoDbException.builder()
                .awsErrorDetails(details(code, "").toBuilder()
                        .sdkHttpResponse(response.build())
                        .build())
                .requestId("R1")
                .statusCode(status)
                .build();
    }

    private static AwsErrorDetails details(String code, String message) {
        return AwsErrorDetails.builder()
                .errorCode(code)
                .errorMessage(message)
                .serviceName("DynamoDb")
                .build();
    }
}
