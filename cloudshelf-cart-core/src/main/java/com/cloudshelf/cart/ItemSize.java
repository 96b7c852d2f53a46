package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The size of the item of a cart, by DynamoDB's rules: names and values count, lists and maps add 3 bytes and 1 for each element, a number
 * counts a byte for two digits and one more. {@link ItemFormat} comes to the same result for attribute values. This class knows none of
 * them, so that stores in memory need no AWS SDK.
 */
final class ItemSize {
    private ItemSize() {}

    static int of(String userId, List<CartItem> items, Attributes attributes) {
        int size = ItemFormat.FIXED_BYTES + utf8(userId);
        for (Map.Entry<String, Object> own : attributes.asMap().entrySet()) {
            size += utf8(own.getKey()) + of(own.getValue());
        }
        for (CartItem line : items) {
            size += 1 + of(line) + LineIndex.HASH_BYTES;
        }
        return size;
    }

    private static int of(CartItem line) {
        int size = 3
                + of(ItemFormat.BOOK_ID, line.bookId())
                + of(ItemFormat.TITLE, line.titleOrNull())
                + of(ItemFormat.AUTHOR, line.authorOrNull());
        size += 1 + ItemFormat.PRICE.length() + ofNumber(line.price().toPlainString());
        size += 1 + ItemFormat.QUANTITY.length() + ofNumber(Integer.toString(line.quantity()));
        Instant added = line.addedAtOrNull();
        size += of(ItemFormat.ADDED_AT, added == null ? null : IsoInstant.text(added));
        for (Map.Entry<String, Object> own : line.attributes().entrySet()) {
            size += 1 + utf8(own.getKey()) + of(own.getValue());
        }
        return size;
    }

    private static int of(String name, @Nullable String text) {
        return text == null ? 0 : 1 + name.length() + utf8(text);
    }

    private static int of(Object value) {
        if (value instanceof String text) {
            return utf8(text);
        }
        if (value instanceof BigDecimal number) {
            return ofNumber(number.toString());
        }
        int size = 1;
        if (value instanceof List<?> list) {
            size = 3;
            for (Object element : list) {
                size += 1 + of(element);
            }
        } else if (value instanceof Map<?, ?> map) {
            size = 3;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                size += 1 + utf8((String) entry.getKey()) + of(entry.getValue());
            }
        }
        return size;
    }

    private static int ofNumber(String digits) {
        return digits.length() / 2 + 2;
    }

    private static int utf8(String text) {
        return Math.max(text.length(), Checks.utf8Length(text));
    }
}
