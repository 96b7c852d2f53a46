package com.cloudshelf.cart;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A small, lossy memory of the carts that were seen recently, and when they were last written.
 *
 * <p>It saves a clear the attempt to delete an item that has not rested. Such an attempt is harmless only if its
 * response arrives. If the response is lost, a present item could be the old one, or one that was started after the
 * delete.
 */
final class RecentCarts {
    private static final int SLOTS = 1024;

    /** Each slot combines the hash of a user ID with the second of the cart's last write. */
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
