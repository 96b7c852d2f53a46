package com.cloudshelf.cart;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Reads and changes the shopping carts of all users.
 *
 * <p><b>Contract.</b> Every user has a cart. A cart that was never written, was cleared or has expired is empty. A call
 * applies its change at most once, whatever the network does, and no change overwrites another.
 *
 * <p><b>Failures.</b> An invalid argument throws at once ({@link NullPointerException}, {@link
 * IllegalArgumentException}), and nothing is sent. Every other failure completes the returned future with a {@link
 * CartStoreException}, whose {@link CartStoreException#effectPossible()} tells whether the change may have been
 * applied. {@code join()} wraps it in a {@link java.util.concurrent.CompletionException}; {@link #await await} throws
 * it unwrapped.
 *
 * <p><b>Time.</b> Every call has a deadline: the store's operation timeout, or the time set with {@link #within within} or
 * {@link CartUpdate#within CartUpdate.within}. Cancelling the returned future ends the call: nothing more is sent, but a
 * request in flight may still be applied.
 *
 * <p><b>Cost</b> is the number of requests to DynamoDB in the usual case. Conflicts, lost responses and throttling add
 * to it. Implementations without a table send no requests.
 *
 * <p>Implementations are thread-safe and do not block.
 */
public interface CartStore {

    /**
     * Returns a user's cart, read with the store's default consistency. Costs 1 request.
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Cart> get(String userId);

    /**
     * Returns a user's cart. Costs 1 request. The future fails with
     *
     * <ul>
     *   <li>{@link InvalidStoredCartException} if the stored item is not a valid cart,
     *   <li>{@link CartAccessException} if the table, a permission or valid credentials are missing,
     *   <li>{@link CartThrottledException} or {@link CartUnavailableException} if DynamoDB did not respond in time.
     * </ul>
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Cart> get(String userId, ReadConsistency consistency);

    /**
     * Returns the carts of several users, read with the store's default consistency. The map has a key for every ID in
     * the collection, in the same order; duplicates are read once. If one cart cannot be read, the future fails with the
     * exceptions of {@link #get(String, ReadConsistency) get}.
     *
     * <p>Costs 1 request per 100 IDs, sent in parallel, and more if the carts are so large that DynamoDB returns them
     * in parts.
     *
     * @throws IllegalArgumentException if an ID is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds);

    /**
     * Applies an update: all its changes in order, in one atomic write, or none of them. Returns the cart as written.
     * If a response was lost and the write was found in the table, returns the cart as read afterwards. An update that
     * changes nothing writes nothing and returns the cart.
     *
     * <p>Costs 1 request if the update only adds books that are not in the cart, at most 20, with or without an
     * idempotency key but without {@code ifVersion}. Costs 1 read if there is nothing to write. Costs 2 requests
     * otherwise, or 1 with {@link CartUpdate#basedOn CartUpdate.basedOn}. For the cost of a clear, see {@link #clear
     * clear}. The future fails with
     *
     * <ul>
     *   <li>{@link CartRejectedException} if the update does not fit the cart,
     *   <li>{@link CartConflictException} if the cart does not have the version required by {@link
     *       CartUpdate#ifVersion}, or if other writers kept changing it until the deadline,
     *   <li>{@link CartOutcomeUnknownException} if the update may have been applied,
     *   <li>the exceptions of {@link #get(String, ReadConsistency) get}; in those cases nothing was written.
     * </ul>
     */
    CompletableFuture<Cart> apply(CartUpdate update);

    /**
     * Merges one user's cart into another's and clears the first, atomically: for instance, the guest's cart at login.
     * Returns the merged cart. If there is nothing to merge, nothing changes, so a merge can be repeated, even after
     * {@link CartOutcomeUnknownException}.
     *
     * <p>Costs 2 requests, or 1 if there is nothing to merge. Both are transactions, which DynamoDB charges double. The
     * future fails with
     *
     * <ul>
     *   <li>{@link CartRejectedException} if the merged cart would exceed a limit; both carts are left unchanged,
     *   <li>{@link CartConflictException} if other writers kept changing one of the carts until the deadline,
     *   <li>{@link CartOutcomeUnknownException} if the merge may have been applied; repeat it,
     *   <li>the exceptions of {@link #get(String, ReadConsistency) get}; in those cases nothing was written.
     * </ul>
     *
     * @param fromUserId the user whose cart is emptied
     * @param intoUserId the user whose cart receives the lines
     * @param strategy what to do with a book that is in both carts
     * @throws IllegalArgumentException if an ID is blank or too long, or both IDs are the same
     */
    CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy);

    /**
     * Deletes a user's item and everything it remembers: for erasure requests, and for items that cannot be read. Costs
     * 1 request. To empty a cart, use {@link #clear clear}.
     *
     * <p>The request is unconditional and outside all guarantees: a change in progress at the same time may bring its
     * book back or be applied twice. The call can be repeated. If a response was lost, the abandoned request may still
     * erase a cart that is started in the meantime. The future fails with
     *
     * <ul>
     *   <li>{@link CartOutcomeUnknownException} if the item may have been deleted; repeat the call,
     *   <li>{@link CartAccessException}, {@link CartThrottledException} or {@link CartUnavailableException} if it was
     *       not.
     * </ul>
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Void> delete(String userId);

    /**
     * Adds copies of a book; the same as {@link #apply apply} with {@link CartUpdate#add CartUpdate.add}. Costs 1
     * request if the book is not in the cart, otherwise 2.
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    default CompletableFuture<Cart> addItem(String userId, CartItem item) {
        return apply(CartUpdate.of(userId).add(item));
    }

    /**
     * Sets the quantity of a book in the cart; the same as {@link #apply apply} with {@link CartUpdate#setQuantity
     * CartUpdate.setQuantity}. A quantity of 0 removes the book. The update is rejected if the book is not in the cart.
     * Costs 2 requests.
     *
     * @throws IllegalArgumentException if the quantity is negative, or an ID is blank or too long
     */
    default CompletableFuture<Cart> setQuantity(String userId, String bookId, int quantity) {
        return apply(CartUpdate.of(userId).setQuantity(bookId, quantity));
    }

    /**
     * Removes a book; the same as {@link #apply apply} with {@link CartUpdate#remove CartUpdate.remove}. It is not an
     * error if the book is not in the cart. Costs 2 requests, or 1 if there is nothing to remove.
     *
     * @throws IllegalArgumentException if an ID is blank or too long
     */
    default CompletableFuture<Cart> removeItem(String userId, String bookId) {
        return apply(CartUpdate.of(userId).remove(bookId));
    }

    /**
     * Empties a cart; the same as {@link #apply apply} with {@link CartUpdate#clear CartUpdate.clear}. A clear never
     * removes a line that was added after it was applied. Costs 1 request if the cart was last written at least an hour
     * ago, otherwise 2.
     *
     * @throws IllegalArgumentException if the ID is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Void> clear(String userId);

    /**
     * Returns a view of this store whose calls have a deadline other than the operation timeout: for instance, the
     * remaining time of a Lambda invocation. If an update also has {@link CartUpdate#within CartUpdate.within}, the
     * shorter of the two counts.
     *
     * <p>With a deadline of zero or less, every call fails with {@link CartUnavailableException} and sends nothing. A
     * deadline above the store's maximum counts as the maximum. The view costs nothing: it shares the store's
     * connections and turns.
     */
    CartStore within(Duration deadline);

    /**
     * Waits for a call and returns its result: for code that may block, for instance on a virtual thread. Throws the
     * {@link CartStoreException} itself, which {@code join()} would wrap.
     *
     * <p>If the waiting thread is interrupted, the call is cancelled and the thread's interrupt flag stays set. As with
     * every cancelled call, a request in flight may still be applied.
     *
     * @throws CartStoreException if the call failed with it
     * @throws CancellationException if the call was cancelled, or the thread was interrupted
     */
    static <T> T await(CompletableFuture<T> call) {
        try {
            return call.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException("the call failed with a checked exception", e.getCause());
        } catch (InterruptedException e) {
            call.cancel(true);
            Thread.currentThread().interrupt();
            CancellationException interrupted =
                    new CancellationException("the waiting thread was interrupted, and the call was cancelled");
            interrupted.initCause(e);
            throw interrupted;
        }
    }
}
