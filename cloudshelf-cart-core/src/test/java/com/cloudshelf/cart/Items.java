package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.USER;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Items as other writers leave them, and the attribute values to build them from. */
final class Items {
    /** The attributes of an item other than its key and its lines, with their types. */
    static final Map<String, String> TYPES_OF_ATTRIBUTES = typesOfAttributes();

    private Items() {}

    private static Map<String, String> typesOfAttributes() {
        Map<String, String> types = new LinkedHashMap<>();
        types.put("totalItems", "N");
        types.put("totalPrice", "N");
        types.put("lastUpdated", "S");
        types.put("ttl", "N");
        types.put("format", "N");
        types.put("version", "N");
        types.put("ci", "B");
        types.put("cb", "BS");
        types.put("cw", "BS");
        types.put("cf", "N");
        types.put("ct", "N");
        types.put("cu", "N");
        return types;
    }

    static AttributeValue s(String text) {
        return AttributeValue.fromS(text);
    }

    static AttributeValue n(String number) {
        return AttributeValue.fromN(number);
    }

    static AttributeValue b(int... bytes) {
        return AttributeValue.fromB(bytes(bytes));
    }

    /** Returns a binary set whose elements are one byte each. */
    static AttributeValue bs(int... elements) {
        return AttributeValue.fromBs(
                Arrays.stream(elements).mapToObj(Items::bytes).toList());
    }

    static AttributeValue ring(WriteId... ids) {
        return ring(List.of(ids));
    }

    static AttributeValue ring(List<WriteId> ids) {
        return AttributeValue.fromBs(ids.stream().map(WriteId::bytes).toList());
    }

    static AttributeValue hashes(String... bookIds) {
        return AttributeValue.fromBs(Arrays.stream(bookIds)
                .map(bookId -> LineIndex.stored(LineIndex.hash(bookId)))
                .toList());
    }

    private static SdkBytes bytes(int... bytes) {
        byte[] copy = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            copy[i] = (byte) bytes[i];
        }
        return SdkBytes.fromByteArray(copy);
    }

    static AttributeValue list(AttributeValue... values) {
        return AttributeValue.fromL(List.of(values));
    }

    /** Returns a line with the required attributes only. */
    static AttributeValue line(String bookId, String price, String quantity) {
        return map("bookId", s(bookId), "price", n(price), "quantity", n(quantity));
    }

    /** Returns a map with these names and values, given alternately. */
    static AttributeValue map(Object... namesAndValues) {
        return AttributeValue.fromM(attributes(namesAndValues));
    }

    /** Returns an item of the shared user with these names and values, given alternately. */
    static Map<String, AttributeValue> item(Object... namesAndValues) {
        Map<String, AttributeValue> item = new LinkedHashMap<>();
        item.put("userId", s(USER));
        item.putAll(attributes(namesAndValues));
        return item;
    }

    static Map<String, AttributeValue> without(Map<String, AttributeValue> item, String name) {
        Map<String, AttributeValue> copy = new LinkedHashMap<>(item);
        copy.remove(name);
        return copy;
    }

    static Map<String, AttributeValue> with(Map<String, AttributeValue> attributes, String name, AttributeValue value) {
        Map<String, AttributeValue> copy = new LinkedHashMap<>(attributes);
        copy.put(name, value);
        return copy;
    }

    static AttributeValue with(AttributeValue map, String name, AttributeValue value) {
        return AttributeValue.fromM(with(map.m(), name, value));
    }

    private static Map<String, AttributeValue> attributes(Object... namesAndValues) {
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            attributes.put((String) namesAndValues[i], (AttributeValue) namesAndValues[i + 1]);
        }
        return attributes;
    }

    /** Returns the size of an item by DynamoDB's published rules. */
    static int sizeOf(Map<String, AttributeValue> item) {
        int size = 0;
        for (Map.Entry<String, AttributeValue> entry : item.entrySet()) {
            size += utf8(entry.getKey()) + sizeOf(entry.getValue());
        }
        return size;
    }

    private static int sizeOf(AttributeValue value) {
        return switch (value.type()) {
            case S -> utf8(value.s());
            case N -> sizeOfNumber(value.n());
            case B -> value.b().asByteArray().length;
            case SS -> value.ss().stream().mapToInt(Items::utf8).sum();
            case NS -> value.ns().stream().mapToInt(Items::sizeOfNumber).sum();
            case BS ->
                value.bs().stream()
                        .mapToInt(bytes -> bytes.asByteArray().length)
                        .sum();
            case L ->
                3 + value.l().stream().mapToInt(element -> 1 + sizeOf(element)).sum();
            case M -> 3 + value.m().size() + sizeOf(value.m());
            default -> 1;
        };
    }

    /** A number takes one byte for every two significant digits, one more, and another for a minus sign. */
    private static int sizeOfNumber(String number) {
        BigDecimal decimal = new BigDecimal(number).stripTrailingZeros();
        return (decimal.precision() + 1) / 2 + 1 + (decimal.signum() < 0 ? 1 : 0);
    }

    private static int utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
