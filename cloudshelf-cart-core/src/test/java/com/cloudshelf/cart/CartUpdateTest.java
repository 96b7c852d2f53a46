package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.FOUR_BYTES;
import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.RemoveAttribute;
import com.cloudshelf.cart.CartChange.RemoveItemAttribute;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartUpdateTest {
    private static final CartVersion VERSION = CartVersion.of("v", 1, 1);

    private static final Cart STORED = Cart.stored(cartOf(book("a", "1", 2)), VERSION, NOW, NOW.plusSeconds(60));

    @Test
    void of_aUser_changesNothingYet() {
        CartUpdate update = CartUpdate.of(USER);

        assertThat(update.userId()).isEqualTo(USER);
        assertThat(update.changes()).isEmpty();
        assertThat(update.snapshot()).isEmpty();
        assertThat(update.expectedVersion()).isEmpty();
        assertThat(update.idempotencyKey()).isEmpty();
        assertThat(update.deadline()).isEmpty();
    }

    @Test
    void of_badUserId_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> CartUpdate.of(null)).withMessageContaining("userId");
        for (String bad : List.of("", "\t", "u".repeat(2049), FOUR_BYTES.repeat(513), UNPAIRED_HIGH)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(bad))
                    .withMessageContaining("userId")
                    .withMessageNotContaining("uu");
        }
    }

    @Test
    void changes_eachVerb_isCollectedInOrder() {
        CartUpdate update = CartUpdate.of(USER)
                .add(book("a", "1", 1))
                .setQuantity("b", 3)
                .remove("c")
                .reprice("d", money("9.50"))
                .subtract(STORED)
                .subtract(Map.of("a", 3))
                .setAttribute("coupon", "SAVE10")
                .removeAttribute("note")
                .setItemAttribute("a", "giftWrap", true)
                .removeItemAttribute("b", "giftWrap")
                .with(new Remove("e"));

        assertThat(update.changes())
                .containsExactly(
                        new Add(book("a", "1", 1)),
                        new SetQuantity("b", 3),
                        new Remove("c"),
                        new Reprice("d", money("9.5")),
                        new Subtract(Map.of("a", 2)),
                        new Subtract(Map.of("a", 3)),
                        new SetAttribute("coupon", "SAVE10"),
                        new RemoveAttribute("note"),
                        new SetItemAttribute("a", "giftWrap", true),
                        new RemoveItemAttribute("b", "giftWrap"),
                        new Remove("e"));
    }

    @Test
    void terms_each_isKept() {
        CartUpdate update = CartUpdate.of(USER)
                .basedOn(STORED)
                .ifVersion(VERSION)
                .idempotencyKey("order-4711")
                .within(Duration.ofSeconds(2))
                .remove("a");

        assertThat(update.snapshot()).containsSame(STORED);
        assertThat(update.expectedVersion()).contains(VERSION);
        assertThat(update.idempotencyKey()).contains("order-4711");
        assertThat(update.deadline()).contains(Duration.ofSeconds(2));
        assertThat(update.changes()).containsExactly(new Remove("a"));
    }

    static Stream<Named<UnaryOperator<CartUpdate>>> verbs() {
        return Stream.of(
                Named.of("add", update -> update.add(book("a", "1", 1))),
                Named.of("setQuantity", update -> update.setQuantity("a", 1)),
                Named.of("remove", update -> update.remove("a")),
                Named.of("reprice", update -> update.reprice("a", money("1"))),
                Named.of("subtract", update -> update.subtract(STORED)),
                Named.of("subtract of a map", update -> update.subtract(Map.of("a", 1))),
                Named.of("setAttribute", update -> update.setAttribute("x", 1)),
                Named.of("removeAttribute", update -> update.removeAttribute("x")),
                Named.of("setItemAttribute", update -> update.setItemAttribute("a", "x", 1)),
                Named.of("removeItemAttribute", update -> update.removeItemAttribute("a", "x")),
                Named.of("with", update -> update.with(new Remove("c"))));
    }

    static Stream<Named<UnaryOperator<CartUpdate>>> terms() {
        return Stream.of(
                Named.of("basedOn", update -> update.basedOn(STORED)),
                Named.of("ifVersion", update -> update.ifVersion(VERSION)),
                Named.of("idempotencyKey", update -> update.idempotencyKey("k")),
                Named.of("within", update -> update.within(Duration.ofSeconds(1))));
    }

    static Stream<Named<UnaryOperator<CartUpdate>>> methods() {
        return Stream.concat(verbs(), terms());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void anyMethod_ofAnUpdate_returnsAnotherAndLeavesItUnchanged(UnaryOperator<CartUpdate> method) {
        CartUpdate update = CartUpdate.of(USER).remove("z");
        String before = update.toString();

        CartUpdate longer = method.apply(update);

        assertThat(longer).isNotSameAs(update);
        assertThat(update).hasToString(before);
        assertThat(update.changes()).containsExactly(new Remove("z"));
        assertThat(update.snapshot()).isEmpty();
        assertThat(update.expectedVersion()).isEmpty();
        assertThat(update.idempotencyKey()).isEmpty();
        assertThat(update.deadline()).isEmpty();
        assertThat(longer.changes()).startsWith(new Remove("z"));
        assertThat(longer.userId()).isEqualTo(USER);
    }

    @Test
    void with_twoUpdatesFromOne_doNotShareChanges() {
        CartUpdate common = CartUpdate.of(USER).remove("a");

        CartUpdate one = common.remove("b");
        CartUpdate two = common.remove("c");

        assertThat(one.changes()).containsExactly(new Remove("a"), new Remove("b"));
        assertThat(two.changes()).containsExactly(new Remove("a"), new Remove("c"));
    }

    @Test
    void changes_theList_cannotBeModified() {
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> CartUpdate.of(USER).remove("a").changes().clear());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> CartUpdate.of(USER).changes().add(new Clear()));
    }

    @Test
    void anyMethod_null_isRefused() {
        CartUpdate update = CartUpdate.of(USER);

        assertThatNullPointerException().isThrownBy(() -> update.add(null));
        assertThatNullPointerException().isThrownBy(() -> update.setQuantity(null, 1));
        assertThatNullPointerException().isThrownBy(() -> update.remove(null));
        assertThatNullPointerException().isThrownBy(() -> update.reprice(null, money("1")));
        assertThatNullPointerException().isThrownBy(() -> update.reprice("a", null));
        assertThatNullPointerException().isThrownBy(() -> update.subtract((Cart) null));
        assertThatNullPointerException().isThrownBy(() -> update.subtract((Map<String, Integer>) null));
        assertThatNullPointerException().isThrownBy(() -> update.setAttribute(null, 1));
        assertThatNullPointerException().isThrownBy(() -> update.setAttribute("x", null));
        assertThatNullPointerException().isThrownBy(() -> update.removeAttribute(null));
        assertThatNullPointerException().isThrownBy(() -> update.setItemAttribute(null, "x", 1));
        assertThatNullPointerException().isThrownBy(() -> update.setItemAttribute("a", null, 1));
        assertThatNullPointerException().isThrownBy(() -> update.setItemAttribute("a", "x", null));
        assertThatNullPointerException().isThrownBy(() -> update.removeItemAttribute(null, "x"));
        assertThatNullPointerException().isThrownBy(() -> update.removeItemAttribute("a", null));
        assertThatNullPointerException().isThrownBy(() -> update.with(null));
        assertThatNullPointerException().isThrownBy(() -> update.basedOn(null));
        assertThatNullPointerException().isThrownBy(() -> update.ifVersion(null));
        assertThatNullPointerException().isThrownBy(() -> update.idempotencyKey(null));
        assertThatNullPointerException().isThrownBy(() -> update.within(null));
    }

    @Test
    void setQuantity_negative_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of(USER).setQuantity("a", -1))
                .withMessageContaining("quantity");
    }

    @Test
    void clear_alone_isTheOnlyChange() {
        assertThat(CartUpdate.of(USER).clear().changes()).containsExactly(new Clear());
        assertThat(CartUpdate.of(USER).with(new Clear()).changes()).containsExactly(new Clear());
    }

    @ParameterizedTest
    @MethodSource("verbs")
    void clear_withAnotherChange_isRefused(UnaryOperator<CartUpdate> verb) {
        assertThatIllegalStateException()
                .isThrownBy(() -> verb.apply(CartUpdate.of(USER)).clear())
                .withMessageContaining("clear");
        assertThatIllegalStateException()
                .isThrownBy(() -> verb.apply(CartUpdate.of(USER).clear()))
                .withMessageContaining("clear");
        assertThatIllegalStateException()
                .isThrownBy(() -> verb.apply(CartUpdate.of(USER)).with(new Clear()));
    }

    @Test
    void clear_twice_isRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> CartUpdate.of(USER).clear().clear());
    }

    @ParameterizedTest
    @MethodSource("terms")
    void clear_withTerms_isAllowed(UnaryOperator<CartUpdate> terms) {
        assertThat(terms.apply(CartUpdate.of(USER).clear()).changes()).containsExactly(new Clear());
        assertThat(terms.apply(CartUpdate.of(USER)).clear().changes()).containsExactly(new Clear());
    }

    @Test
    void basedOn_cartThatAStoreReturned_isAccepted() {
        assertThat(CartUpdate.of(USER).basedOn(STORED).snapshot()).containsSame(STORED);
        assertThat(CartUpdate.of(USER).basedOn(Cart.empty(USER)).snapshot()).contains(Cart.empty(USER));
    }

    @Test
    void basedOn_cartThatApplyMade_isRefused() {
        Cart derived = STORED.apply(CartLimits.defaults(), NOW, List.of());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of(USER).basedOn(derived))
                .withMessageContaining("apply");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        CartUpdate.of(USER).basedOn(derived.apply(CartLimits.defaults(), NOW, List.of(new Clear()))));
    }

    @Test
    void basedOn_cartOfAnotherUser_isRefusedWithoutNamingThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of("another").basedOn(STORED))
                .withMessageContaining("user")
                .withMessageNotContaining(USER)
                .withMessageNotContaining("another");
    }

    @Test
    void idempotencyKey_invalid_isRefused() {
        for (String bad : List.of("", " ", "k".repeat(2049), "\u20ac".repeat(683), UNPAIRED_HIGH)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(USER).idempotencyKey(bad))
                    .withMessageContaining("idempotencyKey")
                    .withMessageNotContaining("kk");
        }
        assertThat(CartUpdate.of(USER).idempotencyKey("k".repeat(2048)).idempotencyKey())
                .isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-0.000000001S", "PT-1H"})
    void within_notPositive_isADeadlineThatHasPassed(Duration duration) {
        assertThat(CartUpdate.of(USER).within(duration).deadline()).contains(duration);
    }

    @Test
    void within_longOrTiny_isAccepted() {
        assertThat(CartUpdate.of(USER).within(Duration.ofNanos(1)).deadline()).isPresent();
        assertThat(CartUpdate.of(USER)
                        .within(Duration.ofSeconds(Long.MAX_VALUE))
                        .deadline())
                .isPresent();
    }

    @Test
    void toString_anUpdate_omitsTheIdempotencyKey() {
        assertThat(CartUpdate.of(USER).idempotencyKey("secret-4711").toString()).doesNotContain("secret-4711");
    }

    @Test
    void equals_anyValues_comparesContent() {
        List<UnaryOperator<CartUpdate>> all = methods().map(Named::getPayload).toList();
        for (int i = 0; i < all.size(); i++) {
            CartUpdate update = all.get(i).apply(CartUpdate.of(USER));
            for (int j = 0; j < all.size(); j++) {
                CartUpdate other = all.get(j).apply(CartUpdate.of(USER));
                assertThat(update.equals(other)).isEqualTo(i == j);
            }
            assertThat(update).hasSameHashCodeAs(all.get(i).apply(CartUpdate.of(USER)));
        }
        assertThat(CartUpdate.of(USER).remove("a").remove("b"))
                .isEqualTo(CartUpdate.of(USER).remove("a").remove("b"))
                .isNotEqualTo(CartUpdate.of(USER).remove("b").remove("a"))
                .isNotEqualTo(CartUpdate.of("another").remove("a").remove("b"))
                .isNotEqualTo(null)
                .isNotEqualTo(USER);
    }
}
