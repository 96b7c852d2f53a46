package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Agrees with the JDK on the form that it reads and writes itself, and leaves all other forms to the JDK. */
class IsoInstantTest {
    @Property
    void parse_anyInstant_isWhatWasWritten(
            @ForAll @LongRange(min = -62_167_219_200L, max = 253_402_300_799L) long second,
            @ForAll @IntRange(max = 999_999_999) int nano) {
        for (Instant instant : List.of(
                Instant.ofEpochSecond(second, nano),
                Instant.ofEpochSecond(second, nano).truncatedTo(ChronoUnit.MILLIS),
                Instant.ofEpochSecond(second))) {
            assertThat(IsoInstant.parse(instant.toString())).isEqualTo(instant);
            assertThat(IsoInstant.text(instant)).isEqualTo(instant.toString());
        }
    }

    @Property
    void parse_textThatLooksLikeATime_isReadAsTheJdkReadsIt(
            @ForAll @IntRange(min = 1968, max = 2101) int year,
            @ForAll @IntRange(max = 14) int month,
            @ForAll @IntRange(max = 33) int day,
            @ForAll @IntRange(max = 25) int hour,
            @ForAll @IntRange(max = 61) int minute) {
        String text = String.format("%04d-%02d-%02dT%02d:%02d:59Z", year, month, day, hour, minute);
        Instant expected;
        try {
            expected = Instant.parse(text);
        } catch (DateTimeException e) {
            expected = null;
        }
        assertThat(IsoInstant.parse(text)).isEqualTo(expected);
    }

    @Property
    void text_anyMillisecondOfTheYearsThatAreWrittenByHand_isWhatTheJdkWrites(
            @ForAll @LongRange(max = 4_102_444_800_000L) long millis) {
        Instant instant = Instant.ofEpochMilli(millis);

        assertThat(IsoInstant.text(instant)).isEqualTo(instant.toString());
    }

    @Test
    void parse_everyDayOfTheYearsThatAreReadByHand_isThatDay() {
        LocalDate last = LocalDate.of(2100, 3, 2);
        for (LocalDate day = LocalDate.of(1969, 12, 30); day.isBefore(last); day = day.plusDays(1)) {
            Instant midnight = day.atStartOfDay().toInstant(ZoneOffset.UTC);
            assertThat(IsoInstant.parse(day + "T00:00:00Z")).isEqualTo(midnight);
            assertThat(IsoInstant.text(midnight)).isEqualTo(day + "T00:00:00Z");
        }
    }

    @Test
    void parse_formsOfOtherWriters_areRead() {
        Instant instant = Instant.parse("2025-09-03T10:30:00Z");
        assertThat(IsoInstant.parse("2025-09-03T12:30:00+02:00")).isEqualTo(instant);
        assertThat(IsoInstant.parse("2025-09-03T10:30:00")).isEqualTo(instant);
        assertThat(IsoInstant.parse("2025-09-03T10:30Z")).isEqualTo(instant);
        assertThat(IsoInstant.parse("2025-09-03T10:30:00.123456")).isEqualTo(instant.plusNanos(123_456_000));
    }

    @ParameterizedTest
    @CsvSource({
        "2025-09-03T10:30:00+0000, 2025-09-03T10:30:00Z",
        "2025-09-03T12:30:00+0200, 2025-09-03T10:30:00Z",
        "2025-09-03T05:00:00.25-0530, 2025-09-03T10:30:00.250Z",
        "2025-09-03T12:30:00+02, 2025-09-03T10:30:00Z",
        "2025-09-03 10:30:00+00:00, 2025-09-03T10:30:00Z",
        "2025-09-03 10:30:00, 2025-09-03T10:30:00Z",
        "2025-09-03T12:30:00+02:00[Europe/Berlin], 2025-09-03T10:30:00Z",
        "2025-09-03T12:30:00[Europe/Berlin], 2025-09-03T10:30:00Z",
        "2025-09-03T10:30:00Z[UTC], 2025-09-03T10:30:00Z",
        "2016-12-31T23:59:60Z, 2016-12-31T23:59:59Z",
        "2025-09-03, 2025-09-03T00:00:00Z",
    })
    void parse_otherSpellings_areRead(String text, Instant instant) {
        assertThat(IsoInstant.parse(text)).isEqualTo(instant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2025-09-03T10:30:60Z",
                "2025-09-03T10:30:00[Nowhere/Land]",
                "2025-09-03T10:30:00+9900",
                "2025-09-03T",
                "2025-09-0310:30:00Z",
                "20250903",
                "Wed Sep 03 2025",
                "[UTC]",
                "-"
            })
    void parse_almostATime_isNull(String text) {
        assertThat(IsoInstant.parse(text)).isNull();
        assertThat(IsoInstant.parse(text.repeat(1000))).isNull();
    }

    @Test
    void parse_noTime_isNull() {
        assertThat(IsoInstant.parse("")).isNull();
        assertThat(IsoInstant.parse("yesterday")).isNull();
        assertThat(IsoInstant.parse("2025-09-03T10:30:00.12x4Z")).isNull();
        assertThat(IsoInstant.parse("2025-02-30T10:30:00Z")).isNull();
    }
}
