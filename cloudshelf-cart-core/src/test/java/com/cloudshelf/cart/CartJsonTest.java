package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Maps as libraries without a module pass them; the tests of the Jackson modules cover the rest. */
class CartJsonTest {
    private static final Map<String, Object> LINE = Map.of("bookId", "b", "price", 1, "quantity", 2);

    private static Map<String, Object> with(Map<String, Object> json, String name, @Nullable Object value) {
        Map<String, Object> changed = new HashMap<>(json);
        changed.put(name, value);
        return changed;
    }

    private static Map<String, Object> cart(Object... lines) {
        return Map.of("userId", "u", "cartItems", List.of(lines));
    }

    private static Map<String, Object> update(Object change) {
        return Map.of("userId", "u", "changes", List.of(change));
    }

    @Test
    void cart_thatWasWritten_isTheSameContent() {
        Cart cart = cartOf(book("a", "9.50", 2).with("giftWrap", true), book("b", "1", 1));

        assertThat(CartJson.cart(CartJson.of(cart))).isEqualTo(cart);
        assertThat(CartJson.item(CartJson.of(cart.items().get(0))))
                .isEqualTo(cart.items().get(0));
    }

    @Test
    void update_thatWasWritten_isTheSame() {
        CartUpdate update = CartUpdate.of("u").add(book("a", "9.50", 2)).subtract(Map.of("b", 1));

        assertThat(CartJson.update(CartJson.of(update))).isEqualTo(update);
        assertThat(CartJson.change(CartJson.of(update.changes().get(1))))
                .isEqualTo(update.changes().get(1));
    }

    @Test
    void item_nullValues_areAbsent() {
        Map<String, Object> json = with(with(with(LINE, "title", null), "addedAt", null), "giftWrap", null);

        assertThat(CartJson.item(json)).isEqualTo(CartItem.of("b", null, null, money("1"), 2));
    }

    @Test
    void item_binaryFloat_isItsShortestDecimal() {
        assertThat(CartJson.item(with(LINE, "price", 9.99)).price()).isEqualTo(money("9.99"));
        assertThat(CartJson.item(with(LINE, "quantity", 3.0f)).quantity()).isEqualTo(3);
    }

    static Stream<Arguments> refusals() {
        Function<Map<String, Object>, Object> cart = CartJson::cart;
        Function<Map<String, Object>, Object> item = CartJson::item;
        Function<Map<String, Object>, Object> update = CartJson::update;
        Function<Map<String, Object>, Object> change = CartJson::change;
        List<Object> withNull = new ArrayList<>();
        withNull.add(null);
        return Stream.of(
                Arguments.of(cart, with(cart(), "userId", 1), "userId must be a string"),
                Arguments.of(cart, with(cart(), "cartItems", Map.of()), "cartItems must be a list"),
                Arguments.of(cart, with(cart(), "cartItems", withNull), "cartItems[0] must be an object"),
                Arguments.of(cart, cart(LINE, Map.of(1, 2)), "cartItems[1] must have only strings as names"),
                Arguments.of(cart, cart(LINE, LINE), "cartItems[1].bookId must not be the book of an earlier line"),
                Arguments.of(cart, cart(with(LINE, "price", "1")), "cartItems[0].price must be a number"),
                Arguments.of(cart, cart(with(LINE, "quantity", 0)), "cartItems[0]: "),
                Arguments.of(cart, with(cart(), "totalPrice", "1"), "totalPrice must be a number"),
                Arguments.of(cart, with(cart(), "ttl", 1.5), "ttl must be a time in whole seconds since 1970"),
                Arguments.of(item, with(LINE, "quantity", 1.5), "quantity must be a whole number"),
                Arguments.of(item, with(LINE, "quantity", null), "quantity is missing"),
                Arguments.of(item, with(LINE, "price", Double.NaN), "price "),
                Arguments.of(item, with(LINE, "addedAt", "now"), "addedAt must be an ISO-8601 time"),
                Arguments.of(update, with(update(LINE), "key", "k"), "a name is unknown; known names are userId, "),
                Arguments.of(update, update(LINE), "changes[0].type is missing"),
                Arguments.of(
                        update,
                        update(Map.of("type", "add", "item", Map.of("bookId", "b"))),
                        "changes[0].item.price is missing"),
                Arguments.of(
                        update,
                        Map.of("userId", "u", "changes", List.of(), "within", "2s"),
                        "within must be an ISO-8601 duration"),
                Arguments.of(change, Map.of("type", "steal"), "type must be the name of a change"),
                Arguments.of(
                        change,
                        Map.of("type", "subtract", "quantities", Map.of("secret", 1.5)),
                        "quantities must be whole numbers by book ID"));
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("refusals")
    void read_badValue_saysWhereAndWhat(
            Function<Map<String, Object>, Object> read, Map<String, Object> json, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read.apply(json))
                .withMessageStartingWith(message)
                .withMessageNotContaining("secret");
    }
}
