package com.cloudshelf.cart;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What a store has read or written for one user: the cart, and everything needed to write from it.
 *
 * <p>Immutable. {@link ItemFormat} creates it from an item, {@link Write} from an item and a change.
 */
final class StoredCart implements Cart.Origin {
    /** What another writer left in the item that this library would not. The next change repairs it. */
    enum Drift {
        /** The totals do not match the lines. */
        TOTALS(true),
        /** There are several lines for one book. */
        DUPLICATES(true),
        /** A line has no copies, by which some programs remove a book. */
        EMPTY_LINES(false),
        /** The library's own attributes do not match the lines, as after every change by a writer that does not know them. */
        INDEX(false),
        /** A time, or the time to live, cannot be read. */
        DISPLAY(true);

        private final boolean warning;

        Drift(boolean warning) {
            this.warning = warning;
        }

        /** Whether someone should look at the writer. A correct change by another program is not a reason. */
        boolean isWarning() {
            return warning;
        }
    }

    /** The attributes whose stored form a write pins, so that a writer without versions causes a conflict. */
    record Pins(
            @Nullable AttributeValue version,
            @Nullable AttributeValue incarnation,
            @Nullable AttributeValue totalItems,
            @Nullable AttributeValue totalPrice,
            @Nullable AttributeValue lastUpdated,
            @Nullable AttributeValue ttl,
            int listSize) {
        /** There is no list. */
        static final int NO_LIST = -1;

        /** Not pinned: an expired item need not have a list. */
        static final int ANY_LIST = -2;

        /** There is {@code NULL} instead of a list. */
        static final int NULL_LIST = -3;

        /**
         * Whether a condition that pins these values holds for an item with the given ones. It pins the time to live
         * only for an expired cart.
         */
        boolean hold(Pins there, boolean expired) {
            return listSize == there.listSize
                    && Objects.equals(version, there.version)
                    && Objects.equals(incarnation, there.incarnation)
                    && Objects.equals(totalItems, there.totalItems)
                    && Objects.equals(totalPrice, there.totalPrice)
                    && Objects.equals(lastUpdated, there.lastUpdated)
                    && (!expired || Objects.equals(ttl, there.ttl));
        }

        /** Whether each exists with the type that this library uses. Others are not added to, but replaced. */
        boolean areWellTyped() {
            return isNumber(version)
                    && isNumber(totalItems)
                    && isNumber(totalPrice)
                    && isNumber(ttl)
                    && lastUpdated != null
                    && lastUpdated.s() != null;
        }

        private static boolean isNumber(@Nullable AttributeValue value) {
            return value != null && value.n() != null;
        }

        static final Pins NONE = new Pins(null, null, null, null, null, null, NO_LIST);
    }

    private final String userId;
    private final boolean exists;
    private final boolean expired;
    private final List<AttributeValue> lines;
    private final boolean indexed;
    private final boolean idsTrue;
    private final Set<Drift> drift;
    private final Pins pins;
    private final @Nullable Memory memory;
    private final long format;
    private final Map<String, AttributeValue> others;
    private final @Nullable Instant expiresAt;
    private final @Nullable AttributeValue keysUntil;
    private final long counter;
    private final Cart cart;

    /** Whether the stored list is, line by line, the cart's. Only then may a write address a line by its index. */
    boolean isIndexed() {
        return indexed;
    }

    /** Whether the item has exactly one hash per line. Only then can a book be added without a read. */
    boolean areIdsTrue() {
        return idsTrue;
    }

    private StoredCart(Builder builder) {
        this.userId = builder.userId;
        this.exists = builder.exists;
        this.expired = builder.expired;
        this.lines = builder.lines;
        this.indexed = builder.indexed;
        this.idsTrue = builder.idsTrue;
        this.drift = builder.drift.isEmpty() ? Set.of() : Collections.unmodifiableSet(builder.drift);
        this.pins = builder.pins;
        this.memory = builder.memory;
        this.format = builder.format;
        this.others = builder.others;
        this.expiresAt = builder.expiresAt;
        this.keysUntil = builder.keysUntil;
        this.counter = builder.counter;
        this.cart = expired
                ? new Cart(userId, List.of(), null, null, this)
                : new Cart(builder.content, builder.lastUpdated, builder.expiresAt, this);
    }

    static StoredCart absent(String userId) {
        return new Builder(userId).build();
    }

    Cart cart() {
        return cart;
    }

    String userId() {
        return userId;
    }

    /** Whether there is an item, even an expired one. */
    boolean exists() {
        return exists;
    }

    /** Whether the item had expired when it was seen. */
    boolean isExpired() {
        return expired;
    }

    /** What another writer left and the next change repairs. */
    Set<Drift> drift() {
        return drift;
    }

    /** Whether another writer left something that someone should look at. */
    boolean isWarning() {
        for (Drift each : drift) {
            if (each.isWarning()) {
                return true;
            }
        }
        return false;
    }

    boolean isDrifted() {
        return !drift.isEmpty();
    }

    /** The attribute values of the cart's lines, one per line, including unknown attributes. */
    List<AttributeValue> lines() {
        return lines;
    }

    Pins pins() {
        return pins;
    }

    /** What the item remembers; {@code null} if this library never wrote it. */
    @Nullable
    Memory memory() {
        return memory;
    }

    long format() {
        return format;
    }

    /** The number in {@code version}, even if another program stored it; of a very long one, a shorter number for it. */
    long counter() {
        return counter;
    }

    /** The stored time until which the item has keys. */
    @Nullable
    AttributeValue keysUntil() {
        return keysUntil;
    }

    /** The size of the attributes that this library does not know. */
    int unknownBytes() {
        int size = 0;
        for (Map.Entry<String, AttributeValue> other : others.entrySet()) {
            size += AttributeValues.sizeOf(other.getKey(), other.getValue());
        }
        return size;
    }

    /** The attributes of the item that are not the library's. */
    Map<String, AttributeValue> others() {
        return others;
    }

    /**
     * Returns the cart of a guest as it is to be merged into this one: without the attributes that lose to one of this
     * item. The rules of carts do not know of those that cannot be shown, but these win as well.
     */
    Cart yielding(Cart guest, MergeStrategy strategy) {
        if (!exists || expired) {
            return guest;
        }
        List<CartItem> items = guest.items();
        if (strategy == MergeStrategy.KEEP_INTO) {
            items = items.stream().map(this::yielding).toList();
        }
        return new Cart(
                guest.userId(),
                items,
                guest.ownAttributes().without(AttributeValues.namesOf(others)),
                null,
                null,
                guest.origin());
    }

    private CartItem yielding(CartItem line) {
        int index = line.ownAttributes().isEmpty() ? -1 : Draft.indexOf(cart.items(), line.bookId());
        return index < 0
                ? line
                : line.with(line.ownAttributes()
                        .without(AttributeValues.namesOf(lines.get(index).m())));
    }

    /** Whether a read at this time would find the item expired. */
    boolean isExpiredAt(Instant now) {
        return expired || (expiresAt != null && !expiresAt.isAfter(now));
    }

    @Override
    public CartVersion version() {
        String incarnation = memory == null ? null : memory.incarnation().text();
        return CartVersion.of(incarnation, counter, Fingerprint.of(cart.items(), cart.ownAttributes()));
    }

    /** Collects what is known of an item. */
    static final class Builder {
        final String userId;
        boolean exists;
        boolean expired;
        Cart content;
        List<AttributeValue> lines = List.of();
        boolean indexed = true;
        boolean idsTrue = true;
        Set<Drift> drift = Set.of();
        Pins pins = Pins.NONE;
        long counter;

        @Nullable
        AttributeValue keysUntil;

        @Nullable
        Memory memory;

        long format;
        Map<String, AttributeValue> others = Map.of();

        @Nullable
        Instant lastUpdated;

        @Nullable
        Instant expiresAt;

        Builder(String userId) {
            this.userId = userId;
            this.content = new Cart(userId, List.of(), null, null, null);
        }

        void drifted(Drift kind) {
            if (drift.isEmpty()) {
                drift = EnumSet.noneOf(Drift.class);
            }
            drift.add(kind);
        }

        StoredCart build() {
            return new StoredCart(this);
        }
    }

    /** Returns the stored keys; empty if the item has no memory. */
    Map<String, Memory.Key> keys() {
        return memory == null ? Map.of() : memory.keys();
    }
}
