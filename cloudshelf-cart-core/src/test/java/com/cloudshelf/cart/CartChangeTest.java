package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartChangeTest {

    static Stream<Named<Function<String, CartChange>>> changesOfABook() {
        return Stream.of(
                Named.of("SetQuantity", bookId -> new SetQuantity(bookId, 1)),
                Named.of("Remove", Remove::new),
                Named.of("Reprice", bookId -> new Reprice(bookId, money("1"))),
                Named.of("Subtract", bookId -> new Subtract(Collections.singletonMap(bookId, 1))));
    }

    @ParameterizedTest
    @MethodSource("changesOfABook")
    void bookId_null_isRefused(Function<String, CartChange> change) {
        assertThatNullPointerException().isThrownBy(() -> change.apply(null)).withMessageContaining("bookId");
    }

    @ParameterizedTest
    @MethodSource("changesOfABook")
    void bookId_bad_isRefused(Function<String, CartChange> change) {
        for (String bad : new String[] {"", "  ", "b".repeat(2049), "\u20ac".repeat(683), UNPAIRED_HIGH}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> change.apply(bad))
                    .withMessageContaining("bookId")
                    .withMessageNotContaining("bb");
        }
    }

    @ParameterizedTest
    @MethodSource("changesOfABook")
    void equals_anyValues_comparesContent(Function<String, CartChange> change) {
        assertThat(change.apply("book001"))
                .isEqualTo(change.apply("book001"))
                .hasSameHashCodeAs(change.apply("book001"))
                .isNotEqualTo(change.apply("book002"));
    }

    @Test
    void add_null_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> new Add(null)).withMessageContaining("item");
    }

    @Test
    void setQuantity_zero_isAllowed() {
        assertThat(new SetQuantity("book001", 0).quantity()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void setQuantity_negative_isRefused(int quantity) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SetQuantity("book001", quantity))
                .withMessageContaining("quantity")
                .withMessageContaining("at least 0");
    }

    @Test
    void reprice_badPrice_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> new Reprice("book001", null))
                .withMessageContaining("price");
        for (String bad : new String[] {"-0.01", "0.0000001", "1000000000000.000001"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Reprice("book001", money(bad)))
                    .withMessageContaining("price")
                    .withMessageNotContaining(bad);
        }
    }

    @Test
    void reprice_trailingZerosOrExponent_isCanonical() {
        assertThat(new Reprice("book001", money("9.50"))).isEqualTo(new Reprice("book001", money("9.5")));
        assertThat(new Reprice("book001", money("1E+2")).price()).hasToString("100");
    }

    @Test
    void subtract_null_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> new Subtract(null));
        assertThatNullPointerException()
                .isThrownBy(() -> new Subtract(Collections.singletonMap("book001", null)))
                .withMessageContaining("quantity");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void subtract_quantityBelowOne_isRefused(int quantity) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Subtract(Map.of("book001", quantity)))
                .withMessageContaining("quantity")
                .withMessageContaining("at least 1");
    }

    @Test
    void subtract_mapThatChangesLater_keepsWhatItWasGiven() {
        Map<String, Integer> quantities = new HashMap<>(Map.of("book001", 2));
        Subtract subtract = new Subtract(quantities);

        quantities.put("book001", 7);
        quantities.put("book002", 1);

        assertThat(subtract.quantities()).containsExactly(entry("book001", 2));
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> subtract.quantities().put("book003", 1));
    }

    @Test
    void subtract_ofACart_holdsItsBooksInOrder() {
        Subtract subtract =
                Subtract.of(cartOf(book("b", "1", 2), book("a", "1", 3)).items());

        Map<String, Integer> expected = new LinkedHashMap<>();
        expected.put("b", 2);
        expected.put("a", 3);
        assertThat(subtract.quantities()).containsExactlyEntriesOf(expected);
    }

    @Test
    void clear_byValue_isEqual() {
        assertThat(new Clear()).isEqualTo(new Clear());
    }
}
