package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.apply;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens to a shop's own attributes when a cart is changed or merged. */
class CartAttributesTest {
    private static final CartItem A = book("a", "1", 2);
    private static final CartItem B = book("b", "1", 2);

    private static Map<String, Object> ofLine(Cart cart, String bookId) {
        return cart.item(bookId).orElseThrow().attributes();
    }

    private static Cart merge(Cart into, Cart from, MergeStrategy strategy) {
        return into.merge(from, strategy, CartLimits.defaults(), NOW);
    }

    private static long fingerprint(Cart cart) {
        return Fingerprint.of(cart.items(), cart.ownAttributes());
    }

    @Test
    void add_aNewBook_bringsItsAttributes() {
        assertThat(ofLine(cartOf(A.with("giftWrap", true)), "a")).isEqualTo(Map.of("giftWrap", true));
    }

    @Test
    void add_bookInTheCart_newestWinsNameByName() {
        Cart cart =
                cartOf(A.with("x", "old").with("y", "old"), A.with("y", "new").with("z", "new"));

        assertThat(ofLine(cart, "a")).isEqualTo(Map.of("x", "old", "y", "new", "z", "new"));
        assertThat(cart.totalItems()).isEqualTo(4);
    }

    @Test
    void lineChanges_ofOtherValues_keepAttributes() {
        Cart cart = cartOf(A.with("x", 1), B.with("x", 2));

        Cart changed = apply(
                cart,
                new SetQuantity("a", 5),
                new Reprice("a", BigDecimal.TEN),
                new Subtract(Map.of("a", 1, "b", 2)),
                new Add(A));

        assertThat(ofLine(changed, "a")).isEqualTo(Map.of("x", BigDecimal.ONE));
        assertThat(ofLine(apply(changed, new Add(B)), "b")).isEmpty();
    }

    @Test
    void setItemAttribute_aBookInTheCart_setsIt() {
        Cart cart = apply(
                cartOf(A.with("y", 1)),
                new SetItemAttribute("a", "x", 1),
                new SetItemAttribute("a", "x", 2.50),
                new RemoveItemAttribute("a", "y"));

        assertThat(ofLine(cart, "a")).isEqualTo(Map.of("x", new BigDecimal("2.5")));
    }

    @Test
    void setItemAttribute_anUnknownBook_isRejected() {
        CartRejectedException rejection = catchThrowableOfType(
                CartRejectedException.class,
                () -> apply(cartOf(A), new SetAttribute("x", 1), new SetItemAttribute("b", "x", 1)));

        assertThat(rejection.reason()).isEqualTo(CartRejectedException.Reason.UNKNOWN_BOOK);
        assertThat(rejection.changeIndex()).hasValue(1);
    }

    @Test
    void removeAttribute_thatIsNotThere_changesNothing() {
        Cart cart = cartOf(A.with("x", 1));

        assertThat(apply(
                        cart,
                        new RemoveItemAttribute("a", "y"),
                        new RemoveItemAttribute("b", "x"),
                        new RemoveAttribute("x")))
                .isEqualTo(cart);
    }

    @Test
    void setAttribute_ofTheCart_staysUntilItIsRemovedOrTheCartCleared() {
        Cart cart = apply(cartOf(A), new SetAttribute("coupon", "SAVE10"), new SetAttribute("n", 1));

        assertThat(cart.attributes()).isEqualTo(Map.of("coupon", "SAVE10", "n", BigDecimal.ONE));
        assertThat(cart.attributes()).isUnmodifiable();
        assertThat(cart.items()).containsExactlyElementsOf(cartOf(A).items());
        assertThat(apply(cart, Subtract.of(cart.items())).attributes()).hasSize(2);
        assertThat(apply(cart, new Remove("a")).attributes()).hasSize(2);
        assertThat(apply(cart, new RemoveAttribute("n")).attributes()).isEqualTo(Map.of("coupon", "SAVE10"));
        assertThat(apply(cart, new Clear())).isEqualTo(Cart.empty(USER));
    }

    @Test
    void setAttribute_ofACartWithoutLines_isInIt() {
        Cart cart = apply(Cart.empty(USER), new SetAttribute("coupon", "SAVE10"));

        assertThat(cart.isEmpty()).isTrue();
        assertThat(cart).isNotEqualTo(Cart.empty(USER));
        assertThat(apply(cart, new RemoveAttribute("coupon"))).isEqualTo(Cart.empty(USER));
    }

    @Test
    void version_ofACartWithAttributesOnly_isNotAbsent() {
        Cart cart = apply(Cart.empty(USER), new SetAttribute("coupon", "SAVE10"));
        CartVersion version = CartVersion.of("a", 1, 1);

        assertThat(Cart.stored(cart, version, NOW, NOW).version()).isEqualTo(version);
        assertThat(Cart.stored(Cart.empty(USER), version, NOW, NOW).version()).isEqualTo(CartVersion.ABSENT);
    }

    @Test
    void equals_attributes_areCompared() {
        Cart cart = cartOf(A);
        Cart with = apply(cart, new SetAttribute("x", 1), new SetAttribute("y", 2));

        assertThat(with)
                .isEqualTo(apply(cart, new SetAttribute("y", 2.0), new SetAttribute("x", 1)))
                .hasSameHashCodeAs(apply(cart, new SetAttribute("y", 2.0), new SetAttribute("x", 1)))
                .isNotEqualTo(cart)
                .isNotEqualTo(cartOf(A.with("x", 1).with("y", 2)))
                .isNotEqualTo(apply(with, new SetAttribute("x", 2)));
        assertThat(with.toString()).contains("x=1");
    }

    @Test
    void fingerprint_anyDifferenceInAttributes_differs() {
        Cart cart = apply(cartOf(A, B.with("x", 1)), new SetAttribute("y", List.of(1, 2)), new SetAttribute("z", true));

        assertThat(fingerprint(cart))
                .isEqualTo(fingerprint(apply(
                        cartOf(A, B.with("x", 1.0)),
                        new SetAttribute("z", true),
                        new SetAttribute("y", List.of(1.0, 2L)))))
                .isNotEqualTo(fingerprint(apply(cart, new SetAttribute("y", List.of(2, 1)))))
                .isNotEqualTo(fingerprint(apply(cart, new RemoveAttribute("z"))))
                .isNotEqualTo(fingerprint(apply(cart, new SetItemAttribute("b", "x", "1"))))
                .isNotEqualTo(
                        fingerprint(apply(cart, new RemoveItemAttribute("b", "x"), new SetItemAttribute("a", "x", 1))));
        assertThat(fingerprint(cartOf(A.with("x", 1))))
                .isNotEqualTo(fingerprint(apply(cartOf(A), new SetAttribute("x", 1))));
    }

    @ParameterizedTest
    @EnumSource(MergeStrategy.class)
    void merge_aBookInBothCarts_treatsAttributesLikeTheTitle(MergeStrategy strategy) {
        Cart into = cartOf(A.with("x", "ours").with("y", "ours"));
        Cart from = cartOf(A.with("y", "theirs").with("z", "theirs"));

        assertThat(ofLine(merge(into, from, strategy), "a"))
                .isEqualTo(
                        switch (strategy) {
                            case SUM, MAX -> Map.of("x", "ours", "y", "theirs", "z", "theirs");
                            case KEEP_FROM -> Map.of("y", "theirs", "z", "theirs");
                            case KEEP_INTO -> Map.of("x", "ours", "y", "ours", "z", "theirs");
                        });
    }

    @ParameterizedTest
    @EnumSource(MergeStrategy.class)
    void merge_attributesOfTheCarts_usersWinAndGuestsComeAlong(MergeStrategy strategy) {
        Cart into = apply(cartOf(A), new SetAttribute("x", "ours"), new SetAttribute("y", "ours"));
        Cart from = apply(cartOf(B.with("x", 1)), new SetAttribute("y", "theirs"), new SetAttribute("z", "theirs"));

        Cart merged = merge(into, from, strategy);

        assertThat(merged.attributes()).isEqualTo(Map.of("x", "ours", "y", "ours", "z", "theirs"));
        assertThat(ofLine(merged, "b")).isEqualTo(Map.of("x", BigDecimal.ONE));
        assertThat(merge(into, Cart.empty("guest"), strategy)).isEqualTo(into);
    }

    @Test
    void stored_aCartWithAttributes_keepsThem() {
        Cart cart = apply(cartOf(A), new SetAttribute("x", 1));

        Cart stored = Cart.stored(cart, CartVersion.of("a", 1, 1), NOW, Instant.MAX);

        assertThat(stored).isEqualTo(cart);
        assertThat(stored.attributes()).isEqualTo(cart.attributes());
    }
}
