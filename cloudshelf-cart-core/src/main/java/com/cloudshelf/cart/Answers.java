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
 * Distinguishes DynamoDB's responses from those that something in between made up, with status 200 and nothing in it:
 * the SDK accepts an empty body or {@code {}} as the success of every operation.
 *
 * <p>Where DynamoDB's own response has content, missing content gives a false one away. Where DynamoDB's response is
 * also {@code {}} (a read of an absent item, a delete, a transaction), the headers do: DynamoDB and compatible engines
 * send a request ID or a checksum with every response. An engine that has never sent either is trusted without. One
 * object per client; thread-safe.
 */
final class Answers {
    private static final int OK = 200;

    private volatile boolean identified;

    /**
     * Returns why the response is not DynamoDB's, as an ambiguous failure, or {@code null} if it is.
     *
     * @param asksForItem whether an update asked for the new item
     */
    @Nullable
    Failure failureOf(DynamoDbResponse response, boolean asksForItem) {
        boolean credible = isCredible(response.sdkHttpResponse());
        boolean answer;
        if (response instanceof UpdateItemResponse updated) {
            answer = asksForItem ? !updated.attributes().isEmpty() : credible;
        } else if (response instanceof GetItemResponse got) {
            answer = credible || !got.item().isEmpty();
        } else if (response instanceof BatchGetItemResponse batch) { // names the table, or the unprocessed keys
            answer = !batch.responses().isEmpty() || !batch.unprocessedKeys().isEmpty();
        } else if (response
                instanceof TransactGetItemsResponse both) { // an entry for each of two items, absent ones too
            answer = both.responses().size() == 2;
        } else {
            answer = credible;
        }
        return answer ? null : ofSomethingElse();
    }

    /** Returns the failure of a request whose response is not DynamoDB's. */
    static Failure ofSomethingElse() {
        return new Failure(
                Failure.Kind.AMBIGUOUS,
                SdkClientException.create("the response has status 200, but does not come from DynamoDB; look for a"
                        + " proxy or gateway in between"));
    }

    private boolean isCredible(@Nullable SdkHttpResponse response) {
        if (response == null) {
            return true; // from a client without HTTP
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
