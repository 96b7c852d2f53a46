package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The caller's own attributes of a line or a cart: JSON-like values by name. They are checked and copied at once, so
 * all of them can be written to DynamoDB and read back unchanged.
 *
 * <p>Immutable. Equality is by content; the order of names does not count, and all numbers are in canonical form.
 */
final class Attributes {
    static final int MAX_NAME_BYTES = 255;
    static final int MAX_NESTING = 16;

    /**
     * An item cannot store more values than it has bytes. Without a limit, lists that share lists could grow without
     * end.
     */
    private static final int MAX_VALUES = ItemFormat.MAX_ITEM_BYTES;

    /** The names of a stored item that cannot be used for your own attributes. */
    static final Set<String> NAMES_OF_THE_ITEM = Set.of(
            ItemFormat.USER_ID,
            ItemFormat.CART_ITEMS,
            ItemFormat.TOTAL_ITEMS,
            ItemFormat.TOTAL_PRICE,
            ItemFormat.LAST_UPDATED,
            ItemFormat.TTL,
            ItemFormat.FORMAT,
            ItemFormat.INCARNATION,
            ItemFormat.VERSION,
            ItemFormat.BOOK_HASHES,
            ItemFormat.RING,
            ItemFormat.FORGOTTEN,
            ItemFormat.LAST_WRITE,
            ItemFormat.KEYS_UNTIL);

    static final Attributes NONE = new Attributes(Map.of(), false);

    private final Map<String, Object> values;

    /** Checks and copies the values. */
    private Attributes(Map<?, ?> values, boolean nullIsAbsent) {
        this.values = new Copy(nullIsAbsent).map(values);
    }

    /** Combines values that are already checked. */
    private Attributes(Attributes older, Attributes newer) {
        Map<String, Object> all = new LinkedHashMap<>(older.values);
        all.putAll(newer.values);
        this.values = Collections.unmodifiableMap(all);
    }

    @SuppressWarnings("NonApiType") // another map would be checked
    private Attributes(LinkedHashMap<String, Object> checked) {
        this.values = Collections.unmodifiableMap(checked);
    }

    /** Returns attributes with values that are already checked. The map is not copied. */
    @SuppressWarnings("NonApiType")
    static Attributes checked(LinkedHashMap<String, Object> values) {
        return values.isEmpty() ? NONE : new Attributes(values);
    }

    /**
     * Returns attributes with these values.
     *
     * @throws IllegalArgumentException if a name or a value is invalid; the message contains the path
     */
    static Attributes of(Map<?, ?> values) {
        return values.isEmpty() ? NONE : new Attributes(values, false);
    }

    /**
     * Returns attributes with these values of a JSON object, in which {@code null} means that a name is absent.
     *
     * @throws IllegalArgumentException if a name or a value is invalid; the message contains the path
     */
    static Attributes ofJson(Map<?, ?> values) {
        return values.isEmpty() ? NONE : new Attributes(values, true);
    }

    /**
     * Returns those stored attributes that can be shown. An attribute with an invalid part is left out completely.
     * Values that are not strings, numbers, booleans, lists or maps can be passed in as they are.
     */
    static Attributes shown(Map<String, ?> stored) {
        try {
            return of(stored);
        } catch (IllegalArgumentException e) {
            Map<String, Object> fit = new LinkedHashMap<>(stored);
            fit.entrySet().removeIf(entry -> !isFit(entry));
            return of(fit);
        }
    }

    private static boolean isFit(Map.Entry<String, Object> entry) {
        try {
            of(Collections.singletonMap(entry.getKey(), entry.getValue()));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Checks the name of an attribute.
     *
     * @param own the names that belong to the library at that place
     */
    static String name(Set<String> own, String name) {
        requireNonNull(name, "name");
        checkName(name);
        if (own.contains(name)) {
            throw new IllegalArgumentException(
                    "the attribute name " + name + " is reserved for the library; choose another one");
        }
        return name;
    }

    /**
     * Returns the immutable, canonical copy of a value.
     *
     * @throws IllegalArgumentException if it is invalid; the message contains the path
     */
    static Object value(String name, @Nullable Object value) {
        if (value == null) {
            throw new NullPointerException("the attribute " + name + " must not be null; remove it instead");
        }
        return new Copy(false).single(name, value);
    }

    Attributes with(String name, Object value) {
        return with(of(Map.of(name, value(name, value))));
    }

    /** Returns these attributes and others. Where both have a name, the other value counts. */
    Attributes with(Attributes newer) {
        if (newer.values.isEmpty()) {
            return this;
        }
        return values.isEmpty() ? newer : new Attributes(this, newer);
    }

    Attributes without(Set<String> names) {
        if (Collections.disjoint(values.keySet(), names)) {
            return this;
        }
        LinkedHashMap<String, Object> rest = new LinkedHashMap<>(values);
        rest.keySet().removeAll(names);
        return checked(rest);
    }

    /** Refuses names that belong to the library at that place. */
    Attributes beside(Set<String> own) {
        if (!values.isEmpty()) {
            for (String name : values.keySet()) {
                name(own, name);
            }
        }
        return this;
    }

    /** Returns the values by name, deeply unmodifiable. */
    Map<String, Object> asMap() {
        return values;
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    /** Returns a text that is the same for equal attributes and for no others. */
    String canonical() {
        StringBuilder text = new StringBuilder();
        appendTo(text, values);
        return text.toString();
    }

    /** Returns {@link #canonical()} of one value. */
    static String canonical(Object value) {
        StringBuilder text = new StringBuilder();
        appendTo(text, value);
        return text.toString();
    }

    private static void appendTo(StringBuilder text, Object value) {
        if (value instanceof String string) {
            text.append('S').append(string.length()).append(':').append(string);
        } else if (value instanceof BigDecimal number) {
            text.append('N').append(number.toPlainString()).append(';');
        } else if (value instanceof Boolean bool) {
            text.append(bool ? 'T' : 'F');
        } else if (value instanceof List<?> list) {
            text.append('L').append(list.size()).append(':');
            list.forEach(element -> appendTo(text, element));
        } else if (value instanceof Map<?, ?> map) {
            text.append('M').append(map.size()).append(':');
            new TreeMap<>(map).forEach((name, element) -> {
                appendTo(text, name);
                appendTo(text, element);
            });
        } else {
            throw new AssertionError("attributes contain only checked values");
        }
    }

    private static void checkName(String name) {
        int bytes = Checks.utf8Length(name);
        if (bytes < 1) {
            throw new IllegalArgumentException("an attribute name must not be empty, and must be well-formed Unicode");
        }
        if (bytes > MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "an attribute name must be at most " + MAX_NAME_BYTES + " bytes in UTF-8, but has " + bytes);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Attributes that && values.equals(that.values));
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** One deep copy, which keeps track of its path. */
    private static final class Copy {
        private final boolean nullIsAbsent;
        private final Deque<Object> path = new ArrayDeque<>();
        private int count;

        Copy(boolean nullIsAbsent) {
            this.nullIsAbsent = nullIsAbsent;
        }

        Map<String, Object> map(Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String name)) {
                    throw refusal("must have only strings as names");
                }
                checkName(name);
                if (entry.getValue() == null && nullIsAbsent) {
                    continue;
                }
                path.addLast(name);
                copy.put(name, value(entry.getValue()));
                path.removeLast();
            }
            return Collections.unmodifiableMap(copy);
        }

        Object single(String name, Object value) {
            path.addLast(name);
            return value(value);
        }

        private void checkName(String name) {
            try {
                Attributes.checkName(name);
            } catch (IllegalArgumentException e) {
                throw path.isEmpty() ? e : refusal("contains a map with an invalid name: " + e.getMessage());
            }
        }

        private Object value(@Nullable Object value) {
            count++;
            if (count > MAX_VALUES) {
                throw refusal("is one of more than " + MAX_VALUES + " values, which is more than an item can hold");
            }
            if (value instanceof String text) {
                if (Checks.utf8Length(text) < 0) {
                    throw refusal("must be well-formed Unicode, but contains an unpaired surrogate");
                }
                return text;
            }
            if (value instanceof Boolean) {
                return value;
            }
            if (value instanceof Number number) {
                return number(number);
            }
            if ((value instanceof List || value instanceof Map) && path.size() > MAX_NESTING) {
                throw refusal("is nested deeper than " + MAX_NESTING + " lists and maps");
            }
            if (value instanceof Map<?, ?> map) {
                return map(map);
            }
            if (value instanceof List<?> list) {
                List<Object> copy = new ArrayList<>();
                for (Object element : list) {
                    path.addLast(copy.size());
                    copy.add(value(element));
                    path.removeLast();
                }
                return Collections.unmodifiableList(copy);
            }
            throw refusal("must be a String, a Boolean, a finite Number, a List or a Map, but is "
                    + (value == null
                            ? "null; remove the attribute instead"
                            : "a " + value.getClass().getName()));
        }

        private BigDecimal number(Number number) {
            try {
                return Decimal.ofAttribute(number);
            } catch (IllegalArgumentException e) {
                throw refusal(e.getMessage());
            }
        }

        private IllegalArgumentException refusal(@Nullable String rule) {
            StringBuilder where = new StringBuilder();
            for (Object step : path) {
                if (step instanceof Integer index) {
                    where.append('[').append(index.intValue()).append(']');
                } else {
                    where.append(where.length() == 0 ? "" : ".").append(step);
                }
            }
            return new IllegalArgumentException("the attribute " + where + " " + rule);
        }
    }
}
