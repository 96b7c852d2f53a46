package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.FOUR_BYTES;
import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.book;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttributesTest {
    private static final CartItem LINE = book("book001", "1", 1);

    private static Object kept(Object value) {
        return LINE.with("x", value).attributes().get("x");
    }

    @Test
    void attributes_lineWithoutAny_areEmptyAndUnmodifiable() {
        assertThat(LINE.attributes()).isEmpty();
        assertThat(LINE.attributes()).isUnmodifiable();
    }

    @Test
    void with_eachKindOfValue_isKept() {
        CartItem line = LINE.with("giftWrap", true)
                .with("note", "")
                .with("points", 3)
                .with("tags", List.of("a", 1.50, false))
                .with("size", Map.of("cm", List.of(21, 13)));

        assertThat(line.attributes())
                .isEqualTo(Map.of(
                        "giftWrap",
                        true,
                        "note",
                        "",
                        "points",
                        new BigDecimal(3),
                        "tags",
                        List.of("a", new BigDecimal("1.5"), false),
                        "size",
                        Map.of("cm", List.of(new BigDecimal(21), new BigDecimal(13)))));
        assertThat(LINE.attributes()).isEmpty();
        assertThat(line.bookId()).isEqualTo("book001");
        assertThat(line.toString()).contains("giftWrap=true");
    }

    @Test
    void with_anExistingName_replacesTheValue() {
        assertThat(LINE.with("x", 1).with("x", "2").attributes()).isEqualTo(Map.of("x", "2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bookId", "title", "author", "price", "quantity", "addedAt"})
    void with_aNameOfTheLine_isRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with(name, "x"))
                .withMessageContaining(name);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CartChange.SetItemAttribute("b", name, "x"))
                .withMessageContaining(name);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CartChange.RemoveItemAttribute("b", name))
                .withMessageContaining(name);
        assertThat(new CartChange.SetAttribute(name, "x").name()).isEqualTo(name);
        assertThat(new CartChange.RemoveAttribute(name).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"userId", "cartItems", "totalItems", "totalPrice", "lastUpdated", "ttl", "version"})
    void setAttribute_aNameOfTheItem_isRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of("u").setAttribute(name, "x"))
                .withMessageContaining(name);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of("u").removeAttribute(name))
                .withMessageContaining(name);
        assertThat(LINE.with(name, "x").attributes()).containsKey(name);
    }

    @Test
    void with_namesOfAnyLength_takesOneTo255Bytes() {
        String longest = FOUR_BYTES.repeat(63) + "abc";

        assertThat(LINE.with(longest, 1).attributes()).containsOnlyKeys(longest);
        assertThat(LINE.with(" ", 1).attributes()).containsOnlyKeys(" ");
        for (String bad : List.of("", longest + "d", "n".repeat(256), UNPAIRED_HIGH)) {
            assertThatIllegalArgumentException().isThrownBy(() -> LINE.with(bad, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", Map.of(bad, 1)));
            assertThatIllegalArgumentException().isThrownBy(() -> new CartChange.SetAttribute(bad, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> new CartChange.RemoveAttribute(bad));
            assertThatIllegalArgumentException().isThrownBy(() -> new CartChange.SetItemAttribute("b", bad, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> new CartChange.RemoveItemAttribute("b", bad));
        }
    }

    @Test
    void with_null_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> LINE.with(null, 1)).withMessageContaining("name");
        assertThatNullPointerException().isThrownBy(() -> LINE.with("x", null)).withMessageContaining("attribute x ");
        assertThatNullPointerException().isThrownBy(() -> new CartChange.SetAttribute("x", null));
        assertThatNullPointerException().isThrownBy(() -> new CartChange.SetItemAttribute("b", "x", null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", Arrays.asList("a", null)))
                .withMessageContaining("attribute x[1] ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", Collections.singletonMap("y", null)))
                .withMessageContaining("attribute x.y ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", Collections.singletonMap(null, 1)))
                .withMessageContaining("attribute x ");
    }

    static List<Object> foreign() {
        return List.of(Set.of("a"), new byte[] {1}, 'c', Optional.of("a"), new int[] {1}, Thread.State.NEW);
    }

    @ParameterizedTest
    @MethodSource("foreign")
    void with_aForeignType_isRefusedWithThePath(Object value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", value))
                .withMessageContaining("attribute x ")
                .withMessageContaining(value.getClass().getName());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", List.of(1, Map.of("y", List.of(value)))))
                .withMessageContaining("attribute x[1].y[0] ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", Map.of(value, 1)))
                .withMessageContaining("attribute x ");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e126, -1e126, 9e-131})
    void with_aNumberThatDynamoDbLacks_isRefused(double number) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", List.of(number)))
                .withMessageContaining("attribute x[0] ");
        assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", (float) Double.NaN));
    }

    @ParameterizedTest
    @CsvSource({
        "9.50, 9.5",
        "100, 100",
        "1E+2, 100",
        "-0.0, 0",
        "0E-2000000000, 0",
        "0E+2000000000, 0",
        "-12.3400, -12.34",
        "1E-130, 1E-130",
        "12345678901234567890123456789012345678, 12345678901234567890123456789012345678",
        "1234567890123456789012345678901234567800, 1234567890123456789012345678901234567800"
    })
    void with_aNumberInAnyForm_isKeptInCanonicalForm(String given, BigDecimal number) {
        BigDecimal kept = (BigDecimal) kept(new BigDecimal(given));

        assertThat(kept).isEqualByComparingTo(given).isEqualByComparingTo(number);
        assertThat(kept.scale()).isNotNegative();
        assertThat(kept.toPlainString()).doesNotMatch(".*\\..*0");
        assertThat(LINE.with("x", new BigDecimal(given))).isEqualTo(LINE.with("x", number));
    }

    @Test
    void with_theLargestNumber_isKept() {
        BigDecimal largest = new BigDecimal("9.9999999999999999999999999999999999999E+125");

        assertThat(kept(largest)).isEqualTo(largest.setScale(0));
        assertThat(kept(largest.negate())).isEqualTo(largest.negate().setScale(0));
    }

    @Test
    void with_eachNumberType_isItsValue() {
        assertThat(kept((byte) 1)).isEqualTo(BigDecimal.ONE);
        assertThat(kept((short) 1)).isEqualTo(BigDecimal.ONE);
        assertThat(kept(Long.MIN_VALUE)).isEqualTo(BigDecimal.valueOf(Long.MIN_VALUE));
        assertThat(kept(0.1f)).isEqualTo(new BigDecimal("0.1"));
        assertThat(kept(-0.0)).isEqualTo(BigDecimal.ZERO);
        assertThat(kept(1e100)).isEqualTo(BigDecimal.TEN.pow(100));
        assertThat(kept(BigInteger.TEN.pow(125))).isEqualTo(BigDecimal.TEN.pow(125));
        assertThat(kept(new AtomicInteger(7))).isEqualTo(BigDecimal.valueOf(7));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1E+126",
                "-1E+126",
                "1E-131",
                "1E+2147483647",
                "10E+2147483647",
                "1E-2147483647",
                "123456789012345678901234567890123456789",
                "0.123456789012345678901234567890123456789"
            })
    void with_aNumberOutOfDynamoDbsRange_isRefused(String number) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", new BigDecimal(number)))
                .withMessageContaining("attribute x ")
                .withMessageNotContaining(number);
    }

    @Test
    void with_aNumberOfAnotherClass_isReadOnceAndChecked() {
        assertThat(kept(new BigDecimal("1.50") {
                    @Override
                    public BigDecimal stripTrailingZeros() {
                        return new BigDecimal("1E+400");
                    }
                }))
                .isEqualTo(new BigDecimal("1.5"))
                .hasSameClassAs(BigDecimal.ONE);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", new Number() {
                    @Override
                    public int intValue() {
                        return 1;
                    }

                    @Override
                    public long longValue() {
                        return 1;
                    }

                    @Override
                    public float floatValue() {
                        return 1;
                    }

                    @Override
                    public double doubleValue() {
                        return 1;
                    }

                    @Override
                    public String toString() {
                        return "one";
                    }
                }))
                .withMessageContaining("attribute x ");
    }

    @Test
    void with_textThatIsNotUnicode_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", List.of(UNPAIRED_HIGH)))
                .withMessageContaining("attribute x[0] ");
    }

    @Test
    void with_nestedValues_takesSixteenLevels() {
        Object lists = "leaf";
        Object maps = true;
        for (int i = 0; i < 16; i++) {
            lists = List.of(lists);
            maps = Map.of("m", maps);
        }
        assertThat(kept(lists)).isEqualTo(lists);
        assertThat(kept(maps)).isEqualTo(maps);

        Object tooDeepLists = List.of(lists);
        Object tooDeepMaps = Map.of("m", maps);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", tooDeepLists))
                .withMessageContaining("attribute x[0]")
                .withMessageContaining("16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", tooDeepMaps))
                .withMessageContaining("attribute x.m.m")
                .withMessageContaining("16");
    }

    @Test
    void with_endlessLists_areRefused() {
        List<Object> ownParent = new ArrayList<>();
        ownParent.add(ownParent);
        Object wide = "leaf";
        for (int i = 0; i < 15; i++) {
            wide = Collections.nCopies(1000, wide);
        }
        Object endless = wide;
        assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", ownParent));
        assertThatIllegalArgumentException().isThrownBy(() -> LINE.with("x", endless));
    }

    @Test
    void canonical_textsThatLookLikeItsMarks_differ() {
        List<String> texts = Stream.of(
                        List.of("a", "bS:c"),
                        List.of("aS:b", "c"),
                        List.of("a", "S1:b"),
                        List.of("aS1:", "b"),
                        List.of("1", 2),
                        List.of(1, "2"),
                        List.of("aN2;"),
                        List.of("a", 2))
                .map(list -> Attributes.canonical(Attributes.value("x", list)))
                .toList();

        assertThat(texts).doesNotHaveDuplicates();
    }

    @Test
    void with_asManyValuesAsAnItemHasBytes_isTheMost() {
        int most = ItemFormat.MAX_ITEM_BYTES - 1; // the list is a value, too
        assertThat(kept(Collections.nCopies(most, true))).asInstanceOf(LIST).hasSize(most);

        List<Boolean> tooMany = Collections.nCopies(most + 1, true);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LINE.with("x", tooMany))
                .withMessageContaining("attribute x[" + most + "]");
    }

    @Test
    void with_listsAndMapsThatChangeLater_areCopied() {
        List<Object> inner = new ArrayList<>(List.of("a"));
        Map<String, Object> outer = new HashMap<>(Map.of("inner", inner));
        CartItem line = LINE.with("x", outer);
        CartChange.SetAttribute change = new CartChange.SetAttribute("x", outer);

        inner.add("b");
        outer.put("more", 1);

        assertThat(line.attributes()).isEqualTo(Map.of("x", Map.of("inner", List.of("a"))));
        assertThat(change.value()).isEqualTo(Map.of("inner", List.of("a")));
    }

    @Test
    @SuppressWarnings("unchecked")
    void attributes_ofALine_areDeeplyUnmodifiable() {
        Map<String, Object> attributes =
                LINE.with("x", List.of(Map.of("y", List.of(1)))).attributes();

        assertThat(attributes).isUnmodifiable();
        List<Object> list = (List<Object>) attributes.get("x");
        assertThat(list).isUnmodifiable();
        assertThat((Map<String, Object>) list.get(0)).isUnmodifiable();
    }

    @Test
    void equals_anyValues_comparesContent() {
        CartItem line = LINE.with("x", 1).with("y", List.of("1.50"));

        assertThat(line)
                .isEqualTo(LINE.with("y", List.of("1.50")).with("x", 1.00))
                .hasSameHashCodeAs(LINE.with("y", List.of("1.50")).with("x", 1.00))
                .isNotEqualTo(LINE)
                .isNotEqualTo(LINE.with("x", 1))
                .isNotEqualTo(LINE.with("x", "1").with("y", List.of("1.50")))
                .isNotEqualTo(line.with("z", 1));
    }

    @Test
    void shown_valueThatCannotBeShown_isLeftOutEntirely() {
        Map<String, Object> stored = new HashMap<>();
        stored.put("good", List.of(1, "a"));
        stored.put("set", Set.of("a"));
        stored.put("nested", Map.of("good", 1, "set", Set.of("a")));
        stored.put("nothing", null);
        stored.put("n".repeat(300), 1);

        assertThat(Attributes.shown(stored).asMap()).isEqualTo(Map.of("good", List.of(BigDecimal.ONE, "a")));
        assertThat(Attributes.shown(Map.of())).isSameAs(Attributes.NONE);
        assertThat(Attributes.shown(Map.of("set", Set.of()))).isSameAs(Attributes.NONE);
    }
}
