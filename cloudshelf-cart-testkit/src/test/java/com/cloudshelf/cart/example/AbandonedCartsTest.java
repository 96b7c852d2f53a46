package com.cloudshelf.cart.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartVersion;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The changes in a stream that count as abandoned carts. */
class AbandonedCartsTest {
    private static final Instant EXPIRY = Instant.parse("2025-10-03T10:30:00Z");
    private static final Cart EMPTY = stored(Cart.empty("user123"));
    private static final Cart FULL = stored(Cart.empty("user123")
            .apply(
                    CartLimits.defaults(),
                    EXPIRY,
                    List.of(new CartChange.Add(CartItem.of("book001", null, null, BigDecimal.ONE, 1)))));

    private final List<Cart> reminded = new ArrayList<>();

    private static Cart stored(Cart content) {
        return Cart.stored(content, CartVersion.parse("a.1.000000000000b"), EXPIRY.minus(Duration.ofDays(30)), EXPIRY);
    }

    private void change(Instant now, Optional<Cart> before, Optional<Cart> after) {
        new AbandonedCarts(reminded::add, Clock.fixed(now, ZoneOffset.UTC)).accept(before, after);
    }

    @Test
    void removal_afterTheExpiryWithBooks_sendsAReminder() {
        change(EXPIRY.plus(Duration.ofHours(20)), Optional.of(FULL), Optional.empty());
        assertThat(reminded).containsExactly(FULL);
    }

    @Test
    void otherChanges_ofACart_sendNoReminder() {
        change(EXPIRY.minusSeconds(1), Optional.of(FULL), Optional.empty());
        change(EXPIRY.plusSeconds(1), Optional.of(EMPTY), Optional.empty());
        change(EXPIRY.plusSeconds(1), Optional.of(FULL), Optional.of(FULL));
        change(EXPIRY.plusSeconds(1), Optional.empty(), Optional.of(FULL));
        assertThat(reminded).isEmpty();
    }
}
