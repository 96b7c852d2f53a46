package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One change to a cart, as a plain value: what a {@link CartUpdate} collects and {@link Cart#apply} carries out.
 *
 * <p>Changes are immutable, compare by value, and check their values when they are made.
 */
public sealed interface CartChange {

    /**
     * Adds copies of a book. If the book is in the cart the quantities are summed, the line takes the newer price, title,
     * author and attributes, each where the added one has it, and keeps the time at which it was first added; otherwise the line is appended.
     */
    record Add(CartItem item) implements CartChange {
        public Add {
            requireNonNull(item, "item");
        }
    }

    /**
     * Sets the quantity of a book in the cart; 0 removes its line. A book that is not in the cart rejects the update
     * ({@link CartRejectedException.Reason#UNKNOWN_BOOK}).
     */
    record SetQuantity(String bookId, int quantity) implements CartChange {
        public SetQuantity {
            Checks.id("bookId", bookId);
            Checks.atLeast("quantity", 0, quantity);
        }
    }

    /** Removes a book's line; changes nothing if there is none. */
    record Remove(String bookId) implements CartChange {
        public Remove {
            Checks.id("bookId", bookId);
        }
    }

    /**
     * Sets the price of a book in the cart. A book that is not in the cart rejects the update
     * ({@link CartRejectedException.Reason#UNKNOWN_BOOK}).
     */
    record Reprice(String bookId, BigDecimal price) implements CartChange {
        public Reprice {
            Checks.id("bookId", bookId);
            price = Checks.price(price);
        }
    }

    /**
     * Takes out copies of books, at most as many as are there: what a checkout does with the cart that was ordered. Books that
     * are not in the cart are passed over.
     *
     * @param quantities copies to take out by book id, each at least 1
     */
    record Subtract(Map<String, Integer> quantities) implements CartChange {
        public Subtract {
            Map<String, Integer> copy = new LinkedHashMap<>(quantities);
            copy.forEach((bookId, quantity) -> {
                Checks.id("bookId", bookId);
                Checks.atLeast("quantity", 1, requireNonNull(quantity, "quantity"));
            });
            quantities = Collections.unmodifiableMap(copy);
        }

        static Subtract of(List<CartItem> ordered) {
            Map<String, Integer> quantities = new LinkedHashMap<>();
            ordered.forEach(item -> quantities.put(item.bookId(), item.quantity()));
            return new Subtract(quantities);
        }
    }

    /**
     * Sets an attribute of the shop's own on the cart, such as a coupon. It stays until it is removed, or the cart is cleared or
     * expires.
     *
     * @param name 1 to 255 bytes in UTF-8, and none of the names that the item format has for the library's own
     * @param value as {@link CartItem#with} takes it; kept in canonical form
     */
    record SetAttribute(String name, Object value) implements CartChange {
        public SetAttribute {
            Attributes.name(Attributes.NAMES_OF_THE_ITEM, name);
            value = Attributes.value(name, value);
        }
    }

    /** Removes an attribute of the shop's own from the cart; changes nothing if there is none. */
    record RemoveAttribute(String name) implements CartChange {
        public RemoveAttribute {
            Attributes.name(Attributes.NAMES_OF_THE_ITEM, name);
        }
    }

    /**
     * Sets an attribute of the shop's own on a book's line. A book that is not in the cart rejects the update
     * ({@link CartRejectedException.Reason#UNKNOWN_BOOK}).
     *
     * @param name as {@link CartItem#with} takes it
     * @param value as {@link CartItem#with} takes it; kept in canonical form
     */
    record SetItemAttribute(String bookId, String name, Object value) implements CartChange {
        public SetItemAttribute {
            Checks.id("bookId", bookId);
            Attributes.name(CartItem.OWN_NAMES, name);
            value = Attributes.value(name, value);
        }
    }

    /** Removes an attribute of the shop's own from a book's line; changes nothing if the line or the attribute is not there. */
    record RemoveItemAttribute(String bookId, String name) implements CartChange {
        public RemoveItemAttribute {
            Checks.id("bookId", bookId);
            Attributes.name(CartItem.OWN_NAMES, name);
        }
    }

    /** Removes every line and every attribute. Stands alone in an update. */
    record Clear() implements CartChange {}
}
