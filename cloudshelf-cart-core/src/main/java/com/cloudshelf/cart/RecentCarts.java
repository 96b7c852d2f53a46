package com.cloudshelf.cart;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A small, lossy memory of the carts that were seen lately, and when they were last written.
 *
 * <p>It spares a clear the attempt to delete an item that has not rested. That attempt is only harmless if its answer
 * arrives: once the answer is lost, an item that is there could be the old one, or one that was begun after the deletion.
 */
final class RecentCarts {
    private static final int SLOTS = 1024;

    /** In each slot the hash of a user id above the second of the cart's last write. */
    private final AtomicLongArray slots = new AtomicLongArray(SLOTS);

    void saw(StoredCart stored) {
        Memory memory = stored.memory();
        if (memory != null) {
            int hash = stored.userId().hashCode();
            slots.set(slot(hash), ((long) hash << 32) | ((memory.lastWrite() / 1000) & 0xffffffffL));
        }
    }

    boolean mayHaveRested(String userId, long now) {
        int hash = userId.hashCode();
        long seen = slots.get(slot(hash));
        boolean same = (int) (seen >>> 32) == hash;
        return !same || (seen & 0xffffffffL) * 1000 < now - Memory.REST_MILLIS;
    }

    private static int slot(int hash) {
        return (hash ^ (hash >>> 16)) & (SLOTS - 1);
    }
}
