package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.money;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Writes as a store would make them, and the resulting items. */
final class Writes {
    static final int RING = 16;
    static final Write.Terms TERMS = new Write.Terms(Duration.ofDays(30), Generated.NO_LIMITS, RING);

    private Writes() {}

    static Write.Stamp stamp() {
        return stamp(NOW);
    }

    static Write.Stamp stamp(Instant now) {
        return new Write.Stamp(WriteId.startedAt(now.toEpochMilli()), now, now.toEpochMilli());
    }

    /** Returns the item of a cart that this library wrote, with lines {@code book0}, {@code book1} and so on. */
    static Map<String, AttributeValue> itemWithLines(int lines) {
        List<CartItem> items = new ArrayList<>();
        for (int i = 0; i < lines; i++) {
            items.add(CartItem.of("book" + i, "Title " + i, "Author " + i, money("9.50"), 2));
        }
        return itemOf(Generated.cartOf(items), NOW.minusSeconds(60));
    }

    /** Returns the item of a cart that this library wrote. */
    static Map<String, AttributeValue> itemOf(Cart cart, Instant writtenAt) {
        return PinnedWrites.replace(StoredCart.absent(USER), cart, null, stamp(writtenAt), TERMS)
                .item();
    }

    /** Returns an idempotency key with a short name and a retention in seconds. */
    static Write.KeyEntry key(String name, long seconds) {
        return new Write.KeyEntry(
                hash(name), new Memory.Key(NOW.plusSeconds(seconds).toEpochMilli(), "digestdigest"));
    }

    /** Returns the item with one more key. */
    static Map<String, AttributeValue> withKey(Map<String, AttributeValue> item, Write.KeyEntry key) {
        AttributeValue until = item.get(ItemFormat.KEYS_UNTIL);
        long before = until == null ? 0 : Long.parseLong(until.n());
        return Items.with(
                Items.with(item, ItemFormat.keyName(key.hash()), ItemFormat.encodeKey(key.key())),
                ItemFormat.KEYS_UNTIL,
                ItemFormat.keysUntil(Math.max(1000 * before, key.key().until())));
    }

    /** Returns a short name, padded to the length of a hash. */
    static String hash(String name) {
        return (name + "____________").substring(0, 12);
    }

    static StoredCart decode(Map<String, AttributeValue> item) {
        return ItemFormat.decode(USER, item, NOW);
    }

    static StoredCart cartWithLines(int lines) {
        return decode(itemWithLines(lines));
    }

    /** Returns the placeholders of a write's expressions. */
    static Map<String, String> names(Write write) {
        Map<String, String> names = write.names();
        return names == null ? Map.of() : names;
    }

    /** Returns the write of these changes to the stored cart. */
    static Write change(StoredCart before, CartChange... changes) {
        return PinnedWrites.change(
                before, before.cart().apply(Generated.NO_LIMITS, NOW, List.of(changes)), null, stamp(), TERMS);
    }
}
