package com.cloudshelf.cart;

import java.util.List;
import software.amazon.awssdk.core.SdkBytes;

/**
 * Finds lines by book while a cart is read: a hash table of positions, without an object per line. It also computes the
 * hashes that represent the books in the item.
 */
final class LineIndex {
    static final int NONE = -1;

    /** The item stores three bytes per book ID. */
    static final int HASH_BYTES = 3;

    private static final int HASH_BITS = 8 * HASH_BYTES;

    private final List<CartItem> lines;
    private final int[] slots;

    /** Creates an index of lines, which must be empty at first. */
    LineIndex(List<CartItem> lines, int most) {
        this.lines = lines;
        this.slots = new int[Integer.highestOneBit(Math.max(most, 1)) * 4];
    }

    /** Returns the hash of a book ID: the upper 24 bits of its {@link String#hashCode} times 0x9e3779b9. */
    static int hash(String bookId) {
        return (bookId.hashCode() * 0x9e3779b9) >>> (Integer.SIZE - HASH_BITS);
    }

    /** Returns the form in which a hash is stored. */
    static SdkBytes stored(int hash) {
        return SdkBytes.fromByteArrayUnsafe(new byte[] {(byte) (hash >>> 16), (byte) (hash >>> 8), (byte) hash});
    }

    private static int read(SdkBytes stored) {
        byte[] bytes = stored.asByteArrayUnsafe();
        return bytes.length == HASH_BYTES
                ? ((bytes[0] & 0xff) << 16) | ((bytes[1] & 0xff) << 8) | (bytes[2] & 0xff)
                : NONE;
    }

    /** Appends a line for a new book. Returns the position of the book's line if there already is one. */
    int appendIfAbsent(CartItem line) {
        String bookId = line.bookId();
        int slot = slot(hash(bookId));
        while (slots[slot] != 0 && !lines.get(slots[slot] - 1).bookId().equals(bookId)) {
            slot = next(slot);
        }
        int earlier = slots[slot] - 1;
        if (earlier == NONE) {
            lines.add(line);
            slots[slot] = lines.size();
        }
        return earlier;
    }

    /** Returns whether there is exactly one of these hashes per line. */
    boolean isOneForEach(List<SdkBytes> stored) {
        return stored.size() == lines.size() && holdsAll(stored);
    }

    /** Returns whether these are the hashes of the lines, two of which may be equal. */
    boolean isOf(List<SdkBytes> stored) {
        return holdsAll(stored)
                && (stored.size() == lines.size()
                        || stored.size()
                                == lines.stream()
                                        .map(line -> hash(line.bookId()))
                                        .distinct()
                                        .count());
    }

    private boolean holdsAll(List<SdkBytes> stored) {
        for (int i = 0; i < stored.size(); i++) {
            if (!holds(read(stored.get(i)))) {
                return false;
            }
        }
        return true;
    }

    private boolean holds(int hash) {
        if (hash == NONE) {
            return false;
        }
        int slot = slot(hash);
        while (slots[slot] != 0 && hash(lines.get(slots[slot] - 1).bookId()) != hash) {
            slot = next(slot);
        }
        return slots[slot] != 0;
    }

    private int slot(int hash) {
        int bits = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(slots.length);
        return bits <= HASH_BITS ? hash >>> (HASH_BITS - bits) : hash;
    }

    private int next(int slot) {
        return (slot + 1) & (slots.length - 1);
    }
}
