package com.cloudshelf.cart;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the calls that have a request in flight, and lets the others wait for a place. Without it a burst fails: an HTTP
 * client refuses what exceeds its pool and its queue.
 *
 * <p>A call holds one place from its grant to its release, over all requests that follow one another without a pause. Whoever
 * takes a place gives it back.
 */
final class Places {
    /** Who waits for a place. */
    interface Guest {
        /** The place is there. Must hand the work on to another thread. */
        void placed();
    }

    private final int places;
    // Those that have come some way already go before those that have not.
    private final Set<Guest> returning = new LinkedHashSet<>();
    private final Set<Guest> waiting = new LinkedHashSet<>();
    private int taken;

    Places(int places) {
        this.places = places;
    }

    /** Takes a place and returns true, or has the guest wait for one. */
    synchronized boolean take(Guest guest, boolean first) {
        if (taken < places) {
            taken++;
            return true;
        }
        (first ? returning : waiting).add(guest);
        return false;
    }

    /** Takes a place if one is free, beside those that wait. */
    synchronized boolean tryTake() {
        if (taken < places && returning.isEmpty() && waiting.isEmpty()) {
            taken++;
            return true;
        }
        return false;
    }

    /** Has a guest wait no longer. Returns false if it does not wait: it has never waited, or its place has been granted. */
    synchronized boolean leave(Guest guest) {
        return returning.remove(guest) || waiting.remove(guest);
    }

    /** Gives a place back, to the guest that has waited longest. */
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
