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
    void find_manyBooks_findsEachWhereItIs() {
        List<CartItem> lines = new ArrayList<>();
        LineIndex index = new LineIndex(lines, 300);
        for (int i = 0; i < 300; i++) {
            assertThat(index.find("book" + i)).isEqualTo(LineIndex.NONE);
            index.append(line("book" + i));
        }
        for (int i = 0; i < 300; i++) {
            assertThat(index.find("book" + i)).isEqualTo(i);
        }
        assertThat(index.holdsAll(List.of("book0", "book299"))).isTrue();
        assertThat(index.holdsAll(List.of("book0", "book300"))).isFalse();
    }

    @Test
    void find_booksOfOneHashCode_keepsThemApart() {
        LineIndex index = new LineIndex(new ArrayList<>(), 2);
        index.append(line("Aa"));
        assertThat(index.find("BB")).isEqualTo(LineIndex.NONE);
        index.append(line("BB"));
        assertThat(index.find("Aa")).isZero();
        assertThat(index.find("BB")).isEqualTo(1);
    }
}
