package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private static final long NOW = 1_756_895_400_000L;
    private static final int RING = 4;

    @Test
    void begin_noItemBefore_knowsNothingOfTheLastHalfHour() {
        WriteId id = WriteId.begunAt(NOW);

        Memory memory = Memory.begin(id, null);

        assertThat(memory.incarnation()).isEqualTo(id.text());
        assertThat(memory.version()).isZero();
        assertThat(memory.writes()).isEmpty();
        assertThat(memory.forgotten()).isEqualTo(NOW - Memory.REST_MILLIS / 2);
        assertThat(memory.keys()).isEmpty();
    }

    @Test
    void begin_expiredItemBefore_isAnotherIncarnationWithTheOldMemory() {
        Memory before = memory(7, List.of(idBegunAt(NOW - 10)), NOW - 5, Map.of("k", new Memory.Key(NOW + 1, "d")));
        WriteId id = WriteId.begunAt(NOW);

        Memory memory = Memory.begin(id, before);

        assertThat(memory.incarnation()).isEqualTo(id.text()).isNotEqualTo(before.incarnation());
        assertThat(memory.version()).isEqualTo(7);
        assertThat(memory.writes()).isEqualTo(before.writes());
        assertThat(memory.forgotten()).isEqualTo(NOW - 5);
        assertThat(memory.keys()).isEqualTo(before.keys());
    }

    @Test
    void begin_expiredItemBeforeThatForgotLittle_forgetsTheLastHalfHourToo() {
        assertThat(Memory.begin(WriteId.begunAt(NOW), memory(7, List.of(), 5, Map.of()))
                        .forgotten())
                .isEqualTo(NOW - Memory.REST_MILLIS / 2 + 1);
    }

    @Test
    void after_ringWithRoom_keepsAllAndRaisesTheVersion() {
        Memory before = memory(7, List.of(idBegunAt(NOW - 20), idBegunAt(NOW - 10)), 5, Map.of());
        WriteId id = WriteId.begunAt(NOW);

        Memory after = before.after(id, null, NOW, NOW, RING);

        assertThat(after.incarnation()).isEqualTo(before.incarnation());
        assertThat(after.version()).isEqualTo(8);
        assertThat(after.writes())
                .containsExactly(before.writes().get(0), before.writes().get(1), id.text());
        assertThat(after.forgotten()).isEqualTo(5);
        assertThat(after.lastWrite()).isEqualTo(NOW);
        assertThat(after.holds(id)).isTrue();
        assertThat(before.holds(id)).isFalse();
    }

    @Test
    void after_fullRing_forgetsTheOlderHalfAndRaisesForgottenToTheNewestOfThem() {
        List<String> unsorted =
                List.of(idBegunAt(NOW - 10), idBegunAt(NOW - 40), idBegunAt(NOW - 20), idBegunAt(NOW - 30));
        WriteId id = WriteId.begunAt(NOW);

        Memory after = memory(7, unsorted, 5, Map.of()).after(id, null, NOW, NOW, RING);

        assertThat(after.writes()).containsExactly(unsorted.get(2), unsorted.get(0), id.text());
        assertThat(after.forgotten()).isEqualTo(NOW - 30);
    }

    @Test
    void after_fullRingOfOldIds_neverLowersForgotten() {
        List<String> ids = List.of(idBegunAt(NOW - 40), idBegunAt(NOW - 30), idBegunAt(NOW - 20), idBegunAt(NOW - 10));

        assertThat(memory(7, ids, NOW - 1, Map.of())
                        .after(WriteId.begunAt(NOW), null, NOW, NOW, RING)
                        .forgotten())
                .isEqualTo(NOW - 1);
    }

    @Test
    void after_fullRingWithIdsOfCallsLongOver_forgetsThoseToo() {
        List<String> ids = List.of(
                idBegunAt(NOW - 400_000), idBegunAt(NOW - 300_000), idBegunAt(NOW - 200_000), idBegunAt(NOW - 60_000));
        WriteId id = WriteId.begunAt(NOW);

        Memory after = memory(7, ids, 5, Map.of()).after(id, null, NOW, NOW, RING);

        assertThat(after.writes()).containsExactly(ids.get(3), id.text());
        assertThat(after.forgotten()).isEqualTo(NOW - 200_000);
    }

    @Test
    void after_ringOfAStoreWithALargerOne_shrinks() {
        List<String> ids = new ArrayList<>();
        for (int i = 16; i > 0; i--) {
            ids.add(idBegunAt(NOW - i));
        }

        Memory after = memory(7, ids, 5, Map.of()).after(WriteId.begunAt(NOW), null, NOW, NOW, RING);

        assertThat(after.writes()).hasSize(RING / 2 + 1).startsWith(ids.get(14), ids.get(15));
        assertThat(after.forgotten()).isEqualTo(NOW - 3);
    }

    @Test
    void after_quarterOfTheRingIsUsed_forgetsWhatIsStaleAndNothingElse() {
        List<String> ids = List.of(idBegunAt(NOW - 60_000), idBegunAt(NOW - 400_000), idBegunAt(NOW - 1));
        WriteId id = WriteId.begunAt(NOW);

        assertThat(memory(8, ids, 5, Map.of()).after(id, null, NOW, NOW, 16).writes())
                .containsExactly(ids.get(0), ids.get(1), ids.get(2), id.text());
        assertThat(memory(8, ids, 5, Map.of()).after(id, null, NOW, NOW, 12).writes())
                .containsExactly(ids.get(0), ids.get(2), id.text());
    }

    @Test
    void after_writesThatAreNotTheEighth_forgetsNothing() {
        List<String> ids = List.of(idBegunAt(NOW - 400_000), idBegunAt(NOW - 1), idBegunAt(NOW - 60_000));
        WriteId id = WriteId.begunAt(NOW);

        for (long version = 9; version < 16; version++) {
            assertThat(memory(version, ids, 5, Map.of())
                            .after(id, null, NOW, NOW, 12)
                            .writes())
                    .containsExactly(ids.get(0), ids.get(1), ids.get(2), id.text());
        }
    }

    @Test
    void after_additionThatWasRefused_isHeldToo() {
        WriteId refused = WriteId.begunAt(NOW - 3);
        WriteId id = WriteId.begunAt(NOW);

        Memory after = memory(7, List.of(), 5, Map.of()).after(id, refused, NOW, NOW, RING);

        assertThat(after.holds(id)).isTrue();
        assertThat(after.holds(refused)).isTrue();
        assertThat(after.version()).isEqualTo(8);
    }

    @Test
    void after_sameIdAgain_isHeldOnce() {
        WriteId id = WriteId.begunAt(NOW);

        Memory twice = memory(7, List.of(), 5, Map.of())
                .after(id, null, NOW, NOW, RING)
                .after(id, null, NOW, NOW, RING);

        assertThat(twice.writes()).containsExactly(id.text());
    }

    @Test
    void isNextAfter_oneWriteOfTheSameCart_isTrue() {
        Memory before = memory(7, List.of(), 5, Map.of());
        Memory next = before.after(WriteId.begunAt(NOW), null, NOW, NOW, RING);

        assertThat(next.isNextAfter(before)).isTrue();
        assertThat(next.after(WriteId.begunAt(NOW), null, NOW, NOW, RING).isNextAfter(before))
                .isFalse();
        assertThat(before.isNextAfter(before)).isFalse();
        assertThat(next.isNextAfter(null)).isFalse();
        assertThat(next.isNextAfter(new Memory("another", 7, List.of(), 5, 0, Map.of())))
                .isFalse();
    }

    @Test
    void after_ringOfOne_remembersTheLastWriteAlone() {
        String old = idBegunAt(NOW - 10);
        WriteId id = WriteId.begunAt(NOW);

        Memory after = memory(7, List.of(old), 5, Map.of()).after(id, null, NOW, NOW, 1);

        assertThat(after.writes()).containsExactly(id.text());
        assertThat(after.forgotten()).isEqualTo(NOW - 10);
    }

    @Test
    void after_textThatIsNoId_isForgottenWithoutATrace() {
        List<String> ids = List.of("!", idBegunAt(NOW - 20), idBegunAt(NOW - 10));

        Memory after = memory(7, ids, 5, Map.of()).after(WriteId.begunAt(NOW), null, NOW, NOW, 3);

        assertThat(after.writes()).doesNotContain("!");
        assertThat(after.forgotten()).isEqualTo(NOW - 20);
    }

    @Test
    void after_clockBehindThatOfTheLastWriter_keepsTheLaterTime() {
        Memory before = new Memory("i", 1, List.of(), 0, NOW + 5, Map.of());

        assertThat(before.after(WriteId.begunAt(NOW), null, NOW, NOW, RING).lastWrite())
                .isEqualTo(NOW + 5);
    }

    @Test
    void provesAbsenceOf_beginAfterWhatWasForgotten_isProof() {
        Memory memory = memory(1, List.of(), NOW, Map.of());

        assertThat(memory.provesAbsenceOf(WriteId.begunAt(NOW + 1))).isTrue();
        assertThat(memory.provesAbsenceOf(WriteId.begunAt(NOW))).isFalse();
        assertThat(memory.provesAbsenceOf(WriteId.begunAt(NOW - 1))).isFalse();
    }

    /** The rule that makes a retry safe: an id that was once in the ring is in it, or is not proven absent. */
    @Test
    void provesAbsenceOf_anyIdThatWasWritten_isNeverProofWhileItIsGone() {
        Memory memory = Memory.begin(WriteId.begunAt(NOW), null);
        List<WriteId> written = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            // Calls begin in another order than their writes take effect.
            WriteId id = WriteId.begunAt(NOW + (i * 37) % 101);
            written.add(id);
            memory = memory.after(id, null, NOW + i, NOW + i, RING);
            for (WriteId earlier : written) {
                assertThat(memory.holds(earlier) || !memory.provesAbsenceOf(earlier))
                        .isTrue();
            }
        }
    }

    @Test
    void traceOf_cartThatHasForgottenNothing_provesAbsenceWhateverTheClocksSay() {
        Memory ahead = Memory.begin(WriteId.begunAt(NOW + 1_900_000), null);
        WriteId id = WriteId.begunAt(NOW);

        assertThat(ahead.forgotten()).isGreaterThan(id.begin());
        assertThat(ahead.traceOf(id)).isEqualTo(Memory.Trace.ABSENT);
        assertThat(new Memory(ahead.incarnation(), 1, List.of(), ahead.forgotten() + 1, 0, Map.of()).traceOf(id))
                .isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(ahead.after(id, null, NOW, NOW, RING).traceOf(id)).isEqualTo(Memory.Trace.PRESENT);
    }

    @Test
    void traceOf_cartThatFollowsOneWhoseRingOverflowed_isForgotten() {
        WriteId id = WriteId.begunAt(NOW);
        Memory overflowed = memory(7, List.of(), 5, Map.of());
        WriteId ahead = WriteId.begunAt(NOW + 1_900_000);

        assertThat(Memory.begin(ahead, overflowed).traceOf(id)).isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(Memory.begin(ahead, Memory.begin(WriteId.begunAt(NOW - 9), null))
                        .traceOf(id))
                .isEqualTo(Memory.Trace.ABSENT);
    }

    @Test
    void traceOf_idAfterAllThatWasForgotten_isAbsent() {
        Memory memory = memory(7, List.of(), NOW, Map.of());

        assertThat(memory.traceOf(WriteId.begunAt(NOW + 1))).isEqualTo(Memory.Trace.ABSENT);
        assertThat(memory.traceOf(WriteId.begunAt(NOW))).isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(memory.leftLast(WriteId.begunAt(NOW))).isTrue();
        assertThat(memory.leftLast(WriteId.begunAt(NOW - 1))).isFalse();
    }

    @Test
    void isRested_anHourWithoutAWrite_isRested() {
        Memory memory = new Memory("i", 1, List.of(), 0, NOW, Map.of());

        assertThat(memory.isRested(NOW + Memory.REST_MILLIS)).isFalse();
        assertThat(memory.isRested(NOW + Memory.REST_MILLIS + 1)).isTrue();
        assertThat(memory.isRested(NOW - 1)).isFalse();
    }

    @Test
    void with_aKey_keepsLiveOnesAndDropsThosePastTheirTime() {
        Memory before = memory(
                1,
                List.of(),
                0,
                Map.of(
                        "live",
                        new Memory.Key(NOW + 1, "d1"),
                        "past",
                        new Memory.Key(NOW - 1, "d2"),
                        "now",
                        new Memory.Key(NOW, "d3")));

        Memory after = before.with("new", new Memory.Key(NOW + 9, "d4"), NOW);

        assertThat(after.keys()).containsOnlyKeys("live", "new");
        assertThat(after.keysUntil()).isEqualTo(NOW + 9);
        assertThat(after.version()).isEqualTo(1);
        assertThat(before.keys()).hasSize(3);
    }

    @Test
    void liveKey_pastItsTime_isNone() {
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

    private static Memory memory(long version, List<String> writes, long forgotten, Map<String, Memory.Key> keys) {
        return new Memory("incarnation", version, writes, forgotten, NOW - 1000, keys);
    }

    private static String idBegunAt(long begin) {
        return WriteId.begunAt(begin).text();
    }
}
