package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Converts between attribute values and JSON-like values, for the caller's own attributes.
 *
 * <p>What cannot be shown, such as a set or a binary value, stays in the item unchanged: it is left out here, and no
 * write of another attribute touches it.
 */
final class AttributeValues {
    /** The maximum depth in DynamoDB. Whatever an export contains below that is not shown. */
    private static final int MAX_DEPTH = 32;

    private AttributeValues() {}

    /** Whether a value is {@code NULL}: an object mapper's way of saying that the field is missing. */
    static boolean isNull(AttributeValue value) {
        return Boolean.TRUE.equals(value.nul());
    }

    /** Returns the names of the attributes that are there. */
    static Set<String> namesOf(Map<String, AttributeValue> attributes) {
        Set<String> names = new HashSet<>();
        attributes.forEach((name, value) -> {
            if (!isNull(value)) {
                names.add(name);
            }
        });
        return names;
    }

    /** Returns what can be shown of those attributes of a line or an item that are not the library's. */
    static Attributes shown(Set<String> own, Map<String, AttributeValue> stored) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Map.Entry<String, AttributeValue> attribute : stored.entrySet()) {
            if (!own.contains(attribute.getKey())) {
                values.put(attribute.getKey(), toJava(attribute.getValue(), MAX_DEPTH));
            }
        }
        return values.isEmpty() ? Attributes.NONE : Attributes.shown(values);
    }

    /** Returns the JSON-like value. A value that has none is returned as it is, and is not shown. */
    private static Object toJava(AttributeValue value, int depth) {
        if (depth == 0) {
            return value;
        }
        return switch (value.type()) {
            case S -> value.s();
            case BOOL -> value.bool();
            case N -> number(value);
            case L -> {
                List<Object> list = new ArrayList<>(value.l().size());
                value.l().forEach(element -> list.add(toJava(element, depth - 1)));
                yield list;
            }
            case M -> {
                Map<String, Object> map = new LinkedHashMap<>();
                value.m().forEach((name, element) -> {
                    if (!isNull(element)) {
                        map.put(name, toJava(element, depth - 1));
                    }
                });
                yield map;
            }
            default -> value;
        };
    }

    private static Object number(AttributeValue value) {
        try {
            return new BigDecimal(value.n());
        } catch (NumberFormatException e) {
            return value;
        }
    }

    static AttributeValue of(Object value) {
        if (value instanceof String text) {
            return AttributeValue.fromS(text);
        }
        if (value instanceof Boolean bool) {
            return AttributeValue.fromBool(bool);
        }
        if (value instanceof BigDecimal number) {
            return AttributeValue.fromN(number.toString());
        }
        if (value instanceof List<?> list) {
            List<AttributeValue> values = new ArrayList<>(list.size());
            list.forEach(element -> values.add(of(element)));
            return AttributeValue.fromL(values);
        }
        Map<String, AttributeValue> values = new LinkedHashMap<>();
        ((Map<?, ?>) value).forEach((name, element) -> values.put((String) name, of(element)));
        return AttributeValue.fromM(values);
    }

    /**
     * Returns what to write in order to turn one set of attributes into another; {@code null} means to remove the
     * attribute.
     */
    static Map<String, @Nullable AttributeValue> changes(Attributes from, Attributes to) {
        if (from.equals(to)) {
            return Map.of();
        }
        Map<String, @Nullable AttributeValue> changes = new LinkedHashMap<>();
        from.asMap().keySet().forEach(name -> {
            if (!to.asMap().containsKey(name)) {
                changes.put(name, null);
            }
        });
        to.asMap().forEach((name, value) -> {
            if (!value.equals(from.asMap().get(name))) {
                changes.put(name, of(value));
            }
        });
        return Collections.unmodifiableMap(changes);
    }

    // Sizes by DynamoDB's rules: names and values count, lists and maps add 3 bytes and 1 for each element, a number
    // counts a
    // byte for two digits and one more. What is computed here is that or a little more.

    static int sizeOf(String name, AttributeValue value) {
        return utf8(name) + sizeOf(value);
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

    static int utf8(String text) {
        return Math.max(text.length(), Checks.utf8Length(text));
    }
}
