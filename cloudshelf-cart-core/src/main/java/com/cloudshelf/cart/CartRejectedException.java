package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The update does not fit the cart: {@link #reason()} says why, {@link #changeIndex()} which of its changes, and {@link #limit()}
 * and {@link #limitValue()} what limit stands in the way. The cart stays as it was; the same update fails again until the cart,
 * or the limit, is another.
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
        /** A book whose quantity, price or attribute is to be set is not in the cart. */
        UNKNOWN_BOOK,
        /** The cart would grow beyond its {@link CartLimits}. */
        LIMIT,
        /** The item would grow beyond DynamoDB's 400 KB. */
        TOO_LARGE,
        /** The idempotency key was used for other changes, and is still remembered. */
        KEY_REUSED,
        /** The cart remembers as many idempotency keys as it can; a new one fits when the oldest has passed its retention. */
        KEYS_FULL
    }

    /**
     * Makes a rejection of an update as a whole, by a rule that is no limit.
     *
     * @param detail the rule that was broken, without user data
     */
    public CartRejectedException(String userId, Reason reason, String detail) {
        this(userId, reason, detail, OptionalInt.empty());
    }

    /**
     * Makes a rejection of an update as a whole, by a limit.
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

    /** Returns why the update was rejected. */
    public Reason reason() {
        return reason;
    }

    /**
     * Returns the index in {@link CartUpdate#changes()}, from 0, of the change that does not fit: the first that names an unknown
     * book, or the last that lets the line grow that is beyond a limit. Empty if it is the update as a whole that does not fit, or a
     * merge.
     */
    public OptionalInt changeIndex() {
        return changeIndex == NO_CHANGE ? OptionalInt.empty() : OptionalInt.of(changeIndex);
    }

    /**
     * Returns the limit that stands in the way, if one does: {@code maxLines} or {@code maxQuantity} of {@link CartLimits}, or
     * another that the message names.
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
