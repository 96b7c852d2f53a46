package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartVersionTest {
    /** The characters of an entity tag that need no escape, in HTTP as in JSON and in a shell. */
    private static final String TOKEN = "[A-Za-z0-9._-]+";

    @Test
    void parse_textOfAVersion_isTheVersion() {
        CartVersion version = CartVersion.of("0123456789-_abcd", 42, -1);

        assertThat(CartVersion.parse(version.toString())).isEqualTo(version).hasSameHashCodeAs(version);
    }

    @Test
    void parse_textOfAbsent_isAbsent() {
        assertThat(CartVersion.parse(Cart.empty(USER).version().toString()))
                .isEqualTo(Cart.empty("another").version());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, -1", "9223372036854775807, 9223372036854775807", "35, -9223372036854775808"})
    void toString_anyValues_isFitForAnEntityTag(long counter, long fingerprint) {
        assertThat(CartVersion.of(null, counter, fingerprint).toString())
                .matches(TOKEN)
                .hasSizeLessThan(128);
        assertThat(CartVersion.of("-0AZ_az9-0AZ_az9", counter, fingerprint).toString())
                .matches(TOKEN);
    }

    @Test
    void of_onePartDiffers_isAnotherVersion() {
        CartVersion version = CartVersion.of("a", 1, 1);

        assertThat(version)
                .isNotEqualTo(CartVersion.of("b", 1, 1))
                .isNotEqualTo(CartVersion.of("a", 2, 1))
                .isNotEqualTo(CartVersion.of("a", 1, 2))
                .isNotEqualTo(CartVersion.of(null, 1, 1))
                .isNotEqualTo(CartVersion.ABSENT)
                .isNotEqualTo(null)
                .isNotEqualTo(version.toString());
    }

    @Test
    void of_neighbouringParts_areNotConfused() {
        assertThat(CartVersion.of("a", 11, 1)).isNotEqualTo(CartVersion.of("a", 1, 11));
        assertThat(CartVersion.of("a1", 1, 1)).isNotEqualTo(CartVersion.of("a", 11, 1));
    }

    @Test
    void parse_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> CartVersion.parse(null))
                .withMessageContaining("token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"a\"", "W/a", "a b", "a\n", "*", "a,b", "\u00e9", "a\u0000"})
    void parse_textThatNoVersionHas_isRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> CartVersion.parse(text));
    }

    @Test
    void parse_overlongText_isRefusedWithoutQuotingIt() {
        assertThat(CartVersion.parse("v".repeat(128))).hasToString("v".repeat(128));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartVersion.parse("v".repeat(129)))
                .withMessageContaining("128")
                .withMessageNotContaining("vv");
    }

    @Test
    void version_cartThatNoStoreReturned_isAbsent() {
        assertThat(Cart.empty(USER).version()).isEqualTo(CartVersion.ABSENT);
        assertThat(cartOf(book("book001", "1", 1)).version()).isEqualTo(CartVersion.ABSENT);
    }
}
