package com.cloudshelf.cart;

/**
 * How large a cart may grow: a number of lines, and a quantity for each line.
 *
 * <p>Limits refuse growth only. A cart that is beyond them, because they were lowered or because another writer ignored
 * them, can still be read, repriced, shrunk and cleared. They are judged on the outcome of an update, not on its steps.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartLimits {
    private static final CartLimits DEFAULTS = new CartLimits(1_000, 10_000);

    private final int maxLines;
    private final int maxQuantity;

    private CartLimits(int maxLines, int maxQuantity) {
        this.maxLines = Checks.atLeast("maxLines", 1, maxLines);
        this.maxQuantity = Checks.atLeast("maxQuantity", 1, maxQuantity);
    }

    /** Returns the limits that a store has unless it is told otherwise: 1000 lines, and 10 000 copies of a book. */
    public static CartLimits defaults() {
        return DEFAULTS;
    }

    /**
     * Returns limits with these values.
     *
     * @param maxLines the number of different books in a cart, at least 1
     * @param maxQuantity the number of copies of one book, at least 1
     * @throws IllegalArgumentException if either is below 1
     */
    public static CartLimits of(int maxLines, int maxQuantity) {
        return new CartLimits(maxLines, maxQuantity);
    }

    /** Returns the number of different books that a cart may grow to. */
    public int maxLines() {
        return maxLines;
    }

    /** Returns the quantity that a line may grow to. */
    public int maxQuantity() {
        return maxQuantity;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CartLimits that && maxLines == that.maxLines && maxQuantity == that.maxQuantity;
    }

    @Override
    public int hashCode() {
        return 31 * maxLines + maxQuantity;
    }

    @Override
    public String toString() {
        return "CartLimits[maxLines=" + maxLines + ", maxQuantity=" + maxQuantity + "]";
    }
}
