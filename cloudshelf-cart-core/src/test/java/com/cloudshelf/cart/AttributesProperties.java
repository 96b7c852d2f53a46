package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.apply;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Attributes with any names and values: equality, fingerprint and key digest agree, and the newest value of each name
 * wins.
 */
class AttributesProperties {
    @Provide
    Arbitrary<Map<String, Object>> attributes() {
        return Generated.attributes();
    }

    private static CartItem line(Map<String, Object> attributes) {
        CartItem line = book("a", "1", 1);
        for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
            line = line.with(attribute.getKey(), attribute.getValue());
        }
        return line;
    }

    private static String digest(CartChange change) {
        return KeyedChanges.of("key", List.of(change)).digest();
    }

    private static Map<String, Object> reversed(Map<String, Object> attributes) {
        List<String> names = new ArrayList<>(attributes.keySet());
        Map<String, Object> reversed = new LinkedHashMap<>();
        for (int i = names.size() - 1; i >= 0; i--) {
            reversed.put(names.get(i), attributes.get(names.get(i)));
        }
        return reversed;
    }

    @Property
    void equality_fingerprintAndDigest_agree(
            @ForAll("attributes") Map<String, Object> one, @ForAll("attributes") Map<String, Object> two) {
        boolean equal = line(one).equals(line(two));

        assertThat(digest(new Add(line(one))).equals(digest(new Add(line(two)))))
                .isEqualTo(equal);
        assertThat(digest(new SetAttribute("x", one)).equals(digest(new SetAttribute("x", two))))
                .isEqualTo(equal);
        assertThat(digest(new SetItemAttribute("a", "x", one)).equals(digest(new SetItemAttribute("a", "x", two))))
                .isEqualTo(equal);
        assertThat(Fingerprint.of(List.of(line(one)), Attributes.NONE)
                        == Fingerprint.of(List.of(line(two)), Attributes.NONE))
                .isEqualTo(equal);
    }

    @Property
    void equality_namesInAnotherOrder_isEqual(@ForAll("attributes") Map<String, Object> attributes) {
        assertThat(line(reversed(attributes))).isEqualTo(line(attributes)).hasSameHashCodeAs(line(attributes));
        assertThat(digest(new Add(line(reversed(attributes))))).isEqualTo(digest(new Add(line(attributes))));
    }

    @Property
    void attributes_passedBackIn_areUnchanged(@ForAll("attributes") Map<String, Object> attributes) {
        CartItem line = line(attributes);

        assertThat(line(line.attributes())).isEqualTo(line);
        assertThat(Attributes.of(attributes).asMap()).isEqualTo(line.attributes());
    }

    @Property
    void add_anyAttributes_newestValueOfEachNameWins(
            @ForAll("attributes") Map<String, Object> older, @ForAll("attributes") Map<String, Object> newer) {
        Map<String, Object> expected = new HashMap<>(older);
        expected.putAll(newer);

        assertThat(cartOf(line(older), line(newer)).item("a").orElseThrow().attributes())
                .isEqualTo(line(expected).attributes());
        assertThat(apply(cartOf(line(older))).item("a").orElseThrow())
                .isEqualTo(cartOf(line(older)).item("a").orElseThrow());
    }
}
