package com.cloudshelf.cart;

import java.util.ArrayDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets the changes that one store makes to one cart take turns, and hands what one of them wrote on to the next: they do not
 * conflict with each other, and each costs one request.
 *
 * <p>A lane exists while changes are in it. Changes to other carts never wait for it. A change that finds its lane full goes
 * beside it, and may then have to settle a conflict.
 */
final class Lanes {
    private static final int MAX_WAITING = 1_000;

    private final ConcurrentMap<String, Lane> lanes = new ConcurrentHashMap<>();

    /** Starts a change, now or when its turn comes. */
    void enter(Mutation<?> mutation) {
        boolean entered = false;
        while (!entered) {
            entered = lanes.computeIfAbsent(mutation.userId, Lane::new).enter(mutation);
        }
    }

    /** Ends the turn of a change, if it has it. */
    void leave(Mutation<?> mutation) {
        Lane lane = lanes.get(mutation.userId);
        if (lane != null) {
            lane.leave(mutation);
        }
    }

    private final class Lane {
        private final String userId;
        private final ArrayDeque<Mutation<?>> waiting = new ArrayDeque<>();
        private @Nullable Mutation<?> current;
        private @Nullable Thread starting;
        private @Nullable StoredCart handedOn;
        private boolean gone;

        Lane(String userId) {
            this.userId = userId;
        }

        /** Returns false if the lane has gone in the meantime. */
        boolean enter(Mutation<?> mutation) {
            boolean beside;
            synchronized (this) {
                if (gone) {
                    return false;
                }
                beside = waiting.size() >= MAX_WAITING;
                if (!beside) {
                    waiting.add(mutation);
                }
            }
            if (beside) {
                mutation.begin(null);
            } else {
                advance();
            }
            return true;
        }

        void leave(Mutation<?> mutation) {
            synchronized (this) {
                if (current != mutation) {
                    return;
                }
                current = null;
                handedOn = mutation.handOn();
                if (starting == Thread.currentThread()) {
                    return; // it ended while it was started below, where the next one is started, too
                }
            }
            advance();
        }

        private void advance() {
            while (true) {
                Mutation<?> next;
                StoredCart stored;
                synchronized (this) {
                    if (current != null || gone) {
                        return;
                    }
                    do {
                        next = waiting.poll();
                    } while (next != null && next.isOver());
                    if (next == null) {
                        gone = true;
                        lanes.remove(userId, this);
                        return;
                    }
                    current = next;
                    starting = Thread.currentThread();
                    stored = handedOn;
                }
                next.begin(stored);
                synchronized (this) {
                    if (starting == Thread.currentThread()) {
                        starting = null;
                    }
                }
            }
        }
    }
}
