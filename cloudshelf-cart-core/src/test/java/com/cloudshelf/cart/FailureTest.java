package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Failure.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.Crc32MismatchException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

class FailureTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ProvisionedThroughputExceededException",
                "ThrottlingException",
                "RequestLimitExceeded",
                "ThrottledException",
                "RequestThrottled"
            })
    void of_throttlingCode_isThrottled(String code) {
        assertThat(kind(Failures.service(400, code, "slow down"))).isEqualTo(Kind.THROTTLED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TransactionConflictException",
                "TransactionInProgressException",
                "ReplicatedWriteConflictException"
            })
    void of_conflictThatPassesByItself_isBusy(String code) {
        assertThat(kind(Failures.service(400, code, "busy"))).isEqualTo(Kind.BUSY);
    }

    static Stream<Throwable> failuresWithAnEffectThatIsNotKnown() {
        return Stream.of(
                Failures.serverError(),
                Failures.service(500, "", ""),
                Failures.service(502, "BadGateway", ""),
                Failures.service(503, "ServiceUnavailable", ""),
                Failures.service(504, "GatewayTimeout", ""),
                Failures.service(400, "", "a body that is no error of DynamoDB's"),
                DynamoDbException.builder().statusCode(400).build(),
                Failures.lost(),
                Failures.timedOut(),
                ApiCallAttemptTimeoutException.create(100),
                Crc32MismatchException.builder().message("wrong").build(),
                SdkClientException.create("Unable to unmarshall response", new IllegalStateException("garbage")),
                SdkClientException.create("acquire", new TimeoutException("Acquire operation took longer")),
                new IOException("closed"),
                new CancellationException(),
                new IllegalStateException("anything"));
    }

    @ParameterizedTest
    @MethodSource("failuresWithAnEffectThatIsNotKnown")
    void of_whatIsNotKnownToBeWithoutEffect_isAmbiguous(Throwable thrown) {
        assertThat(kind(thrown)).isEqualTo(Kind.AMBIGUOUS);
    }

    static Stream<Throwable> failuresBeforeSending() {
        return Stream.of(
                Failures.connectionRefused(),
                SdkClientException.create("x", new UnknownHostException("dynamodb")),
                SdkClientException.create("x", new IOException(new SSLHandshakeException("certificate"))),
                SdkClientException.create("x", new ConnectException("timed out")));
    }

    @ParameterizedTest
    @MethodSource("failuresBeforeSending")
    void of_connectionThatNeverWas_isUnsent(Throwable thrown) {
        assertThat(kind(thrown)).isEqualTo(Kind.UNSENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AccessDeniedException",
                "UnrecognizedClientException",
                "ExpiredTokenException",
                "MissingAuthenticationTokenException",
                "IncompleteSignatureException",
                "ResourceNotFoundException"
            })
    void of_missingPermissionTableOrCredentials_isDenied(String code) {
        assertThat(kind(Failures.service(400, code, "no"))).isEqualTo(Kind.DENIED);
    }

    @Test
    void of_noCredentials_isDenied() {
        assertThat(kind(Failures.noCredentials())).isEqualTo(Kind.DENIED);
    }

    @ParameterizedTest
    @CsvSource({
        "ValidationException, Item size has exceeded the maximum allowed size, TOO_LARGE",
        "ValidationException, Item size to update has exceeded the maximum allowed size, TOO_LARGE",
        "ValidationException, One or more parameter values were invalid, INVALID",
        "SerializationException, Item size, INVALID",
        "ItemCollectionSizeLimitExceededException, too large, INVALID"
    })
    void of_refusalForGood_isInvalidOrTooLarge(String code, String message, Kind kind) {
        assertThat(kind(Failures.service(400, code, message))).isEqualTo(kind);
    }

    @Test
    void of_conditionThatDoesNotHold_isRefusedAndBringsTheItem() {
        Map<String, AttributeValue> item = Items.item();

        assertThat(kind(Failures.refused(item))).isEqualTo(Kind.REFUSED);
        assertThat(Failure.of(Failures.refused(item)).refusedBy()).isEqualTo(item);
        assertThat(Failure.of(Failures.refused(Map.of())).refusedBy()).isNull();
        assertThat(Failure.of(Failures.throttled()).refusedBy()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "None, ConditionalCheckFailed, REFUSED",
        "ThrottlingError, ConditionalCheckFailed, REFUSED",
        "TransactionConflict, None, BUSY",
        "None, ThrottlingError, THROTTLED",
        "ProvisionedThroughputExceeded, None, THROTTLED",
        "None, ValidationError, INVALID",
        "None, AccessDenied, DENIED"
    })
    void of_cancelledTransaction_isWhatItsReasonsSay(String first, String second, Kind kind) {
        TransactionCanceledException canceled = TransactionCanceledException.builder()
                .cancellationReasons(
                        CancellationReason.builder().code(first).build(),
                        CancellationReason.builder().code(second).build())
                .build();

        assertThat(kind(canceled)).isEqualTo(kind);
    }

    @Test
    void of_wrappedFailure_isThatOfItsCause() {
        Throwable wrapped = new CompletionException(new CompletionException(Failures.throttled()));

        assertThat(kind(wrapped)).isEqualTo(Kind.THROTTLED);
        assertThat(Failure.of(wrapped).cause()).isInstanceOf(AwsServiceException.class);
    }

    @Test
    void throttlingReasons_whereDynamoDbGivesThem_areNamed() {
        assertThat(Failure.of(Failures.throttled()).throttlingReasons()).isEqualTo(Failures.REASON);
        assertThat(Failure.of(Failures.service(400, "ThrottlingException", "")).throttlingReasons())
                .isEmpty();
        assertThat(Failure.of(Failures.lost()).throttlingReasons()).isEmpty();
    }

    private static Kind kind(Throwable thrown) {
        return Failure.of(thrown).kind();
    }
}
