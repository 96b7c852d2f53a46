package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import java.time.Clock;

class InMemoryCartStoreContractTest extends CartStoreContract {

    @Override
    protected CartStore newStore(CartLimits limits, Clock clock) {
        return InMemoryCartStore.builder().limits(limits).clock(clock).build();
    }
}
