package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * DynamoDB refused the requests of the call for their rate until its deadline. The change had no effect; repeat it later.
 *
 * <p>The cause is DynamoDB's last answer. Where DynamoDB gives throttling reasons they stand in the message: they tell a hot
 * partition from a table's or an account's limit.
 */
public class CartThrottledException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure by throttling.
     *
     * @param reasons DynamoDB's throttling reasons, or an empty string
     */
    public CartThrottledException(String userId, String reasons, @Nullable Throwable cause) {
        super(
                userId,
                "DynamoDB throttled the call until its deadline" + (reasons.isEmpty() ? "" : " (" + reasons + ")")
                        + "; repeat it later, and look for a hot cart or a table limit",
                true,
                cause);
    }
}
