package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartUpdate;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;

class CartArbitrariesTest {

    /** So many that a kind that occurs once in a thousand samples is not missed by chance. */
    private static final int MANY = 100_000;

    private static <T> void assertSome(Arbitrary<T> arbitrary, List<Predicate<T>> kinds) {
        for (int i = 0; i < kinds.size(); i++) {
            assertThat(arbitrary.sampleStream().limit(MANY).anyMatch(kinds.get(i)))
                    .as("kind %d", i)
                    .isTrue();
        }
    }

    @Test
    void items_manySamples_includeTheEdgeCases() {
        assertSome(
                CartArbitraries.items(),
                List.of(
                        item -> item.price().signum() == 0,
                        item -> item.price().compareTo(BigDecimal.TEN.pow(12)) == 0,
                        item -> item.price().scale() == 6,
                        item -> item.quantity() == 1,
                        item -> item.quantity() == CartLimits.defaults().maxQuantity(),
                        item -> item.quantity() == Integer.MAX_VALUE,
                        item -> item.title().isEmpty() && item.author().isEmpty(),
                        item -> item.title().filter(String::isEmpty).isPresent(),
                        item -> item.title()
                                .filter(title -> title.codePoints().anyMatch(c -> c > 0xffff))
                                .isPresent(),
                        item -> item.attributes().isEmpty(),
                        item -> item.attributes().containsValue(true),
                        item -> item.attributes().containsValue(""),
                        item -> item.attributes().values().stream().anyMatch(List.class::isInstance),
                        item -> item.attributes().values().stream().anyMatch(Map.class::isInstance),
                        item -> item.attributes().values().stream()
                                .anyMatch(value -> value instanceof BigDecimal number && number.precision() == 38),
                        item -> item.addedAt().isPresent(),
                        item -> item.addedAt().isEmpty()));
    }

    @Test
    void carts_manySamples_haveEverySizeAndUser() {
        assertSome(
                CartArbitraries.carts(),
                List.of(
                        Cart::isEmpty,
                        cart -> cart.isEmpty() && !cart.attributes().isEmpty(),
                        cart -> !cart.isEmpty() && !cart.attributes().isEmpty(),
                        cart -> cart.items().size() == 1,
                        cart -> cart.items().size() == 8,
                        cart -> cart.userId().length() == 2048,
                        cart -> cart.totalItems() > Integer.MAX_VALUE));
        Set<String> users = CartArbitraries.cartsOf("someone")
                .sampleStream()
                .limit(50)
                .map(Cart::userId)
                .collect(Collectors.toSet());
        assertThat(users).containsExactly("someone");
    }

    @Test
    void changes_manySamples_areOfEveryKind() {
        assertSome(
                CartArbitraries.changes(),
                List.of(
                        change -> change instanceof CartChange.Add,
                        change -> change instanceof CartChange.SetQuantity set && set.quantity() == 0,
                        change -> change instanceof CartChange.SetQuantity set && set.quantity() > 0,
                        change -> change instanceof CartChange.Remove,
                        change -> change instanceof CartChange.Reprice,
                        change -> change instanceof CartChange.Subtract,
                        change -> change instanceof CartChange.SetAttribute,
                        change -> change instanceof CartChange.RemoveAttribute,
                        change -> change instanceof CartChange.SetItemAttribute,
                        change -> change instanceof CartChange.RemoveItemAttribute,
                        change -> change instanceof CartChange.Clear));
        assertSome(
                CartArbitraries.changeSequences(),
                List.of(List::isEmpty, sequence -> sequence.size() == 1, sequence -> sequence.size() == 10));
    }

    @Test
    void updates_manySamples_haveKeysAndClears() {
        assertSome(
                CartArbitraries.updates(),
                List.of(
                        update -> update.idempotencyKey().isPresent(),
                        update -> update.idempotencyKey().isEmpty(),
                        update -> update.changes().size() == 5,
                        update -> update.changes().equals(List.of(new CartChange.Clear()))));
    }

    @Test
    void schedules_forCallers_haveAListForEach() {
        List<List<CartUpdate>> schedule =
                CartArbitraries.schedulesOf("someone", 3).sample();
        assertThat(schedule).hasSize(3);
        assertThatIllegalArgumentException().isThrownBy(() -> CartArbitraries.schedulesOf("someone", 0));
    }

    @Test
    void shrinking_failingProperties_endInSmallPlainExamples() {
        EngineTestKit.engine("jqwik")
                .configurationParameter("jqwik.database", "target/jqwik-shrinking")
                .configurationParameter("jqwik.reporting.onlyfailures", "true")
                .selectors(selectClass(Falsified.class))
                .execute()
                .testEvents()
                .assertStatistics(events -> events.failed(2));

        assertThat(Falsified.lastCart.userId()).isEqualTo("user1");
        assertThat(Falsified.lastCart.items()).singleElement().satisfies(line -> {
            assertThat(line.bookId()).isEqualTo("book1");
            assertThat(line.title().orElse("Emma")).isEqualTo("Emma");
            assertThat(line.quantity()).isEqualTo(4);
            assertThat(line.price()).isEqualTo(BigDecimal.ONE);
        });
        assertThat(Falsified.lastChanges)
                .hasSize(2)
                .allSatisfy(change -> assertThat(change)
                        .isInstanceOfSatisfying(
                                CartChange.Add.class,
                                add -> assertThat(add.item().quantity()).isEqualTo(1)));
    }

    /** Properties that must fail. Only the test above runs them. */
    static class Falsified {
        private static Cart lastCart;
        private static List<CartChange> lastChanges;

        @Property
        void quantities_areBelowFour(@ForAll Cart cart) {
            if (cart.items().stream().anyMatch(line -> line.quantity() > 3)) {
                lastCart = cart;
                throw new AssertionError();
            }
        }

        @Property
        void adds_areAlone(@ForAll("sequences") List<CartChange> changes) {
            long adds = changes.stream()
                    .filter(change -> change instanceof CartChange.Add)
                    .count();
            if (adds > 1) {
                lastChanges = changes;
                throw new AssertionError();
            }
        }

        @Provide
        Arbitrary<List<CartChange>> sequences() {
            return CartArbitraries.changeSequences();
        }
    }
}
