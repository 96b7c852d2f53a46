package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.CartStoreContract.StillClock;
import com.cloudshelf.cart.testkit.CartStoreModel.Step;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class DynamoDbCartStoreProperties {

    private static final String USER = "user123";
    private static final LocalDynamoDb SERVER = LocalDynamoDb.shared();
    private static final String TABLE = SERVER.createCartTable();
    private static final StillClock CLOCK = new StillClock();
    private static final DynamoDbCartStore CARTS = DynamoDbCartStore.builder()
            .client(SERVER.client())
            .tableName(TABLE)
            .clock(CLOCK)
            .limits(CartStoreModel.LIMITS)
            .operationTimeout(Duration.ofSeconds(30)) // ample time for a busy machine
            .build();

    @Property(tries = 30, shrinking = ShrinkingMode.BOUNDED)
    void carts_anySteps_areThoseOfTheModelAndConsistentInTheTable(@ForAll("steps") List<Step> steps) {
        new CartStoreModel(CARTS, CLOCK, userId -> CartInvariants.assertItemHolds(item(userId))).check(steps);
    }

    private static Map<String, AttributeValue> item(String userId) {
        return SERVER.client()
                .getItem(get -> get.tableName(TABLE)
                        .key(Map.of("userId", AttributeValue.fromS(userId)))
                        .consistentRead(true))
                .join()
                .item();
    }

    @Property(tries = 10, shrinking = ShrinkingMode.OFF)
    void versions_concurrentCallers_identifyOneCartEach(@ForAll("schedules") List<List<CartUpdate>> schedule) {
        CartStoreModel.checkConcurrently(CARTS, USER, schedule);
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
