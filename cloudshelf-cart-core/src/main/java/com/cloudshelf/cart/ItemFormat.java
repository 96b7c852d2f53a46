package com.cloudshelf.cart;

import com.cloudshelf.cart.StoredCart.Drift;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The stored item: the names of its attributes, and the conversion between attribute values and a cart. */
final class ItemFormat {
    static final String USER_ID = "userId";
    static final String CART_ITEMS = "cartItems";
    static final String TOTAL_ITEMS = "totalItems";
    static final String TOTAL_PRICE = "totalPrice";
    static final String LAST_UPDATED = "lastUpdated";
    static final String TTL = "ttl";

    static final String VERSION = "version";
    static final String FORMAT = "format";

    // Short, because DynamoDB charges a write by the size of the item. docs/item-format.md explains them.
    static final String INCARNATION = "ci";
    static final String BOOK_HASHES = "cb";
    static final String RING = "cw";
    static final String FORGOTTEN = "cf";
    static final String LAST_WRITE = "ct";
    static final String KEYS_UNTIL = "cu";

    /** Precedes the hash of an idempotency key in the name of its attribute. */
    static final String KEY_PREFIX = "k_";

    static final String BOOK_ID = "bookId";
    static final String TITLE = "title";
    static final String AUTHOR = "author";
    static final String PRICE = "price";
    static final String QUANTITY = "quantity";
    static final String ADDED_AT = "addedAt";

    /** The format that this version writes. A higher format is read as far as it is known, and never written. */
    static final long CURRENT_FORMAT = 1;

    /** DynamoDB's limit for an item. */
    static final int MAX_ITEM_BYTES = 400 * 1024;

    /** The names of all attributes, and the values of those whose size hardly varies. */
    static final int FIXED_BYTES = 240;

    /** The number of characters in the hash of an idempotency key, and in the digest of its changes. */
    private static final int KEY_CHARS = 12;

    private static final int TIME_BYTES = 6;
    private static final int KEY_BYTES = TIME_BYTES + 9;

    /** DynamoDB never deletes an item whose time is further in the past, because it assumes a mistake. */
    private static final long LONGEST_EXPIRED_SECONDS = 5L * 365 * 86_400;

    /** Rounds to the digits that DynamoDB stores, and never to the number before. */
    private static final MathContext NEXT_NUMBER = new MathContext(38, RoundingMode.CEILING);

    private static final BigDecimal LARGEST_NUMBER = new BigDecimal("9.9999999999999999999999999999999999999E+125");

    /** The library's own numbers are smaller than this. Larger ones are read as this. */
    private static final long MOST = 1_000_000_000_000_000_000L;

    private static final String STRING = "a string (S)";
    private static final String AN_ID = "a string, not blank, of at most " + Checks.MAX_ID_BYTES + " bytes (S)";
    private static final String A_QUANTITY = "a whole number from 0 to 2147483647 (N)";
    private static final String A_PRICE = "a number from 0 to 10^12 with at most 6 decimals (N)";

    private final String userId;
    private final Map<String, AttributeValue> item;

    private ItemFormat(String userId, Map<String, AttributeValue> item) {
        this.userId = userId;
        this.item = item;
    }

    /**
     * Reads an item.
     *
     * @throws InvalidStoredCartException if it is not a valid cart
     */
    static StoredCart decode(String userId, Map<String, AttributeValue> item, Instant now) {
        return item.isEmpty() ? StoredCart.absent(userId) : new ItemFormat(userId, item).decode(now);
    }

    /**
     * Reads an item that was found without asking for its user. Its user ID may be one that no store accepts.
     *
     * @throws InvalidStoredCartException if it is not a valid cart
     */
    static StoredCart decode(Map<String, AttributeValue> item, Instant now) {
        AttributeValue id = item.get(USER_ID);
        if (id == null || id.s() == null || !Checks.isId(id.s())) {
            throw new InvalidStoredCartException(
                    "",
                    USER_ID,
                    AN_ID,
                    "the stored item is not a cart: " + USER_ID + " must be " + AN_ID
                            + "; no store can read or erase it, delete it with DeleteItem");
        }
        return decode(id.s(), item, now);
    }

    // The meaning of an item does not depend on the caller. Only the lines are the cart. An error in anything else
    // is drift, or a missing memory, and the next change repairs it. NULL means missing: object mappers write it if
    // there is no value.

    private StoredCart decode(Instant now) {
        StoredCart.Builder stored = new StoredCart.Builder(userId);
        stored.exists = true;
        for (Map.Entry<String, AttributeValue> attribute : item.entrySet()) {
            if (!isOwn(attribute.getKey(), attribute.getValue())) {
                stored.others = stored.others.isEmpty() ? new LinkedHashMap<>() : stored.others;
                stored.others.put(attribute.getKey(), attribute.getValue());
            }
        }
        AttributeValue list = item.get(CART_ITEMS);
        stored.pins = new StoredCart.Pins(
                item.get(VERSION),
                item.get(INCARNATION),
                item.get(TOTAL_ITEMS),
                item.get(TOTAL_PRICE),
                item.get(LAST_UPDATED),
                item.get(TTL),
                listSize(list));
        stored.keysUntil = item.get(KEYS_UNTIL);
        decodeExpiry(stored, now);
        decodeMemory(stored);
        if (stored.expired) {
            // An expired item is no longer a cart, so it need not be valid.
            stored.drift = Set.of();
            return stored.build();
        }
        if (stored.pins.listSize() == StoredCart.Pins.ANY_LIST) {
            throw invalid(CART_ITEMS, "a list (L)");
        }
        decodeLines(list == null || !list.hasL() ? List.of() : list.l(), stored);
        AttributeValue updated = present(LAST_UPDATED);
        stored.lastUpdated = instant(updated);
        if (updated != null && stored.lastUpdated == null) {
            stored.drifted(Drift.DISPLAY);
        }
        if (!isTotal(TOTAL_ITEMS, BigDecimal.valueOf(stored.content.totalItems()))
                || !isTotal(TOTAL_PRICE, stored.content.totalPrice())) {
            stored.drifted(Drift.TOTALS);
        }
        return stored.build();
    }

    private static boolean isOwn(String name, AttributeValue value) {
        return Attributes.NAMES_OF_THE_ITEM.contains(name) || isKey(name, value);
    }

    private static boolean isKey(String name, AttributeValue value) {
        return name.startsWith(KEY_PREFIX)
                && name.length() == KEY_PREFIX.length() + KEY_CHARS
                && value.b() != null
                && value.b().asByteArrayUnsafe().length == KEY_BYTES;
    }

    private static int listSize(@Nullable AttributeValue list) {
        if (list == null) {
            return StoredCart.Pins.NO_LIST;
        }
        if (list.hasL()) {
            return list.l().size();
        }
        return AttributeValues.isNull(list) ? StoredCart.Pins.NULL_LIST : StoredCart.Pins.ANY_LIST;
    }

    private static boolean isThere(@Nullable AttributeValue value) {
        return value != null && !AttributeValues.isNull(value);
    }

    /** Returns an attribute unless it is missing or {@code NULL}. */
    private @Nullable AttributeValue present(String name) {
        AttributeValue value = item.get(name);
        return value == null || AttributeValues.isNull(value) ? null : value;
    }

    private void decodeExpiry(StoredCart.Builder stored, Instant now) {
        AttributeValue ttl = present(TTL);
        BigDecimal time = number(ttl);
        if (time == null) {
            if (ttl != null) {
                stored.drifted(Drift.DISPLAY);
            }
            return;
        }
        long seconds = floor(time);
        if (seconds <= now.getEpochSecond() - LONGEST_EXPIRED_SECONDS && !isAfterLastWrite(seconds)) {
            return; // DynamoDB will not delete it, so it continues to exist; a time of 0 is a field that was never set
        }
        stored.expiresAt = Instant.ofEpochSecond(Math.min(seconds, Instant.MAX.getEpochSecond()));
        stored.expired = seconds <= now.getEpochSecond();
    }

    /** Whether this library may have set a time to live in the distant past. Then the cart has expired for good. */
    private boolean isAfterLastWrite(long seconds) {
        BigDecimal lastWrite = number(present(LAST_WRITE));
        return lastWrite != null && seconds >= Math.floorDiv(floor(lastWrite), 1000L);
    }

    private boolean isTotal(String name, BigDecimal expected) {
        AttributeValue total = present(name);
        if (total == null) {
            return true;
        }
        BigDecimal number = number(total);
        return number != null && number.compareTo(expected) == 0;
    }

    private void decodeLines(List<AttributeValue> values, StoredCart.Builder stored) {
        List<CartItem> items = new ArrayList<>(values.size());
        List<AttributeValue> lines = values;
        LineIndex index = new LineIndex(items, values.size());
        boolean oneForEach = true;
        for (int i = 0; i < values.size(); i++) {
            AttributeValue value = values.get(i);
            CartItem line = line(i, value);
            int earlier = line == null ? LineIndex.NONE : index.appendIfAbsent(line);
            boolean kept = line != null && earlier == LineIndex.NONE;
            AttributeValue cleaned = line == null ? null : withoutJunk(line, value);
            if (cleaned != null) {
                stored.drifted(Drift.DISPLAY);
            }
            if ((!kept || cleaned != null) && stored.indexed) {
                stored.indexed = false;
                lines = new ArrayList<>(values.subList(0, i));
            }
            if (kept) {
                if (!stored.indexed) {
                    lines.add(cleaned == null ? value : cleaned);
                }
                continue;
            }
            oneForEach = false;
            if (line == null) {
                stored.drifted(Drift.EMPTY_LINES);
                continue;
            }
            stored.drifted(Drift.DUPLICATES);
            CartItem first = items.get(earlier);
            int quantity = first.quantity() + line.quantity();
            if (quantity < 0) {
                throw invalid(linePath(i, QUANTITY), "a quantity that fits the book's other lines");
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
        AttributeValue hashes = present(BOOK_HASHES);
        List<SdkBytes> books = hashes == null || !hashes.hasBs() ? List.of() : hashes.bs();
        boolean isForeign = stored.memory == null && hashes == null;
        boolean canBeAddedTo =
                !item.containsKey(BOOK_HASHES) || item.get(BOOK_HASHES).hasBs();
        stored.idsTrue = oneForEach && canBeAddedTo && index.isOneForEach(books);
        if ((hashes != null && !hashes.hasBs())
                || (!isForeign && !stored.idsTrue && !(oneForEach && index.isOf(books)))) {
            stored.drifted(Drift.INDEX);
        }
        Attributes attributes = stored.others.isEmpty()
                ? Attributes.NONE
                : AttributeValues.shown(Attributes.NAMES_OF_THE_ITEM, stored.others);
        stored.content = Cart.ofDistinctLines(userId, items, attributes, null, null, null);
        stored.lines = lines;
    }

    /** Returns the line without an unreadable time, or {@code null} if it has none. */
    private static @Nullable AttributeValue withoutJunk(CartItem line, AttributeValue value) {
        return line.addedAtOrNull() == null && isThere(value.m().get(ADDED_AT)) ? encodeLine(line, value.m()) : null;
    }

    /** Returns the line, or {@code null} if its quantity is 0, by which some writers mean no line. */
    private @Nullable CartItem line(int index, AttributeValue value) {
        if (!value.hasM()) {
            throw invalid(linePath(index, ""), "a map (M)");
        }
        Map<String, AttributeValue> line = value.m();
        String bookId = lineText(index, BOOK_ID, line.get(BOOK_ID));
        if (bookId == null || !Checks.isId(bookId)) {
            throw invalid(linePath(index, BOOK_ID), AN_ID);
        }
        int quantity = quantity(index, line.get(QUANTITY));
        if (quantity == 0) {
            return null;
        }
        AttributeValue storedTitle = line.get(TITLE);
        AttributeValue storedAuthor = line.get(AUTHOR);
        AttributeValue storedTime = line.get(ADDED_AT);
        String title = lineText(index, TITLE, storedTitle);
        String author = lineText(index, AUTHOR, storedAuthor);
        long price = micros(index, line.get(PRICE));
        Instant time = instant(storedTime);
        Instant addedAt = time == null || Checks.isTime(time) ? time : null;
        int own = 3 + (storedTitle == null ? 0 : 1) + (storedAuthor == null ? 0 : 1) + (storedTime == null ? 0 : 1);
        Attributes attributes = line.size() == own ? Attributes.NONE : AttributeValues.shown(CartItem.OWN_NAMES, line);
        try {
            return CartItem.stored(bookId, title, author, price, quantity, addedAt, attributes);
        } catch (IllegalArgumentException e) {
            throw invalid(linePath(index, ""), "a line, but " + e.getMessage());
        }
    }

    private @Nullable String lineText(int index, String name, @Nullable AttributeValue value) {
        if (value == null) {
            return null;
        }
        String text = value.s();
        if (text == null && !AttributeValues.isNull(value)) {
            throw invalid(linePath(index, name), STRING);
        }
        return text;
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

    /**
     * Reads the library's own attributes. If one is missing, the library did not write the item, or another program has
     * damaged it since.
     */
    private void decodeMemory(StoredCart.Builder stored) {
        AttributeValue format = present(FORMAT);
        BigDecimal formatNumber = number(format);
        stored.format = formatNumber == null ? 0 : ceiling(formatNumber);
        BigDecimal version = number(present(VERSION));
        stored.counter = counter(version);

        AttributeValue incarnation = present(INCARNATION);
        AttributeValue ring = present(RING);
        BigDecimal forgotten = number(present(FORGOTTEN));
        BigDecimal lastWrite = number(present(LAST_WRITE));
        if (formatNumber != null
                && incarnation != null
                && incarnation.b() != null
                && version != null
                && version.signum() >= 0
                && ring != null
                && ring.hasBs()
                && forgotten != null
                && lastWrite != null
                && lastWrite.signum() >= 0) {
            List<WriteId> ids = new ArrayList<>(ring.bs().size());
            for (SdkBytes id : ring.bs()) {
                ids.add(WriteId.of(id));
            }
            stored.memory = new Memory(
                    WriteId.of(incarnation.b()), stored.counter, ids, floor(forgotten), floor(lastWrite), keys());
            AttributeValue keysUntil = present(KEYS_UNTIL);
            if (keysUntil == null ? !stored.memory.keys().isEmpty() : keysUntil.n() == null) {
                stored.drifted(Drift.INDEX);
            }
        } else if (format != null || incarnation != null || ring != null || forgotten != null || lastWrite != null) {
            stored.drifted(Drift.INDEX);
        }
    }

    private Map<String, Memory.Key> keys() {
        Map<String, Memory.Key> keys = new HashMap<>();
        for (Map.Entry<String, AttributeValue> attribute : item.entrySet()) {
            String name = attribute.getKey();
            if (isKey(name, attribute.getValue())) {
                keys.put(name.substring(KEY_PREFIX.length()), decodeKey(attribute.getValue()));
            }
        }
        return keys.isEmpty() ? Map.of() : keys;
    }

    private static Memory.Key decodeKey(AttributeValue stored) {
        ByteBuffer bytes = stored.b().asByteBuffer();
        long until = ((bytes.getShort() & 0xffffL) << 32) | (bytes.getInt() & 0xffffffffL);
        byte[] digest = new byte[bytes.remaining()];
        bytes.get(digest);
        return new Memory.Key(until, Base64.getUrlEncoder().withoutPadding().encodeToString(digest));
    }

    /** Returns a number, or {@code null} if the value is not a number. */
    static @Nullable BigDecimal number(@Nullable AttributeValue value) {
        if (value == null || value.n() == null) {
            return null;
        }
        long plain = Decimal.whole(value.n());
        if (plain != Decimal.NOT_PLAIN) {
            return BigDecimal.valueOf(plain);
        }
        try {
            return new BigDecimal(value.n());
        } catch (NumberFormatException e) {
            return null; // only if an item does not come from DynamoDB
        }
    }

    /** Returns the integer part of a number, cut off at 18 digits. The work does not grow with its exponent. */
    private static long floor(BigDecimal number) {
        long digits = (long) number.precision() - number.scale();
        if (digits > 18) {
            return number.signum() < 0 ? -MOST : MOST;
        }
        if (digits <= 0) {
            return number.signum() < 0 ? -1 : 0;
        }
        return number.setScale(0, RoundingMode.FLOOR).longValueExact();
    }

    private static long ceiling(BigDecimal number) {
        return -floor(number.negate());
    }

    private static @Nullable Instant instant(@Nullable AttributeValue value) {
        return value == null || value.s() == null ? null : IsoInstant.parse(value.s());
    }

    /** Returns the integer part of a number. */
    static long whole(AttributeValue value) {
        BigDecimal number = number(value);
        return number == null ? 0 : floor(number);
    }

    /**
     * Returns the version after the stored one: always higher, whatever another program has stored, except after the
     * largest number of all.
     */
    static AttributeValue nextVersion(@Nullable AttributeValue stored) {
        BigDecimal version = number(stored);
        if (version == null || version.signum() < 0 || version.compareTo(LARGEST_NUMBER) >= 0) {
            return n(1);
        }
        return version.precision() - version.scale() > 18
                ? n(version.add(BigDecimal.ONE, NEXT_NUMBER))
                : n(floor(version) + 1);
    }

    /**
     * Returns a number of at most 18 digits that differs from one version to the next: the version itself, unless another
     * program has stored a longer one, such as a time in nanoseconds.
     */
    static long counter(@Nullable BigDecimal version) {
        if (version == null || version.signum() <= 0) {
            return 0;
        }
        if (version.precision() - version.scale() <= 18) {
            return floor(version);
        }
        BigDecimal canonical = version.stripTrailingZeros();
        return Math.floorMod(31 * canonical.unscaledValue().longValue() + canonical.scale(), MOST);
    }

    /** Returns the refusal to write an item of an unknown, higher format. */
    static InvalidStoredCartException higherFormat(String userId) {
        return new InvalidStoredCartException(
                userId,
                FORMAT,
                "at most " + CURRENT_FORMAT,
                "the item is of a higher format than " + CURRENT_FORMAT
                        + ": a newer version of this library wrote it. It was"
                        + " left unchanged; upgrade the library here to change it");
    }

    private static String linePath(int index, String name) {
        return CART_ITEMS + "[" + index + "]" + (name.isEmpty() ? "" : "." + name);
    }

    private InvalidStoredCartException invalid(String path, String expected) {
        return new InvalidStoredCartException(userId, path, expected);
    }

    /** Writes a line into its stored form, so that other writers' attributes that cannot be shown stay. */
    static AttributeValue encodeLine(CartItem item, Map<String, AttributeValue> stored) {
        Map<String, AttributeValue> line = new LinkedHashMap<>(stored);
        line.put(BOOK_ID, s(item.bookId()));
        putOrRemove(line, TITLE, item.titleOrNull());
        putOrRemove(line, AUTHOR, item.authorOrNull());
        line.put(PRICE, n(item.price()));
        line.put(QUANTITY, n(item.quantity()));
        Instant added = item.addedAtOrNull();
        putOrRemove(line, ADDED_AT, added == null ? null : IsoInstant.text(added));
        if (!item.ownAttributes().isEmpty() || !stored.isEmpty()) {
            putOwn(line, AttributeValues.shown(CartItem.OWN_NAMES, stored), item.ownAttributes());
        }
        return AttributeValue.fromM(line);
    }

    /** Writes a changed line into its stored form. Unchanged values stay exactly as they are. */
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
            putOrRemove(line, ADDED_AT, added == null ? null : IsoInstant.text(added));
        }
        putOwn(line, from.ownAttributes(), to.ownAttributes());
        return AttributeValue.fromM(line);
    }

    private static void putOwn(Map<String, AttributeValue> line, Attributes from, Attributes to) {
        for (Map.Entry<String, @Nullable AttributeValue> change :
                AttributeValues.changes(from, to).entrySet()) {
            AttributeValue value = change.getValue();
            if (value == null) {
                line.remove(change.getKey());
            } else {
                line.put(change.getKey(), value);
            }
        }
    }

    private static void putOrRemove(Map<String, AttributeValue> line, String name, @Nullable String text) {
        if (text == null) {
            line.remove(name);
        } else {
            line.put(name, s(text));
        }
    }

    static AttributeValue encodeKey(Memory.Key key) {
        byte[] digest = Base64.getUrlDecoder().decode(key.digest());
        byte[] bytes = ByteBuffer.allocate(TIME_BYTES + digest.length)
                .putShort((short) (key.until() >>> 32))
                .putInt((int) key.until())
                .put(digest)
                .array();
        return AttributeValue.fromB(SdkBytes.fromByteArrayUnsafe(bytes));
    }

    static String keyName(String hash) {
        return KEY_PREFIX + hash;
    }

    /** Returns the attribute for the time until which the item has keys: in seconds, like the time to live. */
    static AttributeValue keysUntil(long millis) {
        return n(wholeSeconds(millis));
    }

    /** Returns a time in epoch seconds, rounded up. */
    static long wholeSeconds(long millis) {
        return (millis + 999) / 1000;
    }

    static AttributeValue b(WriteId id) {
        return AttributeValue.fromB(id.bytes());
    }

    static AttributeValue bs(Collection<WriteId> ids) {
        List<SdkBytes> bytes = new ArrayList<>(ids.size());
        for (WriteId id : ids) {
            bytes.add(id.bytes());
        }
        return AttributeValue.fromBs(bytes);
    }

    /** Returns the set of the hashes of these lines' books. */
    static AttributeValue hashes(Collection<CartItem> lines) {
        Set<SdkBytes> hashes = new LinkedHashSet<>();
        for (CartItem line : lines) {
            hashes.add(LineIndex.stored(LineIndex.hash(line.bookId())));
        }
        return AttributeValue.fromBs(List.copyOf(hashes));
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

    /**
     * Returns the approximate size of the item for a cart, by DynamoDB's rules for item sizes: names and values count;
     * lists and maps add 3 bytes, and 1 for each element; a number takes a byte for two digits, and one more.
     */
    static int sizeOf(StoredCart stored) {
        int size = stored.unknownBytes() + FIXED_BYTES + AttributeValues.utf8(stored.userId());
        for (AttributeValue line : stored.lines()) {
            size += 1 + AttributeValues.sizeOf(line);
        }
        size += stored.lines().size() * LineIndex.HASH_BYTES;
        Memory memory = stored.memory();
        return memory == null
                ? size
                : size
                        + memory.ring().size() * WriteId.LENGTH
                        + memory.keys().size() * (KEY_PREFIX.length() + KEY_CHARS + KEY_BYTES);
    }
}
