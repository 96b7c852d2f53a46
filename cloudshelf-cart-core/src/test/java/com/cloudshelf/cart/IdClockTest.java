package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class IdClockTest {
    private final TestClock carts = new TestClock(NOW);
    private final AtomicLong wall = new AtomicLong(NOW.toEpochMilli());
    private final IdClock ids = new IdClock(wall::get, IdClock.FURTHEST);

    @Test
    void at_clockOfTheMachine_isTheMachinesTime() {
        assertThat(ids.at(carts.millis())).isEqualTo(NOW.toEpochMilli());

        wall.addAndGet(7);

        assertThat(ids.at(carts.millis())).isEqualTo(NOW.toEpochMilli() + 7);
    }

    @Test
    void at_clockMovedForward_followsAndKeepsRunning() {
        carts.advance(Duration.ofDays(9));
        assertThat(ids.at(carts.millis())).isEqualTo(carts.millis());

        wall.addAndGet(7);

        assertThat(ids.at(carts.millis())).isEqualTo(carts.millis() + 7);
    }

    @Test
    void at_clockMovedBack_doesNotGoBack() {
        carts.advance(Duration.ofDays(9));
        long before = ids.at(carts.millis());

        carts.advance(Duration.ofDays(-30));

        assertThat(ids.at(carts.millis())).isEqualTo(before);
    }

    @Test
    void at_clockInThePast_isTheMachinesTime() {
        assertThat(ids.at(0)).isEqualTo(wall.get());
    }

    @Test
    void at_clockBeyondTheTimeOfIds_staysWithinIt() {
        long future = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli();

        assertThat(WriteId.startedAt(ids.at(future)).begin())
                .isEqualTo(ids.at(future))
                .isEqualTo(wall.get() + Duration.ofDays(7300).toMillis());
    }
}
