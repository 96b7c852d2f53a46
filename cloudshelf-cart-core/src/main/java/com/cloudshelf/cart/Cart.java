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
 * The cart of one user: at most one line per book, in the order in which the books were first added. The totals are
 * always computed from the lines.
 *
 * <p>Stores return carts; {@link #empty empty} and {@link #apply apply} create carts without a store. A user always has
 * a cart: a user without a stored cart, or whose cart has expired, has the empty one.
 *
 * <p>A cart can carry attributes of your own, such as a coupon, even without lines ({@link CartUpdate#setAttribute
 * CartUpdate.setAttribute}).
 *
 * <p>Two carts are equal if they have the same user, equal attributes, and equal lines in the same order. Version and
 * times do not count.
 *
 * <p>Immutable and thread-safe. After Java serialization, a cart keeps its content, times and version, but loses what
 * the store knew about the item: {@link CartUpdate#basedOn CartUpdate.basedOn} then saves no read.
 */
@JsonFieldsHidden
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

    /** What a store knows about a cart that it returned; {@code null} in a cart that no store returned. */
    interface Origin {
        CartVersion version();
    }

    /** Marks the result of {@link Cart#apply Cart.apply}: it is in no table, so nothing can be written from it. */
    private record Derived(Cart from) implements Origin {
        @Override
        public CartVersion version() {
            return from.version(); // computed from all lines, so only on demand
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
        this(userId, items, false, attributes, lastUpdated, expiresAt, origin);
    }

    private Cart(
            String userId,
            List<CartItem> items,
            boolean distinct,
            Attributes attributes,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt,
            @Nullable Origin origin) {
        // As for a line: every cart passes these checks, however it is created.
        this.userId = Checks.id("userId", userId);
        this.items = List.copyOf(items);
        if (!distinct) {
            checkDistinct(this.items);
        }
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

    /** Creates a cart whose caller has made sure that no book has two lines. It passes all other checks. */
    static Cart ofDistinctLines(
            String userId,
            List<CartItem> items,
            Attributes attributes,
            @Nullable Instant lastUpdated,
            @Nullable Instant expiresAt,
            @Nullable Origin origin) {
        return new Cart(userId, items, true, attributes, lastUpdated, expiresAt, origin);
    }

    /** Creates the cart of a store from its content; reuses the totals, which were computed from the same lines. */
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
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    public static Cart empty(String userId) {
        return new Cart(userId, List.of(), null, null, null);
    }

    /**
     * Returns a cart with a version and times, as a store returns it: for authors of a {@link CartStore}, such as an
     * in-memory store for tests.
     *
     * @param content the user, lines and attributes
     * @param version the store's token for this state; ignored if the cart has neither lines nor attributes
     * @param lastUpdated when the cart was last changed, in the years 0000 to 9999
     * @param expiresAt when the cart expires
     * @throws IllegalArgumentException if {@code lastUpdated} is outside these years
     */
    public static Cart stored(Cart content, CartVersion version, Instant lastUpdated, Instant expiresAt) {
        return new Cart(
                content,
                requireNonNull(lastUpdated, "lastUpdated"),
                requireNonNull(expiresAt, "expiresAt"),
                new Fixed(requireNonNull(version, "version")));
    }

    /**
     * Returns the size in bytes that DynamoDB counts for the item of this cart, or slightly more. For authors of a
     * {@link CartStore} whose carts must fit in an item: reject changes that grow a cart beyond 409,600 bytes with
     * {@link CartRejectedException.Reason#TOO_LARGE}. Each remembered idempotency key adds 29 bytes.
     */
    public int itemBytes() {
        return ItemSize.of(userId, items, attributes);
    }

    /** Returns a cart that does not come from a store; nothing can be written from it. */
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
     * Returns your own attributes by name: those set with {@link CartUpdate#setAttribute CartUpdate.setAttribute}, and
     * those that other writers left if they are JSON-like. Binary values and sets stay in the table but are not
     * returned. The map is empty if there are no attributes. It is unmodifiable, and so are the lists and maps in it.
     */
    public Map<String, Object> attributes() {
        return attributes.asMap();
    }

    Attributes ownAttributes() {
        return attributes;
    }

    /** Returns the total number of copies of all books. */
    public long totalItems() {
        return totalItems;
    }

    /** Returns the exact sum of price times quantity, without trailing zeros and without a currency. */
    public BigDecimal totalPrice() {
        return totalPrice;
    }

    /** Returns when the cart was last changed, if it is in a table and its writer recorded the time. */
    public Optional<Instant> lastUpdated() {
        return Optional.ofNullable(lastUpdated);
    }

    /** Returns when the cart expires unless it is changed before then, if it is in a table and expires at all. */
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(expiresAt);
    }

    /**
     * Returns the version of the state that the store saw, for {@link CartUpdate#ifVersion CartUpdate.ifVersion}. The
     * result of {@link #apply apply} has the version of the cart that it was computed from.
     */
    public CartVersion version() {
        if (isBare() && !(origin instanceof Derived)) {
            return CartVersion.ABSENT;
        }
        return origin == null ? CartVersion.ABSENT : origin.version();
    }

    /** Returns whether the cart has no lines. It may still have attributes. */
    public boolean isEmpty() {
        return items.isEmpty();
    }

    /** Returns whether the cart has neither lines nor attributes, as if it did not exist. */
    boolean isBare() {
        return items.isEmpty() && attributes.isEmpty();
    }

    /**
     * Applies changes in order, by the same rules as a store and without I/O, and returns the resulting cart.
     *
     * <p>The result is a preview: it is in no table, and {@link CartUpdate#basedOn CartUpdate.basedOn} refuses it.
     *
     * @param limits checked on the result; they refuse growth only
     * @param now the time of the change, in the years 1970 to 9999; new lines without a time get this one
     * @throws IllegalArgumentException if the time is outside these years
     * @throws CartRejectedException if a change requires a book that is not in the cart, or the result would exceed the
     *     limits
     */
    public Cart apply(CartLimits limits, Instant now, List<CartChange> changes) {
        requireNonNull(limits, "limits");
        Checks.now(now);
        Draft draft = new Draft(userId, items, attributes, limits, now);
        draft.apply(changes);
        return outcome(draft, now);
    }

    /**
     * Merges another user's cart into this one, by the same rules as a store and without I/O, and returns the resulting
     * cart. Like the result of {@link #apply apply}, it is a preview.
     *
     * @param from the cart to take lines from, and attributes that this cart does not have
     * @param strategy what to do with a book that is in both carts; all other lines are kept
     * @param limits checked on the result; they refuse growth only
     * @param now the time of the merge, in the years 1970 to 9999
     * @throws IllegalArgumentException if the time is outside these years
     * @throws CartRejectedException if the result would exceed the limits
     */
    public Cart merge(Cart from, MergeStrategy strategy, CartLimits limits, Instant now) {
        requireNonNull(strategy, "strategy");
        requireNonNull(limits, "limits");
        Checks.now(now);
        Draft draft = new Draft(userId, items, attributes, limits, now);
        draft.merge(from.items, from.attributes, strategy);
        return outcome(draft, now);
    }

    private Cart outcome(Draft draft, Instant now) {
        return new Cart(userId, draft.lines(), draft.hasOnlyOldBooks(), draft.attributes(), now, expiresAt, derived());
    }

    private static void checkDistinct(List<CartItem> lines) {
        int slots = Integer.highestOneBit(Math.max(lines.size(), 1)) * 4;
        int[] table = new int[slots];
        int collisions = 0;
        for (int i = 0; i < lines.size(); i++) {
            String bookId = lines.get(i).bookId();
            int hash = bookId.hashCode();
            int slot = (hash * 0x9e3779b9) >>> (Integer.numberOfLeadingZeros(slots) + 1);
            while (table[slot] != 0) {
                String other = lines.get(table[slot] - 1).bookId();
                if (other.hashCode() == hash && other.equals(bookId)) {
                    throw new IllegalArgumentException("a cart has at most one line for a book");
                }
                slot = (slot + 1) & (slots - 1);
                collisions++;
            }
            table[slot] = i + 1;
            if (collisions > slots) { // IDs chosen to collide
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

    /** Sums totals that do not fit a long in millionths: above nine trillion. */
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
        throw new InvalidObjectException("a cart must be in its serial form");
    }

    /** The serial form of a cart. Reading it repeats every check. What only the store knew is left out. */
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

    /**
     * Returns whether {@link #version()} is the version of exactly this cart. The absence of a cart is also a state of
     * a store.
     */
    boolean isInAStore() {
        return isBare() || (origin != null && !isDerived());
    }

    boolean isDerived() {
        return origin instanceof Derived;
    }

    /**
     * Returns this value as a JSON-like map, in the shape that {@code CartJson} describes. Jackson writes it this way
     * even if its mapper does not have the module.
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

    /** Returns user, lines, attributes and totals, for debuggers and test reports. Do not log them. */
    @Override
    public String toString() {
        return "Cart[userId=" + userId + ", items=" + items + ", attributes=" + attributes + ", totalItems="
                + totalItems + ", totalPrice=" + totalPrice.toPlainString() + ", version=" + version() + "]";
    }
}
