package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/**
 * What a write requires of the item: the part of its condition that decides whether an attempt in flight can still be
 * applied.
 *
 * @param kind what is pinned
 * @param id the ID of the write; {@code null} if it leaves none
 * @param seen the item that is pinned; {@code null} unless the kind is {@link Kind#VERSION}
 * @param restedBefore the item must have been written last before this time (epoch ms); only for {@link Kind#REST}
 */
record Pin(Kind kind, @Nullable WriteId id, @Nullable StoredCart seen, long restedBefore) {
    enum Kind {
        /** Only that the write was not applied before; it may also start a cart. */
        NONE,
        /** The same, and a line that was seen: the item must exist. */
        LINE,
        /** The item as it was seen, including its version. */
        VERSION,
        /** That the item has rested. */
        REST
    }

    static Pin none(WriteId id) {
        return new Pin(Kind.NONE, id, null, 0);
    }

    static Pin line(WriteId id) {
        return new Pin(Kind.LINE, id, null, 0);
    }

    static Pin version(@Nullable WriteId id, StoredCart seen) {
        return new Pin(Kind.VERSION, id, seen, 0);
    }

    static Pin rest(long restedBefore) {
        return new Pin(Kind.REST, null, null, restedBefore);
    }

    /**
     * Returns whether the write could still be applied to an item in this state: not whether its whole condition holds,
     * only that nothing in the item rules it out for good.
     */
    boolean mayApplyTo(StoredCart stored) {
        if (kind == Kind.VERSION) {
            return seen != null && isAsSeen(seen, stored);
        }
        if (kind == Kind.REST) {
            Memory memory = stored.memory();
            return memory != null && memory.lastWrite() < restedBefore;
        }
        return stored.exists() ? admitsUnpinned(stored) : kind == Kind.NONE;
    }

    /**
     * Only what the item remembers rules the write out for good: another write may give a memory to an item without
     * one.
     */
    private boolean admitsUnpinned(StoredCart stored) {
        Memory memory = stored.memory();
        return id != null
                && stored.format() <= ItemFormat.CURRENT_FORMAT
                && (memory == null || (!memory.holds(id) && memory.forgotten() < id.begin()));
    }

    private static boolean isAsSeen(StoredCart seen, StoredCart stored) {
        return seen.exists() == stored.exists() && seen.pins().hold(stored.pins(), seen.isExpired());
    }
}
