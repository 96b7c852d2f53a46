package com.cloudshelf.cart;

import java.util.List;

/**
 * One write that a call sent, and what the call knows of its fate.
 *
 * @param id the write ID that it leaves in the item; attempts of one call with the same ID exclude each other
 * @param write what was sent
 * @param excluded with {@link Purpose#FENCE}: the write IDs that can no longer be applied once it is stored
 * @param fromStrong whether it was made from what this call itself has read strongly, not from a possibly stale
 *     snapshot
 */
record Attempt(Purpose purpose, WriteId id, Write write, List<WriteId> excluded, boolean fromStrong, Fate fate) {
    enum Purpose {
        /** Applies the update. */
        CHANGE,
        /** Changes nothing, but prevents earlier attempts from being applied. */
        FENCE,
        /** Repairs what other writers left wrong, after the change has been applied. */
        REPAIR
    }

    /** What is known of it. A change that was applied ends the call, so there is no fate for that. */
    enum Fate {
        /** It was sent, and no response has arrived. */
        IN_FLIGHT,
        /** The response was lost: it may have been applied, or may still be. */
        LOST,
        /** Its condition did not hold. A copy that the network made may still arrive. */
        REFUSED,
        /** It failed without an effect. A copy that the network made may still arrive. */
        NOT_APPLIED
    }

    static Attempt change(WriteId id, Write write, boolean fromStrong) {
        return new Attempt(Purpose.CHANGE, id, write, List.of(), fromStrong, Fate.IN_FLIGHT);
    }

    static Attempt fence(WriteId id, Write write, List<WriteId> excluded) {
        return new Attempt(Purpose.FENCE, id, write, excluded, true, Fate.IN_FLIGHT);
    }

    static Attempt repair(WriteId id, Write write) {
        return new Attempt(Purpose.REPAIR, id, write, List.of(), true, Fate.IN_FLIGHT);
    }

    Attempt with(Fate fate) {
        return new Attempt(purpose, id, write, excluded, fromStrong, fate);
    }

    /** Whether, judged by its response, it may have changed the cart or may still do so. */
    boolean isAmbiguous() {
        return purpose == Purpose.CHANGE && (fate == Fate.IN_FLIGHT || fate == Fate.LOST);
    }

    /** Whether it updates an item, some of whose attributes may have another type than it expects. */
    boolean isUpdate() {
        return purpose == Purpose.CHANGE && write.kind() == Write.Kind.UPDATE;
    }

    boolean isDeletion() {
        return write.kind() == Write.Kind.DELETE;
    }

    /**
     * Whether its condition names the version of an item that was seen. Such an attempt is dead once that version has
     * passed.
     */
    boolean isPinned() {
        return write.before() != null;
    }
}
