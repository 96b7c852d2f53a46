package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

class AnswersTest {
    private static final SdkHttpResponse BARE = SdkHttpResponse.builder()
            .statusCode(200)
            .putHeader("Content-Length", "2")
            .build();
    private static final SdkHttpResponse IDENTIFIED =
            BARE.toBuilder().putHeader("x-amzn-requestid", "R").build();

    private final Answers answers = new Answers();

    static Stream<DynamoDbResponse> thatHoldNothing() {
        return Stream.of(
                UpdateItemResponse.builder().build(),
                BatchGetItemResponse.builder().build(),
                BatchGetItemResponse.builder().responses(Map.of()).build(),
                TransactGetItemsResponse.builder().build());
    }

    @ParameterizedTest
    @MethodSource("thatHoldNothing")
    void failureOf_emptyResponseWhereDynamoDbSendsSomething_isAmbiguous(DynamoDbResponse response) {
        assertThat(answers.failureOf(response, true)).isNotNull();
        assertThat(answers.failureOf(with(IDENTIFIED, response), true))
                .extracting(Failure::kind)
                .isEqualTo(Failure.Kind.AMBIGUOUS);
    }

    static Stream<DynamoDbResponse> thatHoldSomething() {
        return Stream.of(
                UpdateItemResponse.builder().attributes(Items.item()).build(),
                GetItemResponse.builder().item(Items.item()).build(),
                BatchGetItemResponse.builder()
                        .responses(Map.of("carts", List.of()))
                        .build(),
                BatchGetItemResponse.builder()
                        .unprocessedKeys(
                                Map.of("carts", KeysAndAttributes.builder().build()))
                        .build(),
                TransactGetItemsResponse.builder()
                        .responses(
                                ItemResponse.builder().build(),
                                ItemResponse.builder().build())
                        .build());
    }

    @ParameterizedTest
    @MethodSource("thatHoldSomething")
    void failureOf_nonEmptyResponse_isNoFailure(DynamoDbResponse response) {
        assertThat(answers.failureOf(with(IDENTIFIED, response), true)).isNull();
        assertThat(answers.failureOf(with(BARE, response), true)).isNull();
    }

    static Stream<DynamoDbResponse> thatMayBeEmpty() {
        return Stream.of(
                GetItemResponse.builder().build(),
                PutItemResponse.builder().build(),
                DeleteItemResponse.builder().build(),
                TransactWriteItemsResponse.builder().build());
    }

    @ParameterizedTest
    @MethodSource("thatMayBeEmpty")
    void failureOf_emptyResponseOfAnEngineThatIdentifiesItself_isOneWithoutSuchHeaders(DynamoDbResponse response) {
        assertThat(answers.failureOf(with(BARE, response), true))
                .as("from an engine that may never send such headers")
                .isNull();
        assertThat(answers.failureOf(with(IDENTIFIED, response), true)).isNull();
        assertThat(answers.failureOf(with(BARE, response), true)).isNotNull();
        assertThat(answers.failureOf(
                        with(
                                BARE.toBuilder()
                                        .putHeader("x-amz-crc32", "2745614147")
                                        .build(),
                                response),
                        true))
                .isNull();
    }

    @ParameterizedTest
    @MethodSource("thatMayBeEmpty")
    void failureOf_responseWithoutABodyOrWithoutHttp_isReported(DynamoDbResponse response) {
        SdkHttpResponse withoutBody =
                BARE.toBuilder().putHeader("Content-Length", "0").build();

        assertThat(answers.failureOf(response, true)).isNull();
        assertThat(answers.failureOf(with(withoutBody, response), true)).isNotNull();
        assertThat(answers.failureOf(with(BARE.toBuilder().statusCode(204).build(), response), true))
                .isNotNull();
    }

    @Test
    void failureOf_aNonEmptyResponse_alsoShowsThatTheEngineIdentifiesItself() {
        answers.failureOf(
                with(
                        IDENTIFIED,
                        UpdateItemResponse.builder().attributes(Items.item()).build()),
                true);

        assertThat(answers.failureOf(with(BARE, GetItemResponse.builder().build()), true))
                .isNotNull();
    }

    private static DynamoDbResponse with(SdkHttpResponse http, DynamoDbResponse response) {
        return (DynamoDbResponse) response.toBuilder().sdkHttpResponse(http).build();
    }
}
