package com.cloudshelf.cart;

import java.util.List;

/** Finds lines by book while a cart is read: a hash table of positions, without an object for each. */
final class LineIndex {
    static final int NONE = -1;

    private final List<CartItem> lines;
    private final int[] slots;

    /** Makes an index of lines that are empty now. */
    LineIndex(List<CartItem> lines, int most) {
        this.lines = lines;
        this.slots = new int[Integer.highestOneBit(Math.max(most, 1)) * 4];
    }

    /** Appends a line for a new book; returns the position of the book's line if there is one already. */
    int appendIfAbsent(CartItem line) {
        int slot = slot(line.bookId());
        int earlier = slots[slot] - 1;
        if (earlier == NONE) {
            lines.add(line);
            slots[slot] = lines.size();
        }
        return earlier;
    }

    boolean holdsAll(List<String> bookIds) {
        for (int i = 0; i < bookIds.size(); i++) {
            if (slots[slot(bookIds.get(i))] == 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the slot that holds the book's position plus one, or the empty one where that belongs. */
    private int slot(String bookId) {
        int hash = bookId.hashCode() * 0x9e3779b9;
        int slot = hash >>> (Integer.numberOfLeadingZeros(slots.length) + 1);
        while (slots[slot] != 0 && !lines.get(slots[slot] - 1).bookId().equals(bookId)) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }
}
