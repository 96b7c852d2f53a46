package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.b;
import static com.cloudshelf.cart.ItemFormat.bs;
import static com.cloudshelf.cart.ItemFormat.n;
import static com.cloudshelf.cart.ItemFormat.s;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Builds the writes that pin no version. Any number of them can be applied to one cart concurrently.
 *
 * <p>The ring keeps each from being applied twice: its own ID must be missing, and must be younger than everything that
 * has left. The conditions do not check the type of every attribute. DynamoDB does when it carries out the update, and
 * responds with a validation error, which {@link UpdateProtocol} treats as a refusal.
 */
final class UnpinnedWrites {
    private static final AttributeValue EMPTY_LIST = AttributeValue.fromL(List.of());

    /** Less than every binary value of at least one byte. */
    private static final AttributeValue LEAST_BINARY = AttributeValue.fromB(SdkBytes.fromByteArray(new byte[1]));

    /** Missing ones would be created by an {@code ADD}, and would then be wrong. */
    private static final List<String> COUNTED =
            List.of(ItemFormat.TOTAL_ITEMS, ItemFormat.TOTAL_PRICE, ItemFormat.VERSION);

    /** The most attributes of an added line for {@link #raise}: it assigns each one, and an expression has at most 4 KB. */
    static final int MAX_RAISED_ATTRIBUTES = 50;

    private UnpinnedWrites() {}

    /** The placeholders of values that several clauses name: each is sent once. */
    private record Shared(String zero, String one, String format, String id, String begin, String now, String expiry) {
        static Shared of(Expression e, Write.Stamp stamp, long expiry) {
            long began = stamp.id().begin();
            long millis = stamp.now().toEpochMilli();
            String begin = e.value(n(began));
            String one = e.value(n(1));
            return new Shared(
                    e.value(n(0)),
                    one,
                    ItemFormat.CURRENT_FORMAT == 1 ? one : e.value(n(ItemFormat.CURRENT_FORMAT)),
                    e.value(b(stamp.id())),
                    begin,
                    millis == began ? begin : e.value(n(millis)),
                    e.value(n(expiry)));
        }
    }

    /**
     * Appends lines for books, whatever else the cart contains. It needs no read, and conflicts with no other write of
     * its form. The condition refuses it if the cart has one of the books or would break a rule, if the key is known,
     * or if an earlier attempt of it was applied.
     *
     * @param items lines of different books, at least one
     */
    static Write add(
            String userId, List<CartItem> items, Write.@Nullable KeyEntry key, Write.Stamp stamp, Write.Terms terms) {
        List<AttributeValue> appended = new ArrayList<>(items.size());
        int size = 0;
        long quantity = 0;
        BigDecimal price = BigDecimal.ZERO;
        for (CartItem item : items) {
            CartItem line = item.withAddedAtIfAbsent(stamp.now());
            AttributeValue encoded = ItemFormat.encodeLine(line, Map.of());
            appended.add(encoded);
            size += AttributeValues.sizeOf(encoded);
            quantity += line.quantity();
            price = price.add(line.price().multiply(BigDecimal.valueOf(line.quantity())));
        }
        Write.checkSize(userId, size);
        Expression e = new Expression();
        Shared shared = Shared.of(
                e, stamp, Write.expiry(stamp, terms, key == null ? 0 : key.key().until()));
        String keysUntil = key == null
                ? shared.expiry
                : e.value(ItemFormat.keysUntil(key.key().until()));
        String list = e.name(ItemFormat.CART_ITEMS);
        e.require("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ") OR ");
        requireCart(e, shared, keysUntil, stamp, terms);
        AttributeValue hashes = ItemFormat.hashes(items);
        for (SdkBytes hash : hashes.bs()) {
            e.and("NOT contains(" + ItemFormat.BOOK_HASHES + "," + e.value(AttributeValue.fromB(hash)) + ")");
        }
        e.and("size(" + list + ")<=" + e.value(n(terms.limits().maxLines() - items.size())));
        if (key != null) {
            String name = e.alias(ItemFormat.keyName(key.hash()));
            e.and("attribute_not_exists(" + name + ")");
            e.assign(name, e.value(ItemFormat.encodeKey(key.key())));
            e.assign(ItemFormat.KEYS_UNTIL, keysUntil);
        }
        e.assign(
                list,
                "list_append(if_not_exists(" + list + "," + e.value(EMPTY_LIST) + "),"
                        + e.value(AttributeValue.fromL(appended)) + ")");
        e.assign(e.name(ItemFormat.FORMAT), shared.format);
        e.setIfAbsent(ItemFormat.INCARNATION, shared.id);
        e.setIfAbsent(
                ItemFormat.FORGOTTEN, e.value(n(Memory.start(stamp.id(), 0).forgotten())));
        e.add(ItemFormat.BOOK_HASHES, e.value(hashes));
        countIn(e, shared, quantity, price, stamp);
        return Write.update(userId, e, Pin.none(stamp.id()), null);
    }

    /**
     * Adds to a line that was seen, whatever has happened to the rest of the cart. Like {@link #add}, it pins no
     * version; it pins what it must know of the line.
     *
     * @param line the line as it was seen
     */
    static Write raise(StoredCart seen, CartItem line, CartItem added, Write.Stamp stamp, Write.Terms terms) {
        BigDecimal price = added.price().multiply(BigDecimal.valueOf(added.quantity()));
        Expression e = new Expression();
        Shared shared = Shared.of(e, stamp, Write.expiry(stamp, terms, 0));
        String path = e.name(ItemFormat.CART_ITEMS) + "[" + seen.cart().items().indexOf(line) + "].";
        String quantity = path + ItemFormat.QUANTITY;
        requireCart(e, shared, shared.expiry, stamp, terms);
        e.pin(path + ItemFormat.BOOK_ID, s(line.bookId()));
        e.pin(path + ItemFormat.PRICE, n(line.price()));
        if (added.price().compareTo(line.price()) == 0) {
            e.and(quantity + "<=" + e.value(n(terms.limits().maxQuantity() - added.quantity())));
        } else {
            e.pin(quantity, n(line.quantity()));
            e.assign(path + ItemFormat.PRICE, e.value(n(added.price())));
            BigDecimal before = BigDecimal.valueOf(line.quantity());
            price = price.add(added.price().subtract(line.price()).multiply(before));
        }
        e.assign(quantity, quantity + "+" + e.value(n(added.quantity())));
        // Not pinned, and therefore not written back as they were seen.
        added.title().ifPresent(title -> e.assign(path + ItemFormat.TITLE, e.value(s(title))));
        added.author().ifPresent(author -> e.assign(path + ItemFormat.AUTHOR, e.value(s(author))));
        added.attributes().forEach((name, value) -> e.assign(path + e.alias(name), e.value(AttributeValues.of(value))));
        countIn(e, shared, added.quantity(), price, stamp);
        return Write.update(seen.userId(), e, Pin.line(stamp.id()), null);
    }

    /**
     * Refuses a write that pins no version if the item is not a cart of this library, or may no longer show that the
     * write was applied before.
     *
     * <p>A comparison with a missing value, or with one of another type, is false. So each comparison also requires the
     * attribute. Not checked is the type of the list and of the two sets, because an update of another type fails; nor
     * the time of the last write, because the update replaces it.
     *
     * @param keysUntil how long the item may keep keys: beyond that, the time to live would be set too low
     */
    private static void requireCart(
            Expression e, Shared shared, String keysUntil, Write.Stamp stamp, Write.Terms terms) {
        String lines = "size(" + e.name(ItemFormat.CART_ITEMS) + ")";
        String ring = ItemFormat.RING;
        e.and(e.name(ItemFormat.FORMAT) + "=" + shared.format);
        for (String number : COUNTED) {
            e.and(number + ">=" + shared.zero);
        }
        e.and(ItemFormat.INCARNATION + ">=" + e.value(LEAST_BINARY));
        e.and("(" + lines + "=size(" + ItemFormat.BOOK_HASHES + ") OR " + lines + "=" + shared.zero + ")");
        // As a read sees it, which drops the fraction that some programs store.
        e.and(e.name(ItemFormat.TTL) + ">=" + e.value(n(stamp.now().getEpochSecond() + 1)));
        e.and("size(" + ring + ")<" + e.value(n(terms.ringSize())));
        e.and("NOT contains(" + ring + "," + shared.id + ")");
        e.and(ItemFormat.FORGOTTEN + "<" + shared.begin);
        e.and("NOT " + ItemFormat.KEYS_UNTIL + ">" + keysUntil);
    }

    /** Whether the condition of an add that pins no version would hold for an item: {@link #requireCart} as values. */
    static boolean wouldHold(StoredCart seen, Write.@Nullable KeyEntry key, Instant now, Write.Terms terms) {
        Memory memory = seen.memory();
        return seen.exists()
                && !seen.isExpired()
                && memory != null
                && seen.areIdsTrue()
                && seen.pins().areWellTyped()
                && !memory.isFull(terms.ringSize())
                && !seen.isDrifted()
                && admitsKeys(seen, key, now, terms);
    }

    /** Whether the item may keep its keys no longer than the write lets it live, and has none of the write's own. */
    private static boolean admitsKeys(StoredCart seen, Write.@Nullable KeyEntry key, Instant now, Write.Terms terms) {
        long longest = key == null
                ? now.plus(terms.timeToLive()).getEpochSecond()
                : ItemFormat.wholeSeconds(key.key().until());
        AttributeValue keysUntil = seen.keysUntil();
        return (keysUntil == null || ItemFormat.whole(keysUntil) <= longest)
                && (key == null || !seen.keys().containsKey(key.hash()));
    }

    private static void countIn(Expression e, Shared shared, long quantity, BigDecimal price, Write.Stamp stamp) {
        e.set(ItemFormat.LAST_UPDATED, s(IsoInstant.text(stamp.now())));
        e.assign(ItemFormat.LAST_WRITE, shared.now);
        e.assign(e.name(ItemFormat.TTL), shared.expiry);
        e.add(ItemFormat.TOTAL_ITEMS, quantity == 1 ? shared.one : e.value(n(quantity)));
        e.add(ItemFormat.TOTAL_PRICE, e.value(n(price)));
        e.add(ItemFormat.VERSION, shared.one);
        e.add(ItemFormat.RING, e.value(bs(List.of(stamp.id()))));
    }

    /**
     * Excludes attempts: stores their IDs in the ring, next to its own, so that each is refused if it arrives later.
     * The fence itself is refused if one of them was applied, or may have been. So its own ID in the ring says that
     * none was and none will be.
     *
     * @param excluded the IDs of the attempts, without the fence's own
     * @param raiseVersion whether to refuse attempts that pin the version, too
     */
    static Write fence(String userId, List<WriteId> excluded, boolean raiseVersion, Write.Stamp stamp) {
        Expression e = new Expression();
        e.and(e.name(ItemFormat.FORMAT) + "=" + e.value(n(ItemFormat.CURRENT_FORMAT)));
        e.and("attribute_type(" + ItemFormat.RING + "," + e.value(s("BS")) + ")");
        e.and(ItemFormat.VERSION + ">=" + e.value(n(0)));
        List<WriteId> ids = new ArrayList<>();
        ids.add(stamp.id());
        for (WriteId id : excluded) {
            ids.add(id);
            e.and("NOT contains(" + ItemFormat.RING + "," + e.value(b(id)) + ")");
            e.and(ItemFormat.FORGOTTEN + "<" + e.value(n(id.begin())));
        }
        // A fenced cart has not rested: its ring must outlive the attempts.
        e.set(ItemFormat.LAST_WRITE, n(stamp.now().toEpochMilli()));
        e.add(ItemFormat.RING, e.value(bs(ids)));
        if (raiseVersion) {
            e.add(ItemFormat.VERSION, e.value(n(1)));
        }
        return Write.update(userId, e, Pin.line(stamp.id()), null);
    }

    /**
     * Deletes an item that was not seen, if it has rested and remembers no idempotency key; also succeeds if there
     * is no item.
     */
    static Write removeRested(String userId, Instant now) {
        Expression e = new Expression();
        // A clock in the far future would find that any cart has rested.
        long millis = Checks.now(now).toEpochMilli();
        long restedBefore = millis - Memory.REST_MILLIS;
        e.require("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ") OR (");
        e.and(ItemFormat.LAST_WRITE + "<" + e.value(n(restedBefore)));
        e.and("attribute_type(" + e.name(ItemFormat.CART_ITEMS) + "," + e.value(s("L")) + ")");
        e.and("(attribute_not_exists(" + ItemFormat.KEYS_UNTIL + ") OR " + ItemFormat.KEYS_UNTIL + "<"
                + e.value(n((millis - Memory.CLOCK_SKEW_MILLIS) / 1000)) + ")");
        e.and(e.name(ItemFormat.FORMAT) + "=" + e.value(n(ItemFormat.CURRENT_FORMAT)));
        e.require(")");
        return Write.delete(userId, e, Pin.rest(restedBefore));
    }
}
