package com.cloudshelf.cart;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DynamoDB throttled the requests of the call until its deadline. The change had no effect; repeat the call later.
 *
 * <p>The cause is DynamoDB's last response. If DynamoDB gives throttling reasons, {@link #reasons()} has them; they
 * distinguish a hot partition from a limit of the table or the account.
 */
public class CartThrottledException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private final ArrayList<String> reasons;

    /**
     * Creates the exception.
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

    /** Returns the failure of a call for many carts that read only some of them. */
    static CartThrottledException unprocessed(String firstUserId, int carts, int asked) {
        return new CartThrottledException(
                firstUserId,
                ": " + carts + " of " + asked + " carts were left unprocessed; userId() is the first of them",
                List.of(),
                null);
    }

    /**
     * Returns DynamoDB's throttling reasons, such as {@code TableWriteKeyRangeThroughputExceeded}; empty if it gave
     * none. The list is unmodifiable.
     */
    public List<String> reasons() {
        return Collections.unmodifiableList(reasons);
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("reasons", reasons);
    }
}
