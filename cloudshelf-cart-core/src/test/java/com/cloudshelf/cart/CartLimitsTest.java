package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CartLimitsTest {

    @Test
    void of_twoValues_keepsThem() {
        CartLimits limits = CartLimits.of(3, 7);

        assertThat(limits.maxLines()).isEqualTo(3);
        assertThat(limits.maxQuantity()).isEqualTo(7);
    }

    @Test
    void defaults_allowAThousandLinesAndTenThousandCopies() {
        assertThat(CartLimits.defaults()).isEqualTo(CartLimits.of(1000, 10_000));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void of_belowOne_isRefused(int value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartLimits.of(value, 1))
                .withMessageContaining("maxLines")
                .withMessageContaining("at least 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartLimits.of(1, value))
                .withMessageContaining("maxQuantity")
                .withMessageContaining("at least 1");
    }

    @Test
    void equals_anyValues_comparesContent() {
        assertThat(CartLimits.of(3, 7)).isEqualTo(CartLimits.of(3, 7)).hasSameHashCodeAs(CartLimits.of(3, 7));
        assertThat(CartLimits.of(3, 7))
                .isNotEqualTo(CartLimits.of(7, 3))
                .isNotEqualTo(CartLimits.of(3, 8))
                .isNotEqualTo(null)
                .isNotEqualTo("CartLimits");
        assertThat(CartLimits.of(3, 7)).hasToString("CartLimits[maxLines=3, maxQuantity=7]");
    }
}
