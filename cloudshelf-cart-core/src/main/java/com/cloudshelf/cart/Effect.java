package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fate of a call's attempts, judged by an item that the call has read strongly.
 *
 * @param open with {@link Kind#NONE}: the attempts that may still be applied
 */
record Effect(Kind kind, List<Attempt> open) {
    enum Kind {
        /** No attempt has changed the cart. */
        NONE,
        /** An attempt has changed the cart; the item contains its change. */
        APPLIED,
        /** An attempt has deleted the item; the present cart was started since. */
        DELETED,
        /** The item cannot tell. */
        UNKNOWN
    }

    private enum Finding {
        /** It was applied. */
        APPLIED,
        /** It was not applied, but still may be. */
        OPEN,
        /** It was not applied, and never will be. */
        DEAD,
        /** It may have been applied. */
        UNKNOWN
    }

    /**
     * A cart that was started this long before a call cannot be the successor of one that the call may have deleted: no
     * call lasts longer than a minute, and the clocks of two machines differ by at most half an hour.
     */
    private static final long OLDER_THAN_THE_CALL_MILLIS = Deadline.LONGEST.toMillis() + Memory.REST_MILLIS / 2;

    /**
     * @param refused the attempt that {@code seen} has just refused, if any
     * @param systemNow the time that write IDs use
     */
    static Effect of(List<Attempt> attempts, StoredCart seen, @Nullable Attempt refused, long systemNow) {
        if (attempts.isEmpty()) {
            return new Effect(Kind.NONE, attempts);
        }
        Set<WriteId> fenced = fenced(attempts, seen.memory());
        List<Attempt> open = new ArrayList<>();
        boolean unknown = false;
        for (Attempt attempt : attempts) {
            if (fenced.contains(attempt.id())) {
                continue;
            }
            boolean refusedJustNow = attempt.equals(refused);
            switch (find(attempt, seen, refusedJustNow, systemNow)) {
                case APPLIED -> {
                    return new Effect(attempt.isDeletion() ? Kind.DELETED : Kind.APPLIED, List.of());
                }
                case UNKNOWN -> unknown = true;
                case OPEN -> open.add(attempt);
                case DEAD -> {}
            }
        }
        return new Effect(unknown ? Kind.UNKNOWN : Kind.NONE, List.copyOf(open));
    }

    /**
     * Returns the write IDs that are settled: those of the fences in the item, and those that they exclude. A fence is
     * stored only if these are missing, so if one of them is in the ring next to the fence, the fence has put it there.
     */
    private static Set<WriteId> fenced(List<Attempt> attempts, @Nullable Memory memory) {
        Set<WriteId> fenced = new HashSet<>();
        for (Attempt attempt : attempts) {
            if (attempt.purpose() == Attempt.Purpose.FENCE
                    && memory != null
                    && memory.traceOf(attempt.id()) == Memory.Trace.PRESENT) {
                fenced.add(attempt.id());
                fenced.addAll(attempt.excluded());
            }
        }
        return fenced;
    }

    private static Finding find(Attempt attempt, StoredCart seen, boolean refusedJustNow, long systemNow) {
        if (attempt.purpose() != Attempt.Purpose.CHANGE) {
            return Finding.OPEN; // changes nothing; kept as long as it explains the IDs that it excludes
        }
        if (attempt.isDeletion()) {
            return findDeletion(attempt, seen);
        }
        Memory memory = seen.memory();
        if (memory == null) {
            StoredCart before = attempt.write().before();
            // The previous memory is gone, and with it every trace.
            boolean erased = attempt.isAmbiguous() && before != null && before.memory() != null;
            return erased ? Finding.UNKNOWN : openOrDead(attempt, seen);
        }
        return switch (memory.traceOf(attempt.id())) {
            case PRESENT -> Finding.APPLIED;
            case ABSENT -> openOrDead(attempt, seen);
            case FORGOTTEN -> findForgotten(attempt, memory, refusedJustNow, systemNow);
        };
    }

    /** The ID is not in the item, but may have been there and dropped since. */
    private static Finding findForgotten(Attempt attempt, Memory memory, boolean refusedJustNow, long systemNow) {
        StoredCart before = attempt.write().before();
        if (before != null && memory.isNextAfter(before.memory())) {
            return Finding.DEAD; // the only write since is another writer's: our ID would still be in the item
        }
        // The ring has dropped IDs that lie in the future of this machine's clock, so some clock is ahead, and what
        // the item has forgotten says nothing about this attempt. Its refusal does, and from now on it is refused
        // because of its age.
        boolean clockAhead = memory.forgotten() > systemNow;
        return clockAhead && refusedJustNow && !attempt.isAmbiguous() ? Finding.DEAD : Finding.UNKNOWN;
    }

    /** A delete leaves no ID. Whether it was applied shows in the incarnation of the present item. */
    private static Finding findDeletion(Attempt attempt, StoredCart seen) {
        StoredCart removed = attempt.write().before();
        // The network may have delivered a refused delete twice: once in time, and once after the next cart was
        // started.
        boolean mayHaveDeleted = attempt.isAmbiguous()
                || (attempt.fate() == Attempt.Fate.REFUSED && removed != null && attempt.fromStrong());
        if (!mayHaveDeleted) {
            return openOrDead(attempt, seen);
        }
        if (seen.cart().isBare()) {
            return Finding.APPLIED;
        }
        Memory memory = seen.memory();
        if (removed == null) {
            boolean older = memory != null && memory.startedAt() < attempt.id().begin() - OLDER_THAN_THE_CALL_MILLIS;
            return older ? openOrDead(attempt, seen) : Finding.UNKNOWN;
        }
        Memory before = removed.memory();
        boolean same = before != null && memory != null && before.incarnation().equals(memory.incarnation());
        if (same) {
            return openOrDead(attempt, seen);
        }
        return attempt.fromStrong() ? Finding.APPLIED : Finding.UNKNOWN;
    }

    private static Finding openOrDead(Attempt attempt, StoredCart seen) {
        return attempt.write().pin().mayApplyTo(seen) ? Finding.OPEN : Finding.DEAD;
    }
}
