package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cart of one user: lines in the order in which their books were first added, at most one line for a book, and totals
 * that are always computed from the lines.
 *
 * <p>A store returns carts; {@link #empty} and {@link #apply} make them without a store. There is always a cart: of a user
 * who has none, or whose cart has expired, it is the empty one.
 *
 * <p>Two carts are equal if they belong to the same user and have equal lines in the same order; version and times do not
 * count.
 *
 * <p>Immutable and thread-safe.
 */
public final class Cart {
    private final String userId;
    private final List<CartItem> items;
    private final long totalItems;
    private final BigDecimal totalPrice;
    private final @Nullable Instant lastUpdated;
    private final @Nullable Instant expiresAt;
    private final @Nullable Origin origin;

    /** What a store knows of a cart that it returned; {@code null} in a cart that no store returned. */
    interface Origin {
        CartVersion version();
    }

    /** Marks the outcome of {@link Cart#apply}: it is in no table, so nothing can be written from it. */
    private record Derived(Cart from) implements Origin {
        @Override
        public CartVersion version() {
            return from.version(); // made from all lines: not before somebody asks
        }
    }

    private record Fixed(CartVersion version) implements Origin {}

    Cart(
            String userId,
            List<CartItem> items,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt,
            @Nullable Origin origin) {
        this.userId = userId;
        this.items = items;
        long count = 0;
        long micros = 0;
        boolean fits = true;
        for (int i = 0; i < items.size(); i++) {
            CartItem line = items.get(i);
            int quantity = line.quantity();
            long sum = micros + line.micros() * quantity;
            fits &= Math.multiplyHigh(line.micros(), quantity) == 0 && sum >= micros;
            micros = sum;
            count += quantity;
        }
        this.totalItems = count;
        this.totalPrice = fits ? Decimal.ofMicros(micros) : largeTotalPrice(items);
        this.lastUpdated = lastUpdated;
        this.expiresAt = expiresAt;
        this.origin = origin;
    }

    /** Places a cart in a store; its totals are those that were made from the same lines. */
    Cart(Cart content, @Nullable Instant lastUpdated, @Nullable Instant expiresAt, Origin origin) {
        this.userId = content.userId;
        this.items = content.items;
        this.totalItems = content.totalItems;
        this.totalPrice = content.totalPrice;
        this.lastUpdated = lastUpdated;
        this.expiresAt = expiresAt;
        this.origin = origin;
    }

    /**
     * Returns the empty cart of a user.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    public static Cart empty(String userId) {
        return new Cart(Checks.id("userId", userId), List.of(), null, null, null);
    }

    /**
     * Returns the cart that a store other than {@link DynamoDbCartStore} hands out: for authors of a {@link CartStore}, such
     * as an in-memory one for tests.
     *
     * @param content user and lines
     * @param version the token that this store gave the state; ignored if the cart has no lines
     * @param lastUpdated when the cart was last changed
     * @param expiresAt when it ceases to exist
     */
    public static Cart stored(Cart content, CartVersion version, Instant lastUpdated, Instant expiresAt) {
        return new Cart(
                content,
                requireNonNull(lastUpdated, "lastUpdated"),
                requireNonNull(expiresAt, "expiresAt"),
                new Fixed(requireNonNull(version, "version")));
    }

    /** Returns the user whose cart this is. */
    public String userId() {
        return userId;
    }

    /** Returns the lines in the order in which their books were first added; the list cannot be modified. */
    public List<CartItem> items() {
        return Collections.unmodifiableList(items);
    }

    /** Returns the line of a book, if the cart holds it. */
    public Optional<CartItem> item(String bookId) {
        requireNonNull(bookId, "bookId");
        int index = indexOf(items, bookId);
        return index < 0 ? Optional.empty() : Optional.of(items.get(index));
    }

    /** Returns the number of copies of all books together. */
    public long totalItems() {
        return totalItems;
    }

    /** Returns the sum of price times quantity, exact, without trailing zeros and without a currency. */
    public BigDecimal totalPrice() {
        return totalPrice;
    }

    /** Returns when the cart was last changed, if it is in a table whose writer recorded that. */
    public Optional<Instant> lastUpdated() {
        return Optional.ofNullable(lastUpdated);
    }

    /** Returns when the cart ceases to exist unless it is changed before, if it is in a table and has such a time. */
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(expiresAt);
    }

    /**
     * Returns the token for the state that a store saw, for {@link CartUpdate#ifVersion}. A cart that {@link #apply} made has
     * the token of the cart that it was made from.
     */
    public CartVersion version() {
        if (items.isEmpty() && !(origin instanceof Derived)) {
            return CartVersion.ABSENT;
        }
        return origin == null ? CartVersion.ABSENT : origin.version();
    }

    /** Returns whether the cart has no lines. */
    public boolean isEmpty() {
        return items.isEmpty();
    }

    /**
     * Returns the cart that results from changes in their order, by the same rules as a store, without any I/O.
     *
     * <p>The outcome is a preview: it is in no table, and {@link CartUpdate#basedOn} refuses it.
     *
     * @param limits judged on the outcome; they refuse growth only
     * @param now the time of the change; lines that enter the cart without a time get this one
     * @throws CartRejectedException if a change names a book that is not in the cart but must be, or the outcome grows beyond
     *     the limits
     */
    public Cart apply(CartLimits limits, Instant now, List<CartChange> changes) {
        requireNonNull(limits, "limits");
        requireNonNull(now, "now");
        List<CartItem> lines = new ArrayList<>(items);
        for (CartChange change : changes) {
            applyTo(lines, change, now);
        }
        checkGrowth(limits, lines);
        return new Cart(userId, lines, now, expiresAt, derived());
    }

    /**
     * Returns the cart that results from merging another user's cart into this one, by the same rules as a store, without any
     * I/O. Like the outcome of {@link #apply} it is a preview.
     *
     * @param from the cart whose lines are taken
     * @param strategy what happens to a book that both carts hold; all other lines are kept
     * @param limits judged on the outcome; they refuse growth only
     * @param now the time of the merge
     * @throws CartRejectedException if the outcome grows beyond the limits
     */
    public Cart merge(Cart from, MergeStrategy strategy, CartLimits limits, Instant now) {
        requireNonNull(strategy, "strategy");
        requireNonNull(limits, "limits");
        requireNonNull(now, "now");
        List<CartItem> lines = new ArrayList<>(items);
        for (CartItem theirs : from.items) {
            int index = indexOf(lines, theirs.bookId());
            if (index < 0) {
                lines.add(theirs);
            } else {
                CartItem ours = lines.get(index);
                lines.set(
                        index,
                        switch (strategy) {
                            case SUM ->
                                ours.withDetailsOf(theirs).withQuantity(sum(ours.quantity(), theirs.quantity()));
                            case MAX ->
                                ours.withDetailsOf(theirs).withQuantity(Math.max(ours.quantity(), theirs.quantity()));
                            case KEEP_FROM -> theirs;
                            case KEEP_INTO -> ours;
                        });
            }
        }
        checkGrowth(limits, lines);
        return new Cart(userId, lines, now, expiresAt, derived());
    }

    private void applyTo(List<CartItem> lines, CartChange change, Instant now) {
        if (change instanceof CartChange.Add add) {
            CartItem added = add.item();
            int index = indexOf(lines, added.bookId());
            if (index < 0) {
                lines.add(added.withAddedAtIfAbsent(now));
            } else {
                CartItem line = lines.get(index);
                lines.set(index, line.withDetailsOf(added).withQuantity(sum(line.quantity(), added.quantity())));
            }
        } else if (change instanceof CartChange.SetQuantity set) {
            int index = known(lines, set.bookId());
            if (set.quantity() == 0) {
                lines.remove(index);
            } else {
                lines.set(index, lines.get(index).withQuantity(set.quantity()));
            }
        } else if (change instanceof CartChange.Remove remove) {
            int index = indexOf(lines, remove.bookId());
            if (index >= 0) {
                lines.remove(index);
            }
        } else if (change instanceof CartChange.Reprice reprice) {
            int index = known(lines, reprice.bookId());
            lines.set(index, lines.get(index).withPrice(reprice.price()));
        } else if (change instanceof CartChange.Subtract subtract) {
            subtract.quantities().forEach((bookId, quantity) -> {
                int index = indexOf(lines, bookId);
                if (index >= 0) {
                    int left = lines.get(index).quantity() - quantity;
                    if (left > 0) {
                        lines.set(index, lines.get(index).withQuantity(left));
                    } else {
                        lines.remove(index);
                    }
                }
            });
        } else if (change instanceof CartChange.Clear) {
            lines.clear();
        }
    }

    private int known(List<CartItem> lines, String bookId) {
        int index = indexOf(lines, bookId);
        if (index < 0) {
            throw new CartRejectedException(userId, Reason.UNKNOWN_BOOK, "the cart does not hold the book");
        }
        return index;
    }

    private int sum(int quantity, int more) {
        int sum = quantity + more;
        if (sum < 0) {
            throw new CartRejectedException(userId, Reason.LIMIT, "the quantity exceeds " + Integer.MAX_VALUE);
        }
        return sum;
    }

    private void checkGrowth(CartLimits limits, List<CartItem> lines) {
        if (lines.size() > limits.maxLines() && lines.size() > items.size()) {
            throw new CartRejectedException(
                    userId, Reason.LIMIT, "the cart may have at most " + limits.maxLines() + " lines");
        }
        for (int i = 0; i < lines.size(); i++) {
            CartItem line = lines.get(i);
            if (line.quantity() > limits.maxQuantity()
                    && line.quantity()
                            > item(line.bookId()).map(CartItem::quantity).orElse(0)) {
                throw new CartRejectedException(
                        userId, Reason.LIMIT, "a line may have a quantity of at most " + limits.maxQuantity());
            }
        }
    }

    static int indexOf(List<CartItem> lines, String bookId) {
        int hash = bookId.hashCode();
        for (int i = 0; i < lines.size(); i++) {
            String candidate = lines.get(i).bookId();
            if (candidate.hashCode() == hash
                    && candidate.equals(bookId)) { // hash codes are kept, their text is far away
                return i;
            }
        }
        return -1;
    }

    /** Sums what does not fit a long in millionths: beyond nine trillion. */
    private static BigDecimal largeTotalPrice(List<CartItem> lines) {
        BigDecimal sum = BigDecimal.ZERO;
        for (CartItem line : lines) {
            sum = sum.add(line.price().multiply(BigDecimal.valueOf(line.quantity())));
        }
        return Checks.canonical(sum);
    }

    @Nullable
    Origin origin() {
        return origin;
    }

    private Origin derived() {
        return origin instanceof Derived ? origin : new Derived(this);
    }

    boolean isDerived() {
        return origin instanceof Derived;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        if (!(other instanceof Cart that) || !userId.equals(that.userId) || items.size() != that.items.size()) {
            return false;
        }
        for (int i = 0; i < items.size(); i++) {
            if (!items.get(i).equals(that.items.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return Objects.hash(userId, items);
    }

    /** Returns user, lines and totals, for a debugger or a test report; none of it belongs in a log. */
    @Override
    public String toString() {
        return "Cart[userId=" + userId + ", items=" + items + ", totalItems=" + totalItems + ", totalPrice="
                + totalPrice.toPlainString() + ", version=" + version() + "]";
    }
}
