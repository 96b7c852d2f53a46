package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One line of a cart: a book, its price and the number of copies.
 *
 * <p>A price is an exact decimal without a currency, from 0 to 10<sup>12</sup>, with at most 6 decimals; every total
 * then fits the 38 digits of a DynamoDB number. Like DynamoDB, a line drops trailing zeros: an item created with 9.50
 * has the price 9.5, and equals the item that is read back.
 *
 * <p>A line can carry attributes of your own, such as {@code giftWrap}; see {@link #with with}.
 *
 * <p>Immutable and thread-safe.
 */
@JsonFieldsHidden
public final class CartItem implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The names of a stored line that cannot be used for your own attributes. */
    static final Set<String> OWN_NAMES = Set.of(
            ItemFormat.BOOK_ID,
            ItemFormat.TITLE,
            ItemFormat.AUTHOR,
            ItemFormat.PRICE,
            ItemFormat.QUANTITY,
            ItemFormat.ADDED_AT);

    private final String bookId;
    private final @Nullable String title;
    private final @Nullable String author;
    private final long micros;
    private final int quantity;
    private final @Nullable Instant addedAt;
    private final transient Attributes attributes;

    private CartItem(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            long micros,
            int quantity,
            @Nullable Instant addedAt,
            Attributes attributes) {
        // Every line passes these checks, however it is created.
        this.bookId = Checks.id("bookId", bookId);
        this.title = title == null ? null : Checks.text("title", title);
        this.author = author == null ? null : Checks.text("author", author);
        this.micros = Checks.micros(micros);
        this.quantity = Checks.atLeast("quantity", 1, quantity);
        this.addedAt = addedAt == null ? null : Checks.time("addedAt", addedAt);
        this.attributes = attributes.beside(OWN_NAMES);
    }

    /**
     * Returns a line without a time. The store sets the time when the line enters a cart.
     *
     * @param bookId 1 to 2048 bytes in UTF-8, not blank
     * @param title for display, or {@code null} if unknown
     * @param author for display, or {@code null} if unknown
     * @param price the price of one copy
     * @param quantity at least 1
     * @throws IllegalArgumentException if a value is invalid; the message names the field and the rule
     */
    public static CartItem of(
            String bookId, @Nullable String title, @Nullable String author, BigDecimal price, int quantity) {
        return stored(bookId, title, author, Checks.micros(Checks.price(price)), quantity, null);
    }

    /**
     * Returns this line with the time at which the book first entered the cart.
     *
     * @param addedAt a time in the years 0000 to 9999
     * @throws IllegalArgumentException if the time is outside these years
     */
    public CartItem withAddedAt(Instant addedAt) {
        return new CartItem(bookId, title, author, micros, quantity, requireNonNull(addedAt, "addedAt"), attributes);
    }

    /**
     * Returns this line with an attribute of your own. Replaces the value if the line has this attribute.
     *
     * @param name 1 to 255 bytes in UTF-8, not {@code bookId}, {@code title}, {@code author}, {@code price}, {@code
     *     quantity} or {@code addedAt}
     * @param value a {@link String}, a {@link Boolean}, a finite {@link Number}, or a {@link java.util.List} or {@link
     *     Map} of such values. A number has at most 38 digits, is between 1E-130 and 9.99E+125, and is kept as a {@link
     *     BigDecimal} without trailing zeros. Lists and maps are copied, and nest up to 16 levels deep
     * @throws IllegalArgumentException if the name or the value is invalid; the message contains the path
     */
    public CartItem with(String name, Object value) {
        Attributes.name(CartItem.OWN_NAMES, name);
        return with(attributes.with(name, value));
    }

    /** Returns this line with these attributes instead of its own. */
    CartItem with(Attributes attributes) {
        return attributes.equals(this.attributes)
                ? this
                : new CartItem(bookId, title, author, micros, quantity, addedAt, attributes);
    }

    /** Returns this line with those attributes of another that it does not have itself. */
    CartItem withMissingAttributesOf(CartItem other) {
        return with(other.attributes.with(attributes));
    }

    CartItem withAddedAtIfAbsent(Instant now) {
        return addedAt == null ? withAddedAt(now) : this;
    }

    CartItem withQuantity(int quantity) {
        return quantity == this.quantity
                ? this
                : new CartItem(bookId, title, author, micros, quantity, addedAt, attributes);
    }

    /**
     * Returns this line with the price of another, and with its title, author and attributes where the other has them.
     */
    CartItem withDetailsOf(CartItem newer) {
        return new CartItem(
                bookId,
                newer.title == null ? title : newer.title,
                newer.author == null ? author : newer.author,
                newer.micros,
                quantity,
                addedAt,
                attributes.with(newer.attributes));
    }

    /** Makes a line of values as they are stored. */
    static CartItem stored(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            long micros,
            int quantity,
            @Nullable Instant addedAt) {
        return stored(bookId, title, author, micros, quantity, addedAt, Attributes.NONE);
    }

    /** Makes a line of values and attributes as they are stored. */
    static CartItem stored(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            long micros,
            int quantity,
            @Nullable Instant addedAt,
            Attributes attributes) {
        return new CartItem(bookId, title, author, micros, quantity, addedAt, attributes);
    }

    /** Returns the ID of the book. A cart has at most one line per book. */
    public String bookId() {
        return bookId;
    }

    /** Returns the title, if the writer of the line provided one. */
    public Optional<String> title() {
        return Optional.ofNullable(title);
    }

    /** Returns the author, if the writer of the line provided one. */
    public Optional<String> author() {
        return Optional.ofNullable(author);
    }

    /** Returns the price of one copy, without trailing zeros. */
    public BigDecimal price() {
        return Decimal.ofMicros(micros);
    }

    /** Returns the number of copies, at least 1. */
    public int quantity() {
        return quantity;
    }

    /** Returns when the book first entered the cart, if known. */
    public Optional<Instant> addedAt() {
        return Optional.ofNullable(addedAt);
    }

    /**
     * Returns your own attributes by name, in the form in which {@link #with with} keeps them. Binary values and sets
     * that other writers left stay in the table but are not returned. The map is empty if there are no attributes. It
     * is unmodifiable, and so are the lists and maps in it.
     */
    public Map<String, Object> attributes() {
        return attributes.asMap();
    }

    Attributes ownAttributes() {
        return attributes;
    }

    /** Returns the price in millionths, which fits a long for every valid price. */
    long micros() {
        return micros;
    }

    @Nullable
    String titleOrNull() {
        return title;
    }

    @Nullable
    String authorOrNull() {
        return author;
    }

    @Nullable
    Instant addedAtOrNull() {
        return addedAt;
    }

    /**
     * Returns this value as a JSON-like map, in the shape that {@code CartJson} describes. Jackson writes it this way
     * even if its mapper does not have the module.
     */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(ItemFormat.BOOK_ID, bookId);
        if (title != null) {
            json.put(ItemFormat.TITLE, title);
        }
        if (author != null) {
            json.put(ItemFormat.AUTHOR, author);
        }
        json.put(ItemFormat.PRICE, price());
        json.put(ItemFormat.QUANTITY, quantity);
        if (addedAt != null) {
            json.put(ItemFormat.ADDED_AT, addedAt.toString());
        }
        json.putAll(attributes());
        return json;
    }

    private Object writeReplace() {
        return new Serial(bookId, title, author, price(), quantity, addedAt, new LinkedHashMap<>(attributes.asMap()));
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a line must be in its serial form");
    }

    /** The serial form of a line. Reading it repeats every check. */
    private record Serial(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            BigDecimal price,
            int quantity,
            @Nullable Instant addedAt,
            LinkedHashMap<String, Object> attributes)
            implements Serializable {
        private Object readResolve() throws InvalidObjectException {
            try {
                return stored(
                        bookId,
                        title,
                        author,
                        Checks.micros(Checks.price(price)),
                        quantity,
                        addedAt,
                        Attributes.of(attributes));
            } catch (IllegalArgumentException | NullPointerException e) {
                throw Checks.unreadable("line", e);
            }
        }
    }

    /** Two lines are equal if all their values are; a price of 9.50 equals one of 9.5. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof CartItem that
                && quantity == that.quantity
                && bookId.equals(that.bookId)
                && micros == that.micros
                && Objects.equals(title, that.title)
                && Objects.equals(author, that.author)
                && Objects.equals(addedAt, that.addedAt)
                && attributes.equals(that.attributes);
    }

    @Override
    public int hashCode() {
        return Objects.hash(bookId, title, author, micros, quantity, addedAt, attributes);
    }

    /** Returns all values, for debuggers and test reports. Do not log them. */
    @Override
    public String toString() {
        return "CartItem[bookId=" + bookId + ", title=" + title + ", author=" + author + ", price="
                + price().toPlainString() + ", quantity=" + quantity + ", addedAt=" + addedAt + ", attributes="
                + attributes + "]";
    }
}
