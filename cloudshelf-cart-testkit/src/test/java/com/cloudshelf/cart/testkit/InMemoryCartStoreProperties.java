package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.testkit.CartStoreContract.StillClock;
import com.cloudshelf.cart.testkit.CartStoreModel.Step;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

class InMemoryCartStoreProperties {

    private static final String USER = "user123";

    @Property(tries = 500)
    void carts_anySteps_areThoseOfTheModel(@ForAll("steps") List<Step> steps) {
        StillClock clock = new StillClock();
        InMemoryCartStore carts = InMemoryCartStore.builder()
                .clock(clock)
                .limits(CartStoreModel.LIMITS)
                .build();
        new CartStoreModel(carts, clock, userId -> {}).check(steps);
    }

    @Property(tries = 200, shrinking = ShrinkingMode.OFF)
    void versions_concurrentCallers_identifyOneCartEach(@ForAll("schedules") List<List<CartUpdate>> schedule) {
        CartStoreModel.checkConcurrently(InMemoryCartStore.create(), USER, schedule);
    }

    @Provide
    Arbitrary<List<List<CartUpdate>>> schedules() {
        return CartArbitraries.schedulesOf(USER, 3);
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return CartStoreModel.steps();
    }
}
