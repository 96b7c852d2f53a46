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
 * Changes to one user's cart that take effect together or not at all, and the terms on which they do.
 *
 * <pre>{@code
 * CartUpdate.of("user123")
 *     .add(CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", new BigDecimal("15.99"), 2))
 *     .setQuantity("book002", 3)
 *     .ifVersion(cart.version())
 * }</pre>
 *
 * <p>Immutable and thread-safe: every method returns a new update and leaves this one as it is. Values are checked at once;
 * a bad one never reaches a store. What depends on the stored cart, such as a book that must be in it, is judged by the store.
 */
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
            throw new IllegalStateException("clear stands alone in an update; issue the other changes as another one");
        }
    }

    private static void checkSnapshot(String userId, Cart cart) {
        if (!cart.userId().equals(userId)) {
            throw new IllegalArgumentException("an update can only be based on a cart of its own user");
        }
        if (cart.isDerived()) {
            throw new IllegalArgumentException(
                    "an update can only be based on a cart that a store returned, not on the preview that Cart.apply or"
                            + " Cart.merge made");
        }
    }

    /**
     * Returns an update that changes nothing yet.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    public static CartUpdate of(String userId) {
        return new CartUpdate(userId, List.of(), null, null, null, null);
    }

    /** Adds copies of a book: sums the quantities if it is in the cart, appends a line otherwise. */
    public CartUpdate add(CartItem item) {
        return with(new CartChange.Add(item));
    }

    /**
     * Sets the quantity of a book in the cart; 0 removes it, a book that is not in the cart rejects the update.
     *
     * @throws IllegalArgumentException if the quantity is negative or the id blank or over-long
     */
    public CartUpdate setQuantity(String bookId, int quantity) {
        return with(new CartChange.SetQuantity(bookId, quantity));
    }

    /**
     * Removes a book, if it is in the cart.
     *
     * @throws IllegalArgumentException if the id is blank or over-long
     */
    public CartUpdate remove(String bookId) {
        return with(new CartChange.Remove(bookId));
    }

    /**
     * Sets the price of a book in the cart; a book that is not in the cart rejects the update.
     *
     * @throws IllegalArgumentException if the id is blank or over-long, or the price negative, above 10<sup>12</sup> or with
     *     more than 6 decimals
     */
    public CartUpdate reprice(String bookId, BigDecimal price) {
        return with(new CartChange.Reprice(bookId, price));
    }

    /**
     * Takes out exactly what another cart holds, at most as much as is there: the checkout of that cart. Books and copies that
     * were added since stay, and lines that stay keep their attributes, as the cart keeps its own.
     *
     * <p>The cart is the one that was shown to the customer and ordered. A repeated checkout must not read it again: what it reads
     * has been emptied by the first call, so an {@link #idempotencyKey} would stand for other changes and reject the repetition
     * ({@link CartRejectedException.Reason#KEY_REUSED}). Where the cart is not kept, take {@link #subtract(Map)} with the order's
     * lines.
     */
    public CartUpdate subtract(Cart orderedCart) {
        return with(CartChange.Subtract.of(orderedCart.items()));
    }

    /**
     * Takes out these copies, at most as many as are there: the checkout of an order whose lines are known. This is the form for a
     * checkout that may be repeated, with an {@link #idempotencyKey}: the lines of the order are the same each time, whereas the
     * cart is another one once the first call has taken effect.
     *
     * @param quantities copies to take out by book id, each at least 1; copied
     * @throws IllegalArgumentException if a quantity is below 1 or an id blank or over-long
     */
    public CartUpdate subtract(Map<String, Integer> quantities) {
        return with(new CartChange.Subtract(quantities));
    }

    /**
     * Sets an attribute of the shop's own on the cart.
     *
     * @param name 1 to 255 bytes in UTF-8, and none of the library's own names for the item
     * @param value as {@link CartItem#with} takes it
     * @throws IllegalArgumentException if the name or the value breaks its rule; the message has the path of what does
     */
    public CartUpdate setAttribute(String name, Object value) {
        return with(new CartChange.SetAttribute(name, value));
    }

    /**
     * Removes an attribute of the shop's own from the cart, if it is there.
     *
     * @throws IllegalArgumentException if no attribute can have the name
     */
    public CartUpdate removeAttribute(String name) {
        return with(new CartChange.RemoveAttribute(name));
    }

    /**
     * Sets an attribute of the shop's own on a book's line; a book that is not in the cart rejects the update.
     *
     * @param name as {@link CartItem#with} takes it
     * @param value as {@link CartItem#with} takes it
     * @throws IllegalArgumentException if the id, the name or the value breaks its rule; the message has the path of what does
     */
    public CartUpdate setItemAttribute(String bookId, String name, Object value) {
        return with(new CartChange.SetItemAttribute(bookId, name, value));
    }

    /**
     * Removes an attribute of the shop's own from a book's line, if it is there.
     *
     * @throws IllegalArgumentException if the id is blank or over-long, or no attribute can have the name
     */
    public CartUpdate removeItemAttribute(String bookId, String name) {
        return with(new CartChange.RemoveItemAttribute(bookId, name));
    }

    /**
     * Removes every line and every attribute of the cart. Stands alone: it is the only change of an update.
     *
     * @throws IllegalStateException if the update holds another change
     */
    public CartUpdate clear() {
        return with(new CartChange.Clear());
    }

    /**
     * Adds a change that is at hand as a value.
     *
     * @throws IllegalStateException if a {@link CartChange.Clear} would not stand alone
     */
    public CartUpdate with(CartChange change) {
        return withAll(List.of(change));
    }

    /** Adds changes in their order. */
    CartUpdate withAll(List<CartChange> more) {
        List<CartChange> longer = new ArrayList<>(changes.size() + more.size());
        longer.addAll(changes);
        longer.addAll(more);
        return new CartUpdate(userId, longer, snapshot, expectedVersion, idempotencyKey, deadline);
    }

    /**
     * Writes from a cart that a store returned, which saves the read before the write. If the cart has changed since, the store
     * notices and applies the changes to the present one: a stale snapshot costs a request, and is no error.
     *
     * @param cart a cart of this user that a store returned
     * @throws IllegalArgumentException if the cart is another user's, or was made by {@link Cart#apply} or {@link Cart#merge}
     */
    public CartUpdate basedOn(Cart cart) {
        requireNonNull(cart, "cart");
        return new CartUpdate(userId, changes, cart, expectedVersion, idempotencyKey, deadline);
    }

    /**
     * Demands that the cart is still in this state; if it is not, the call fails with a {@link CartConflictException} that
     * carries the present cart.
     */
    public CartUpdate ifVersion(CartVersion version) {
        return new CartUpdate(userId, changes, snapshot, requireNonNull(version, "version"), idempotencyKey, deadline);
    }

    /**
     * Names the logical call, so that a repetition has no second effect and returns the cart. The store remembers the key for
     * its retention time; the same key with other changes is rejected
     * ({@link CartRejectedException.Reason#KEY_REUSED}), so a repetition must be made of what the first call was made of: the
     * lines of the order, say, and not a cart that is read anew. A key costs no request of its own.
     *
     * @param key 1 to 2048 bytes in UTF-8, not blank; only a hash of it is stored
     * @throws IllegalArgumentException if the key breaks this rule
     */
    public CartUpdate idempotencyKey(String key) {
        return new CartUpdate(
                userId, changes, snapshot, expectedVersion, requireNonNull(key, "idempotencyKey"), deadline);
    }

    /**
     * Bounds the call in time, in place of the store's operation timeout; for instance the remaining time of a Lambda. A store
     * takes anything above its maximum of 60 seconds as 60 seconds. Zero or less is a deadline that has passed: the call fails as
     * unavailable, and nothing is sent.
     */
    public CartUpdate within(Duration deadline) {
        return new CartUpdate(
                userId, changes, snapshot, expectedVersion, idempotencyKey, requireNonNull(deadline, "deadline"));
    }

    /** Returns the user whose cart is to change. */
    public String userId() {
        return userId;
    }

    /** Returns the changes in their order; the list cannot be modified. */
    public List<CartChange> changes() {
        return changes;
    }

    /** Returns the cart given to {@link #basedOn}, if any. */
    public Optional<Cart> snapshot() {
        return Optional.ofNullable(snapshot);
    }

    /** Returns the version given to {@link #ifVersion}, if any. */
    public Optional<CartVersion> expectedVersion() {
        return Optional.ofNullable(expectedVersion);
    }

    /** Returns the key given to {@link #idempotencyKey(String)}, if any. */
    public Optional<String> idempotencyKey() {
        return Optional.ofNullable(idempotencyKey);
    }

    /** Returns the duration given to {@link #within}, if any. */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    boolean isClear() {
        return changes.size() == 1 && changes.get(0) instanceof CartChange.Clear;
    }

    /**
     * Returns this value as a JSON-like map, as {@code CartJson} describes it. Jackson writes that even if its mapper does not know of
     * the module.
     */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(ItemFormat.USER_ID, userId);
        json.put(ChangeJson.CHANGES, changes.stream().map(ChangeJson::of).toList());
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

    /**
     * Returns a digest of what a repetition of a keyed call has in common with the first: the changes in their order, without the
     * times that added lines carry, and none of the terms. For authors of a {@link CartStore}: a key that comes again with another
     * digest is rejected ({@link CartRejectedException.Reason#KEY_REUSED}).
     *
     * @return a short text, the same for equal changes in every JVM
     */
    public String digest() {
        return KeyedChanges.of("", changes).digest();
    }

    /** Two updates are equal if user, changes, in their order, and terms are, the content of the cart in {@link #basedOn} included. */
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

    /** Returns the changes and terms, for a debugger; what a customer has in the cart does not belong in a log. */
    @Override
    public String toString() {
        return "CartUpdate[userId=" + userId + ", changes=" + changes + ", expectedVersion=" + expectedVersion
                + ", deadline=" + deadline + "]";
    }
}
