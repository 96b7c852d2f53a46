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
 * What a store saw, or wrote, in one user's place in the table: the cart, and what it takes to write from it.
 *
 * <p>Immutable. {@link ItemFormat} makes it of an item, {@link Write} of an item and a change.
 */
final class StoredCart implements Cart.Origin {
    /** What another writer left in the item that this library would not have. The next change mends all of it. */
    enum Drift {
        /** The totals are not those of the lines. */
        TOTALS(true),
        /** There are several lines for one book. */
        DUPLICATES(true),
        /** A line holds no copy: another program's way to remove a book. */
        EMPTY_LINES(false),
        /** What the library keeps for itself is not that of the lines: as after every change by a writer who knows no more. */
        INDEX(false),
        /** A time, or the time to live, cannot be read. */
        DISPLAY(true);

        private final boolean warning;

        Drift(boolean warning) {
            this.warning = warning;
        }

        /** Whether somebody should look at the writer: a correct change by another program is no reason to. */
        boolean isWarning() {
            return warning;
        }
    }

    /** The attributes whose stored form a write pins, so that a writer who knows no versions shows up as a conflict. */
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

        /** What is there is not pinned: an expired item need not hold a list. */
        static final int ANY_LIST = -2;

        /** There is {@code NULL} in place of a list. */
        static final int NULL_LIST = -3;

        /** Whether a condition that pins these holds for an item of those; it pins the time to live of an expired cart only. */
        boolean hold(Pins there, boolean expired) {
            return listSize == there.listSize
                    && Objects.equals(version, there.version)
                    && Objects.equals(incarnation, there.incarnation)
                    && Objects.equals(totalItems, there.totalItems)
                    && Objects.equals(totalPrice, there.totalPrice)
                    && Objects.equals(lastUpdated, there.lastUpdated)
                    && (!expired || Objects.equals(ttl, there.ttl));
        }

        /** Whether each is there, with the type that this library gives it: others are not added to, but written anew. */
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

    /** Whether the stored list is, line for line, the cart's: only then may a write address a line by its index. */
    boolean isIndexed() {
        return indexed;
    }

    /** Whether the item holds exactly one hash for each of its lines: only then can a book be added unseen. */
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

    /** Whether there is an item, be it expired. */
    boolean exists() {
        return exists;
    }

    /** Whether the item had outlived its time when it was seen. */
    boolean isExpired() {
        return expired;
    }

    /** What another writer left that the next change mends. */
    Set<Drift> drift() {
        return drift;
    }

    /** Whether another writer left something that somebody should look at. */
    boolean isWarning() {
        return drift.stream().anyMatch(Drift::isWarning);
    }

    boolean isDrifted() {
        return !drift.isEmpty();
    }

    /** The attribute values of the cart's lines, one for each, unknown attributes included. */
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

    /** The number in {@code version}, be it another program's: a write goes above it. */
    long counter() {
        return counter;
    }

    /** The stored time until which the item holds keys. */
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

    /** Whether a read made now would take the item for expired. */
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
