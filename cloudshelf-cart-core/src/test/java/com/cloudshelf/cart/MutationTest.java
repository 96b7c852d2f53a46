package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static com.cloudshelf.cart.Examples.quantities;
import static com.cloudshelf.cart.Items.item;
import static com.cloudshelf.cart.Items.line;
import static com.cloudshelf.cart.Items.list;
import static com.cloudshelf.cart.Items.n;
import static com.cloudshelf.cart.Items.s;
import static com.cloudshelf.cart.Items.with;
import static com.cloudshelf.cart.Outcomes.failureOf;
import static com.cloudshelf.cart.Outcomes.resultOf;
import static com.cloudshelf.cart.ScriptedClient.fail;
import static com.cloudshelf.cart.ScriptedClient.serve;
import static com.cloudshelf.cart.ScriptedClient.serveAndLose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/** Changes to one cart through a store, in the face of other writers, lost responses and duplicated requests. */
class MutationTest {
    private final TestClock clock = new TestClock(NOW);
    private final Pauses pauses = new Pauses();
    private final Table table = new Table();
    private final ScriptedClient client = new ScriptedClient();
    private final DynamoDbCartStore store = storeOn(client).build();

    /** Another process on the same table, whose requests always arrive. */
    private final DynamoDbCartStore rival =
            storeOn(new ScriptedClient().thenAlways(serve(table))).build();

    private DynamoDbCartStore.Builder storeOn(ScriptedClient other) {
        return DynamoDbCartStore.builder()
                .client(other)
                .clock(clock)
                .wallMillis(clock::millis)
                .backoff(pauses)
                .hedging(0); // on a busy machine, the store would hedge a scripted request
    }

    @AfterEach
    void close() {
        store.close();
        rival.close();
        client.assertNotOverrun();
    }

    @Nested
    class Adding {
        @Test
        void addItem_noCart_isOneWriteWithoutARead() {
            client.then(serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "9.50", 2)));

            assertThat(client.sent()).containsExactly("UpdateItem");
            assertThat(client.request(0, UpdateItemRequest.class).returnValues())
                    .isEqualTo(ReturnValue.ALL_NEW);
            assertThat(client.request(0, UpdateItemRequest.class).returnValuesOnConditionCheckFailure())
                    .isEqualTo(ReturnValuesOnConditionCheckFailure.ALL_OLD);
            assertThat(cart.items()).containsExactly(book("a", "9.5", 2).withAddedAt(NOW));
            assertWritten(cart);
        }

        @Test
        void addItem_otherBooks_isOneWriteWithoutARead() {
            table.put(Writes.itemWithLines(2));
            client.then(serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "9.50", 2)));

            assertThat(cart.items()).hasSize(3);
            assertWritten(cart);
        }

        @Test
        void addItem_bookInTheCart_isTwoWrites() {
            table.put(Writes.itemWithLines(2));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("book1", "1", 5)));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertThat(client.request(1, UpdateItemRequest.class).returnValues())
                    .isNull();
            assertThat(quantities(cart)).containsExactly(tuple("book0", 2), tuple("book1", 7));
            assertWritten(cart);
            assertThat(pauses.attempts()).isEmpty();
        }

        @Test
        void addItem_bookInABusyCart_conflictsWithNoOtherChange() {
            resultOf(rival.addItem(USER, book("a", "9.50", 2)));
            resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.then(serve(table), serve(table).after(() -> {
                resultOf(rival.setQuantity(USER, "b", 9));
                resultOf(rival.addItem(USER, book("a", "9.50", 4)));
            }));

            Cart cart = resultOf(store.addItem(USER, book("a", "9.50", 1)));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("a", 7), tuple("b", 9));
            assertWritten(cart);
        }

        @Test
        void addItem_titleThatARivalSetMeanwhile_isNotOverwritten() {
            resultOf(rival.addItem(USER, CartItem.of("a", "Old", "Old", money("9.50"), 2)));
            client.then(serve(table), serve(table).after(() -> {
                resultOf(rival.addItem(USER, CartItem.of("a", "New", "New", money("9.50"), 1)));
            }));

            Cart cart = resultOf(store.addItem(USER, CartItem.of("a", null, null, money("9.50"), 1)));

            assertThat(cart.item("a").orElseThrow().title()).contains("New");
            assertThat(cart.item("a").orElseThrow().author()).contains("New");
            assertThat(cart.totalItems()).isEqualTo(4);
            assertWritten(cart);
        }

        @Test
        void addItem_repairThatIsThrottled_doesNotAddAgain() {
            table.put(with(Writes.itemWithLines(1), "totalItems", n("7")));
            client.then(serve(table), fail(Failures.throttled()));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 1))).totalItems())
                    .isEqualTo(3);

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
        }

        @Test
        void addItem_bookInABusyCartAtAnotherPrice_takesTheNewPrice() {
            resultOf(rival.addItem(USER, book("a", "9.50", 2)));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "3.25", 1)));

            assertThat(cart.totalPrice()).isEqualByComparingTo("9.75");
            assertWritten(cart);
        }

        @Test
        void addItem_moreThanALineMayHold_sendsNothing() {
            CartRejectedException rejection =
                    failureOf(CartRejectedException.class, store.addItem(USER, book("a", "1", 10_001)));

            assertThat(rejection.reason()).isEqualTo(Reason.LIMIT);
            assertThat(rejection.limit()).contains("maxQuantity");
            assertThat(rejection.limitValue()).hasValue(10_000);
            assertThat(rejection.changeIndex()).hasValue(0);
            assertThat(client.sent()).isEmpty();
        }

        @Test
        void addItem_moreThanAnItemMayHold_sendsNothing() {
            CartItem huge = CartItem.of("a", "x".repeat(410_000), null, money("1"), 1);

            CartRejectedException rejection = failureOf(CartRejectedException.class, store.addItem(USER, huge));

            assertThat(rejection.reason()).isEqualTo(Reason.TOO_LARGE);
            assertThat(rejection.limit()).contains("itemBytes");
            assertThat(rejection.limitValue()).hasValue(ItemFormat.MAX_ITEM_BYTES);
            assertThat(client.sent()).isEmpty();
        }

        @Test
        void addItem_cartAtItsLimit_isRejected() {
            table.put(Writes.itemWithLines(1000));
            Map<String, AttributeValue> before = table.item(USER);
            client.then(serve(table));

            CartRejectedException rejection =
                    failureOf(CartRejectedException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(rejection.reason()).isEqualTo(Reason.LIMIT);
            assertThat(table.item(USER)).isEqualTo(before);
        }

        @Test
        void addItem_fullRing_trimsIt() {
            List<WriteId> ring = new ArrayList<>();
            for (int i = 1; i <= 64; i++) {
                ring.add(WriteId.startedAt(clock.millis() - i * 1000L));
            }
            table.put(with(Writes.itemWithLines(1), "cw", Items.ring(ring)));
            client.then(serve(table), serve(table));

            assertWritten(resultOf(store.addItem(USER, book("a", "1", 1))));

            assertThat(stored().memory().ring()).contains(ring.get(31)).doesNotContain(ring.get(32));
            assertThat(stored().memory().forgotten()).isEqualTo(clock.millis() - 33_000);
        }

        @Test
        void addItem_expiredCart_startsANewOne() {
            Map<String, AttributeValue> live = Writes.itemWithLines(3);
            table.put(with(live, "ttl", n("1725552600")));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 1)));

            assertThat(client.sent()).containsExactly("UpdateItem", "PutItem");
            assertThat(quantities(cart)).containsExactly(tuple("a", 1));
            assertThat(stored().memory().incarnation())
                    .isNotEqualTo(Writes.decode(live).memory().incarnation());
            assertWritten(cart);
        }

        @Test
        void addItem_totalsThatAnotherWriterLeftWrong_repairsThem() {
            table.put(with(with(Writes.itemWithLines(1), "totalItems", n("40")), "totalPrice", n("7")));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 1)));

            assertThat(cart.totalItems()).isEqualTo(3);
            assertThat(cart.totalPrice()).isEqualTo(money("20"));
            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertWritten(cart);
        }

        @Test
        void addItem_repairThatFails_stillSucceeds() {
            for (Throwable failure : List.of(
                    Failures.accessDenied(),
                    Failures.validation("x"),
                    Failures.refused(Map.of()),
                    Failures.noTable())) {
                table.put(with(Writes.itemWithLines(1), "totalItems", n("40")));
                client.then(serve(table), fail(failure));

                Cart cart = resultOf(store.addItem(USER, book("a", "1", 1)));

                assertThat(cart.totalItems()).isEqualTo(3);
                assertThat(stored().isDrifted()).isTrue();
            }
        }

        @Test
        void addItem_repairThatIsLost_doesNotAddTwice() {
            table.put(with(Writes.itemWithLines(1), "totalItems", n("40")));
            client.then(serve(table), serveAndLose(table)).thenAlways(serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 1)));

            assertThat(cart.totalItems()).isEqualTo(3);
            assertThat(stored().cart().totalItems()).isEqualTo(3);
        }

        @Test
        void addItem_engineThatRefusesWithoutTheItem_readsIt() {
            table.put(Writes.itemWithLines(1));
            client.then(fail(Failures.refused(Map.of())), serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("book0", "1", 1)));

            assertThat(client.sent()).containsExactly("UpdateItem", "GetItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("book0", 3));
        }

        @ParameterizedTest
        @ValueSource(strings = {"cb", "cw"})
        void addItem_setOfAWrongType_readsTheItemAndRepairsIt(String name) {
            table.put(with(Writes.itemWithLines(1), name, list(s("x"))));
            client.then(serve(table), serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 1)));

            assertThat(client.sent()).containsExactly("UpdateItem", "GetItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("book0", 2), tuple("a", 1));
            assertWritten(cart);
            assertThat(stored().isDrifted()).isFalse();
        }

        @ParameterizedTest
        @ValueSource(strings = {"cb", "cw"})
        void addItem_setThatLosesItsTypeBetweenReadAndWrite_isRepaired(String name) {
            resultOf(rival.addItem(USER, book("a", "1", 1)));
            CartUpdate update = CartUpdate.of(USER).reprice("a", money("2")).add(book("b", "1", 1));
            client.then(serve(table), serve(table).after(() -> table.put(with(table.item(USER), name, list(s("x"))))))
                    .thenAlways(serve(table));

            Cart cart = resultOf(store.apply(update));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "GetItem", "UpdateItem");
            assertWritten(cart);
            assertThat(stored().isDrifted()).isFalse();
        }

        @Test
        void addItem_linesOfAWrongType_failsAndLeavesThem() {
            table.put(with(Writes.itemWithLines(1), "cartItems", s("x")));
            Map<String, AttributeValue> before = table.item(USER);
            client.then(serve(table), serve(table));

            InvalidStoredCartException failure =
                    failureOf(InvalidStoredCartException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.attributePath()).isEqualTo("cartItems");
            assertThat(failure.effectPossible()).isFalse();
            assertThat(table.item(USER)).isEqualTo(before);
        }

        @Test
        void addItem_itemThatIsNoCart_failsAndLeavesIt() {
            table.put(item("cartItems", s("no list")));
            Map<String, AttributeValue> before = table.item(USER);
            client.then(serve(table));

            InvalidStoredCartException failure =
                    failureOf(InvalidStoredCartException.class, store.addItem(USER, book("a", "1", 1)));

            assertThat(failure.attributePath()).isEqualTo("cartItems");
            assertThat(table.item(USER)).isEqualTo(before);
        }

        @Test
        void anyChange_higherFormat_failsAndLeavesIt() {
            table.put(with(Writes.itemWithLines(1), "format", n("2")));
            Map<String, AttributeValue> before = table.item(USER);
            client.thenAlways(serve(table));

            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).add(book("a", "1", 1)),
                    CartUpdate.of(USER).setQuantity("book0", 1),
                    CartUpdate.of(USER).clear())) {
                assertThat(failureOf(InvalidStoredCartException.class, store.apply(update))
                                .attributePath())
                        .isEqualTo("format");
            }
            assertThat(table.item(USER)).isEqualTo(before);
            assertThat(resultOf(store.get(USER)).totalItems()).isEqualTo(2);
        }
    }

    @Nested
    class Changing {
        @Test
        void setQuantity_noSnapshot_isAStrongReadAndAWrite() {
            table.put(Writes.itemWithLines(2));
            ScriptedClient other = new ScriptedClient().then(serve(table), serve(table));
            try (DynamoDbCartStore eventual =
                    storeOn(other).readConsistency(ReadConsistency.EVENTUAL).build()) {
                Cart cart = resultOf(eventual.setQuantity(USER, "book0", 7));

                assertThat(quantities(cart)).containsExactly(tuple("book0", 7), tuple("book1", 2));
                assertWritten(cart);
            }
            assertThat(other.sent()).containsExactly("GetItem", "UpdateItem");
            assertThat(other.request(0, GetItemRequest.class).consistentRead()).isTrue();
        }

        @Test
        void apply_severalChanges_isOneWrite() {
            table.put(Writes.itemWithLines(3));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.apply(CartUpdate.of(USER)
                    .add(book("a", "1", 1))
                    .setQuantity("book0", 3)
                    .remove("book1")
                    .reprice("book2", money("1"))));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("book0", 3), tuple("book2", 2), tuple("a", 1));
            assertWritten(cart);
        }

        @Test
        void apply_nothing_isOneRead() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table));

            assertThat(resultOf(store.apply(CartUpdate.of(USER))).totalItems()).isEqualTo(2);
            assertThat(resultOf(store.removeItem(USER, "none")).totalItems()).isEqualTo(2);

            assertThat(client.sent()).containsExactly("GetItem", "GetItem");
        }

        @Test
        void apply_unknownBook_isRejectedAndNothingIsWritten() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table));

            CartRejectedException rejection = failureOf(
                    CartRejectedException.class,
                    store.apply(CartUpdate.of(USER).remove("book0").setQuantity("x", 1)));

            assertThat(rejection.reason()).isEqualTo(Reason.UNKNOWN_BOOK);
            assertThat(client.sent()).containsExactly("GetItem");
        }

        @Test
        void apply_bookThatGoesAndComesBackWithoutTitle_losesItInTheTableToo() {
            client.thenAlways(serve(table));
            resultOf(store.addItem(USER, book("a", "1", 1)));

            Cart cart = resultOf(store.apply(CartUpdate.of(USER)
                    .remove("a")
                    .add(CartItem.of("a", null, null, money("1"), 2).withAddedAt(NOW.minusSeconds(9)))));

            assertThat(cart.items().get(0).title()).isEmpty();
            assertWritten(cart);
            resultOf(store.apply(CartUpdate.of(USER).setQuantity("a", 3).ifVersion(cart.version())));
        }

        @Test
        void apply_noCart_createsOne() {
            client.then(serve(table), serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))))
                    .thenAlways(serve(table));

            Cart cart = resultOf(store.apply(
                    CartUpdate.of(USER).remove("x").add(book("a", "1", 1)).add(book("b", "1", 1))));

            assertThat(client.sent()).containsExactly("GetItem", "PutItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("r", 1), tuple("a", 1), tuple("b", 1));
            assertWritten(cart);
        }

        @Test
        void subtract_linesThatWereAddedSince_stay() {
            resultOf(rival.addItem(USER, book("a", "1", 2)));
            Cart ordered = resultOf(rival.addItem(USER, book("b", "1", 1)));
            resultOf(rival.addItem(USER, book("a", "1", 1)));
            resultOf(rival.addItem(USER, book("c", "1", 1)));
            client.then(serve(table), serve(table));

            assertThat(quantities(resultOf(store.apply(CartUpdate.of(USER).subtract(ordered)))))
                    .containsExactly(tuple("a", 1), tuple("c", 1));
        }
    }

    @Nested
    class Conflicts {
        @Test
        void setQuantity_oneConflict_isSentAgainAtOnceFromTheRefusal() {
            table.put(Writes.itemWithLines(2));
            client.then(
                    serve(table),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))),
                    serve(table));

            Cart cart = resultOf(store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "UpdateItem");
            assertThat(pauses.attempts()).isEmpty();
            assertThat(quantities(cart)).containsExactly(tuple("book0", 7), tuple("book1", 2), tuple("r", 1));
            assertWritten(cart);
        }

        @Test
        void setQuantity_twoConflicts_backsOffAndReadsAgain() {
            table.put(Writes.itemWithLines(2));
            client.then(
                    serve(table),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("s", "1", 1)))),
                    serve(table),
                    serve(table));

            Cart cart = resultOf(store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "UpdateItem", "GetItem", "UpdateItem");
            assertThat(pauses.attempts()).containsExactly(2);
            assertWritten(cart);
        }

        /**
         * The other writer is the table's documented function. It appends a line and raises the totals, and knows
         * nothing of this library.
         */
        @Test
        void setQuantity_lineThatAnotherWriterAppendedInBetween_isNotLost() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table).after(() -> appendBlindly("book9", "1", 3)), serve(table));

            Cart cart = resultOf(store.setQuantity(USER, "book0", 7));

            assertThat(quantities(cart)).containsExactly(tuple("book0", 7), tuple("book9", 3));
            assertWritten(cart);
        }

        @Test
        void setQuantity_duplicateThatAnotherWriterAppendedInBetween_isSummedFirst() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table).after(() -> appendBlindly("book0", "1", 3)), serve(table));

            Cart cart = resultOf(store.apply(CartUpdate.of(USER).add(book("book0", "2", 1))));

            assertThat(quantities(cart)).containsExactly(tuple("book0", 6));
            assertWritten(cart);
        }

        @Test
        void setQuantity_removedInBetween_isRejected() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table).after(() -> resultOf(rival.removeItem(USER, "book0"))));

            assertThat(failureOf(CartRejectedException.class, store.setQuantity(USER, "book0", 7))
                            .reason())
                    .isEqualTo(Reason.UNKNOWN_BOOK);
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        private void appendBlindly(String bookId, String price, int quantity) {
            List<AttributeValue> lines =
                    new ArrayList<>(table.item(USER).get("cartItems").l());
            lines.add(line(bookId, price, Integer.toString(quantity)));
            Cart cart = stored().cart();
            Map<String, AttributeValue> appended = with(table.item(USER), "cartItems", AttributeValue.fromL(lines));
            appended = with(appended, "totalItems", n(Long.toString(cart.totalItems() + quantity)));
            table.put(with(
                    appended,
                    "totalPrice",
                    n(cart.totalPrice()
                            .add(money(price).multiply(money("" + quantity)))
                            .toPlainString())));
        }
    }

    @Nested
    class Snapshots {
        @Test
        void basedOn_cartAsItIs_isOneWrite() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            client.then(serve(table));

            Cart cart =
                    resultOf(store.apply(CartUpdate.of(USER).setQuantity("a", 7).basedOn(snapshot)));

            assertThat(client.sent()).containsExactly("UpdateItem");
            assertWritten(cart);
        }

        @Test
        void basedOn_resultOfAnUpdate_isOneWriteEachTime() {
            Cart cart = resultOf(rival.addItem(USER, book("a", "1", 1)));
            client.thenAlways(serve(table));

            for (int i = 2; i < 40; i++) {
                cart = resultOf(store.apply(CartUpdate.of(USER)
                        .setQuantity("a", i)
                        .add(book("b" + i % 3, "1", 1))
                        .basedOn(cart)));
                assertWritten(cart);
            }
            assertThat(client.sent()).hasSize(38);
        }

        @Test
        void basedOn_cartThatHasChanged_costsARequestAndIsNoError() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.then(serve(table), serve(table));

            Cart cart =
                    resultOf(store.apply(CartUpdate.of(USER).setQuantity("a", 7).basedOn(snapshot)));

            assertThat(quantities(cart)).containsExactly(tuple("a", 7), tuple("b", 1));
            assertWritten(cart);
        }

        @Test
        void basedOn_cartInWhichNothingWouldChange_isConfirmedByARead() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.then(serve(table), serve(table));

            Cart cart = resultOf(store.apply(CartUpdate.of(USER).remove("b").basedOn(snapshot)));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("a", 1));
        }

        @Test
        void basedOn_cartThatWouldBeRejected_isConfirmedByARead() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.then(serve(table), serve(table));

            Cart cart =
                    resultOf(store.apply(CartUpdate.of(USER).setQuantity("b", 9).basedOn(snapshot)));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("a", 1), tuple("b", 9));
        }

        @Test
        void basedOn_cartThatHasExpiredSince_isReadAfresh() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            clock.advance(Duration.between(NOW, snapshot.expiresAt().orElseThrow())); // to the moment of expiry
            client.then(serve(table));

            assertThat(failureOf(
                                    CartRejectedException.class,
                                    store.apply(CartUpdate.of(USER)
                                            .setQuantity("a", 9)
                                            .basedOn(snapshot)))
                            .reason())
                    .isEqualTo(Reason.UNKNOWN_BOOK);
            assertThat(client.sent()).containsExactly("GetItem");
        }

        @Test
        void basedOn_cartOfAnotherStore_isReadAfresh() {
            Cart foreign = Cart.stored(cartOf(book("a", "1", 1)), CartVersion.of("v", 1, 1), NOW, NOW.plusSeconds(9));
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table));

            resultOf(store.apply(CartUpdate.of(USER).setQuantity("book0", 9).basedOn(foreign)));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
        }

        @Test
        void ifVersion_sameVersion_isWritten() {
            Cart cart = resultOf(rival.addItem(USER, book("a", "1", 1)));
            client.thenAlways(serve(table));

            Cart next =
                    resultOf(store.apply(CartUpdate.of(USER).setQuantity("a", 2).ifVersion(cart.version())));
            resultOf(store.apply(CartUpdate.of(USER)
                    .setQuantity("a", 3)
                    .ifVersion(CartVersion.parse(next.version().toString()))
                    .basedOn(next)));

            assertThat(stored().cart().totalItems()).isEqualTo(3);
            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "UpdateItem");
        }

        @Test
        void ifVersion_anotherVersion_failsWithThePresentCart() {
            Cart stale = resultOf(rival.addItem(USER, book("a", "1", 1)));
            Cart present = resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.thenAlways(serve(table));

            for (CartUpdate update : List.of(
                    CartUpdate.of(USER).setQuantity("a", 2).ifVersion(stale.version()),
                    CartUpdate.of(USER).add(book("c", "1", 1)).ifVersion(stale.version()),
                    CartUpdate.of(USER).clear().ifVersion(stale.version()),
                    CartUpdate.of(USER).remove("none").ifVersion(stale.version()),
                    CartUpdate.of(USER)
                            .setQuantity("a", 2)
                            .ifVersion(stale.version())
                            .basedOn(stale),
                    CartUpdate.of(USER).setQuantity("a", 2).ifVersion(CartVersion.ABSENT))) {
                CartConflictException conflict = failureOf(CartConflictException.class, store.apply(update));
                assertThat(conflict.current()).isEqualTo(present);
                assertThat(conflict.current().version()).isEqualTo(present.version());
                assertThat(conflict.isRetryable()).isFalse();
                assertThat(conflict.effectPossible()).isFalse();
            }
            assertThat(stored().cart()).isEqualTo(present);
        }

        @Test
        void ifVersion_changeByAWriterWithoutVersions_shows() {
            Cart cart = resultOf(rival.addItem(USER, book("a", "1", 1)));
            AttributeValue line = table.item(USER).get("cartItems").l().get(0);
            table.put(with(table.item(USER), "cartItems", list(with(line, "price", n("2")))));
            client.then(serve(table));

            failureOf(
                    CartConflictException.class,
                    store.apply(CartUpdate.of(USER).setQuantity("a", 2).ifVersion(cart.version())));
        }

        @Test
        void ifVersion_absent_isAnyCartWithoutLines() {
            client.thenAlways(serve(table));

            resultOf(store.apply(CartUpdate.of(USER).add(book("a", "1", 1)).ifVersion(CartVersion.ABSENT)));
            resultOf(store.removeItem(USER, "a"));
            resultOf(store.apply(CartUpdate.of(USER).add(book("b", "1", 1)).ifVersion(CartVersion.ABSENT)));

            assertThat(quantities(stored().cart())).containsExactly(tuple("b", 1));
        }

        @Test
        void ifVersion_versionFromBeforeAClear_neverMatchesAgain() {
            client.thenAlways(serve(table));
            Cart before = resultOf(store.addItem(USER, book("a", "1", 1)));
            resultOf(store.clear(USER));
            Cart after = resultOf(store.addItem(USER, book("a", "1", 1)));

            assertThat(after).isEqualTo(before);
            assertThat(after.version()).isNotEqualTo(before.version());
            failureOf(
                    CartConflictException.class,
                    store.apply(CartUpdate.of(USER).remove("a").ifVersion(before.version())));
        }
    }

    @Nested
    class LostResponses {
        @Test
        void addItem_lostResponse_isFoundInTheRefusal() {
            client.then(serveAndLose(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 2)));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertThat(cart.totalItems()).isEqualTo(2);
            assertWritten(cart);
        }

        @Test
        void addItem_lostRequest_isSentAgain() {
            client.then(fail(Failures.lost()), serve(table));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                    .isEqualTo(2);
            assertRefusedIfItLandsNow(client.requests().get(0));
        }

        @Test
        void addItem_lostResponseAndOtherWritersSince_isFoundAmongThem() {
            client.then(serveAndLose(table), serve(table).after(() -> {
                for (int i = 0; i < 10; i++) {
                    resultOf(rival.addItem(USER, book("r" + i, "1", 1)));
                }
            }));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 2)));

            assertThat(cart.totalItems()).isEqualTo(12);
            assertWritten(cart);
        }

        @Test
        void addItem_lostResponseAndTheBookRemovedSince_isNotAddedAgain() {
            client.then(serveAndLose(table), serve(table).after(() -> resultOf(rival.removeItem(USER, "a"))));

            Cart cart = resultOf(store.addItem(USER, book("a", "1", 2)));

            assertThat(cart.isEmpty()).isTrue();
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        @Test
        void addItem_lostResponseAndTheCartClearedSince_isNotAddedAgain() {
            client.then(serveAndLose(table), serve(table).after(() -> resultOf(rival.clear(USER))));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).isEmpty())
                    .isTrue();
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        /** Nothing is left that shows the first effect. */
        @Test
        void addItem_lostResponseAndTheItemErasedSince_isAddedAgain() {
            client.then(serveAndLose(table), serve(table).after(() -> resultOf(rival.delete(USER))));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                    .isEqualTo(2);
            assertThat(stored().cart().totalItems()).isEqualTo(2);
        }

        @Test
        void setQuantity_lostResponseAndTheItemErasedSince_isUnknown() {
            Cart cart = resultOf(rival.addItem(USER, book("a", "1", 2)));
            client.then(serveAndLose(table), serve(table).after(() -> resultOf(rival.delete(USER))));
            client.thenAlways(serve(table));

            failureOf(
                    CartOutcomeUnknownException.class,
                    store.apply(CartUpdate.of(USER).setQuantity("a", 5).basedOn(cart)));
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        @Test
        void addItem_lostResponseAndARingThatForgot_isUnknown() {
            table.put(Writes.itemWithLines(1));
            client.then(serveAndLose(table), serve(table).after(() -> {
                for (int i = 0; i < 100; i++) {
                    clock.advance(Duration.ofMillis(1));
                    resultOf(rival.setQuantity(USER, "book0", 10 + i));
                }
            }));

            CartOutcomeUnknownException unknown =
                    failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("a", "1", 2)));

            assertThat(unknown.effectPossible()).isTrue();
            assertThat(stored().cart().item("a").orElseThrow().quantity()).isEqualTo(2);
        }

        @Test
        void addToALine_lostResponse_isFoundInTheRefusal() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serveAndLose(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem", "UpdateItem");
            assertThat(cart.totalItems()).isEqualTo(5);
            assertWritten(cart);
        }

        @Test
        void addToALine_lostResponseAndAnotherWriterSince_isFoundInTheRefusal() {
            table.put(Writes.itemWithLines(1));
            client.then(
                    serve(table),
                    serveAndLose(table),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("book0", "1", 10)))));

            assertThat(resultOf(store.addItem(USER, book("book0", "1", 3))).totalItems())
                    .isEqualTo(15);
        }

        @Test
        void addToALine_lostRequest_isRefusedIfItLandsLate() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), fail(Failures.lost()), serve(table));

            assertThat(resultOf(store.addItem(USER, book("book0", "1", 3))).totalItems())
                    .isEqualTo(5);
            assertRefusedIfItLandsNow(client.requests().get(1));
        }

        @Test
        void addItem_lostRequestAndTheBookAddedByAnother_isSummedOnce() {
            client.then(
                    fail(Failures.lost()),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("a", "1", 1)))),
                    serve(table));

            assertThat(resultOf(store.addItem(USER, book("a", "1", 2))).totalItems())
                    .isEqualTo(3);
            assertRefusedIfItLandsNow(client.requests().get(0));
        }

        @Test
        void setQuantity_lostRequestThenUnknownBook_isNotRejectedBeforeTheFirstAttemptIsHarmless() {
            resultOf(rival.addItem(USER, book("a", "1", 1)));
            client.then(
                            serve(table),
                            fail(Failures.lost()),
                            serve(table).after(() -> resultOf(rival.removeItem(USER, "a"))))
                    .thenAlways(serve(table));

            failureOf(CartRejectedException.class, store.setQuantity(USER, "a", 9));

            assertRefusedIfItLandsNow(client.requests().get(1));
        }

        @Test
        void addItem_lostRequestThenCartAtItsLimit_isNotRejectedBeforeTheFirstAttemptIsHarmless() {
            DynamoDbCartStore.Builder limited = storeOn(client).limits(CartLimits.of(1, 10));
            client.then(
                            fail(Failures.lost()),
                            serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))))
                    .thenAlways(serve(table));
            try (DynamoDbCartStore small = limited.build()) {
                failureOf(CartRejectedException.class, small.addItem(USER, book("a", "1", 1)));
            }
            resultOf(rival.removeItem(USER, "r"));

            assertRefusedIfItLandsNow(client.requests().get(0));
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        @Test
        void clear_lostResponse_isRepeated() {
            table.put(Writes.itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2))));
            client.then(serveAndLose(table), serve(table));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("DeleteItem", "DeleteItem");
            assertThat(table.item(USER)).isEmpty();
        }

        /** Attributes of its own are a cart, too. */
        @Test
        void clear_lostResponseToARefusalByACartWithoutLines_removesItsAttributes() {
            Map<String, AttributeValue> old = Writes.itemOf(Cart.empty(USER), NOW.minus(Duration.ofHours(2)));
            table.put(with(with(old, "coupon", s("SAVE10")), "ct", n(Long.toString(NOW.toEpochMilli()))));
            client.then(serveAndLose(table)).thenAlways(serve(table));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("DeleteItem", "DeleteItem", "PutItem");
            assertThat(stored().cart().attributes()).isEmpty();
        }

        @Test
        void clear_lostResponseAndALineAddedSince_leavesIt() {
            table.put(Writes.itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2))));
            client.then(serveAndLose(table), serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))))
                    .thenAlways(serve(table));

            // The line stays, whether the call succeeds or reports an unknown outcome.
            store.clear(USER).handle((done, failure) -> failure).join();

            assertThat(quantities(stored().cart())).containsExactly(tuple("r", 1));
        }

        @Test
        void clear_deletedWhatItSawAndACartStartedSince_returnsTheEmptyCart() {
            table.put(Writes.itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2))));
            CartUpdate clear = CartUpdate.of(USER).clear().basedOn(resultOf(rival.get(USER)));
            // This writer does not know versions: the snapshot is stale, yet the item that refuses it has still rested.
            table.put(with(table.item(USER), "lastUpdated", s("2025-09-01T00:00:00Z")));
            client.then(
                    serve(table),
                    serveAndLose(table),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))));

            Cart cleared = resultOf(store.apply(clear));

            assertThat(client.sent()).containsExactly("DeleteItem", "DeleteItem", "DeleteItem");
            assertThat(cleared).isEqualTo(Cart.empty(USER));
            assertThat(quantities(stored().cart())).containsExactly(tuple("r", 1));
        }

        @Test
        void clear_lostResponseInPlaceAndALineAddedSince_leavesIt() {
            resultOf(rival.addItem(USER, book("a", "1", 1)));
            Cart snapshot = resultOf(rival.get(USER));
            client.then(
                    serveAndLose(table), serve(table).after(() -> resultOf(rival.addItem(USER, book("r", "1", 1)))));

            resultOf(store.apply(CartUpdate.of(USER).clear().basedOn(snapshot)));

            assertThat(quantities(stored().cart())).containsExactly(tuple("r", 1));
        }

        @Test
        void subtract_lostResponseAndTheBookAddedSince_takesItOutOnce() {
            Cart ordered = resultOf(rival.addItem(USER, book("a", "1", 2)));
            client.then(
                    serve(table),
                    serveAndLose(table),
                    serve(table).after(() -> resultOf(rival.addItem(USER, book("a", "1", 2)))));

            Cart cart = resultOf(store.apply(CartUpdate.of(USER).subtract(ordered)));

            assertThat(quantities(cart)).containsExactly(tuple("a", 2));
        }
    }

    @Nested
    class DeliveredTwice {
        @Test
        void setQuantity_appliedThenRefused_isFoundInTheRefusal() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), request -> {
                table.serve(request);
                return serve(table).answer(request);
            });

            Cart cart = resultOf(store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem");
            assertThat(cart.totalItems()).isEqualTo(7);
        }

        @Test
        void subtract_throttledButAlsoApplied_isFoundInTheRefusal() {
            table.put(Writes.itemWithLines(1));
            client.then(
                    serve(table),
                    fail(Failures.throttled()),
                    serve(table).after(() -> table.serve(client.requests().get(1))));

            CartUpdate update = CartUpdate.of(USER).with(new CartChange.Subtract(Map.of("book0", 1)));
            assertThat(resultOf(store.apply(update)).totalItems()).isEqualTo(1);
        }

        @Test
        void setQuantity_appliedForgottenAndThenRefused_isUnknown() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), request -> {
                table.serve(request);
                rivalWritesMoreThanTheRingHolds();
                return serve(table).answer(request);
            });

            failureOf(CartOutcomeUnknownException.class, store.setQuantity(USER, "book0", 7));
        }

        @Test
        void setQuantity_refusedByOneRivalWhoTrimmedTheRing_isWrittenAgain() {
            table.put(Writes.itemWithLines(1));
            client.then(
                    serve(table),
                    serve(table).after(() -> {
                        clock.advance(Duration.ofMillis(1));
                        resultOf(rivalWithARingOfOne().setQuantity(USER, "book0", 3));
                        clock.advance(Duration.ofMillis(1));
                    }),
                    serve(table));

            assertThat(resultOf(store.setQuantity(USER, "book0", 7)).totalItems())
                    .isEqualTo(7);
        }

        @Test
        void addItem_refusedThenAppliedOnceItsBookIsGone_hasOneEffect() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table).after(() -> {
                resultOf(rival.removeItem(USER, "book0"));
                table.serve(client.requests().get(0));
            }));

            Cart cart = resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(cart.totalItems()).isEqualTo(3);
            assertWritten(cart);
        }

        @Test
        void addItem_refusedThenAppliedAndForgotten_isUnknown() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table).after(() -> {
                resultOf(rival.removeItem(USER, "book0"));
                table.serve(client.requests().get(0));
                rivalWritesMoreThanTheRingHolds();
            }));

            failureOf(CartOutcomeUnknownException.class, store.addItem(USER, book("book0", "1", 3)));

            assertThat(stored().cart().item("book0").orElseThrow().quantity()).isLessThan(200);
        }

        @Test
        void addItem_writtenAfterItsFirstAttemptWasRefused_isRefusedIfThatLandsLate() {
            table.put(Writes.itemWithLines(1));
            client.then(serve(table), serve(table));

            resultOf(store.addItem(USER, book("book0", "1", 3)));
            resultOf(rival.removeItem(USER, "book0"));

            assertRefusedIfItLandsNow(client.requests().get(0));
        }

        @Test
        void addItem_twoConflicts_isFencedAndWrittenFromTheResponse() {
            table.put(Writes.itemWithLines(1));
            loseTwice();
            client.then(serve(table)).thenAlways(serve(table));

            Cart cart = resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(client.sent())
                    .containsExactly("UpdateItem", "UpdateItem", "UpdateItem", "UpdateItem", "UpdateItem");
            assertThat(cart.totalItems()).isEqualTo(9 + 3);
            assertThat(cart.version().toString()).contains(".4.");
            resultOf(rival.removeItem(USER, "book0"));
            assertRefusedIfItLandsNow(client.requests().get(0));
        }

        @Test
        void addItem_landsBeforeItsFence_hasOneEffect() {
            table.put(Writes.itemWithLines(1));
            loseTwice();
            client.then(serve(table).after(() -> {
                        resultOf(rival.removeItem(USER, "book0"));
                        table.serve(client.requests().get(0));
                    }))
                    .thenAlways(serve(table));

            resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(stored().cart().totalItems()).isEqualTo(3);
        }

        @Test
        void addItem_fenceAppliedThenRefused_isNotTakenForTheAdd() {
            table.put(Writes.itemWithLines(1));
            loseTwice();
            client.then(request -> {
                        table.serve(request);
                        return serve(table).answer(request);
                    })
                    .thenAlways(serve(table));

            resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(stored().cart().totalItems()).isEqualTo(9 + 3);
        }

        @Test
        void addItem_fenceThrottledButApplied_isNotTakenForTheAdd() {
            table.put(Writes.itemWithLines(1));
            loseTwice();
            client.then(request -> {
                        table.serve(request);
                        return fail(Failures.throttled()).answer(request);
                    })
                    .thenAlways(serve(table));

            resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(stored().cart().totalItems()).isEqualTo(9 + 3);
        }

        @Test
        void addItem_responseToTheFenceIsLost_isNotTakenForTheAdd() {
            table.put(Writes.itemWithLines(1));
            loseTwice();
            client.then(serveAndLose(table)).thenAlways(serve(table));

            resultOf(store.addItem(USER, book("book0", "1", 3)));

            assertThat(stored().cart().totalItems()).isEqualTo(9 + 3);
        }

        @Test
        void setQuantity_itemThatForgotWritesLaterThanThisClock_conflictsOnceAndTakesEffect() {
            AttributeValue ahead = n(Long.toString(clock.millis() + 10_000));
            table.put(with(Writes.itemWithLines(1), "cf", ahead));
            client.then(serve(table), serve(table).after(() -> {
                        resultOf(rival.setQuantity(USER, "book0", 5));
                        resultOf(rival.setQuantity(USER, "book0", 6));
                    }))
                    .then(serve(table));

            Cart cart = resultOf(store.setQuantity(USER, "book0", 7));

            assertThat(client.sent()).containsExactly("GetItem", "UpdateItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("book0", 7));
        }

        @Test
        void clear_emptiedThenRefusedByALineAddedSince_leavesThatLineAlone() {
            table.put(Writes.itemOf(Writes.cartWithLines(1).cart(), NOW.minus(Duration.ofHours(2))));
            CartVersion version = resultOf(rival.get(USER)).version();
            client.then(serve(table), request -> {
                table.serve(request);
                resultOf(rival.addItem(USER, book("new", "1", 1)));
                return serve(table).answer(request);
            });

            resultOf(store.apply(CartUpdate.of(USER).clear().ifVersion(version)));

            assertThat(client.sent()).containsExactly("GetItem", "PutItem");
            assertThat(stored().cart().totalItems()).isEqualTo(1);
        }

        @Test
        void clear_twoDemandTheSameVersionOfARestedCart_oneOfThemIsStale() {
            table.put(Writes.itemOf(Writes.cartWithLines(1).cart(), NOW.minus(Duration.ofHours(2))));
            CartUpdate clear = CartUpdate.of(USER)
                    .clear()
                    .ifVersion(resultOf(rival.get(USER)).version());
            client.then(serve(table).after(() -> resultOf(rival.apply(clear)))).thenAlways(serve(table));

            failureOf(CartConflictException.class, store.apply(clear));
        }

        @Test
        void clear_ifVersionAndAnotherEmptiedTheCart_isStaleAlthoughItIsEmpty() {
            table.put(Writes.itemOf(Writes.cartWithLines(1).cart(), NOW.minus(Duration.ofHours(2))));
            CartVersion version = resultOf(rival.get(USER)).version();
            client.then(serve(table), fail(Failures.lost()), serve(table).after(() -> {
                        resultOf(rival.removeItem(USER, "book0"));
                    }))
                    .thenAlways(serve(table));

            failureOf(
                    CartConflictException.class,
                    store.apply(CartUpdate.of(USER).clear().ifVersion(version)));
        }

        /**
         * The first refusal shows that the book is in the cart. The next two attempts conflict with changes of its
         * quantity.
         */
        private void loseTwice() {
            client.then(
                    serve(table),
                    serve(table).after(() -> resultOf(rival.setQuantity(USER, "book0", 8))),
                    serve(table).after(() -> resultOf(rival.setQuantity(USER, "book0", 9))));
        }

        private void rivalWritesMoreThanTheRingHolds() {
            for (int i = 0; i < 100; i++) {
                clock.advance(Duration.ofMillis(1));
                resultOf(rival.apply(
                        CartUpdate.of(USER).add(book("book0", "1", 1)).setQuantity("book0", 10 + i)));
            }
        }

        private DynamoDbCartStore rivalWithARingOfOne() {
            return storeOn(new ScriptedClient().thenAlways(serve(table)))
                    .ringSize(1)
                    .build();
        }
    }

    private void assertRefusedIfItLandsNow(DynamoDbRequest late) {
        Map<String, AttributeValue> before = table.item(USER);

        assertThatExceptionOfType(ConditionalCheckFailedException.class).isThrownBy(() -> table.serve(late));
        assertThat(table.item(USER)).isEqualTo(before);
    }

    @Nested
    class Clearing {
        @Test
        void clear_noCart_isOneRequest() {
            client.then(serve(table));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("DeleteItem");
        }

        @Test
        void clear_restedCart_isOneRequest() {
            table.put(Writes.itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2))));
            client.then(serve(table));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("DeleteItem");
            assertThat(table.item(USER)).isEmpty();
        }

        @Test
        void clear_youngCart_isEmptiedInPlace() {
            resultOf(rival.addItem(USER, book("a", "1", 1)));
            Memory before = stored().memory();
            client.then(serve(table), serve(table));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("DeleteItem", "PutItem");
            assertThat(stored().cart().isEmpty()).isTrue();
            assertThat(stored().memory().incarnation()).isEqualTo(before.incarnation());
            assertThat(stored().memory().ring()).containsAll(before.ring()).hasSize(2);
        }

        @Test
        void clear_youngCartThatThisStoreSaw_sendsNoDelete() {
            client.thenAlways(serve(table));
            resultOf(store.addItem(USER, book("a", "1", 1)));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("UpdateItem", "GetItem", "PutItem");
        }

        @Test
        void clear_cartThatThisStoreSawLongAgo_isOneRequest() {
            client.thenAlways(serve(table));
            resultOf(store.addItem(USER, book("a", "1", 1)));
            clock.advance(Duration.ofHours(2));

            resultOf(store.clear(USER));

            assertThat(client.sent()).containsExactly("UpdateItem", "DeleteItem");
            assertThat(table.item(USER)).isEmpty();
        }

        @Test
        void clear_snapshotOfAYoungCart_isOneRequest() {
            Cart snapshot = resultOf(rival.addItem(USER, book("a", "1", 1)));
            client.then(serve(table));

            assertThat(resultOf(store.apply(CartUpdate.of(USER).clear().basedOn(snapshot)))
                            .isEmpty())
                    .isTrue();

            assertThat(client.sent()).containsExactly("PutItem");
        }

        @Test
        void clear_cartWithALiveKey_keepsTheKey() {
            CartUpdate keyed = CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("k");
            resultOf(rival.apply(keyed));
            clock.advance(Duration.ofHours(2));
            client.thenAlways(serve(table));

            resultOf(store.clear(USER));

            assertThat(resultOf(store.apply(keyed)).isEmpty()).isTrue();
            assertThat(stored().cart().isEmpty()).isTrue();
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void clear_itemOfAnotherWriter_isEmptiedInPlaceSinceItMayNotHaveRested(boolean snapshot) {
            table.put(item("cartItems", list(line("a", "1", "1")), "coupon", s("SAVE")));
            client.thenAlways(serve(table));
            CartUpdate clear = CartUpdate.of(USER).clear();

            resultOf(store.apply(snapshot ? clear.basedOn(resultOf(rival.get(USER))) : clear));

            assertThat(stored().cart().isEmpty()).isTrue();
            assertThat(table.item(USER)).doesNotContainKey("coupon");
        }
    }

    @Nested
    class IdempotencyKeys {
        private final CartUpdate keyed =
                CartUpdate.of(USER).add(book("a", "9.50", 2)).idempotencyKey("order-4711");

        @Test
        void apply_sameKeyAgain_hasNoSecondEffectAndReturnsTheCart() {
            client.then(serve(table), serve(table), serve(table));

            resultOf(store.apply(keyed));
            Cart cart = resultOf(store.apply(CartUpdate.of(USER)
                    .add(book("a", "9.5", 2).withAddedAt(NOW.plusSeconds(1)))
                    .idempotencyKey("order-4711")
                    .within(Duration.ofSeconds(1))));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertThat(cart.totalItems()).isEqualTo(2);
            assertThat(cart.version()).isEqualTo(stored().cart().version());
        }

        @Test
        void apply_sameKeyFromASnapshotOfBefore_hasNoSecondEffect() {
            Cart snapshot = resultOf(rival.addItem(USER, book("b", "1", 1)));
            client.thenAlways(serve(table));

            resultOf(store.apply(keyed.basedOn(snapshot)));
            Cart cart = resultOf(store.apply(keyed.basedOn(snapshot)));

            assertThat(cart.totalItems()).isEqualTo(3);
            assertThat(stored().cart().totalItems()).isEqualTo(3);
        }

        @Test
        void apply_sameKeyAndOtherChanges_isRejected() {
            client.thenAlways(serve(table));
            resultOf(store.apply(keyed));

            CartRejectedException rejection = failureOf(
                    CartRejectedException.class,
                    store.apply(CartUpdate.of(USER).add(book("a", "9.50", 3)).idempotencyKey("order-4711")));

            assertThat(rejection.reason()).isEqualTo(Reason.KEY_REUSED);
            assertThat(rejection).hasMessageNotContaining("4711");
            assertThat(stored().cart().totalItems()).isEqualTo(2);
        }

        @Test
        void apply_sameKeyAndAStaleVersion_returnsTheCart() {
            client.thenAlways(serve(table));
            Cart before = resultOf(store.addItem(USER, book("b", "1", 1)));

            resultOf(store.apply(keyed.ifVersion(before.version())));
            Cart again = resultOf(store.apply(keyed.ifVersion(before.version())));

            assertThat(again.totalItems()).isEqualTo(3);
        }

        @Test
        void apply_keyedUpdateThatChangesNothing_leavesItsKey() {
            CartUpdate nothing = CartUpdate.of(USER).remove("a").idempotencyKey("k");
            client.thenAlways(serve(table));
            resultOf(store.apply(nothing));
            resultOf(rival.addItem(USER, book("a", "1", 1)));

            Cart cart = resultOf(store.apply(nothing));

            assertThat(quantities(cart)).containsExactly(tuple("a", 1));
        }

        @Test
        void apply_lostResponseThenSameKeyAgain_hasNoSecondEffect() {
            client.then(serveAndLose(table)).thenAlways(fail(Failures.accessDenied()));
            failureOf(CartOutcomeUnknownException.class, store.apply(keyed));

            assertThat(resultOf(rival.apply(keyed)).totalItems()).isEqualTo(2);
        }

        @Test
        void apply_keyPastItsRetention_isForgotten() {
            client.thenAlways(serve(table));
            resultOf(store.apply(keyed));
            clock.advance(Duration.ofHours(24));

            assertThat(resultOf(store.apply(keyed)).totalItems()).isEqualTo(4);
        }

        @Test
        void apply_keyWithinItsRetention_isRemembered() {
            client.thenAlways(serve(table));
            resultOf(store.apply(keyed));
            clock.advance(Duration.ofHours(24).minusMillis(1));

            assertThat(resultOf(store.apply(keyed)).totalItems()).isEqualTo(2);
        }

        @Test
        void apply_asManyKeysAsFit_rejectsAnother() {
            client.thenAlways(serve(table));
            for (int i = 0; i < Memory.MAX_KEYS; i++) {
                resultOf(store.apply(CartUpdate.of(USER).remove("x").idempotencyKey("k" + i)));
            }

            CartRejectedException full = failureOf(CartRejectedException.class, store.apply(keyed));
            assertThat(full.reason()).isEqualTo(Reason.KEYS_FULL);
            assertThat(full.limit()).contains("idempotencyKeys");
            assertThat(full.limitValue()).hasValue(Memory.MAX_KEYS);
            assertThat(resultOf(store.apply(CartUpdate.of(USER).remove("x").idempotencyKey("k0")))
                            .isEmpty())
                    .isTrue();
            clock.advance(Duration.ofHours(24));
            assertThat(resultOf(store.apply(keyed)).totalItems()).isEqualTo(2);
        }

        @Test
        void apply_sameKeyAfterTheLimitWasLowered_hasNoSecondEffectAndReturnsTheCart() {
            client.thenAlways(serve(table));
            Cart cart = resultOf(store.apply(keyed));

            try (DynamoDbCartStore lowered =
                    storeOn(client).limits(CartLimits.of(10, 1)).build()) {
                assertThat(resultOf(lowered.apply(keyed))).isEqualTo(cart);
            }
        }

        @Test
        void apply_newKeyAndMoreThanAnItemMayHold_isRejectedOnceTheKeyIsKnownToBeNew() {
            table.put(Writes.itemWithLines(1));
            client.thenAlways(serve(table));
            CartItem huge = CartItem.of("a", "x".repeat(410_000), null, money("1"), 1);

            CartRejectedException rejection = failureOf(
                    CartRejectedException.class,
                    store.apply(CartUpdate.of(USER).add(huge).idempotencyKey("k")));

            assertThat(rejection.reason()).isEqualTo(Reason.TOO_LARGE);
            assertThat(client.sent()).containsExactly("GetItem");
        }

        @Test
        void apply_rejectedUpdate_leavesNoKey() {
            CartUpdate unknownBook = CartUpdate.of(USER).setQuantity("a", 3).idempotencyKey("k");
            client.thenAlways(serve(table));
            failureOf(CartRejectedException.class, store.apply(unknownBook));
            resultOf(rival.addItem(USER, book("a", "1", 1)));

            assertThat(resultOf(store.apply(unknownBook)).totalItems()).isEqualTo(3);
        }
    }

    @Nested
    class ItemsOfOtherWriters {
        @Test
        void get_expiredItem_isTheEmptyCart() {
            table.put(with(Writes.itemWithLines(1), "ttl", n("1725552600")));
            client.then(serve(table));

            assertThat(resultOf(store.get(USER))).isEqualTo(Cart.empty(USER));
        }

        @Test
        void get_itemThatIsNoCart_fails() {
            table.put(item("cartItems", list(line("a", "1", "-1"))));
            client.then(serve(table));

            assertThat(failureOf(InvalidStoredCartException.class, store.get(USER))
                            .attributePath())
                    .isEqualTo("cartItems[0].quantity");
        }

        @Test
        void addItem_itemWithoutMemory_takesItOver() {
            table.put(item("cartItems", list(line("a", "1", "1"), line("a", "2", "2")), "coupon", s("SAVE")));
            client.then(serve(table), serve(table), serve(table));

            Cart cart = resultOf(store.addItem(USER, book("b", "1", 1)));

            assertThat(client.sent()).containsExactly("UpdateItem", "UpdateItem");
            assertThat(quantities(cart)).containsExactly(tuple("a", 3), tuple("b", 1));
            assertThat(table.item(USER)).containsEntry("coupon", s("SAVE"));
            assertWritten(cart);
            resultOf(store.addItem(USER, book("c", "1", 1)));
            assertThat(client.sent()).hasSize(3);
        }

        @Test
        void delete_anyItem_removesItUnconditionally() {
            table.put(item("cartItems", s("no list")));
            client.then(serve(table));

            resultOf(store.delete(USER));

            assertThat(table.item(USER)).isEmpty();
        }
    }

    /** Asserts that the stored cart equals the one that the write returned, and is consistent. */
    private void assertWritten(Cart returned) {
        assertThat(stored().cart()).isEqualTo(returned);
        assertThat(stored().cart().version()).isEqualTo(returned.version());
        assertThat(stored().cart().lastUpdated()).isEqualTo(returned.lastUpdated());
        assertThat(stored().cart().expiresAt()).isEqualTo(returned.expiresAt());
        assertThat(stored().isDrifted()).isFalse();
        assertThat(stored().areIdsTrue()).isTrue();
    }

    private StoredCart stored() {
        return ItemFormat.decode(USER, table.item(USER), clock.instant());
    }
}
