package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartTable;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Assertions that hold for every cart, whatever was done to it: for properties, and for the end of any test.
 *
 * <p>A failure is an {@link AssertionError} that names the broken invariant and shows the cart. The expected values are
 * computed from the lines, independently of the code under test.
 *
 * <p>Stateless and thread-safe. Needs no test framework. Only {@link #assertItemHolds assertItemHolds} loads classes of
 * the AWS SDK.
 */
public final class CartInvariants {
    private static final BigDecimal MAX_PRICE = BigDecimal.TEN.pow(12);
    private static final int MAX_DECIMALS = 6;
    private static final int MAX_NESTING = 16;

    private CartInvariants() {}

    /**
     * Asserts the invariants of a cart: at most one line per book, quantities of at least 1, prices from 0 to
     * 10<sup>12</sup> with at most 6 decimals, totals that match the lines, exact numbers without an exponent, and
     * attributes that are strings, numbers, booleans, lists and maps.
     *
     * @throws AssertionError if an invariant does not hold
     */
    public static void assertHold(Cart cart) {
        requireNonNull(cart, "cart");
        Set<String> books = new HashSet<>();
        long totalItems = 0;
        BigDecimal totalPrice = BigDecimal.ZERO;
        for (CartItem line : cart.items()) {
            check(books.add(line.bookId()), "a book has at most one line", line.bookId(), cart);
            check(!line.bookId().isBlank(), "a book id is not blank", line, cart);
            check(line.quantity() >= 1, "a quantity is at least 1", line, cart);
            check(isPrice(line.price()), "a price is 0 to 10^12 with at most 6 decimals", line, cart);
            check(isCanonical(line.price()), "a price has no trailing zeros and no exponent", line, cart);
            check(isShown(line.attributes(), 0), "attributes are JSON-like values", line, cart);
            check(
                    cart.item(line.bookId()).filter(line::equals).isPresent(),
                    "a line is found by its book id",
                    line,
                    cart);
            totalItems += line.quantity();
            totalPrice = totalPrice.add(line.price().multiply(BigDecimal.valueOf(line.quantity())));
        }
        check(cart.totalItems() == totalItems, "totalItems is the sum of the quantities", totalItems, cart);
        check(
                cart.totalPrice().compareTo(totalPrice) == 0,
                "totalPrice is the exact sum of price times quantity",
                totalPrice.toPlainString(),
                cart);
        check(
                isCanonical(cart.totalPrice()),
                "totalPrice has no trailing zeros and no exponent",
                cart.totalPrice(),
                cart);
        check(isShown(cart.attributes(), 0), "attributes are JSON-like values", cart.attributes(), cart);
        check(cart.isEmpty() == cart.items().isEmpty(), "a cart is empty if it has no lines", cart.isEmpty(), cart);
    }

    /**
     * Asserts that two carts have the same content, apart from the times that a store sets: the same user, lines of the
     * same books in the same order, with the same titles, authors, prices, quantities and attributes, and the same
     * attributes of the cart.
     *
     * <p>Use it to compare a cart that a test has built with one that a store returns. Unlike {@link Cart#equals
     * Cart.equals}, it ignores the times at which lines were added. Neither compares versions and the times of the
     * cart.
     *
     * @throws AssertionError if they differ; it names the first difference
     */
    public static void assertSameContent(Cart expected, Cart actual) {
        requireNonNull(expected, "expected");
        requireNonNull(actual, "actual");
        check("userId", expected.userId(), actual.userId());
        check("books", bookIds(expected), bookIds(actual));
        for (int i = 0; i < expected.items().size(); i++) {
            CartItem one = expected.items().get(i);
            CartItem other = actual.items().get(i);
            String line = "line of " + one.bookId();
            check("title in the " + line, one.title(), other.title());
            check("author in the " + line, one.author(), other.author());
            check("price in the " + line, one.price(), other.price());
            check("quantity in the " + line, one.quantity(), other.quantity());
            check("attributes in the " + line, one.attributes(), other.attributes());
        }
        check("attributes", expected.attributes(), actual.attributes());
    }

    private static List<String> bookIds(Cart cart) {
        return cart.items().stream().map(CartItem::bookId).toList();
    }

    private static void check(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("other " + what + "\n  expected: " + expected + "\n  actual:   " + actual);
        }
    }

    /**
     * Asserts the invariants of an item that this library was the last to write, as attribute values of a read, an
     * export or a stream: the types of the cart's attributes, {@code totalItems}, {@code totalPrice} and {@code cb}
     * that match the lines, one line per book, and a {@code ttl} in seconds that is later than {@code lastUpdated}. A
     * line that another program added may lack title, author and time, or have {@code NULL} there.
     *
     * <p>An empty map means that there is no item, and passes. Items of other writers may fail and still be valid
     * carts.
     *
     * @throws AssertionError if an invariant does not hold
     */
    public static void assertItemHolds(Map<String, AttributeValue> item) {
        requireNonNull(item, "item");
        if (!item.isEmpty()) {
            new Item(item).check();
        }
    }

    private static boolean isPrice(BigDecimal price) {
        return price.signum() >= 0
                && price.compareTo(MAX_PRICE) <= 0
                && price.stripTrailingZeros().scale() <= MAX_DECIMALS;
    }

    private static boolean isCanonical(BigDecimal number) {
        BigDecimal stripped = number.stripTrailingZeros();
        return number.scale() == Math.max(0, stripped.scale());
    }

    private static boolean isShown(Object value, int depth) {
        if (value instanceof Map<?, ?> map) {
            return depth <= MAX_NESTING
                    && map.keySet().stream().allMatch(name -> name instanceof String text && !text.isEmpty())
                    && map.values().stream().allMatch(element -> isShown(element, depth + 1));
        }
        if (value instanceof List<?> list) {
            return depth <= MAX_NESTING && list.stream().allMatch(element -> isShown(element, depth + 1));
        }
        return value instanceof String || value instanceof Boolean || value instanceof BigDecimal;
    }

    private static void check(boolean holds, String invariant, Object found, Cart cart) {
        if (!holds) {
            StringBuilder message =
                    message(invariant, found).append("in the cart of ").append(cart.userId());
            message.append(" (totalItems ").append(cart.totalItems());
            message.append(", totalPrice ").append(cart.totalPrice());
            message.append(", version ").append(cart.version()).append(')');
            cart.items().forEach(line -> message.append("\n    ").append(line));
            throw new AssertionError(message.toString());
        }
    }

    private static StringBuilder message(String invariant, Object found) {
        return new StringBuilder("broken: ")
                .append(invariant)
                .append("\n  by: ")
                .append(found)
                .append("\n  ");
    }

    /** Reads an item by the names and types that every reader of the table depends on. */
    private static final class Item {
        private final Map<String, AttributeValue> item;

        Item(Map<String, AttributeValue> item) {
            this.item = item;
        }

        void check() {
            string(item, "userId", "");
            AttributeValue list = item.get("cartItems");
            check(list != null && list.hasL(), "cartItems is a list (L)", list);
            long totalItems = 0;
            BigDecimal totalPrice = BigDecimal.ZERO;
            List<String> books = new ArrayList<>();
            List<AttributeValue> lines = list == null ? List.of() : list.l();
            for (int i = 0; i < lines.size(); i++) {
                String path = "cartItems[" + i + "].";
                Map<String, AttributeValue> line = lines.get(i).m();
                books.add(string(line, "bookId", path));
                BigDecimal price = number(line, "price", path);
                check(isPrice(price), path + "price is 0 to 10^12 with at most 6 decimals", price);
                long quantity = whole(line, "quantity", path);
                check(
                        quantity >= 1 && quantity <= Integer.MAX_VALUE,
                        path + "quantity is 1 to " + Integer.MAX_VALUE,
                        quantity);
                optionalTime(line, "addedAt", path);
                optionalString(line, "title", path);
                optionalString(line, "author", path);
                totalItems += quantity;
                totalPrice = totalPrice.add(price.multiply(BigDecimal.valueOf(quantity)));
            }
            check(Set.copyOf(books).size() == books.size(), "a book has at most one line", books);
            check(whole(item, "totalItems", "") == totalItems, "totalItems matches the lines", totalItems);
            check(
                    number(item, "totalPrice", "").compareTo(totalPrice) == 0,
                    "totalPrice matches the lines",
                    totalPrice.toPlainString());
            AttributeValue hashes = item.get("cb");
            Set<List<Byte>> stored = new HashSet<>();
            if (hashes != null) {
                hashes.bs().forEach(hash -> stored.add(bytes(hash.asByteArray())));
            }
            Set<List<Byte>> expected = new HashSet<>();
            books.forEach(book -> expected.add(hash(book)));
            check(stored.equals(expected), "cb contains the hashes of the book IDs", books);
            Instant lastUpdated = time(item, "lastUpdated", "");
            Instant expiry = Instant.ofEpochSecond(whole(item, "ttl", ""));
            check(expiry.isAfter(lastUpdated), "ttl is later than lastUpdated", expiry);
        }

        /** The upper three bytes of the hash code times 0x9e3779b9, as docs/item-format.md has it. */
        private static List<Byte> hash(String bookId) {
            int product = bookId.hashCode() * 0x9e3779b9;
            return List.of((byte) (product >>> 24), (byte) (product >>> 16), (byte) (product >>> 8));
        }

        private static List<Byte> bytes(byte[] bytes) {
            List<Byte> list = new ArrayList<>();
            for (byte each : bytes) {
                list.add(each);
            }
            return list;
        }

        private String string(Map<String, AttributeValue> map, String name, String path) {
            AttributeValue value = map.get(name);
            String text = value == null ? null : value.s();
            check(text != null, path + name + " is a string (S)", value);
            return text == null ? "" : text;
        }

        private void optionalString(Map<String, AttributeValue> map, String name, String path) {
            if (isThere(map.get(name))) {
                string(map, name, path);
            }
        }

        /** Lines that other programs added keep their times, in whichever form the library can read. */
        private void optionalTime(Map<String, AttributeValue> map, String name, String path) {
            AttributeValue value = map.get(name);
            if (isThere(value)) {
                String text = string(map, name, path);
                Cart cart = CartTable.decode(Map.of("userId", AttributeValue.fromS("user"), "lastUpdated", value));
                check(cart.lastUpdated().isPresent(), path + name + " is an ISO 8601 time", text);
            }
        }

        /** NULL is what object mappers write for nothing, and stays in lines that the library does not touch. */
        private static boolean isThere(@Nullable AttributeValue value) {
            return value != null && !Boolean.TRUE.equals(value.nul());
        }

        private BigDecimal number(Map<String, AttributeValue> map, String name, String path) {
            AttributeValue value = map.get(name);
            String digits = value == null ? null : value.n();
            check(digits != null, path + name + " is a number (N)", value);
            try {
                return new BigDecimal(digits == null ? "0" : digits);
            } catch (NumberFormatException e) {
                check(false, path + name + " is a number (N)", value);
                return BigDecimal.ZERO;
            }
        }

        private long whole(Map<String, AttributeValue> map, String name, String path) {
            BigDecimal number = number(map, name, path);
            check(
                    number.stripTrailingZeros().scale() <= 0 && number.precision() - number.scale() <= 18,
                    path + name + " is a whole number",
                    number);
            return number.longValue();
        }

        private Instant time(Map<String, AttributeValue> map, String name, String path) {
            String text = string(map, name, path);
            try {
                return Instant.parse(text);
            } catch (DateTimeException e) {
                check(false, path + name + " is an ISO 8601 time in UTC", text);
                return Instant.EPOCH;
            }
        }

        private void check(boolean holds, String invariant, @Nullable Object found) {
            if (!holds) {
                String attributes = item.entrySet().stream()
                        .map(attribute -> attribute.getKey() + " = " + attribute.getValue())
                        .sorted()
                        .collect(Collectors.joining("\n    "));
                throw new AssertionError(message(invariant, found == null ? "nothing" : found)
                        .append("in the item\n    ")
                        .append(attributes)
                        .toString());
            }
        }
    }
}
