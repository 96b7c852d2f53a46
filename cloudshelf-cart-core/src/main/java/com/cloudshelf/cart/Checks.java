package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.io.InvalidObjectException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The rules for single values, checked when a value is created. Messages name the field and the rule, never the value.
 */
final class Checks {
    /** DynamoDB's limit for a partition key, applied to every ID, so that one rule holds for all. */
    static final int MAX_ID_BYTES = 2048;

    static final int MAX_PRICE_DECIMALS = 6;
    static final BigDecimal MAX_PRICE = BigDecimal.TEN.pow(12);
    private static final long MAX_PRICE_MICROS = 1_000_000_000_000_000_000L;

    // The years that ISO-8601 writes with four digits, which every reader of the table can read.
    private static final long FIRST_SECOND =
            Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    private static final long LAST_SECOND =
            Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    private Checks() {}

    static String id(String field, String value) {
        requireNonNull(value, field);
        if (value.isBlank()) {
            throw new IllegalArgumentException(field + " must not be blank");
        }
        int bytes = utf8Length(value);
        if (bytes < 0) {
            throw new IllegalArgumentException(
                    field + " must be well-formed Unicode, but contains an unpaired surrogate");
        }
        if (bytes > MAX_ID_BYTES) {
            throw new IllegalArgumentException(
                    field + " must be at most " + MAX_ID_BYTES + " bytes in UTF-8, but has " + bytes);
        }
        return value;
    }

    static String text(String field, String value) {
        if (utf8Length(value) < 0) {
            throw new IllegalArgumentException(
                    field + " must be well-formed Unicode, but contains an unpaired surrogate");
        }
        return value;
    }

    static int atLeast(String field, int minimum, int value) {
        if (value < minimum) {
            throw new IllegalArgumentException(field + " must be at least " + minimum + ", but is " + value);
        }
        return value;
    }

    static Instant time(String field, Instant value) {
        requireNonNull(value, field);
        if (!isTime(value)) {
            throw new IllegalArgumentException(field + " must be in the years 0000 to 9999");
        }
        return value;
    }

    static boolean isTime(Instant value) {
        long second = value.getEpochSecond();
        return second >= FIRST_SECOND && second <= LAST_SECOND;
    }

    /** Checks the time of a change, which is also stored in epoch milliseconds. */
    static Instant now(Instant value) {
        requireNonNull(value, "now");
        if (value.getEpochSecond() < 0 || !isTime(value)) {
            throw new IllegalArgumentException(
                    "now must be in the years 1970 to 9999; if it comes from a clock, set the clock");
        }
        return value;
    }

    /** Returns the price in its canonical form: no trailing zeros, no exponent. */
    static BigDecimal price(BigDecimal value) {
        requireNonNull(value, "price");
        if (value.signum() < 0) {
            throw new IllegalArgumentException("price must not be negative");
        }
        BigDecimal bounded = bounded(value);
        if (bounded.compareTo(MAX_PRICE) > 0) {
            throw new IllegalArgumentException("price must be at most 10^12");
        }
        BigDecimal canonical = Decimal.canonical(bounded);
        if (canonical.scale() > MAX_PRICE_DECIMALS) {
            throw new IllegalArgumentException(
                    "price must have at most " + MAX_PRICE_DECIMALS + " decimals, but has " + canonical.scale());
        }
        return canonical;
    }

    /** Returns a price in millionths, which fits a long for every valid price. */
    static long micros(BigDecimal price) {
        return price.setScale(MAX_PRICE_DECIMALS).unscaledValue().longValueExact();
    }

    static long micros(long price) {
        if (price < 0 || price > MAX_PRICE_MICROS) {
            throw new IllegalArgumentException("price must be from 0 to 10^12");
        }
        return price;
    }

    /** Checks that a stream contained a value. */
    static void present(String field, @Nullable Object value) throws InvalidObjectException {
        if (value == null) {
            throw new InvalidObjectException("a stream lacks " + field);
        }
    }

    /** Returns the refusal of a stream that contains an invalid value. */
    static InvalidObjectException unreadable(String what, RuntimeException cause) {
        InvalidObjectException refusal =
                new InvalidObjectException("a stream contains an invalid " + what + ": " + cause.getMessage());
        refusal.initCause(cause);
        return refusal;
    }

    /** Whether {@link #id} accepts a text. */
    static boolean isId(String text) {
        int bytes = utf8Length(text);
        return bytes >= 0 && bytes <= MAX_ID_BYTES && !text.isBlank();
    }

    private static BigDecimal bounded(BigDecimal price) {
        try {
            return Decimal.bounded(price);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "price must be at most 10^12 and have at most " + MAX_PRICE_DECIMALS + " decimals, but "
                            + e.getMessage(),
                    e);
        }
    }

    static Duration positive(String field, Duration value) {
        requireNonNull(value, field);
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(field + " must be positive, but is " + value);
        }
        return value;
    }

    static Duration between(String field, Duration minimum, Duration maximum, Duration value) {
        requireNonNull(value, field);
        if (value.compareTo(minimum) < 0 || value.compareTo(maximum) > 0) {
            throw new IllegalArgumentException(
                    field + " must be between " + minimum + " and " + maximum + ", but is " + value);
        }
        return value;
    }

    /**
     * Returns the length in UTF-8 bytes, or -1 if the text contains an unpaired surrogate and therefore has no UTF-8
     * form.
     */
    static int utf8Length(String text) {
        int bytes = text.length();
        int bits = 0; // nearly every text is ASCII, which this loop finds out without a branch per character
        for (int i = 0; i < text.length(); i++) {
            bits |= text.charAt(i);
        }
        if (bits < 0x80) {
            return bytes;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                continue;
            }
            bytes += c < 0x800 ? 1 : 2;
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return -1;
                }
                i++; // a pair takes four bytes: two chars, and two added above
            }
        }
        return bytes;
    }
}
