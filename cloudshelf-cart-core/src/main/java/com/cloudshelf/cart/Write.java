package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.n;
import static com.cloudshelf.cart.ItemFormat.s;
import static com.cloudshelf.cart.ItemFormat.ss;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * One conditional write: its expressions, and what the item holds once it took effect. Pure; the call sends it.
 *
 * <p>There are six forms, and no other way to change a cart: {@link #add} without a read, {@link #raise} of a line that was
 * seen, {@link #change} of what was seen,
 * {@link #replace} of an absent, expired or cleared cart, the removal of a rested item that was seen ({@link #clear}), and
 * {@link #removeRested} of one that was not. Another, {@link #forbid}, writes to what the item remembers only.
 */
final class Write {
    enum Kind {
        UPDATE,
        PUT,
        DELETE
    }

    /** What every write of a store shares. */
    record Terms(Duration timeToLive, CartLimits limits, int ringSize) {}

    /**
     * The moment of a write, and whose write it is: the store's time for the cart, the system's for the write id.
     *
     * @param refused the id of an addition of the same call that is to be refused from now on, if it has one
     */
    record Stamp(WriteId id, @Nullable WriteId refused, Instant now, long systemNow) {
        Stamp(WriteId id, Instant now, long systemNow) {
            this(id, null, now, systemNow);
        }
    }

    /** An idempotency key that the write leaves behind. */
    record KeyEntry(String hash, Memory.Key key) {}

    // DynamoDB allows 4 KB for an expression and 300 operators; beyond these the list is sent whole.
    private static final int MAX_TOUCHED_LINES = 20;
    private static final int MAX_APPENDED_LINES = 50;

    /** Two reserved words of DynamoDB, and a name that occurs so often that a placeholder is shorter. */
    private static final Map<String, String> ALIASES =
            Map.of(ItemFormat.TTL, "#t", ItemFormat.FORMAT, "#f", ItemFormat.CART_ITEMS, "#c");

    private static final List<String> ALWAYS_NUMBERS =
            List.of(ItemFormat.TOTAL_ITEMS, ItemFormat.TOTAL_PRICE, ItemFormat.VERSION, ItemFormat.LAST_WRITE);

    private final Kind kind;
    private final String userId;
    private final String update;
    private final String condition;
    private final Map<String, AttributeValue> item;
    private final Map<String, String> names;
    private final Map<String, AttributeValue> values;
    private final Pin pin;
    private final @Nullable StoredCart before;
    private final @Nullable StoredCart after;

    private Write(
            Kind kind,
            String userId,
            Expression expression,
            Map<String, AttributeValue> item,
            Pin pin,
            @Nullable StoredCart after) {
        this.kind = kind;
        this.userId = userId;
        this.update = expression.update();
        this.condition = expression.condition();
        this.item = item;
        this.names = expression.names;
        this.values = expression.values;
        this.pin = pin;
        this.before = pin.seen();
        this.after = after;
    }

    /**
     * Appends a line for a book, whatever else the cart holds: no read comes before it, and it conflicts with no other write
     * of its form. The condition refuses it where the cart would break a rule, and where an earlier try of it took effect.
     */
    static Write add(String userId, CartItem item, Stamp stamp, Terms terms) {
        CartItem line = item.withAddedAtIfAbsent(stamp.now());
        BigDecimal price = line.price().multiply(BigDecimal.valueOf(line.quantity()));
        AttributeValue appended = ItemFormat.encodeLine(line, Map.of());
        checkSize(userId, ItemFormat.sizeOf(appended));
        Expression e = new Expression();
        String list = e.name(ItemFormat.CART_ITEMS);
        String bookIds = e.name(ItemFormat.BOOK_IDS);
        e.require("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ") OR (");
        requireCart(e, stamp, terms);
        e.and("NOT contains(" + bookIds + "," + e.value(s(line.bookId())) + ")");
        e.and("size(" + list + ")<" + e.value(n(terms.limits().maxLines())));
        e.require(")");
        e.set(
                ItemFormat.CART_ITEMS,
                "list_append(if_not_exists(" + list + "," + e.value(AttributeValue.fromL(List.of())) + "),"
                        + e.value(AttributeValue.fromL(List.of(appended))) + ")");
        Memory fresh = Memory.begin(stamp.id(), null);
        e.set(ItemFormat.FORMAT, n(ItemFormat.CURRENT_FORMAT));
        e.setIfAbsent(ItemFormat.INCARNATION, s(fresh.incarnation()));
        e.setIfAbsent(ItemFormat.FORGOTTEN, n(fresh.forgotten()));
        e.add(ItemFormat.BOOK_IDS, ss(List.of(line.bookId())));
        countIn(e, line.quantity(), price, stamp, terms);
        return new Write(Kind.UPDATE, userId, e, Map.of(), Pin.none(stamp.id()), null);
    }

    /**
     * Adds to a line that was seen, whatever became of the rest of the cart: like {@link #add}, it pins no version. What it
     * needs to know of the line it pins.
     *
     * @param line as it was seen
     */
    static Write raise(StoredCart seen, CartItem line, CartItem added, Stamp stamp, Terms terms) {
        BigDecimal price = added.price().multiply(BigDecimal.valueOf(added.quantity()));
        Expression e = new Expression();
        String path = e.name(ItemFormat.CART_ITEMS) + "[" + seen.cart().items().indexOf(line) + "].";
        String quantity = path + ItemFormat.QUANTITY;
        requireCart(e, stamp, terms);
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
        // Not pinned, so not written back as they were seen.
        added.title().ifPresent(title -> e.assign(path + ItemFormat.TITLE, e.value(s(title))));
        added.author().ifPresent(author -> e.assign(path + ItemFormat.AUTHOR, e.value(s(author))));
        countIn(e, added.quantity(), price, stamp, terms);
        return new Write(Kind.UPDATE, seen.userId(), e, Map.of(), Pin.line(stamp.id()), null);
    }

    /** Refuses a write that pins no version if the item is no cart of this library, or could hide that it took effect before. */
    private static void requireCart(Expression e, Stamp stamp, Terms terms) {
        String list = e.name(ItemFormat.CART_ITEMS);
        String bookIds = e.name(ItemFormat.BOOK_IDS);
        String writes = e.name(ItemFormat.WRITES);
        String zero = e.value(n(0));
        String set = e.value(s("SS"));
        e.and(e.name(ItemFormat.FORMAT) + "=" + e.value(n(ItemFormat.CURRENT_FORMAT)));
        // A comparison is false for a value of another type: an item that is no cart is refused, not written to.
        for (String number : ALWAYS_NUMBERS) {
            e.and(e.name(number) + ">=" + zero);
        }
        String low = e.value(s("-"));
        e.and(e.name(ItemFormat.LAST_UPDATED) + ">=" + low);
        e.and(e.name(ItemFormat.INCARNATION) + ">=" + low);
        e.and("attribute_type(" + list + "," + e.value(s("L")) + ")");
        e.and("(attribute_type(" + bookIds + "," + set + ") AND size(" + list + ")=size(" + bookIds
                + ") OR attribute_not_exists(" + bookIds + ") AND size(" + list + ")=" + zero + ")");
        e.and(e.name(ItemFormat.TTL) + ">" + e.value(n(stamp.now().getEpochSecond())));
        e.and("attribute_type(" + writes + "," + set + ")");
        e.and("size(" + writes + ")<" + e.value(n(terms.ringSize())));
        e.and("NOT contains(" + writes + "," + e.value(s(stamp.id().text())) + ")");
        e.and(e.name(ItemFormat.FORGOTTEN) + "<" + e.value(n(stamp.id().begin())));
        ifPresent(e, ItemFormat.KEYS, "attribute_type(" + e.name(ItemFormat.KEYS) + "," + e.value(s("M")) + ")");
        ifPresent(e, ItemFormat.KEYS_UNTIL, e.name(ItemFormat.KEYS_UNTIL) + ">=" + zero);
    }

    private static void countIn(Expression e, int quantity, BigDecimal price, Stamp stamp, Terms terms) {
        e.set(ItemFormat.LAST_UPDATED, s(stamp.now().toString()));
        e.set(ItemFormat.LAST_WRITE, n(stamp.now().toEpochMilli()));
        e.set(ItemFormat.TTL, n(expiry(stamp, terms)));
        e.add(ItemFormat.TOTAL_ITEMS, n(quantity));
        e.add(ItemFormat.TOTAL_PRICE, n(price));
        e.add(ItemFormat.VERSION, n(1));
        e.add(ItemFormat.WRITES, ss(List.of(stamp.id().text())));
    }

    /**
     * Has an addition of this id refused from now on, without any other effect; is refused itself if the addition has taken
     * effect.
     */
    static Write forbid(String userId, WriteId id) {
        Expression e = new Expression();
        String writes = e.name(ItemFormat.WRITES);
        e.and("attribute_type(" + writes + "," + e.value(s("SS")) + ")");
        e.and("NOT contains(" + writes + "," + e.value(s(id.text())) + ")");
        e.and(e.name(ItemFormat.FORGOTTEN) + "<" + e.value(n(id.begin())));
        e.add(ItemFormat.WRITES, ss(List.of(id.text())));
        return new Write(Kind.UPDATE, userId, e, Map.of(), Pin.line(id), null);
    }

    /**
     * Excludes attempts: puts their IDs into the ring, beside its own, so that each is refused if it arrives later. Is refused
     * itself if one of them has taken effect, or may have. So its own ID in the ring says that none did and none will.
     *
     * @param excluded the IDs of the attempts, without the fence's own
     * @param raiseVersion whether attempts that pin the version are to be refused, too
     */
    static Write fence(String userId, List<WriteId> excluded, boolean raiseVersion, Stamp stamp) {
        Expression e = new Expression();
        String writes = e.name(ItemFormat.WRITES);
        e.and("attribute_type(" + writes + "," + e.value(s("SS")) + ")");
        e.and(e.name(ItemFormat.FORMAT) + "=" + e.value(n(ItemFormat.CURRENT_FORMAT)));
        List<String> ids = new ArrayList<>();
        ids.add(stamp.id().text());
        for (WriteId id : excluded) {
            ids.add(id.text());
            e.and("NOT contains(" + writes + "," + e.value(s(id.text())) + ")");
            e.and(e.name(ItemFormat.FORGOTTEN) + "<" + e.value(n(id.begin())));
        }
        // A cart that is fenced has not rested: its ring must outlive the attempts.
        e.set(ItemFormat.LAST_WRITE, n(stamp.now().toEpochMilli()));
        e.add(ItemFormat.WRITES, ss(ids));
        if (raiseVersion) {
            e.add(ItemFormat.VERSION, n(1));
        }
        return new Write(Kind.UPDATE, userId, e, Map.of(), Pin.line(stamp.id()), null);
    }

    private static void ifPresent(Expression e, String attribute, String clause) {
        e.and("(attribute_not_exists(" + e.name(attribute) + ") OR " + clause + ")");
    }

    /**
     * Turns the cart that was seen into another. Lines that did not change are not sent; the condition pins the version, and
     * what shows that a writer who knows no versions was there.
     */
    static Write change(StoredCart before, Cart cart, @Nullable KeyEntry key, Stamp stamp, Terms terms) {
        return change(before, cart, Map.of(), key, stamp, terms);
    }

    private static Write change(
            StoredCart before,
            Cart cart,
            Map<String, AttributeValue> brought,
            @Nullable KeyEntry key,
            Stamp stamp,
            Terms terms) {
        Memory memory = memoryAfter(before, key, stamp, terms);
        Lines lines = new Lines(before, cart.items(), brought);
        Expression e = new Expression();
        pin(e, before);
        if (lines.canBeTouchedOneByOne()) {
            lines.touch(e);
        } else {
            e.set(ItemFormat.CART_ITEMS, AttributeValue.fromL(lines.values));
        }
        setBookIds(e, before, lines, cart);
        Head head = Head.of(cart, memory, stamp, terms);
        e.set(ItemFormat.TOTAL_ITEMS, head.totalItems);
        e.set(ItemFormat.TOTAL_PRICE, head.totalPrice);
        e.set(ItemFormat.LAST_UPDATED, head.lastUpdated);
        e.set(ItemFormat.TTL, head.ttl);
        e.set(ItemFormat.VERSION, head.version);
        setMemory(e, before, memory, key, stamp);
        StoredCart after = after(before, cart, lines.values, memory, head, stamp, terms);
        if (lines.grew) {
            checkSize(before.userId(), ItemFormat.sizeOf(after));
        }
        return new Write(Kind.UPDATE, before.userId(), e, Map.of(), Pin.version(stamp.id(), before), after);
    }

    /**
     * Writes a cart as a whole, where there is none, where an expired one still lies, or where a cart is cleared. Attributes of
     * other writers go with the old one; what the item remembers of its writes stays.
     */
    static Write replace(StoredCart before, Cart cart, @Nullable KeyEntry key, Stamp stamp, Terms terms) {
        return replace(before, cart, Map.of(), key, stamp, terms);
    }

    private static Write replace(
            StoredCart before,
            Cart cart,
            Map<String, AttributeValue> brought,
            @Nullable KeyEntry key,
            Stamp stamp,
            Terms terms) {
        Memory memory = memoryAfter(before, key, stamp, terms);
        List<AttributeValue> lines = new ArrayList<>();
        cart.items().forEach(item -> lines.add(encodeNew(item, brought)));
        Head head = Head.of(cart, memory, stamp, terms);
        StoredCart after = after(before, cart, lines, memory, head, stamp, terms);
        checkSize(before.userId(), ItemFormat.sizeOf(after));

        Map<String, AttributeValue> item = new LinkedHashMap<>();
        item.put(ItemFormat.USER_ID, s(before.userId()));
        item.put(ItemFormat.CART_ITEMS, AttributeValue.fromL(lines));
        item.put(ItemFormat.TOTAL_ITEMS, head.totalItems);
        item.put(ItemFormat.TOTAL_PRICE, head.totalPrice);
        item.put(ItemFormat.LAST_UPDATED, head.lastUpdated);
        item.put(ItemFormat.TTL, head.ttl);
        item.put(ItemFormat.FORMAT, n(ItemFormat.CURRENT_FORMAT));
        item.put(ItemFormat.INCARNATION, head.incarnation);
        item.put(ItemFormat.VERSION, head.version);
        item.put(ItemFormat.WRITES, ss(memory.writes()));
        item.put(ItemFormat.FORGOTTEN, n(memory.forgotten()));
        item.put(ItemFormat.LAST_WRITE, n(memory.lastWrite()));
        if (!cart.isEmpty()) {
            item.put(ItemFormat.BOOK_IDS, ss(bookIds(cart.items())));
        }
        if (!memory.keys().isEmpty()) {
            item.put(ItemFormat.KEYS, ItemFormat.encodeKeys(memory.keys()));
            item.put(ItemFormat.KEYS_UNTIL, n(memory.keysUntil()));
        }
        Expression e = new Expression();
        pin(e, before);
        pinRing(e, before.memory());
        return new Write(Kind.PUT, before.userId(), e, item, Pin.version(stamp.id(), before), after);
    }

    /** Turns the cart that was seen into its merger with another, whose lines bring the attributes that are stored of them. */
    static Write merge(StoredCart before, Cart merged, StoredCart from, Stamp stamp, Terms terms) {
        Map<String, AttributeValue> brought = new HashMap<>();
        List<CartItem> items = from.cart().items();
        for (int i = 0; i < items.size(); i++) {
            brought.put(items.get(i).bookId(), from.lines().get(i));
        }
        return before.exists() && !before.isExpired()
                ? change(before, merged, brought, null, stamp, terms)
                : replace(before, merged, brought, null, stamp, terms);
    }

    /** Empties a cart: deletes its item if it has rested and holds no live key, else leaves its memory in place. */
    static Write clear(StoredCart before, @Nullable KeyEntry key, Stamp stamp, Terms terms) {
        Memory memory = before.memory();
        long now = stamp.now().toEpochMilli();
        boolean rested = memory != null && memory.isRested(now) && memory.liveKeys(now) == 0;
        return key == null && rested ? remove(before) : replace(before, Cart.empty(before.userId()), key, stamp, terms);
    }

    private static AttributeValue encodeNew(CartItem item, Map<String, AttributeValue> brought) {
        AttributeValue stored = brought.get(item.bookId());
        return ItemFormat.encodeLine(item, stored == null ? Map.of() : stored.m());
    }

    private static Write remove(StoredCart before) {
        Expression e = new Expression();
        pin(e, before);
        pinRing(e, before.memory());
        StoredCart after = StoredCart.absent(before.userId());
        return new Write(Kind.DELETE, before.userId(), e, Map.of(), Pin.version(null, before), after);
    }

    /** Deletes an item that was not seen, if it has rested and holds no live idempotency key; also succeeds if there is none. */
    static Write removeRested(String userId, Instant now) {
        Expression e = new Expression();
        long millis = now.toEpochMilli();
        String lastWrite = e.name(ItemFormat.LAST_WRITE);
        String keysUntil = e.name(ItemFormat.KEYS_UNTIL);
        e.require("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ") OR (");
        long restedBefore = millis - Memory.REST_MILLIS;
        e.and(lastWrite + "<" + e.value(n(restedBefore)));
        e.and("attribute_type(" + e.name(ItemFormat.CART_ITEMS) + "," + e.value(s("L")) + ")");
        e.and("(attribute_not_exists(" + keysUntil + ") OR " + keysUntil + "<" + e.value(n(millis)) + ")");
        e.and(e.name(ItemFormat.FORMAT) + "=" + e.value(n(ItemFormat.CURRENT_FORMAT)));
        e.require(")");
        return new Write(Kind.DELETE, userId, e, Map.of(), Pin.rest(restedBefore), StoredCart.absent(userId));
    }

    private static long expiry(Stamp stamp, Terms terms) {
        return stamp.now().plus(terms.timeToLive()).getEpochSecond();
    }

    private static Memory memoryAfter(StoredCart before, @Nullable KeyEntry key, Stamp stamp, Terms terms) {
        Memory memory = before.memory();
        if (memory == null || before.isExpired()) {
            memory = Memory.begin(stamp.id(), memory);
        }
        memory = memory.after(
                stamp.id(), stamp.refused(), stamp.now().toEpochMilli(), stamp.systemNow(), terms.ringSize());
        return key == null
                ? memory
                : memory.with(key.hash(), key.key(), stamp.now().toEpochMilli());
    }

    /** The attributes of a cart beside its lines, as a write leaves them and the next one pins them. */
    private record Head(
            AttributeValue version,
            AttributeValue incarnation,
            AttributeValue totalItems,
            AttributeValue totalPrice,
            AttributeValue lastUpdated,
            AttributeValue ttl) {
        static Head of(Cart cart, Memory memory, Stamp stamp, Terms terms) {
            return new Head(
                    n(memory.version()),
                    s(memory.incarnation()),
                    n(cart.totalItems()),
                    n(cart.totalPrice()),
                    s(stamp.now().toString()),
                    n(expiry(stamp, terms)));
        }

        StoredCart.Pins pins(int listSize) {
            return new StoredCart.Pins(version, incarnation, totalItems, totalPrice, lastUpdated, ttl, listSize);
        }
    }

    private static StoredCart after(
            StoredCart before,
            Cart cart,
            List<AttributeValue> lines,
            Memory memory,
            Head head,
            Stamp stamp,
            Terms terms) {
        StoredCart.Builder after = new StoredCart.Builder(before.userId());
        after.exists = true;
        after.content = cart;
        after.lines = lines;
        after.memory = memory;
        after.format = ItemFormat.CURRENT_FORMAT;
        after.unknownBytes = before.unknownBytes();
        after.lastUpdated = stamp.now();
        after.expiresAt = Instant.ofEpochSecond(expiry(stamp, terms));
        after.pins = head.pins(lines.size());
        return after.build();
    }

    private static void checkSize(String userId, int bytes) {
        if (bytes > ItemFormat.MAX_ITEM_BYTES) {
            throw new CartRejectedException(
                    userId, Reason.TOO_LARGE, "the cart would exceed DynamoDB's 400 KB for an item");
        }
    }

    /** Refuses the write if the item is another than the one that was seen. */
    private static void pin(Expression e, StoredCart before) {
        if (!before.exists()) {
            e.and("attribute_not_exists(" + e.name(ItemFormat.USER_ID) + ")");
            return;
        }
        StoredCart.Pins pins = before.pins();
        e.pin(e.name(ItemFormat.VERSION), pins.version());
        e.pin(e.name(ItemFormat.INCARNATION), pins.incarnation());
        e.pin(e.name(ItemFormat.TOTAL_ITEMS), pins.totalItems());
        e.pin(e.name(ItemFormat.TOTAL_PRICE), pins.totalPrice());
        e.pin(e.name(ItemFormat.LAST_UPDATED), pins.lastUpdated());
        if (before.isExpired()) {
            e.pin(e.name(ItemFormat.TTL), pins.ttl());
        }
        if (pins.listSize() < 0) {
            e.and("attribute_exists(" + e.name(ItemFormat.USER_ID) + ")");
        }
        if (pins.listSize() == StoredCart.Pins.NO_LIST) {
            e.and("attribute_not_exists(" + e.name(ItemFormat.CART_ITEMS) + ")");
        } else if (pins.listSize() >= 0) {
            e.and("size(" + e.name(ItemFormat.CART_ITEMS) + ")=" + e.value(n(pins.listSize())));
        }
    }

    /** Refuses a write that would drop an id which {@link #forbid} has put in. */
    private static void pinRing(Expression e, @Nullable Memory seen) {
        if (seen != null) {
            e.and("size(" + e.name(ItemFormat.WRITES) + ")="
                    + e.value(n(seen.writes().size())));
        }
    }

    private static Set<String> bookIds(List<CartItem> items) {
        Set<String> ids = new HashSet<>();
        items.forEach(item -> ids.add(item.bookId()));
        return ids;
    }

    private static void setBookIds(Expression e, StoredCart before, Lines lines, Cart cart) {
        boolean onlyAppended = lines.removed.isEmpty();
        boolean onlyRemoved = lines.appended.isEmpty();
        if (before.areIdsTrue() && onlyAppended && onlyRemoved) {
            return;
        }
        if (before.areIdsTrue() && onlyAppended) {
            e.add(ItemFormat.BOOK_IDS, ss(bookIds(lines.appended)));
        } else if (before.areIdsTrue() && onlyRemoved) {
            e.delete(ItemFormat.BOOK_IDS, ss(bookIds(lines.removed)));
        } else if (cart.isEmpty()) {
            e.remove(e.name(ItemFormat.BOOK_IDS));
        } else {
            e.set(ItemFormat.BOOK_IDS, ss(bookIds(cart.items())));
        }
    }

    private static void setMemory(Expression e, StoredCart before, Memory after, @Nullable KeyEntry key, Stamp stamp) {
        Memory known = before.memory();
        int ids = stamp.refused() == null ? 1 : 2;
        e.set(ItemFormat.LAST_WRITE, n(after.lastWrite()));
        if (known != null && after.writes().size() == known.writes().size() + ids) {
            e.add(
                    ItemFormat.WRITES,
                    ss(after.writes()
                            .subList(known.writes().size(), after.writes().size())));
        } else {
            pinRing(e, known);
            e.set(ItemFormat.WRITES, ss(after.writes()));
            e.set(ItemFormat.FORGOTTEN, n(after.forgotten()));
        }
        if (known == null) {
            e.set(ItemFormat.INCARNATION, s(after.incarnation()));
        }
        if (before.format() != ItemFormat.CURRENT_FORMAT) {
            e.set(ItemFormat.FORMAT, n(ItemFormat.CURRENT_FORMAT));
        }
        if (key == null) {
            return;
        }
        e.set(ItemFormat.KEYS_UNTIL, n(after.keysUntil()));
        if (known == null || known.keys().isEmpty()) {
            e.set(ItemFormat.KEYS, ItemFormat.encodeKeys(after.keys()));
        } else {
            String keys = e.name(ItemFormat.KEYS) + ".";
            e.assign(keys + e.alias(key.hash()), e.value(ItemFormat.encodeKey(key.key())));
            for (String hash : known.keys().keySet()) {
                if (!after.keys().containsKey(hash)) {
                    e.remove(keys + e.alias(hash));
                }
            }
        }
    }

    Kind kind() {
        return kind;
    }

    /** Returns the write as a part of a transaction. */
    TransactWriteItem asPart(String table) {
        TransactWriteItem.Builder part = TransactWriteItem.builder();
        switch (kind) {
            case UPDATE ->
                part.update(it -> it.tableName(table)
                        .key(key())
                        .updateExpression(update)
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
            case PUT ->
                part.put(it -> it.tableName(table)
                        .item(item)
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
            case DELETE ->
                part.delete(it -> it.tableName(table)
                        .key(key())
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
        }
        return part.build();
    }

    UpdateItemRequest.Builder asUpdate(String table) {
        return UpdateItemRequest.builder()
                .tableName(table)
                .key(key())
                .updateExpression(update)
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    PutItemRequest.Builder asPut(String table) {
        return PutItemRequest.builder()
                .tableName(table)
                .item(item)
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    DeleteItemRequest.Builder asDelete(String table) {
        return DeleteItemRequest.builder()
                .tableName(table)
                .key(key())
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    Map<String, AttributeValue> key() {
        return Map.of(ItemFormat.USER_ID, s(userId));
    }

    String userId() {
        return userId;
    }

    String updateExpression() {
        return update;
    }

    String conditionExpression() {
        return condition;
    }

    Map<String, AttributeValue> item() {
        return item;
    }

    /** The placeholders of the expressions; {@code null} if there are none, for DynamoDB refuses an empty map. */
    @Nullable
    Map<String, String> names() {
        return names.isEmpty() ? null : names;
    }

    /** The values of the expressions; likewise. */
    @Nullable
    Map<String, AttributeValue> values() {
        return values.isEmpty() ? null : values;
    }

    /** Whether it is an addition to an item that was not seen, which pins no version. */
    boolean isAdd() {
        return kind == Kind.UPDATE && before == null;
    }

    /** What the write demands of the item. */
    Pin pin() {
        return pin;
    }

    /** What the write was made from; {@code null} if the item was not seen. */
    @Nullable
    StoredCart before() {
        return before;
    }

    /** What the item holds once the write took effect; {@code null} if only the answer can tell. */
    @Nullable
    StoredCart after() {
        return after;
    }

    /** The difference between the lines that are stored and those to come: the second is the first, thinned out and appended to. */
    private static final class Lines {
        private record Touched(int index, Map<String, AttributeValue> from, Map<String, AttributeValue> to) {}

        private static final List<String> CHANGEABLE = List.of(
                ItemFormat.QUANTITY, ItemFormat.PRICE, ItemFormat.TITLE, ItemFormat.AUTHOR, ItemFormat.ADDED_AT);

        final StoredCart before;
        final List<AttributeValue> values;
        /** The values from the first line that changed to the last. */
        private final List<AttributeValue> between = new ArrayList<>();

        final List<Touched> touched = new ArrayList<>();
        final List<Integer> removedAt = new ArrayList<>();
        final List<CartItem> removed = new ArrayList<>();
        final List<CartItem> appended = new ArrayList<>();
        boolean grew;

        Lines(StoredCart before, List<CartItem> items, Map<String, AttributeValue> brought) {
            this.before = before;
            List<CartItem> old = before.cart().items();
            int common = Math.min(old.size(), items.size());
            int head = 0; // a change leaves most lines the very objects that they were
            while (head < common && isSame(old.get(head), items.get(head))) {
                head++;
            }
            int tail = 0;
            while (tail < common - head && isSame(old.get(old.size() - 1 - tail), items.get(items.size() - 1 - tail))) {
                tail++;
            }
            int end = old.size() - tail;
            int index = head;
            for (CartItem item : items.subList(head, items.size() - tail)) {
                while (index < end && !old.get(index).bookId().equals(item.bookId())) {
                    remove(index++, old);
                }
                if (index == end) {
                    appended.add(item);
                    between.add(encodeNew(item, brought));
                    grew = true;
                } else {
                    keep(index, old.get(index), item);
                    index++;
                }
            }
            while (index < end) {
                remove(index++, old);
            }
            values = new ArrayList<>(before.lines());
            values.subList(head, end).clear();
            values.addAll(head, between);
        }

        @SuppressWarnings("ReferenceEquality") // a change passes on what it does not change, and equality costs more
        private static boolean isSame(@Nullable Object left, @Nullable Object right) {
            return left == right;
        }

        private void remove(int index, List<CartItem> old) {
            removedAt.add(index);
            removed.add(old.get(index));
        }

        private void keep(int index, CartItem from, CartItem to) {
            AttributeValue stored = before.lines().get(index);
            if (from.equals(to)) {
                between.add(stored);
                return;
            }
            AttributeValue changed = ItemFormat.encodeLine(from, to, stored.m());
            between.add(changed);
            touched.add(new Touched(index, stored.m(), changed.m()));
            grew |= !to.title().equals(from.title()) || !to.author().equals(from.author());
        }

        /** Whether paths into the list do it. Removing and appending at once is left to the list as a whole. */
        boolean canBeTouchedOneByOne() {
            return before.isIndexed()
                    && before.pins().listSize() >= 0
                    && touched.size() + removed.size() <= MAX_TOUCHED_LINES
                    && appended.size() <= MAX_APPENDED_LINES
                    && (removed.isEmpty() || appended.isEmpty());
        }

        void touch(Expression e) {
            String list = e.name(ItemFormat.CART_ITEMS);
            for (Touched line : touched) {
                String path = list + "[" + line.index + "].";
                pinLine(e, path, line.from);
                for (String name : CHANGEABLE) {
                    AttributeValue value = line.to.get(name);
                    if (isSame(value, line.from.get(name))) {
                        continue;
                    }
                    if (value == null) {
                        e.remove(path + name);
                    } else {
                        e.assign(path + name, e.value(value));
                    }
                }
            }
            for (int index : removedAt) {
                String path = list + "[" + index + "]";
                pinLine(e, path + ".", before.lines().get(index).m());
                e.remove(path);
            }
            for (int i = 0; i < appended.size(); i++) {
                e.assign(
                        list + "[" + (before.lines().size() + i) + "]",
                        e.value(values.get(values.size() - appended.size() + i)));
            }
        }

        private static void pinLine(Expression e, String path, Map<String, AttributeValue> line) {
            e.pin(path + ItemFormat.BOOK_ID, line.get(ItemFormat.BOOK_ID));
            e.pin(path + ItemFormat.QUANTITY, line.get(ItemFormat.QUANTITY));
            e.pin(path + ItemFormat.PRICE, line.get(ItemFormat.PRICE));
        }
    }

    /** Collects the clauses of an update and its condition, with short placeholders: they are sent with every request. */
    private static final class Expression {
        /** What an update of one line fits into: what grows is copied. */
        private static final int USUAL_CHARS = 320;

        private static final int USUAL_VALUES = 24;

        private static final String[] PLACEHOLDERS = new String[USUAL_VALUES];

        static {
            for (int i = 0; i < USUAL_VALUES; i++) {
                PLACEHOLDERS[i] = placeholder(i);
            }
        }

        final Map<String, String> names = new HashMap<>();
        final Map<String, AttributeValue> values = new HashMap<>(2 * USUAL_VALUES);
        private final StringBuilder set = new StringBuilder(USUAL_CHARS);
        private final StringBuilder add = new StringBuilder();
        private final StringBuilder remove = new StringBuilder();
        private final StringBuilder delete = new StringBuilder();
        private final StringBuilder condition = new StringBuilder(USUAL_CHARS);
        private boolean open = true;

        /** Returns an attribute of the item as it is written in an expression. */
        String name(String attribute) {
            String alias = ALIASES.get(attribute);
            if (alias == null) {
                return attribute;
            }
            names.put(alias, attribute);
            return alias;
        }

        /** Returns a new placeholder for a name. */
        String alias(String anyName) {
            String alias = "#k" + names.size();
            names.put(alias, anyName);
            return alias;
        }

        String value(AttributeValue value) {
            int index = values.size();
            String placeholder = index < PLACEHOLDERS.length ? PLACEHOLDERS[index] : placeholder(index);
            values.put(placeholder, value);
            return placeholder;
        }

        private static String placeholder(int index) {
            return ":" + Integer.toString(10 + index, Character.MAX_RADIX);
        }

        void set(String attribute, AttributeValue value) {
            assign(name(attribute), value(value));
        }

        void set(String attribute, String expression) {
            assign(name(attribute), expression);
        }

        void setIfAbsent(String attribute, AttributeValue value) {
            assign(name(attribute), "if_not_exists(" + name(attribute) + "," + value(value) + ")");
        }

        void assign(String path, String expression) {
            clause(set, "SET ").append(path).append('=').append(expression);
        }

        void add(String attribute, AttributeValue value) {
            clause(add, " ADD ").append(name(attribute)).append(' ').append(value(value));
        }

        void delete(String attribute, AttributeValue value) {
            clause(delete, " DELETE ").append(name(attribute)).append(' ').append(value(value));
        }

        void remove(String path) {
            clause(remove, " REMOVE ").append(path);
        }

        private static StringBuilder clause(StringBuilder clause, String keyword) {
            return clause.append(clause.length() == 0 ? keyword : ",");
        }

        /** Appends a piece of the condition as it is. */
        void require(String piece) {
            condition.append(piece);
            open = true;
        }

        void and(String clause) {
            condition.append(open ? "" : " AND ").append(clause);
            open = false;
        }

        void pin(String path, @Nullable AttributeValue seen) {
            if (seen == null) {
                and("attribute_not_exists(" + path + ")");
            } else {
                and(path);
                condition.append('=').append(value(seen));
            }
        }

        String update() {
            return set.toString() + remove + add + delete;
        }

        String condition() {
            return condition.toString();
        }
    }
}
