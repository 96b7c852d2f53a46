package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineIndexTest {
    private static CartItem line(String bookId) {
        return CartItem.of(bookId, null, null, BigDecimal.ONE, 1);
    }

    @Test
    void appendIfAbsent_manyBooks_appendsEachOnceAndFindsWhereItIs() {
        List<CartItem> lines = new ArrayList<>();
        LineIndex index = new LineIndex(lines, 300);
        for (int i = 0; i < 300; i++) {
            assertThat(index.appendIfAbsent(line("book" + i))).isEqualTo(LineIndex.NONE);
        }
        for (int i = 0; i < 300; i++) {
            assertThat(index.appendIfAbsent(line("book" + i))).isEqualTo(i);
        }
        assertThat(lines).hasSize(300);
        assertThat(index.holdsAll(List.of("book0", "book299"))).isTrue();
        assertThat(index.holdsAll(List.of("book0", "book300"))).isFalse();
    }

    @Test
    void appendIfAbsent_booksOfOneHashCode_keepsThemApart() {
        LineIndex index = new LineIndex(new ArrayList<>(), 2);
        index.appendIfAbsent(line("Aa"));
        assertThat(index.holdsAll(List.of("BB"))).isFalse();
        assertThat(index.appendIfAbsent(line("BB"))).isEqualTo(LineIndex.NONE);
        assertThat(index.appendIfAbsent(line("Aa"))).isZero();
        assertThat(index.appendIfAbsent(line("BB"))).isEqualTo(1);
    }
}
