package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The difference between the stored lines and the new ones: the new list is the stored one with lines removed, changed
 * and appended.
 */
final class LineChanges {
    // DynamoDB allows 4 KB and 300 operators per expression. Beyond that, the whole list is sent.
    private static final int MAX_TOUCHED_LINES = 20;
    private static final int MAX_APPENDED_LINES = 50;
    private static final int MAX_TOUCHED_VALUES = 100;
    private static final int MAX_OTHER_CHANGES = 50;

    /** A line of another cart that enters this one, with everything stored in it. */
    record Brought(CartItem item, AttributeValue stored) {}

    /**
     * A line of which some attributes change.
     *
     * @param changes the names of the attributes that are written or removed
     */
    private record Touched(
            int index, Map<String, AttributeValue> from, Map<String, AttributeValue> to, List<String> changes) {
        static Touched of(int index, Map<String, AttributeValue> from, Map<String, AttributeValue> to) {
            List<String> changes = new ArrayList<>();
            for (Map.Entry<String, AttributeValue> attribute : to.entrySet()) {
                if (!isSame(attribute.getValue(), from.get(attribute.getKey()))) {
                    changes.add(attribute.getKey());
                }
            }
            for (String name : from.keySet()) {
                if (!to.containsKey(name)) {
                    changes.add(name);
                }
            }
            return new Touched(index, from, to, changes);
        }
    }

    private final StoredCart before;
    private final List<AttributeValue> values;
    /** The values from the first changed line to the last. */
    private final List<AttributeValue> between = new ArrayList<>();

    private final List<Touched> touched = new ArrayList<>();
    private final List<Integer> removedAt = new ArrayList<>();
    private final List<CartItem> removed = new ArrayList<>();
    private final List<CartItem> appended = new ArrayList<>();
    private boolean grew;

    LineChanges(StoredCart before, List<CartItem> items, Map<String, Brought> brought) {
        this.before = before;
        List<CartItem> old = before.cart().items();
        int common = Math.min(old.size(), items.size());
        int head = 0; // most lines are the same objects after a change
        while (head < common && stays(old.get(head), items.get(head), brought)) {
            head++;
        }
        int tail = 0;
        while (tail < common - head
                && stays(old.get(old.size() - 1 - tail), items.get(items.size() - 1 - tail), brought)) {
            tail++;
        }
        int end = old.size() - tail;
        int index = head;
        for (int i = head; i < items.size() - tail; i++) {
            CartItem item = items.get(i);
            while (index < end && !old.get(index).bookId().equals(item.bookId())) {
                remove(index++, old);
            }
            if (index == end) {
                appended.add(item);
                between.add(encodeNew(item, brought));
                grew = true;
            } else {
                keep(index, old.get(index), item, brought.get(item.bookId()));
                index++;
            }
        }
        while (index < end) {
            remove(index++, old);
        }
        values = new ArrayList<>(before.lines());
        if (between.size() == end - head) {
            for (int i = 0; i < between.size(); i++) {
                values.set(head + i, between.get(i));
            }
        } else {
            values.subList(head, end).clear();
            values.addAll(head, between);
        }
    }

    /** Whether nothing of a line is written. One that the other cart has too may get what cannot be shown of it there. */
    private static boolean stays(CartItem from, CartItem to, Map<String, Brought> brought) {
        return isSame(from, to) && (brought.isEmpty() || !brought.containsKey(to.bookId()));
    }

    @SuppressWarnings("ReferenceEquality") // a change passes on unchanged objects, and equality would cost more
    private static boolean isSame(@Nullable Object left, @Nullable Object right) {
        return left == right;
    }

    private void remove(int index, List<CartItem> old) {
        removedAt.add(index);
        removed.add(old.get(index));
    }

    private void keep(int index, CartItem from, CartItem to, @Nullable Brought brought) {
        AttributeValue stored = before.lines().get(index);
        if (from.equals(to) && brought == null) {
            between.add(stored);
            return;
        }
        AttributeValue changed = merged(from, to, stored, brought);
        between.add(changed);
        touched.add(Touched.of(index, stored.m(), changed.m()));
        grew |= brought != null
                || !to.title().equals(from.title())
                || !to.author().equals(from.author())
                || !to.ownAttributes().equals(from.ownAttributes());
    }

    /** A line that takes the other's place is the other's, whole; else what cannot be shown of either stays. */
    private static AttributeValue merged(CartItem from, CartItem to, AttributeValue stored, @Nullable Brought brought) {
        if (brought == null) {
            return ItemFormat.encodeLine(from, to, stored.m());
        }
        if (isSame(to, brought.item)) {
            return brought.stored;
        }
        Map<String, AttributeValue> both =
                new LinkedHashMap<>(ItemFormat.encodeLine(from, to, stored.m()).m());
        Attributes theirs = brought.item.ownAttributes();
        brought.stored.m().forEach((name, value) -> {
            if (!CartItem.OWN_NAMES.contains(name) && !theirs.asMap().containsKey(name)) {
                both.putIfAbsent(name, value);
            }
        });
        return AttributeValue.fromM(both);
    }

    /** The attribute values of the new lines. */
    List<AttributeValue> values() {
        return values;
    }

    List<CartItem> removed() {
        return removed;
    }

    List<CartItem> appended() {
        return appended;
    }

    /** Whether the item may get larger. */
    boolean grew() {
        return grew;
    }

    static AttributeValue encodeNew(CartItem item, Map<String, Brought> brought) {
        Brought other = brought.get(item.bookId());
        return ItemFormat.encodeLine(item, other == null ? Map.of() : other.stored.m());
    }

    /**
     * Writes the changes: line by line if paths into the list allow it, otherwise the whole list.
     *
     * @param otherChanges the number of attributes of the item that change as well, in the same expression
     */
    void write(Expression e, int otherChanges) {
        pinLines(e);
        if (otherChanges <= MAX_OTHER_CHANGES && canBeTouchedOneByOne()) {
            touch(e);
        } else {
            e.set(ItemFormat.CART_ITEMS, AttributeValue.fromL(values));
        }
    }

    /** Whether paths into the list are enough. If lines are both removed and appended, the whole list is written. */
    private boolean canBeTouchedOneByOne() {
        return before.isIndexed()
                && before.pins().listSize() >= 0
                && touched.size() + removed.size() <= MAX_TOUCHED_LINES
                && appended.size() <= MAX_APPENDED_LINES
                && (removed.isEmpty() || appended.isEmpty())
                && touchedValues() <= MAX_TOUCHED_VALUES;
    }

    /** Pins the lines that change, so that none is overwritten that has come to be in the place of one of them. */
    private void pinLines(Expression e) {
        if (!before.isIndexed() || touched.size() + removed.size() > MAX_TOUCHED_LINES) {
            return;
        }
        String list = e.name(ItemFormat.CART_ITEMS);
        for (Touched line : touched) {
            pinLine(e, list + "[" + line.index + "].", line.from);
        }
        for (int index : removedAt) {
            pinLine(e, list + "[" + index + "].", before.lines().get(index).m());
        }
    }

    private int touchedValues() {
        int count = 0;
        for (Touched line : touched) {
            count += line.changes().size();
        }
        return count;
    }

    private void touch(Expression e) {
        String list = e.name(ItemFormat.CART_ITEMS);
        for (Touched line : touched) {
            String path = list + "[" + line.index + "].";
            for (String name : line.changes()) {
                AttributeValue value = line.to.get(name);
                String valuePath = path + (CartItem.OWN_NAMES.contains(name) ? name : e.alias(name));
                if (value == null) {
                    e.remove(valuePath);
                } else {
                    e.assign(valuePath, e.value(value));
                }
            }
        }
        for (int index : removedAt) {
            e.remove(list + "[" + index + "]");
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
