package com.cloudshelf.cart;

import java.math.BigDecimal;

/**
 * Reads plain decimals, which is what nearly all numbers of an item are, without the work and garbage of {@link BigDecimal}:
 * there are two in every line of a cart.
 */
final class Decimal {
    /** What the methods return for a text that they leave to {@link BigDecimal}. */
    static final long NOT_PLAIN = -1;

    private static final int MAX_DIGITS = 18;
    private static final int MAX_PRICE_DIGITS = 12;

    private Decimal() {}

    /** Returns the number that up to 18 digits and nothing else make. */
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

    /** Returns in millionths a price of up to 12 digits with up to 6 decimals. */
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

    /** Returns the canonical form of a number of millionths. */
    static BigDecimal ofMicros(long micros) {
        long unscaled = micros;
        int scale = Checks.MAX_PRICE_DECIMALS;
        while (scale > 0 && unscaled % 10 == 0) {
            unscaled /= 10;
            scale--;
        }
        return BigDecimal.valueOf(unscaled, scale);
    }
}
