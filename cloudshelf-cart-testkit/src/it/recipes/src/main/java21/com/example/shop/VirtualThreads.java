package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartStore;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Plain blocking code, with a virtual thread per call. A waiting virtual thread occupies no platform thread. */
final class VirtualThreads {
    private VirtualThreads() {}

    /** Returns the larger of two carts. A failure of the store arrives as its {@code CartStoreException}. */
    static Cart larger(CartStore carts, String one, String other) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Cart>> both = threads.invokeAll(
                    List.of(() -> CartStore.await(carts.get(one)), () -> CartStore.await(carts.get(other))));
            Cart first = both.get(0).get();
            Cart second = both.get(1).get();
            return first.totalItems() >= second.totalItems() ? first : second;
        }
    }
}
