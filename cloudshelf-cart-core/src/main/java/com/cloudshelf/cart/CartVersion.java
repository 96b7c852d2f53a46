package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * An opaque token for the state of a cart, fit for an HTTP {@code ETag} and {@code If-Match}.
 *
 * <p>Two tokens of one user, other than that of an empty cart, are equal only if this library did not write in between and book,
 * title, author, price and quantity of each line, and their order, are the same. A token is built from the cart's incarnation
 * (new after an expiry, and after a clear that removed the item), a counter that every write of this library raises, and a
 * fingerprint of the lines, so that a change by a writer that knows no versions shows as well. A cart that has no lines has one
 * token, whether it never existed, was cleared, or has expired.
 *
 * <p>The text form consists of letters, digits, {@code -}, {@code _} and {@code .}; quote it in an {@code ETag} header.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartVersion {
    static final CartVersion ABSENT = new CartVersion("absent");
    private static final int MAX_LENGTH = 128;

    private final String token;

    private CartVersion(String token) {
        this.token = token;
    }

    static CartVersion of(@Nullable String incarnation, long counter, long fingerprint) {
        return new CartVersion((incarnation == null ? "0" : incarnation)
                + '.'
                + Long.toString(counter, Character.MAX_RADIX)
                + '.'
                + Long.toUnsignedString(fingerprint, Character.MAX_RADIX));
    }

    /**
     * Returns the version with this text form.
     *
     * @param token what {@link #toString()} gave, without quotes
     * @throws IllegalArgumentException if no version can have this text form
     */
    @JsonCreator
    public static CartVersion parse(String token) {
        requireNonNull(token, "token");
        if (token.isEmpty() || token.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a version has 1 to " + MAX_LENGTH + " characters");
        }
        for (int i = 0; i < token.length(); i++) {
            char c = token.charAt(i);
            if ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".indexOf(c) < 0) {
                throw new IllegalArgumentException(
                        "a version consists of letters, digits, '-', '_' and '.', unlike the character at " + i
                                + "; an ETag goes in without quotes and W/");
            }
        }
        return new CartVersion(token);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CartVersion that && token.equals(that.token);
    }

    @Override
    public int hashCode() {
        return token.hashCode();
    }

    /** Returns the text form, which {@link #parse} reads. */
    @JsonValue
    @Override
    public String toString() {
        return token;
    }
}
