package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What has become of a call's attempts, judged by an item that the call saw strongly.
 *
 * @param open with {@link Kind#NONE}: the attempts that may take effect yet
 */
record Effect(Kind kind, List<Attempt> open) {
    enum Kind {
        /** No attempt has changed the cart. */
        NONE,
        /** An attempt has changed the cart; what was seen holds its change. */
        APPLIED,
        /** An attempt has deleted the item; what was seen was started since. */
        DELETED,
        /** The item cannot tell. */
        UNKNOWN
    }

    private enum Finding {
        /** It was carried out. */
        APPLIED,
        /** It was not carried out, and may be yet. */
        OPEN,
        /** It was not carried out, and never will be. */
        DEAD,
        /** It may have been carried out. */
        UNKNOWN
    }

    /**
     * A cart that started this long before a call is no successor of what the call may have deleted: no call lasts longer than
     * a minute, and the clocks of two machines are at most half an hour apart.
     */
    private static final long OLDER_THAN_THE_CALL_MILLIS = Deadline.LONGEST.toMillis() + Memory.REST_MILLIS / 2;

    /**
     * @param refused the attempt that {@code seen} refused just now, if there is one
     * @param systemNow the time of this machine, by which write IDs go
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
     * Returns the write IDs that are done with: those of the fences in the item, and those that they exclude. A fence goes in
     * only where these are not, so that one of them that stands beside it was put there by the fence.
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
            return Finding.OPEN; // changes nothing; kept while it explains the IDs that it excludes
        }
        if (attempt.isDeletion()) {
            return findDeletion(attempt, seen);
        }
        Memory memory = seen.memory();
        if (memory == null) {
            StoredCart before = attempt.write().before();
            // The memory that was there is gone, and with it every trace.
            boolean erased = attempt.isAmbiguous() && before != null && before.memory() != null;
            return erased ? Finding.UNKNOWN : openOrDead(attempt, seen);
        }
        return switch (memory.traceOf(attempt.id())) {
            case PRESENT -> Finding.APPLIED;
            case ABSENT -> openOrDead(attempt, seen);
            case FORGOTTEN -> findForgotten(attempt, memory, refusedJustNow, systemNow);
        };
    }

    /** The ID is not in the item, but may have been there and have left since. */
    private static Finding findForgotten(Attempt attempt, Memory memory, boolean refusedJustNow, long systemNow) {
        StoredCart before = attempt.write().before();
        if (before != null && memory.isNextAfter(before.memory())) {
            return Finding.DEAD; // the one write since is another's: ours would still be in the item
        }
        // IDs that are still to come by this machine's clock have left the ring: a clock runs ahead, so that what the
        // item has
        // forgotten tells nothing of this attempt. Its refusal does, and from now on it is refused for its age.
        boolean clockAhead = memory.forgotten() > systemNow;
        return clockAhead && refusedJustNow && !attempt.isAmbiguous() ? Finding.DEAD : Finding.UNKNOWN;
    }

    /** A deletion leaves no ID: whether it was carried out shows in whose item is there now. */
    private static Finding findDeletion(Attempt attempt, StoredCart seen) {
        StoredCart removed = attempt.write().before();
        // The network may have delivered a refused deletion twice: once in time, and once after the next cart was
        // started.
        boolean mayHaveDeleted = attempt.isAmbiguous()
                || (attempt.fate() == Attempt.Fate.REFUSED && removed != null && attempt.fromStrong());
        if (!mayHaveDeleted) {
            return openOrDead(attempt, seen);
        }
        if (seen.cart().isEmpty()) {
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
