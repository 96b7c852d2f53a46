package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One line of a cart: a book, its price, and how many copies.
 *
 * <p>A price is an exact decimal without a currency: at least 0, at most 10<sup>12</sup>, with at most 6 decimals, so that
 * every total fits the 38 digits of a DynamoDB number. It is kept without trailing zeros, as DynamoDB keeps it: an item
 * made with 9.50 has the price 9.5, and equals the item that is read back.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartItem {
    private final String bookId;
    private final @Nullable String title;
    private final @Nullable String author;
    private final long micros;
    private final int quantity;
    private final @Nullable Instant addedAt;

    private CartItem(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            long micros,
            int quantity,
            @Nullable Instant addedAt) {
        this.bookId = bookId;
        this.title = title;
        this.author = author;
        this.micros = micros;
        this.quantity = quantity;
        this.addedAt = addedAt;
    }

    /**
     * Returns a line without a time; the store stamps it when the line enters a cart.
     *
     * @param bookId 1 to 2048 bytes in UTF-8, not blank
     * @param title for display, or {@code null} if not known
     * @param author for display, or {@code null} if not known
     * @param price of one copy
     * @param quantity at least 1
     * @throws IllegalArgumentException if a value breaks its rule; the message names the field and the rule
     */
    public static CartItem of(
            String bookId, @Nullable String title, @Nullable String author, BigDecimal price, int quantity) {
        return stored(
                Checks.id("bookId", bookId),
                title == null ? null : Checks.text("title", title),
                author == null ? null : Checks.text("author", author),
                Checks.micros(Checks.price(price)),
                Checks.atLeast("quantity", 1, quantity),
                null);
    }

    /** Returns this line with the time at which the book first entered the cart. */
    public CartItem withAddedAt(Instant addedAt) {
        return new CartItem(bookId, title, author, micros, quantity, requireNonNull(addedAt, "addedAt"));
    }

    CartItem withAddedAtIfAbsent(Instant now) {
        return addedAt == null ? withAddedAt(now) : this;
    }

    CartItem withQuantity(int quantity) {
        return quantity == this.quantity ? this : new CartItem(bookId, title, author, micros, quantity, addedAt);
    }

    CartItem withPrice(BigDecimal price) {
        return stored(bookId, title, author, Checks.micros(price), quantity, addedAt);
    }

    /** Returns this line with another's price, title and author, where the other has them. */
    CartItem withDetailsOf(CartItem newer) {
        return new CartItem(
                bookId,
                newer.title == null ? title : newer.title,
                newer.author == null ? author : newer.author,
                newer.micros,
                quantity,
                addedAt);
    }

    /** Makes a line of values that were checked where they were read. */
    static CartItem stored(
            String bookId,
            @Nullable String title,
            @Nullable String author,
            long micros,
            int quantity,
            @Nullable Instant addedAt) {
        return new CartItem(bookId, title, author, micros, quantity, addedAt);
    }

    /** Returns the id of the book; a cart has at most one line for it. */
    public String bookId() {
        return bookId;
    }

    /** Returns the title, if the writer of the line gave one. */
    public Optional<String> title() {
        return Optional.ofNullable(title);
    }

    /** Returns the author, if the writer of the line gave one. */
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

    /** Returns when the book first entered the cart, if that is known. */
    public Optional<Instant> addedAt() {
        return Optional.ofNullable(addedAt);
    }

    /** Returns the price in millionths, which fits a long for every price that is allowed. */
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
                && Objects.equals(addedAt, that.addedAt);
    }

    @Override
    public int hashCode() {
        return Objects.hash(bookId, title, author, micros, quantity, addedAt);
    }

    /** Returns all values, for a debugger or a test report; what a customer has in the cart does not belong in a log. */
    @Override
    public String toString() {
        return "CartItem[bookId=" + bookId + ", title=" + title + ", author=" + author + ", price="
                + price().toPlainString() + ", quantity=" + quantity + ", addedAt=" + addedAt + "]";
    }
}
