package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartVersionTest {
    /** Characters that need no escaping in an HTTP entity tag, in JSON, or in a shell. */
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
    void toString_anyValues_isValidInAnEntityTag(long counter, long fingerprint) {
        assertThat(CartVersion.of(null, counter, fingerprint).toString())
                .matches(TOKEN)
                .hasSizeLessThan(64);
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
    @ValueSource(
            strings = {
                "",
                "*",
                "a",
                "a.1",
                "a.1.1",
                "a..0000000000001",
                ".1.0000000000001",
                "a.01.0000000000001",
                "a.1.000000000000A",
                "a.1.000000000000.",
                "a.1.000000000000-",
                "a.1.zzzzzzzzzzzzz",
                "a.3w5e11264sgsg.0000000000001",
                "a.1.0000000000001.0000000000001",
                "a.b.1.0000000000001",
                "\u00e9.1.0000000000001",
                "a.\u0661.0000000000001",
                "ABSENT"
            })
    void parse_textOfNoVersion_isRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> CartVersion.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-br", "-gzip", ";gzip", "--gzip", "+zstd", "\"", " ", "\r\n", "\n", "\u0000", ",a", ".", "0", "x",
                "\u00e9"
            })
    void parse_suffixOfAProxyOrAnyOther_isRefusedWithAdvice(String suffix) {
        for (CartVersion version :
                List.of(CartVersion.ABSENT, CartVersion.of("a", 1, -1), CartVersion.of(null, 0, 0))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartVersion.parse(version + suffix))
                    .withMessageContaining("-gzip")
                    .withMessageContaining("-br")
                    .withMessageContaining("quotes")
                    .withMessageContaining("W/")
                    .withMessageNotContaining(version.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "W/", "W/\"", " ", "\r\n", "*", "a, ", "."})
    void parse_anyPrefix_isRefused(String prefix) {
        for (CartVersion version : List.of(CartVersion.ABSENT, CartVersion.of("a", 1, -1))) {
            assertThatIllegalArgumentException().isThrownBy(() -> CartVersion.parse(prefix + version));
        }
    }

    @Test
    void parse_overlongText_isRefusedWithoutQuotingIt() {
        String longest = "v".repeat(24) + ".3w5e11264sgsf.3w5e11264sgsf";

        assertThat(CartVersion.parse(longest)).hasToString(longest).isEqualTo(CartVersion.of("v".repeat(24), -1, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartVersion.parse("v" + longest))
                .withMessageNotContaining("vv");
        assertThatIllegalArgumentException().isThrownBy(() -> CartVersion.parse("v".repeat(50_000_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "two words", "a.b", "\"", "\r\nSet-Cookie: a", "1234567890123456789012345"})
    void of_incarnationThatAnotherProgramLeft_isStillAToken(String incarnation) {
        CartVersion version = CartVersion.of(incarnation, 1, 1);

        assertThat(CartVersion.parse(version.toString())).isEqualTo(version);
        assertThat(version)
                .isNotEqualTo(CartVersion.of(incarnation + "x", 1, 1))
                .isNotEqualTo(CartVersion.of(null, 1, 1));
    }

    @Test
    void version_cartThatNoStoreReturned_isAbsent() {
        assertThat(Cart.empty(USER).version()).isEqualTo(CartVersion.ABSENT);
        assertThat(cartOf(book("book001", "1", 1)).version()).isEqualTo(CartVersion.ABSENT);
    }
}
