package com.cloudshelf.cart;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The shopping carts of all users: reads, and changes that happen once or not at all.
 *
 * <p><b>Contract.</b> Every user has a cart; one that was never written, was cleared or has expired is empty. A change takes
 * effect at most once per call, whatever the network does, and no change is lost to another. Calls that break a rule that
 * can be seen without the table throw at once ({@link NullPointerException}, {@link IllegalArgumentException}) and send nothing;
 * everything else completes the returned future, exceptionally with a {@link CartStoreException} whose
 * {@link CartStoreException#effectPossible()} tells whether the change may have happened.
 * A caller that waits with {@code join()} finds that exception as the cause of a
 * {@link java.util.concurrent.CompletionException}.
 *
 * <p><b>Time.</b> Every call ends by a deadline, the store's operation timeout or {@link CartUpdate#within}.
 * Cancelling the returned future stops the call: nothing more is sent, but a request that is on its way may still take effect.
 *
 * <p><b>Cost</b> is given in requests to DynamoDB for the usual case; another writer's interference, a lost answer or
 * throttling adds to it. Implementations without a table have none.
 *
 * <p>Implementations are thread-safe and do not block.
 */
public interface CartStore {

    /**
     * Returns a user's cart with the store's default consistency. Costs 1 request.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Cart> get(String userId);

    /**
     * Returns a user's cart. Costs 1 request. The future fails with
     *
     * <ul>
     *   <li>{@link InvalidStoredCartException} if the stored item cannot be a cart,
     *   <li>{@link CartAccessException} if table, permission or credentials are missing,
     *   <li>{@link CartThrottledException} or {@link CartUnavailableException} if DynamoDB did not answer in time.
     * </ul>
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Cart> get(String userId, ReadConsistency consistency);

    /**
     * Returns the carts of several users, with the store's default consistency. Every id that was asked for is a key of the map,
     * in the order of the collection; ids that occur several times are asked for once. Costs one request for each 100 ids, sent
     * side by side; more if the carts are so large that DynamoDB answers in parts. The future fails as that of {@link #get(String)}
     * does; one bad cart fails the call.
     *
     * @throws IllegalArgumentException if an id is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Map<String, Cart>> getAll(Collection<String> userIds);

    /**
     * Carries out an update: all its changes in their order in one atomic write, or none. Returns the cart as written or, if
     * an answer was lost and the write was found in the table, as read since. An update that changes nothing writes nothing and
     * returns the cart.
     *
     * <p>Costs 1 request if it only adds books that are not in the cart, with or without an idempotency key but without {@code
     * ifVersion}; 1, a read, if nothing is to be written; 2 otherwise, 1 with {@link CartUpdate#basedOn}. What a clear costs,
     * {@link #clear} says. The future fails with
     *
     * <ul>
     *   <li>{@link CartRejectedException} if the update does not fit the cart,
     *   <li>{@link CartConflictException} if the cart is not in the version that {@link CartUpdate#ifVersion} demands, or others
     *       kept changing it until the deadline,
     *   <li>{@link CartOutcomeUnknownException} if the update may have taken effect,
     *   <li>and as that of {@link #get(String, ReadConsistency)} does, without an effect.
     * </ul>
     */
    CompletableFuture<Cart> apply(CartUpdate update);

    /**
     * Merges one user's cart into another's and clears the first, atomically: what a login does with a guest's cart. Returns
     * the cart that was merged into. If there is nothing to merge from, nothing changes, so that a merge can be repeated, also
     * after {@link CartOutcomeUnknownException}. Costs 2 requests, or 1 if there is nothing to merge from; both are transactions,
     * which DynamoDB charges double. The future fails with
     *
     * <ul>
     *   <li>{@link CartRejectedException} if the outcome would break a limit, with both carts untouched,
     *   <li>{@link CartConflictException} if others kept changing one of the carts until the deadline,
     *   <li>{@link CartOutcomeUnknownException} if the merge may have taken effect; repeat it,
     *   <li>and as that of {@link #get(String, ReadConsistency)} does, without an effect.
     * </ul>
     *
     * @param fromUserId whose cart is emptied
     * @param intoUserId whose cart takes the lines
     * @param strategy what happens to a book that both carts hold
     * @throws IllegalArgumentException if an id is blank or over-long, or both are the same
     */
    CompletableFuture<Cart> merge(String fromUserId, String intoUserId, MergeStrategy strategy);

    /**
     * Erases a user's item and all that it remembers: for a request to be forgotten, or an item that cannot be read. One
     * unconditional request, outside of all guarantees: a change that is under way at the time may bring its book back or
     * happen twice. To empty a cart use {@link #clear}. The future fails with {@link CartOutcomeUnknownException} if the item may
     * have been erased, and with {@link CartAccessException}, {@link CartThrottledException} or {@link CartUnavailableException}
     * if it was not; it can be repeated.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Void> delete(String userId);

    /**
     * Adds copies of a book: {@link #apply} of {@link CartUpdate#add}. Costs 1 request if the book is not in the cart, else 2.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    default CompletableFuture<Cart> addItem(String userId, CartItem item) {
        return apply(CartUpdate.of(userId).add(item));
    }

    /**
     * Sets the quantity of a book in the cart: {@link #apply} of {@link CartUpdate#setQuantity}. 0 removes the book; a book
     * that is not in the cart is rejected. Costs 2 requests.
     *
     * @throws IllegalArgumentException if the quantity is negative, or an id blank or over-long
     */
    default CompletableFuture<Cart> setQuantity(String userId, String bookId, int quantity) {
        return apply(CartUpdate.of(userId).setQuantity(bookId, quantity));
    }

    /**
     * Removes a book: {@link #apply} of {@link CartUpdate#remove}. A book that is not in the cart is no error. Costs 2 requests,
     * or 1 if there is nothing to remove.
     *
     * @throws IllegalArgumentException if an id is blank or over-long
     */
    default CompletableFuture<Cart> removeItem(String userId, String bookId) {
        return apply(CartUpdate.of(userId).remove(bookId));
    }

    /**
     * Empties a cart: {@link #apply} of {@link CartUpdate#clear}. Never removes a line that was added after it took effect. Costs 1
     * request if the cart has rested for an hour, else 2.
     *
     * @throws IllegalArgumentException if the id is blank or longer than 2048 bytes in UTF-8
     */
    CompletableFuture<Void> clear(String userId);

    /**
     * Returns the same store with a bound on the duration of every call, in place of its operation timeout; for instance the
     * remaining time of a Lambda. A call ends by whichever comes first, this bound or {@link CartUpdate#within}. With a
     * bound of zero or less every call fails with {@link CartUnavailableException}, and nothing is sent. A store takes a bound
     * above its own maximum as that maximum. Costs nothing: both stores share connections and turns.
     */
    CartStore within(Duration deadline);

    /**
     * Waits for a call and returns its value: for callers that block, on a virtual thread for instance. Fails with the
     * {@link CartStoreException} itself, where {@code join()} wraps it.
     *
     * <p>If the waiting thread is interrupted, the call is cancelled and the thread's interrupt flag stays set. As with every
     * cancelled call, a request that is on its way may still take effect.
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
                    new CancellationException("the thread was interrupted while it waited; the call was cancelled");
            interrupted.initCause(e);
            throw interrupted;
        }
    }
}
