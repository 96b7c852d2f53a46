package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The system clock, which a test can move forward instead of waiting for a cart to expire.
 *
 * <pre>{@code
 * MovableClock clock = MovableClock.create();
 * CartStore carts = DynamoDbCartStore.builder().clock(clock)....build();
 * clock.advance(Duration.ofDays(31));
 * }</pre>
 *
 * <p>It keeps ticking, so a test that never moves it sees the current time. Deadlines and backoff delays do not use it;
 * they take real time.
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

    /** Returns a clock in UTC that shows the system time until it is moved. */
    public static MovableClock create() {
        return new MovableClock(Clock.systemUTC(), new AtomicReference<>(Duration.ZERO));
    }

    /**
     * Moves this clock, and all clocks created from it by {@link #withZone withZone}, forward.
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

    /** Returns a clock in another zone that moves together with this one. */
    @Override
    public MovableClock withZone(ZoneId zone) {
        return new MovableClock(system.withZone(requireNonNull(zone, "zone")), ahead);
    }

    @Override
    public String toString() {
        return "MovableClock[" + system + " + " + ahead.get() + "]";
    }
}
