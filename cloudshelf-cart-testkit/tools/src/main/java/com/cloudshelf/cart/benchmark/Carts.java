package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.CartItem;
import java.math.BigDecimal;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** The measured operations of a way to keep carts in DynamoDB: the library, or one of its peers. */
interface Carts {
    String USER = "user123";

    CompletableFuture<?> get(String userId);

    CompletableFuture<?> add(String userId, List<CartItem> books);

    CompletableFuture<?> setQuantity(String userId, String bookId, int quantity);

    CompletableFuture<?> remove(String userId, String bookId);

    CompletableFuture<?> clear(String userId);

    /** Puts books into an empty cart before anything is measured. */
    default CompletableFuture<?> fill(String userId, List<CartItem> books) {
        return add(userId, books);
    }

    default CompletableFuture<?> add(String userId, CartItem book) {
        return add(userId, List.of(book));
    }

    /** Returns the ID of the n-th book of {@link #books}. */
    static String bookId(int n) {
        return "book" + (10_000 + n);
    }

    static CartItem book(int n) {
        return CartItem.of(
                bookId(n), "The Great Gatsby, volume " + n, "F. Scott Fitzgerald", new BigDecimal("15.99"), 1 + n % 3);
    }

    static List<CartItem> books(int count) {
        return IntStream.range(0, count).mapToObj(Carts::book).toList();
    }
}
