package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The system's clock, moved forward by hand: nobody has to wait for a cart to expire.
 *
 * <pre>{@code
 * MovableClock clock = MovableClock.create();
 * CartStore carts = DynamoDbCartStore.builder().clock(clock)....build();
 * clock.advance(Duration.ofDays(31));
 * }</pre>
 *
 * <p>It goes on by itself, so that a test which never moves it sees the time of day. Deadlines and pauses do not go by it: they
 * take the time that they take.
 *
 * <p>Thread-safe.
 */
public final class MovableClock extends Clock {
    private final Clock system;
    private final AtomicReference<Duration> ahead;

    private MovableClock(Clock system, AtomicReference<Duration> ahead) {
        this.system = system;
        this.ahead = ahead;
    }

    /** Returns a clock in UTC that shows the system's time until it is moved. */
    public static MovableClock create() {
        return new MovableClock(Clock.systemUTC(), new AtomicReference<>(Duration.ZERO));
    }

    /**
     * Moves this clock, and all clocks that {@link #withZone} made of it, forward.
     *
     * @throws IllegalArgumentException if the duration is negative
     */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("duration must not be negative, but is " + duration);
        }
        ahead.accumulateAndGet(duration, Duration::plus);
    }

    @Override
    public Instant instant() {
        return system.instant().plus(ahead.get());
    }

    @Override
    public ZoneId getZone() {
        return system.getZone();
    }

    /** Returns a clock of another zone, which is moved together with this one. */
    @Override
    public MovableClock withZone(ZoneId zone) {
        return new MovableClock(system.withZone(requireNonNull(zone, "zone")), ahead);
    }

    @Override
    public String toString() {
        return "MovableClock[" + system + " + " + ahead.get() + "]";
    }
}
