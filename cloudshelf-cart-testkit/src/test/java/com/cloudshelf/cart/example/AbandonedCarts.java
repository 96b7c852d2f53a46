package com.cloudshelf.cart.example;

import com.cloudshelf.cart.Cart;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Finds the abandoned carts among all changes of the table, for a {@link CartStreamHandler}: those that had books in
 * them when they expired.
 */
final class AbandonedCarts implements BiConsumer<Optional<Cart>, Optional<Cart>> {
    private final Consumer<Cart> reminders;
    private final Clock clock;

    AbandonedCarts(Consumer<Cart> reminders, Clock clock) {
        this.reminders = reminders;
        this.clock = clock;
    }

    /** A cart that is removed before its time was cleared or erased, and nobody wants to be reminded of it. */
    @Override
    public void accept(Optional<Cart> before, Optional<Cart> after) {
        Instant now = clock.instant();
        if (after.isEmpty()) {
            before.filter(cart -> !cart.isEmpty())
                    .filter(cart -> cart.expiresAt().filter(now::isAfter).isPresent())
                    .ifPresent(reminders);
        }
    }
}
