package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The cart of one user: lines in the order in which their books were first added, at most one line for a book, and totals
 * that are always computed from the lines.
 *
 * <p>A store returns carts; {@link #empty} and {@link #apply} make them without a store. There is always a cart: of a user
 * who has none, or whose cart has expired, it is the empty one.
 *
 * <p>A cart can carry attributes of the shop's own, such as a coupon, with lines or without ({@link CartUpdate#setAttribute}).
 *
 * <p>Two carts are equal if they belong to the same user and have equal lines in the same order and equal attributes; version
 * and times do not count.
 *
 * <p>Immutable and thread-safe. A cart that went through Java serialization has its content, times and version, but nothing to
 * write from: {@link CartUpdate#basedOn} then saves no read.
 */
public final class Cart implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String userId;

    @SuppressWarnings("serial") // written in a serial form of its own, see writeReplace
    private final List<CartItem> items;

    private final long totalItems;
    private final BigDecimal totalPrice;
    private final @Nullable Instant lastUpdated;
    private final @Nullable Instant expiresAt;
    private final transient @Nullable Origin origin;
    private final transient Attributes attributes;

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
        this(userId, items, Attributes.NONE, lastUpdated, expiresAt, origin);
    }

    Cart(
            String userId,
            List<CartItem> items,
            Attributes attributes,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt,
            @Nullable Origin origin) {
        // As for a line: no cart is made past the checks, by whatever means.
        this.userId = Checks.id("userId", userId);
        this.items = List.copyOf(items);
        checkDistinct(this.items);
        this.attributes = attributes.beside(Attributes.NAMES_OF_THE_ITEM);
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
        this.lastUpdated = lastUpdated == null ? null : Checks.time("lastUpdated", lastUpdated);
        this.expiresAt = expiresAt;
        this.origin = origin;
    }

    /** Places a cart in a store; its totals are those that were made from the same lines. */
    Cart(Cart content, @Nullable Instant lastUpdated, @Nullable Instant expiresAt, Origin origin) {
        this.userId = content.userId;
        this.items = content.items;
        this.attributes = content.attributes;
        this.totalItems = content.totalItems;
        this.totalPrice = content.totalPrice;
        this.lastUpdated = lastUpdated == null ? null : Checks.time("lastUpdated", lastUpdated);
        this.expiresAt = expiresAt;
        this.origin = origin;
    }

    /**
     * Returns the empty cart of a user.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    public static Cart empty(String userId) {
        return new Cart(userId, List.of(), null, null, null);
    }

    /**
     * Returns the cart that a store other than {@link DynamoDbCartStore} hands out: for authors of a {@link CartStore}, such
     * as an in-memory one for tests.
     *
     * @param content user, lines and attributes
     * @param version the token that this store gave the state; ignored if the cart has neither lines nor attributes
     * @param lastUpdated when the cart was last changed, in the years 0000 to 9999
     * @param expiresAt when it ceases to exist
     * @throws IllegalArgumentException if the time of the last change is not in these years
     */
    public static Cart stored(Cart content, CartVersion version, Instant lastUpdated, Instant expiresAt) {
        return new Cart(
                content,
                requireNonNull(lastUpdated, "lastUpdated"),
                requireNonNull(expiresAt, "expiresAt"),
                new Fixed(requireNonNull(version, "version")));
    }

    /** Returns a cart that was read from elsewhere than a store; nothing can be written from it. */
    static Cart content(
            String userId,
            List<CartItem> items,
            Attributes attributes,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt) {
        return new Cart(userId, items, attributes, lastUpdated, expiresAt, new Derived(empty(userId)));
    }

    /** Returns the user whose cart this is. */
    public String userId() {
        return userId;
    }

    /** Returns the lines in the order in which their books were first added; the list cannot be modified. */
    public List<CartItem> items() {
        return items;
    }

    /** Returns the line of a book, if the cart holds it. */
    public Optional<CartItem> item(String bookId) {
        requireNonNull(bookId, "bookId");
        int index = Draft.indexOf(items, bookId);
        return index < 0 ? Optional.empty() : Optional.of(items.get(index));
    }

    /**
     * Returns the attributes of the shop's own, by name: what {@link CartUpdate#setAttribute} takes and other writers left, as far as
     * it is JSON-like. Empty if there are none; unmodifiable, and so are the lists and maps in it. Binary values and sets stay in the
     * table, and are not shown.
     */
    public Map<String, Object> attributes() {
        return attributes.asMap();
    }

    Attributes ownAttributes() {
        return attributes;
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
        if (isBare() && !(origin instanceof Derived)) {
            return CartVersion.ABSENT;
        }
        return origin == null ? CartVersion.ABSENT : origin.version();
    }

    /** Returns whether the cart has no lines; it may have attributes nevertheless. */
    public boolean isEmpty() {
        return items.isEmpty();
    }

    /** Returns whether nothing is in the cart, as if it did not exist: no line, and no attribute. */
    boolean isBare() {
        return items.isEmpty() && attributes.isEmpty();
    }

    /**
     * Returns the cart that results from changes in their order, by the same rules as a store, without any I/O.
     *
     * <p>The outcome is a preview: it is in no table, and {@link CartUpdate#basedOn} refuses it.
     *
     * @param limits judged on the outcome; they refuse growth only
     * @param now the time of the change, in the years 1970 to 9999; lines that enter the cart without a time get this one
     * @throws IllegalArgumentException if the time is not in these years
     * @throws CartRejectedException if a change names a book that is not in the cart but must be, or the outcome grows beyond
     *     the limits
     */
    public Cart apply(CartLimits limits, Instant now, List<CartChange> changes) {
        requireNonNull(limits, "limits");
        Checks.now(now);
        Draft draft = new Draft(userId, items, attributes, now);
        draft.apply(limits, changes);
        return outcome(draft, now);
    }

    /**
     * Returns the cart that results from merging another user's cart into this one, by the same rules as a store, without any
     * I/O. Like the outcome of {@link #apply} it is a preview.
     *
     * @param from the cart whose lines are taken, and its attributes where this one does not have them
     * @param strategy what happens to a book that both carts hold; all other lines are kept
     * @param limits judged on the outcome; they refuse growth only
     * @param now the time of the merge, in the years 1970 to 9999
     * @throws IllegalArgumentException if the time is not in these years
     * @throws CartRejectedException if the outcome grows beyond the limits
     */
    public Cart merge(Cart from, MergeStrategy strategy, CartLimits limits, Instant now) {
        requireNonNull(strategy, "strategy");
        requireNonNull(limits, "limits");
        Checks.now(now);
        Draft draft = new Draft(userId, items, attributes, now);
        draft.merge(from.items, from.attributes, strategy, limits);
        return outcome(draft, now);
    }

    private Cart outcome(Draft draft, Instant now) {
        return new Cart(userId, draft.lines(), draft.attributes(), now, expiresAt, derived());
    }

    private static void checkDistinct(List<CartItem> lines) {
        int slots = Integer.highestOneBit(Math.max(lines.size(), 1)) * 4;
        int[] table = new int[slots];
        int collisions = 0;
        for (int i = 0; i < lines.size(); i++) {
            String bookId = lines.get(i).bookId();
            int slot = (bookId.hashCode() * 0x9e3779b9) >>> (Integer.numberOfLeadingZeros(slots) + 1);
            while (table[slot] != 0) {
                if (lines.get(table[slot] - 1).bookId().equals(bookId)) {
                    throw new IllegalArgumentException("a cart has at most one line for a book");
                }
                slot = (slot + 1) & (slots - 1);
                collisions++;
            }
            table[slot] = i + 1;
            if (collisions > slots) { // ids that were chosen for it
                checkDistinctSlowly(lines);
                return;
            }
        }
    }

    private static void checkDistinctSlowly(List<CartItem> lines) {
        Set<String> bookIds = new TreeSet<>();
        for (CartItem line : lines) {
            if (!bookIds.add(line.bookId())) {
                throw new IllegalArgumentException("a cart has at most one line for a book");
            }
        }
    }

    /** Sums what does not fit a long in millionths: beyond nine trillion. */
    private static BigDecimal largeTotalPrice(List<CartItem> lines) {
        BigDecimal sum = BigDecimal.ZERO;
        for (CartItem line : lines) {
            sum = sum.add(line.price().multiply(BigDecimal.valueOf(line.quantity())));
        }
        return Decimal.canonical(sum);
    }

    private Object writeReplace() {
        return new Serial(
                userId,
                new ArrayList<>(items),
                new LinkedHashMap<>(attributes.asMap()),
                lastUpdated,
                expiresAt,
                origin == null ? null : version(),
                isDerived());
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a cart comes in its serial form");
    }

    /** What stands in a stream for a cart; reading it goes through every check. What only its store knew is left out. */
    private record Serial(
            String userId,
            ArrayList<CartItem> items,
            LinkedHashMap<String, Object> attributes,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt,
            @Nullable CartVersion version,
            boolean derived)
            implements Serializable {
        private Object readResolve() throws InvalidObjectException {
            try {
                Origin origin = version == null ? null : new Fixed(version);
                Cart cart = new Cart(userId, items, Attributes.of(attributes), lastUpdated, expiresAt, origin);
                return derived ? new Cart(cart, lastUpdated, expiresAt, new Derived(cart)) : cart;
            } catch (IllegalArgumentException | NullPointerException | ClassCastException e) {
                throw Checks.unreadable("cart", e);
            }
        }
    }

    @Nullable
    Origin origin() {
        return origin;
    }

    private Origin derived() {
        return origin instanceof Derived ? origin : new Derived(this);
    }

    /** Returns whether {@link #version()} is that of this very cart; the absence of a cart is a state of a store, too. */
    boolean isInAStore() {
        return isBare() || (origin != null && !isDerived());
    }

    boolean isDerived() {
        return origin instanceof Derived;
    }

    /**
     * Returns this value as a JSON-like map, as {@code CartJson} describes it. Jackson writes that even if its mapper does not know of
     * the module.
     */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(ItemFormat.USER_ID, userId);
        json.put(ItemFormat.CART_ITEMS, items.stream().map(CartItem::json).toList());
        json.put(ItemFormat.TOTAL_ITEMS, totalItems);
        json.put(ItemFormat.TOTAL_PRICE, totalPrice);
        if (lastUpdated != null) {
            json.put(ItemFormat.LAST_UPDATED, lastUpdated.toString());
        }
        if (expiresAt != null) {
            json.put(ItemFormat.TTL, expiresAt.getEpochSecond());
        }
        if (isInAStore()) {
            json.put(ItemFormat.VERSION, version().toString());
        }
        json.putAll(attributes());
        return json;
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
        return attributes.equals(that.attributes);
    }

    @Override
    public int hashCode() {
        return Objects.hash(userId, items, attributes);
    }

    /** Returns user, lines, attributes and totals, for a debugger or a test report; none of it belongs in a log. */
    @Override
    public String toString() {
        return "Cart[userId=" + userId + ", items=" + items + ", attributes=" + attributes + ", totalItems="
                + totalItems + ", totalPrice=" + totalPrice.toPlainString() + ", version=" + version() + "]";
    }
}
