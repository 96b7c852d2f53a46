package com.cloudshelf.cart;

import java.util.List;

/**
 * One write that a call sent, and what the call knows of its fate.
 *
 * @param id which write ID it leaves in the item; attempts of one call with the same ID exclude each other
 * @param write what was sent
 * @param excluded with {@link Purpose#FENCE}: the write IDs that it keeps from taking effect
 * @param fromStrong whether it was made from what this call itself saw strongly, and so from no stale snapshot
 */
record Attempt(Purpose purpose, WriteId id, Write write, List<WriteId> excluded, boolean fromStrong, Fate fate) {
    enum Purpose {
        /** Carries the update out. */
        CHANGE,
        /** Changes nothing, but keeps earlier attempts from taking effect. */
        FENCE,
        /** Sets right what other writers left wrong, after the change has been carried out. */
        REPAIR
    }

    /** What is known of it. A change that was carried out ends the call, so that no fate is needed for that. */
    enum Fate {
        /** It was sent, and no answer has come. */
        IN_FLIGHT,
        /** The answer was lost: it may have taken effect, or may do so yet. */
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

    /** Whether it may have had an effect on the cart, or may have one yet, for all that its answer told. */
    boolean isAmbiguous() {
        return purpose == Purpose.CHANGE && (fate == Fate.IN_FLIGHT || fate == Fate.LOST);
    }

    boolean isDeletion() {
        return write.kind() == Write.Kind.DELETE;
    }

    /** Whether its condition names the version of an item that was seen: such a one dies with that version. */
    boolean isPinned() {
        return write.before() != null;
    }
}
