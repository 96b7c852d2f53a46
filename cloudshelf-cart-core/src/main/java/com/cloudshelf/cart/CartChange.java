package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One change to a cart, as a value. A {@link CartUpdate} collects changes, and {@link Cart#apply Cart.apply} applies
 * them.
 *
 * <p>Changes are immutable, compare by value, and check their arguments when they are created.
 */
public sealed interface CartChange {

    // Each change has a json() in the shape that CartJson describes. Jackson writes it this way even if its mapper does
    // not have the module; as a mere record, a change would lose its type.

    /**
     * Adds copies of a book. If the book is in the cart, the quantities are summed. The line keeps the time at which it
     * was first added, and takes price, title, author and attributes from the added item where that has them.
     * Otherwise, a line is appended.
     */
    record Add(CartItem item) implements CartChange {
        @JsonReadByModule
        public Add {
            requireNonNull(item, "item");
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("add", ChangeJson.ITEM, item.json());
        }
    }

    /**
     * Sets the quantity of a book in the cart. A quantity of 0 removes the line. The update is rejected if the book is
     * not in the cart ({@link CartRejectedException.Reason#UNKNOWN_BOOK}).
     */
    record SetQuantity(String bookId, int quantity) implements CartChange {
        @JsonReadByModule
        public SetQuantity {
            Checks.id("bookId", bookId);
            Checks.atLeast("quantity", 0, quantity);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("setQuantity", ItemFormat.BOOK_ID, bookId, ItemFormat.QUANTITY, quantity);
        }
    }

    /** Removes the line of a book, if there is one. */
    record Remove(String bookId) implements CartChange {
        @JsonReadByModule
        public Remove {
            Checks.id("bookId", bookId);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("remove", ItemFormat.BOOK_ID, bookId);
        }
    }

    /**
     * Sets the price of a book in the cart. The update is rejected if the book is not in the cart ({@link
     * CartRejectedException.Reason#UNKNOWN_BOOK}).
     */
    record Reprice(String bookId, BigDecimal price) implements CartChange {
        @JsonReadByModule
        public Reprice {
            Checks.id("bookId", bookId);
            price = Checks.price(price);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("reprice", ItemFormat.BOOK_ID, bookId, ItemFormat.PRICE, price);
        }
    }

    /**
     * Removes copies of books, but at most what is in the cart: the checkout of an order. Ignores books that are not in
     * the cart.
     *
     * @param quantities the number of copies to remove by book ID, each at least 1
     */
    record Subtract(Map<String, Integer> quantities) implements CartChange {
        @JsonReadByModule
        public Subtract {
            Map<String, Integer> copy = new LinkedHashMap<>(quantities);
            copy.forEach((bookId, quantity) -> {
                Checks.id("bookId", bookId);
                Checks.atLeast("quantity", 1, requireNonNull(quantity, "quantity"));
            });
            quantities = Collections.unmodifiableMap(copy);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("subtract", ChangeJson.QUANTITIES, quantities);
        }

        static Subtract of(List<CartItem> ordered) {
            Map<String, Integer> quantities = new LinkedHashMap<>();
            ordered.forEach(item -> quantities.put(item.bookId(), item.quantity()));
            return new Subtract(quantities);
        }
    }

    /**
     * Sets an attribute of your own on the cart, such as a coupon. It stays until it is removed, or until the cart is
     * cleared or expires.
     *
     * @param name 1 to 255 bytes in UTF-8, and not one of the library's own attribute names
     * @param value a value that {@link CartItem#with CartItem.with} accepts; kept in canonical form
     */
    record SetAttribute(String name, Object value) implements CartChange {
        @JsonReadByModule
        public SetAttribute {
            Attributes.name(Attributes.NAMES_OF_THE_ITEM, name);
            value = Attributes.value(name, value);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("setAttribute", ChangeJson.NAME, name, ChangeJson.VALUE, value);
        }
    }

    /** Removes an attribute of your own from the cart, if there is one. */
    record RemoveAttribute(String name) implements CartChange {
        @JsonReadByModule
        public RemoveAttribute {
            Attributes.name(Attributes.NAMES_OF_THE_ITEM, name);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("removeAttribute", ChangeJson.NAME, name);
        }
    }

    /**
     * Sets an attribute of your own on the line of a book. The update is rejected if the book is not in the cart
     * ({@link CartRejectedException.Reason#UNKNOWN_BOOK}).
     *
     * @param name a name that {@link CartItem#with CartItem.with} accepts
     * @param value a value that {@link CartItem#with CartItem.with} accepts; kept in canonical form
     */
    record SetItemAttribute(String bookId, String name, Object value) implements CartChange {
        @JsonReadByModule
        public SetItemAttribute {
            Checks.id("bookId", bookId);
            Attributes.name(CartItem.OWN_NAMES, name);
            value = Attributes.value(name, value);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of(
                    "setItemAttribute", ItemFormat.BOOK_ID, bookId, ChangeJson.NAME, name, ChangeJson.VALUE, value);
        }
    }

    /** Removes an attribute of your own from the line of a book, if there is one. */
    record RemoveItemAttribute(String bookId, String name) implements CartChange {
        @JsonReadByModule
        public RemoveItemAttribute {
            Checks.id("bookId", bookId);
            Attributes.name(CartItem.OWN_NAMES, name);
        }

        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("removeItemAttribute", ItemFormat.BOOK_ID, bookId, ChangeJson.NAME, name);
        }
    }

    /** Removes every line and every attribute. Must be the only change of an update. */
    record Clear() implements CartChange {
        @JsonValue
        Map<String, Object> json() {
            return ChangeJson.of("clear");
        }
    }
}
