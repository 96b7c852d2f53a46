package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/** The protocol of an update, tested as a pure function: no store, no client, no thread. */
class UpdateProtocolTest {
    private static final Write.Terms TERMS = new Write.Terms(Duration.ofDays(30), CartLimits.defaults(), 12);

    private final Table table = new Table();
    private long millis = NOW.toEpochMilli();

    private static UpdateProtocol protocol(CartUpdate update) {
        return new UpdateProtocol(update, TERMS, Duration.ofHours(24), "carts", true);
    }

    private Moment moment() {
        millis++;
        return new Moment(Instant.ofEpochMilli(millis), millis, WriteId::startedAt);
    }

    private static Event refusedBy(Map<String, AttributeValue> item) {
        return Event.refused(Failure.of(Failures.refused(item)), false);
    }

    private static Write writeOf(Decision<Evidence, Cart> decision) {
        return decision.request().write();
    }

    /** Applies a write, and returns the event of its response. */
    private Event deliver(Request request) {
        Write write = request.write();
        try {
            DynamoDbResponse response = table.serve(
                    switch (write.kind()) {
                        case UPDATE ->
                            write.asUpdate("carts")
                                    .returnValues(write.after() == null ? "ALL_NEW" : null)
                                    .returnValuesOnConditionCheckFailure("ALL_OLD")
                                    .build();
                        case PUT ->
                            write.asPut("carts")
                                    .returnValuesOnConditionCheckFailure("ALL_OLD")
                                    .build();
                        case DELETE ->
                            write.asDelete("carts")
                                    .returnValuesOnConditionCheckFailure("ALL_OLD")
                                    .build();
                    });
            return response instanceof UpdateItemResponse updated
                    ? Event.done(List.of(updated.attributes()), List.of())
                    : Event.done(List.of(), List.of());
        } catch (RuntimeException e) {
            return Event.refused(Failure.of(e), false);
        }
    }

    private void changeByAnother(CartUpdate update) {
        UpdateProtocol another = protocol(update);
        Decision<Evidence, Cart> decision = another.next(Evidence.NONE, Event.start(seen()), moment());
        assertThat(another.next(decision.evidence(), deliver(decision.request()), moment())
                        .kind())
                .isEqualTo(Decision.Kind.SUCCEED);
    }

    private StoredCart seen() {
        return ItemFormat.decode(USER, table.item(USER), Instant.ofEpochMilli(millis));
    }

    private Decision<Evidence, Cart> started(UpdateProtocol protocol) {
        return protocol.next(Evidence.NONE, Event.start(null), moment());
    }

    @Test
    void add_unknownItem_isSentWithoutARead() {
        Decision<Evidence, Cart> decision = started(protocol(CartUpdate.of(USER).add(book("a", "1", 1))));

        assertThat(decision.kind()).isEqualTo(Decision.Kind.SEND);
        assertThat(writeOf(decision).before()).isNull();
    }

    @Test
    void set_unknownItem_isReadFirst() {
        Decision<Evidence, Cart> decision = started(protocol(CartUpdate.of(USER).setQuantity("a", 1)));

        assertThat(decision.request()).isEqualTo(Request.get(USER, true));
    }

    @Test
    void attempts_thatMayStillBeApplied_shareOneId() {
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));
        Decision<Evidence, Cart> first = started(protocol);

        Decision<Evidence, Cart> paused =
                protocol.next(first.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
        Decision<Evidence, Cart> second = protocol.next(paused.evidence(), Event.resumed(), moment());

        assertThat(paused.kind()).isEqualTo(Decision.Kind.PAUSE);
        assertThat(second.evidence().attempts())
                .hasSize(2)
                .extracting(Attempt::id)
                .containsOnly(first.evidence().attempts().get(0).id());
    }

    @Test
    void add_thatTheItemCannotTake_isFollowedByAWriteThatPinsIt() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("b", "1", 1)));
        Failure invalid = Failure.of(Failures.validation("x"));
        Decision<Evidence, Cart> blind = started(protocol);

        Decision<Evidence, Cart> read = protocol.next(blind.evidence(), Event.failed(invalid), moment());
        Decision<Evidence, Cart> pinned =
                protocol.next(read.evidence(), Event.done(List.of(table.item(USER)), List.of()), moment());

        // Even if the cart was written just now, and has been repaired meanwhile.
        assertThat(read.request()).isEqualTo(Request.get(USER, true));
        assertThat(writeOf(pinned).before()).isNotNull();
        assertThat(pinned.evidence().attempts())
                .extracting(Attempt::id)
                .containsOnly(blind.evidence().inFlight().id());
        assertThat(protocol.next(pinned.evidence(), Event.failed(invalid), moment())
                        .kind())
                .isEqualTo(Decision.Kind.FAIL);
    }

    /** A program that does not know the library's sets may write another type between the read and the write. */
    @Test
    void change_thatTheItemCanNoLongerTake_isMadeFromAnotherReadOnce() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).remove("a").add(book("b", "1", 1)));
        Decision<Evidence, Cart> read = started(protocol);
        Decision<Evidence, Cart> first = delivered(protocol, read);
        Event invalid = Event.failed(Failure.of(Failures.validation("x")));

        Decision<Evidence, Cart> again = protocol.next(first.evidence(), invalid, moment());
        Decision<Evidence, Cart> second = delivered(protocol, again);
        Decision<Evidence, Cart> end = protocol.next(second.evidence(), invalid, moment());

        assertThat(again.request()).isEqualTo(Request.get(USER, true));
        assertThat(delivered(protocol, second).kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(end.kind()).isEqualTo(Decision.Kind.FAIL);
        assertThat(end.failure()).isExactlyInstanceOf(CartStoreException.class);
    }

    @Test
    void add_thatTheItemCannotTakeAfterALostAttempt_isLookedFor() {
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));
        Decision<Evidence, Cart> first = started(protocol);
        deliver(first.request());
        Decision<Evidence, Cart> paused =
                protocol.next(first.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
        Decision<Evidence, Cart> second = protocol.next(paused.evidence(), Event.resumed(), moment());

        Decision<Evidence, Cart> read =
                protocol.next(second.evidence(), Event.failed(Failure.of(Failures.validation("x"))), moment());
        Decision<Evidence, Cart> found =
                protocol.next(read.evidence(), Event.done(List.of(table.item(USER)), List.of()), moment());

        assertThat(read.request()).isEqualTo(Request.get(USER, true));
        assertThat(found.kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(found.value().totalItems()).isEqualTo(1);
    }

    @Test
    void add_toAContendedLine_pinsNoVersionUnlessSomethingIsStale() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));

        Decision<Evidence, Cart> raise = refusedAdd(protocol);

        assertThat(raise.request().write().before()).isNull();

        millis += Memory.STALE_MILLIS;
        deliver(started(protocol(CartUpdate.of(USER).add(book("b", "1", 1)))).request());

        Decision<Evidence, Cart> change = refusedAdd(protocol);

        assertThat(change.request().write().before()).isNotNull();
        assertThat(deliver(change.request()).kind()).isEqualTo(Event.Kind.DONE);
        assertThat(seen().memory().ring()).doesNotContain(seen().memory().incarnation());
        assertThat(seen().cart().totalItems()).isEqualTo(3);
    }

    private Decision<Evidence, Cart> refusedAdd(UpdateProtocol protocol) {
        Decision<Evidence, Cart> add = started(protocol);
        return protocol.next(add.evidence(), deliver(add.request()), moment());
    }

    @Test
    void add_ofManyAttributesToAContendedLine_pinsTheVersion() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        CartItem book = book("a", "1", 1);
        for (int i = 0; i < 51; i++) {
            book = book.with("attribute" + i, i);
        }
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book));

        Decision<Evidence, Cart> second = refusedAdd(protocol);

        assertThat(second.request().write().before()).isNotNull();
    }

    @Test
    void raise_repeatedConflicts_backsOffAndEndsAsAConflict() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));
        Decision<Evidence, Cart> decision = started(protocol);
        int requests = 0;
        while (decision.kind() == Decision.Kind.SEND && requests < Stop.MAX_REQUESTS) {
            requests++;
            Attempt attempt = decision.evidence().inFlight();
            if (attempt != null && attempt.purpose() == Attempt.Purpose.FENCE) {
                decision = protocol.next(decision.evidence(), deliver(decision.request()), moment());
            } else {
                changeByAnother(CartUpdate.of(USER).reprice("a", BigDecimal.valueOf(2 + requests)));
                decision = protocol.next(decision.evidence(), refusedBy(table.item(USER)), moment());
            }
        }
        assertThat(decision.kind()).isEqualTo(Decision.Kind.PAUSE);
        assertThat(requests).isLessThanOrEqualTo(6);

        Decision<Evidence, Cart> end = protocol.stop(decision.evidence(), Stop.because(Stop.Reason.TIME, false));

        assertThat(end.failure())
                .isInstanceOfSatisfying(
                        CartConflictException.class,
                        conflict -> assertThat(conflict.current().item("a")).isPresent());
    }

    @Test
    void change_lostAndSentAgain_isAppliedOnce() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).setQuantity("a", 5));
        Decision<Evidence, Cart> write = protocol.next(Evidence.NONE, Event.start(seen()), moment());
        Decision<Evidence, Cart> paused =
                protocol.next(write.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
        Decision<Evidence, Cart> again = protocol.next(paused.evidence(), Event.resumed(), moment());
        assertThat(again.evidence().attempts()).hasSize(2);

        Event landed = deliver(again.request());
        Decision<Evidence, Cart> end = protocol.next(again.evidence(), landed, moment());

        assertThat(end.kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(deliver(write.request()).kind()).isEqualTo(Event.Kind.REFUSED);
        assertThat(seen().cart().totalItems()).isEqualTo(5);
    }

    @Test
    void fence_thatIsThrottled_isSentAgainAndThenJudged() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("b", "1", 10_000)));
        Decision<Evidence, Cart> add = started(protocol);
        Decision<Evidence, Cart> lost =
                protocol.next(add.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
        changeByAnother(CartUpdate.of(USER).add(book("b", "1", 1)));
        Decision<Evidence, Cart> again = protocol.next(lost.evidence(), Event.resumed(), moment());
        Decision<Evidence, Cart> fence = protocol.next(again.evidence(), deliver(again.request()), moment());
        assertThat(fence.evidence().inFlight().purpose()).isEqualTo(Attempt.Purpose.FENCE);

        Decision<Evidence, Cart> paused =
                protocol.next(fence.evidence(), Event.failed(Failure.of(Failures.throttled())), moment());
        Decision<Evidence, Cart> next = protocol.next(paused.evidence(), Event.resumed(), moment());
        // What was seen before the delay is too old to base a result on.
        assertThat(next.request()).isEqualTo(Request.get(USER, true));
        for (int i = 0; i < 3 && next.kind() == Decision.Kind.SEND; i++) {
            Event event = next.request().kind() == Request.Kind.GET
                    ? Event.done(List.of(table.item(USER)), List.of())
                    : deliver(next.request());
            next = protocol.next(next.evidence(), event, moment());
        }

        assertThat(next.failure())
                .isInstanceOfSatisfying(
                        CartRejectedException.class,
                        rejected -> assertThat(rejected.reason()).isEqualTo(CartRejectedException.Reason.LIMIT));
        assertThat(next.left()).isNotNull();
        assertThat(deliver(add.request()).kind()).isEqualTo(Event.Kind.REFUSED);
        changeByAnother(CartUpdate.of(USER).remove("b"));
        assertThat(deliver(add.request()).kind()).isEqualTo(Event.Kind.REFUSED);
    }

    @Test
    void deadline_beforeTheRequestLeft_isNotUnknown() {
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));
        Decision<Evidence, Cart> first = started(protocol);

        assertThat(protocol.stop(first.evidence(), Stop.because(Stop.Reason.TIME, false))
                        .failure())
                .isExactlyInstanceOf(CartUnavailableException.class);
        assertThat(protocol.stop(first.evidence(), Stop.because(Stop.Reason.TIME, true))
                        .failure())
                .isExactlyInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void update_lostThenThrottledToTheEnd_isUnknown() {
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));
        Decision<Evidence, Cart> decision = started(protocol);
        decision = protocol.next(decision.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
        decision = protocol.next(decision.evidence(), Event.resumed(), moment());
        decision = protocol.next(decision.evidence(), Event.failed(Failure.of(Failures.throttled())), moment());

        assertThat(protocol.stop(decision.evidence(), Stop.because(Stop.Reason.TIME, false))
                        .failure())
                .isExactlyInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void add_refusedByAnItemThatAnotherThenAdopts_isNotAppliedTwice() {
        table.put(Items.with(Items.item(), "userId", AttributeValue.fromS(USER)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("new", "1", 3)));
        Decision<Evidence, Cart> add = started(protocol);

        // Two copies are in flight. One is refused because the item is another program's.
        Event refused = Event.refused(Failure.of(Failures.refused(table.item(USER))), true);
        Decision<Evidence, Cart> change = protocol.next(add.evidence(), refused, moment());
        changeByAnother(CartUpdate.of(USER).add(book("other", "1", 1)));
        // The other copy arrives after the item has become a cart of this library.
        deliver(add.request());
        Decision<Evidence, Cart> end = protocol.next(change.evidence(), deliver(change.request()), moment());

        assertThat(end.kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(seen().cart().item("new").orElseThrow().quantity()).isEqualTo(3);
    }

    private Decision<Evidence, Cart> lost(UpdateProtocol protocol, Decision<Evidence, Cart> sent) {
        return protocol.next(sent.evidence(), Event.failed(Failure.of(Failures.lost())), moment());
    }

    /** Refuses a request, with the item that is in the table. */
    private Decision<Evidence, Cart> refused(UpdateProtocol protocol, Decision<Evidence, Cart> sent) {
        return protocol.next(sent.evidence(), refusedBy(table.item(USER)), moment());
    }

    /** Refuses one of two copies of a request, while the other is still in flight. */
    private Decision<Evidence, Cart> strayed(UpdateProtocol protocol, Decision<Evidence, Cart> sent) {
        Failure failure = Failure.of(Failures.refused(table.item(USER)));
        return protocol.next(sent.evidence(), Event.refused(failure, true), moment());
    }

    private Decision<Evidence, Cart> delivered(UpdateProtocol protocol, Decision<Evidence, Cart> sent) {
        Event event = sent.request().kind() == Request.Kind.GET
                ? Event.done(List.of(table.item(USER)), List.of())
                : deliver(sent.request());
        return protocol.next(sent.evidence(), event, moment());
    }

    private Decision<Evidence, Cart> resumed(UpdateProtocol protocol, Decision<Evidence, Cart> paused) {
        assertThat(paused.kind()).isEqualTo(Decision.Kind.PAUSE);
        return protocol.next(paused.evidence(), Event.resumed(), moment());
    }

    private void pass(Duration time) {
        millis += time.toMillis();
    }

    @Test
    void result_lostAttemptAndAnItemThatTakesNoFence_isUnknown() {
        String most = Integer.toString(TERMS.limits().maxQuantity());
        table.put(Items.item("cartItems", Items.list(Items.line("a", "1", most))));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));

        Decision<Evidence, Cart> again = resumed(protocol, lost(protocol, started(protocol)));
        Decision<Evidence, Cart> end = delivered(protocol, again);

        // If another writer makes it a cart of this library, the lost attempt may still be applied.
        assertThat(end.failure()).isExactlyInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void result_lostAttemptThatPinsTheVersion_isFencedByTheVersion() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        Map<String, AttributeValue> plain = table.item(USER);
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).setItemAttribute("a", "giftWrap", true));
        Decision<Evidence, Cart> write = protocol.next(Evidence.NONE, Event.start(seen()), moment());
        Decision<Evidence, Cart> again = resumed(protocol, lost(protocol, write));
        Event refusedWithoutItem = Event.refused(Failure.of(Failures.refused(Map.of())), false);
        Decision<Evidence, Cart> read = protocol.next(again.evidence(), refusedWithoutItem, moment());
        // A program that does not know versions makes the same change.
        AttributeValue line = plain.get("cartItems").l().get(0);
        table.put(Items.with(
                plain, "cartItems", Items.list(Items.with(line, "giftWrap", AttributeValue.fromBool(true)))));

        Decision<Evidence, Cart> fence = delivered(protocol, read);
        Decision<Evidence, Cart> end = delivered(protocol, fence);

        assertThat(fence.evidence().inFlight().purpose()).isEqualTo(Attempt.Purpose.FENCE);
        assertThat(end.kind()).isEqualTo(Decision.Kind.SUCCEED);
        table.put(Items.with(table.item(USER), "cartItems", Items.list(line)));
        assertThat(deliver(write.request()).kind()).isEqualTo(Event.Kind.REFUSED);
    }

    @Test
    void fence_clockThatWasSetBack_isYoungerThanWhatItExcludes() {
        changeByAnother(CartUpdate.of(USER).add(book("b", "1", 1)));
        UpdateProtocol protocol =
                protocol(CartUpdate.of(USER).add(book("b", "1", TERMS.limits().maxQuantity())));
        Decision<Evidence, Cart> again = resumed(protocol, lost(protocol, started(protocol)));
        millis -= 1_000;

        Attempt fence = delivered(protocol, again).evidence().inFlight();

        assertThat(fence.purpose()).isEqualTo(Attempt.Purpose.FENCE);
        assertThat(fence.excluded())
                .isNotEmpty()
                .allMatch(id -> id.begin() < fence.id().begin());
    }

    @Test
    void add_refusedByALineThatIsFull_isRejectedWithoutAFence() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", TERMS.limits().maxQuantity())));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));

        assertThat(delivered(protocol, started(protocol)).failure()).isInstanceOf(CartRejectedException.class);
    }

    @Test
    void add_oneBookTwice_isReadFirst() {
        CartUpdate update = CartUpdate.of(USER).add(book("a", "1", 1)).add(book("a", "1", 2));

        assertThat(started(protocol(update)).request()).isEqualTo(Request.get(USER, true));
    }

    @Test
    void add_conflict_pinsNoVersionTheNextTime() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        pass(Duration.ofSeconds(10));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));

        Decision<Evidence, Cart> change = refused(protocol, started(protocol));
        Decision<Evidence, Cart> raise = refused(protocol, change);

        assertThat(writeOf(change).before()).isNotNull();
        assertThat(writeOf(raise).before()).isNull();
    }

    /** Only a write that pins the version repairs what makes an item refuse the others. */
    @Test
    void add_manyConflicts_pinsTheVersionEveryThirdTime() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        pass(Duration.ofSeconds(10));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("a", "1", 1)));

        Decision<Evidence, Cart> decision = refused(protocol, started(protocol));
        List<Boolean> pinned = new ArrayList<>();
        for (int step = 0; step < 15; step++) {
            Attempt attempt = decision.evidence().inFlight();
            if (decision.kind() == Decision.Kind.PAUSE) {
                decision = resumed(protocol, decision);
            } else if (attempt == null || attempt.purpose() == Attempt.Purpose.FENCE) {
                decision = delivered(protocol, decision);
            } else {
                pinned.add(attempt.isPinned());
                changeByAnother(CartUpdate.of(USER).reprice("a", BigDecimal.valueOf(step + 2)));
                decision = refused(protocol, decision);
            }
        }

        assertThat(pinned).startsWith(true, false, false, true);
    }

    @Test
    void add_conflictOverAnItemWithAWrongTotal_pinsTheVersionAgain() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        table.put(Items.with(table.item(USER), "totalItems", Items.n("7")));

        assertThat(writeOf(twiceRefusedAddTo("a")).before()).isNotNull();
    }

    @Test
    void add_conflictOverAnItemThatNeverExpires_pinsTheVersionAgain() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        table.put(Items.without(table.item(USER), "ttl"));

        assertThat(writeOf(twiceRefusedAddTo("a")).before()).isNotNull();
    }

    @Test
    void add_conflictOverBooksThatShareAHash_pinsTheVersionAgain() {
        changeByAnother(CartUpdate.of(USER).add(book("Aa", "1", 1)).add(book("BB", "1", 1)));
        assertThat(seen().isDrifted()).isFalse();

        assertThat(writeOf(twiceRefusedAddTo("Aa")).before()).isNotNull();
    }

    @Test
    void add_toABusyCartWithAKeyThatOutlivesTheExpiryOfTheAdd_pinsTheVersion() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("k"));
        Write.Terms shorter = new Write.Terms(Duration.ofHours(2), CartLimits.defaults(), 12);

        for (String bookId : List.of("a", "b")) {
            UpdateProtocol protocol = new UpdateProtocol(
                    CartUpdate.of(USER).add(book(bookId, "1", 1)), shorter, Duration.ofHours(1), "carts", true);
            assertThat(writeOf(refusedAdd(protocol)).before()).as(bookId).isNotNull();
        }
    }

    @Test
    void add_toABusyCartWithItsKeyPastItsRetention_pinsTheVersion() {
        CartUpdate keyed = CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("k");
        changeByAnother(keyed);
        pass(Duration.ofHours(24));
        changeByAnother(CartUpdate.of(USER).remove("a"));

        assertThat(writeOf(refusedAdd(protocol(keyed))).before()).isNotNull();
    }

    private Decision<Evidence, Cart> twiceRefusedAddTo(String bookId) {
        pass(Duration.ofSeconds(10));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book(bookId, "1", 1)));
        return refused(protocol, refused(protocol, started(protocol)));
    }

    @Test
    void add_conflictsOverAnExpiredItem_replacesItAndSendsNoFence() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        pass(TERMS.timeToLive().plusDays(1));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).add(book("b", "1", 1)));

        Decision<Evidence, Cart> again = refused(protocol, strayed(protocol, started(protocol)));
        Decision<Evidence, Cart> paused = refused(protocol, again);

        assertThat(writeOf(again).kind()).isEqualTo(Write.Kind.PUT);
        assertThat(paused.kind()).isEqualTo(Decision.Kind.PAUSE);
    }

    @Test
    void deadline_afterAConflict_isAConflictWithWhatWasSeen() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).setQuantity("a", 5));
        Decision<Evidence, Cart> write = protocol.next(Evidence.NONE, Event.start(seen()), moment());
        changeByAnother(CartUpdate.of(USER).setQuantity("a", 3));

        Decision<Evidence, Cart> again = refused(protocol, write);
        Decision<Evidence, Cart> end = protocol.stop(again.evidence(), Stop.because(Stop.Reason.TIME, false));

        assertThat(end.failure())
                .isInstanceOfSatisfying(
                        CartConflictException.class,
                        conflict -> assertThat(conflict.current().totalItems()).isEqualTo(3));
    }

    @Test
    void clear_withAKey_deletesNothingUnread() {
        CartUpdate update = CartUpdate.of(USER).clear().idempotencyKey("order-1");

        assertThat(started(protocol(update)).request()).isEqualTo(Request.get(USER, true));
    }

    @Test
    void clear_responseLostAndNothingSince_isRecovered() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        pass(Duration.ofHours(2));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).clear());
        Decision<Evidence, Cart> remove = protocol.next(Evidence.NONE, Event.start(seen()), moment());
        assertThat(deliver(remove.request()).kind()).isEqualTo(Event.Kind.DONE);

        Decision<Evidence, Cart> again = resumed(protocol, lost(protocol, remove));
        Decision<Evidence, Cart> end = delivered(protocol, delivered(protocol, again));

        assertThat(end.kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(end.recovered()).isTrue();
        assertThat(end.value().isEmpty()).isTrue();
    }

    @Test
    void clear_lostAndAnotherCartThatMayHaveBeenThereBefore_isUnknown() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)));
        StoredCart stale = seen();
        pass(Duration.ofHours(2));
        changeByAnother(CartUpdate.of(USER).clear());
        changeByAnother(CartUpdate.of(USER).add(book("b", "1", 1)));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).clear());
        Decision<Evidence, Cart> remove = protocol.next(Evidence.NONE, Event.start(stale), moment());
        assertThat(writeOf(remove).kind()).isEqualTo(Write.Kind.DELETE);

        Decision<Evidence, Cart> again = resumed(protocol, lost(protocol, remove));
        Decision<Evidence, Cart> end = delivered(protocol, again);

        assertThat(end.failure()).isExactlyInstanceOf(CartOutcomeUnknownException.class);
    }

    @Test
    void clear_conflictsWhileABlindDeleteMayLand_sendsNoFence() {
        changeByAnother(CartUpdate.of(USER).add(book("a", "1", 1)).idempotencyKey("k"));
        pass(Duration.ofHours(2));
        UpdateProtocol protocol = protocol(CartUpdate.of(USER).clear());

        Decision<Evidence, Cart> clear = strayed(protocol, started(protocol));
        Decision<Evidence, Cart> again = refused(protocol, clear);
        assertThat(again.evidence().attempts()).anyMatch(attempt -> attempt.isDeletion() && attempt.isAmbiguous());

        // The attempt leaves no ID that a fence could exclude, and any write to the cart rules it out.
        assertThat(refused(protocol, again).kind()).isEqualTo(Decision.Kind.PAUSE);
    }
}
