package com.cloudshelf.cart;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses and writes ISO-8601 times. The form of {@link Instant#toString} is handled here, because every line of a cart
 * has such a time, and the JDK's parser would take most of the time for reading a cart.
 */
final class IsoInstant {
    private static final int SECONDS_LENGTH = "2025-09-03T10:30:00".length();
    private static final int NANO_DIGITS = 9;

    // Between these years, every fourth year is a leap year. All other years are left to the JDK.
    private static final int FIRST_YEAR = 1970;
    private static final int LAST_YEAR = 2099;

    /** The number of days before each month, from the first to the thirteenth, in a year that is not a leap year. */
    private static final int[] DAYS_BEFORE = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

    /** Longer than any time in a supported form. */
    private static final int LONGEST = 100;

    private IsoInstant() {}

    /** The patterns of other forms, which are compiled when a time in such a form is first seen. */
    private static final class Other {
        private static final Pattern FORM = Pattern.compile("(?<day>[-+]?\\d{4,9}-\\d\\d-\\d\\d)"
                + "(?:[Tt ](?<time>\\d\\d:\\d\\d[^Zz+\\[-]*)(?:(?<offset>[Zz]|[+-]\\d\\d(?::\\d\\d)*)(?<minutes>\\d\\d)?)?"
                + "(?:\\[(?<zone>.+)])?)?");

        private static final Pattern LEAP_SECOND = Pattern.compile(":59:60(?:\\.\\d+)?$");
    }

    /** Returns the time, or {@code null} if the text is not a time in the years 0000 to 9999. */
    static @Nullable Instant parse(String text) {
        Instant instant = parseUtc(text);
        if (instant == null) {
            instant = parseAnyForm(text);
        }
        return instant == null || Checks.isTime(instant) ? instant : null;
    }

    /** Returns the text that {@link Instant#toString} returns. */
    static String text(Instant instant) {
        LocalDateTime utc = LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), ZoneOffset.UTC);
        int millis = instant.getNano() / 1_000_000;
        if (utc.getYear() < FIRST_YEAR || utc.getYear() > LAST_YEAR || millis * 1_000_000 != instant.getNano()) {
            return instant.toString();
        }
        StringBuilder text = new StringBuilder(SECONDS_LENGTH + ".123Z".length());
        text.append(utc.getYear());
        append(text, '-', utc.getMonthValue());
        append(text, '-', utc.getDayOfMonth());
        append(text, 'T', utc.getHour());
        append(text, ':', utc.getMinute());
        append(text, ':', utc.getSecond());
        if (millis > 0) {
            append(text, '.', millis / 10);
            text.append(millis % 10);
        }
        return text.append('Z').toString();
    }

    private static void append(StringBuilder text, char separator, int twoDigits) {
        text.append(separator).append((char) ('0' + twoDigits / 10)).append((char) ('0' + twoDigits % 10));
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
        if (year < FIRST_YEAR
                || year > LAST_YEAR
                || month < 1
                || month > 12
                || day < 1
                || day > daysBefore(year, month + 1) - daysBefore(year, month)
                || (hour | minute | second | nanos) < 0
                || hour > 23
                || minute > 59
                || second > 59) {
            return null;
        }
        int years = year - FIRST_YEAR;
        long days = years * 365L + (years + 1) / 4 + daysBefore(year, month) + day - 1;
        return Instant.ofEpochSecond(((days * 24 + hour) * 60 + minute) * 60 + second, nanos);
    }

    /** Returns the number of days of a year before a month, or before the thirteenth. */
    private static int daysBefore(int year, int month) {
        return DAYS_BEFORE[month] + (month > 2 && year % 4 == 0 ? 1 : 0);
    }

    /** Returns the number between two indexes, or -1 if there is anything other than digits. */
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

    /**
     * Other writers use an offset, with or without a colon, or a zone, or neither if they mean UTC, as Python's {@code
     * datetime.isoformat} does; a space instead of the T; a leap second; or only a date.
     */
    private static @Nullable Instant parseAnyForm(String text) {
        if (text.length() > LONGEST) {
            return null;
        }
        Matcher form = Other.FORM.matcher(text);
        if (!form.matches()) {
            return null;
        }
        String time = form.group("day") + 'T' + (form.group("time") == null ? "00:00" : form.group("time"));
        String zone = form.group("zone");
        try {
            if (form.group("offset") != null) {
                return OffsetDateTime.parse(withoutLeapSecond(time) + offset(form))
                        .toInstant();
            }
            ZoneId of = zone == null ? ZoneOffset.UTC : ZoneId.of(zone);
            return LocalDateTime.parse(withoutLeapSecond(time)).atZone(of).toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** A leap second is read as the second before it, as the JDK does. No other minute has a 60th second. */
    private static String withoutLeapSecond(String time) {
        return Other.LEAP_SECOND.matcher(time).replaceFirst(":59:59");
    }

    private static String offset(Matcher form) {
        String offset = form.group("offset");
        String minutes = form.group("minutes");
        return offset.length() == "+02".length() ? offset + ':' + (minutes == null ? "00" : minutes) : offset;
    }
}
