package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * An opaque token for the state of a cart, suitable for the HTTP headers {@code ETag} and {@code If-Match}.
 *
 * <p>Two equal tokens of one user, other than the token of an absent cart, mean that this library has not written in
 * between and that the content is the same: book, title, author, price, quantity and attributes of each line, the order
 * of the lines, and the attributes of the cart. A token consists of the cart's incarnation (which changes after an
 * expiry, and after a clear that deleted the item), a counter that every write of this library increments, and a
 * fingerprint of the content, which also shows changes by writers that do not maintain versions. All carts with neither
 * lines nor attributes have the same token, whether they never existed, were cleared or have expired.
 *
 * <p>The text form consists of letters, digits, {@code -}, {@code _} and {@code .}; quote it in an {@code ETag} header.
 * A proxy that compresses responses may append a suffix such as {@code -gzip} or {@code -br} to an {@code ETag}: switch
 * that off, or remove it from the value of {@code If-Match}.
 *
 * <p>Immutable and thread-safe.
 */
@JsonFieldsHidden
public final class CartVersion implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final String OF_ABSENT = "absent";
    private static final int MAX_INCARNATION = 24;

    /** The maximum number of base-36 digits of a 64-bit number. The fingerprint always has this many. */
    private static final int DIGITS = 13;

    private static final String LARGEST = Long.toUnsignedString(-1, Character.MAX_RADIX);

    static final CartVersion ABSENT = new CartVersion(OF_ABSENT);

    private final String token;

    private CartVersion(String token) {
        this.token = requireNonNull(token, "token");
        if (!token.equals(OF_ABSENT)) {
            check(token);
        }
    }

    /**
     * Returns the version of a stored cart.
     *
     * @param incarnation the stored value, which another program may have written
     */
    static CartVersion of(@Nullable String incarnation, long counter, long fingerprint) {
        String digits = text(fingerprint);
        return new CartVersion(
                incarnation(incarnation) + '.' + text(counter) + '.' + "0".repeat(DIGITS - digits.length()) + digits);
    }

    private static String incarnation(@Nullable String stored) {
        if (stored == null) {
            return "0";
        }
        return isIncarnation(stored, stored.length()) ? stored : "_" + text(Fingerprint.of(stored));
    }

    private static String text(long number) {
        return Long.toUnsignedString(number, Character.MAX_RADIX);
    }

    /**
     * Returns the version with this text form: {@code absent}, or an incarnation of 1 to 24 letters, digits, {@code -}
     * and {@code _}, a counter, and a fingerprint of 13 characters, separated by dots. Counter and fingerprint are
     * 64-bit numbers in base 36. No other characters are allowed before or after.
     *
     * @param token the result of {@link #toString()}, without quotes
     * @throws IllegalArgumentException if the text is not a version
     */
    @JsonCreator
    public static CartVersion parse(String token) {
        return new CartVersion(token);
    }

    private static void check(String token) {
        int first = token.indexOf('.');
        int second = token.indexOf('.', first + 1);
        int counterDigits = second - first - 1;
        boolean fits = token.length() <= MAX_INCARNATION + 2 * DIGITS + 2
                && isIncarnation(token, first)
                && counterDigits >= 1
                && counterDigits <= DIGITS
                && (counterDigits == 1 || token.charAt(first + 1) != '0')
                && isNumber(token, first + 1, second)
                && token.length() - second - 1 == DIGITS
                && isNumber(token, second + 1, token.length());
        if (!fits) {
            throw new IllegalArgumentException(
                    "a version must be exactly the text that CartVersion.toString returned; of an ETag,"
                            + " remove the quotes, W/, and any suffix that a proxy has added when it compressed the response,"
                            + " such as -gzip, ;gzip or -br");
        }
    }

    private static boolean isIncarnation(String text, int end) {
        if (end < 1 || end > MAX_INCARNATION) {
            return false;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (!isDigit(c) && (c < 'A' || c > 'Z') && c != '-' && c != '_') {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (!isDigit(text.charAt(i))) {
                return false;
            }
        }
        return end - start < DIGITS || text.substring(start, end).compareTo(LARGEST) <= 0;
    }

    /** Returns whether a character is a base-36 digit. */
    private static boolean isDigit(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    }

    private Object writeReplace() {
        return new Serial(token);
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a version must be in its serial form");
    }

    /** The serial form of a version. Reading it repeats every check. */
    private record Serial(String token) implements Serializable {
        private Object readResolve() throws InvalidObjectException {
            try {
                return parse(token);
            } catch (IllegalArgumentException | NullPointerException e) {
                throw Checks.unreadable("version", e);
            }
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CartVersion that && token.equals(that.token);
    }

    @Override
    public int hashCode() {
        return token.hashCode();
    }

    /** Returns the text form, which {@link #parse parse} reads. */
    @JsonValue
    @Override
    public String toString() {
        return token;
    }
}
