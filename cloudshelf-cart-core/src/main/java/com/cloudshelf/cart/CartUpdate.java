package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes to one user's cart that are applied together or not at all, and the terms of the call.
 *
 * <pre>{@code
 * CartUpdate.of("user123")
 *     .add(CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", new BigDecimal("15.99"), 2))
 *     .setQuantity("book002", 3)
 *     .ifVersion(cart.version())
 * }</pre>
 *
 * <p>Immutable and thread-safe: every method returns a new update and leaves this one unchanged. Arguments are checked
 * at once, so an invalid one never reaches a store. Whatever depends on the stored cart, such as whether a book is in
 * it, is checked by the store.
 */
@JsonFieldsHidden
public final class CartUpdate {
    private final String userId;
    private final List<CartChange> changes;
    private final @Nullable Cart snapshot;
    private final @Nullable CartVersion expectedVersion;
    private final @Nullable String idempotencyKey;
    private final @Nullable Duration deadline;

    private CartUpdate(
            String userId,
            List<CartChange> changes,
            @Nullable Cart snapshot,
            @Nullable CartVersion expectedVersion,
            @Nullable String idempotencyKey,
            @Nullable Duration deadline) {
        this.userId = Checks.id("userId", userId);
        this.changes = List.copyOf(changes);
        this.snapshot = snapshot;
        this.expectedVersion = expectedVersion;
        this.idempotencyKey = idempotencyKey == null ? null : Checks.id("idempotencyKey", idempotencyKey);
        this.deadline = deadline;
        if (this.changes.size() > 1) {
            this.changes.forEach(CartUpdate::checkNotClear);
        }
        if (snapshot != null) {
            checkSnapshot(userId, snapshot);
        }
    }

    private static void checkNotClear(CartChange change) {
        if (change instanceof CartChange.Clear) {
            throw new IllegalStateException(
                    "clear must be the only change of an update; make the other changes in another update");
        }
    }

    private static void checkSnapshot(String userId, Cart cart) {
        if (!cart.userId().equals(userId)) {
            throw new IllegalArgumentException("an update can only be based on a cart of the same user");
        }
        if (cart.isDerived()) {
            throw new IllegalArgumentException(
                    "an update can only be based on a cart that a store returned, not on a cart from JSON, nor on a"
                            + " preview from Cart.apply or Cart.merge");
        }
    }

    /**
     * Returns an update without changes.
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    public static CartUpdate of(String userId) {
        return new CartUpdate(userId, List.of(), null, null, null, null);
    }

    /** Adds copies of a book. If the book is in the cart, the quantities are summed; otherwise a line is appended. */
    public CartUpdate add(CartItem item) {
        return with(new CartChange.Add(item));
    }

    /**
     * Sets the quantity of a book in the cart. A quantity of 0 removes the book. The update is rejected if the book is
     * not in the cart.
     *
     * @throws IllegalArgumentException if the quantity is negative, or the ID is blank or too long
     */
    public CartUpdate setQuantity(String bookId, int quantity) {
        return with(new CartChange.SetQuantity(bookId, quantity));
    }

    /**
     * Removes a book if it is in the cart.
     *
     * @throws IllegalArgumentException if the ID is blank or too long
     */
    public CartUpdate remove(String bookId) {
        return with(new CartChange.Remove(bookId));
    }

    /**
     * Sets the price of a book in the cart. The update is rejected if the book is not in the cart.
     *
     * @throws IllegalArgumentException if the ID is blank or too long, or the price is negative, above 10<sup>12</sup>
     *     or has more than 6 decimals
     */
    public CartUpdate reprice(String bookId, BigDecimal price) {
        return with(new CartChange.Reprice(bookId, price));
    }

    /**
     * Removes what another cart holds, but at most what is in the cart: the checkout of that cart. Books and copies
     * that were added since then stay. Lines that stay keep their attributes, and so does the cart.
     *
     * <p>Pass the cart that the customer saw and ordered. Do not read it again when you repeat a checkout: the first
     * call has emptied it, so the same {@link #idempotencyKey idempotencyKey} would name other changes, and the
     * repetition would be rejected ({@link CartRejectedException.Reason#KEY_REUSED}). If you no longer have the cart,
     * use {@link #subtract(Map) subtract} with the lines of the order.
     */
    public CartUpdate subtract(Cart orderedCart) {
        return with(CartChange.Subtract.of(orderedCart.items()));
    }

    /**
     * Removes these copies, but at most what is in the cart: the checkout of an order. Use this method, with an {@link
     * #idempotencyKey idempotencyKey}, for a checkout that may be repeated: the lines of the order are the same each
     * time, while the cart changes with the first call.
     *
     * @param quantities the number of copies to remove by book ID, each at least 1; copied
     * @throws IllegalArgumentException if a quantity is below 1, or an ID is blank or too long
     */
    public CartUpdate subtract(Map<String, Integer> quantities) {
        return with(new CartChange.Subtract(quantities));
    }

    /**
     * Sets an attribute of your own on the cart.
     *
     * @param name 1 to 255 bytes in UTF-8, and not one of the library's own attribute names
     * @param value a value that {@link CartItem#with CartItem.with} accepts
     * @throws IllegalArgumentException if the name or the value is invalid; the message contains the path
     */
    public CartUpdate setAttribute(String name, Object value) {
        return with(new CartChange.SetAttribute(name, value));
    }

    /**
     * Removes an attribute of your own from the cart if the cart has it.
     *
     * @throws IllegalArgumentException if no attribute can have this name
     */
    public CartUpdate removeAttribute(String name) {
        return with(new CartChange.RemoveAttribute(name));
    }

    /**
     * Sets an attribute of your own on the line of a book. The update is rejected if the book is not in the cart.
     *
     * @param name a name that {@link CartItem#with CartItem.with} accepts
     * @param value a value that {@link CartItem#with CartItem.with} accepts
     * @throws IllegalArgumentException if the ID, the name or the value is invalid; the message contains the path
     */
    public CartUpdate setItemAttribute(String bookId, String name, Object value) {
        return with(new CartChange.SetItemAttribute(bookId, name, value));
    }

    /**
     * Removes an attribute of your own from the line of a book if the line has it.
     *
     * @throws IllegalArgumentException if the ID is blank or too long, or no attribute can have this name
     */
    public CartUpdate removeItemAttribute(String bookId, String name) {
        return with(new CartChange.RemoveItemAttribute(bookId, name));
    }

    /**
     * Removes every line and every attribute of the cart. This must be the only change of an update.
     *
     * @throws IllegalStateException if the update has another change
     */
    public CartUpdate clear() {
        return with(new CartChange.Clear());
    }

    /**
     * Adds a change that you have as a value.
     *
     * @throws IllegalStateException if a {@link CartChange.Clear} would not be the only change
     */
    public CartUpdate with(CartChange change) {
        return withAll(List.of(change));
    }

    /** Adds changes in order. */
    CartUpdate withAll(List<CartChange> more) {
        List<CartChange> longer = new ArrayList<>(changes.size() + more.size());
        longer.addAll(changes);
        longer.addAll(more);
        return new CartUpdate(userId, longer, snapshot, expectedVersion, idempotencyKey, deadline);
    }

    /**
     * Bases the write on a cart that a store returned, which saves the read. If the cart has changed since then, the
     * store notices and applies the changes to the current cart. A stale snapshot costs one extra request and is not an
     * error.
     *
     * @param cart a cart of this user that a store returned
     * @throws IllegalArgumentException if the cart belongs to another user, was read from JSON, or comes from {@link
     *     Cart#apply Cart.apply} or {@link Cart#merge Cart.merge}
     */
    public CartUpdate basedOn(Cart cart) {
        requireNonNull(cart, "cart");
        return new CartUpdate(userId, changes, cart, expectedVersion, idempotencyKey, deadline);
    }

    /**
     * Requires that the cart still has this version. If it does not, the call fails with {@link
     * CartConflictException}, which carries the current cart. Without {@link #basedOn basedOn}, costs a read.
     */
    public CartUpdate ifVersion(CartVersion version) {
        return new CartUpdate(userId, changes, snapshot, requireNonNull(version, "version"), idempotencyKey, deadline);
    }

    /**
     * Makes the call repeatable: a second call with the same key has no effect and returns the cart. A key costs no
     * extra request.
     *
     * <p>The cart remembers the key for the store's retention time. The same key with other changes is rejected ({@link
     * CartRejectedException.Reason#KEY_REUSED}), and so is a new key if the cart remembers 1,000 of them ({@link
     * CartRejectedException.Reason#KEYS_FULL}), unless the update only adds books that are not in the cart. Build a
     * repetition from the same data as the first call, such as the lines of the order, and not from a cart that you read
     * again.
     *
     * @param key 1 to 2048 bytes in UTF-8, not blank; only a hash of it is stored
     * @throws IllegalArgumentException if the key is blank or longer than 2048 bytes in UTF-8
     */
    public CartUpdate idempotencyKey(String key) {
        return new CartUpdate(
                userId, changes, snapshot, expectedVersion, requireNonNull(key, "idempotencyKey"), deadline);
    }

    /**
     * Sets the deadline of the call, which replaces the store's operation timeout: for instance, the remaining time of
     * a Lambda invocation. A deadline above 60 seconds counts as 60 seconds. With a deadline of zero or less, the call
     * fails with {@link CartUnavailableException} and sends nothing.
     */
    public CartUpdate within(Duration deadline) {
        return new CartUpdate(
                userId, changes, snapshot, expectedVersion, idempotencyKey, requireNonNull(deadline, "deadline"));
    }

    /** Returns the user whose cart the update changes. */
    public String userId() {
        return userId;
    }

    /** Returns the changes in order; the list is unmodifiable. */
    public List<CartChange> changes() {
        return changes;
    }

    /** Returns the cart passed to {@link #basedOn basedOn}, if any. */
    public Optional<Cart> snapshot() {
        return Optional.ofNullable(snapshot);
    }

    /** Returns the version passed to {@link #ifVersion ifVersion}, if any. */
    public Optional<CartVersion> expectedVersion() {
        return Optional.ofNullable(expectedVersion);
    }

    /** Returns the key passed to {@link #idempotencyKey(String) idempotencyKey}, if any. */
    public Optional<String> idempotencyKey() {
        return Optional.ofNullable(idempotencyKey);
    }

    /** Returns the duration passed to {@link #within within}, if any. */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    boolean isClear() {
        return changes.size() == 1 && changes.get(0) instanceof CartChange.Clear;
    }

    /**
     * Returns this value as a JSON-like map, in the shape that {@code CartJson} describes. Jackson writes it this way
     * even if its mapper does not have the module.
     */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(ItemFormat.USER_ID, userId);
        json.put(ChangeJson.CHANGES, changes.stream().map(CartUpdate::json).toList());
        if (expectedVersion != null) {
            json.put(ChangeJson.IF_VERSION, expectedVersion.toString());
        }
        if (idempotencyKey != null) {
            json.put(ChangeJson.IDEMPOTENCY_KEY, idempotencyKey);
        }
        if (deadline != null) {
            json.put(ChangeJson.WITHIN, deadline.toString());
        }
        return json;
    }

    /** Returns a change as a map. */
    static Map<String, Object> json(CartChange change) {
        if (change instanceof CartChange.Add add) {
            return add.json();
        } else if (change instanceof CartChange.SetQuantity set) {
            return set.json();
        } else if (change instanceof CartChange.Remove remove) {
            return remove.json();
        } else if (change instanceof CartChange.Reprice reprice) {
            return reprice.json();
        } else if (change instanceof CartChange.Subtract subtract) {
            return subtract.json();
        } else if (change instanceof CartChange.SetAttribute set) {
            return set.json();
        } else if (change instanceof CartChange.RemoveAttribute remove) {
            return remove.json();
        } else if (change instanceof CartChange.SetItemAttribute set) {
            return set.json();
        } else if (change instanceof CartChange.RemoveItemAttribute remove) {
            return remove.json();
        } else if (change instanceof CartChange.Clear clear) {
            return clear.json();
        }
        throw new AssertionError("a sealed interface has no other subtypes");
    }

    /**
     * Returns a digest of what a repeated call has in common with the first: the changes in order, without the times of
     * added lines and without the terms. For authors of a {@link CartStore}: reject a key that comes again with another
     * digest ({@link CartRejectedException.Reason#KEY_REUSED}).
     *
     * @return a short text, the same for equal changes in every JVM
     */
    public String digest() {
        return KeyedChanges.of("", changes).digest();
    }

    /**
     * Two updates are equal if they have the same user, the same changes in the same order, and the same terms,
     * including the content of the cart passed to {@link #basedOn basedOn}.
     */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof CartUpdate that
                        && userId.equals(that.userId)
                        && changes.equals(that.changes)
                        && Objects.equals(snapshot, that.snapshot)
                        && Objects.equals(expectedVersion, that.expectedVersion)
                        && Objects.equals(idempotencyKey, that.idempotencyKey)
                        && Objects.equals(deadline, that.deadline));
    }

    @Override
    public int hashCode() {
        return Objects.hash(userId, changes, snapshot, expectedVersion, idempotencyKey, deadline);
    }

    /** Returns the changes and terms, for debuggers. Do not log them. */
    @Override
    public String toString() {
        return "CartUpdate[userId=" + userId + ", changes=" + changes + ", expectedVersion=" + expectedVersion
                + ", deadline=" + deadline + "]";
    }
}
