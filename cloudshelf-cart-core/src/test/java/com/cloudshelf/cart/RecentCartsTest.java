package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentCartsTest {
    private static final long SEEN = NOW.minusSeconds(60).toEpochMilli();

    private final RecentCarts recent = new RecentCarts();

    @Test
    void mayHaveRested_cartThatWasWrittenLately_isFalseForAnHour() {
        recent.saw(Writes.cartWithLines(1));

        assertThat(recent.mayHaveRested(USER, SEEN)).isFalse();
        assertThat(recent.mayHaveRested(USER, SEEN + Memory.REST_MILLIS)).isFalse();
        assertThat(recent.mayHaveRested(USER, SEEN + Memory.REST_MILLIS + 1000)).isTrue();
    }

    @Test
    void mayHaveRested_cartThatWasNeverSeen_isTrue() {
        recent.saw(Writes.cartWithLines(1));

        // There are more carts than slots, so some share a slot with the cart that was seen.
        assertThat(IntStream.range(0, 10_000)).allMatch(i -> recent.mayHaveRested("another" + i, SEEN));
    }

    @Test
    void mayHaveRested_cartOfAnotherWriter_isTrue() {
        recent.saw(Writes.decode(Items.item("cartItems", Items.list(Items.line("a", "1", "1")))));

        assertThat(recent.mayHaveRested(USER, SEEN)).isTrue();
    }
}
