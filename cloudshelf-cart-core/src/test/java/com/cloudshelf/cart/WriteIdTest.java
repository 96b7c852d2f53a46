package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;

class WriteIdTest {
    private static final long BEGIN = 1_756_895_400_123L;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 3, 4, 63, 64, 255, 1 << 30, BEGIN, (1L << 42) - 1})
    void of_bytesOfAnId_isTheId(long begin) {
        WriteId id = WriteId.startedAt(begin);

        assertThat(id.begin()).isEqualTo(begin);
        assertThat(WriteId.of(SdkBytes.fromByteArray(id.bytes().asByteArray()))).isEqualTo(id);
    }

    @Test
    void startedAt_manyOfOneTime_areDistinctInAllTheirRandomBits() {
        Set<WriteId> ids = new HashSet<>();
        int ones = 0;
        int zeros = 0;
        for (int i = 0; i < 1000; i++) {
            WriteId id = WriteId.startedAt(0);
            ids.add(id);
            byte[] bytes = id.bytes().asByteArray();
            int random = ((bytes[5] & 0xff) << 24)
                    | ((bytes[6] & 0xff) << 16)
                    | ((bytes[7] & 0xff) << 8)
                    | (bytes[8] & 0xff);
            ones |= random;
            zeros |= ~random;
        }
        assertThat(ids).hasSize(1000);
        assertThat(ones).isEqualTo((1 << 30) - 1);
        assertThat(zeros).isEqualTo(-1);
    }

    @Test
    void bytes_laterStart_sortLater() {
        byte[] earlier = new byte[WriteId.LENGTH];
        for (long step = 1; step < 1L << 40; step *= 3) {
            byte[] later = WriteId.startedAt(BEGIN + step).bytes().asByteArray();
            assertThat(Arrays.compareUnsigned(earlier, later)).isNegative();
            earlier = later;
        }
    }

    @Test
    void text_anyId_isShortAndValidInAVersion() {
        for (int i = 0; i < 100; i++) {
            assertThat(WriteId.startedAt(BEGIN + i).text()).hasSize(12).matches("[A-Za-z0-9_-]+");
        }
    }

    @Test
    void startedAt_clockBefore1970_startsAtZero() {
        assertThat(WriteId.startedAt(-5).begin()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 10, 16})
    void of_bytesThatAreNoId_startedBeforeEveryOther(int length) {
        WriteId junk = WriteId.of(SdkBytes.fromByteArray(new byte[length]));

        assertThat(junk.begin()).isZero();
        assertThat(junk.bytes().asByteArray()).hasSize(length);
    }
}
