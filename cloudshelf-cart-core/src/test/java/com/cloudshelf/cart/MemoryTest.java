package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;

class MemoryTest {
    private static final long NOW = 1_756_895_400_000L;
    private static final int RING = 4;
    private static final WriteId INCARNATION = WriteId.startedAt(NOW - 5_000_000);

    @Test
    void start_noItemBefore_knowsNothingOfTheLastHalfHour() {
        WriteId id = WriteId.startedAt(NOW);

        Memory memory = Memory.start(id, 0);

        assertThat(memory.incarnation()).isEqualTo(id);
        assertThat(memory.version()).isZero();
        assertThat(memory.ring()).isEmpty();
        assertThat(memory.forgotten()).isEqualTo(NOW - Memory.REST_MILLIS / 2);
        assertThat(memory.keys()).isEmpty();
    }

    @Test
    void restarted_expiredCart_isAnotherIncarnationWithTheSameMemory() {
        Memory before = memory(7, List.of(idAt(NOW - 10)), 5, Map.of("k", new Memory.Key(NOW + 1, "d")));
        WriteId id = WriteId.startedAt(NOW);

        Memory memory = before.restarted(id, NOW);

        assertThat(memory.incarnation()).isEqualTo(id).isNotEqualTo(before.incarnation());
        assertThat(memory.version()).isEqualTo(7);
        assertThat(memory.ring()).isEqualTo(before.ring());
        assertThat(memory.forgotten()).isEqualTo(5);
        assertThat(memory.lastWrite()).isEqualTo(NOW);
        assertThat(memory.keys()).isEqualTo(before.keys());
    }

    @Test
    void restarted_expiredCartThatForgotUpToTheFloor_hasNotForgottenNothing() {
        long floor = NOW - Memory.REST_MILLIS / 2;

        Memory memory = memory(7, List.of(), floor, Map.of()).restarted(WriteId.startedAt(NOW), NOW);

        assertThat(memory.forgotten()).isEqualTo(floor + 1);
        assertThat(memory.traceOf(idAt(floor))).isEqualTo(Memory.Trace.FORGOTTEN);
    }

    @Test
    void restarted_expiredCartThatForgotNothing_hasForgottenNothing() {
        Memory before = Memory.start(idAt(NOW - 9), 0);

        assertThat(before.restarted(idAt(NOW + 1_900_000), NOW).traceOf(idAt(NOW)))
                .isEqualTo(Memory.Trace.ABSENT);
    }

    @Test
    void after_ringWithRoom_keepsAllAndRaisesTheVersion() {
        Memory before = memory(7, List.of(idAt(NOW - 20), idAt(NOW - 10)), 5, Map.of());
        WriteId id = WriteId.startedAt(NOW);

        Memory after = before.after(id, 8, NOW, NOW, RING);

        assertThat(after.incarnation()).isEqualTo(before.incarnation());
        assertThat(after.version()).isEqualTo(8);
        assertThat(after.ring())
                .containsExactly(before.ring().get(0), before.ring().get(1), id);
        assertThat(after.forgotten()).isEqualTo(5);
        assertThat(after.lastWrite()).isEqualTo(NOW);
        assertThat(after.holds(id)).isTrue();
        assertThat(before.holds(id)).isFalse();
    }

    @Test
    void after_fullRing_forgetsTheOlderHalfAndRaisesForgottenToTheNewestOfThem() {
        List<WriteId> unsorted = List.of(idAt(NOW - 10), idAt(NOW - 40), idAt(NOW - 20), idAt(NOW - 30));
        WriteId id = WriteId.startedAt(NOW);

        Memory after = memory(7, unsorted, 5, Map.of()).after(id, 8, NOW, NOW, RING);

        assertThat(after.ring()).containsExactly(unsorted.get(2), unsorted.get(0), id);
        assertThat(after.forgotten()).isEqualTo(NOW - 30);
    }

    @Test
    void after_fullRingOfOldIds_neverLowersForgotten() {
        List<WriteId> ids = List.of(idAt(NOW - 40), idAt(NOW - 30), idAt(NOW - 20), idAt(NOW - 10));

        assertThat(memory(7, ids, NOW - 1, Map.of())
                        .after(WriteId.startedAt(NOW), 8, NOW, NOW, RING)
                        .forgotten())
                .isEqualTo(NOW - 1);
    }

    @Test
    void after_anyRing_forgetsWhatIsStaleAndNothingElse() {
        List<WriteId> ids = List.of(
                idAt(NOW - 1_860_000), idAt(NOW - 5_000_000), idAt(NOW - 1), idAt(NOW - 1_860_001), idAt(NOW + 99));
        WriteId id = WriteId.startedAt(NOW);

        Memory after = memory(7, ids, 5, Map.of()).after(id, 8, NOW, NOW, 16);

        assertThat(after.ring()).containsExactly(ids.get(0), ids.get(2), ids.get(4), id);
        assertThat(after.forgotten()).isEqualTo(NOW - 1_860_001);
        assertThat(memory(7, ids, 5, Map.of()).after(id, 8, NOW, NOW, 2).ring()).containsExactly(ids.get(4), id);
    }

    @Test
    void isStale_idOfACallThatMayStillRun_isNot() {
        assertThat(memory(7, List.of(idAt(NOW - Memory.STALE_MILLIS)), 5, Map.of())
                        .isStale(NOW))
                .isFalse();
        assertThat(memory(7, List.of(idAt(NOW), idAt(NOW - Memory.STALE_MILLIS - 1)), 5, Map.of())
                        .isStale(NOW))
                .isTrue();
    }

    @Test
    void after_ringOfAStoreWithALargerOne_shrinks() {
        List<WriteId> ids = new ArrayList<>();
        for (int i = 16; i > 0; i--) {
            ids.add(idAt(NOW - i));
        }

        Memory after = memory(7, ids, 5, Map.of()).after(WriteId.startedAt(NOW), 8, NOW, NOW, RING);

        assertThat(after.ring()).hasSize(RING / 2 + 1).startsWith(ids.get(14), ids.get(15));
        assertThat(after.forgotten()).isEqualTo(NOW - 3);
    }

    @Test
    void after_sameIdAgain_isHeldOnce() {
        WriteId id = WriteId.startedAt(NOW);

        Memory twice =
                memory(7, List.of(), 5, Map.of()).after(id, 8, NOW, NOW, RING).after(id, 8, NOW, NOW, RING);

        assertThat(twice.ring()).containsExactly(id);
    }

    @Test
    void isNextAfter_oneWriteOfTheSameCart_isTrue() {
        Memory before = memory(7, List.of(), 5, Map.of());
        Memory next = before.after(WriteId.startedAt(NOW), 8, NOW, NOW, RING);

        assertThat(next.isNextAfter(before)).isTrue();
        assertThat(next.after(WriteId.startedAt(NOW), 9, NOW, NOW, RING).isNextAfter(before))
                .isFalse();
        assertThat(before.isNextAfter(before)).isFalse();
        assertThat(next.isNextAfter(null)).isFalse();
        assertThat(next.isNextAfter(new Memory(WriteId.startedAt(NOW), 7, List.of(), 5, 0, Map.of())))
                .isFalse();
    }

    @Test
    void after_ringOfOne_remembersTheLastWriteAlone() {
        WriteId old = idAt(NOW - 10);
        WriteId id = WriteId.startedAt(NOW);

        Memory after = memory(7, List.of(old), 5, Map.of()).after(id, 8, NOW, NOW, 1);

        assertThat(after.ring()).containsExactly(id);
        assertThat(after.forgotten()).isEqualTo(NOW - 10);
    }

    @Test
    void after_bytesThatAreNoId_areForgottenWithoutATrace() {
        List<WriteId> ids = List.of(WriteId.of(SdkBytes.fromUtf8String("!")), idAt(NOW - 20), idAt(NOW - 10));

        Memory after = memory(7, ids, NOW - 30, Map.of()).after(WriteId.startedAt(NOW), 8, NOW, NOW, 3);

        assertThat(after.ring()).hasSize(3).doesNotContain(ids.get(0));
        assertThat(after.forgotten()).isEqualTo(NOW - 30);
    }

    /**
     * The floor only says that no ID has left the ring. An ID below it may still be in the ring if a clock was fast.
     */
    @Test
    void after_idBelowTheFloorLeaves_isNotProvenAbsent() {
        Memory ahead = Memory.start(WriteId.startedAt(NOW + 1_900_000), 0);
        WriteId id = WriteId.startedAt(NOW);
        Memory memory = ahead.after(id, 1, NOW, NOW, RING);

        for (int i = 0; i < 9; i++) {
            memory = memory.after(WriteId.startedAt(NOW + 1), 2 + i, NOW, NOW, RING);
        }

        assertThat(memory.ring()).doesNotContain(id);
        assertThat(memory.traceOf(id)).isEqualTo(Memory.Trace.FORGOTTEN);
    }

    @Test
    void after_clockBehindThatOfTheLastWriter_keepsTheLaterTime() {
        Memory before = new Memory(INCARNATION, 1, List.of(), 0, NOW + 5, Map.of());

        assertThat(before.after(WriteId.startedAt(NOW), 8, NOW, NOW, RING).lastWrite())
                .isEqualTo(NOW + 5);
    }

    /** The rule that makes a retry safe: an ID that was once in the ring is still there, or is not proven absent. */
    @Property
    void traceOf_anyIdThatWasWritten_isNeverAbsent(
            @ForAll @LongRange(min = -4_000_000, max = 4_000_000) long startAhead,
            @ForAll @Size(max = 60) List<@LongRange(min = -4_000_000, max = 4_000_000) Long> begins,
            @ForAll @IntRange(min = 1, max = 9) int ringSize,
            @ForAll @IntRange(max = 60) int expiresAfter) {
        Memory memory = Memory.start(WriteId.startedAt(NOW + startAhead), 0);
        List<WriteId> written = new ArrayList<>();
        for (int i = 0; i < begins.size(); i++) {
            if (i == expiresAfter) {
                memory = memory.restarted(WriteId.startedAt(NOW + startAhead + 9_000_000), NOW + i);
            }
            WriteId id = WriteId.startedAt(NOW + begins.get(i));
            written.add(id);
            memory = memory.after(id, i, NOW + i, NOW + i, ringSize);
            for (WriteId earlier : written) {
                assertThat(memory.traceOf(earlier)).isNotEqualTo(Memory.Trace.ABSENT);
            }
            assertThat(memory.traceOf(id)).isEqualTo(Memory.Trace.PRESENT);
        }
    }

    @Test
    void traceOf_cartThatHasForgottenNothing_provesAbsenceDespiteClockSkew() {
        Memory ahead = Memory.start(WriteId.startedAt(NOW + 1_900_000), 0);
        WriteId id = WriteId.startedAt(NOW);

        assertThat(ahead.forgotten()).isGreaterThan(id.begin());
        assertThat(ahead.traceOf(id)).isEqualTo(Memory.Trace.ABSENT);
        assertThat(new Memory(ahead.incarnation(), 1, List.of(), ahead.forgotten() + 1, 0, Map.of()).traceOf(id))
                .isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(ahead.after(id, 8, NOW, NOW, RING).traceOf(id)).isEqualTo(Memory.Trace.PRESENT);
    }

    /** Even if the clock of the machine that starts the new cart is ahead. */
    @Test
    void traceOf_cartThatFollowsOneWhoseRingOverflowed_isWhatThatOneKnew() {
        Memory overflowed = memory(7, List.of(), NOW, Map.of());

        Memory memory = overflowed.restarted(idAt(NOW + 1_900_000), NOW);

        assertThat(memory.traceOf(idAt(NOW))).isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(memory.traceOf(idAt(NOW + 1))).isEqualTo(Memory.Trace.ABSENT);
    }

    @Test
    void traceOf_idAfterAllThatWasForgotten_isAbsent() {
        Memory memory = memory(7, List.of(), NOW, Map.of());

        assertThat(memory.traceOf(WriteId.startedAt(NOW + 1))).isEqualTo(Memory.Trace.ABSENT);
        assertThat(memory.traceOf(WriteId.startedAt(NOW))).isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(memory.leftLast(WriteId.startedAt(NOW))).isTrue();
        assertThat(memory.leftLast(WriteId.startedAt(NOW - 1))).isFalse();
    }

    @Test
    void isRested_anHourWithoutAWrite_isRested() {
        Memory memory = new Memory(INCARNATION, 1, List.of(), 0, NOW, Map.of());

        assertThat(memory.isRested(NOW + Memory.REST_MILLIS)).isFalse();
        assertThat(memory.isRested(NOW + Memory.REST_MILLIS + 1)).isTrue();
        assertThat(memory.isRested(NOW - 1)).isFalse();
    }

    @Test
    void after_anyWrite_dropsKeysThatNoClockConsidersLive() {
        long gone = NOW - Memory.CLOCK_SKEW_MILLIS;
        Memory before = memory(
                1,
                List.of(),
                0,
                Map.of(
                        "live", new Memory.Key(NOW + 1, "d1"),
                        "past", new Memory.Key(gone, "d2"),
                        "skew", new Memory.Key(gone + 1, "d3")));

        Memory after =
                before.after(WriteId.startedAt(NOW), 2, NOW, NOW, RING).with("new", new Memory.Key(NOW + 9, "d4"));

        assertThat(after.keys()).containsOnlyKeys("live", "skew", "new");
        assertThat(after.keysUntil()).isEqualTo(NOW + 9);
        assertThat(after.version()).isEqualTo(2);
        assertThat(before.keys()).hasSize(3);
    }

    @Test
    void after_moreExpiredKeysThanFitOneWrite_dropsTheRestNextTime() {
        Map<String, Memory.Key> keys = new HashMap<>();
        for (int i = 0; i < 60; i++) {
            keys.put("k" + i, new Memory.Key(5, "d"));
        }
        Memory first = memory(1, List.of(), 0, keys).after(WriteId.startedAt(NOW), 2, NOW, NOW, RING);
        Memory second = first.after(WriteId.startedAt(NOW), 3, NOW, NOW, RING);

        assertThat(first.keys()).hasSize(60 - Memory.MAX_DROPPED_KEYS);
        assertThat(second.keys()).hasSize(60 - 2 * Memory.MAX_DROPPED_KEYS);
        assertThat(second.after(WriteId.startedAt(NOW), 4, NOW, NOW, RING).keys())
                .isEmpty();
    }

    @Test
    void liveKey_pastItsTime_isNotLive() {
        Map<String, Memory.Key> keys = new HashMap<>(Map.of("k", new Memory.Key(NOW, "d")));
        Memory memory = memory(1, List.of(), 0, keys);

        assertThat(memory.liveKey("k", NOW - 1)).isEqualTo(new Memory.Key(NOW, "d"));
        assertThat(memory.liveKey("k", NOW)).isNull();
        assertThat(memory.liveKey("other", NOW - 1)).isNull();
        assertThat(memory.liveKeys(NOW - 1)).isEqualTo(1);
        assertThat(memory.liveKeys(NOW)).isZero();
    }

    @Test
    void keysUntil_noKeys_isZero() {
        assertThat(memory(1, List.of(), 0, Map.of()).keysUntil()).isZero();
    }

    private static Memory memory(long version, List<WriteId> writes, long forgotten, Map<String, Memory.Key> keys) {
        return new Memory(INCARNATION, version, writes, forgotten, NOW - 1000, keys);
    }

    private static WriteId idAt(long begin) {
        return WriteId.startedAt(begin);
    }
}
