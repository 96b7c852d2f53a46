package com.cloudshelf.shop;

import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.CartStoreContract;
import com.cloudshelf.cart.testkit.InMemoryCartStore;
import java.time.Clock;

/** The suite in another package, on futures that the decorator derives. */
class MeteredCartStoreContractTest extends CartStoreContract {

    @Override
    protected CartStore newStore(CartLimits limits, Clock clock) {
        return new MeteredCartStore(
                InMemoryCartStore.builder().limits(limits).clock(clock).build());
    }
}
