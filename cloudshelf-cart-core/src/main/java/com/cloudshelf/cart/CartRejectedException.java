package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The update does not fit the cart. {@link #reason()} says why, {@link #changeIndex()} which change is to blame, and
 * {@link #limit()} and {@link #limitValue()} which limit would be exceeded. The cart is unchanged. The same update
 * fails again until the cart or the limit changes.
 */
public class CartRejectedException extends CartStoreException {
    private static final long serialVersionUID = 1L;

    private static final int NO_CHANGE = -1;

    private final Reason reason;
    private final int changeIndex;
    private final @Nullable String limit;
    private final long limitValue;

    /** Why an update was rejected. */
    public enum Reason {
        /** The update sets the quantity, price or an attribute of a book that is not in the cart. */
        UNKNOWN_BOOK,
        /** The cart would grow beyond its {@link CartLimits}, or more than 200 of its attributes would change at once. */
        LIMIT,
        /** The item would grow beyond DynamoDB's 400 KB. */
        TOO_LARGE,
        /** The cart remembers this idempotency key for other changes. */
        KEY_REUSED,
        /** The cart remembers as many idempotency keys as it can. A new one fits when the retention of the oldest has ended. */
        KEYS_FULL
    }

    /**
     * Creates the rejection of an update as a whole, for a reason other than a limit.
     *
     * @param detail the rule that was broken, without user data
     */
    public CartRejectedException(String userId, Reason reason, String detail) {
        this(userId, reason, detail, OptionalInt.empty());
    }

    /**
     * Creates the rejection of an update as a whole because of a limit.
     *
     * @param detail the rule that was broken, without user data
     * @param limit what {@link #limit()} returns
     * @param limitValue what {@link #limitValue()} returns
     */
    public CartRejectedException(String userId, Reason reason, String detail, String limit, long limitValue) {
        this(userId, reason, detail, OptionalInt.empty(), requireNonNull(limit, "limit"), limitValue);
    }

    CartRejectedException(String userId, Reason reason, String detail, OptionalInt changeIndex) {
        this(userId, reason, detail, changeIndex, null, 0);
    }

    CartRejectedException(
            String userId,
            Reason reason,
            String detail,
            OptionalInt changeIndex,
            @Nullable String limit,
            long limitValue) {
        super(userId, reason + ": " + detail, false, null);
        this.reason = requireNonNull(reason, "reason");
        this.changeIndex = changeIndex.orElse(NO_CHANGE);
        this.limit = limit;
        this.limitValue = limitValue;
    }

    static CartRejectedException tooLarge(String userId) {
        return new CartRejectedException(
                userId,
                Reason.TOO_LARGE,
                "the cart would exceed DynamoDB's 400 KB for an item (itemBytes)",
                "itemBytes",
                ItemFormat.MAX_ITEM_BYTES);
    }

    /** Returns why the update was rejected. */
    public Reason reason() {
        return reason;
    }

    /**
     * Returns the index in {@link CartUpdate#changes()}, from 0, of the change that does not fit: the first one that
     * names an unknown book, or the last one that makes a line grow beyond a limit. Empty if the update as a whole does
     * not fit, or for a merge.
     */
    public OptionalInt changeIndex() {
        return changeIndex == NO_CHANGE ? OptionalInt.empty() : OptionalInt.of(changeIndex);
    }

    /**
     * Returns the limit that would be exceeded, if any: {@code maxLines} or {@code maxQuantity} of {@link CartLimits},
     * or {@code changedAttributes}, for {@link Reason#LIMIT}, {@code itemBytes} for {@link Reason#TOO_LARGE}, and {@code idempotencyKeys} for {@link
     * Reason#KEYS_FULL}.
     */
    public Optional<String> limit() {
        return Optional.ofNullable(limit);
    }

    /** Returns the value of {@link #limit()}, if there is one. */
    public OptionalLong limitValue() {
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limitValue);
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        Checks.present("reason", reason);
    }
}
