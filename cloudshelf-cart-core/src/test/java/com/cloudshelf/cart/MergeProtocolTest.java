package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** The protocol of a merge, tested as a pure function: no store, no client, no thread. */
class MergeProtocolTest {
    private static final String GUEST = "guest";

    private final Table table = new Table();
    private final MergeProtocol protocol = new MergeProtocol(GUEST, USER, MergeStrategy.SUM, Writes.TERMS, "carts");
    private long millis = NOW.toEpochMilli();

    @BeforeEach
    void fill() {
        table.put(Writes.itemOf(cartOf(book("a", "1", 1)), NOW.minusSeconds(60)));
        table.put(guestItem());
    }

    private static Map<String, AttributeValue> guestItem() {
        return guestItem(60);
    }

    private static Map<String, AttributeValue> guestItem(long secondsAgo) {
        return Items.with(
                Writes.itemOf(cartOf(book("g", "2", 1)), NOW.minusSeconds(secondsAgo)),
                ItemFormat.USER_ID,
                AttributeValue.fromS(GUEST));
    }

    private Moment moment() {
        millis++;
        return new Moment(Instant.ofEpochMilli(millis), millis, WriteId::startedAt);
    }

    private Decision<MergeProtocol.Evidence, Cart> next(Decision<MergeProtocol.Evidence, Cart> before, Event event) {
        return protocol.next(before.evidence(), event, moment());
    }

    /** Returns the decision to send the first transaction. */
    private Decision<MergeProtocol.Evidence, Cart> transaction() {
        Decision<MergeProtocol.Evidence, Cart> read = protocol.next(protocol.nothingYet(), Event.start(null), moment());
        return next(read, bothRead(read));
    }

    private Event bothRead(Decision<MergeProtocol.Evidence, Cart> decision) {
        assertThat(decision.request()).isEqualTo(Request.getBoth(GUEST, USER));
        return Event.done(List.of(table.item(GUEST), table.item(USER)), List.of());
    }

    private Event delivered(Decision<MergeProtocol.Evidence, Cart> decision) {
        try {
            table.serve(TransactWriteItemsRequest.builder()
                    .transactItems(decision.request().parts().stream()
                            .map(part -> part.asPart("carts"))
                            .toList())
                    .build());
            return Event.done(List.of(), List.of());
        } catch (AwsServiceException e) {
            return Event.refused(Failure.of(e), false);
        }
    }

    private static Event lost() {
        return Event.failed(Failure.of(Failures.lost()));
    }

    private static Event throttled() {
        return Event.failed(Failure.of(Failures.throttled()));
    }

    /** Raises the version, as any other call's change does. */
    private void changeByAnother(String userId) {
        StoredCart stored = stored(userId);
        Write write = PinnedWrites.change(
                stored, stored.cart(), null, Writes.stamp(Instant.ofEpochMilli(++millis)), Writes.TERMS);
        table.put(Expressions.apply(write, table.item(userId)));
    }

    private StoredCart stored(String userId) {
        return ItemFormat.decode(userId, table.item(userId), Instant.ofEpochMilli(millis));
    }

    @Nested
    class Tokens {
        @Test
        void transaction_whoseResponseWasLost_isSentAgainUnchangedUnderTheSameToken() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();

            Decision<MergeProtocol.Evidence, Cart> paused = next(first, lost());
            Decision<MergeProtocol.Evidence, Cart> again = next(paused, Event.resumed());

            assertThat(paused.kind()).isEqualTo(Decision.Kind.PAUSE);
            assertThat(again.request()).isSameAs(first.request());
        }

        @Test
        void transaction_thatWasThrottled_isSentAgainUnchangedUnderTheSameToken() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();

            Decision<MergeProtocol.Evidence, Cart> again = next(next(first, throttled()), Event.resumed());

            assertThat(again.request()).isSameAs(first.request());
        }

        @Test
        void transaction_afterARefusal_isRebuiltUnderAnotherToken() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();
            changeByAnother(USER);

            Decision<MergeProtocol.Evidence, Cart> read = next(first, delivered(first));
            Decision<MergeProtocol.Evidence, Cart> second = next(read, bothRead(read));

            assertThat(second.request().parts()).isNotEqualTo(first.request().parts());
            assertThat(second.request().token()).isNotEqualTo(first.request().token());
        }

        @Test
        void transactions_ofTwoMerges_haveTwoTokens() {
            assertThat(transaction().request().token())
                    .isNotEqualTo(transaction().request().token());
        }
    }

    @Test
    void transaction_refusedForTheSecondTime_isNotSentAgainAfterThePause() {
        Decision<MergeProtocol.Evidence, Cart> first = transaction();
        changeByAnother(USER);
        Decision<MergeProtocol.Evidence, Cart> read = next(first, delivered(first));
        Decision<MergeProtocol.Evidence, Cart> second = next(read, bothRead(read));
        changeByAnother(GUEST);

        Decision<MergeProtocol.Evidence, Cart> paused = next(second, delivered(second));
        Decision<MergeProtocol.Evidence, Cart> resumed = next(paused, Event.resumed());

        assertThat(paused.kind()).isEqualTo(Decision.Kind.PAUSE);
        assertThat(resumed.request()).isEqualTo(Request.getBoth(GUEST, USER));
    }

    /** DynamoDB cancels the transaction, and DynamoDB Local refuses the request. */
    static Stream<AwsServiceException> typeErrors() {
        return Stream.of(
                TransactionCanceledException.builder()
                        .cancellationReasons(
                                CancellationReason.builder()
                                        .code("ValidationError")
                                        .build(),
                                CancellationReason.builder().code("None").build())
                        .build(),
                Failures.validation("x"));
    }

    /** A program that does not know the library's sets may write another type between the read and the write. */
    @ParameterizedTest
    @MethodSource("typeErrors")
    void transaction_thatAnItemCanNoLongerTake_isMadeFromAnotherReadOnce(AwsServiceException typeError) {
        Event invalid = Event.failed(Failure.of(typeError));

        Decision<MergeProtocol.Evidence, Cart> read = next(transaction(), invalid);
        Decision<MergeProtocol.Evidence, Cart> second = next(read, bothRead(read));
        Decision<MergeProtocol.Evidence, Cart> end = next(second, invalid);

        assertThat(next(second, delivered(second)).kind()).isEqualTo(Decision.Kind.SUCCEED);
        assertThat(end.failure()).isExactlyInstanceOf(CartStoreException.class);
    }

    /** A merge moves each line of the guest as it was read, whatever has changed in it. */
    @ParameterizedTest
    @ValueSource(longs = {60, 7200})
    void guestLine_changedMeanwhileByAProgramWithoutVersions_isMergedAsItIs(long secondsAgo) {
        table.put(guestItem(secondsAgo));
        Decision<MergeProtocol.Evidence, Cart> first = transaction();
        AttributeValue changed = Items.with(Items.line("g", "2", "5"), "title", Items.s("Another"));
        table.put(Items.with(table.item(GUEST), "cartItems", Items.list(changed)));

        Decision<MergeProtocol.Evidence, Cart> read = next(first, delivered(first));
        Decision<MergeProtocol.Evidence, Cart> second = next(read, bothRead(read));
        delivered(second);

        CartItem merged = stored(USER).cart().item("g").orElseThrow();
        assertThat(merged.quantity()).isEqualTo(5);
        assertThat(merged.title()).contains("Another");
        assertThat(stored(GUEST).cart().isEmpty()).isTrue();
    }

    @Test
    void guestTitle_changedMeanwhile_isMergedAsItIs() {
        Decision<MergeProtocol.Evidence, Cart> first = transaction();
        AttributeValue line = table.item(GUEST).get("cartItems").l().get(0);
        table.put(
                Items.with(table.item(GUEST), "cartItems", Items.list(Items.with(line, "title", Items.s("Another")))));

        assertThat(delivered(first).kind()).isEqualTo(Event.Kind.REFUSED);
    }

    @ParameterizedTest
    @ValueSource(strings = {GUEST, USER})
    void item_ofAHigherFormat_isNotWrittenTo(String userId) {
        table.put(Items.with(table.item(userId), ItemFormat.FORMAT, Items.n("2")));

        Decision<MergeProtocol.Evidence, Cart> end = transaction();

        assertThat(end.kind()).isEqualTo(Decision.Kind.FAIL);
        assertThat(end.failure()).hasMessageContaining("format");
        assertThat(end.failure().userId()).isEqualTo(userId);
    }

    @Nested
    class LostAnswers {
        @Test
        void transaction_thatWasApplied_isFoundInTheRemainingCart() {
            for (String deleted : List.of(GUEST, USER)) {
                fill();
                Decision<MergeProtocol.Evidence, Cart> first = transaction();
                delivered(first);
                Decision<MergeProtocol.Evidence, Cart> again = next(next(first, lost()), Event.resumed());
                Event refused = delivered(again);
                table.put(deleted.equals(GUEST) ? guestItem() : Writes.itemOf(cartOf(book("n", "3", 1)), NOW));

                Decision<MergeProtocol.Evidence, Cart> read = next(again, refused);
                Decision<MergeProtocol.Evidence, Cart> end = next(read, bothRead(read));

                assertThat(end.kind()).as("with another cart of %s", deleted).isEqualTo(Decision.Kind.SUCCEED);
                assertThat(end.recovered()).isTrue();
                assertThat(end.value()).isEqualTo(stored(USER).cart());
            }
        }

        @Test
        void transaction_thatAFullRingMayHaveForgotten_isUnknown() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();
            Decision<MergeProtocol.Evidence, Cart> again = next(next(first, lost()), Event.resumed());
            for (int i = 0; i <= Writes.RING; i++) {
                changeByAnother(USER);
            }

            Decision<MergeProtocol.Evidence, Cart> read = next(again, delivered(again));
            Decision<MergeProtocol.Evidence, Cart> end = next(read, bothRead(read));

            assertThat(end.failure()).isInstanceOf(CartOutcomeUnknownException.class);
        }

        @Test
        void transaction_thatWasRefusedLater_leavesNoDoubt() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();
            Decision<MergeProtocol.Evidence, Cart> again = next(next(first, lost()), Event.resumed());
            changeByAnother(USER);
            Decision<MergeProtocol.Evidence, Cart> read = next(again, delivered(again));
            Decision<MergeProtocol.Evidence, Cart> second = next(read, bothRead(read));

            Decision<MergeProtocol.Evidence, Cart> end =
                    protocol.stop(next(second, throttled()).evidence(), Stop.because(Stop.Reason.TIME, false));

            assertThat(end.failure()).isInstanceOf(CartThrottledException.class);
        }

        @Test
        void transaction_thatWasRefusedBeforeTheFormatRose_leavesNoDoubt() {
            Decision<MergeProtocol.Evidence, Cart> first = transaction();
            Decision<MergeProtocol.Evidence, Cart> again = next(next(first, lost()), Event.resumed());
            changeByAnother(USER);
            Decision<MergeProtocol.Evidence, Cart> read = next(again, delivered(again));
            table.put(Items.with(table.item(GUEST), ItemFormat.FORMAT, Items.n("2")));

            Decision<MergeProtocol.Evidence, Cart> end = next(read, bothRead(read));

            assertThat(end.kind()).isEqualTo(Decision.Kind.FAIL);
            assertThat(end.failure()).isNotInstanceOf(CartOutcomeUnknownException.class);
        }

        @Test
        void stop_whileATransactionIsUnanswered_isUnknown() {
            Decision<MergeProtocol.Evidence, Cart> end =
                    protocol.stop(transaction().evidence(), Stop.because(Stop.Reason.TIME, true));

            assertThat(end.failure()).isInstanceOf(CartOutcomeUnknownException.class);
        }

        @Test
        void stop_whileOnlyAReadIsUnanswered_isNotUnknown() {
            Decision<MergeProtocol.Evidence, Cart> read =
                    protocol.next(protocol.nothingYet(), Event.start(null), moment());

            Decision<MergeProtocol.Evidence, Cart> end =
                    protocol.stop(read.evidence(), Stop.because(Stop.Reason.TIME, true));

            assertThat(end.failure()).isInstanceOf(CartUnavailableException.class);
        }

        @Test
        void transaction_lostThenStopped_isUnknown() {
            Decision<MergeProtocol.Evidence, Cart> paused = next(transaction(), lost());

            Decision<MergeProtocol.Evidence, Cart> end =
                    protocol.stop(paused.evidence(), Stop.because(Stop.Reason.QUOTA, false));

            assertThat(end.failure()).isInstanceOf(CartOutcomeUnknownException.class);
        }
    }

    @Test
    void guest_withAttributesAndNoLines_isMerged() {
        Cart bare = Cart.empty(GUEST);
        table.put(Items.with(
                Items.with(Writes.itemOf(bare, NOW.minusSeconds(60)), ItemFormat.USER_ID, AttributeValue.fromS(GUEST)),
                "coupon",
                Items.s("SUMMER")));

        Decision<MergeProtocol.Evidence, Cart> decision = transaction();

        assertThat(decision.request().kind()).isEqualTo(Request.Kind.TRANSACT);
    }

    /** If the ID were older than the IDs that the item has forgotten, it would prove nothing after a lost response. */
    @Test
    void id_ofAMachineWhoseClockIsBehind_isLaterThanWhatTheItemsHaveForgotten() {
        for (String userId : List.of(GUEST, USER)) {
            fill();
            long forgotten = millis + 60_000;
            table.put(Items.with(table.item(userId), ItemFormat.FORGOTTEN, Items.n(Long.toString(forgotten))));

            WriteId id = transaction().evidence().id();

            assertThat(id.begin()).as("after %s", userId).isGreaterThan(forgotten);
        }
    }
}
