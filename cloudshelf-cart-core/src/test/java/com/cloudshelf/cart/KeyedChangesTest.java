package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyedChangesTest {

    @Test
    void hash_anyCall_dependsOnTheKeyOnly() {
        String hash = KeyedChanges.of("order-4711", List.of(new Remove("a"))).hash();

        assertThat(KeyedChanges.of("order-4711", List.of()).hash()).isEqualTo(hash);
        assertThat(KeyedChanges.of("order-4712", List.of(new Remove("a"))).hash())
                .isNotEqualTo(hash);
        assertThat(hash).doesNotContain("4711").matches("[A-Za-z0-9_-]{12}");
    }

    @Test
    void digest_anotherKey_isTheSame() {
        assertThat(digest(new Remove("a")))
                .isEqualTo(KeyedChanges.of("another", List.of(new Remove("a"))).digest());
    }

    @Test
    void digest_sameChangesAtAnotherTime_isTheSame() {
        CartItem item = book("a", "9.50", 2);

        assertThat(digest(new Add(item.withAddedAt(NOW))))
                .isEqualTo(digest(new Add(item)))
                .isEqualTo(digest(new Add(item.withAddedAt(NOW.plusMillis(1)))));
    }

    @Test
    void digest_priceInAnotherForm_isTheSame() {
        assertThat(digest(new Add(book("a", "9.50", 2)))).isEqualTo(digest(new Add(book("a", "9.5", 2))));
        assertThat(digest(new Reprice("a", money("1E+2")))).isEqualTo(digest(new Reprice("a", money("100.00"))));
    }

    @Test
    void digest_sameQuantitiesInAnotherOrder_isTheSame() {
        Map<String, Integer> one = new LinkedHashMap<>();
        one.put("a", 1);
        one.put("b", 2);
        Map<String, Integer> other = new LinkedHashMap<>();
        other.put("b", 2);
        other.put("a", 1);

        assertThat(digest(new Subtract(one))).isEqualTo(digest(new Subtract(other)));
    }

    @Test
    void digest_otherContent_isAnother() {
        List<List<CartChange>> all = List.of(
                List.of(),
                List.of(new Add(CartItem.of("a", "t", "x", money("1"), 2))),
                List.of(new Add(CartItem.of("b", "t", "x", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "u", "x", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "t", "y", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "x", "t", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "tx", "", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "", "tx", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "", "", money("1"), 2))),
                List.of(new Add(CartItem.of("a", null, "", money("1"), 2))),
                List.of(new Add(CartItem.of("a", "", null, money("1"), 2))),
                List.of(new Add(CartItem.of("a", null, null, money("1"), 2))),
                List.of(new Add(CartItem.of("a", "t", "x", money("2"), 2))),
                List.of(new Add(CartItem.of("a", "t", "x", money("1"), 3))),
                List.of(new SetQuantity("a", 1)),
                List.of(new SetQuantity("a", 2)),
                List.of(new SetQuantity("b", 1)),
                List.of(new Remove("a")),
                List.of(new Remove("b")),
                List.of(new Remove("a"), new Remove("b")),
                List.of(new Remove("b"), new Remove("a")),
                List.of(new Remove("a"), new Remove("a")),
                List.of(new Remove("a\u0001Remove\u0001b")),
                List.of(new Remove("a1"), new Remove("b")),
                List.of(new Remove("a"), new Remove("1b")),
                List.of(new Reprice("a", money("1"))),
                List.of(new Reprice("a", money("2"))),
                List.of(new Reprice("b", money("1"))),
                List.of(new Subtract(Map.of())),
                List.of(new Subtract(Map.of("a", 1))),
                List.of(new Subtract(Map.of("a", 2))),
                List.of(new Subtract(Map.of("b", 1))),
                List.of(new Subtract(Map.of("a", 1)), new Subtract(Map.of("b", 1))),
                List.of(new Subtract(Map.of("a", 1)), new Remove("b")),
                List.of(new Clear()));

        Map<String, List<CartChange>> seen = new HashMap<>();
        for (List<CartChange> changes : all) {
            String digest = KeyedChanges.of("k", changes).digest();
            assertThat(seen).as("%s", changes).doesNotContainKey(digest);
            seen.put(digest, changes);
        }
    }

    private static String digest(CartChange change) {
        return KeyedChanges.of("k", List.of(change)).digest();
    }
}
