package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.History.Action;
import com.cloudshelf.cart.History.Broken;
import com.cloudshelf.cart.History.Change;
import com.cloudshelf.cart.History.Conflict;
import com.cloudshelf.cart.History.ForeignAdd;
import com.cloudshelf.cart.History.MergeCarts;
import com.cloudshelf.cart.History.NoEffect;
import com.cloudshelf.cart.History.NoItem;
import com.cloudshelf.cart.History.Ok;
import com.cloudshelf.cart.History.Operation;
import com.cloudshelf.cart.History.Outcome;
import com.cloudshelf.cart.History.Passage;
import com.cloudshelf.cart.History.Read;
import com.cloudshelf.cart.History.Rejected;
import com.cloudshelf.cart.History.Unknown;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinearizabilityCheckerTest {
    private static final String USER = "user123";
    private static final String GUEST = "guest456";
    private static final Outcome DONE = new Ok(null);
    private static final Outcome UNKNOWN = new Unknown("test");
    private static final Action GET = new Read(USER);

    private final History history = new History(CartLimits.of(3, 10));

    @BeforeEach
    void beginPhase() {
        history.begin(Passage.NONE, null);
    }

    // --- order in time ---

    @Test
    void read_ofACompletedWrite_showsIt() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, GET, cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void read_missingACompletedWrite_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, GET, cart(""));
        assertNotLinearizable();
    }

    @Test
    void read_duringAWrite_showsItOrNot() {
        add(1, 6, add("b1", 2), cart("b1:2"));
        add(2, 3, GET, cart(""));
        add(4, 5, GET, cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void read_afterOneThatShowedAWrite_mustShowItToo() {
        add(1, 6, add("b1", 2), cart("b1:2"));
        add(2, 3, GET, cart("b1:2"));
        add(4, 5, GET, cart(""));
        assertNotLinearizable();
    }

    @Test
    void writes_concurrent_oneSawTheOther() {
        add(1, 3, add("b1", 2), cart("b1:2"));
        add(2, 4, add("b1", 3), cart("b1:5"));
        assertLinearizable();
    }

    @Test
    void writes_concurrent_neitherSawTheOther_notLinearizable() {
        add(1, 3, add("b1", 2), cart("b1:2"));
        add(2, 4, add("b1", 3), cart("b1:3"));
        assertNotLinearizable();
    }

    @Test
    void write_thatShowsTwice_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, GET, cart("b1:4"));
        assertNotLinearizable();
    }

    @Test
    void clear_thatLeavesALine_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, new Change(update().clear(), null), DONE);
        add(5, 6, GET, cart("b1:2"));
        assertNotLinearizable();
    }

    @Test
    void clear_thatRemovesALaterLine_notLinearizable() {
        add(1, 4, new Change(update().clear(), null), DONE);
        add(2, 3, GET, cart(""));
        add(5, 6, add("b1", 2), cart("b1:2"));
        add(7, 8, GET, cart(""));
        assertNotLinearizable();
    }

    // --- outcomes ---

    @Test
    void unknown_happensLateOrNever() {
        add(1, 2, add("b1", 2), UNKNOWN);
        add(3, 4, add("b2", 2), UNKNOWN);
        add(5, 6, GET, cart(""));
        add(7, 8, GET, cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void unknown_beforeItsCall_notLinearizable() {
        add(1, 2, GET, cart("b1:2"));
        add(3, 4, add("b1", 2), UNKNOWN);
        assertNotLinearizable();
    }

    @Test
    void unknown_twice_notLinearizable() {
        add(1, 2, add("b1", 2), UNKNOWN);
        add(3, 4, GET, cart("b1:4"));
        assertNotLinearizable();
    }

    @Test
    void unknown_afterTheEndOfItsPhase_notLinearizable() {
        add(1, 2, add("b1", 2), UNKNOWN);
        history.begin(Passage.NONE, null);
        add(3, 4, GET, cart(""));
        add(5, 6, GET, cart("b1:2"));
        assertNotLinearizable();
    }

    @Test
    void noEffect_thatShows_notLinearizable() {
        add(1, 2, add("b1", 2), new NoEffect("throttled"));
        add(3, 4, GET, cart("b1:2"));
        assertNotLinearizable();
    }

    @Test
    void broken_always_isAMistake() {
        add(1, 2, GET, new Broken(new AssertionError()));
        assertThat(LinearizabilityChecker.check(history)).isPresent();
        assertThat(LinearizabilityChecker.isLinearizable(history)).isTrue();
    }

    @Test
    void responseLost_returnsWhatWasReadLater() {
        addIndirect(1, 6, add("b1", 2), cart("b1:2 b2:1"));
        add(2, 3, GET, cart("b1:2"));
        add(4, 5, add("b2", 1), cart("b1:2 b2:1"));
        assertLinearizable();
    }

    @Test
    void responseLost_returnsWhatCameAfterItsEnd_notLinearizable() {
        addIndirect(1, 2, add("b1", 2), cart("b1:2 b2:1"));
        add(3, 4, add("b2", 1), cart("b1:2 b2:1"));
        assertNotLinearizable();
    }

    @Test
    void responseNotLost_returnsWhatWasReadLater_notLinearizable() {
        add(1, 6, add("b1", 2), cart("b1:2 b2:1"));
        add(2, 3, GET, cart("b1:2"));
        add(4, 5, add("b2", 1), cart("b1:2 b2:1"));
        assertNotLinearizable();
    }

    @Test
    void rejection_fitsAMomentOfTheCall() {
        add(1, 4, new Change(update().setQuantity("b1", 1), null), new Rejected(Reason.UNKNOWN_BOOK));
        add(2, 3, add("b1", 2), cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void rejection_fitsNoMoment_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, new Change(update().setQuantity("b1", 1), null), new Rejected(Reason.UNKNOWN_BOOK));
        assertNotLinearizable();
    }

    @Test
    void limit_ofTheHistory_isKept() {
        add(1, 2, add("b1", 10), cart("b1:10"));
        add(3, 4, add("b1", 1), new Rejected(Reason.LIMIT));
        assertLinearizable();
        add(5, 6, add("b1", 1), cart("b1:11"));
        assertNotLinearizable();
    }

    // --- versions and keys ---

    @Test
    void version_unchanged_succeeds() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, ifVersion("b1:2"), cart("b1:2 b2:1"));
        assertLinearizable();
    }

    @Test
    void version_changed_conflicts() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, add("b1", 1), cart("b1:3"));
        add(5, 6, ifVersion("b1:2"), new Conflict(content(USER, "b1:3"), true));
        assertLinearizable();
    }

    @Test
    void version_changed_succeeds_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, add("b1", 1), cart("b1:3"));
        add(5, 6, ifVersion("b1:2"), cart("b1:3 b2:1"));
        assertNotLinearizable();
    }

    @Test
    void conflict_withACartThatNeverWas_notLinearizable() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, ifVersion("b1:3"), new Conflict(content(USER, "b1:1"), true));
        assertNotLinearizable();
    }

    @Test
    void version_ofTwoContents_isAMistake() {
        add(1, 2, add("b1", 2), new Ok(stored(USER, "b1:2", "v1")));
        add(3, 4, add("b1", 1), new Ok(stored(USER, "b1:3", "v1")));
        assertThat(LinearizabilityChecker.check(history).orElseThrow().report()).contains("version v1");
    }

    @Test
    void key_repeated_hasNoSecondEffect() {
        add(1, 2, keyed(update().add(item("b1", 2))), cart("b1:2"));
        add(3, 4, add("b2", 1), cart("b1:2 b2:1"));
        add(5, 6, keyed(update().add(item("b1", 2))), cart("b1:2 b2:1"));
        assertLinearizable();
        add(7, 8, keyed(update().add(item("b1", 2))), cart("b1:4 b2:1"));
        assertNotLinearizable();
    }

    @Test
    void key_afterAnUnknownOutcome_takesEffectOnce() {
        add(1, 2, keyed(update().add(item("b1", 2))), UNKNOWN);
        add(3, 4, keyed(update().add(item("b1", 2))), cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void key_afterAClear_isRemembered() {
        add(1, 2, keyed(update().add(item("b1", 2))), cart("b1:2"));
        add(3, 4, new Change(update().clear(), null), DONE);
        add(5, 6, keyed(update().add(item("b1", 2))), cart(""));
        assertLinearizable();
    }

    @Test
    void key_forOtherChanges_isRejected() {
        add(1, 2, keyed(update().add(item("b1", 2))), cart("b1:2"));
        add(3, 4, keyed(update().add(item("b1", 3))), new Rejected(Reason.KEY_REUSED));
        assertLinearizable();
    }

    // --- time and other writers ---

    @Test
    void expiry_forgetsLinesAndKeys() {
        add(1, 2, keyed(update().add(item("b1", 2))), cart("b1:2"));
        history.begin(Passage.EXPIRY, null);
        add(3, 4, GET, cart(""));
        add(5, 6, keyed(update().add(item("b1", 2))), cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void rest_forgetsNothing() {
        add(1, 2, keyed(update().add(item("b1", 2))), cart("b1:2"));
        history.begin(Passage.REST, null);
        add(3, 4, keyed(update().add(item("b1", 2))), cart("b1:2"));
        assertLinearizable();
    }

    @Test
    void foreignAdd_isSummedUp() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, new ForeignAdd(USER, item("b1", 3)), DONE);
        add(5, 6, GET, cart("b1:5"));
        assertLinearizable();
        add(7, 8, new ForeignAdd(USER, item("b1", 3)), new NoItem());
        assertNotLinearizable();
    }

    @Test
    void foreignAdd_toAnExpiredCart_isLost() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        history.begin(Passage.EXPIRY, null);
        add(3, 4, new ForeignAdd(USER, item("b1", 3)), DONE);
        add(5, 6, GET, cart(""));
        assertLinearizable();
    }

    @Test
    void foreignCart_takesThePlaceOfTheOldOne() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        history.begin(Passage.FOREIGN_CART, content(USER, "b3:1"));
        add(3, 4, GET, cart("b3:1"));
        assertLinearizable();
    }

    @Test
    void merge_takesBothCartsAtOnce() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, new Change(CartUpdate.of(GUEST).add(item("b1", 1)), null), new Ok(content(GUEST, "b1:1")));
        add(5, 10, new MergeCarts(GUEST, USER, MergeStrategy.SUM), cart("b1:3"));
        add(6, 7, GET, cart("b1:3"));
        add(8, 9, new Read(GUEST), new Ok(content(GUEST, "")));
        assertLinearizable();
        add(11, 12, new Read(GUEST), new Ok(content(GUEST, "b1:1")));
        assertNotLinearizable();
    }

    @Test
    void merge_seenInOneCartOnly_notLinearizable() {
        add(1, 2, new Change(CartUpdate.of(GUEST).add(item("b1", 1)), null), new Ok(content(GUEST, "b1:1")));
        add(3, 8, new MergeCarts(GUEST, USER, MergeStrategy.SUM), cart("b1:1"));
        add(4, 5, GET, cart("b1:1"));
        add(6, 7, new Read(GUEST), new Ok(content(GUEST, "b1:1")));
        assertNotLinearizable();
    }

    // --- the report ---

    @Test
    void report_namesTheShortestBadPart() {
        add(1, 2, add("b1", 2), cart("b1:2"));
        add(3, 4, GET, cart(""));
        add(5, 6, GET, cart("b1:2"));

        assertThat(LinearizabilityChecker.check(history).orElseThrow().report())
                .contains("[1, 2]", "[3, 4]", "could have come to 1 of these:\n    {b1:2@1")
                .doesNotContain("[5, 6]");
    }

    private void assertLinearizable() {
        assertThat(LinearizabilityChecker.check(history)).isEmpty();
    }

    private void assertNotLinearizable() {
        assertThat(LinearizabilityChecker.isLinearizable(history)).isFalse();
    }

    private void add(long invoked, long completed, Action action, Outcome outcome) {
        history.add(new Operation(history.nextNumber(), "a", action, invoked, completed, outcome, true, ""));
    }

    private void addIndirect(long invoked, long completed, Action action, Outcome outcome) {
        history.add(new Operation(history.nextNumber(), "a", action, invoked, completed, outcome, false, ""));
    }

    private static CartUpdate update() {
        return CartUpdate.of(USER);
    }

    private static Action add(String bookId, int quantity) {
        return new Change(update().add(item(bookId, quantity)), null);
    }

    private static Action keyed(CartUpdate update) {
        return new Change(update.idempotencyKey("key"), null);
    }

    /** Adds one of b2 if the cart is still the given one. */
    private static Action ifVersion(String lines) {
        Cart demanded = content(USER, lines);
        return new Change(update().add(item("b2", 1)).ifVersion(demanded.version()), demanded);
    }

    private static Outcome cart(String lines) {
        return new Ok(content(USER, lines));
    }

    /** Returns a cart with these lines, such as "b1:2 b2:1", and with a version that no other lines have. */
    private static Cart content(String userId, String lines) {
        return stored(userId, lines, "v" + lines.replace(':', '-').replace(' ', '_'));
    }

    private static Cart stored(String userId, String lines, String version) {
        List<CartItem> items = Stream.of(lines.split(" "))
                .filter(line -> !line.isEmpty())
                .map(line -> line.split(":"))
                .map(line -> item(line[0], Integer.parseInt(line[1])))
                .toList();
        Cart cart = new Cart(userId, items, null, null, null);
        return Cart.stored(cart, CartVersion.of(version, 1, 1), Instant.EPOCH, Instant.MAX);
    }

    private static CartItem item(String bookId, int quantity) {
        return CartItem.of(bookId, null, null, BigDecimal.ONE, quantity).withAddedAt(Instant.EPOCH);
    }
}
