package com.cloudshelf.cart.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartUnavailableException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.ReadConsistency;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The contract of every {@link CartStore}, as JUnit 5 tests: for the store on DynamoDB, the in-memory store, and any
 * other, such as a decorator that caches, measures or authorizes.
 *
 * <pre>{@code
 * class CachingCartStoreContractTest extends CartStoreContract {
 *     @Override
 *     protected CartStore newStore(CartLimits limits, Clock clock) {
 *         return new CachingCartStore(
 *                 InMemoryCartStore.builder().limits(limits).clock(clock).build());
 *     }
 * }
 * }</pre>
 *
 * <p>It covers what can be observed through the interface while the network works: the rules of carts, invalid
 * arguments, rejections, versions, idempotency keys, expiry, limits, merges, and concurrent callers. Its tests cannot
 * be overridden: a store that fails one of them is not a cart store. The tests expect failures from
 * {@link CompletableFuture#join CompletableFuture.join}, so a decorator may derive its futures.
 *
 * <p>The tests are grouped in nested classes by operation.
 *
 * <p>Each test has its own instance, clock and store. Tests may run in parallel.
 */
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
public abstract class CartStoreContract {
    private static final String USER = "user123";
    private static final String GUEST = "guest-4711";
    private static final long PATIENCE_SECONDS = 60;
    private static final int THREADS = 4;
    /** How many idempotency keys a cart remembers at least. */
    private static final int KEYS = 1000;
    /** Deadlines that have passed when the call is made. */
    private static final List<Duration> OVER =
            List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofHours(-1), Duration.ofSeconds(Long.MIN_VALUE));

    private final StillClock clock = new StillClock();
    private final List<CartStore> opened = new ArrayList<>();
    private CartStore carts;

    /** For the suite's subclasses. */
    protected CartStoreContract() {}

    /**
     * Returns a new store without any carts. If it is {@link AutoCloseable}, it is closed after the test.
     *
     * <p>Give slow stores generous timeouts: the suite does not test how fast the machine is.
     *
     * @param limits the limits that the store must have
     * @param clock the clock that the store must use; the tests move it forward
     */
    protected abstract CartStore newStore(CartLimits limits, Clock clock);

    /** Returns how long the stores remember an idempotency key. Default: 24 hours, as for the library's stores. */
    protected Duration idempotencyRetention() {
        return Duration.ofHours(24);
    }

    /**
     * Returns whether the stores reject items above DynamoDB's 400 KB. Default: true, as for the library's stores. If
     * false, the tests of the nested class {@code ItemSize} are skipped.
     */
    protected boolean limitsItemSize() {
        return true;
    }

    @BeforeEach
    void openStore() {
        carts = open(CartLimits.defaults());
    }

    @AfterEach
    void closeStores() throws Exception {
        for (CartStore store : opened) {
            if (store instanceof AutoCloseable closeable) {
                closeable.close();
            }
        }
    }

    private CartStore open(CartLimits limits) {
        CartStore store = newStore(limits, clock);
        opened.add(store);
        return store;
    }

    /** Reading one cart. */
    @Nested
    class Get {
        @Test
        void get_userWithoutACart_isTheEmptyCart() {
            Cart cart = get(USER);
            assertEquals(Cart.empty(USER), cart);
            assertTrue(cart.isEmpty());
            assertEquals(0, cart.totalItems());
            assertEquals(BigDecimal.ZERO, cart.totalPrice());
            assertEquals(Cart.empty(USER).version(), cart.version());
        }

        @Test
        void get_bothConsistencies_areOfTheUser() {
            add(book("book1", "9.50", 1));
            assertEquals(get(USER), await(carts.get(USER, ReadConsistency.STRONG)));
            assertEquals(USER, await(carts.get(USER, ReadConsistency.EVENTUAL)).userId());
        }

        @Test
        void get_othersCarts_areSeparate() {
            add(book("book1", "9.50", 1));
            await(carts.addItem("User123", book("book2", "1", 2)));
            await(carts.addItem("user123 ", book("book3", "1", 3)));
            assertEquals(List.of("book1"), bookIds(get(USER)));
            assertEquals(List.of("book2"), bookIds(get("User123")));
            assertEquals(List.of("book3"), bookIds(get("user123 ")));
        }

        @Test
        void userId_longestInManyScripts_isAccepted() {
            String longest = "é本\uD83D\uDE00" + "x".repeat(2048 - 9);
            Cart cart = await(carts.addItem(longest, book("book1", "1", 1)));
            assertEquals(longest, cart.userId());
            assertEquals(cart, get(longest));
        }
    }

    /** Reading many carts. */
    @Nested
    class GetAll {
        @Test
        void getAll_someUsers_haveEveryIdAsAKeyInTheOrderAsked() {
            add(book("book1", "9.50", 1));
            await(carts.addItem(GUEST, book("book2", "1", 2)));
            Map<String, Cart> found = await(carts.getAll(List.of("nobody", USER, GUEST)));
            assertEquals(List.of("nobody", USER, GUEST), List.copyOf(found.keySet()));
            assertEquals(Cart.empty("nobody"), found.get("nobody"));
            assertEquals(get(USER), found.get(USER));
            assertEquals(get(GUEST), found.get(GUEST));
            assertEquals(get(USER).version(), cartIn(found, USER).version());
        }

        @Test
        void getAll_repeatedIds_countOnceAtTheirFirstPosition() {
            Map<String, Cart> found = await(carts.getAll(List.of("b", "a", "b", "c", "a")));
            assertEquals(List.of("b", "a", "c"), List.copyOf(found.keySet()));
        }

        @Test
        void getAll_noIds_isEmpty() {
            assertEquals(Map.of(), await(carts.getAll(List.of())));
        }

        @Test
        void getAll_moreThanABatch_returnsAll() {
            List<String> userIds = new ArrayList<>();
            for (int i = 0; i < 205; i++) {
                userIds.add("user" + i);
            }
            await(carts.addItem("user7", book("book1", "1", 7)));
            await(carts.addItem("user204", book("book1", "1", 204)));
            Map<String, Cart> found = await(carts.getAll(userIds));
            assertEquals(userIds, List.copyOf(found.keySet()));
            assertEquals(7, cartIn(found, "user7").totalItems());
            assertEquals(204, cartIn(found, "user204").totalItems());
            assertEquals(
                    211, found.values().stream().mapToLong(Cart::totalItems).sum());
        }

        @Test
        void getAll_expiredCart_isEmpty() {
            moveTo(expiry(add(book("book1", "1", 1))));
            await(carts.addItem(GUEST, book("book2", "1", 2)));
            Map<String, Cart> found = await(carts.getAll(Set.of(USER, GUEST)));
            assertEquals(Map.of(USER, Cart.empty(USER), GUEST, get(GUEST)), found);
        }
    }

    /** Arguments that are refused before anything happens. */
    @Nested
    class BadArguments {
        @Test
        void badArgument_userId_throwsAtOnceInEveryCall() {
            for (String bad : List.of("", " ", "\t\n", "x".repeat(2049), "é".repeat(1025), "a\uD83D")) {
                assertThrows(IllegalArgumentException.class, () -> carts.get(bad));
                assertThrows(IllegalArgumentException.class, () -> carts.get(bad, ReadConsistency.STRONG));
                assertThrows(IllegalArgumentException.class, () -> carts.getAll(List.of(USER, bad)));
                assertThrows(IllegalArgumentException.class, () -> carts.merge(bad, USER, MergeStrategy.SUM));
                assertThrows(IllegalArgumentException.class, () -> carts.merge(USER, bad, MergeStrategy.SUM));
                assertThrows(IllegalArgumentException.class, () -> carts.delete(bad));
                assertThrows(IllegalArgumentException.class, () -> carts.clear(bad));
                assertThrows(IllegalArgumentException.class, () -> carts.addItem(bad, book("book1", "1", 1)));
                assertThrows(IllegalArgumentException.class, () -> carts.setQuantity(bad, "book1", 1));
                assertThrows(IllegalArgumentException.class, () -> carts.removeItem(bad, "book1"));
            }
        }

        @Test
        @SuppressWarnings("NullAway")
        void badArgument_null_throwsAtOnceInEveryCall() {
            assertThrows(NullPointerException.class, () -> carts.get(null));
            assertThrows(NullPointerException.class, () -> carts.get(null, ReadConsistency.STRONG));
            assertThrows(NullPointerException.class, () -> carts.get(USER, null));
            assertThrows(NullPointerException.class, () -> carts.getAll(null));
            assertThrows(NullPointerException.class, () -> carts.getAll(Arrays.asList(USER, null)));
            assertThrows(NullPointerException.class, () -> carts.apply(null));
            assertThrows(NullPointerException.class, () -> carts.merge(null, USER, MergeStrategy.SUM));
            assertThrows(NullPointerException.class, () -> carts.merge(USER, null, MergeStrategy.SUM));
            assertThrows(NullPointerException.class, () -> carts.merge(GUEST, USER, null));
            assertThrows(NullPointerException.class, () -> carts.delete(null));
            assertThrows(NullPointerException.class, () -> carts.clear(null));
            assertThrows(NullPointerException.class, () -> carts.addItem(USER, null));
            assertThrows(NullPointerException.class, () -> carts.setQuantity(USER, null, 1));
            assertThrows(NullPointerException.class, () -> carts.removeItem(USER, null));
        }

        @Test
        void badArgument_bookIdOrQuantity_throwsAtOnceAndChangesNothing() {
            Cart cart = add(book("book1", "1", 1));
            assertThrows(IllegalArgumentException.class, () -> carts.setQuantity(USER, "book1", -1));
            assertThrows(IllegalArgumentException.class, () -> carts.setQuantity(USER, " ", 1));
            assertThrows(IllegalArgumentException.class, () -> carts.removeItem(USER, ""));
            assertUntouched(cart);
        }

        @Test
        void badArgument_mergeOfACartIntoItself_throwsAtOnce() {
            Cart cart = add(book("book1", "1", 1));
            for (MergeStrategy strategy : MergeStrategy.values()) {
                assertThrows(IllegalArgumentException.class, () -> carts.merge(USER, USER, strategy));
            }
            assertUntouched(cart);
        }
    }

    /** Adding books. */
    @Nested
    class AddItem {
        @Test
        void addItem_newBook_isAppendedAsGiven() {
            add(CartItem.of("book2", "The Great Gatsby", "F. Scott Fitzgerald", money("15.99"), 2));
            Cart cart = add(CartItem.of("book1", null, null, money("0"), 1));
            assertEquals(List.of("book2", "book1"), bookIds(cart));
            CartItem first = line(cart, "book2");
            assertEquals("The Great Gatsby", first.title().orElseThrow());
            assertEquals("F. Scott Fitzgerald", first.author().orElseThrow());
            assertEquals(money("15.99"), first.price());
            assertEquals(2, first.quantity());
            assertTrue(line(cart, "book1").title().isEmpty());
            assertTrue(line(cart, "book1").author().isEmpty());
            assertEquals(3, cart.totalItems());
            assertEquals(money("31.98"), cart.totalPrice());
        }

        @Test
        void addItem_bookInTheCart_sumsTheQuantitiesAndTakesTheNewestDetails() {
            Instant firstAdded = clock.instant();
            add(CartItem.of("book1", "Old title", "Old author", money("10"), 2));
            add(book("book2", "1", 1));
            clock.advance(Duration.ofMinutes(5));
            Cart cart = add(CartItem.of("book1", "New title", null, money("9.99"), 3));
            assertEquals(List.of("book1", "book2"), bookIds(cart));
            CartItem line = line(cart, "book1");
            assertEquals(5, line.quantity());
            assertEquals(money("9.99"), line.price());
            assertEquals("New title", line.title().orElseThrow());
            assertEquals("Old author", line.author().orElseThrow());
            assertEquals(firstAdded, line.addedAt().orElseThrow());
        }

        @Test
        void addItem_withoutATime_isStampedByTheStore() {
            Cart cart = add(book("book1", "1", 1));
            assertEquals(clock.instant(), line(cart, "book1").addedAt().orElseThrow());
        }

        @Test
        void addItem_withATime_keepsIt() {
            Instant earlier = Instant.parse("2025-09-03T10:30:00.123456789Z");
            Cart cart = add(book("book1", "1", 1).withAddedAt(earlier));
            assertEquals(earlier, line(cart, "book1").addedAt().orElseThrow());
        }

        @Test
        void addItem_bookThatWasRemoved_isAppendedAgain() {
            add(book("book1", "1", 5));
            add(book("book2", "1", 1));
            await(carts.removeItem(USER, "book1"));
            clock.advance(Duration.ofSeconds(1));
            Cart cart = add(book("book1", "2", 1));
            assertEquals(List.of("book2", "book1"), bookIds(cart));
            assertEquals(1, line(cart, "book1").quantity());
            assertEquals(clock.instant(), line(cart, "book1").addedAt().orElseThrow());
        }

        @Test
        void addItem_textOfAnyScript_comesBackUnchanged() {
            for (String text : List.of("", " ", "戦争と平和", "e\u0301", "\uD83D\uDC69\u200D\uD83D\uDCBB", "a\u0000\n\"b")) {
                Cart cart = await(carts.addItem("u" + text, CartItem.of("b" + text, text, text, money("1"), 1)));
                assertEquals(text, line(cart, "b" + text).title().orElseThrow());
                assertEquals(text, line(cart, "b" + text).author().orElseThrow());
                assertEquals(cart, get("u" + text));
            }
        }

        @Test
        void addItem_severalInARow_keepTheirOrder() {
            List<String> books = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                String bookId = "book" + (i * 7 % 25);
                books.add(bookId);
                add(book(bookId, "1", 1));
            }
            assertEquals(books, bookIds(get(USER)));
        }
    }

    /** Exact prices and totals. */
    @Nested
    class Prices {
        @Test
        void price_trailingZerosOrExponent_areRemovedInResultsAndReads() {
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .add(book("book1", "9.50", 1))
                    .add(book("book2", "1E+2", 1))
                    .add(book("book3", "0.000000", 1))));
            assertEquals(money("9.5"), line(cart, "book1").price());
            assertEquals("100", line(cart, "book2").price().toString());
            assertEquals("0", line(cart, "book3").price().toString());
            assertEquals("109.5", cart.totalPrice().toString());
            assertUntouched(cart);
            assertEquals("109.5", get(USER).totalPrice().toString());
        }

        @Test
        void totals_extremePricesAndQuantities_areExact() {
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .add(book("book1", "0.1", 1))
                    .add(book("book2", "0.2", 1))
                    .add(book("book3", "0.000001", 1))
                    .add(book("book4", "999999999999.999999", 10_000))
                    .add(book("book5", "1E+12", 9_999))));
            assertEquals(20_002, cart.totalItems());
            assertEquals("19999000000000000.290001", cart.totalPrice().toPlainString());
            assertUntouched(cart);
        }
    }

    /** Setting the quantity of a book. */
    @Nested
    class SetQuantity {
        @Test
        void setQuantity_bookInTheCart_setsIt() {
            add(book("book1", "2", 5));
            Cart cart = await(carts.setQuantity(USER, "book1", 3));
            assertEquals(3, line(cart, "book1").quantity());
            assertEquals(3, cart.totalItems());
            assertEquals(money("6"), cart.totalPrice());
            assertUntouched(cart);
        }

        @Test
        void setQuantity_zero_removesTheBook() {
            add(book("book1", "2", 5));
            add(book("book2", "3", 1));
            Cart cart = await(carts.setQuantity(USER, "book1", 0));
            assertEquals(List.of("book2"), bookIds(cart));
            assertUntouched(cart);
        }

        @Test
        void setQuantity_unknownBook_isRejected() {
            Cart cart = add(book("book1", "2", 5));
            assertRejected(Reason.UNKNOWN_BOOK, carts.setQuantity(USER, "book2", 1));
            assertRejected(Reason.UNKNOWN_BOOK, carts.setQuantity(USER, "book2", 0));
            assertUntouched(cart);
            assertRejected(Reason.UNKNOWN_BOOK, carts.setQuantity(GUEST, "book1", 1));
            assertTrue(get(GUEST).isEmpty());
        }
    }

    /** Removing a book. */
    @Nested
    class RemoveItem {
        @Test
        void removeItem_bookInTheCart_removesItsLineAndKeepsTheOrderOfTheOthers() {
            addBooks("book1", "book2", "book3");
            Cart cart = await(carts.removeItem(USER, "book2"));
            assertEquals(List.of("book1", "book3"), bookIds(cart));
            assertUntouched(cart);
        }

        @Test
        void removeItem_lastBook_leavesTheEmptyCart() {
            add(book("book1", "2", 5));
            Cart cart = await(carts.removeItem(USER, "book1"));
            assertEquals(Cart.empty(USER), cart);
            assertEquals(Cart.empty(USER).version(), cart.version());
            assertUntouched(cart);
        }

        @Test
        void removeItem_absentBook_isNoErrorAndNoWrite() {
            Cart cart = add(book("book1", "2", 5));
            clock.advance(Duration.ofMinutes(1));
            assertEquals(cart, await(carts.removeItem(USER, "book2")));
            assertUntouched(cart);
            assertEquals(cart.lastUpdated(), get(USER).lastUpdated());
            assertEquals(Cart.empty(GUEST), await(carts.removeItem(GUEST, "book1")));
        }
    }

    /** Setting the price of a book. */
    @Nested
    class Reprice {
        @Test
        void reprice_bookInTheCart_setsThePriceOnly() {
            Cart before = add(book("book1", "2", 5));
            Cart cart = await(carts.apply(CartUpdate.of(USER).reprice("book1", money("2.50"))));
            CartItem line = line(cart, "book1");
            assertEquals(money("2.5"), line.price());
            assertEquals(5, line.quantity());
            assertEquals(line(before, "book1").title(), line.title());
            assertEquals(money("12.5"), cart.totalPrice());
            assertUntouched(cart);
        }

        @Test
        void reprice_unknownBook_isRejected() {
            Cart cart = add(book("book1", "2", 5));
            assertRejected(Reason.UNKNOWN_BOOK, carts.apply(CartUpdate.of(USER).reprice("book2", money("1"))));
            assertUntouched(cart);
        }
    }

    /** Checkout: removing what was ordered. */
    @Nested
    class Subtract {
        @Test
        void subtract_orderedCart_leavesWhatWasAddedSince() {
            add(book("book1", "2", 2));
            Cart ordered = add(book("book2", "3", 1));
            add(book("book1", "2", 3));
            add(book("book3", "4", 1));
            Cart cart = await(carts.apply(CartUpdate.of(USER).subtract(ordered)));
            assertEquals(List.of("book1", "book3"), bookIds(cart));
            assertEquals(3, line(cart, "book1").quantity());
            assertUntouched(cart);
        }

        @Test
        void subtract_moreThanTheCartHolds_removesWhatItHolds() {
            add(book("book1", "2", 2));
            Cart ordered = add(book("book2", "3", 4));
            await(carts.setQuantity(USER, "book1", 1));
            await(carts.removeItem(USER, "book2"));
            Cart cart = await(carts.apply(CartUpdate.of(USER).subtract(ordered)));
            assertEquals(Cart.empty(USER), cart);
            assertUntouched(cart);
        }

        @Test
        void subtract_quantitiesOfAnOrder_leaveWhatWasAddedSince() {
            addBooks("book1", "book2", "book3");
            add(book("book1", "1", 4));
            Cart cart = await(carts.apply(CartUpdate.of(USER).subtract(Map.of("book1", 2, "book2", 1, "book9", 5))));
            assertEquals(List.of("book1", "book3"), bookIds(cart));
            assertEquals(3, line(cart, "book1").quantity());
            assertUntouched(cart);
        }

        @Test
        void subtract_quantitiesOfAnOrderRepeated_haveOneEffect() {
            addBooks("book1", "book2");
            CartUpdate checkout =
                    CartUpdate.of(USER).subtract(Map.of("book1", 1)).idempotencyKey("order-4711");
            await(carts.apply(checkout));
            Cart cart = add(book("book1", "1", 1));
            assertEquals(cart, await(carts.apply(checkout)));
            assertUntouched(cart);
        }
    }

    /** Several changes at once, and what applies to every change. */
    @Nested
    class Apply {
        @Test
        void apply_severalChanges_takeEffectInTheirOrder() {
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .add(book("book1", "1", 1))
                    .add(book("book2", "2", 2))
                    .setQuantity("book1", 5)
                    .reprice("book1", money("7"))
                    .remove("book2")
                    .add(book("book2", "3", 4))
                    .add(book("book1", "8", 1))));
            assertEquals(List.of("book1", "book2"), bookIds(cart));
            assertEquals(6, line(cart, "book1").quantity());
            assertEquals(money("8"), line(cart, "book1").price());
            assertEquals(4, line(cart, "book2").quantity());
            assertEquals(money("60"), cart.totalPrice());
            assertUntouched(cart);
        }

        @Test
        void apply_removesAndAddsAtOnce_areOneCart() {
            addBooks("book1", "book2", "book3", "book4");
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .remove("book1")
                    .remove("book3")
                    .setQuantity("book4", 9)
                    .add(book("book5", "1", 1))
                    .add(book("book1", "1", 2))));
            assertEquals(List.of("book2", "book4", "book5", "book1"), bookIds(cart));
            assertUntouched(cart);
        }

        @Test
        void apply_bookRemovedAndReadded_keepsNothingOfTheOldLine() {
            add(CartItem.of("book1", "Old title", "Old author", money("1"), 2));
            clock.advance(Duration.ofMinutes(1));
            CartItem plain = CartItem.of("book1", null, null, money("3"), 4);
            Cart cart = await(carts.apply(CartUpdate.of(USER).remove("book1").add(plain)));
            assertEquals(List.of(plain.withAddedAt(clock.instant())), cart.items());
            assertUntouched(cart);
            cart = await(carts.apply(CartUpdate.of(USER)
                    .add(CartItem.of("book1", "Title", null, money("3"), 1))
                    .setQuantity("book1", 0)
                    .add(plain)));
            assertUntouched(cart);
        }

        @Test
        void apply_manyLinesAtOnce_areOneCart() {
            CartUpdate adds = CartUpdate.of(USER);
            CartUpdate changes = CartUpdate.of(USER);
            for (int i = 0; i < 120; i++) {
                adds = adds.add(book("book" + i, "1", 1));
                changes = i % 3 == 0 ? changes.remove("book" + i) : changes.setQuantity("book" + i, i);
            }
            assertEquals(120, await(carts.apply(adds)).items().size());
            Cart cart = await(carts.apply(changes));
            assertEquals(80, cart.items().size());
            assertEquals(119, line(cart, "book119").quantity());
            assertUntouched(cart);
        }

        @Test
        void apply_oneChangeDoesNotFit_changesNothing() {
            Cart cart = add(book("book1", "1", 1));
            CartUpdate update = CartUpdate.of(USER)
                    .add(book("book2", "1", 1))
                    .setQuantity("book1", 7)
                    .reprice("book3", money("1"));
            assertRejected(Reason.UNKNOWN_BOOK, carts.apply(update));
            assertUntouched(cart);
        }

        @Test
        void apply_nothingOrNothingNew_isNoWrite() {
            Cart cart = add(book("book1", "1", 1));
            clock.advance(Duration.ofMinutes(1));
            for (CartUpdate update : List.of(
                    CartUpdate.of(USER),
                    CartUpdate.of(USER).setQuantity("book1", 1),
                    CartUpdate.of(USER).reprice("book1", money("1.00")),
                    CartUpdate.of(USER).subtract(Cart.empty(GUEST)),
                    CartUpdate.of(USER).add(book("book2", "1", 1)).remove("book2"))) {
                assertEquals(cart, await(carts.apply(update)));
                assertUntouched(cart);
                assertEquals(cart.lastUpdated(), get(USER).lastUpdated());
            }
        }

        @Test
        void apply_anyChange_returnsTheCartThatIsReadAfterwards() {
            Cart ordered = addBooks("book1", "book2", "book3");
            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).add(book("book4", "4.40", 4)),
                    CartUpdate.of(USER).add(book("book4", "4.50", 1)),
                    CartUpdate.of(USER).setQuantity("book1", 3),
                    CartUpdate.of(USER).reprice("book2", money("0.1")),
                    CartUpdate.of(USER).remove("book3"),
                    CartUpdate.of(USER).add(book("book5", "1", 1)).add(book("book6", "1", 1)),
                    CartUpdate.of(USER).subtract(ordered),
                    CartUpdate.of(USER).clear())) {
                clock.advance(Duration.ofMillis(1500));
                Cart cart = await(carts.apply(update));
                assertUntouched(cart);
                assertEquals(cart.lastUpdated(), get(USER).lastUpdated());
                assertEquals(cart.expiresAt(), get(USER).expiresAt());
            }
        }

        @Test
        void apply_withAmpleTime_givesTheSameResult() {
            CartUpdate update = CartUpdate.of(USER).add(book("book1", "1", 1)).within(Duration.ofMinutes(5));
            assertEquals(1, await(carts.apply(update)).totalItems());
        }

        @Test
        void rejection_anyCart_isFinalAndKeepsTheUserOutOfTheMessage() {
            CartStoreException rejection = assertRejected(Reason.UNKNOWN_BOOK, carts.setQuantity(USER, "book1", 1));
            assertEquals(USER, rejection.userId());
            assertFalse(rejection.isRetryable());
            assertFalse(rejection.effectPossible());
            assertFalse(String.valueOf(rejection.getMessage()).contains(USER), rejection::getMessage);
        }

        @Test
        void apply_withinZeroOrLess_isUnavailableAndDoesNothing() {
            Cart cart = addBooks("book1");
            for (Duration over : OVER) {
                CartUpdate update =
                        CartUpdate.of(USER).add(book("book2", "1", 1)).within(over);
                assertUnavailable(carts.apply(update));
                assertUnavailable(carts.apply(update.basedOn(cart)));
                assertUnavailable(carts.apply(update.ifVersion(Cart.empty(USER).version())));
                assertUnavailable(carts.apply(CartUpdate.of(USER).clear().within(over)));
                assertUnavailable(carts.apply(update.idempotencyKey("key")));
            }
            assertUntouched(cart);
            assertEquals(2, await(carts.apply(keyedAdd("key"))).totalItems(), "the key was not used up");
        }
    }

    /** The caller's own attributes, on lines and carts. */
    @Nested
    class Attributes {
        @Test
        void attributes_ofAnAddedLine_comeBackAsGiven() {
            CartItem item = withAttributes(book("book1", "1", 1));
            Cart cart = add(item);
            assertEquals(item.attributes(), line(cart, "book1").attributes());
            assertUntouched(cart);
            Cart of = await(carts.apply(
                    CartUpdate.of(GUEST).add(item).add(book("book2", "1", 1).with("giftWrap", false))));
            assertEquals(item.attributes(), line(of, "book1").attributes());
            assertEquals(Map.of("giftWrap", false), line(of, "book2").attributes());
            assertUntouched(of);
        }

        @Test
        void attributes_ofTheCart_comeBackAsGiven() {
            addBooks("book1");
            Map<String, Object> attributes =
                    withAttributes(book("book1", "1", 1)).attributes();
            CartUpdate update = CartUpdate.of(USER);
            for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
                update = update.setAttribute(attribute.getKey(), attribute.getValue());
            }
            Cart cart = await(carts.apply(update));
            assertEquals(attributes, cart.attributes());
            assertEquals(List.of("book1"), bookIds(cart));
            assertUntouched(cart);
            assertUntouched(add(book("book2", "1", 1)));
            assertEquals(attributes, get(USER).attributes());
            assertEquals(
                    attributes, cartIn(await(carts.getAll(List.of(USER))), USER).attributes());
        }

        @Test
        void attributes_numbers_areDecimalsWithoutTrailingZeros() {
            add(book("book1", "1", 1)
                    .with("a", 1)
                    .with("b", 2.50)
                    .with("c", new BigDecimal("1E+2"))
                    .with("d", 7L));
            assertEquals(
                    Map.of("a", money("1"), "b", money("2.5"), "c", money("100"), "d", money("7")),
                    line(get(USER), "book1").attributes());
        }

        @Test
        void addItem_bookInTheCart_takesTheNewestAttributesNameByName() {
            add(book("book1", "1", 1).with("giftWrap", true).with("note", "for Ann"));
            Cart cart = add(book("book1", "1", 1).with("note", "for Bob").with("engraving", List.of("B", "C")));
            assertEquals(
                    Map.of("giftWrap", true, "note", "for Bob", "engraving", List.of("B", "C")),
                    line(cart, "book1").attributes());
            assertUntouched(cart);
        }

        @Test
        void setAttribute_cartWithoutLines_isStoredAndHasAVersion() {
            Cart cart = await(carts.apply(CartUpdate.of(USER).setAttribute("coupon", "SAVE10")));
            assertTrue(cart.isEmpty());
            assertEquals(Map.of("coupon", "SAVE10"), cart.attributes());
            assertNotEquals(Cart.empty(USER), cart);
            assertNotEquals(Cart.empty(USER).version(), cart.version());
            assertUntouched(cart);
            assertStale(
                    cart,
                    carts.apply(CartUpdate.of(USER)
                            .add(book("book1", "1", 1))
                            .ifVersion(Cart.empty(USER).version())));
            Cart filled = addBooks("book1");
            assertEquals(Map.of("coupon", "SAVE10"), filled.attributes());
            Cart emptied = await(carts.removeItem(USER, "book1"));
            assertEquals(cart, emptied);
            assertUntouched(emptied);
            await(carts.apply(CartUpdate.of(USER).removeAttribute("coupon")));
            assertUntouched(Cart.empty(USER));
        }

        @Test
        void setAttribute_everyChange_isAnotherVersion() {
            Set<CartVersion> versions = new HashSet<>();
            versions.add(addBooks("book1").version());
            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).setAttribute("coupon", "SAVE10"),
                    CartUpdate.of(USER).setAttribute("coupon", "SAVE20"),
                    CartUpdate.of(USER).removeAttribute("coupon"),
                    CartUpdate.of(USER).setItemAttribute("book1", "giftWrap", true),
                    CartUpdate.of(USER).removeItemAttribute("book1", "giftWrap"))) {
                Cart before = get(USER);
                Cart cart = await(carts.apply(update));
                assertNotEquals(before, cart);
                assertTrue(versions.add(cart.version()), () -> "not a new version after " + update);
                assertUntouched(cart);
                assertStale(cart, carts.apply(update.ifVersion(before.version())));
            }
        }

        @Test
        void setAttribute_sameValueOrRemoveOfNone_isNoWrite() {
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .add(book("book1", "1", 1).with("count", 1))
                    .setAttribute("coupon", Map.of("code", "SAVE10"))));
            clock.advance(Duration.ofMinutes(1));
            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).setAttribute("coupon", Map.of("code", "SAVE10")),
                    CartUpdate.of(USER).setItemAttribute("book1", "count", money("1.0")),
                    CartUpdate.of(USER).removeAttribute("count"),
                    CartUpdate.of(USER).removeItemAttribute("book1", "coupon"),
                    CartUpdate.of(USER).removeItemAttribute("book2", "count"))) {
                assertEquals(cart, await(carts.apply(update)));
                assertUntouched(cart);
                assertEquals(cart.lastUpdated(), get(USER).lastUpdated());
            }
        }

        @Test
        void setItemAttribute_unknownBook_isRejected() {
            Cart cart = addBooks("book1");
            assertRejected(
                    Reason.UNKNOWN_BOOK, carts.apply(CartUpdate.of(USER).setItemAttribute("book2", "giftWrap", true)));
            assertUntouched(cart);
        }

        @Test
        void setItemAttribute_lineInTheCartOrAddedInTheSameUpdate_isSet() {
            addBooks("book1", "book2");
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .setItemAttribute("book2", "giftWrap", true)
                    .add(book("book3", "1", 1))
                    .setItemAttribute("book3", "note", "")
                    .setQuantity("book1", 3)
                    .setAttribute("#a.b[0] :c", List.of())));
            assertEquals(Map.of(), line(cart, "book1").attributes());
            assertEquals(Map.of("giftWrap", true), line(cart, "book2").attributes());
            assertEquals(Map.of("note", ""), line(cart, "book3").attributes());
            assertEquals(Map.of("#a.b[0] :c", List.of()), cart.attributes());
            assertUntouched(cart);
        }

        @Test
        void attributes_otherChangesOfTheLine_keepThem() {
            add(withAttributes(book("book1", "1", 5)));
            Map<String, Object> attributes = line(get(USER), "book1").attributes();
            await(carts.apply(CartUpdate.of(USER).setAttribute("coupon", "SAVE10")));
            await(carts.setQuantity(USER, "book1", 4));
            await(carts.apply(CartUpdate.of(USER).reprice("book1", money("2"))));
            await(carts.apply(CartUpdate.of(USER).subtract(Map.of("book1", 1))));
            Cart cart = addBooks("book1", "book2");
            assertEquals(attributes, line(cart, "book1").attributes());
            assertEquals(Map.of("coupon", "SAVE10"), cart.attributes());
            assertUntouched(cart);
        }

        @Test
        void attributes_lineThatWasRemoved_areGoneWithIt() {
            add(book("book1", "1", 2).with("giftWrap", true));
            await(carts.removeItem(USER, "book1"));
            assertEquals(Map.of(), line(addBooks("book1"), "book1").attributes());
            add(book("book1", "1", 1).with("giftWrap", true));
            Cart cart = await(carts.apply(CartUpdate.of(USER).remove("book1").add(book("book1", "1", 1))));
            assertEquals(Map.of(), line(cart, "book1").attributes());
            assertUntouched(cart);
        }

        @Test
        void attributes_clearDeleteAndExpiry_endThem() {
            CartUpdate update = CartUpdate.of(USER)
                    .add(book("book1", "1", 1).with("giftWrap", true))
                    .setAttribute("coupon", "SAVE10");
            await(carts.apply(update));
            await(carts.clear(USER));
            assertUntouched(Cart.empty(USER));
            assertEquals(Map.of(), addBooks("book1").attributes());
            await(carts.apply(update));
            clock.advance(Duration.ofHours(3));
            await(carts.clear(USER));
            assertUntouched(Cart.empty(USER));
            await(carts.apply(update));
            await(carts.delete(USER));
            assertUntouched(Cart.empty(USER));
            moveTo(expiry(await(carts.apply(update))));
            assertUntouched(Cart.empty(USER));
            Cart cart = addBooks("book1");
            assertEquals(Map.of(), cart.attributes());
            assertEquals(Map.of(), line(cart, "book1").attributes());
            assertUntouched(cart);
        }

        @Test
        void attributes_ofAKeyedCall_belongToItsChanges() {
            CartUpdate keyed = CartUpdate.of(USER)
                    .add(book("book1", "1", 1).with("count", 1))
                    .setAttribute("coupon", Map.of("code", "SAVE10", "rate", money("0.10")))
                    .idempotencyKey("key");
            Cart cart = await(carts.apply(keyed));
            Map<String, Object> reordered = new LinkedHashMap<>();
            reordered.put("rate", money("0.1"));
            reordered.put("code", "SAVE10");
            assertEquals(
                    cart,
                    await(carts.apply(CartUpdate.of(USER)
                            .add(book("book1", "1", 1).with("count", money("1.0")))
                            .setAttribute("coupon", reordered)
                            .idempotencyKey("key"))));
            for (CartUpdate other : List.of(
                    CartUpdate.of(USER).add(book("book1", "1", 1).with("count", 1)),
                    CartUpdate.of(USER)
                            .add(book("book1", "1", 1).with("count", "1"))
                            .setAttribute("coupon", reordered),
                    CartUpdate.of(USER)
                            .add(book("book1", "1", 1).with("count", 1))
                            .setAttribute("coupon", Map.of("code", "SAVE10")))) {
                assertRejected(Reason.KEY_REUSED, carts.apply(other.idempotencyKey("key")));
            }
            assertUntouched(cart);
        }

        @Test
        void attributes_merge_areJoinedAsTheLinesAre() {
            for (MergeStrategy strategy : MergeStrategy.values()) {
                String user = "user-" + strategy;
                await(carts.apply(CartUpdate.of(user)
                        .add(book("both", "1", 1).with("note", "the user's").with("own", 1))
                        .add(book("own", "1", 1).with("giftWrap", true))
                        .setAttribute("coupon", "the user's")
                        .setAttribute("own", 1)));
                await(carts.apply(CartUpdate.of(GUEST)
                        .add(book("both", "1", 1).with("note", "the guest's").with("theirs", 2))
                        .add(book("theirs", "1", 1).with("giftWrap", false))
                        .setAttribute("coupon", "the guest's")
                        .setAttribute("theirs", 2)));
                Cart merged = await(carts.merge(GUEST, user, strategy));
                assertEquals(
                        switch (strategy) {
                            case SUM, MAX -> Map.of("note", "the guest's", "own", money("1"), "theirs", money("2"));
                            case KEEP_FROM -> Map.of("note", "the guest's", "theirs", money("2"));
                            case KEEP_INTO -> Map.of("note", "the user's", "own", money("1"), "theirs", money("2"));
                        },
                        line(merged, "both").attributes(),
                        () -> "the line of both carts by " + strategy);
                assertEquals(Map.of("giftWrap", true), line(merged, "own").attributes());
                assertEquals(Map.of("giftWrap", false), line(merged, "theirs").attributes());
                assertEquals(
                        Map.of("coupon", "the user's", "own", money("1"), "theirs", money("2")), merged.attributes());
                assertUntouched(merged);
                assertUntouched(Cart.empty(GUEST));
            }
        }

        @Test
        void attributes_mergeOfCartsWithoutLines_comeAlong() {
            await(carts.apply(CartUpdate.of(GUEST).setAttribute("coupon", "SAVE10")));
            Cart merged = await(carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertEquals(Map.of("coupon", "SAVE10"), merged.attributes());
            assertUntouched(merged);
            assertUntouched(Cart.empty(GUEST));
            assertEquals(merged, await(carts.merge(GUEST, USER, MergeStrategy.SUM)));
        }

        private static CartItem withAttributes(CartItem item) {
            return item.with("giftWrap", true)
                    .with("note", "für Ann \uD83C\uDF81")
                    .with("empty", "")
                    .with("weight", money("-0.125"))
                    .with("large", money("12345678901234567890123456789012345678"))
                    .with("tags", List.of("a", money("1"), List.of(), false))
                    .with(
                            "engraving",
                            Map.of("text", "B & C", "lines", List.of(Map.of("font", "serif")), "none", Map.of()))
                    .with("noMap", Map.of())
                    .with("noList", List.of())
                    .with("备注.#a[0]", "any name will do")
                    .with("size", money("3"));
        }
    }

    /** A store with another deadline for every call, and waiting for a call. */
    @Nested
    class Within {
        @Test
        void within_ampleTime_isTheSameStore() {
            CartStore patient = carts.within(Duration.ofMinutes(5));
            Cart cart = await(patient.addItem(USER, book("book1", "1", 2)));
            assertUntouched(cart);
            assertEquals(cart, await(patient.get(USER)));
            assertEquals(cart, cartIn(await(patient.getAll(List.of(USER, GUEST))), USER));
            await(patient.apply(CartUpdate.of(GUEST).add(book("book2", "1", 1)).within(Duration.ofSeconds(60))));
            Cart merged = await(patient.merge(GUEST, USER, MergeStrategy.SUM));
            assertEquals(3, merged.totalItems());
            assertUntouched(merged);
            await(patient.clear(USER));
            assertUntouched(Cart.empty(USER));
            addBooks("book1");
            await(patient.within(Duration.ofMinutes(10)).delete(USER));
            assertUntouched(Cart.empty(USER));
            CartStore forEver = carts.within(Duration.ofSeconds(Long.MAX_VALUE));
            assertEquals(Cart.empty(USER), await(forEver.get(USER)));
            await(forEver.apply(
                    CartUpdate.of(USER).add(book("book1", "1", 1)).within(Duration.ofSeconds(Long.MAX_VALUE))));
            assertEquals(1, get(USER).totalItems());
        }

        @Test
        void within_zeroOrLess_everyCallIsUnavailableAndDoesNothing() {
            Cart cart = addBooks("book1");
            Cart guest = await(carts.addItem(GUEST, book("book2", "1", 1)));
            for (Duration over : OVER) {
                CartStore late = carts.within(over);
                assertUnavailable(late.get(USER));
                assertUnavailable(late.get(USER, ReadConsistency.EVENTUAL));
                assertUnavailable(late.getAll(List.of(USER, GUEST)));
                assertUnavailable(late.apply(keyedAdd("key")));
                assertUnavailable(late.addItem(USER, book("book1", "1", 1)));
                assertUnavailable(late.setQuantity(USER, "book9", 2));
                assertUnavailable(late.removeItem(USER, "book9"));
                assertUnavailable(late.merge(GUEST, USER, MergeStrategy.SUM));
                assertUnavailable(late.clear(USER));
                assertUnavailable(late.delete(USER));
            }
            assertUntouched(cart);
            assertUntouched(guest);
            assertEquals(2, await(carts.apply(keyedAdd("key"))).totalItems(), "the key was not used up");
        }

        @Test
        void within_severalBounds_theShortestCounts() {
            Duration ample = Duration.ofMinutes(5);
            CartUpdate update = CartUpdate.of(USER).add(book("book1", "1", 1));
            assertUnavailable(carts.within(ample).apply(update.within(Duration.ZERO)));
            assertUnavailable(carts.within(Duration.ZERO).apply(update.within(ample)));
            assertUnavailable(carts.within(Duration.ZERO).within(ample).apply(update));
            assertUnavailable(carts.within(ample).within(Duration.ZERO).apply(update));
            assertUntouched(Cart.empty(USER));
        }

        @Test
        @SuppressWarnings("NullAway")
        void within_badArguments_stillThrowAtOnce() {
            assertThrows(NullPointerException.class, () -> carts.within(null));
            for (Duration deadline : List.of(Duration.ZERO, Duration.ofMinutes(5))) {
                CartStore bounded = carts.within(deadline);
                assertThrows(NullPointerException.class, () -> bounded.apply(null));
                assertThrows(NullPointerException.class, () -> bounded.within(null));
                assertThrows(NullPointerException.class, () -> bounded.get(USER, null));
                assertThrows(IllegalArgumentException.class, () -> bounded.get(" "));
                assertThrows(IllegalArgumentException.class, () -> bounded.getAll(List.of(USER, "")));
                assertThrows(IllegalArgumentException.class, () -> bounded.clear(""));
                assertThrows(IllegalArgumentException.class, () -> bounded.delete(""));
                assertThrows(IllegalArgumentException.class, () -> bounded.merge(USER, USER, MergeStrategy.SUM));
                assertThrows(IllegalArgumentException.class, () -> bounded.setQuantity(USER, "book1", -1));
            }
        }

        @Test
        void await_anyCall_returnsTheValueOrThrowsTheFailureItself() {
            Cart cart = CartStore.await(carts.addItem(USER, book("book1", "1", 1)));
            assertUntouched(cart);
            CartRejectedException rejection = assertThrows(
                    CartRejectedException.class, () -> CartStore.await(carts.setQuantity(USER, "book2", 1)));
            assertEquals(Reason.UNKNOWN_BOOK, rejection.reason());
            assertThrows(
                    CartConflictException.class,
                    () -> CartStore.await(carts.apply(CartUpdate.of(USER)
                            .remove("book1")
                            .ifVersion(Cart.empty(USER).version()))));
        }
    }

    /** Emptying a cart, whose idempotency keys stay. */
    @Nested
    class Clear {
        @Test
        void clear_anyCart_isEmptyAfterwards() {
            addBooks("book1", "book2");
            await(carts.clear(USER));
            assertUntouched(Cart.empty(USER));
            await(carts.clear(USER));
            await(carts.clear(GUEST));
            assertUntouched(Cart.empty(USER));
        }

        @Test
        void clear_cartThatHasRested_isEmptyAfterwards() {
            addBooks("book1", "book2");
            clock.advance(Duration.ofHours(3));
            await(carts.clear(USER));
            assertUntouched(Cart.empty(USER));
            await(carts.clear(USER));
            assertUntouched(add(book("book3", "1", 1)));
        }

        @Test
        void clear_thenAdd_holdsTheNewBookOnly() {
            addBooks("book1", "book2");
            await(carts.clear(USER));
            Cart cart = add(book("book2", "3", 1));
            assertEquals(List.of("book2"), bookIds(cart));
            assertEquals(1, cart.totalItems());
            assertUntouched(cart);
        }

        @Test
        void clear_asAnUpdateWithAVersion_requiresIt() {
            Cart stale = addBooks("book1");
            Cart cart = addBooks("book2");
            assertStale(cart, carts.apply(CartUpdate.of(USER).clear().ifVersion(stale.version())));
            assertEquals(
                    Cart.empty(USER),
                    await(carts.apply(CartUpdate.of(USER).clear().ifVersion(cart.version()))));
            assertUntouched(Cart.empty(USER));
        }
    }

    /** Deleting a cart and everything that is remembered of it. */
    @Nested
    class Delete {
        @Test
        void delete_idempotencyKey_isForgotten() {
            CartUpdate keyed = keyedAdd("key");
            await(carts.apply(keyed));
            await(carts.delete(USER));
            assertEquals(1, await(carts.apply(keyed)).totalItems(), "a new cart knows no keys of the old one");
            assertEquals(1, await(carts.apply(keyed)).totalItems());
            await(carts.delete(USER));
            CartUpdate other = CartUpdate.of(USER).add(book("book2", "1", 3)).idempotencyKey("key");
            assertEquals(3, await(carts.apply(other)).totalItems());
        }

        @Test
        void delete_emptyCart_forgetsItsIdempotencyKeysToo() {
            CartUpdate keyed = keyedAdd("key");
            await(carts.apply(keyed));
            await(carts.clear(USER));
            await(carts.delete(USER));
            assertEquals(1, await(carts.apply(keyed)).totalItems());
        }

        @Test
        void delete_anyCart_isGone() {
            addBooks("book1", "book2");
            await(carts.delete(USER));
            assertUntouched(Cart.empty(USER));
            await(carts.delete(USER));
            Cart cart = add(book("book1", "1", 1));
            assertEquals(1, cart.totalItems());
            assertUntouched(cart);
        }
    }

    /** Versions, and updates that require one. */
    @Nested
    class Versions {
        @Test
        void version_everyChange_isAnother() {
            Set<CartVersion> versions = new HashSet<>();
            assertTrue(versions.add(Cart.empty(USER).version()));
            assertTrue(versions.add(add(book("book1", "1", 1)).version()));
            assertTrue(versions.add(add(book("book1", "1", 1)).version()));
            assertTrue(versions.add(add(book("book2", "1", 1)).version()));
            assertTrue(versions.add(await(carts.setQuantity(USER, "book1", 1)).version()));
            assertTrue(versions.add(await(carts.removeItem(USER, "book2")).version()));
            assertTrue(versions.add(await(carts.apply(CartUpdate.of(USER).reprice("book1", money("2"))))
                    .version()));
            assertTrue(versions.contains(get(USER).version()));
        }

        @Test
        void version_sameLinesAgain_isAnother() {
            Instant added = clock.instant();
            Cart first = add(book("book1", "1", 1).withAddedAt(added));
            await(carts.removeItem(USER, "book1"));
            Cart second = add(book("book1", "1", 1).withAddedAt(added));
            await(carts.clear(USER));
            Cart third = add(book("book1", "1", 1).withAddedAt(added));
            clock.advance(Duration.ofHours(3));
            await(carts.clear(USER));
            Cart fourth = add(book("book1", "1", 1).withAddedAt(added));
            await(carts.delete(USER));
            Cart fifth = add(book("book1", "1", 1).withAddedAt(added));
            moveTo(expiry(fifth));
            Cart sixth = add(book("book1", "1", 1).withAddedAt(added));
            Set<CartVersion> versions = new HashSet<>();
            for (Cart cart : List.of(first, second, third, fourth, fifth, sixth)) {
                assertEquals(first, cart);
                assertTrue(versions.add(cart.version()), () -> "two carts in a row have the version " + cart.version());
            }
            for (Cart cart : List.of(first, second, third, fourth, fifth)) {
                assertStale(
                        sixth, carts.apply(CartUpdate.of(USER).remove("book1").ifVersion(cart.version())));
            }
        }

        @Test
        void version_cartWithoutLines_isTheOneForAbsent() {
            CartVersion absent = Cart.empty(USER).version();
            assertEquals(absent, get(USER).version());
            Cart cart = addBooks("book1");
            assertNotEquals(absent, cart.version());
            await(carts.removeItem(USER, "book1"));
            assertEquals(absent, get(USER).version());
            addBooks("book1");
            await(carts.clear(USER));
            assertEquals(absent, get(USER).version());
            moveTo(expiry(addBooks("book1")));
            assertEquals(absent, get(USER).version());
            addBooks("book1");
            await(carts.delete(USER));
            assertEquals(absent, get(USER).version());
        }

        @Test
        void ifVersion_current_matchesEvenByItsText() {
            Cart cart = addBooks("book1");
            CartVersion parsed = CartVersion.parse(cart.version().toString());
            Cart after = await(
                    carts.apply(CartUpdate.of(USER).add(book("book2", "1", 1)).ifVersion(parsed)));
            assertEquals(List.of("book1", "book2"), bookIds(after));
        }

        @Test
        void ifVersion_ofAnotherChangeThanTheLast_isAConflictWithTheCurrentCart() {
            Cart stale = addBooks("book1");
            Cart current = add(book("book1", "1", 1));
            assertStale(
                    current,
                    carts.apply(CartUpdate.of(USER).setQuantity("book1", 9).ifVersion(stale.version())));
            assertUntouched(current);
        }

        @Test
        void ifVersion_stale_isAConflictAlsoForWhatChangesNothingOrDoesNotFit() {
            Cart stale = addBooks("book1");
            Cart current = addBooks("book2");
            assertStale(current, carts.apply(CartUpdate.of(USER).remove("book9").ifVersion(stale.version())));
            assertStale(
                    current,
                    carts.apply(CartUpdate.of(USER).setQuantity("book9", 1).ifVersion(stale.version())));
            assertStale(
                    current,
                    carts.apply(
                            CartUpdate.of(USER).remove("book1").basedOn(stale).ifVersion(stale.version())));
            assertUntouched(current);
        }

        @Test
        void ifVersion_ofTheAbsentCart_matchesOnlyAnEmptyCart() {
            CartUpdate first = CartUpdate.of(USER)
                    .add(book("book1", "1", 1))
                    .ifVersion(Cart.empty(USER).version());
            Cart cart = await(carts.apply(first));
            assertStale(cart, carts.apply(first));
            await(carts.clear(USER));
            assertEquals(1, await(carts.apply(first)).totalItems());
            moveTo(expiry(get(USER)));
            assertEquals(1, await(carts.apply(first)).totalItems());
        }

        @Test
        void ifVersion_foreignToken_isAConflict() {
            Cart cart = addBooks("book1");
            CartVersion foreign = CartVersion.parse("of-another_store.1.0000000000000");
            assertStale(cart, carts.apply(CartUpdate.of(USER).remove("book1").ifVersion(foreign)));
            assertStale(
                    Cart.empty(GUEST),
                    carts.apply(CartUpdate.of(GUEST).add(book("book1", "1", 1)).ifVersion(foreign)));
            assertTrue(get(GUEST).isEmpty());
        }
    }

    /** Updates that are based on a cart which the caller has. */
    @Nested
    class Snapshots {
        @Test
        void basedOn_freshStaleOrForeignCart_givesTheSameResult() {
            Cart first = addBooks("book1", "book2");
            Cart second = await(
                    carts.apply(CartUpdate.of(USER).setQuantity("book2", 5).basedOn(first)));
            assertEquals(5, line(second, "book2").quantity());
            await(carts.removeItem(USER, "book1"));
            Cart third = await(carts.apply(CartUpdate.of(USER)
                    .setQuantity("book2", 7)
                    .add(book("book3", "1", 1))
                    .basedOn(first)));
            assertEquals(List.of("book2", "book3"), bookIds(third));
            assertEquals(7, line(third, "book2").quantity());
            Cart fourth = await(carts.apply(CartUpdate.of(USER).remove("book3").basedOn(Cart.empty(USER))));
            assertEquals(List.of("book2"), bookIds(fourth));
            assertUntouched(fourth);
        }

        @Test
        void basedOn_staleCart_neverDecidesAResultByItself() {
            Cart stale = addBooks("book1");
            addBooks("book2");
            Cart cart = await(
                    carts.apply(CartUpdate.of(USER).setQuantity("book2", 3).basedOn(stale)));
            assertEquals(3, line(cart, "book2").quantity());
            cart = await(carts.apply(CartUpdate.of(USER).remove("book2").basedOn(stale)));
            assertEquals(List.of("book1"), bookIds(cart));
            assertUntouched(cart);
            await(carts.clear(USER));
            assertRejected(
                    Reason.UNKNOWN_BOOK,
                    carts.apply(CartUpdate.of(USER).setQuantity("book1", 1).basedOn(stale)));
            assertUntouched(Cart.empty(USER));
        }
    }

    /** Calls that are repeated. */
    @Nested
    class IdempotencyKeys {
        @Test
        void idempotencyKey_repeatedCall_hasOneEffectAndReturnsTheCart() {
            CartUpdate keyed = CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("order-4711");
            Cart cart = await(carts.apply(keyed));
            assertEquals(cart, await(carts.apply(keyed)));
            Cart current = addBooks("book2");
            assertEquals(current, await(carts.apply(keyed)));
            assertUntouched(current);
            assertEquals(3, line(current, "book1").quantity());
        }

        @Test
        void idempotencyKey_otherTermsOrTimes_isTheSameCall() {
            Cart before = addBooks("book0");
            CartItem item = book("book1", "2.50", 3);
            await(carts.apply(
                    CartUpdate.of(USER).add(item).idempotencyKey("key").ifVersion(before.version())));
            Cart cart = get(USER);
            CartUpdate repeated = CartUpdate.of(USER)
                    .add(book("book1", "2.5", 3).withAddedAt(Instant.EPOCH))
                    .idempotencyKey("key")
                    .within(Duration.ofSeconds(30));
            assertEquals(cart, await(carts.apply(repeated)));
            assertEquals(cart, await(carts.apply(repeated.basedOn(cart))));
            assertEquals(cart, await(carts.apply(repeated.ifVersion(before.version()))));
            assertUntouched(cart);
        }

        @Test
        void idempotencyKey_sameQuantitiesInAnotherOrder_isTheSameCall() {
            addBooks("book1", "book2", "book3");
            Map<String, Integer> quantities = new LinkedHashMap<>();
            quantities.put("book1", 1);
            quantities.put("book2", 1);
            Map<String, Integer> reversed = new LinkedHashMap<>();
            reversed.put("book2", 1);
            reversed.put("book1", 1);
            CartUpdate checkout = CartUpdate.of(USER).idempotencyKey("checkout");
            Cart cart = await(carts.apply(checkout.with(new CartChange.Subtract(quantities))));
            assertEquals(cart, await(carts.apply(checkout.with(new CartChange.Subtract(reversed)))));
        }

        @Test
        void idempotencyKey_otherChanges_areRejected() {
            Cart cart = await(
                    carts.apply(CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("key")));
            for (CartUpdate other : List.of(
                    CartUpdate.of(USER),
                    CartUpdate.of(USER).clear(),
                    CartUpdate.of(USER).add(book("book1", "2", 2)),
                    CartUpdate.of(USER).add(book("book1", "2.01", 3)),
                    CartUpdate.of(USER).add(book("book2", "2", 3)),
                    CartUpdate.of(USER).setQuantity("book1", 3),
                    CartUpdate.of(USER).add(book("book1", "2", 3)).remove("book1"))) {
                assertRejected(Reason.KEY_REUSED, carts.apply(other.idempotencyKey("key")));
            }
            assertUntouched(cart);
        }

        @Test
        void idempotencyKey_ofAnotherUserOrInAnotherCase_isAnotherKey() {
            await(carts.apply(CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("key")));
            await(carts.apply(CartUpdate.of(USER).add(book("book1", "2", 1)).idempotencyKey("KEY")));
            await(carts.apply(CartUpdate.of(GUEST).add(book("book1", "2", 2)).idempotencyKey("key")));
            assertEquals(4, get(USER).totalItems());
            assertEquals(2, get(GUEST).totalItems());
        }

        @Test
        void idempotencyKey_clearInBetween_isRemembered() {
            CartUpdate keyed = CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("key");
            await(carts.apply(keyed));
            await(carts.clear(USER));
            assertEquals(Cart.empty(USER), await(carts.apply(keyed)));
            clock.advance(Duration.ofHours(3));
            await(carts.clear(USER));
            assertEquals(Cart.empty(USER), await(carts.apply(keyed)));
            assertUntouched(Cart.empty(USER));
        }

        @Test
        void idempotencyKey_ofAClear_doesNotClearAgain() {
            addBooks("book1");
            CartUpdate keyed = CartUpdate.of(USER).clear().idempotencyKey("key");
            assertEquals(Cart.empty(USER), await(carts.apply(keyed)));
            Cart cart = addBooks("book2");
            assertEquals(cart, await(carts.apply(keyed)));
            assertUntouched(cart);
        }

        @Test
        void idempotencyKey_ofACallThatChangedNothing_isRemembered() {
            CartUpdate keyed = CartUpdate.of(USER).remove("book1").idempotencyKey("key");
            assertEquals(Cart.empty(USER), await(carts.apply(keyed)));
            Cart cart = addBooks("book1");
            assertEquals(cart, await(carts.apply(keyed)));
            assertUntouched(cart);
        }

        @Test
        void idempotencyKey_ofACallThatFailed_isNotRemembered() {
            Cart stale = addBooks("book1");
            Cart cart = addBooks("book2");
            CartUpdate keyed = CartUpdate.of(USER).idempotencyKey("key");
            assertRejected(Reason.UNKNOWN_BOOK, carts.apply(keyed.setQuantity("book3", 1)));
            assertStale(cart, carts.apply(keyed.remove("book2").ifVersion(stale.version())));
            assertEquals(3, await(carts.apply(keyed.add(book("book4", "1", 1)))).totalItems());
        }

        @Test
        void idempotencyKey_untilItsRetention_isRemembered() {
            CartUpdate keyed = CartUpdate.of(USER).add(book("book1", "2", 3)).idempotencyKey("key");
            await(carts.apply(keyed));
            clock.advance(idempotencyRetention().minusMillis(1));
            assertEquals(3, await(carts.apply(keyed)).totalItems());
            clock.advance(Duration.ofMillis(1));
            assertEquals(6, await(carts.apply(keyed)).totalItems());
            assertEquals(6, await(carts.apply(keyed)).totalItems());
        }

        @Test
        void idempotencyKey_moreThanACartMustRemember_areRefusedRatherThanForgotten() {
            for (int i = 0; i < KEYS; i++) {
                await(carts.apply(keyedAdd("key" + i)));
            }
            int taken = KEYS;
            try {
                await(carts.apply(keyedAdd("one too many")));
                taken++;
            } catch (CartRejectedException full) {
                assertEquals(Reason.KEYS_FULL, full.reason());
                assertNamesLimit("idempotencyKeys", KEYS, full);
            }
            Cart cart = get(USER);
            assertEquals(taken, cart.totalItems());
            for (int i = 0; i < KEYS; i += 100) {
                assertEquals(cart, await(carts.apply(keyedAdd("key" + i))));
            }
            clock.advance(idempotencyRetention());
            assertEquals(taken + 1, await(carts.apply(keyedAdd("one more"))).totalItems());
        }

        @Test
        void idempotencyKey_ofAnAddAboveALimit_isLookedAtFirst() {
            CartUpdate keyed = CartUpdate.of(USER).add(book("book1", "1", 8)).idempotencyKey("key");
            Cart cart = await(carts.apply(keyed));
            assertRejectedForLimit(
                    "maxQuantity",
                    10_000,
                    0,
                    carts.apply(
                            CartUpdate.of(USER).add(book("book2", "1", 10_001)).idempotencyKey("another key")));
            assertRejected(
                    Reason.KEY_REUSED,
                    carts.apply(
                            CartUpdate.of(USER).add(book("book1", "1", 10_001)).idempotencyKey("key")));
            assertUntouched(cart);
        }
    }

    /** Times, and carts that have expired. */
    @Nested
    class Expiry {
        @Test
        void times_everyChange_followTheStoresClock() {
            Cart first = addBooks("book1");
            assertEquals(clock.instant(), first.lastUpdated().orElseThrow());
            assertTrue(expiry(first).isAfter(clock.instant()));
            clock.advance(Duration.ofDays(1));
            Cart second = await(carts.setQuantity(USER, "book1", 2));
            assertEquals(clock.instant(), second.lastUpdated().orElseThrow());
            assertEquals(Duration.ofDays(1), Duration.between(expiry(first), expiry(second)));
        }

        @Test
        void expiredCart_anyRead_isTheEmptyCart() {
            Cart cart = addBooks("book1");
            moveTo(expiry(cart).minusMillis(1));
            assertUntouched(cart);
            moveTo(expiry(cart));
            assertUntouched(Cart.empty(USER));
            assertTrue(get(USER).expiresAt().isEmpty());
            assertEquals(Cart.empty(USER), await(carts.get(USER, ReadConsistency.EVENTUAL)));
        }

        @Test
        void expiredCart_firstWrite_startsANewOne() {
            moveTo(expiry(addBooks("book1", "book2")));
            Cart cart = add(book("book2", "5", 4));
            assertEquals(List.of("book2"), bookIds(cart));
            assertEquals(4, cart.totalItems());
            assertEquals(clock.instant(), line(cart, "book2").addedAt().orElseThrow());
            assertUntouched(cart);

            moveTo(expiry(cart));
            cart = await(
                    carts.apply(CartUpdate.of(USER).add(book("book3", "1", 1)).add(book("book4", "1", 1))));
            assertEquals(List.of("book3", "book4"), bookIds(cart));
            assertUntouched(cart);
        }

        @Test
        void expiredCart_otherChanges_findNothing() {
            Cart expired = addBooks("book1");
            moveTo(expiry(expired));
            assertRejected(Reason.UNKNOWN_BOOK, carts.setQuantity(USER, "book1", 2));
            assertRejected(
                    Reason.UNKNOWN_BOOK,
                    carts.apply(CartUpdate.of(USER).reprice("book1", money("2")).basedOn(expired)));
            assertEquals(Cart.empty(USER), await(carts.removeItem(USER, "book1")));
            await(carts.clear(USER));
            assertUntouched(Cart.empty(USER));
            assertStale(
                    Cart.empty(USER),
                    carts.apply(CartUpdate.of(USER).add(book("book2", "1", 1)).ifVersion(expired.version())));
        }
    }

    /** Times at the ends of what is taken: whatever a store accepts can be read back. */
    @Nested
    class Clocks {
        @Test
        void addItem_timeAtTheEndsOfTheCalendar_comesBackAsGiven() {
            for (String time : List.of(
                    "0000-01-01T00:00:00Z",
                    "1969-12-31T23:59:59.999999999Z",
                    "1970-01-01T00:00:00Z",
                    "9999-12-31T23:59:59.999999999Z")) {
                Instant added = Instant.parse(time);
                Cart cart = await(carts.addItem(time, book("book1", "1", 1).withAddedAt(added)));
                assertEquals(added, line(cart, "book1").addedAt().orElseThrow());
                assertUntouched(cart);
            }
        }

        @Test
        void write_clockAtTheEndsOfItsRange_canBeReadBack() {
            for (String time : List.of("1970-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "9999-12-31T23:59:59Z")) {
                moveTo(Instant.parse(time));
                Cart cart = await(carts.addItem(time, book("book1", "1", 1)));
                assertEquals(clock.instant(), cart.lastUpdated().orElseThrow());
                assertEquals(clock.instant(), line(cart, "book1").addedAt().orElseThrow());
                assertUntouched(cart);
                assertUntouched(await(carts.setQuantity(time, "book1", 2)));
            }
        }

        @Test
        void write_clockBeyondItsRange_isRefusedAndChangesNothing() {
            Instant now = clock.instant();
            Cart cart = addBooks("book1");
            for (String time : List.of("1969-12-31T23:59:59.999Z", "+10000-01-01T00:00:00Z")) {
                moveTo(Instant.parse(time));
                String user = "user at " + time;
                CartStoreException failure = assertInstanceOf(
                        CartStoreException.class, failureOf(carts.addItem(user, book("book2", "1", 1))));
                assertFalse(failure.isRetryable());
                assertFalse(failure.effectPossible());
                assertInstanceOf(CartStoreException.class, failureOf(carts.clear(USER)));
                moveTo(now);
                assertUntouched(Cart.empty(user));
                assertUntouched(cart);
            }
        }
    }

    /** How far a cart may grow. */
    @Nested
    class Limits {
        @Test
        void limits_lines_areHeldByEveryChangeThatAdds() {
            carts = open(CartLimits.of(2, 10));
            Cart cart = addBooks("book1", "book2");
            assertRejectedForLimit("maxLines", 2, 0, carts.addItem(USER, book("book3", "1", 1)));
            assertRejectedForLimit(
                    "maxLines",
                    2,
                    1,
                    carts.apply(CartUpdate.of(USER).setQuantity("book1", 5).add(book("book3", "1", 1))));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.addItem(USER, book("book3", "1", 11)));
            assertUntouched(cart);
            assertEquals(3, add(book("book2", "1", 1)).totalItems());
        }

        @Test
        void limits_quantity_isHeldByEveryChangeThatRaisesIt() {
            carts = open(CartLimits.of(2, 10));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.addItem(USER, book("book1", "1", 11)));
            assertRejectedForLimit(
                    "maxQuantity",
                    10,
                    1,
                    carts.apply(CartUpdate.of(USER).add(book("book1", "1", 1)).add(book("book2", "1", 11))));
            assertUntouched(Cart.empty(USER));
            Cart cart = add(book("book1", "1", 10));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.addItem(USER, book("book1", "1", 1)));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.setQuantity(USER, "book1", 11));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.addItem(USER, book("book2", "1", Integer.MAX_VALUE)));
            assertRejectedForLimit("maxQuantity", 10, 0, carts.addItem(USER, book("book1", "1", Integer.MAX_VALUE)));
            assertUntouched(cart);
            assertEquals(9, await(carts.setQuantity(USER, "book1", 9)).totalItems());
        }

        @Test
        void limits_attributesOfTheCartThatChangeTogether_are200() {
            CartUpdate update = CartUpdate.of(USER);
            for (int i = 0; i < 200; i++) {
                update = update.setAttribute("attribute" + i, "value");
            }
            addBooks("book1");
            Cart cart = await(carts.apply(update));
            assertEquals(200, cart.attributes().size());
            assertUntouched(cart);
            CartUpdate others = CartUpdate.of(USER);
            for (int i = 0; i < 201; i++) {
                others = others.setAttribute("other" + i, "value");
            }
            assertNamesLimit("changedAttributes", 200, assertRejected(Reason.LIMIT, carts.apply(others)));
            assertUntouched(cart);
        }

        @Test
        void limits_severalChanges_areJudgedByTheirOutcome() {
            carts = open(CartLimits.of(2, 10));
            addBooks("book1", "book2");
            Cart cart = await(carts.apply(CartUpdate.of(USER)
                    .add(book("book3", "1", 8))
                    .add(book("book3", "1", 8))
                    .setQuantity("book3", 10)
                    .remove("book1")));
            assertEquals(List.of("book2", "book3"), bookIds(cart));
            assertUntouched(cart);
        }
    }

    /** The 400 KB of an item, for stores that have such a limit: see {@link #limitsItemSize limitsItemSize}. */
    @Nested
    class ItemSize {

        @BeforeEach
        void onlyWhereThereIsSuchALimit() {
            assumeTrue(limitsItemSize(), "the store has no limit of an item's size");
        }

        @Test
        void addItem_beyondTheItemSize_isRejected() {
            String long1 = "x".repeat(200_000);
            Cart cart = add(CartItem.of("book1", long1, null, money("1"), 1));
            assertRejectedForSize(carts.addItem(USER, CartItem.of("book2", long1, "x".repeat(20_000), money("1"), 1)));
            assertRejectedForSize(carts.apply(CartUpdate.of(USER)
                    .add(CartItem.of("book2", long1, null, money("1"), 1))
                    .add(CartItem.of("book3", "é".repeat(10_000), null, money("1"), 1))));
            assertRejectedForSize(carts.addItem(GUEST, CartItem.of("book1", "é".repeat(210_000), null, money("1"), 1)));
            assertUntouched(cart);
            assertTrue(get(GUEST).isEmpty());
            assertEquals(2, await(carts.setQuantity(USER, "book1", 2)).totalItems());
        }

        @Test
        void setAttribute_beyondTheItemSize_isRejected() {
            Cart cart = add(CartItem.of("book1", "x".repeat(200_000), null, money("1"), 1));
            assertRejectedForSize(carts.apply(CartUpdate.of(USER).setAttribute("note", List.of("é".repeat(110_000)))));
            assertRejectedForSize(carts.apply(
                    CartUpdate.of(USER).setItemAttribute("book1", "note", Map.of("x", "é".repeat(110_000)))));
            assertRejectedForSize(carts.addItem(USER, book("book2", "1", 1).with("note", "é".repeat(110_000))));
            assertUntouched(cart);
        }

        @Test
        void merge_beyondTheItemSize_isRejectedWithBothCartsUntouched() {
            Cart cart = add(CartItem.of("book1", "x".repeat(210_000), null, money("1"), 1));
            Cart guest = await(carts.addItem(GUEST, CartItem.of("book2", "x".repeat(210_000), null, money("1"), 1)));
            assertRejectedForSize(carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertUntouched(cart);
            assertUntouched(guest);
        }
    }

    /** Merging one cart into another. */
    @Nested
    class Merge {
        @Test
        void merge_sum_addsTheQuantities() {
            mergeCarts(MergeStrategy.SUM, "Of the guest", "8", 7, Duration.ZERO);
        }

        @Test
        void merge_max_takesTheLargerQuantity() {
            mergeCarts(MergeStrategy.MAX, "Of the guest", "8", 5, Duration.ZERO);
        }

        @Test
        void merge_keepFrom_takesTheGuestsLine() {
            mergeCarts(MergeStrategy.KEEP_FROM, "Of the guest", "8", 5, Duration.ofMinutes(1));
        }

        @Test
        void merge_keepInto_leavesTheUsersLine() {
            mergeCarts(MergeStrategy.KEEP_INTO, "Of the user", "10", 2, Duration.ZERO);
        }

        @Test
        void merge_linesWithoutTitles_takeOthersByTheSameRules() {
            CartItem titled = CartItem.of("book1", "A title", "An author", money("1"), 1);
            CartItem plain = CartItem.of("book1", null, null, money("2"), 2);
            for (MergeStrategy strategy : MergeStrategy.values()) {
                String user = "user-" + strategy;
                Cart before = await(carts.addItem(user, titled));
                clock.advance(Duration.ofMinutes(1));
                Cart guest = await(carts.addItem(GUEST, plain));
                Cart merged = await(carts.merge(GUEST, user, strategy));
                assertUntouched(merged);
                CartItem line = line(merged, "book1");
                switch (strategy) {
                    case SUM, MAX -> assertEquals("A title", line.title().orElseThrow());
                    case KEEP_FROM -> assertEquals(line(guest, "book1"), line);
                    case KEEP_INTO -> assertEquals(line(before, "book1"), line);
                }
            }
        }

        @Test
        void merge_intoTheEmptyCart_movesTheLines() {
            await(carts.addItem(GUEST, book("book1", "2", 3)));
            Cart guest = await(carts.addItem(GUEST, book("book2", "1", 1)));
            for (MergeStrategy strategy : MergeStrategy.values()) {
                String user = "user-" + strategy;
                Cart merged = await(carts.merge(GUEST, user, strategy));
                assertEquals(guest.items(), merged.items());
                assertEquals(merged, get(user));
                assertEquals(guest, await(carts.merge(user, GUEST, strategy)));
                assertTrue(get(user).isEmpty());
            }
        }

        @Test
        void merge_fromAnEmptyOrExpiredCart_changesNothing() {
            await(carts.addItem(GUEST, book("book1", "2", 3)));
            moveTo(expiry(get(GUEST)));
            Cart cart = addBooks("book2");
            for (MergeStrategy strategy : MergeStrategy.values()) {
                assertEquals(cart, await(carts.merge(GUEST, USER, strategy)));
                assertEquals(cart, await(carts.merge("nobody", USER, strategy)));
                assertEquals(Cart.empty("nobody2"), await(carts.merge("nobody", "nobody2", strategy)));
            }
            assertUntouched(cart);
        }

        @Test
        void merge_intoAnExpiredCart_startsANewOne() {
            moveTo(expiry(addBooks("book1")));
            await(carts.addItem(GUEST, book("book2", "2", 3)));
            Cart merged = await(carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertEquals(List.of("book2"), bookIds(merged));
            assertUntouched(merged);
        }

        @Test
        void merge_repeated_hasNoSecondEffect() {
            addBooks("book1");
            await(carts.addItem(GUEST, book("book1", "2", 3)));
            Cart merged = await(carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertEquals(merged, await(carts.merge(GUEST, USER, MergeStrategy.SUM)));
            assertUntouched(merged);
            assertEquals(4, merged.totalItems());
        }

        @Test
        void merge_thenTheGuestContinues_startsFromTheEmptyCart() {
            await(carts.addItem(GUEST, book("book1", "2", 3)));
            await(carts.merge(GUEST, USER, MergeStrategy.SUM));
            Cart guest = await(carts.addItem(GUEST, book("book1", "1", 1)));
            assertEquals(1, guest.totalItems());
            assertEquals(4, await(carts.merge(GUEST, USER, MergeStrategy.SUM)).totalItems());
        }

        @Test
        void merge_beyondALimit_isRejectedWithBothCartsUntouched() {
            carts = open(CartLimits.of(2, 10));
            Cart cart = await(
                    carts.apply(CartUpdate.of(USER).add(book("book1", "1", 6)).add(book("book2", "1", 1))));
            Cart guest = await(
                    carts.apply(CartUpdate.of(GUEST).add(book("book2", "1", 1)).add(book("book1", "1", 5))));
            assertRejected(Reason.LIMIT, carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertUntouched(cart);
            assertUntouched(guest);
            guest = await(carts.apply(CartUpdate.of(GUEST).remove("book1").add(book("book3", "1", 1))));
            for (MergeStrategy strategy : MergeStrategy.values()) {
                assertRejected(Reason.LIMIT, carts.merge(GUEST, USER, strategy));
            }
            assertUntouched(cart);
            assertUntouched(guest);
        }

        @Test
        void merge_versionsOfBothCarts_areOthersAfterwards() {
            Cart cart = addBooks("book1");
            Cart guest = await(carts.addItem(GUEST, book("book2", "1", 1)));
            Cart merged = await(carts.merge(GUEST, USER, MergeStrategy.MAX));
            assertStale(merged, carts.apply(CartUpdate.of(USER).remove("book1").ifVersion(cart.version())));
            assertStale(
                    Cart.empty(GUEST),
                    carts.apply(CartUpdate.of(GUEST).add(book("book2", "1", 1)).ifVersion(guest.version())));
            Cart after = await(carts.apply(
                    CartUpdate.of(USER).remove("book1").basedOn(merged).ifVersion(merged.version())));
            assertEquals(List.of("book2"), bookIds(after));
        }

        @Test
        void merge_idempotencyKeysOfBothCarts_areRemembered() {
            CartUpdate ofUser = CartUpdate.of(USER).add(book("book1", "1", 1)).idempotencyKey("key");
            CartUpdate ofGuest = CartUpdate.of(GUEST).add(book("book2", "1", 1)).idempotencyKey("key");
            await(carts.apply(ofUser));
            await(carts.apply(ofGuest));
            Cart merged = await(carts.merge(GUEST, USER, MergeStrategy.SUM));
            assertEquals(merged, await(carts.apply(ofUser)));
            assertEquals(Cart.empty(GUEST), await(carts.apply(ofGuest)));
            assertUntouched(merged);
        }
    }

    /** Several callers at once. */
    @Nested
    class Concurrency {
        @Test
        void concurrency_sameBook_losesNoAdd() {
            int perThread = 5;
            inParallel(thread -> {
                for (int i = 0; i < perThread; i++) {
                    untilItIsDone(() -> carts.addItem(USER, book("book1", "2.50", 2)));
                }
            });
            Cart cart = get(USER);
            assertEquals(2L * THREADS * perThread, cart.totalItems());
            assertEquals(money("100"), cart.totalPrice());
            assertEquals(1, cart.items().size());
        }

        @Test
        void concurrency_differentBooks_losesNoAdd() {
            int perThread = 5;
            inParallel(thread -> {
                for (int i = 0; i < perThread; i++) {
                    String bookId = "book" + thread + "-" + i;
                    untilItIsDone(() -> carts.addItem(USER, book(bookId, "2.50", 1)));
                }
            });
            Cart cart = get(USER);
            assertEquals((long) THREADS * perThread, cart.totalItems());
            assertEquals(THREADS * perThread, cart.items().size());
            CartInvariants.assertHold(cart);
        }

        @Test
        void concurrency_sameVersion_matchesOnce() {
            Cart cart = addBooks("book1");
            List<String> winners = new ArrayList<>();
            inParallel(thread -> {
                CartUpdate update =
                        CartUpdate.of(USER).add(book("of" + thread, "1", 1)).ifVersion(cart.version());
                try {
                    untilItIsDone(() -> carts.apply(update));
                    synchronized (winners) {
                        winners.add("of" + thread);
                    }
                } catch (CartConflictException e) {
                    assertNotEquals(cart.version(), e.current().version());
                }
            });
            assertEquals(1, winners.size(), () -> "all of these met the version: " + winners);
            assertEquals(List.of("book1", winners.get(0)), bookIds(get(USER)));
        }

        @Test
        void concurrency_sameIdempotencyKey_hasOneEffect() {
            inParallel(thread -> untilItIsDone(() -> carts.apply(keyedAdd("key"))));
            assertEquals(1, get(USER).totalItems());
        }

        @Test
        void concurrency_mergesOfOneGuest_haveOneEffect() {
            await(carts.addItem(GUEST, book("book1", "1", 3)));
            inParallel(thread -> untilItIsDone(() -> carts.merge(GUEST, USER, MergeStrategy.SUM)));
            assertEquals(3, get(USER).totalItems());
            assertTrue(get(GUEST).isEmpty());
        }

        @Test
        void concurrency_checkouts_removeNoMoreThanTheyOrdered() {
            Cart ordered = add(book("book1", "1", 2));
            add(book("book1", "1", 18));
            inParallel(thread ->
                    untilItIsDone(() -> carts.apply(CartUpdate.of(USER).subtract(ordered))));
            assertEquals(20 - 2 * THREADS, get(USER).totalItems());
        }
    }

    // ---- what the tests are made of

    private static CartUpdate keyedAdd(String key) {
        return CartUpdate.of(USER).add(book("book1", "1", 1)).idempotencyKey(key);
    }

    private void mergeCarts(MergeStrategy strategy, String title, String price, int quantity, Duration added) {
        Instant start = clock.instant();
        add(CartItem.of("own", "Own", null, money("1"), 1));
        add(CartItem.of("both", "Of the user", "The author", money("10"), 2));
        clock.advance(Duration.ofMinutes(1));
        await(carts.addItem(GUEST, CartItem.of("both", "Of the guest", "The author", money("8"), 5)));
        await(carts.addItem(GUEST, CartItem.of("theirs", "Theirs", null, money("3"), 4)));
        clock.advance(Duration.ofMinutes(1));

        Cart merged = await(carts.merge(GUEST, USER, strategy));

        assertEquals(USER, merged.userId());
        assertEquals(List.of("own", "both", "theirs"), bookIds(merged));
        assertEquals(
                CartItem.of("both", title, "The author", money(price), quantity).withAddedAt(start.plus(added)),
                line(merged, "both"));
        assertEquals(
                CartItem.of("theirs", "Theirs", null, money("3"), 4).withAddedAt(start.plusSeconds(60)),
                line(merged, "theirs"));
        assertEquals(clock.instant(), merged.lastUpdated().orElseThrow());
        assertUntouched(merged);
        assertEquals(Cart.empty(GUEST), get(GUEST));
        assertEquals(Cart.empty(GUEST).version(), get(GUEST).version());
    }

    /** Repeats a call as its caller would: while it had no effect and may succeed. */
    private static void untilItIsDone(Callable<CompletableFuture<Cart>> call) throws Exception {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try {
                await(call.call());
                return;
            } catch (CartStoreException e) {
                if (!e.isRetryable() || e.effectPossible() || System.nanoTime() > giveUp) {
                    throw e;
                }
            }
        }
    }

    private interface Work {
        void run(int thread) throws Exception;
    }

    private static void inParallel(Work work) {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try {
            CountDownLatch ready = new CountDownLatch(THREADS);
            List<Future<?>> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                Callable<?> body = () -> {
                    ready.countDown();
                    ready.await();
                    work.run(thread);
                    return thread;
                };
                threads.add(executor.submit(body));
            }
            threads.forEach(CartStoreContract::await);
        } finally {
            executor.shutdownNow();
        }
    }

    private static BigDecimal money(String amount) {
        return new BigDecimal(amount);
    }

    private static CartItem book(String bookId, String price, int quantity) {
        return CartItem.of(bookId, "Title of " + bookId, "An author", money(price), quantity);
    }

    private Cart add(CartItem item) {
        return await(carts.addItem(USER, item));
    }

    /** Adds one copy of each book, at a price of 1. */
    private Cart addBooks(String... bookIds) {
        CartUpdate update = CartUpdate.of(USER);
        for (String bookId : bookIds) {
            update = update.add(book(bookId, "1", 1));
        }
        return await(carts.apply(update));
    }

    private Cart get(String userId) {
        Cart cart = await(carts.get(userId));
        assertEquals(userId, cart.userId());
        CartInvariants.assertHold(cart);
        return cart;
    }

    private static CartItem line(Cart cart, String bookId) {
        return cart.item(bookId).orElseGet(() -> fail("the book " + bookId + " is not in " + cart));
    }

    private static Cart cartIn(Map<String, Cart> found, String userId) {
        Cart cart = found.get(userId);
        return cart == null ? fail("no cart of " + userId + " among those of " + found.keySet()) : cart;
    }

    private static List<String> bookIds(Cart cart) {
        return cart.items().stream().map(CartItem::bookId).toList();
    }

    private static Instant expiry(Cart cart) {
        return cart.expiresAt().orElseGet(() -> fail("a cart that was written has no expiry: " + cart));
    }

    private void moveTo(Instant time) {
        clock.advance(Duration.between(clock.instant(), time));
    }

    /** Asserts that a read returns this cart, in this version. */
    private void assertUntouched(Cart cart) {
        Cart read = get(cart.userId());
        assertEquals(cart, read);
        assertEquals(cart.totalItems(), read.totalItems());
        assertEquals(cart.totalPrice(), read.totalPrice());
        assertEquals(cart.version(), read.version());
    }

    private static void assertUnavailable(CompletableFuture<?> call) {
        CartUnavailableException failure = assertInstanceOf(CartUnavailableException.class, failureOf(call));
        assertTrue(failure.isRetryable());
        assertFalse(failure.effectPossible());
    }

    private static CartRejectedException assertRejected(Reason reason, CompletableFuture<?> call) {
        CartRejectedException rejection = assertInstanceOf(CartRejectedException.class, failureOf(call));
        assertEquals(reason, rejection.reason());
        return rejection;
    }

    /** Asserts that a call was rejected because the change at this index goes beyond a limit. */
    private static void assertRejectedForLimit(String limit, long value, int changeIndex, CompletableFuture<?> call) {
        CartRejectedException rejection = assertRejected(Reason.LIMIT, call);
        assertNamesLimit(limit, value, rejection);
        assertEquals(OptionalInt.of(changeIndex), rejection.changeIndex());
    }

    private static void assertRejectedForSize(CompletableFuture<?> call) {
        assertNamesLimit("itemBytes", 400 * 1024, assertRejected(Reason.TOO_LARGE, call));
    }

    private static void assertNamesLimit(String limit, long value, CartRejectedException rejection) {
        assertEquals(Optional.of(limit), rejection.limit());
        assertEquals(OptionalLong.of(value), rejection.limitValue());
    }

    private static void assertStale(Cart current, CompletableFuture<?> call) {
        CartConflictException conflict = assertInstanceOf(CartConflictException.class, failureOf(call));
        assertEquals(current, conflict.current());
        assertEquals(current.version(), conflict.current().version());
        assertEquals(current.userId(), conflict.userId());
        assertFalse(conflict.isRetryable(), "a stale version is not cured by repeating the call");
        assertFalse(conflict.effectPossible());
    }

    private static Throwable failureOf(CompletableFuture<?> call) {
        Object value;
        try {
            value = await(call);
        } catch (CartStoreException e) {
            return e;
        }
        return fail("the call should have failed, but returned " + value);
    }

    /** Waits for a call, and throws why it failed. */
    private static <T> T await(Future<T> call) {
        try {
            return call.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            while (cause instanceof CompletionException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new AssertionError("the call failed otherwise than with a CartStoreException", cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } catch (TimeoutException e) {
            throw new AssertionError("the call did not end within " + PATIENCE_SECONDS + " seconds", e);
        }
    }

    /** A clock that does not move until a test moves it. */
    static final class StillClock extends Clock {
        private volatile Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

        synchronized void advance(Duration duration) {
            now = now.plus(duration);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
