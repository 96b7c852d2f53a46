package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Random values. Books come from a small pool, so that changes often affect lines that exist. */
final class Generated {
    static final CartLimits NO_LIMITS = CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE);

    private Generated() {}

    static Arbitrary<String> bookIds() {
        return Arbitraries.of("a", "b", "c", "d", "e", "f", "\u00fc#:\uD83D\uDE00");
    }

    /** Prices in all forms that a caller may pass, including trailing zeros and exponents. */
    static Arbitrary<BigDecimal> prices() {
        return Arbitraries.frequencyOf(
                Tuple.of(3, cents()),
                Tuple.of(
                        1,
                        Arbitraries.bigDecimals()
                                .between(BigDecimal.ZERO, Checks.MAX_PRICE)
                                .ofScale(Checks.MAX_PRICE_DECIMALS)),
                Tuple.of(
                        1,
                        Arbitraries.of("0", "0.00", "9.50", "1E+2", "1.0E+12", "0.000001", "999999999999.999999")
                                .map(BigDecimal::new)));
    }

    private static Arbitrary<BigDecimal> cents() {
        return Arbitraries.longs().between(0, 10_000).map(cents -> BigDecimal.valueOf(cents, 2));
    }

    static Arbitrary<Integer> quantities() {
        return Arbitraries.integers().between(1, 50);
    }

    static Arbitrary<Instant> times() {
        return Arbitraries.longs().between(-86_400_000_000L, 86_400_000_000L).map(NOW::plusMillis);
    }

    /** Attribute names, from a small pool. */
    static Arbitrary<String> names() {
        return Arbitraries.of("x", "y", "giftWrap", "\u00fc#:\uD83D\uDE00");
    }

    /** Attribute values that a caller may pass, with lists and maps nested up to this depth. */
    static Arbitrary<Object> values(int nesting) {
        Arbitrary<Object> plain = Arbitraries.of("", "1", "T", true, false, 0, 1, 1.50, 10L, new BigDecimal("1E+2"));
        if (nesting == 0) {
            return plain;
        }
        Arbitrary<Object> inner = values(nesting - 1);
        return Arbitraries.oneOf(
                plain,
                inner.list().ofMaxSize(2).map(list -> list),
                Arbitraries.maps(names(), inner).ofMaxSize(2).map(map -> map));
    }

    /** Attributes of a line or a cart; none in half of the cases. */
    static Arbitrary<Map<String, Object>> attributes() {
        return Arbitraries.frequencyOf(
                Tuple.of(1, Arbitraries.just(Map.of())),
                Tuple.of(1, Arbitraries.maps(names(), values(2)).ofMaxSize(3)));
    }

    static Arbitrary<CartItem> items() {
        Arbitrary<String> text = Arbitraries.of("", "Emma", "\u00dcber \"alles\"", "\uD83D\uDE00");
        return Combinators.combine(
                        bookIds(),
                        text.injectNull(0.2),
                        text.injectNull(0.2),
                        prices(),
                        quantities(),
                        times().injectNull(0.5),
                        attributes())
                .as((bookId, title, author, price, quantity, addedAt, attributes) -> {
                    CartItem item = CartItem.of(bookId, title, author, price, quantity);
                    for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
                        item = item.with(attribute.getKey(), attribute.getValue());
                    }
                    return addedAt == null ? item : item.withAddedAt(addedAt);
                });
    }

    /** Every kind of change except {@code Clear}, which must be alone. */
    private static Arbitrary<CartChange> changes() {
        Arbitrary<CartChange> add = items().map(CartChange.Add::new);
        Arbitrary<CartChange> set = Combinators.combine(
                        bookIds(), Arbitraries.integers().between(0, 50))
                .as(CartChange.SetQuantity::new);
        Arbitrary<CartChange> remove = bookIds().map(CartChange.Remove::new);
        Arbitrary<CartChange> reprice = Combinators.combine(bookIds(), prices()).as(CartChange.Reprice::new);
        Arbitrary<CartChange> subtract =
                Arbitraries.maps(bookIds(), quantities()).ofMaxSize(4).map(CartChange.Subtract::new);
        return Arbitraries.oneOf(add, set, remove, reprice, subtract, changesOfAttributes());
    }

    private static Arbitrary<CartChange> changesOfAttributes() {
        return Arbitraries.oneOf(
                Combinators.combine(names(), values(1)).as(CartChange.SetAttribute::new),
                names().map(CartChange.RemoveAttribute::new),
                Combinators.combine(bookIds(), names(), values(1)).as(CartChange.SetItemAttribute::new),
                Combinators.combine(bookIds(), names()).as(CartChange.RemoveItemAttribute::new));
    }

    static Arbitrary<List<CartChange>> changeLists() {
        return changes().list().ofMaxSize(24);
    }

    /** Returns those of the changes that the cart accepts, one after the other: few random lists fit as a whole. */
    static List<CartChange> fitting(Cart cart, List<CartChange> changes) {
        List<CartChange> fitting = new ArrayList<>();
        Cart outcome = cart;
        for (CartChange change : changes) {
            try {
                outcome = outcome.apply(NO_LIMITS, NOW, List.of(change));
                fitting.add(change);
            } catch (CartRejectedException e) {
                assertThat(e.reason()).isEqualTo(CartRejectedException.Reason.UNKNOWN_BOOK);
            }
        }
        return fitting;
    }

    static Arbitrary<Cart> carts() {
        return Combinators.combine(items().list().ofMaxSize(10), attributes()).as(Generated::cartOf);
    }

    static Cart cartOf(List<CartItem> items) {
        return cartOf(items, Map.of());
    }

    private static Cart cartOf(List<CartItem> items, Map<String, Object> attributes) {
        List<CartChange> changes = new ArrayList<>();
        items.forEach(item -> changes.add(new CartChange.Add(item)));
        attributes.forEach((name, value) -> changes.add(new CartChange.SetAttribute(name, value)));
        return Cart.empty(USER).apply(NO_LIMITS, NOW, changes);
    }
}
