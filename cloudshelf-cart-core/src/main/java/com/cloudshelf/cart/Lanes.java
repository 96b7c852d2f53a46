package com.cloudshelf.cart;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Has the changes that one store makes to one cart take turns, and passes what one of them left in the table to the
 * next. They do not conflict with each other, and each costs one request.
 *
 * <p>A lane exists while it contains changes. Changes to other carts never wait for it. If a lane is full, a change
 * does not wait for its turn, and may then have to settle a conflict.
 */
final class Lanes {
    /** A change to one cart. */
    interface Traveller {
        String userId();

        /** The turn has come. Must pass the work to another thread. */
        void turn(@Nullable StoredCart handedOn);
    }

    /** The result of {@link #enter}. */
    enum Entry {
        /** It is the traveller's turn; it must {@link #leave}. */
        TURN,
        /** Its turn will come; it must {@link #leave}. */
        WAIT,
        /** The lane is full: it continues without a turn. */
        BESIDE
    }

    private static final int MAX_WAITING = 1_000;

    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();

    Entry enter(Traveller traveller) {
        Entry[] entry = new Entry[1];
        lanes.compute(traveller.userId(), (userId, lane) -> {
            if (lane == null) {
                entry[0] = Entry.TURN;
                return new Lane(traveller);
            }
            entry[0] = lane.enter(traveller);
            return lane;
        });
        return entry[0];
    }

    /**
     * Ends a turn, or the wait for one.
     *
     * @param left what the traveller knows to be in the table
     */
    void leave(Traveller traveller, @Nullable StoredCart left) {
        Traveller[] next = new Traveller[1];
        lanes.computeIfPresent(traveller.userId(), (userId, lane) -> {
            if (lane.current != traveller) {
                lane.leave(traveller);
                return lane;
            }
            next[0] = lane.advance();
            return next[0] == null ? null : lane;
        });
        if (next[0] != null) {
            next[0].turn(left);
        }
    }

    int size() {
        return lanes.size();
    }

    /** Guarded by the map's entry for its user. */
    private static final class Lane {
        private @Nullable Traveller current;
        private @Nullable Set<Traveller> waiting;

        Lane(Traveller first) {
            this.current = first;
        }

        Entry enter(Traveller traveller) {
            if (waiting == null) {
                waiting = new LinkedHashSet<>();
            }
            return waiting.size() < MAX_WAITING && waiting.add(traveller) ? Entry.WAIT : Entry.BESIDE;
        }

        void leave(Traveller traveller) {
            if (waiting != null) {
                waiting.remove(traveller);
            }
        }

        @Nullable
        Traveller advance() {
            current = null;
            if (waiting != null && !waiting.isEmpty()) {
                current = waiting.iterator().next();
                waiting.remove(current);
            }
            return current;
        }
    }
}
