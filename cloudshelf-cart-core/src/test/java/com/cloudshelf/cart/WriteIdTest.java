package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WriteIdTest {
    private static final long BEGIN = 1_756_895_400_123L;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 63, 64, BEGIN, (1L << 42) - 1})
    void begin_textOfAnId_isItsBegin(long begin) {
        WriteId id = WriteId.begunAt(begin);

        assertThat(id.begin()).isEqualTo(begin);
        assertThat(WriteId.begin(id.text())).isEqualTo(begin);
    }

    @Test
    void begunAt_manyOfOneTime_areDistinct() {
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            texts.add(WriteId.begunAt(BEGIN).text());
        }
        assertThat(texts).hasSize(1000);
    }

    @Test
    void text_laterBegin_sortsLater() {
        List<String> texts = new ArrayList<>();
        for (long step = 1; step < 1L << 40; step *= 3) {
            texts.add(WriteId.begunAt(BEGIN + step).text());
        }
        assertThat(texts).isSorted();
    }

    @Test
    void text_anyId_isShortAndFitForATokenOfAVersion() {
        for (int i = 0; i < 100; i++) {
            assertThat(WriteId.begunAt(BEGIN + i).text())
                    .hasSize(WriteId.LENGTH)
                    .matches("[A-Za-z0-9][A-Za-z0-9_-]+");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "short", "0123456789abcdef0", "!123456789abcdef", "0123\u00e956789abcdef"})
    void begin_textThatIsNoId_isMinusOne(String text) {
        assertThat(WriteId.begin(text)).isEqualTo(-1);
    }
}
