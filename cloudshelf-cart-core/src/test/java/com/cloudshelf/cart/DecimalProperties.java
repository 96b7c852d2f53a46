package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

/** The fast path for reading numbers returns what {@link BigDecimal} returns, or nothing. */
class DecimalProperties {
    @Provide
    Arbitrary<String> numbers() {
        return Arbitraries.oneOf(
                Arbitraries.strings().withChars("0159.-+eE ").ofMaxLength(22),
                Arbitraries.strings().withChars("00000159.").ofMaxLength(22));
    }

    @Property
    void whole_anyText_isThatNumberOrNotPlain(@ForAll("numbers") String text) {
        long number = Decimal.whole(text);
        if (number != Decimal.NOT_PLAIN) {
            assertThat(new BigDecimal(text)).isEqualByComparingTo(BigDecimal.valueOf(number));
        }
    }

    @Property
    void micros_anyText_areThatNumberOrNotPlain(@ForAll("numbers") String text) {
        long micros = Decimal.micros(text);
        if (micros != Decimal.NOT_PLAIN) {
            assertThat(new BigDecimal(text)).isEqualByComparingTo(BigDecimal.valueOf(micros, 6));
        }
    }

    @Property
    void ofMicros_anyPrice_isReadBackAndCanonical(
            @ForAll @LongRange(min = 0, max = 999_999_999_999_999_999L) long micros) {
        BigDecimal price = Decimal.ofMicros(micros);
        assertThat(price).isEqualTo(Checks.price(BigDecimal.valueOf(micros, 6)));
        assertThat(Decimal.micros(price.toPlainString())).isEqualTo(micros);
    }

    @Example
    void micros_usualPrice_isPlain() {
        assertThat(Decimal.micros("15.99")).isEqualTo(15_990_000);
        assertThat(Decimal.micros("1000000000000")).isEqualTo(Decimal.NOT_PLAIN);
        assertThat(Decimal.whole("")).isEqualTo(Decimal.NOT_PLAIN);
    }
}
