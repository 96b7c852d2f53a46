package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Parses plain decimals, which nearly all numbers of an item are, without the work and garbage of {@link BigDecimal}:
 * every line of a cart has two of them.
 */
final class Decimal {
    /** The result for a text that is left to {@link BigDecimal}. */
    static final long NOT_PLAIN = -1;

    private static final int MAX_DIGITS = 18;
    private static final int MAX_PRICE_DIGITS = 12;

    /** About 600 digits: more than a number of DynamoDB has, however it is written. */
    private static final int MAX_BITS = 2048;

    private static final int MAX_TEXT = 600;
    private static final String TOO_LONG = "has far too many digits; round it";

    // DynamoDB's own.
    private static final int MAX_ATTRIBUTE_DIGITS = 38;
    private static final int MAX_EXPONENT = 125;
    private static final int MIN_EXPONENT = -130;

    private Decimal() {}

    /** Returns the number if the text consists of up to 18 digits. */
    static long whole(String text) {
        int length = text.length();
        if (length == 0 || length > MAX_DIGITS) {
            return NOT_PLAIN;
        }
        long number = 0;
        for (int i = 0; i < length; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return NOT_PLAIN;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** Returns a price in millionths if the text has up to 12 digits and up to 6 decimals. */
    static long micros(String text) {
        int length = text.length();
        long number = 0;
        int point = length;
        for (int i = 0; i < length; i++) {
            int digit = text.charAt(i) - '0';
            if (digit >= 0 && digit <= 9) {
                number = number * 10 + digit;
            } else if (digit == '.' - '0' && point == length) {
                point = i;
            } else {
                return NOT_PLAIN;
            }
            if (i - Math.min(i, point) > Checks.MAX_PRICE_DECIMALS) {
                return NOT_PLAIN;
            }
        }
        if (point == 0 || point > MAX_PRICE_DIGITS || point == length - 1) {
            return NOT_PLAIN;
        }
        for (int decimals = Math.max(0, length - 1 - point); decimals < Checks.MAX_PRICE_DECIMALS; decimals++) {
            number *= 10;
        }
        return number;
    }

    /** Returns the canonical form of a number given in millionths. */
    static BigDecimal ofMicros(long micros) {
        long unscaled = micros;
        int scale = Checks.MAX_PRICE_DECIMALS;
        while (scale > 0 && unscaled % 10 == 0) {
            unscaled /= 10;
            scale--;
        }
        return BigDecimal.valueOf(unscaled, scale);
    }

    /**
     * Returns the number itself or an equal one, if it can be brought into canonical form in almost no time.
     *
     * @throws IllegalArgumentException if it has too many digits for that; the message continues after the name of the
     *     number
     */
    static BigDecimal bounded(BigDecimal number) {
        BigInteger unscaled = number.unscaledValue();
        if (unscaled.signum() == 0) {
            return BigDecimal.ZERO;
        }
        // The JDK's time for stripping zeros grows with the square of their number.
        if (unscaled.bitLength() > MAX_BITS) {
            throw new IllegalArgumentException(TOO_LONG);
        }
        // Subclasses could change their mind.
        return number.getClass() == BigDecimal.class ? number : new BigDecimal(unscaled, number.scale());
    }

    /**
     * Returns the canonical form of a number of bounded length, which is the same for equal numbers: no trailing zeros,
     * no exponent.
     */
    static BigDecimal canonical(BigDecimal number) {
        BigDecimal stripped = number.stripTrailingZeros();
        return stripped.scale() < 0 ? stripped.setScale(0) : stripped;
    }

    /**
     * Returns any finite number in canonical form, if DynamoDB can store it.
     *
     * @throws IllegalArgumentException if it cannot; the message continues after the name of the number
     */
    static BigDecimal ofAttribute(Number number) {
        if (number instanceof Integer || number instanceof Long || number instanceof Short || number instanceof Byte) {
            return BigDecimal.valueOf(number.longValue());
        }
        BigDecimal decimal = bounded(exact(number));
        long exponent = (long) decimal.precision() - decimal.scale() - 1;
        if (decimal.signum() != 0 && (exponent > MAX_EXPONENT || exponent < MIN_EXPONENT)) {
            throw new IllegalArgumentException("must be 0, or between 1E-130 and 9.99E+125 in magnitude");
        }
        if (decimal.stripTrailingZeros().precision() > MAX_ATTRIBUTE_DIGITS) {
            throw new IllegalArgumentException("must have at most " + MAX_ATTRIBUTE_DIGITS + " digits");
        }
        return canonical(decimal);
    }

    private static BigDecimal exact(Number number) {
        if (number instanceof BigDecimal decimal) {
            return decimal;
        }
        if (number instanceof BigInteger integer) {
            return new BigDecimal(integer);
        }
        if ((number instanceof Double || number instanceof Float) && !Double.isFinite(number.doubleValue())) {
            throw new IllegalArgumentException("must be a finite number");
        }
        String text = number.toString();
        if (text.length() > MAX_TEXT) {
            throw new IllegalArgumentException(TOO_LONG);
        }
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "must be a finite number, but the text of a "
                            + number.getClass().getName() + " is not",
                    e);
        }
    }
}
