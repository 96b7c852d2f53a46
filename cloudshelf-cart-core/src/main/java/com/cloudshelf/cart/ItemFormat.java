package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The item as it stands in the table: the names of its attributes, and the way from attribute values to a cart and back. */
final class ItemFormat {
    static final String USER_ID = "userId";
    static final String CART_ITEMS = "cartItems";
    static final String TOTAL_ITEMS = "totalItems";
    static final String TOTAL_PRICE = "totalPrice";
    static final String LAST_UPDATED = "lastUpdated";
    static final String TTL = "ttl";

    static final String FORMAT = "format";
    static final String INCARNATION = "incarnation";
    static final String VERSION = "version";
    static final String BOOK_IDS = "bookIds";
    static final String WRITES = "writes";
    static final String FORGOTTEN = "forgotten";
    static final String LAST_WRITE = "lastWrite";
    static final String KEYS = "idempotencyKeys";
    static final String KEYS_UNTIL = "keysUntil";

    static final String BOOK_ID = "bookId";
    static final String TITLE = "title";
    static final String AUTHOR = "author";
    static final String PRICE = "price";
    static final String QUANTITY = "quantity";
    static final String ADDED_AT = "addedAt";

    static final String KEY_UNTIL = "until";
    static final String KEY_DIGEST = "digest";

    /** The format that this version writes; a higher one is read as far as it is known, and never written. */
    static final long CURRENT_FORMAT = 1;

    private static final Set<String> KNOWN = Attributes.NAMES_OF_THE_ITEM;

    /** DynamoDB's limit for an item. */
    static final int MAX_ITEM_BYTES = 400 * 1024;

    /** The names of all attributes and the values of those that hardly vary in size. */
    private static final int FIXED_BYTES = 320;

    private static final int BYTES_PER_KEY = 80;

    private static final String STRING = "a string (S)";
    private static final String A_QUANTITY = "a whole number from 0 to 2147483647 (N)";
    private static final String A_PRICE = "a number from 0 to 10^12 with at most 6 decimals (N)";
    private static final String WHOLE = "a whole number of at least 0 (N)";

    private final String userId;
    private final Map<String, AttributeValue> item;

    private ItemFormat(String userId, Map<String, AttributeValue> item) {
        this.userId = userId;
        this.item = item;
    }

    /**
     * Reads an item.
     *
     * @throws InvalidStoredCartException if it cannot be a cart
     */
    static StoredCart decode(String userId, Map<String, AttributeValue> item, Instant now) {
        return item.isEmpty() ? StoredCart.absent(userId) : new ItemFormat(userId, item).decode(now);
    }

    private StoredCart decode(Instant now) {
        StoredCart.Builder stored = new StoredCart.Builder(userId);
        stored.exists = true;
        AttributeValue ttl = item.get(TTL);
        if (ttl != null) {
            long seconds = Math.min(whole(TTL, ttl, "a time in epoch seconds (N)"), Instant.MAX.getEpochSecond());
            stored.expiresAt = Instant.ofEpochSecond(seconds);
            stored.expired = seconds <= now.getEpochSecond();
        }
        item.forEach((name, value) -> stored.unknownBytes += KNOWN.contains(name) ? 0 : utf8(name) + sizeOf(value));
        AttributeValue list = item.get(CART_ITEMS);
        int listSize = list == null ? StoredCart.Pins.NO_LIST : StoredCart.Pins.ANY_LIST;
        if (list != null && list.hasL()) {
            listSize = list.l().size();
        }
        stored.pins = new StoredCart.Pins(
                item.get(VERSION),
                item.get(INCARNATION),
                item.get(TOTAL_ITEMS),
                item.get(TOTAL_PRICE),
                item.get(LAST_UPDATED),
                ttl,
                listSize);
        AttributeValue format = item.get(FORMAT);
        stored.format = format == null ? 0 : whole(FORMAT, format, WHOLE);
        if (stored.expired) {
            // What it holds is no cart any more, and need not be fit to be one.
            stored.memory = memoryOfExpired();
            return stored.build();
        }
        stored.memory = memory();
        if (listSize == StoredCart.Pins.ANY_LIST) {
            throw invalid(CART_ITEMS, "a list (L)");
        }
        decodeLines(list == null ? List.of() : list.l(), stored);
        stored.lastUpdated = instant(LAST_UPDATED, item.get(LAST_UPDATED));
        BigDecimal items = total(TOTAL_ITEMS);
        BigDecimal price = total(TOTAL_PRICE);

        StoredCart result = stored.build();
        boolean totalsTrue = (items == null
                        || items.compareTo(BigDecimal.valueOf(result.cart().totalItems())) == 0)
                && (price == null || price.compareTo(result.cart().totalPrice()) == 0);
        if (totalsTrue && stored.indexed && (stored.idsTrue || stored.memory == null)) {
            return result;
        }
        stored.drifted = true;
        return stored.build();
    }

    private @Nullable BigDecimal total(String name) {
        AttributeValue total = item.get(name);
        return total == null ? null : number(name, total, "a number (N)");
    }

    private @Nullable Memory memoryOfExpired() {
        try {
            return memory();
        } catch (InvalidStoredCartException e) {
            return null;
        }
    }

    private void decodeLines(List<AttributeValue> values, StoredCart.Builder stored) {
        List<CartItem> items = new ArrayList<>(values.size());
        List<AttributeValue> lines = values;
        LineIndex index = new LineIndex(items, values.size());
        for (int i = 0; i < values.size(); i++) {
            AttributeValue value = values.get(i);
            CartItem line = line(i, value);
            int earlier = line == null ? LineIndex.NONE : index.appendIfAbsent(line);
            if (line != null && earlier == LineIndex.NONE) {
                if (!stored.indexed) {
                    lines.add(value);
                }
                continue;
            }
            if (stored.indexed) {
                stored.indexed = false;
                lines = new ArrayList<>(values.subList(0, i));
            }
            if (line != null && earlier != LineIndex.NONE) {
                CartItem first = items.get(earlier);
                int quantity = first.quantity() + line.quantity();
                if (quantity < 0) {
                    throw invalid(
                            CART_ITEMS + "[" + i + "]." + QUANTITY, "a quantity that fits the book's other lines");
                }
                CartItem merged = first.withDetailsOf(line).withQuantity(quantity);
                if (line.addedAtOrNull() != null) {
                    merged = merged.withAddedAtIfAbsent(line.addedAtOrNull());
                }
                items.set(earlier, merged);
                Map<String, AttributeValue> attributes =
                        new LinkedHashMap<>(lines.get(earlier).m());
                value.m().forEach(attributes::putIfAbsent);
                lines.set(earlier, encodeLine(merged, attributes));
            }
        }
        AttributeValue ids = item.get(BOOK_IDS);
        if (ids != null && !ids.hasSs()) {
            throw invalid(BOOK_IDS, "a set of strings (SS)");
        }
        List<String> bookIds = ids == null ? List.of() : ids.ss();
        stored.idsTrue = stored.indexed && bookIds.size() == items.size() && index.holdsAll(bookIds);
        stored.content = new Cart(userId, items, null, null, null);
        stored.lines = lines;
    }

    /** Returns the line, or {@code null} if it is one of quantity 0: nothing, in the way of some other writer. */
    private @Nullable CartItem line(int index, AttributeValue value) {
        if (!value.hasM()) {
            throw invalid(linePath(index, ""), "a map (M)");
        }
        Map<String, AttributeValue> line = value.m();
        String bookId = lineText(index, line, BOOK_ID);
        if (bookId == null || bookId.isBlank() || Checks.isLongerThanAnId(bookId)) {
            throw invalid(
                    linePath(index, BOOK_ID), "a string, not blank, of at most " + Checks.MAX_ID_BYTES + " bytes (S)");
        }
        int quantity = quantity(index, line.get(QUANTITY));
        if (quantity == 0) {
            return null;
        }
        AttributeValue added = line.get(ADDED_AT);
        try {
            return CartItem.stored(
                    bookId,
                    lineText(index, line, TITLE),
                    lineText(index, line, AUTHOR),
                    micros(index, line.get(PRICE)),
                    quantity,
                    added == null ? null : lineInstant(index, added));
        } catch (IllegalArgumentException e) {
            throw invalid(linePath(index, ""), "a line, but " + e.getMessage());
        }
    }

    private @Nullable String lineText(int index, Map<String, AttributeValue> line, String name) {
        AttributeValue value = line.get(name);
        if (value == null) {
            return null;
        }
        String text = value.s();
        if (text == null) {
            throw invalid(linePath(index, name), STRING);
        }
        return text;
    }

    private Instant lineInstant(int index, AttributeValue value) {
        Instant instant = value.s() == null ? null : IsoInstant.parse(value.s());
        if (instant == null) {
            throw invalid(linePath(index, ADDED_AT), "an ISO-8601 time (S)");
        }
        return instant;
    }

    private int quantity(int index, @Nullable AttributeValue value) {
        long plain = value == null || value.n() == null ? Decimal.NOT_PLAIN : Decimal.whole(value.n());
        if (plain >= 0 && plain <= Integer.MAX_VALUE) {
            return (int) plain;
        }
        try {
            if (value != null && value.n() != null) {
                return Checks.atLeast(QUANTITY, 0, new BigDecimal(value.n()).intValueExact());
            }
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw invalid(linePath(index, QUANTITY), A_QUANTITY);
        }
        throw invalid(linePath(index, QUANTITY), A_QUANTITY);
    }

    private long micros(int index, @Nullable AttributeValue value) {
        long plain = value == null || value.n() == null ? Decimal.NOT_PLAIN : Decimal.micros(value.n());
        if (plain != Decimal.NOT_PLAIN) {
            return plain;
        }
        try {
            if (value != null && value.n() != null) {
                return Checks.micros(Checks.price(new BigDecimal(value.n())));
            }
        } catch (IllegalArgumentException e) {
            throw invalid(linePath(index, PRICE), A_PRICE);
        }
        throw invalid(linePath(index, PRICE), A_PRICE);
    }

    /** Reads the library's own attributes; an item that lacks one of them was not written by it, or was broken since. */
    private @Nullable Memory memory() {
        AttributeValue incarnation = item.get(INCARNATION);
        AttributeValue version = item.get(VERSION);
        AttributeValue writes = item.get(WRITES);
        AttributeValue forgotten = item.get(FORGOTTEN);
        AttributeValue lastWrite = item.get(LAST_WRITE);
        Map<String, Memory.Key> keys = keys(item.get(KEYS));
        String id = text(INCARNATION, incarnation);
        long counter = version == null ? 0 : whole(VERSION, version, WHOLE);
        if (writes != null && !writes.hasSs()) {
            throw invalid(WRITES, "a set of strings (SS)");
        }
        long floor = forgotten == null ? 0 : whole(FORGOTTEN, forgotten, "a time in epoch milliseconds (N)");
        long last = lastWrite == null ? 0 : whole(LAST_WRITE, lastWrite, "a time in epoch milliseconds (N)");
        AttributeValue until = item.get(KEYS_UNTIL);
        if (until != null) {
            whole(KEYS_UNTIL, until, "a time in epoch milliseconds (N)");
        }
        if (id == null || version == null || writes == null || forgotten == null || lastWrite == null) {
            return null;
        }
        return new Memory(id, counter, writes.ss(), floor, last, keys);
    }

    private Map<String, Memory.Key> keys(@Nullable AttributeValue value) {
        if (value == null) {
            return Map.of();
        }
        if (!value.hasM()) {
            throw invalid(KEYS, "a map (M)");
        }
        Map<String, Memory.Key> keys = new HashMap<>();
        value.m().forEach((hash, key) -> {
            AttributeValue until = key.hasM() ? key.m().get(KEY_UNTIL) : null;
            AttributeValue digest = key.hasM() ? key.m().get(KEY_DIGEST) : null;
            if (until == null || digest == null || digest.s() == null) {
                throw invalid(KEYS + "." + hash, "a map of " + KEY_UNTIL + " (N) and " + KEY_DIGEST + " (S)");
            }
            keys.put(hash, new Memory.Key(whole(KEYS + "." + hash + "." + KEY_UNTIL, until, WHOLE), digest.s()));
        });
        return keys;
    }

    private @Nullable String text(String path, @Nullable AttributeValue value) {
        if (value == null) {
            return null;
        }
        if (value.s() == null) {
            throw invalid(path, STRING);
        }
        return value.s();
    }

    private BigDecimal number(String path, AttributeValue value, String expected) {
        if (value.n() == null) {
            throw invalid(path, expected);
        }
        return new BigDecimal(value.n());
    }

    private long whole(String path, AttributeValue value, String expected) {
        long plain = value.n() == null ? Decimal.NOT_PLAIN : Decimal.whole(value.n());
        if (plain != Decimal.NOT_PLAIN) {
            return plain;
        }
        BigDecimal number = number(path, value, expected);
        if (number.signum() < 0 || number.precision() - number.scale() > 18) {
            throw invalid(path, expected);
        }
        try {
            return number.longValueExact();
        } catch (ArithmeticException e) {
            throw invalid(path, expected);
        }
    }

    private @Nullable Instant instant(String path, @Nullable AttributeValue value) {
        if (value == null) {
            return null;
        }
        Instant instant = value.s() == null ? null : IsoInstant.parse(value.s());
        if (instant == null) {
            throw invalid(path, "an ISO-8601 time (S)");
        }
        return instant;
    }

    /** Returns the refusal to write an item of a format that this version does not know. */
    static InvalidStoredCartException higherFormat(String userId) {
        return new InvalidStoredCartException(
                userId,
                FORMAT,
                "at most " + CURRENT_FORMAT,
                "the item is of a higher format than " + CURRENT_FORMAT
                        + ": a newer version of this library wrote it; it was"
                        + " left as it is, upgrade the library here to change it");
    }

    private static String linePath(int index, String name) {
        return CART_ITEMS + "[" + index + "]" + (name.isEmpty() ? "" : "." + name);
    }

    private InvalidStoredCartException invalid(String path, String expected) {
        return new InvalidStoredCartException(userId, path, expected);
    }

    /** Writes a line into what is stored of it already, so that attributes of other writers stay. */
    static AttributeValue encodeLine(CartItem item, Map<String, AttributeValue> stored) {
        Map<String, AttributeValue> line = new LinkedHashMap<>(stored);
        line.put(BOOK_ID, s(item.bookId()));
        putOrRemove(line, TITLE, item.titleOrNull());
        putOrRemove(line, AUTHOR, item.authorOrNull());
        line.put(PRICE, n(item.price()));
        line.put(QUANTITY, n(item.quantity()));
        Instant added = item.addedAtOrNull();
        putOrRemove(line, ADDED_AT, added == null ? null : added.toString());
        return AttributeValue.fromM(line);
    }

    /** Writes a line that changed into what is stored of it: of what did not change, the very values stay. */
    static AttributeValue encodeLine(CartItem from, CartItem to, Map<String, AttributeValue> stored) {
        Map<String, AttributeValue> line = new LinkedHashMap<>(stored);
        if (to.quantity() != from.quantity()) {
            line.put(QUANTITY, n(to.quantity()));
        }
        if (to.micros() != from.micros()) {
            line.put(PRICE, n(to.price()));
        }
        if (!Objects.equals(to.titleOrNull(), from.titleOrNull())) {
            putOrRemove(line, TITLE, to.titleOrNull());
        }
        if (!Objects.equals(to.authorOrNull(), from.authorOrNull())) {
            putOrRemove(line, AUTHOR, to.authorOrNull());
        }
        Instant added = to.addedAtOrNull();
        if (!Objects.equals(added, from.addedAtOrNull())) {
            putOrRemove(line, ADDED_AT, added == null ? null : added.toString());
        }
        return AttributeValue.fromM(line);
    }

    private static void putOrRemove(Map<String, AttributeValue> line, String name, @Nullable String text) {
        if (text == null) {
            line.remove(name);
        } else {
            line.put(name, s(text));
        }
    }

    static AttributeValue encodeKeys(Map<String, Memory.Key> keys) {
        Map<String, AttributeValue> map = new LinkedHashMap<>();
        keys.forEach((hash, key) -> map.put(hash, encodeKey(key)));
        return AttributeValue.fromM(map);
    }

    static AttributeValue encodeKey(Memory.Key key) {
        return AttributeValue.fromM(Map.of(KEY_UNTIL, n(key.until()), KEY_DIGEST, s(key.digest())));
    }

    static AttributeValue s(String value) {
        return AttributeValue.fromS(value);
    }

    static AttributeValue n(long value) {
        return AttributeValue.fromN(Long.toString(value));
    }

    static AttributeValue n(BigDecimal value) {
        return AttributeValue.fromN(value.toPlainString());
    }

    static AttributeValue ss(Collection<String> values) {
        return AttributeValue.fromSs(List.copyOf(values));
    }

    /**
     * Returns about the size of the item that would hold a cart, by DynamoDB's rules for item sizes: names and values count,
     * lists and maps add 3 bytes and 1 for each element, a number counts a byte for two digits and one more.
     */
    static int sizeOf(StoredCart stored) {
        int size = stored.unknownBytes() + FIXED_BYTES + utf8(stored.userId());
        for (AttributeValue line : stored.lines()) {
            size += 1 + sizeOf(line);
        }
        for (CartItem line : stored.cart().items()) {
            size += utf8(line.bookId());
        }
        Memory memory = stored.memory();
        return memory == null
                ? size
                : size + memory.writes().size() * WriteId.LENGTH + memory.keys().size() * BYTES_PER_KEY;
    }

    static int sizeOf(AttributeValue value) {
        int size = 0;
        switch (value.type()) {
            case S -> size = utf8(value.s());
            case N -> size = value.n().length() / 2 + 2;
            case B -> size = value.b().asByteArrayUnsafe().length;
            case SS -> {
                for (String element : value.ss()) {
                    size += utf8(element);
                }
            }
            case NS -> {
                for (String digits : value.ns()) {
                    size += digits.length() / 2 + 2;
                }
            }
            case BS -> {
                for (SdkBytes bytes : value.bs()) {
                    size += bytes.asByteArrayUnsafe().length;
                }
            }
            case L -> {
                size = 3;
                for (AttributeValue element : value.l()) {
                    size += 1 + sizeOf(element);
                }
            }
            case M -> {
                size = 3;
                for (Map.Entry<String, AttributeValue> entry : value.m().entrySet()) {
                    size += 1 + utf8(entry.getKey()) + sizeOf(entry.getValue());
                }
            }
            default -> size = 1;
        }
        return size;
    }

    private static int utf8(String text) {
        return Math.max(text.length(), Checks.utf8Length(text));
    }
}
