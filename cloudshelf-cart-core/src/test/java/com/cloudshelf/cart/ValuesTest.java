package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No value can be created in a way that bypasses its checks, and every accepted value can be read back. */
class ValuesTest {
    private static final CartItem LINE = book("a", "1", 1);

    /** Creates values by reflection, as a library might, with arguments that bypass the factories. */
    private static final class Reflection {
        static Object make(Class<?> type, @Nullable Object... arguments) throws Throwable {
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                if (constructor.getParameterCount() == arguments.length) {
                    constructor.setAccessible(true);
                    try {
                        return constructor.newInstance(arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }
            }
            throw new AssertionError("no such constructor");
        }

        private Reflection() {}
    }

    @Nested
    class MadeByReflection {
        @Test
        void cartItem_validValues_isThatLine() throws Throwable {
            assertThat(Reflection.make(CartItem.class, "a", null, null, 1_500_000L, 2, NOW, Attributes.NONE))
                    .isEqualTo(CartItem.of("a", null, null, money("1.5"), 2).withAddedAt(NOW));
        }

        static Stream<Arguments> badLines() {
            return Stream.of(
                    Arguments.of(null, "t", "a", 1L, 1, NOW, Attributes.NONE),
                    Arguments.of(" ", "t", "a", 1L, 1, NOW, Attributes.NONE),
                    Arguments.of("b".repeat(2049), "t", "a", 1L, 1, NOW, Attributes.NONE),
                    Arguments.of("b", UNPAIRED_HIGH, "a", 1L, 1, NOW, Attributes.NONE),
                    Arguments.of("b", "t", UNPAIRED_HIGH, 1L, 1, NOW, Attributes.NONE),
                    Arguments.of("b", "t", "a", -5_000_000L, 1, NOW, Attributes.NONE),
                    Arguments.of("b", "t", "a", 1_000_000_000_000_000_001L, 1, NOW, Attributes.NONE),
                    Arguments.of("b", "t", "a", 1L, 0, NOW, Attributes.NONE),
                    Arguments.of("b", "t", "a", 1L, -5, NOW, Attributes.NONE),
                    Arguments.of("b", "t", "a", 1L, 1, Instant.MIN, Attributes.NONE),
                    Arguments.of("b", "t", "a", 1L, 1, NOW, null),
                    Arguments.of("b", "t", "a", 1L, 1, NOW, Attributes.of(Map.of("price", 1))));
        }

        @ParameterizedTest
        @MethodSource("badLines")
        void cartItem_aValueThatBreaksItsRule_isRefused(
                String bookId,
                String title,
                String author,
                long micros,
                int quantity,
                Instant addedAt,
                Attributes attributes) {
            assertThat(CartItem.class.getDeclaredConstructors()).hasSize(1);
            assertThatExceptionOfType(RuntimeException.class)
                    .isThrownBy(() -> Reflection.make(
                            CartItem.class, bookId, title, author, micros, quantity, addedAt, attributes))
                    .isInstanceOfAny(IllegalArgumentException.class, NullPointerException.class);
        }

        static Stream<Arguments> badCarts() {
            return Stream.of(
                    Arguments.of(null, List.of(), Attributes.NONE, NOW),
                    Arguments.of("", List.of(), Attributes.NONE, NOW),
                    Arguments.of(UNPAIRED_HIGH, List.of(), Attributes.NONE, NOW),
                    Arguments.of(USER, null, Attributes.NONE, NOW),
                    Arguments.of(USER, Collections.singletonList(null), Attributes.NONE, NOW),
                    Arguments.of(USER, List.of("a"), Attributes.NONE, NOW),
                    Arguments.of(USER, List.of(LINE, LINE), Attributes.NONE, NOW),
                    Arguments.of(USER, List.of(), null, NOW),
                    Arguments.of(USER, List.of(), Attributes.of(Map.of("ttl", 1)), NOW),
                    Arguments.of(USER, List.of(), Attributes.NONE, Instant.MAX));
        }

        @ParameterizedTest
        @MethodSource("badCarts")
        void cart_aValueThatBreaksItsRule_isRefused(
                String userId, List<CartItem> items, Attributes attributes, Instant lastUpdated) {
            assertThatExceptionOfType(RuntimeException.class)
                    .isThrownBy(() -> Reflection.make(Cart.class, userId, items, attributes, lastUpdated, NOW, null))
                    .isInstanceOfAny(
                            IllegalArgumentException.class, NullPointerException.class, ClassCastException.class);
        }

        @Test
        void cart_aListThatChangesLater_isCopied() throws Throwable {
            List<CartItem> lines = new ArrayList<>(List.of(LINE));
            Cart cart = (Cart) Reflection.make(Cart.class, USER, lines, Attributes.NONE, NOW, NOW, null);

            lines.add(LINE);

            assertThat(cart.items()).containsExactly(LINE);
        }

        @Test
        void cartVersion_anyText_isParsed() throws Throwable {
            assertThat(Reflection.make(CartVersion.class, "absent")).isEqualTo(CartVersion.ABSENT);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Reflection.make(CartVersion.class, "a.1.0000000000001\r\nX: y"));
        }

        @Test
        void attributes_anyValues_areCheckedAndCopied() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Reflection.make(Attributes.class, Map.of("x", new StringBuilder())));
        }

        @Test
        void cartLimits_belowOne_isRefused() {
            assertThatIllegalArgumentException().isThrownBy(() -> Reflection.make(CartLimits.class, 0, 1));
        }

        @Test
        void cartUpdate_anyPartThatBreaksItsRule_isRefused() throws Throwable {
            List<CartChange> changes = List.of(new CartChange.Remove("a"));
            assertThat(Reflection.make(CartUpdate.class, USER, changes, null, null, "k", Duration.ZERO))
                    .isEqualTo(
                            CartUpdate.of(USER).remove("a").idempotencyKey("k").within(Duration.ZERO));
            for (List<?> bad : List.of(
                    Arrays.asList(" ", changes, null, null, null, null),
                    Arrays.asList(USER, Collections.singletonList(null), null, null, null, null),
                    Arrays.asList(
                            USER, List.of(new CartChange.Clear(), new CartChange.Clear()), null, null, null, null),
                    Arrays.asList(USER, changes, Cart.empty("another"), null, null, null),
                    Arrays.asList(USER, changes, Examples.apply(Cart.empty(USER)), null, null, null),
                    Arrays.asList(USER, changes, null, null, "", null))) {
                assertThatExceptionOfType(RuntimeException.class)
                        .isThrownBy(() -> Reflection.make(CartUpdate.class, bad.toArray()));
            }
        }
    }

    @Nested
    class Times {
        static Stream<Instant> outside() {
            return Stream.of(
                    Instant.MIN,
                    Instant.MAX,
                    Instant.parse("0000-01-01T00:00:00Z").minusNanos(1),
                    Instant.parse("9999-12-31T23:59:59.999999999Z").plusNanos(1));
        }

        @ParameterizedTest
        @MethodSource("outside")
        void anyTime_outsideFourDigitYears_isRefused(Instant time) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LINE.withAddedAt(time))
                    .withMessageContaining("addedAt")
                    .withMessageContaining("9999");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Cart.stored(cartOf(LINE), CartVersion.ABSENT, time, NOW))
                    .withMessageContaining("lastUpdated");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Cart.empty(USER).apply(CartLimits.defaults(), time, List.of()))
                    .withMessageContaining("now");
        }

        @ParameterizedTest
        @ValueSource(strings = {"0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59Z"})
        void addedAt_inFourDigitYears_isReadBack(Instant time) {
            assertThat(IsoInstant.parse(
                            LINE.withAddedAt(time).addedAt().orElseThrow().toString()))
                    .isEqualTo(time);
        }

        @Test
        void now_before1970_isRefused() {
            Instant before = Instant.EPOCH.minusNanos(1);
            Cart cart = cartOf(LINE);

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> cart.apply(CartLimits.defaults(), before, List.of()))
                    .withMessageContaining("1970");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> cart.merge(cart, MergeStrategy.SUM, CartLimits.defaults(), before))
                    .withMessageContaining("1970");
            assertThat(cart.apply(CartLimits.defaults(), Instant.EPOCH, List.of())
                            .lastUpdated())
                    .contains(Instant.EPOCH);
        }
    }

    /** Input of absurd size. Anything slower than linear takes hours on it. */
    @Nested
    class HugeInput {
        private static final String ZEROS = "0".repeat(3_000_000);

        @Test
        void anyNumber_ofMillionsOfDigits_isRefused() {
            // The number is neither parsed nor printed, because the JDK takes more than linear time for either.
            BigInteger digits = BigInteger.ONE.shiftLeft(40_000_000);
            for (int scale : new int[] {12_000_000, 0, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                BigDecimal number = new BigDecimal(digits, scale);
                assertThatIllegalArgumentException().isThrownBy(() -> CartItem.of("a", null, null, number, 1));
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> CartUpdate.of(USER).reprice("a", number));
                assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", number));
            }
            assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", digits));
        }

        @Test
        void price_fortyThousandZeros_isRefused() {
            BigDecimal price = new BigDecimal("5." + "0".repeat(40_000));

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(USER).reprice("a", price))
                    .withMessageContaining("price")
                    .withMessageContaining("digits");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"1E+2000000000", "1E-2000000000", "10E+2147483647", "10E-2147483647", "123456789E+2147483647"
                })
        void price_anyExponent_isRefused(BigDecimal price) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(USER).reprice("a", price))
                    .withMessageContaining("price");
        }

        @ParameterizedTest
        @ValueSource(strings = {"0E+2147483647", "0E-2147483647"})
        void price_zeroWithAnyExponent_isZero(BigDecimal price) {
            assertThat(new CartChange.Reprice("a", price).price()).isEqualTo(BigDecimal.ZERO);
        }

        @Test
        void price_ofAnotherClass_isReadOnce() {
            BigDecimal price = new BigDecimal("1.50") {
                @Override
                public int compareTo(BigDecimal other) {
                    return -1;
                }

                @Override
                public BigDecimal stripTrailingZeros() {
                    return new BigDecimal("-1");
                }
            };
            assertThat(new CartChange.Reprice("a", price).price())
                    .isEqualTo(money("1.5"))
                    .hasSameClassAs(money("1.5"));
        }

        @Test
        void anyText_ofMillionsOfCharacters_isRefusedOrKept() {
            assertThatIllegalArgumentException().isThrownBy(() -> CartItem.of(ZEROS, null, null, BigDecimal.ONE, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> CartUpdate.of(ZEROS));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(USER).idempotencyKey(ZEROS));
            assertThatIllegalArgumentException().isThrownBy(() -> CartVersion.parse(ZEROS));
            assertThatIllegalArgumentException().isThrownBy(() -> LINE.with(ZEROS, 1));
            assertThat(LINE.with("x", ZEROS).attributes()).containsEntry("x", ZEROS);
        }

        @Test
        void lines_whoseIdsHaveOneHash_areCheckedAsFast() {
            List<CartItem> lines = new ArrayList<>();
            for (int i = 0; i < 1 << 15; i++) {
                StringBuilder id = new StringBuilder();
                for (int bit = 0; bit < 15; bit++) {
                    id.append((i >> bit & 1) == 0 ? "Aa" : "BB");
                }
                lines.add(CartItem.of(id.toString(), null, null, BigDecimal.ONE, 1));
            }
            assertThat(new Cart(USER, lines, null, null, null).totalItems()).isEqualTo(1 << 15);
            lines.add(lines.get(77));
            assertThatIllegalArgumentException().isThrownBy(() -> new Cart(USER, lines, null, null, null));
        }
    }
}
