package com.cloudshelf.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.time.Duration;
import java.util.Map;

/** The carts of a Lambda function. */
final class LambdaCarts {
    static final CartStore CARTS = DynamoDbCartStore.create();

    static Cart add(String userId, CartItem book, String requestId, Duration remaining) {
        CartUpdate update =
                CartUpdate.of(userId).add(book).idempotencyKey(requestId).within(remaining);
        return CARTS.apply(update).join();
    }

    static Cart checkout(String userId, Map<String, Integer> ordered, String orderId, Duration remaining) {
        CartUpdate update = CartUpdate.of(userId)
                .subtract(ordered)
                .idempotencyKey("checkout " + orderId)
                .within(remaining);
        return CARTS.apply(update).join();
    }
}
