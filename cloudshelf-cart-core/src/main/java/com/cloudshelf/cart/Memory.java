package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an item remembers of its writes, so that a write can tell whether an earlier try of itself took effect.
 *
 * @param incarnation the id of the write that began this cart
 * @param version raised by every write of this library
 * @param writes the ids of recent writes, the ring
 * @param forgotten every id that left the ring began at or before this time (epoch ms)
 * @param lastWrite when this library last wrote (epoch ms, by the writer's clock)
 * @param keys idempotency keys by hash
 */
record Memory(
        String incarnation, long version, List<String> writes, long forgotten, long lastWrite, Map<String, Key> keys) {

    /** An idempotency key: remembered until a time (epoch ms), for changes with this digest. */
    record Key(long until, String digest) {}

    /** How long a cart must have gone unwritten before its item, and so its memory, may be deleted. */
    static final long REST_MILLIS = 3_600_000;

    /** Ids older than this belong to calls that ended long ago; nobody will ask for them. */
    private static final long STALE_MILLIS = 120_000;

    /** To sort the ring for what is stale is a good part of the work for a write: not for every one. */
    private static final int TRIM_EVERY = 8;

    static final int MAX_KEYS = 100;

    /** Begins the memory of a new cart, which takes over what an expired one at the same place remembered. */
    static Memory begin(WriteId id, @Nullable Memory before) {
        long floor = floorOf(id.begin());
        if (before == null) {
            return new Memory(id.text(), 0, List.of(), floor, 0, Map.of());
        }
        // What left the ring before must not pass for what never left it.
        long least = before.hasForgottenNothing() ? floor : floor + 1;
        return new Memory(id.text(), before.version, before.writes, Math.max(least, before.forgotten), 0, before.keys);
    }

    /** What an item tells of a write ID. */
    enum Trace {
        /** A write with this ID took effect. */
        PRESENT,
        /** No write with this ID ever took effect on this item. */
        ABSENT,
        /** The ID is not in the ring, but may have left it. */
        FORGOTTEN
    }

    Trace traceOf(WriteId id) {
        if (holds(id)) {
            return Trace.PRESENT;
        }
        return provesAbsenceOf(id) || hasForgottenNothing() ? Trace.ABSENT : Trace.FORGOTTEN;
    }

    /** Whether this ID, or one of the same millisecond, is the last one that left the ring. */
    boolean leftLast(WriteId id) {
        return forgotten == id.begin();
    }

    /** Whether no ID has left the ring: {@code forgotten} still is the floor that the start of the cart set. */
    private boolean hasForgottenNothing() {
        return forgotten == floorOf(WriteId.begin(incarnation));
    }

    private static long floorOf(long start) {
        return start - REST_MILLIS / 2;
    }

    /** Returns when this cart was started, by the clock of the machine that did. */
    long startedAt() {
        return WriteId.begin(incarnation);
    }

    boolean holds(WriteId id) {
        return writes.contains(id.text());
    }

    /** Returns whether an id that is not in the ring was never there. */
    boolean provesAbsenceOf(WriteId id) {
        return id.begin() > forgotten;
    }

    /** Returns whether there was one write of this library, and no more, since an earlier memory of the same item. */
    boolean isNextAfter(@Nullable Memory earlier) {
        return earlier != null && version == earlier.version + 1 && incarnation.equals(earlier.incarnation);
    }

    boolean isRested(long now) {
        return lastWrite < now - REST_MILLIS;
    }

    boolean isFull(int ringSize) {
        return writes.size() >= ringSize;
    }

    long keysUntil() {
        long latest = 0;
        for (Key key : keys.values()) {
            latest = Math.max(latest, key.until());
        }
        return latest;
    }

    @Nullable
    Key liveKey(String hash, long now) {
        Key key = keys.get(hash);
        return key != null && key.until() > now ? key : null;
    }

    int liveKeys(long now) {
        int live = 0;
        for (Key key : keys.values()) {
            live += key.until() > now ? 1 : 0;
        }
        return live;
    }

    /**
     * Returns the memory after one more write. A ring that is a quarter full forgets what is stale every eighth time, a full
     * one its older half.
     *
     * @param refused the id of an addition of the same call that is to be refused from now on, if it has one
     */
    Memory after(WriteId id, @Nullable WriteId refused, long now, long systemNow, int ringSize) {
        List<String> ring = new ArrayList<>(writes.size() + 2);
        ring.addAll(writes);
        long floor = forgotten;
        if (isFull(ringSize) || (version % TRIM_EVERY == 0 && ring.size() >= ringSize / 4)) {
            Collections.sort(ring);
            int drop = isFull(ringSize) ? ring.size() - ringSize / 2 : 0;
            while (drop < ring.size() && WriteId.begin(ring.get(drop)) < systemNow - STALE_MILLIS) {
                drop++;
            }
            for (String left : ring.subList(0, drop)) {
                floor = Math.max(floor, WriteId.begin(left));
            }
            ring.subList(0, drop).clear();
        }
        if (refused != null) {
            ring.remove(refused.text());
            ring.add(refused.text());
        }
        ring.remove(id.text());
        ring.add(id.text());
        return new Memory(incarnation, version + 1, ring, floor, Math.max(now, lastWrite), keys);
    }

    /** Returns the memory with a key, and without those that are past their retention. */
    Memory with(String hash, Key key, long now) {
        Map<String, Key> kept = new HashMap<>(keys);
        kept.values().removeIf(old -> old.until() <= now);
        kept.put(hash, key);
        return new Memory(incarnation, version, writes, forgotten, lastWrite, kept);
    }
}
