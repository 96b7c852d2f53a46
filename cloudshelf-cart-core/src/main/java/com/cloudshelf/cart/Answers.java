package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * Tells the answers of DynamoDB from those that something on the way made up, with status 200 and nothing in it: the SDK takes
 * an empty body or {@code {}} for success of every operation.
 *
 * <p>Where DynamoDB's own answer holds something, its absence tells. Where it is {@code {}} as well (a read of an absent item, a
 * deletion, a transaction), the headers do: DynamoDB and its kin send a request id or a checksum with every answer. An engine that
 * never sent either is believed without. One object for each client; safe for use by several threads.
 */
final class Answers {
    private static final int OK = 200;

    private volatile boolean identified;

    /**
     * Returns why the response is not an answer, as an ambiguous failure, or {@code null} if it is one.
     *
     * @param asksForItem whether an update asked for the new item
     */
    @Nullable
    Failure failureOf(DynamoDbResponse response, boolean asksForItem) {
        boolean credible = isCredible(response.sdkHttpResponse());
        boolean answer;
        if (response instanceof UpdateItemResponse updated && asksForItem) {
            answer = !updated.attributes().isEmpty();
        } else if (response instanceof GetItemResponse got) {
            answer = credible || !got.item().isEmpty();
        } else if (response instanceof BatchGetItemResponse batch) { // names the table, or the keys that were left
            answer = !batch.responses().isEmpty() || !batch.unprocessedKeys().isEmpty();
        } else if (response
                instanceof TransactGetItemsResponse both) { // an entry for each of two items, absent ones too
            answer = both.responses().size() == 2;
        } else {
            answer = credible;
        }
        return answer
                ? null
                : new Failure(
                        Failure.Kind.AMBIGUOUS,
                        SdkClientException.create(
                                "the response has status 200, but does not come from DynamoDB; look for a"
                                        + " proxy or gateway in between"));
    }

    private boolean isCredible(@Nullable SdkHttpResponse response) {
        if (response == null) {
            return true; // of a client without HTTP
        }
        if (response.firstMatchingHeader("x-amzn-RequestId").isPresent()
                || response.firstMatchingHeader("x-amz-crc32").isPresent()) {
            identified = true;
        } else if (identified) {
            return false;
        }
        return response.statusCode() == OK
                && !response.firstMatchingHeader("Content-Length").orElse("").equals("0");
    }
}
