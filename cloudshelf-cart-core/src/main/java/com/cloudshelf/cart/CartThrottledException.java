package com.cloudshelf.cart;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DynamoDB refused the requests of the call for their rate until its deadline. The change had no effect; repeat it later.
 *
 * <p>The cause is DynamoDB's last answer. Where DynamoDB gives throttling reasons, {@link #reasons()} has them: they tell a hot
 * partition from a table's or an account's limit.
 */
public class CartThrottledException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final ArrayList<String> reasons;

    /**
     * Makes a failure by throttling.
     *
     * @param reasons DynamoDB's throttling reasons; empty if it gave none
     */
    public CartThrottledException(String userId, List<String> reasons, @Nullable Throwable cause) {
        this(userId, reasons.isEmpty() ? "" : " (" + String.join(", ", reasons) + ")", reasons, cause);
    }

    private CartThrottledException(String userId, String detail, List<String> reasons, @Nullable Throwable cause) {
        super(
                userId,
                "DynamoDB throttled the call until its deadline" + detail
                        + "; repeat it later, and look for a hot cart or a table limit",
                true,
                cause);
        this.reasons = new ArrayList<>(reasons);
    }

    /** Returns the failure of a call for many carts of which some were read. */
    static CartThrottledException unprocessed(String firstUserId, int carts, int asked) {
        return new CartThrottledException(
                firstUserId,
                ": " + carts + " of " + asked + " carts were left unprocessed, userId() is the first of them",
                List.of(),
                null);
    }

    /**
     * Returns DynamoDB's throttling reasons, such as {@code TableWriteKeyRangeThroughputExceeded}; empty if it gave none. The list
     * cannot be modified.
     */
    public List<String> reasons() {
        return Collections.unmodifiableList(reasons);
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("reasons", reasons);
    }
}
