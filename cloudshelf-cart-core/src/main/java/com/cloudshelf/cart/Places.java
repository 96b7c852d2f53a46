package com.cloudshelf.cart;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Limits the number of calls with a request in flight, and has the others wait for a place. Without this, a burst
 * fails, because an HTTP client refuses what exceeds its pool and its queue.
 *
 * <p>A call holds one place from its grant to its release, for all requests that follow each other without a delay.
 * Whoever takes a place must release it.
 */
final class Places {
    /** Something that waits for a place. */
    interface Guest {
        /** The place has been granted. Must pass the work to another thread. */
        void placed();
    }

    private final int places;
    // Calls that have made progress go before those that have not.
    private final Set<Guest> returning = new LinkedHashSet<>();
    private final Set<Guest> waiting = new LinkedHashSet<>();
    private int taken;

    Places(int places) {
        this.places = places;
    }

    /** Takes a place and returns true, or queues the guest. */
    synchronized boolean take(Guest guest, boolean first) {
        if (taken < places) {
            taken++;
            return true;
        }
        (first ? returning : waiting).add(guest);
        return false;
    }

    /** Takes a place if one is free, ahead of those that wait. */
    synchronized boolean tryTake() {
        if (taken < places && returning.isEmpty() && waiting.isEmpty()) {
            taken++;
            return true;
        }
        return false;
    }

    /**
     * Removes a guest from the queue. Returns false if it is not waiting: it never has, or its place has been granted.
     */
    synchronized boolean leave(Guest guest) {
        return returning.remove(guest) || waiting.remove(guest);
    }

    /** Passes a place to the guest that has waited longest. */
    void release() {
        Guest next = next();
        if (next != null) {
            next.placed();
        }
    }

    private synchronized @Nullable Guest next() {
        Set<Guest> queue = returning.isEmpty() ? waiting : returning;
        if (queue.isEmpty()) {
            taken--;
            return null;
        }
        Guest next = queue.iterator().next();
        queue.remove(next);
        return next;
    }

    synchronized int taken() {
        return taken;
    }

    synchronized int waiting() {
        return returning.size() + waiting.size();
    }
}
