package com.cloudshelf.cart;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * Reads ISO-8601 times. The form that {@link Instant#toString} writes is read by hand, because there is one in every line of a
 * cart and the JDK's parser would take most of the time that reading a cart takes.
 */
final class IsoInstant {
    private static final int SECONDS_LENGTH = "2025-09-03T10:30:00".length();
    private static final int NANO_DIGITS = 9;

    private IsoInstant() {}

    /** Returns the time, or {@code null} if the text is not one. */
    static @Nullable Instant parse(String text) {
        Instant instant = parseUtc(text);
        return instant == null ? parseAnyForm(text) : instant;
    }

    private static @Nullable Instant parseUtc(String text) {
        int end = text.length() - 1;
        if (end < SECONDS_LENGTH
                || end > SECONDS_LENGTH + 1 + NANO_DIGITS
                || text.charAt(end) != 'Z'
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || text.charAt(10) != 'T'
                || text.charAt(13) != ':'
                || text.charAt(16) != ':') {
            return null;
        }
        int year = digits(text, 0, 4);
        int month = digits(text, 5, 7);
        int day = digits(text, 8, 10);
        int hour = digits(text, 11, 13);
        int minute = digits(text, 14, 16);
        int second = digits(text, 17, 19);
        int nanos = 0;
        if (end > SECONDS_LENGTH) {
            nanos = text.charAt(SECONDS_LENGTH) == '.' ? digits(text, SECONDS_LENGTH + 1, end) : -1;
            for (int digit = end - SECONDS_LENGTH - 1; digit < NANO_DIGITS; digit++) {
                nanos *= 10;
            }
        }
        // Days beyond the 28th differ by month: those that may not exist are left to the JDK.
        if ((year | month | day | hour | minute | second | nanos) < 0
                || month < 1
                || month > 12
                || day < 1
                || (day > 28 && day > lengthOf(year, month))
                || hour > 23
                || minute > 59
                || second > 59) {
            return null;
        }
        long seconds = ((epochDay(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        return Instant.ofEpochSecond(seconds, nanos);
    }

    /** Returns the number that the digits from one index to another make, or -1 if there is something else among them. */
    private static int digits(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return from == to ? -1 : number;
    }

    private static int lengthOf(int year, int month) {
        if (month == 2) {
            boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            return leap ? 29 : 28;
        }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    /** Counts days from 1970-01-01 with years that begin in March, so that the leap day is the last. */
    private static long epochDay(int year, int month, int day) {
        long marchYear = month > 2 ? year : year - 1L;
        long marchMonth = (month + 9L) % 12;
        long era = Math.floorDiv(marchYear, 400);
        long yearOfEra = marchYear - era * 400;
        long dayOfYear = (153 * marchMonth + 2) / 5 + (day - 1);
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    /** Other writers give an offset, or none where they mean UTC, as Python's {@code datetime.isoformat} does. */
    private static @Nullable Instant parseAnyForm(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            return parseWithoutOffset(text);
        }
    }

    private static @Nullable Instant parseWithoutOffset(String text) {
        try {
            return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
