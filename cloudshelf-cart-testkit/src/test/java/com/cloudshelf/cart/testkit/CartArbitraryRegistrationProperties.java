package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartUpdate;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Parameters of the library's types, without any setup except the testkit on the class path. */
class CartArbitraryRegistrationProperties {

    private static final CartLimits NO_LIMITS = CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE);

    @Property(tries = 200)
    void forAll_cart_isAValidStoredCart(@ForAll Cart cart) {
        CartInvariants.assertHold(cart);
        assertThat(CartUpdate.of(cart.userId()).basedOn(cart).snapshot()).contains(cart);
        assertThat(cart.lastUpdated().isPresent())
                .isEqualTo(!cart.isEmpty() || !cart.attributes().isEmpty());
    }

    @Property(tries = 200)
    void forAll_changes_keepTheInvariants(@ForAll Cart cart, @ForAll List<CartChange> changes) {
        try {
            CartInvariants.assertHold(cart.apply(NO_LIMITS, Instant.EPOCH, changes));
        } catch (CartRejectedException e) {
            assertThat(e.userId()).isEqualTo(cart.userId());
        }
    }

    @Property(tries = 200)
    void forAll_item_canBeAdded(@ForAll CartItem item) {
        Cart cart = Cart.empty("user1").apply(NO_LIMITS, Instant.EPOCH, List.of(new CartChange.Add(item)));
        assertThat(cart.totalItems()).isEqualTo(item.quantity());
    }

    @Property(tries = 200)
    void forAll_update_isAppliedOrRejected(@ForAll CartUpdate update) {
        InMemoryCartStore carts = InMemoryCartStore.create();
        Cart cart = carts.apply(update)
                .exceptionally(failure -> {
                    assertThat(failure).isInstanceOf(CartRejectedException.class);
                    return Cart.empty(update.userId());
                })
                .join();
        assertThat(carts.get(update.userId()).join()).isEqualTo(cart);
    }
}
