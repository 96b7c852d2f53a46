package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Failure.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
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
                "RequestThrottled",
                "LimitExceededException",
                "KMSThrottlingException"
            })
    void of_throttlingCode_isThrottled(String code) {
        assertThat(kind(Failures.service(400, code, "slow down"))).isEqualTo(Kind.THROTTLED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TransactionConflictException", "ReplicatedWriteConflictException"})
    void of_transientConflict_isBusy(String code) {
        assertThat(kind(Failures.service(400, code, "busy"))).isEqualTo(Kind.BUSY);
    }

    static Stream<Throwable> failuresWithAnEffectThatIsNotKnown() {
        return Stream.of(
                Failures.serverError(),
                Failures.service(500, "", ""),
                Failures.service(502, "BadGateway", ""),
                Failures.service(503, "ServiceUnavailable", ""),
                Failures.service(504, "GatewayTimeout", ""),
                Failures.service(502, "ResourceNotFoundException", "of a gateway's own"),
                Failures.service(400, "TransactionInProgressException", ""),
                Failures.service(400, "IdempotentParameterMismatchException", ""),
                Failures.service(400, "InternalServerError", ""),
                Failures.service(400, "InternalFailure", ""),
                Failures.service(400, "ServiceUnavailable", ""),
                Failures.service(400, "RequestTimeout", ""),
                Failures.service(400, "PriorRequestNotComplete", ""),
                Failures.service(400, "", "a body that is no error of DynamoDB's"),
                DynamoDbException.builder().statusCode(400).build(),
                Failures.lost(),
                Failures.timedOut(),
                ApiCallAttemptTimeoutException.create(100),
                Crc32MismatchException.builder().message("wrong").build(),
                SdkClientException.create("Unable to unmarshall response", new IllegalStateException("garbage")),
                SdkClientException.create("acquire", new TimeoutException("Acquire operation took longer")),
                SdkClientException.create("x", new Throwable("x", new IOException("x"))),
                SdkClientException.create("x", new IOException(new RejectedExecutionException("x"))),
                SdkClientException.create("x", new IllegalStateException("x")),
                SdkClientException.create("Unable to load credentials"),
                circle(),
                new IOException("closed"),
                new CancellationException(),
                new IllegalStateException("anything"));
    }

    @ParameterizedTest
    @MethodSource("failuresWithAnEffectThatIsNotKnown")
    void of_failureThatMayHaveHadAnEffect_isAmbiguous(Throwable thrown) {
        assertThat(kind(thrown)).isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void mayBeOfTheItem_onlyAValidationErrorThatNamesNoSize() {
        assertThat(Failure.of(Failures.validation("x")).mayBeOfTheItem()).isTrue();
        for (Throwable other : List.of(
                Failures.validation("Item size has exceeded the maximum allowed size"),
                Failures.service(400, "SerializationException", "x"),
                Failures.refused(Map.of()),
                Failures.accessDenied(),
                Failures.lost())) {
            assertThat(Failure.of(other).mayBeOfTheItem()).as("%s", other).isFalse();
        }
    }

    static Stream<Throwable> failuresBeforeSending() {
        return Stream.of(
                Failures.connectionRefused(),
                SdkClientException.create("x", new UnknownHostException("dynamodb")),
                SdkClientException.create("x", new IOException(new SSLHandshakeException("certificate"))),
                SdkClientException.create("x", new SSLPeerUnverifiedException("host name")),
                SdkClientException.create("x", new ConnectException("timed out")),
                SdkClientException.create("x", new NoRouteToHostException("x")),
                SdkClientException.create("x", new UnresolvedAddressException()),
                SdkClientException.create("x", new Throwable("x", new TimeoutException("x"))),
                SdkClientException.create("x", new Throwable("x", new IllegalStateException("x"))),
                SdkClientException.create("x", new RejectedExecutionException("x")));
    }

    @ParameterizedTest
    @MethodSource("failuresBeforeSending")
    void of_connectionThatWasNeverMade_isUnsent(Throwable thrown) {
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
                "InvalidSignatureException",
                "SignatureDoesNotMatch",
                "InvalidAccessKeyId",
                "InvalidToken",
                "NotAuthorized",
                "OptInRequired",
                "SubscriptionRequiredException",
                "KMSAccessDeniedException",
                "KMSDisabledException",
                "KMSInvalidStateException",
                "KMSNotFoundException",
                "KMSOptInRequired",
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
        "ItemCollectionSizeLimitExceededException, too large, INVALID",
        "AnythingNewException, no, INVALID"
    })
    void of_permanentRefusal_isInvalidOrTooLarge(String code, String message, Kind kind) {
        assertThat(kind(Failures.service(400, code, message))).isEqualTo(kind);
    }

    @Test
    void of_failedCondition_isRefusedWithTheItem() {
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
        "RequestLimitExceeded, None, THROTTLED",
        "None, ValidationError, INVALID",
        "ItemCollectionSizeLimitExceeded, None, INVALID",
        "None, AccessDenied, DENIED"
    })
    void of_cancelledTransaction_followsItsReasons(String first, String second, Kind kind) {
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
        assertThat(Failure.of(Failures.throttled()).throttlingReasons()).containsExactly(Failures.REASON);
        assertThat(Failure.of(Failures.service(400, "ThrottlingException", "")).throttlingReasons())
                .isEmpty();
        assertThat(Failure.of(Failures.lost()).throttlingReasons()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "RequestTimeTooSkewed, 0, SKEWED",
        "RequestExpired, 0, SKEWED",
        "RequestInTheFuture, 0, SKEWED",
        "InvalidSignatureException, 20, SKEWED",
        "InvalidSignatureException, -20, SKEWED",
        "SignatureDoesNotMatch, 20, SKEWED",
        "InvalidSignatureException, 0, DENIED",
        "InvalidSignatureException, 3, DENIED",
        "AccessDeniedException, 20, DENIED",
        "ThrottlingException, 20, THROTTLED"
    })
    void of_signatureWithAnotherTime_isSkewed(String code, int minutes, Kind kind) {
        assertThat(kind(Failures.service(400, code, Map.of("Date", dateIn(minutes)))))
                .isEqualTo(kind);
    }

    @Test
    void of_badSignatureWithoutADate_isDenied() {
        assertThat(kind(Failures.service(400, "InvalidSignatureException", Map.of("Date", "yesterday"))))
                .isEqualTo(Kind.DENIED);
        assertThat(kind(Failures.service(400, "RequestTimeTooSkewed", ""))).isEqualTo(Kind.SKEWED);
    }

    @Test
    void asException_ofAClockThatIsOff_saysByHowMuch() {
        assertThat(Failure.of(Failures.service(400, "InvalidSignatureException", Map.of("Date", dateIn(20))))
                        .asException("u", "carts"))
                .isInstanceOf(CartAccessException.class)
                .hasMessageContaining("InvalidSignatureException")
                .hasMessageContaining("clock is 2")
                .hasMessageContaining("minutes behind");
        assertThat(Failure.of(Failures.service(400, "RequestExpired", Map.of("Date", dateIn(-20))))
                        .asException("u", "carts"))
                .hasMessageContaining("minutes ahead");
        assertThat(Failure.of(Failures.service(400, "RequestTimeTooSkewed", "")).asException("u", "carts"))
                .hasMessageContaining("clock may be off");
    }

    static String dateIn(int minutes) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(minutes).plusSeconds(Integer.signum(minutes) * 30));
    }

    @ParameterizedTest
    @CsvSource({
        "AccessDeniedException, needs the actions",
        "ResourceNotFoundException, does not exist",
        "KMSDisabledException, KMS key",
        "ExpiredTokenException, renew them"
    })
    void asException_ofMissingAccess_saysWhatToDo(String code, String advice) {
        assertThat(Failure.of(Failures.service(400, code, "")).asException("u", "carts"))
                .isInstanceOf(CartAccessException.class)
                .hasMessageContaining(advice)
                .hasMessageNotContaining("clock");
    }

    @Test
    void asException_ofUnavailableCredentials_saysThatNothingWasSent() {
        assertThat(Failure.of(Failures.noCredentials()).asException("u", "carts"))
                .isInstanceOf(CartAccessException.class)
                .hasMessageContaining("credentials")
                .hasMessageContaining("nothing was sent");
    }

    @Test
    void of_credentialsThatAreRefusedByAnotherService_isDenied() {
        assertThat(kind(SdkClientException.create(
                        "x", new MarkedCredentials.Unavailable("x", Failures.service(429, "Throttling", "STS")))))
                .isEqualTo(Kind.DENIED);
        assertThat(kind(SdkClientException.create(
                        "x", new MarkedCredentials.Unavailable("x", new ConnectException("the container's endpoint")))))
                .isEqualTo(Kind.DENIED);
    }

    @ParameterizedTest
    @CsvSource({"17, 17", "0, 0", "-5, 0", "2147483647, 2147483647", "2147483648, -1", "1.5, -1", "soon, -1", "'', -1"})
    void retryAfterMillis_ofTheHeader_isReadAsTheSdkDoes(String value, long millis) {
        assertThat(Failure.of(Failures.service(400, "ThrottlingException", Map.of("x-amz-retry-after", value)))
                        .retryAfterMillis()
                        .orElse(-1))
                .isEqualTo(millis);
    }

    @Test
    void retryAfterMillis_withoutTheHeader_isEmpty() {
        assertThat(Failure.of(Failures.service(400, "ThrottlingException", Map.of("Retry-After", "1")))
                        .retryAfterMillis())
                .isEmpty();
        assertThat(Failure.of(Failures.throttled()).retryAfterMillis()).isEmpty();
        assertThat(Failure.of(Failures.lost()).retryAfterMillis()).isEmpty();
    }

    @Test
    void requestId_whereThereIsOne_isReturned() {
        assertThat(Failure.of(Failures.service(400, "ThrottlingException", Map.of()))
                        .requestId())
                .isEqualTo("R1");
        assertThat(Failure.of(Failures.throttled()).requestId()).isEmpty();
        assertThat(Failure.of(Failures.lost()).requestId()).isEmpty();
    }

    private static Throwable circle() {
        Throwable first = new CompletionException("a") {};
        first.initCause(new CompletionException("b", first));
        return first;
    }

    private static Kind kind(Throwable thrown) {
        return Failure.of(thrown).kind();
    }
}
