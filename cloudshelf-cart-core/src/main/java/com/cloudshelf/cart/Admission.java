package com.cloudshelf.cart;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the requests that are in flight and lets the others queue. Without it a burst fails: an HTTP client refuses what
 * exceeds its pool and its queue.
 */
final class Admission {
    private final int places;
    private final ArrayDeque<BooleanSupplier> queue = new ArrayDeque<>();
    private int taken;

    Admission(int places) {
        this.places = places;
    }

    /**
     * Sends a request now or when a place is free.
     *
     * @param send sends the request and returns true, or returns false if it is not wanted any more; a place that was used is
     *     given back by {@link #release}
     * @param first whether it goes before those that wait, because its call has come some way already
     * @return whether the request has to wait
     */
    boolean admit(BooleanSupplier send, boolean first) {
        synchronized (this) {
            if (taken == places) {
                if (first) {
                    queue.addFirst(send);
                } else {
                    queue.addLast(send);
                }
                return true;
            }
            taken++;
        }
        if (!send.getAsBoolean()) {
            release();
        }
        return false;
    }

    /** Gives a place back, to the request that has waited longest. */
    void release() {
        BooleanSupplier next;
        do {
            next = poll();
        } while (next != null && !next.getAsBoolean());
    }

    private synchronized @Nullable BooleanSupplier poll() {
        BooleanSupplier next = queue.poll();
        if (next == null) {
            taken--;
        }
        return next;
    }
}
