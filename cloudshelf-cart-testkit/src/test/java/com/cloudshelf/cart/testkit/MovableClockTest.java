package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class MovableClockTest {
    private final MovableClock clock = MovableClock.create();

    @Test
    void instant_neverMoved_isTheSystems() {
        assertThat(clock.instant()).isBetween(Instant.now().minusSeconds(60), Instant.now());
        assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
    }

    @Test
    void advance_calledTwice_addsUp() {
        Instant before = clock.instant();
        clock.advance(Duration.ofDays(1));
        clock.advance(Duration.ofDays(2));
        assertThat(Duration.between(before, clock.instant())).isBetween(Duration.ofDays(3), Duration.ofDays(4));
    }

    @Test
    void withZone_otherZone_movesAlong() {
        Clock elsewhere = clock.withZone(ZoneId.of("Asia/Tokyo"));
        clock.advance(Duration.ofDays(3));
        assertThat(elsewhere.getZone()).isEqualTo(ZoneId.of("Asia/Tokyo"));
        assertThat(Duration.between(Instant.now(), elsewhere.instant()))
                .isBetween(Duration.ofDays(3).minusMinutes(1), Duration.ofDays(4));
    }

    @Test
    void advance_backwards_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> clock.advance(Duration.ofSeconds(-1)))
                .withMessageContaining("PT-1S");
    }
}
