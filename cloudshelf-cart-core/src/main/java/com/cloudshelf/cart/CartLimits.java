package com.cloudshelf.cart;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How large a cart may grow: the number of lines, and the quantity of each line.
 *
 * <p>Limits refuse growth only. A cart that exceeds them, because they were lowered or because another writer ignored
 * them, can still be read, repriced, shrunk and cleared. Limits apply to the result of an update, not to its steps.
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

    /** Returns the default limits of a store: 1000 lines, and 10,000 copies of a book. */
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

    /** Returns the maximum number of different books in a cart. */
    public int maxLines() {
        return maxLines;
    }

    /** Returns the maximum quantity of a line. */
    public int maxQuantity() {
        return maxQuantity;
    }

    /** Returns this value as a JSON-like map, which Jackson writes with or without the module. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("maxLines", maxLines);
        json.put("maxQuantity", maxQuantity);
        return json;
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
