package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;

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
        List<SdkBytes> hashes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            hashes.add(LineIndex.stored(LineIndex.hash("book" + i)));
        }
        assertThat(index.isOneForEach(hashes)).isTrue();
        assertThat(index.isOf(hashes)).isTrue();
        assertThat(index.isOneForEach(hashes.subList(1, 300))).isFalse();
        assertThat(index.isOf(hashes.subList(1, 300))).isFalse();
        for (SdkBytes other : List.of(
                LineIndex.stored(LineIndex.hash("book300")),
                SdkBytes.fromByteArray(new byte[0]),
                SdkBytes.fromByteArray(new byte[4]))) {
            hashes.set(7, other);
            assertThat(index.isOneForEach(hashes)).isFalse();
            assertThat(index.isOf(hashes)).isFalse();
        }
    }

    @Test
    void appendIfAbsent_booksOfOneHashCode_keepsThemApart() {
        LineIndex index = new LineIndex(new ArrayList<>(), 2);
        index.appendIfAbsent(line("Aa"));
        assertThat(index.appendIfAbsent(line("BB"))).isEqualTo(LineIndex.NONE);
        assertThat(index.appendIfAbsent(line("Aa"))).isZero();
        assertThat(index.appendIfAbsent(line("BB"))).isEqualTo(1);
        List<SdkBytes> shared = List.of(LineIndex.stored(LineIndex.hash("Aa")));
        assertThat(index.isOf(shared)).isTrue();
        assertThat(index.isOneForEach(shared)).isFalse();
    }

    /** The hash is part of the item format, so it must never change. */
    @Test
    void hash_knownBooks_isAsDocumented() {
        assertThat(LineIndex.hash("book001")).isEqualTo(0xc0ea3b);
        assertThat(LineIndex.hash("9780743273565")).isEqualTo(0x2e5149);
        assertThat(LineIndex.stored(0x010203).asByteArray()).containsExactly(1, 2, 3);
    }
}
