package com.cloudshelf.cart;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An idempotency key and its changes, both as hashes.
 *
 * <p>The digest covers what a repeated call must have in common with the first: the changes, without the times that
 * lines may carry.
 */
record KeyedChanges(String hash, String digest) {
    private static final int HASH_BYTES = 9;

    static KeyedChanges of(String key, List<CartChange> changes) {
        MessageDigest digest = sha256();
        for (CartChange change : changes) {
            put(digest, change.getClass().getSimpleName());
            if (change instanceof CartChange.Add add) {
                CartItem item = add.item();
                put(digest, item.bookId());
                put(digest, item.titleOrNull());
                put(digest, item.authorOrNull());
                put(digest, item.price().toPlainString());
                put(digest, Integer.toString(item.quantity()));
                put(digest, item.ownAttributes().canonical());
            } else if (change instanceof CartChange.SetQuantity set) {
                put(digest, set.bookId());
                put(digest, Integer.toString(set.quantity()));
            } else if (change instanceof CartChange.Remove remove) {
                put(digest, remove.bookId());
            } else if (change instanceof CartChange.Reprice reprice) {
                put(digest, reprice.bookId());
                put(digest, reprice.price().toPlainString());
            } else if (change instanceof CartChange.Subtract subtract) {
                put(digest, Integer.toString(subtract.quantities().size()));
                // Sorted, because another process may list equal quantities in another order.
                new TreeMap<>(subtract.quantities()).forEach((bookId, quantity) -> {
                    put(digest, bookId);
                    put(digest, Integer.toString(quantity));
                });
            } else if (change instanceof CartChange.SetAttribute set) {
                put(digest, set.name());
                put(digest, Attributes.canonical(set.value()));
            } else if (change instanceof CartChange.RemoveAttribute remove) {
                put(digest, remove.name());
            } else if (change instanceof CartChange.SetItemAttribute set) {
                put(digest, set.bookId());
                put(digest, set.name());
                put(digest, Attributes.canonical(set.value()));
            } else if (change instanceof CartChange.RemoveItemAttribute remove) {
                put(digest, remove.bookId());
                put(digest, remove.name());
            }
        }
        return new KeyedChanges(text(sha256().digest(key.getBytes(StandardCharsets.UTF_8))), text(digest.digest()));
    }

    private static void put(MessageDigest digest, @Nullable String text) {
        if (text == null) {
            digest.update((byte) 0);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((byte) 1);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    private static String text(byte[] hash) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, HASH_BYTES));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
