package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.b;
import static com.cloudshelf.cart.ItemFormat.bs;
import static com.cloudshelf.cart.ItemFormat.n;
import static com.cloudshelf.cart.ItemFormat.s;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Builds the writes that pin the item as it was seen: each is applied only if no other write came in between.
 *
 * <p>They drop what is stale in the item's memory; no other writes can do that.
 */
final class PinnedWrites {
    /** A list of more lines is not sent only to require it. */
    private static final int MAX_PINNED_LINES = 20;

    /** More could exceed the limits of a condition. */
    private static final int MAX_PINNED_ATTRIBUTES = 20;

    private PinnedWrites() {}

    /**
     * Turns the cart that was seen into another one. Unchanged lines are not sent. The condition pins the version, and
     * everything that reveals a writer without versions.
     */
    static Write change(
            StoredCart before, Cart after, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        return change(before, after, null, pinned(before), key, stamp, terms);
    }

    /** The same, but pins also what a {@link CartVersion} covers beyond that: the content of a cart of usual size. */
    static Write changeOfVersion(
            StoredCart before, Cart after, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        Expression e = pinned(before);
        pinContent(e, before, MAX_PINNED_LINES);
        return change(before, after, null, e, key, stamp, terms);
    }

    private static Write change(
            StoredCart before,
            Cart cart,
            @Nullable StoredCart guest,
            Expression e,
            Write.@Nullable KeyEntry key,
            Write.Stamp stamp,
            Write.Terms terms) {
        Memory memory = memoryAfter(before, key, stamp, terms);
        LineChanges lines = new LineChanges(before, cart.items(), brought(guest));
        Map<String, AttributeValue> others =
                othersAfter(before.others(), before.cart().ownAttributes(), cart, guest);
        Map<String, @Nullable AttributeValue> otherChanges = changes(before.others(), others);
        lines.write(e, otherChanges.size());
        setHashes(e, before, lines, cart);
        Head head = Head.of(before, cart, memory, stamp, terms);
        e.set(ItemFormat.TOTAL_ITEMS, head.totalItems);
        e.set(ItemFormat.TOTAL_PRICE, head.totalPrice);
        e.set(ItemFormat.LAST_UPDATED, head.lastUpdated);
        e.set(ItemFormat.TTL, head.ttl);
        e.set(ItemFormat.VERSION, head.version);
        setMemory(e, before, memory);
        setOthers(e, otherChanges);
        boolean idsTrue = hasSameBooks(before, lines) || haveDistinctHashes(cart);
        StoredCart after = after(before, cart, lines.values(), others, memory, head, stamp, idsTrue);
        if (lines.grew() || key != null || after.unknownBytes() > before.unknownBytes()) {
            Write.checkSize(before.userId(), ItemFormat.sizeOf(after));
        }
        return Write.update(before.userId(), e, Pin.version(stamp.id(), before), after);
    }

    /**
     * Writes a whole cart: if there is none, if there is an expired one, or if the cart is cleared. Attributes of other
     * writers are removed with the old cart; what the item remembers of its writes stays.
     */
    static Write replace(
            StoredCart before, Cart after, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        return replace(before, after, null, seen(before), key, stamp, terms);
    }

    private static Write replace(
            StoredCart before,
            Cart cart,
            @Nullable StoredCart guest,
            Expression condition,
            Write.@Nullable KeyEntry key,
            Write.Stamp stamp,
            Write.Terms terms) {
        Memory memory = memoryAfter(before, key, stamp, terms);
        List<AttributeValue> lines = new ArrayList<>();
        Map<String, LineChanges.Brought> brought = brought(guest);
        for (CartItem item : cart.items()) {
            lines.add(LineChanges.encodeNew(item, brought));
        }
        Head head = Head.of(before, cart, memory, stamp, terms);
        Map<String, AttributeValue> others = othersAfter(Map.of(), Attributes.NONE, cart, guest);
        StoredCart after = after(before, cart, lines, others, memory, head, stamp, haveDistinctHashes(cart));
        Write.checkSize(before.userId(), ItemFormat.sizeOf(after));

        Map<String, AttributeValue> item = new LinkedHashMap<>();
        item.put(ItemFormat.USER_ID, s(before.userId()));
        item.put(ItemFormat.CART_ITEMS, AttributeValue.fromL(lines));
        item.put(ItemFormat.TOTAL_ITEMS, head.totalItems);
        item.put(ItemFormat.TOTAL_PRICE, head.totalPrice);
        item.put(ItemFormat.LAST_UPDATED, head.lastUpdated);
        item.put(ItemFormat.TTL, head.ttl);
        item.put(ItemFormat.VERSION, head.version);
        item.put(ItemFormat.FORMAT, n(ItemFormat.CURRENT_FORMAT));
        item.put(ItemFormat.INCARNATION, head.incarnation);
        item.put(ItemFormat.RING, bs(memory.ring()));
        item.put(ItemFormat.FORGOTTEN, n(memory.forgotten()));
        item.put(ItemFormat.LAST_WRITE, n(memory.lastWrite()));
        item.putAll(others);
        if (!cart.items().isEmpty()) {
            item.put(ItemFormat.BOOK_HASHES, ItemFormat.hashes(cart.items()));
        }
        for (Map.Entry<String, Memory.Key> remembered : memory.keys().entrySet()) {
            item.put(ItemFormat.keyName(remembered.getKey()), ItemFormat.encodeKey(remembered.getValue()));
        }
        AttributeValue keysUntil = after.keysUntil();
        if (keysUntil != null) {
            item.put(ItemFormat.KEYS_UNTIL, keysUntil);
        }
        return Write.put(before.userId(), condition, item, Pin.version(stamp.id(), before), after);
    }

    /** Merges another cart into the one that was seen. The other cart's lines bring their stored attributes. */
    static Write merge(StoredCart into, Cart merged, StoredCart from, Write.Stamp stamp, Write.Terms terms) {
        return into.exists() && !into.isExpired()
                ? change(into, merged, from, pinned(into), null, stamp, terms)
                : replace(into, merged, from, seen(into), null, stamp, terms);
    }

    private static Map<String, LineChanges.Brought> brought(@Nullable StoredCart guest) {
        if (guest == null) {
            return Map.of();
        }
        Map<String, LineChanges.Brought> brought = new HashMap<>();
        List<CartItem> items = guest.cart().items();
        for (int i = 0; i < items.size(); i++) {
            brought.put(
                    items.get(i).bookId(),
                    new LineChanges.Brought(items.get(i), guest.lines().get(i)));
        }
        return brought;
    }

    /**
     * Returns the attributes of the item that are not the library's: the cart's own attributes, and what cannot be
     * shown.
     */
    private static Map<String, AttributeValue> othersAfter(
            Map<String, AttributeValue> stored, Attributes shown, Cart cart, @Nullable StoredCart guest) {
        Map<String, @Nullable AttributeValue> changes = AttributeValues.changes(shown, cart.ownAttributes());
        if (changes.isEmpty() && (guest == null || guest.isExpired())) {
            return stored;
        }
        Map<String, AttributeValue> after = new LinkedHashMap<>(stored);
        for (Map.Entry<String, @Nullable AttributeValue> change : changes.entrySet()) {
            AttributeValue value = change.getValue();
            if (value == null) {
                after.remove(change.getKey());
            } else {
                after.put(change.getKey(), value);
            }
        }
        if (guest != null && !guest.isExpired()) {
            guest.others().forEach(after::putIfAbsent);
        }
        return after;
    }

    /** Returns the attributes of the item that change; {@code null} means to remove one. */
    private static Map<String, @Nullable AttributeValue> changes(
            Map<String, AttributeValue> before, Map<String, AttributeValue> after) {
        Map<String, @Nullable AttributeValue> changes = new LinkedHashMap<>();
        for (String name : before.keySet()) {
            if (!after.containsKey(name)) {
                changes.put(name, null);
            }
        }
        for (Map.Entry<String, AttributeValue> attribute : after.entrySet()) {
            AttributeValue value = attribute.getValue();
            if (!value.equals(before.get(attribute.getKey()))) {
                changes.put(attribute.getKey(), value);
            }
        }
        return changes;
    }

    private static void setOthers(Expression e, Map<String, @Nullable AttributeValue> changes) {
        for (Map.Entry<String, @Nullable AttributeValue> change : changes.entrySet()) {
            AttributeValue value = change.getValue();
            if (value == null) {
                e.remove(e.alias(change.getKey()));
            } else {
                e.assign(e.alias(change.getKey()), e.value(value));
            }
        }
    }

    /** Empties a cart: deletes its item if it has rested and remembers no key, otherwise leaves its memory in place. */
    static Write clear(StoredCart before, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        return clear(before, seen(before), key, stamp, terms);
    }

    /**
     * Empties a cart in place, if the content is as it was seen: of two clears that require the same version, nothing would
     * show which one deleted the item.
     */
    static Write clearOfVersion(StoredCart before, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        Expression condition = seen(before);
        pinContent(condition, before, MAX_PINNED_LINES);
        return replace(before, Cart.empty(before.userId()), null, condition, key, stamp, terms);
    }

    /** Empties a cart whose content moves to another one. It is pinned, because it moves as it was seen. */
    static Write clearMoved(StoredCart before, Write.Stamp stamp, Write.Terms terms) {
        Expression condition = seen(before);
        pinContent(condition, before, Integer.MAX_VALUE); // the other cart's write sends the lines anyway
        return clear(before, condition, null, stamp, terms);
    }

    private static Write clear(
            StoredCart before,
            Expression condition,
            Write.@Nullable KeyEntry key,
            Write.Stamp stamp,
            Write.Terms terms) {
        Memory memory = before.memory();
        long now = stamp.now().toEpochMilli();
        boolean rested = memory != null && memory.isRested(now) && memory.isFreeOfKeys(now);
        return key == null && rested
                ? Write.delete(before.userId(), condition, Pin.version(null, before))
                : replace(before, Cart.empty(before.userId()), null, condition, key, stamp, terms);
    }

    /** Returns the condition of a write that leaves nothing of the item as it is. */
    private static Expression seen(StoredCart before) {
        Expression e = pinned(before);
        pinRing(e, before.memory());
        return e;
    }

    private static Memory memoryAfter(
            StoredCart before, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        Memory known = before.memory();
        Memory memory = known == null ? Memory.start(stamp.id(), before.counter()) : known;
        AttributeValue next = ItemFormat.nextVersion(before.pins().version());
        long version = ItemFormat.counter(ItemFormat.number(next));
        long now = stamp.now().toEpochMilli();
        Memory after = memory.after(stamp.id(), version, now, stamp.systemNow(), terms.ringSize());
        if (known != null && before.isExpired()) {
            after = after.restarted(stamp.id(), now);
        }
        return key == null ? after : after.with(key.hash(), key.key());
    }

    /** The attributes of a cart other than its lines, as a write leaves them and the next one pins them. */
    private record Head(
            AttributeValue version,
            AttributeValue incarnation,
            AttributeValue totalItems,
            AttributeValue totalPrice,
            AttributeValue lastUpdated,
            AttributeValue ttl) {
        static Head of(StoredCart before, Cart cart, Memory memory, Write.Stamp stamp, Write.Terms terms) {
            return new Head(
                    ItemFormat.nextVersion(before.pins().version()),
                    b(memory.incarnation()),
                    n(cart.totalItems()),
                    n(cart.totalPrice()),
                    s(IsoInstant.text(stamp.now())),
                    n(Write.expiry(stamp, terms, memory.keysUntil())));
        }

        StoredCart.Pins pins(int listSize) {
            return new StoredCart.Pins(version, incarnation, totalItems, totalPrice, lastUpdated, ttl, listSize);
        }
    }

    private static StoredCart after(
            StoredCart before,
            Cart cart,
            List<AttributeValue> lines,
            Map<String, AttributeValue> others,
            Memory memory,
            Head head,
            Write.Stamp stamp,
            boolean idsTrue) {
        StoredCart.Builder after = new StoredCart.Builder(before.userId());
        after.exists = true;
        after.content = cart;
        after.lines = lines;
        after.idsTrue = idsTrue;
        after.memory = memory;
        after.counter = memory.version();
        after.format = ItemFormat.CURRENT_FORMAT;
        after.others = others;
        after.lastUpdated = stamp.now();
        after.expiresAt = Instant.ofEpochSecond(ItemFormat.whole(head.ttl));
        after.keysUntil = memory.keys().isEmpty() ? null : ItemFormat.keysUntil(memory.keysUntil());
        after.pins = head.pins(lines.size());
        return after.build();
    }

    private static Expression pinned(StoredCart before) {
        Expression e = new Expression();
        pin(e, before);
        return e;
    }

    /** Pins the lines, unless they need repair, and the cart's attributes, both unless they are many. */
    private static void pinContent(Expression e, StoredCart before, int maxLines) {
        int lines = before.pins().listSize();
        if (before.isIndexed() && lines >= 0 && lines <= maxLines) {
            e.pin(e.name(ItemFormat.CART_ITEMS), AttributeValue.fromL(before.lines()));
        }
        if (before.others().size() <= MAX_PINNED_ATTRIBUTES) {
            before.others().forEach((name, value) -> e.pin(e.alias(name), value));
        }
    }

    /** Refuses the write if the item is not the one that was seen. */
    private static void pin(Expression e, StoredCart before) {
        if (!before.exists()) {
            e.and("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ")");
            return;
        }
        StoredCart.Pins pins = before.pins();
        e.pin(ItemFormat.VERSION, pins.version());
        e.pin(ItemFormat.INCARNATION, pins.incarnation());
        e.pin(ItemFormat.TOTAL_ITEMS, pins.totalItems());
        e.pin(ItemFormat.TOTAL_PRICE, pins.totalPrice());
        e.pin(ItemFormat.LAST_UPDATED, pins.lastUpdated());
        if (before.isExpired()) {
            e.pin(e.name(ItemFormat.TTL), pins.ttl());
        }
        if (pins.listSize() < 0) {
            e.and("attribute_exists(" + e.name(ItemFormat.USER_ID) + ")");
        }
        if (pins.listSize() == StoredCart.Pins.ANY_LIST) {
            return;
        }
        String list = e.name(ItemFormat.CART_ITEMS);
        switch (pins.listSize()) {
            case StoredCart.Pins.NO_LIST -> e.and("attribute_not_exists(" + list + ")");
            case StoredCart.Pins.NULL_LIST -> e.and("attribute_type(" + list + "," + e.value(s("NULL")) + ")");
            default -> e.and("size(" + list + ")=" + e.value(n(pins.listSize())));
        }
    }

    /** Refuses a write that would drop an ID stored by a fence. */
    private static void pinRing(Expression e, @Nullable Memory seen) {
        if (seen != null) {
            e.and("size(" + ItemFormat.RING + ")=" + e.value(n(seen.ring().size())));
        }
    }

    /** Whether the item has one hash for each line, and the lines stay those of the same books. */
    private static boolean hasSameBooks(StoredCart before, LineChanges lines) {
        return before.areIdsTrue()
                && lines.removed().isEmpty()
                && lines.appended().isEmpty();
    }

    private static boolean haveDistinctHashes(Cart cart) {
        return cart.items().isEmpty()
                || ItemFormat.hashes(cart.items()).bs().size() == cart.items().size();
    }

    private static void setHashes(Expression e, StoredCart before, LineChanges lines, Cart cart) {
        if (hasSameBooks(before, lines)) {
            return;
        }
        if (cart.items().isEmpty()) {
            e.remove(ItemFormat.BOOK_HASHES);
        } else if (before.areIdsTrue() && lines.removed().isEmpty()) {
            e.add(ItemFormat.BOOK_HASHES, e.value(ItemFormat.hashes(lines.appended())));
        } else if (before.areIdsTrue() && lines.appended().isEmpty()) {
            e.delete(ItemFormat.BOOK_HASHES, ItemFormat.hashes(lines.removed()));
        } else {
            e.set(ItemFormat.BOOK_HASHES, ItemFormat.hashes(cart.items()));
        }
    }

    private static void setMemory(Expression e, StoredCart before, Memory after) {
        Memory known = before.memory();
        e.set(ItemFormat.LAST_WRITE, n(after.lastWrite()));
        if (known != null && after.ring().size() == known.ring().size() + 1) { // nothing has left
            WriteId own = after.ring().get(after.ring().size() - 1);
            e.add(ItemFormat.RING, e.value(bs(List.of(own))));
        } else {
            pinRing(e, known);
            e.set(ItemFormat.RING, bs(after.ring()));
            e.set(ItemFormat.FORGOTTEN, n(after.forgotten()));
        }
        if (known == null) {
            e.set(ItemFormat.INCARNATION, b(after.incarnation()));
        }
        if (known == null || before.format() != ItemFormat.CURRENT_FORMAT) {
            e.set(ItemFormat.FORMAT, n(ItemFormat.CURRENT_FORMAT));
        }
        setKeys(e, before, known == null ? Map.of() : known.keys(), after);
    }

    private static void setKeys(Expression e, StoredCart before, Map<String, Memory.Key> known, Memory after) {
        for (String hash : known.keySet()) {
            if (!after.keys().containsKey(hash)) {
                e.remove(e.alias(ItemFormat.keyName(hash)));
            }
        }
        for (Map.Entry<String, Memory.Key> remembered : after.keys().entrySet()) {
            String hash = remembered.getKey();
            Memory.Key key = remembered.getValue();
            if (!key.equals(known.get(hash))) {
                e.assign(e.alias(ItemFormat.keyName(hash)), e.value(ItemFormat.encodeKey(key)));
            }
        }
        AttributeValue until = after.keys().isEmpty() ? null : ItemFormat.keysUntil(after.keysUntil());
        if (!Objects.equals(until, before.keysUntil())) {
            if (until == null) {
                e.remove(ItemFormat.KEYS_UNTIL);
            } else {
                e.set(ItemFormat.KEYS_UNTIL, until);
            }
        }
    }
}
