package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.tuple;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.assertj.core.groups.Tuple;

/** Values that many tests share. */
final class Examples {
    static final String USER = "user123";
    static final Instant NOW = Instant.parse("2025-09-03T10:30:00Z");

    /** A high surrogate without a low one: text without a UTF-8 form. */
    static final String UNPAIRED_HIGH = "a\uD83D";

    static final String UNPAIRED_LOW = "\uDE00a";

    /** Four bytes in UTF-8, two chars. */
    static final String FOUR_BYTES = "\uD83D\uDE00";

    private Examples() {}

    static BigDecimal money(String price) {
        return new BigDecimal(price);
    }

    static CartItem book(String bookId, String price, int quantity) {
        return CartItem.of(bookId, "Title of " + bookId, "Author of " + bookId, money(price), quantity);
    }

    /** Returns a cart with these lines, which no store has returned. */
    static Cart cartOf(CartItem... lines) {
        Cart cart = Cart.empty(USER);
        for (CartItem line : lines) {
            cart = cart.apply(
                    CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE), NOW, List.of(new CartChange.Add(line)));
        }
        return cart;
    }

    /** Returns the book ID and the quantity of each line. */
    static List<Tuple> quantities(Cart cart) {
        return cart.items().stream()
                .map(item -> tuple(item.bookId(), item.quantity()))
                .toList();
    }

    static Cart apply(Cart cart, CartChange... changes) {
        return cart.apply(CartLimits.defaults(), NOW, List.of(changes));
    }
}
