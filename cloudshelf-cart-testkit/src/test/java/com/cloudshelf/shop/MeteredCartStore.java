package com.cloudshelf.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.ReadConsistency;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A decorator such as users write. It counts the calls that failed. */
final class MeteredCartStore implements CartStore {
    private final CartStore carts;
    private final AtomicInteger failures;

    MeteredCartStore(CartStore carts) {
        this(carts, new AtomicInteger());
    }

    private MeteredCartStore(CartStore carts, AtomicInteger failures) {
        this.carts = carts;
        this.failures = failures;
    }

    int failures() {
        return failures.get();
    }

    private <T> CompletableFuture<T> metered(CompletableFuture<T> call) {
        return call.whenComplete((value, failure) -> {
            if (failure != null) {
                failures.incrementAndGet();
            }
        });
    }

    @Override
    public CompletableFuture<Cart> get(String userId) {
        return metered(carts.get(userId));
    }

    @Override
    public CompletableFuture<Cart> get(String userId, ReadConsistency consistency) {
        return metered(carts.get(userId, consistency));
    }

    @Override
    public CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds) {
        return metered(carts.getAll(userIds));
    }

    @Override
    public CompletableFuture<Cart> apply(CartUpdate update) {
        return metered(carts.apply(update));
    }

    @Override
    public CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy) {
        return metered(carts.merge(fromUserId, intoUserId, strategy));
    }

    @Override
    public CompletableFuture<Void> delete(String userId) {
        return metered(carts.delete(userId));
    }

    @Override
    public CompletableFuture<Void> clear(String userId) {
        return metered(carts.clear(userId));
    }

    @Override
    public CartStore within(Duration deadline) {
        return new MeteredCartStore(carts.within(deadline), failures);
    }
}
