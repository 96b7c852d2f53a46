package com.cloudshelf.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class ReceiptProperties {

    @Property(tries = 200)
    void receipt_anyCart_addsUp(@ForAll Cart cart) {
        assertEquals(0, cart.totalPrice().compareTo(Receipt.of(cart).total()));
    }

    @Property(tries = 200)
    void carts_anyUpdates_staySound(@ForAll List<CartUpdate> updates) {
        CartStore carts = new MeteredCartStore(InMemoryCartStore.create());
        for (CartUpdate update : updates) {
            carts.apply(update).exceptionally(rejected -> null).join();
            CartInvariants.assertHold(carts.get(update.userId()).join());
        }
    }
}
