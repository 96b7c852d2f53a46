package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.FOUR_BYTES;
import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.UNPAIRED_HIGH;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.apply;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static com.cloudshelf.cart.Examples.quantities;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.tuple;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.RemoveAttribute;
import com.cloudshelf.cart.CartChange.RemoveItemAttribute;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import com.cloudshelf.cart.CartRejectedException.Reason;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CartTest {
    private static final Instant LATER = NOW.plusSeconds(60);

    @Nested
    class Content {
        @Test
        void empty_aUser_isTheirCartWithoutLines() {
            Cart cart = Cart.empty(USER);

            assertThat(cart.userId()).isEqualTo(USER);
            assertThat(cart.items()).isEmpty();
            assertThat(cart.isEmpty()).isTrue();
            assertThat(cart.totalItems()).isZero();
            assertThat(cart.totalPrice()).isEqualTo(BigDecimal.ZERO);
            assertThat(cart.lastUpdated()).isEmpty();
            assertThat(cart.expiresAt()).isEmpty();
            assertThat(cart.item("book001")).isEmpty();
        }

        @Test
        void empty_invalidUserId_isRefused() {
            assertThatNullPointerException().isThrownBy(() -> Cart.empty(null)).withMessageContaining("userId");
            for (String bad : List.of("", " ", "u".repeat(2049), FOUR_BYTES.repeat(513), UNPAIRED_HIGH)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> Cart.empty(bad))
                        .withMessageContaining("userId")
                        .withMessageNotContaining("uu");
            }
        }

        @Test
        void empty_userIdOf2048Bytes_isTheLongest() {
            assertThat(Cart.empty("u".repeat(2048)).userId()).hasSize(2048);
            assertThat(Cart.empty(FOUR_BYTES.repeat(512)).userId()).hasSize(1024);
        }

        @Test
        void item_nullBookId_isRefused() {
            assertThatNullPointerException()
                    .isThrownBy(() -> Cart.empty(USER).item(null))
                    .withMessageContaining("bookId");
        }

        @Test
        void item_bookInTheCart_isItsLine() {
            Cart cart = cartOf(book("a", "1", 1), book("b", "2", 2));

            assertThat(cart.item("b").orElseThrow().quantity()).isEqualTo(2);
            assertThat(cart.item("B")).isEmpty();
        }

        @Test
        void items_theList_cannotBeModified() {
            Cart cart = cartOf(book("a", "1", 1));

            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> cart.items().clear());
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> cart.items().add(book("b", "1", 1)));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> Cart.empty(USER).items().add(book("b", "1", 1)));
        }

        @Test
        void totals_thirdsAndCents_areExact() {
            Cart cart = cartOf(book("a", "0.1", 3), book("b", "15.99", 2), book("c", "0.000001", 1));

            assertThat(cart.totalItems()).isEqualTo(6);
            assertThat(cart.totalPrice()).isEqualTo(money("32.280001"));
        }

        @Test
        void totalPrice_roundSum_isPlain() {
            assertThat(cartOf(book("a", "12.5", 8)).totalPrice()).hasToString("100");
            assertThat(cartOf(book("a", "1E+12", 10)).totalPrice()).hasToString("10000000000000");
            assertThat(cartOf(book("a", "0.50", 1), book("b", "1.25", 2)).totalPrice())
                    .hasToString("3");
        }

        @Test
        void totals_hugeCart_areExactAndFitDynamoDbsDigits() {
            List<CartChange> adds = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                adds.add(new Add(book("book" + i, "999999999999.999999", Integer.MAX_VALUE)));
            }

            Cart cart = Cart.empty(USER).apply(CartLimits.of(1000, Integer.MAX_VALUE), NOW, adds);

            assertThat(cart.totalItems()).isEqualTo(2_147_483_647_000L);
            assertThat(cart.totalPrice()).isEqualTo(money("2147483646999999997852516.353"));
            assertThat(cart.totalPrice().precision()).isLessThanOrEqualTo(38);
        }

        @Test
        void totalPrice_anyQuantityOfTheMostExpensiveBook_isExact() {
            for (int quantity = 1; quantity < 200; quantity++) {
                assertThat(cartOf(book("a", "1E+12", quantity)).totalPrice())
                        .isEqualTo(money("1000000000000").multiply(BigDecimal.valueOf(quantity)));
                assertThat(cartOf(book("a", "1E+12", 9), book("b", "999999999999.999999", quantity))
                                .totalPrice())
                        .isEqualByComparingTo(money("999999999999.999999")
                                .multiply(BigDecimal.valueOf(quantity))
                                .add(money("9E+12")));
            }
        }

        @Test
        void totalPrice_oneMillionthTimesTheLargestQuantity_isExact() {
            assertThat(cartOf(book("a", "0.000001", Integer.MAX_VALUE)).totalPrice())
                    .isEqualTo(money("2147.483647"));
        }
    }

    @Nested
    class Equality {
        @Test
        void equals_sameUserAndLines_isEqualWhateverVersionAndTimes() {
            Cart cart = cartOf(book("a", "9.50", 1));
            Cart stored = Cart.stored(cart, CartVersion.of("v", 1, 1), LATER, LATER.plusSeconds(1));

            assertThat(stored).isEqualTo(cart).hasSameHashCodeAs(cart);
            assertThat(stored.version()).isNotEqualTo(cart.version());
            assertThat(cartOf(book("a", "9.5", 1))).isEqualTo(cart);
        }

        @Test
        void equals_otherContent_isNotEqual() {
            Cart cart = cartOf(book("a", "1", 1), book("b", "1", 1));

            assertThat(cart)
                    .isNotEqualTo(cartOf(book("a", "1", 1)))
                    .isNotEqualTo(cartOf(book("b", "1", 1), book("a", "1", 1)))
                    .isNotEqualTo(cartOf(book("a", "1", 1), book("b", "1", 2)))
                    .isNotEqualTo(cartOf(book("a", "1", 1), book("b", "2", 1)))
                    .isNotEqualTo(null)
                    .isNotEqualTo("cart");
            assertThat(Cart.empty(USER)).isNotEqualTo(Cart.empty("another"));
        }

        @Test
        void stored_allValues_keepsThem() {
            Cart cart = Cart.stored(cartOf(book("a", "1", 1)), CartVersion.of("v", 1, 1), NOW, LATER);

            assertThat(cart.version()).isEqualTo(CartVersion.of("v", 1, 1));
            assertThat(cart.lastUpdated()).contains(NOW);
            assertThat(cart.expiresAt()).contains(LATER);
            assertThat(cart.items()).hasSize(1);
        }

        @Test
        void stored_noLines_hasTheVersionOfAnAbsentCart() {
            assertThat(Cart.stored(Cart.empty(USER), CartVersion.of("v", 1, 1), NOW, LATER)
                            .version())
                    .isEqualTo(Cart.empty(USER).version());
        }

        @Test
        void stored_null_isRefused() {
            Cart cart = Cart.empty(USER);
            CartVersion version = CartVersion.of("v", 1, 1);

            assertThatNullPointerException().isThrownBy(() -> Cart.stored(null, version, NOW, LATER));
            assertThatNullPointerException().isThrownBy(() -> Cart.stored(cart, null, NOW, LATER));
            assertThatNullPointerException().isThrownBy(() -> Cart.stored(cart, version, null, LATER));
            assertThatNullPointerException().isThrownBy(() -> Cart.stored(cart, version, NOW, null));
        }
    }

    @Nested
    class Adding {
        @Test
        void apply_newBook_isAppendedAndStamped() {
            Cart cart = apply(cartOf(book("z", "1", 1)), new Add(book("a", "2", 3)));

            assertThat(cart.items()).extracting(CartItem::bookId).containsExactly("z", "a");
            assertThat(cart.items().get(1)).isEqualTo(book("a", "2", 3).withAddedAt(NOW));
        }

        @Test
        void apply_newBookWithATime_keepsIt() {
            Cart cart = apply(Cart.empty(USER), new Add(book("a", "2", 3).withAddedAt(LATER)));

            assertThat(cart.items().get(0).addedAt()).contains(LATER);
        }

        @Test
        void apply_bookInTheCart_sumsTheQuantityTakesTheNewDetailsKeepsTheFirstTime() {
            Cart cart = cartOf(book("a", "1", 1), book("b", "1", 1));

            Cart outcome = cart.apply(
                    CartLimits.defaults(),
                    LATER,
                    List.of(new Add(CartItem.of("a", "New title", "New author", money("2.50"), 4)
                            .withAddedAt(LATER))));

            assertThat(outcome.items()).extracting(CartItem::bookId).containsExactly("a", "b");
            assertThat(outcome.items().get(0))
                    .isEqualTo(CartItem.of("a", "New title", "New author", money("2.5"), 5)
                            .withAddedAt(NOW));
        }

        @Test
        void apply_bookInTheCartWithoutTitleAndAuthor_keepsTheOldOnes() {
            Cart cart = apply(cartOf(book("a", "1", 1)), new Add(CartItem.of("a", null, null, money("2"), 1)));

            assertThat(cart.items().get(0).title()).contains("Title of a");
            assertThat(cart.items().get(0).author()).contains("Author of a");
        }

        @Test
        void apply_quantitiesBeyondTheLargestInt_isRejected() {
            Cart cart = cartOf(book("a", "1", Integer.MAX_VALUE));

            assertRejected(Reason.LIMIT, cart, CartLimits.of(9, Integer.MAX_VALUE), new Add(book("a", "1", 1)));
            assertThat(cart.item("a").orElseThrow().quantity()).isEqualTo(Integer.MAX_VALUE);
            assertThatExceptionOfType(CartRejectedException.class)
                    .isThrownBy(() -> cart.apply(CartLimits.of(9, 7), NOW, List.of(new Add(book("a", "1", 1)))))
                    .satisfies(rejected -> assertThat(rejected.limitValue()).hasValue(7))
                    .withMessageContaining("at most 7 (maxQuantity)");
        }
    }

    @Nested
    class OtherChanges {
        private final Cart cart = cartOf(book("a", "1", 2), book("b", "2", 3), book("c", "3", 4));

        @Test
        void apply_setQuantity_keepsAllElse() {
            Cart outcome = apply(cart, new SetQuantity("b", 7));

            assertThat(quantities(outcome)).containsExactly(tuple("a", 2), tuple("b", 7), tuple("c", 4));
            assertThat(outcome.items().get(1)).isEqualTo(book("b", "2", 7).withAddedAt(NOW));
        }

        @Test
        void apply_booksWithTheSameHashCode_areNotMixedUp() {
            assertThat("Aa").hasSameHashCodeAs("BB");
            Cart both = apply(cartOf(book("Aa", "1", 2)), new Add(book("BB", "2", 3)));

            assertThat(quantities(apply(both, new SetQuantity("BB", 7))))
                    .containsExactly(tuple("Aa", 2), tuple("BB", 7));
        }

        @Test
        void apply_setQuantityZero_removesTheLine() {
            assertThat(quantities(apply(cart, new SetQuantity("b", 0)))).containsExactly(tuple("a", 2), tuple("c", 4));
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1})
        void apply_setQuantityOfAnUnknownBook_isRejected(int quantity) {
            assertRejected(Reason.UNKNOWN_BOOK, cart, CartLimits.defaults(), new SetQuantity("d", quantity));
        }

        @Test
        void apply_remove_removesTheLine() {
            assertThat(quantities(apply(cart, new Remove("a")))).containsExactly(tuple("b", 3), tuple("c", 4));
        }

        @Test
        void apply_removeOfAnAbsentBook_changesNothing() {
            assertThat(apply(cart, new Remove("d"))).isEqualTo(cart);
        }

        @Test
        void apply_reprice_changesThePriceAlone() {
            Cart outcome = apply(cart, new Reprice("b", money("9.50")));

            assertThat(outcome.items().get(1)).isEqualTo(book("b", "9.5", 3).withAddedAt(NOW));
            assertThat(outcome.totalPrice()).isEqualTo(money("42.5"));
        }

        @Test
        void apply_repriceOfAnUnknownBook_isRejected() {
            assertRejected(Reason.UNKNOWN_BOOK, cart, CartLimits.defaults(), new Reprice("d", money("1")));
        }

        @Test
        void apply_subtract_removesAtMostWhatIsInTheCart() {
            Cart outcome = apply(cart, new Subtract(Map.of("a", 1, "b", 3, "c", 5, "d", 1)));

            assertThat(quantities(outcome)).containsExactly(tuple("a", 1));
        }

        @Test
        void apply_subtractOfTheLargestQuantity_doesNotWrapAround() {
            assertThat(quantities(apply(cart, new Subtract(Map.of("a", Integer.MAX_VALUE)))))
                    .containsExactly(tuple("b", 3), tuple("c", 4));
        }

        @Test
        void apply_subtractAfterLaterAdds_leavesThem() {
            Cart later = apply(cart, new Add(book("a", "1", 1)), new Add(book("d", "1", 1)));

            assertThat(quantities(apply(later, Subtract.of(cart.items()))))
                    .containsExactly(tuple("a", 1), tuple("d", 1));
        }

        @Test
        void apply_clear_removesEveryLine() {
            assertThat(apply(cart, new Clear()).items()).isEmpty();
        }

        @Test
        void apply_clearBetweenOtherChanges_startsAnew() {
            Cart after = apply(
                    cart,
                    new SetQuantity("a", 6),
                    new SetAttribute("coupon", "SAVE10"),
                    new Clear(),
                    new Add(book("d", "1", 1)),
                    new Add(book("a", "1", 2)));

            assertThat(quantities(after)).containsExactly(tuple("d", 1), tuple("a", 2));
            assertThat(after.attributes()).isEmpty();
        }

        @Test
        void apply_severalChanges_happenInTheirOrder() {
            assertThat(quantities(apply(cart, new Remove("a"), new Add(book("a", "5", 1)), new SetQuantity("a", 6))))
                    .containsExactly(tuple("b", 3), tuple("c", 4), tuple("a", 6));
            assertThat(quantities(apply(cart, new SetQuantity("a", 6), new Add(book("a", "5", 1)), new Remove("b"))))
                    .containsExactly(tuple("a", 7), tuple("c", 4));
        }

        @Test
        void apply_rejectedChangeAmongOthers_leavesTheCartAsItWas() {
            Cart before = cartOf(book("a", "1", 2), book("b", "2", 3), book("c", "3", 4));

            assertRejected(Reason.UNKNOWN_BOOK, cart, CartLimits.defaults(), new Remove("a"), new SetQuantity("d", 1));
            assertThat(cart).isEqualTo(before);
        }
    }

    @Nested
    class Merging {
        private final Cart guest = cartOf(
                CartItem.of("a", "Guest's a", null, money("2"), 5).withAddedAt(LATER),
                book("g", "3", 1),
                book("b", "4", 1));
        private final Cart user = cartOf(book("u", "1", 1), book("a", "1", 2), book("b", "1", 7));

        @Test
        void merge_sum_addsTheQuantitiesAndTakesTheGuestsDetails() {
            Cart merged = merge(MergeStrategy.SUM);

            assertThat(quantities(merged)).containsExactly(tuple("u", 1), tuple("a", 7), tuple("b", 8), tuple("g", 1));
            assertThat(merged.items().get(1))
                    .isEqualTo(CartItem.of("a", "Guest's a", "Author of a", money("2"), 7)
                            .withAddedAt(NOW));
            assertThat(merged.totalPrice()).isEqualTo(money("50"));
        }

        @Test
        void merge_max_takesTheLargerQuantityAndTheGuestsDetails() {
            Cart merged = merge(MergeStrategy.MAX);

            assertThat(quantities(merged)).containsExactly(tuple("u", 1), tuple("a", 5), tuple("b", 7), tuple("g", 1));
            assertThat(merged.items().get(2).price()).isEqualTo(money("4"));
        }

        @Test
        void merge_keepFrom_takesTheGuestsLine() {
            Cart merged = merge(MergeStrategy.KEEP_FROM);

            assertThat(quantities(merged)).containsExactly(tuple("u", 1), tuple("a", 5), tuple("b", 1), tuple("g", 1));
            assertThat(merged.items().get(1)).isEqualTo(guest.items().get(0));
        }

        @Test
        void merge_keepInto_leavesTheUsersLine() {
            Cart merged = merge(MergeStrategy.KEEP_INTO);

            assertThat(merged.items().subList(0, 3)).isEqualTo(user.items());
            assertThat(merged.items().get(3)).isEqualTo(guest.items().get(1));
        }

        @ParameterizedTest
        @EnumSource
        void merge_emptyCarts_addNothing(MergeStrategy strategy) {
            Cart empty = Cart.empty("guest");

            assertThat(user.merge(empty, strategy, CartLimits.defaults(), NOW)).isEqualTo(user);
            assertThat(Cart.empty(USER).merge(user, strategy, CartLimits.defaults(), NOW))
                    .isEqualTo(user);
        }

        @Test
        void merge_outcome_isAPreviewOfTheCartThatWasMergedInto() {
            Cart merged = merge(MergeStrategy.SUM);

            assertThat(merged.userId()).isEqualTo(USER);
            assertThat(merged.lastUpdated()).contains(LATER);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CartUpdate.of(USER).basedOn(merged));
        }

        @Test
        void merge_beyondTheLimits_isRejected() {
            for (CartLimits limits : List.of(CartLimits.of(3, 99), CartLimits.of(99, 7))) {
                assertThatExceptionOfType(CartRejectedException.class)
                        .isThrownBy(() -> user.merge(guest, MergeStrategy.SUM, limits, NOW))
                        .satisfies(rejection -> assertThat(rejection.reason()).isEqualTo(Reason.LIMIT));
            }
            assertThat(user.merge(guest, MergeStrategy.MAX, CartLimits.of(4, 7), NOW)
                            .items())
                    .hasSize(4);
        }

        @Test
        void merge_quantitiesBeyondTheLargestInt_isRejected() {
            Cart full = cartOf(book("a", "1", Integer.MAX_VALUE));

            assertThatExceptionOfType(CartRejectedException.class)
                    .isThrownBy(() -> full.merge(guest, MergeStrategy.SUM, Generated.NO_LIMITS, NOW));
        }

        @Test
        void merge_null_isRefused() {
            CartLimits limits = CartLimits.defaults();

            assertThatNullPointerException().isThrownBy(() -> user.merge(null, MergeStrategy.SUM, limits, NOW));
            assertThatNullPointerException().isThrownBy(() -> user.merge(guest, null, limits, NOW));
            assertThatNullPointerException().isThrownBy(() -> user.merge(guest, MergeStrategy.SUM, null, NOW));
        }

        private Cart merge(MergeStrategy strategy) {
            return user.merge(guest, strategy, CartLimits.defaults(), LATER);
        }
    }

    /**
     * 300,000 changes, fifteen times what a request of 1 MiB holds, take about a second if each takes constant time.
     * If each copied or searched what the ones before it have left, they would take more than ten minutes: the timeout
     * tells the two apart on any machine.
     */
    @Nested
    @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
    class ManyChanges {
        private static final int MANY = 300_000;

        private static List<CartChange> many(IntFunction<CartChange> change) {
            return IntStream.range(0, MANY).mapToObj(change).toList();
        }

        @SafeVarargs
        @SuppressWarnings("varargs") // only read
        private static Cart applyAll(List<CartChange>... changes) {
            List<CartChange> all = Stream.of(changes).flatMap(List::stream).toList();
            return Cart.empty(USER).apply(CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE), NOW, all);
        }

        @Test
        void apply_clearBetweenManyChanges_startsAnew() {
            List<CartChange> adds = many(i -> new CartChange.Add(book("book" + i, "1", 1)));

            Cart cart = applyAll(adds, List.of(new CartChange.Clear()), adds.subList(MANY - 2, MANY));

            assertThat(cart.items())
                    .extracting(CartItem::bookId)
                    .containsExactly("book" + (MANY - 2), "book" + (MANY - 1));
        }

        @Test
        void apply_manyAttributes_copiesThemOnce() {
            List<CartChange> removals = many(i -> new RemoveAttribute("x" + Math.max(i, 150)));

            Cart cart = applyAll(many(i -> new SetAttribute("x" + i, true)), removals);

            assertThat(cart.attributes()).hasSize(150);
        }

        @Test
        void apply_manyAttributesOfALine_copiesThemOnce() {
            List<CartChange> add = List.of(new Add(book("a", "1", 1)));

            Cart cart = applyAll(
                    add,
                    many(i -> new SetItemAttribute("a", "x" + i, true)),
                    many(i -> new RemoveItemAttribute("a", "x" + i / 2)));

            assertThat(cart.items().get(0).attributes()).hasSize(MANY / 2);
        }

        @Test
        void apply_manyChangesOfALineWithManyAttributes_copiesThemOnce() {
            List<CartChange> add = List.of(new Add(book("a", "1", 1)));
            Cart cart = applyAll(
                    add,
                    many(i -> new SetItemAttribute("a", "x" + i, true)),
                    many(i -> new Reprice("a", money("2"))),
                    many(i -> new SetQuantity("a", 1 + i)),
                    many(i -> new Add(book("a", "1", 1).with("x" + i, false))));

            assertThat(cart.totalItems()).isEqualTo(2 * MANY);
        }

        @Test
        void apply_manyBooks_findsEachAtOnce() {
            Cart cart = applyAll(
                    many(i -> new Add(book("b" + i, "1", 1))),
                    many(i -> new SetQuantity("b" + i, 2)),
                    many(i -> new Remove("b" + i / 2)));

            assertThat(cart.items()).hasSize(MANY / 2);
        }

        @Test
        void apply_moreBooksThanFit_isRejected() {
            List<CartChange> adds = many(i -> new Add(book("b" + i, "1", 1)));

            assertRejected(Reason.LIMIT, cartOf(), CartLimits.defaults(), adds.toArray(CartChange[]::new));
        }

        @Test
        void merge_manyBooks_findsEachAtOnce() {
            Cart cart = applyAll(many(i -> new Add(book("b" + i, "1", 1))));

            Cart merged = cart.merge(cart, MergeStrategy.SUM, CartLimits.of(1, 2), NOW);

            assertThat(merged.totalItems()).isEqualTo(2 * MANY);
        }
    }

    @Nested
    class Limits {
        @Test
        void apply_oneLineTooMany_isRejected() {
            Cart cart = cartOf(book("a", "1", 1), book("b", "1", 1));

            assertThat(cart.apply(CartLimits.of(3, 9), NOW, List.of(new Add(book("c", "1", 1))))
                            .items())
                    .hasSize(3);
            assertRejected(Reason.LIMIT, cart, CartLimits.of(2, 9), new Add(book("c", "1", 1)));
        }

        @Test
        void apply_oneCopyTooMany_isRejected() {
            Cart cart = cartOf(book("a", "1", 4));

            assertThat(cart.apply(CartLimits.of(9, 5), NOW, List.of(new SetQuantity("a", 5)))
                            .totalItems())
                    .isEqualTo(5);
            assertRejected(Reason.LIMIT, cart, CartLimits.of(9, 5), new SetQuantity("a", 6));
            assertRejected(Reason.LIMIT, cart, CartLimits.of(9, 5), new Add(book("a", "1", 2)));
            assertRejected(Reason.LIMIT, cart, CartLimits.of(9, 5), new Add(book("b", "1", 6)));
        }

        @Test
        void apply_cartWithTooManyLines_canShrinkAndChangeButNotGrow() {
            Cart cart = cartOf(book("a", "1", 1), book("b", "1", 1), book("c", "1", 1));
            CartLimits limits = CartLimits.of(1, 9);

            assertThat(cart.apply(limits, NOW, List.of(new Remove("a"))).items())
                    .hasSize(2);
            assertThat(cart.apply(limits, NOW, List.of(new SetQuantity("a", 9))).totalItems())
                    .isEqualTo(11);
            assertThat(cart.apply(limits, NOW, List.of(new Reprice("a", money("2"))))
                            .totalPrice())
                    .isEqualTo(money("4"));
            assertThat(cart.apply(limits, NOW, List.of(new Add(book("a", "1", 1))))
                            .items())
                    .hasSize(3);
            assertThat(cart.apply(limits, NOW, List.of(new Clear())).items()).isEmpty();
            assertRejected(Reason.LIMIT, cart, limits, new Add(book("d", "1", 1)));
        }

        @Test
        void apply_lineWithTooManyCopies_canShrinkAndChangeButNotGrow() {
            Cart cart = cartOf(book("a", "1", 100), book("b", "1", 1));
            CartLimits limits = CartLimits.of(9, 10);

            assertThat(cart.apply(limits, NOW, List.of(new SetQuantity("a", 99)))
                            .totalItems())
                    .isEqualTo(100);
            assertThat(cart.apply(limits, NOW, List.of(new Reprice("a", money("2"))))
                            .totalPrice())
                    .isEqualTo(money("201"));
            assertThat(cart.apply(limits, NOW, List.of(new SetQuantity("b", 10)))
                            .totalItems())
                    .isEqualTo(110);
            assertThat(cart.apply(limits, NOW, List.of(new Subtract(Map.of("a", 50))))
                            .totalItems())
                    .isEqualTo(51);
            assertRejected(Reason.LIMIT, cart, limits, new Add(book("a", "1", 1)));
            assertRejected(Reason.LIMIT, cart, limits, new SetQuantity("b", 11));
        }

        @Test
        void apply_stepsBeyondTheLimitsButNotTheOutcome_isAccepted() {
            Cart cart = cartOf(book("a", "1", 1));

            assertThat(cart.apply(
                                    CartLimits.of(1, 1),
                                    NOW,
                                    List.of(new Add(book("b", "1", 7)), new Remove("a"), new SetQuantity("b", 1)))
                            .items())
                    .hasSize(1);
        }
    }

    @Nested
    class Purity {
        @Test
        void apply_anyChange_leavesTheSourceUnchanged() {
            Cart cart = cartOf(book("a", "1", 2));

            Cart outcome = apply(cart, new SetQuantity("a", 5), new Add(book("b", "1", 1)));

            assertThat(outcome).isNotSameAs(cart).isNotEqualTo(cart);
            assertThat(cart).isEqualTo(cartOf(book("a", "1", 2)));
        }

        @Test
        void apply_anyChange_isDatedAndKeepsTheVersionOfItsSource() {
            Cart stored = Cart.stored(cartOf(book("a", "1", 2)), CartVersion.of("v", 1, 1), NOW, LATER);

            Cart outcome = stored.apply(CartLimits.defaults(), LATER, List.of(new Remove("a")));

            assertThat(outcome.lastUpdated()).contains(LATER);
            assertThat(outcome.version()).isEqualTo(CartVersion.of("v", 1, 1));
            assertThat(apply(outcome, new Add(book("b", "1", 1))).version()).isEqualTo(CartVersion.of("v", 1, 1));
        }

        @Test
        void apply_outcome_cannotBeModified() {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> apply(Cart.empty(USER), new Add(book("a", "1", 1)))
                            .items()
                            .clear());
        }

        @Test
        void apply_nullArgument_isRefused() {
            Cart cart = cartOf(book("a", "1", 2));
            List<CartChange> add = List.of(new Add(book("b", "1", 1)));

            assertThatNullPointerException().isThrownBy(() -> cart.apply(null, NOW, add));
            assertThatNullPointerException().isThrownBy(() -> cart.apply(CartLimits.defaults(), null, add));
            assertThatNullPointerException().isThrownBy(() -> cart.apply(CartLimits.defaults(), NOW, null));
        }
    }

    private static void assertRejected(Reason reason, Cart cart, CartLimits limits, CartChange... changes) {
        assertThatExceptionOfType(CartRejectedException.class)
                .isThrownBy(() -> cart.apply(limits, NOW, List.of(changes)))
                .satisfies(rejection -> {
                    assertThat(rejection.reason()).isEqualTo(reason);
                    assertThat(rejection.userId()).isEqualTo(USER);
                    assertThat(rejection.effectPossible()).isFalse();
                    assertThat(rejection.isRetryable()).isFalse();
                    assertThat(rejection).hasMessageContaining(reason.name()).hasMessageNotContaining(USER);
                });
    }
}
