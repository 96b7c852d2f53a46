package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an item remembers of its writes, so that a write can find out whether an earlier attempt of it was applied.
 *
 * @param incarnation the ID of the write that started this cart
 * @param version increased by every write of this library
 * @param ring the IDs of recent writes, in no order
 * @param forgotten every ID that left the ring was drawn at or before this time (epoch ms)
 * @param lastWrite when this library last wrote (epoch ms, by the writer's clock)
 * @param keys idempotency keys by hash
 */
record Memory(
        WriteId incarnation, long version, List<WriteId> ring, long forgotten, long lastWrite, Map<String, Key> keys) {

    // Why IDs may be dropped: only the call that drew an ID looks for it, and a call lasts at most 60 seconds, but
    // the clocks of machines may differ by half an hour. So an ID that is 31 minutes old by any machine's clock belongs
    // to a call that has ended, and may leave. If the ring overflows before that, its older half leaves anyway, and
    // calls whose IDs were drawn before `forgotten` can no longer learn that they had no effect. Nothing leaves without
    // raising `forgotten`.

    /** An idempotency key: remembered until a time (epoch ms), for changes with this digest. */
    record Key(long until, String digest) {}

    /** What an item reveals about a write ID. */
    enum Trace {
        /** A write with this ID was applied. */
        PRESENT,
        /** No write with this ID was ever applied to this item. */
        ABSENT,
        /** The ID is not in the ring, but may have left it. */
        FORGOTTEN
    }

    /** How long a cart must have gone unwritten before its item, and thereby its memory, may be deleted. */
    static final long REST_MILLIS = 3_600_000;

    /** How far the clocks of machines may differ. */
    static final long CLOCK_SKEW_MILLIS = 1_800_000;

    /** IDs older than this belong to calls that have ended, whichever machine's clock drew them; nobody will ask for them. */
    static final long STALE_MILLIS = CLOCK_SKEW_MILLIS + 60_000;

    /** The number of keys that a cart remembers before it accepts no more. None is forgotten early. */
    static final int MAX_KEYS = 1000;

    /** More would not fit into one expression. The others are dropped by the next write. */
    static final int MAX_DROPPED_KEYS = 25;

    /** Starts the memory of a new cart. */
    static Memory start(WriteId id, long versionBefore) {
        return new Memory(id, versionBefore, List.of(), floorOf(id), 0, Map.of());
    }

    /**
     * Returns this memory as that of a new cart, which replaces an expired one in the same item. To forget more would
     * leave calls that run meanwhile without an answer if the clock of the new cart's machine is ahead.
     */
    Memory restarted(WriteId id, long now) {
        long floor = floorOf(id);
        long before = hasForgottenNothing() ? floor : besides(floor, forgotten);
        return new Memory(id, version, ring, before, now, keys);
    }

    Trace traceOf(WriteId id) {
        if (ring.contains(id)) {
            return Trace.PRESENT;
        }
        return id.begin() > forgotten || hasForgottenNothing() ? Trace.ABSENT : Trace.FORGOTTEN;
    }

    boolean holds(WriteId id) {
        return ring.contains(id);
    }

    /** Returns whether there was exactly one write of this library since an earlier memory of the same item. */
    boolean isNextAfter(@Nullable Memory earlier) {
        return earlier != null && version == earlier.version + 1 && incarnation.equals(earlier.incarnation);
    }

    /** Whether this ID, or one of the same millisecond, was the last one to leave the ring. */
    boolean leftLast(WriteId id) {
        return forgotten == id.begin();
    }

    /** Whether no ID has left the ring: {@code forgotten} is still the floor that was set when the cart was started. */
    private boolean hasForgottenNothing() {
        return forgotten == floorOf(incarnation);
    }

    /**
     * A new cart knows nothing of what was before it: an old attempt must not look like one that the cart would
     * remember.
     */
    private static long floorOf(WriteId incarnation) {
        return Math.max(0, incarnation.begin() - REST_MILLIS / 2);
    }

    /** Returns when this cart was started, by the clock of the machine that started it. */
    long startedAt() {
        return incarnation.begin();
    }

    boolean isRested(long now) {
        return lastWrite < now - REST_MILLIS;
    }

    /** Whether a write that pins the version would drop something from the ring for its age. */
    boolean isStale(long systemNow) {
        for (WriteId id : ring) {
            if (isStale(id, systemNow)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isStale(WriteId id, long systemNow) {
        return id.begin() < systemNow - STALE_MILLIS;
    }

    boolean isFull(int ringSize) {
        return ring.size() >= ringSize;
    }

    long keysUntil() {
        long latest = 0;
        for (Map.Entry<String, Key> key : keys.entrySet()) {
            latest = Math.max(latest, key.getValue().until());
        }
        return latest;
    }

    @Nullable
    Key liveKey(String hash, long now) {
        Key key = keys.get(hash);
        return key != null && key.until() > now ? key : null;
    }

    /**
     * Whether no key is live on any machine, whatever its clock. Until then, the keys stay in the item, because a
     * machine whose clock is behind still looks for them.
     */
    boolean isFreeOfKeys(long now) {
        return keysUntil() <= now - CLOCK_SKEW_MILLIS;
    }

    int liveKeys(long now) {
        int live = 0;
        for (Map.Entry<String, Key> key : keys.entrySet()) {
            live += key.getValue().until() > now ? 1 : 0;
        }
        return live;
    }

    /** Returns the memory after one more write, which drops what is stale; of a ring that is still full, also the older half. */
    Memory after(WriteId id, long version, long now, long systemNow, int ringSize) {
        List<WriteId> kept = new ArrayList<>(ring.size() + 1);
        long floor = forgotten;
        for (WriteId old : ring) {
            if (isStale(old, systemNow)) {
                floor = raised(floor, old);
            } else if (!old.equals(id)) {
                kept.add(old);
            }
        }
        if (kept.size() >= ringSize) {
            kept.sort(Comparator.comparingLong(WriteId::begin));
            List<WriteId> leaving = kept.subList(0, kept.size() - ringSize / 2);
            floor = raised(floor, leaving.get(leaving.size() - 1));
            leaving.clear();
        }
        kept.add(id);
        return new Memory(incarnation, version, kept, floor, Math.max(now, lastWrite), withoutExpiredKeys(now));
    }

    /** Returns {@code forgotten} after this ID has left. */
    private long raised(long forgotten, WriteId left) {
        return besides(floorOf(incarnation), Math.max(forgotten, left.begin()));
    }

    /** Returns a time at which IDs have left: if it is the floor, which means that none has, the next one. */
    private static long besides(long floor, long forgotten) {
        return forgotten == floor ? floor + 1 : forgotten;
    }

    /** Keys are kept longer by the maximum difference between clocks, because another machine may have stored them. */
    private Map<String, Key> withoutExpiredKeys(long now) {
        Map<String, Key> kept = keys;
        int dropped = 0;
        for (Map.Entry<String, Key> key : keys.entrySet()) {
            if (key.getValue().until() <= now - CLOCK_SKEW_MILLIS && dropped < MAX_DROPPED_KEYS) {
                kept = dropped == 0 ? new HashMap<>(keys) : kept;
                kept.remove(key.getKey());
                dropped++;
            }
        }
        return kept;
    }

    Memory with(String hash, Key key) {
        Map<String, Key> more = new HashMap<>(keys);
        more.put(hash, key);
        return new Memory(incarnation, version, ring, forgotten, lastWrite, more);
    }
}
