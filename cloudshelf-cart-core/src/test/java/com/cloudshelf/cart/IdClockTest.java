package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class IdClockTest {
    private final TestClock carts = new TestClock(NOW);
    private final AtomicLong wall = new AtomicLong(NOW.toEpochMilli());
    private final IdClock ids = new IdClock(carts, wall::get);

    @Test
    void getAsLong_clockOfTheMachine_isTheMachinesTime() {
        assertThat(ids.getAsLong()).isEqualTo(NOW.toEpochMilli());

        wall.addAndGet(7);

        assertThat(ids.getAsLong()).isEqualTo(NOW.toEpochMilli() + 7);
    }

    @Test
    void getAsLong_clockMovedForward_followsAndKeepsRunning() {
        carts.advance(Duration.ofDays(9));
        assertThat(ids.getAsLong()).isEqualTo(carts.millis());

        wall.addAndGet(7);

        assertThat(ids.getAsLong()).isEqualTo(carts.millis() + 7);
    }

    @Test
    void getAsLong_clockMovedBack_doesNotGoBack() {
        carts.advance(Duration.ofDays(9));
        long before = ids.getAsLong();

        carts.advance(Duration.ofDays(-30));

        assertThat(ids.getAsLong()).isEqualTo(before);
    }

    @Test
    void getAsLong_clockInThePast_isTheMachinesTime() {
        IdClock past = new IdClock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), wall::get);

        assertThat(past.getAsLong()).isEqualTo(wall.get());
    }

    @Test
    void getAsLong_clockBeyondTheTimeOfIds_staysWithinIt() {
        IdClock future = new IdClock(Clock.fixed(Instant.parse("9999-12-31T00:00:00Z"), ZoneOffset.UTC), wall::get);

        assertThat(WriteId.startedAt(future.getAsLong()).begin())
                .isEqualTo(future.getAsLong())
                .isEqualTo(wall.get() + Duration.ofDays(7300).toMillis());
    }
}
