package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A hash of everything that a cart shows, so that a change by a writer without versions leads to another {@link
 * CartVersion}.
 */
final class Fingerprint {
    private static final long START = 0xcbf29ce484222325L;

    private Fingerprint() {}

    /** Mixes the lines in order, without their times, and the attributes in any order. */
    static long of(List<CartItem> items, Attributes attributes) {
        long hash = START;
        for (CartItem item : items) {
            hash = mix(hash, item.bookId());
            hash = mix(hash, item.titleOrNull());
            hash = mix(hash, item.authorOrNull());
            hash = mix(hash, item.price().toPlainString());
            hash = (hash ^ item.quantity()) * 0x9e3779b97f4a7c15L;
            hash ^= hash >>> 32;
            hash = mix(hash, item.ownAttributes());
        }
        return mix(~hash, attributes); // rotated, to distinguish attributes of the last line from those of the cart
    }

    static long of(String text) {
        return mix(START, text);
    }

    private static long mix(long hash, Attributes attributes) {
        return attributes.isEmpty() ? hash : mix(hash, attributes.canonical());
    }

    private static long mix(long hash, @Nullable String text) {
        long mixed = hash;
        for (int i = 0; text != null && i < text.length(); i++) {
            mixed = (mixed ^ text.charAt(i)) * 0x100000001b3L;
        }
        mixed = (mixed ^ (text == null ? -1 : text.length())) * 0x9e3779b97f4a7c15L;
        return mixed ^ (mixed >>> 29);
    }
}
