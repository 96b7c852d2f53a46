package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.FOUR_BYTES;
import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.UNPAIRED_LOW;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartItemTest {
    private static final BigDecimal PRICE = new BigDecimal("15.99");

    @Test
    void of_allValues_keepsThem() {
        CartItem item = CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", PRICE, 2);

        assertThat(item.bookId()).isEqualTo("book001");
        assertThat(item.title()).contains("The Great Gatsby");
        assertThat(item.author()).contains("F. Scott Fitzgerald");
        assertThat(item.price()).isEqualTo(PRICE);
        assertThat(item.quantity()).isEqualTo(2);
        assertThat(item.addedAt()).isEmpty();
    }

    @Test
    void of_noTitleAndNoAuthor_isALineWithoutThem() {
        CartItem item = CartItem.of("book001", null, null, PRICE, 1);

        assertThat(item.title()).isEmpty();
        assertThat(item.author()).isEmpty();
    }

    @Test
    void of_emptyTitle_isKept() {
        assertThat(CartItem.of("book001", "", "", PRICE, 1).title()).contains("");
    }

    @Test
    void of_nullBookId_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> CartItem.of(null, "t", "a", PRICE, 1))
                .withMessageContaining("bookId");
    }

    @Test
    void of_nullPrice_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> CartItem.of("book001", "t", "a", null, 1))
                .withMessageContaining("price");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t\n", "\u2003"})
    void of_blankBookId_isRefused(String blank) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartItem.of(blank, "t", "a", PRICE, 1))
                .withMessageContaining("bookId")
                .withMessageContaining("blank");
    }

    @Test
    void of_bookIdOf2048Bytes_isTheLongest() {
        assertThat(CartItem.of("b".repeat(2048), "t", "a", PRICE, 1).bookId()).hasSize(2048);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartItem.of("b".repeat(2049), "t", "a", PRICE, 1))
                .withMessageContaining("bookId")
                .withMessageContaining("2048")
                .withMessageNotContaining("bb");
    }

    @ParameterizedTest
    @CsvSource({"\u00e9, 2", "\u20ac, 3", FOUR_BYTES + ", 4"})
    void of_bookIdOfLongCharacters_countsTheirBytes(String character, int bytes) {
        String longest = character.repeat(2048 / bytes) + "x".repeat(2048 % bytes);

        assertThat(CartItem.of(longest, "t", "a", PRICE, 1).bookId()).isEqualTo(longest);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartItem.of(longest + "x", "t", "a", PRICE, 1))
                .withMessageContaining("bookId");
    }

    @Test
    void of_unpairedSurrogate_isRefused() {
        for (String text : List.of(
                UNPAIRED_HIGH, UNPAIRED_LOW, "a\uD83Db", "\uDE00\uD83D", "\uD83D\uD83D\uDE00", "\uD83D\uDE00\uDE00")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartItem.of(text, "t", "a", PRICE, 1))
                    .withMessageContaining("bookId");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartItem.of("book001", text, "a", PRICE, 1))
                    .withMessageContaining("title");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartItem.of("book001", "t", text, PRICE, 1))
                    .withMessageContaining("author");
        }
    }

    @Test
    void of_pairedSurrogates_areKept() {
        assertThat(CartItem.of(FOUR_BYTES, FOUR_BYTES, FOUR_BYTES, PRICE, 1).title())
                .contains(FOUR_BYTES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void of_quantityBelowOne_isRefused(int quantity) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartItem.of("book001", "t", "a", PRICE, quantity))
                .withMessageContaining("quantity")
                .withMessageContaining("at least 1");
    }

    @Test
    void of_quantityOfTheLargestInt_isKept() {
        assertThat(book("book001", "1", Integer.MAX_VALUE).quantity()).isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.01", "-1E-30", "-1000"})
    void of_negativePrice_isRefused(String price) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> book("book001", price, 1))
                .withMessageContaining("price")
                .withMessageContaining("negative")
                .withMessageNotContaining(price);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000000000000.000001", "1000000000001", "1E+13", "1E+999999999"})
    void of_priceAboveTheLargest_isRefused(String price) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> book("book001", price, 1))
                .withMessageContaining("price")
                .withMessageContaining("10^12")
                .withMessageNotContaining(price);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0000001", "1.1234567", "1E-7", "1E-999999999"})
    void of_priceWithTooManyDecimals_isRefused(String price) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> book("book001", price, 1))
                .withMessageContaining("price")
                .withMessageContaining("6 decimals")
                .withMessageNotContaining(price);
    }

    @ParameterizedTest
    @CsvSource({
        "9.50, 9.5",
        "9.5000000000, 9.5",
        "15.99, 15.99",
        "100, 100",
        "1E+2, 100",
        "1.0E+12, 1000000000000",
        "1000000000000, 1000000000000",
        "1000000000000.0000000, 1000000000000",
        "999999999999.999999, 999999999999.999999",
        "0.000001, 0.000001",
        "1E-6, 0.000001",
        "0, 0",
        "0.00, 0",
        "-0.0, 0",
        "0E+5, 0",
        "0E-999999999, 0"
    })
    void price_anyForm_isPlainAndWithoutTrailingZeros(String given, String kept) {
        CartItem item = book("book001", given, 1);

        assertThat(item.price()).isEqualByComparingTo(given).hasToString(kept);
        assertThat(item.toString()).contains("price=" + kept + ",");
    }

    @Test
    void equals_sameContent_isEqual() {
        assertThat(book("book001", "9.50", 2))
                .isEqualTo(book("book001", "9.5", 2))
                .hasSameHashCodeAs(book("book001", "9.5", 2));
        assertThat(book("book001", "1E+2", 2))
                .isEqualTo(book("book001", "100.00", 2))
                .hasSameHashCodeAs(book("book001", "100.00", 2));
    }

    @Test
    void equals_oneValueDiffers_isNotEqual() {
        CartItem item = CartItem.of("b", "t", "a", PRICE, 2);

        assertThat(item)
                .isNotEqualTo(CartItem.of("c", "t", "a", PRICE, 2))
                .isNotEqualTo(CartItem.of("b", "u", "a", PRICE, 2))
                .isNotEqualTo(CartItem.of("b", null, "a", PRICE, 2))
                .isNotEqualTo(CartItem.of("b", "t", "z", PRICE, 2))
                .isNotEqualTo(CartItem.of("b", "t", null, PRICE, 2))
                .isNotEqualTo(CartItem.of("b", "t", "a", money("15.98"), 2))
                .isNotEqualTo(CartItem.of("b", "t", "a", PRICE, 3))
                .isNotEqualTo(item.withAddedAt(NOW))
                .isNotEqualTo(null)
                .isNotEqualTo("b");
    }

    @Test
    void withAddedAt_aTime_isAnotherLine() {
        CartItem item = book("book001", "1", 1);

        CartItem stamped = item.withAddedAt(NOW);

        assertThat(stamped.addedAt()).contains(NOW);
        assertThat(item.addedAt()).isEmpty();
        assertThat(stamped.withAddedAt(NOW.plusSeconds(1)).addedAt()).contains(NOW.plusSeconds(1));
    }

    @Test
    void withAddedAt_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> book("book001", "1", 1).withAddedAt(null))
                .withMessageContaining("addedAt");
    }
}
