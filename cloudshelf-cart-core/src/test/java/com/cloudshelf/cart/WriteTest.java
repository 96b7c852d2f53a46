package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Examples.money;
import static com.cloudshelf.cart.Items.b;
import static com.cloudshelf.cart.Items.bs;
import static com.cloudshelf.cart.Items.hashes;
import static com.cloudshelf.cart.Items.item;
import static com.cloudshelf.cart.Items.line;
import static com.cloudshelf.cart.Items.list;
import static com.cloudshelf.cart.Items.map;
import static com.cloudshelf.cart.Items.n;
import static com.cloudshelf.cart.Items.ring;
import static com.cloudshelf.cart.Items.s;
import static com.cloudshelf.cart.Items.with;
import static com.cloudshelf.cart.Writes.RING;
import static com.cloudshelf.cart.Writes.TERMS;
import static com.cloudshelf.cart.Writes.cartWithLines;
import static com.cloudshelf.cart.Writes.change;
import static com.cloudshelf.cart.Writes.decode;
import static com.cloudshelf.cart.Writes.hash;
import static com.cloudshelf.cart.Writes.itemOf;
import static com.cloudshelf.cart.Writes.itemWithLines;
import static com.cloudshelf.cart.Writes.key;
import static com.cloudshelf.cart.Writes.stamp;
import static com.cloudshelf.cart.Writes.withKey;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.RemoveAttribute;
import com.cloudshelf.cart.CartChange.RemoveItemAttribute;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class WriteTest {

    @Nested
    class ChangeOfSingleLines {
        private final Map<String, AttributeValue> item = itemWithLines(200);
        private final StoredCart before = decode(item);

        @Test
        void change_oneLineOf200_sendsNothingOfTheOthers() {
            Write write = change(before, new SetQuantity("book137", 7));

            assertThat(path(write, "cartItems[137].quantity")).isEqualTo("7");
            assertThat(condition(write))
                    .contains("cartItems[137].bookId=book137", "cartItems[137].quantity=2", "cartItems[137].price=9.5");
            assertThat(mentionedBooks(write)).containsExactly("book137");
            assertThat(sentBytes(write)).isLessThan(1500);
        }

        @Test
        void change_lineThatKeepsSomeValues_sendsThoseThatChange() {
            Write write = change(before, new Reprice("book3", money("10")));

            assertThat(path(write, "cartItems[3].price")).isEqualTo("10");
            assertThat(update(write)).doesNotContain("quantity", "title", "author", "addedAt", "cb");
        }

        @Test
        void change_attributeOfOneLine_sendsNothingElseOfIt() {
            StoredCart wrapped = applied(
                    change(
                            before,
                            new SetItemAttribute("book3", "giftWrap", true),
                            new SetItemAttribute("book3", "note", "for Emma")),
                    item);

            Write set = change(wrapped, new SetItemAttribute("book3", "giftWrap", false));

            assertThat(update(set)).contains("cartItems[3].giftWrap=");
            assertThat(update(set)).doesNotContain("note", "quantity", "price", "title", "author", "addedAt", "cb");
            assertThat(condition(set)).contains("cartItems[3].bookId=book3", "cartItems[3].quantity=2");
            assertThat(mentionedBooks(set)).containsExactly("book3");
            assertThat(sentBytes(set)).isLessThan(1500);

            Write remove = change(wrapped, new RemoveItemAttribute("book3", "giftWrap"));

            assertThat(update(remove)).contains("REMOVE cartItems[3].giftWrap").doesNotContain("note", "quantity");
        }

        @Test
        void change_attributeOfTheCart_sendsNoOtherAndNoLine() {
            Map<String, AttributeValue> coupons =
                    Items.with(Items.with(item, "coupon", Items.s("A")), "source", Items.s("web"));

            Write set = change(decode(coupons), new SetAttribute("coupon", "B"));

            assertThat(path(set, "coupon")).isEqualTo("B");
            assertThat(update(set)).doesNotContain("source", "cartItems");
            assertThat(update(change(decode(coupons), new RemoveAttribute("coupon"))))
                    .contains("REMOVE coupon")
                    .doesNotContain("source", "cartItems");
        }

        @Test
        void change_attributeThatAnotherWriterSetMeanwhile_staysUnlessItIsTheSame() {
            Write set =
                    change(before, new SetItemAttribute("book3", "giftWrap", true), new SetAttribute("coupon", "B"));
            List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
            lines.set(3, Items.with(lines.get(3), "note", Items.s("theirs")));
            Map<String, AttributeValue> theirs =
                    Items.with(Items.with(item, "cartItems", AttributeValue.fromL(lines)), "source", Items.s("theirs"));

            Cart cart = applied(set, theirs).cart();

            assertThat(cart.attributes()).containsOnly(entry("coupon", "B"), entry("source", "theirs"));
            assertThat(cart.item("book3").orElseThrow().attributes())
                    .containsOnly(entry("giftWrap", true), entry("note", "theirs"));
        }

        @Test
        void change_addToALine_sendsQuantityAndNewDetails() {
            Write write = change(before, new Add(CartItem.of("book3", "New", "Author 3", money("8"), 5)));

            assertThat(path(write, "cartItems[3].quantity")).isEqualTo("7");
            assertThat(path(write, "cartItems[3].price")).isEqualTo("8");
            assertThat(path(write, "cartItems[3].title")).isEqualTo("New");
            assertThat(update(write)).doesNotContain("author", "addedAt");
            assertThat(mentionedBooks(write)).containsExactly("book3");
        }

        @Test
        void change_removedLines_areRemovedByTheirIndexes() {
            Write write = change(before, new Remove("book0"), new Remove("book7"), new SetQuantity("book199", 1));

            assertThat(update(write)).contains("REMOVE cartItems[0],cartItems[7]");
            assertThat(path(write, "cartItems[199].quantity")).isEqualTo("1");
            assertThat(condition(write)).contains("cartItems[0].bookId=book0", "cartItems[7].bookId=book7");
            assertThat(mentionedBooks(write)).containsExactlyInAnyOrder("book0", "book7", "book199");
            assertThat(applied(write, item).cart()).isEqualTo(write.after().cart());
        }

        @Test
        void change_appendedLines_followTheLastIndex() {
            Write write = change(before, new Add(book("x", "1", 1)), new Add(book("y", "2", 2)));

            assertThat(update(write)).contains("cartItems[200]=", "cartItems[201]=");
            assertThat(mentionedBooks(write)).containsExactlyInAnyOrder("x", "y");
            assertThat(applied(write, item).cart()).isEqualTo(write.after().cart());
        }

        @Test
        void change_removedAndAppendedLines_sendsTheListAsAWhole() {
            Write write = change(before, new Remove("book5"), new Add(book("x", "1", 1)));

            assertThat(sentList(write)).hasSize(200);
            assertThat(applied(write, item).cart()).isEqualTo(write.after().cart());
        }

        @Test
        void change_removedAndReaddedBook_sendsTheListAsAWhole() {
            Write write = change(before, new Remove("book5"), new Add(book("book5", "1", 1)));

            assertThat(sentList(write)).hasSize(200);
            assertThat(applied(write, item).cart().items().get(199).bookId()).isEqualTo("book5");
        }

        @Test
        void change_touchesMoreThan20Lines_sendsTheListAsAWhole() {
            assertThat(update(change(before, reprices(20)))).contains("cartItems[19].price=");
            assertThat(sentList(change(before, reprices(21)))).hasSize(200);
        }

        @Test
        void change_appendsMoreThan50Lines_sendsTheListAsAWhole() {
            assertThat(update(change(before, adds(50)))).contains("cartItems[249]=");
            assertThat(sentList(change(before, adds(51)))).hasSize(251);
        }

        @Test
        void change_largestWriteSentLineByLine_staysWithinDynamoDbsLimits() {
            Map<String, AttributeValue> large = itemWithLines(3000);
            List<CartChange> changes = new ArrayList<>();
            for (int i = 2980; i < 3000; i++) {
                changes.add(new Add(CartItem.of("book" + i, "New", "New", money("1"), 1)));
            }
            for (CartChange append : adds(50)) {
                changes.add(append);
            }
            Write write = change(decode(large), changes.toArray(CartChange[]::new));

            assertThat(update(write)).contains("cartItems[2999].author=", "cartItems[3049]=");
            assertThat(applied(write, large).cart()).isEqualTo(write.after().cart());
        }

        @ParameterizedTest
        @ValueSource(ints = {50, 200})
        void change_manyAttributesOfLinesAndCart_staysWithinDynamoDbsLimits(int attributes) {
            Map<String, AttributeValue> old = item;
            for (int i = 0; i < Memory.MAX_DROPPED_KEYS; i++) {
                old = Writes.withKey(old, Writes.key("old" + i, -100_000));
            }
            List<CartChange> changes = new ArrayList<>(List.of(adds(50)));
            for (int i = 0; i < attributes; i++) {
                changes.add(new SetAttribute("attribute" + i, "value" + i));
            }
            for (int i = 0; i < 100; i++) {
                changes.add(new SetItemAttribute("book" + (180 + i / 5), "attribute" + i, i));
            }
            Write write = change(decode(old), changes.toArray(CartChange[]::new));

            assertThat(applied(write, old).cart()).isEqualTo(write.after().cart());
            assertThat(applied(write, old).keys()).isEmpty();
        }

        /** Otherwise a line that another program has put in the place of a changed or removed one would be lost. */
        @Test
        void change_thatSendsTheListAsAWhole_pinsTheLinesThatItTouches() {
            Map<String, AttributeValue> three = itemWithLines(3);
            Write write = change(
                    decode(three), new Remove("book0"), new Add(book("new", "1", 1)), new SetQuantity("book2", 9));

            assertThat(sentList(write)).hasSize(3);
            assertThat(refuses(write, three)).isFalse();
            for (int i = 0; i < 3; i++) {
                List<AttributeValue> lines =
                        new ArrayList<>(three.get("cartItems").l());
                lines.set(i, line("another", "7", "7"));
                assertThat(refuses(write, with(three, "cartItems", AttributeValue.fromL(lines))))
                        .as("line %d", i)
                        .isEqualTo(i != 1);
            }
        }

        @Test
        void change_nothing_touchesNoLine() {
            Write write = change(before);

            assertThat(update(write)).doesNotContain("cartItems");
            assertThat(mentionedBooks(write)).isEmpty();
        }

        private CartChange[] reprices(int count) {
            return Stream.iterate(0, i -> i + 1)
                    .limit(count)
                    .map(i -> new Reprice("book" + i, money("1")))
                    .toArray(CartChange[]::new);
        }

        private CartChange[] adds(int count) {
            return Stream.iterate(0, i -> i + 1)
                    .limit(count)
                    .map(i -> new Add(book("new" + i, "1", 1)))
                    .toArray(CartChange[]::new);
        }
    }

    @Nested
    class ChangeOfOtherWritersItems {
        @Test
        void change_formatThatAnotherProgramLowered_setsItAgain() {
            Map<String, AttributeValue> item = with(itemWithLines(2), "format", n("0"));
            assertThat(decode(item).memory()).isNotNull();

            assertThat(applied(change(decode(item), new Remove("book1")), item).format())
                    .isEqualTo(1);
        }

        @Test
        void change_listWithDuplicates_sendsTheListAsAWhole() {
            Map<String, AttributeValue> item =
                    item("cartItems", list(line("a", "1", "1"), line("b", "2", "2"), line("a", "3", "3")));

            Write write = change(decode(item), new SetQuantity("b", 5));

            assertThat(sentList(write)).hasSize(2);
            assertThat(condition(write)).contains("size(cartItems)=3");
            assertThat(applied(write, item).cart()).isEqualTo(write.after().cart());
            assertThat(applied(write, item).isDrifted()).isFalse();
        }

        @Test
        void change_listWithALineWithoutCopies_sendsTheListAsAWhole() {
            Map<String, AttributeValue> item = item("cartItems", list(line("a", "1", "0"), line("b", "2", "2")));

            assertThat(sentList(change(decode(item), new SetQuantity("b", 5)))).hasSize(1);
        }

        @Test
        void change_noList_sendsOne() {
            Write write = change(decode(item()), new Add(book("a", "1", 1)));

            assertThat(sentList(write)).hasSize(1);
            assertThat(applied(write, item()).cart()).isEqualTo(write.after().cart());
            assertThat(refuses(write, item("cartItems", list()))).isTrue();
            assertThat(refuses(write, Map.of())).isTrue();
        }

        @Test
        void change_itemWithoutMemory_createsOne() {
            Map<String, AttributeValue> item = item("cartItems", list(line("a", "1", "1")));
            Write.Stamp stamp = stamp();

            Write write = PinnedWrites.change(decode(item), cartOf(book("a", "1", 1)), null, stamp, TERMS);
            StoredCart after = applied(write, item);

            assertThat(after.memory().incarnation()).isEqualTo(stamp.id());
            assertThat(after.memory().version()).isEqualTo(1);
            assertThat(after.memory().holds(stamp.id())).isTrue();
            assertThat(after.format()).isEqualTo(1);
            assertThat(after.areIdsTrue()).isTrue();
            assertThat(refuses(write, itemWithLines(1))).isTrue();
        }

        @Test
        void change_driftedTotalsAndIds_areRepaired() {
            Map<String, AttributeValue> item = with(
                    with(with(itemWithLines(2), "totalItems", n("99")), "totalPrice", n("-1")),
                    "cb",
                    hashes("book0", "ghost"));

            Write write = change(decode(item), new SetQuantity("book1", 1));

            assertThat(applied(write, item).isDrifted()).isFalse();
            assertThat(applied(write, item).areIdsTrue()).isTrue();
            assertThat(write.after().isDrifted()).isFalse();
        }

        @Test
        void change_unknownAttributes_survive() {
            AttributeValue gift = with(with(line("a", "1", "1"), "gift", s("wrap")), "note", map("n", n("1")));
            Map<String, AttributeValue> item = item("cartItems", list(gift, line("b", "1", "1")), "coupon", s("SAVE"));

            for (CartChange change : List.of(
                    new SetQuantity("a", 2),
                    new Reprice("a", money("7")),
                    new Add(book("a", "1", 1)),
                    new Remove("b"),
                    new Add(book("c", "1", 1)))) {
                Write write = change(decode(item), change);
                Map<String, AttributeValue> after = requireNonNull(Expressions.apply(write, item));

                assertThat(after).containsEntry("coupon", s("SAVE"));
                assertThat(after.get("cartItems").l().get(0).m())
                        .containsEntry("gift", s("wrap"))
                        .containsEntry("note", map("n", n("1")));
                assertThat(write.after().lines().get(0).m())
                        .containsEntry("gift", s("wrap"))
                        .containsEntry("note", map("n", n("1")));
                assertThat(write.after().unknownBytes()).isEqualTo("couponSAVE".length());
            }
        }

        @Test
        void change_unknownAttributesOfAnUntidyList_survive() {
            Map<String, AttributeValue> item = item(
                    "cartItems",
                    list(
                            with(line("a", "1", "1"), "gift", s("wrap")),
                            line("b", "1", "1"),
                            with(line("a", "1", "1"), "note", s("n")),
                            with(line("c", "1", "1"), "x", s("x"))));

            Write write = change(decode(item), new SetQuantity("b", 2), new Remove("none"));

            List<AttributeValue> lines = requireNonNull(Expressions.apply(write, item))
                    .get("cartItems")
                    .l();
            assertThat(lines.get(0).m()).containsEntry("gift", s("wrap")).containsEntry("note", s("n"));
            assertThat(lines.get(2).m()).containsEntry("x", s("x"));
        }
    }

    @Nested
    class ChangeIsPinned {
        private final Map<String, AttributeValue> item = itemWithLines(3);
        private final Write write = change(decode(item), new SetQuantity("book1", 5), new Remove("book2"));

        @Test
        void change_unchangedItem_isAccepted() {
            assertThat(refuses(write, item)).isFalse();
            assertThat(applied(write, item).cart()).isEqualTo(write.after().cart());
        }

        @Test
        void change_itemAsDynamoDbStoresIt_isAccepted() {
            Map<String, AttributeValue> odd = with(with(item, "totalPrice", n("57.000")), "totalItems", n("6.0"));

            assertThat(refuses(write, odd)).isFalse();
        }

        static Stream<Arguments> foreignChanges() {
            return Stream.of(
                    Arguments.of("version", n("2")),
                    Arguments.of("ci", b(7)),
                    Arguments.of("totalItems", n("7")),
                    Arguments.of("totalPrice", n("57.01")),
                    Arguments.of("lastUpdated", s("2025-09-03T10:29:01Z")),
                    Arguments.of("totalItems", s("6")),
                    Arguments.of("cartItems", list()),
                    Arguments.of("cartItems", s("x")));
        }

        @ParameterizedTest
        @MethodSource("foreignChanges")
        void change_attributeThatAnotherWriterChanged_isRefused(String name, AttributeValue value) {
            assertThat(refuses(write, with(item, name, value))).isTrue();
        }

        @ParameterizedTest
        @ValueSource(strings = {"version", "ci", "totalItems", "totalPrice", "lastUpdated", "cartItems"})
        void change_attributeThatAnotherWriterRemoved_isRefused(String name) {
            Map<String, AttributeValue> less = new LinkedHashMap<>(item);
            less.remove(name);

            assertThat(refuses(write, less)).isTrue();
        }

        @Test
        void change_deletedItem_isRefused() {
            assertThat(refuses(write, Map.of())).isTrue();
        }

        @Test
        void change_touchedLineThatAnotherWriterChanged_isRefused() {
            List<AttributeValue> lines = item.get("cartItems").l();
            for (int touched : new int[] {1, 2}) {
                for (AttributeValue other : List.of(
                        with(lines.get(touched), "bookId", s("other")),
                        with(lines.get(touched), "quantity", n("3")),
                        with(lines.get(touched), "price", n("9.51")),
                        s("no line"))) {
                    List<AttributeValue> changed = new ArrayList<>(lines);
                    changed.set(touched, other);

                    assertThat(refuses(write, with(item, "cartItems", AttributeValue.fromL(changed))))
                            .isTrue();
                }
            }
        }

        @Test
        void change_untouchedLineThatAnotherWriterChanged_staysAsTheyLeftIt() {
            List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
            lines.set(0, with(lines.get(0), "gift", s("wrap")));

            StoredCart after = applied(write, with(item, "cartItems", AttributeValue.fromL(lines)));

            assertThat(after.lines().get(0).m()).containsEntry("gift", s("wrap"));
        }

        /** The table's documented function appends blindly, without a version. */
        @Test
        void change_lineThatAnotherWriterAppended_isRefused() {
            List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
            lines.add(line("free", "0", "1"));
            Map<String, AttributeValue> appended = with(item, "cartItems", AttributeValue.fromL(lines));

            assertThat(refuses(write, appended)).isTrue();
        }
    }

    @Nested
    class ChangeOfMemory {
        @Test
        void change_ringWithRoom_addsOneId() {
            Map<String, AttributeValue> item = itemWithLines(1);
            Write.Stamp stamp = stamp();

            Write write = PinnedWrites.change(decode(item), cartWithLines(1).cart(), null, stamp, TERMS);

            assertThat(update(write))
                    .contains("ADD cw [" + stamp.id().text() + "]")
                    .doesNotContain("cf=");
            assertThat(applied(write, item).memory().ring()).hasSize(2);
        }

        @Test
        void change_fullRing_isTrimmedAndForgottenRises() {
            List<WriteId> ring = new ArrayList<>();
            for (int i = RING; i > 0; i--) {
                ring.add(WriteId.startedAt(NOW.toEpochMilli() - i));
            }
            Map<String, AttributeValue> item = with(itemWithLines(1), "cw", ring(ring));
            Write.Stamp stamp = stamp();

            Write write = PinnedWrites.change(decode(item), cartWithLines(1).cart(), null, stamp, TERMS);
            Memory memory = applied(write, item).memory();

            assertThat(memory.ring()).hasSize(RING / 2 + 1).contains(stamp.id(), ring.get(RING / 2));
            assertThat(memory.forgotten()).isEqualTo(NOW.toEpochMilli() - RING / 2 - 1);
            ItemFormatProperties.assertSame(applied(write, item), write.after());
        }

        @Test
        void change_anyCart_raisesVersionAndDates() {
            Map<String, AttributeValue> item = itemWithLines(1);

            StoredCart after = applied(change(decode(item), new SetQuantity("book0", 9)), item);

            assertThat(after.memory().version()).isEqualTo(2);
            assertThat(after.memory().incarnation())
                    .isEqualTo(decode(item).memory().incarnation());
            assertThat(after.memory().lastWrite()).isEqualTo(NOW.toEpochMilli());
            assertThat(after.cart().lastUpdated()).contains(NOW);
            assertThat(after.cart().expiresAt()).contains(NOW.plus(TERMS.timeToLive()));
            assertThat(after.cart().version()).isNotEqualTo(decode(item).cart().version());
        }

        @Test
        void change_firstKey_isKept() {
            Map<String, AttributeValue> item = itemWithLines(1);
            Write.KeyEntry key = key("k1", 9);

            Write write = PinnedWrites.change(decode(item), cartWithLines(1).cart(), key, stamp(), TERMS);

            assertThat(applied(write, item).keys()).containsOnlyKeys(key.hash()).containsEntry(key.hash(), key.key());
            assertThat(requireNonNull(Expressions.apply(write, item)).get("cu"))
                    .isEqualTo(n(Long.toString(key.key().until() / 1000)));
        }

        @Test
        void change_anotherKey_keepsLiveOnesAndDropsThosePastTheirTime() {
            long skew = Memory.CLOCK_SKEW_MILLIS / 1000;
            Map<String, AttributeValue> item = itemWithLines(1);
            for (Write.KeyEntry key : List.of(key("live", 5), key("past", -5 - skew), key("skew", -5))) {
                item = withKey(item, key);
            }

            Write write = PinnedWrites.change(decode(item), cartWithLines(1).cart(), key("new", 3), stamp(), TERMS);

            assertThat(applied(write, item).keys()).containsOnlyKeys(hash("live"), hash("new"), hash("skew"));
            assertThat(requireNonNull(Expressions.apply(write, item)).get("cu"))
                    .isEqualTo(n(Long.toString(key("live", 5).key().until() / 1000)));
            ItemFormatProperties.assertSame(applied(write, item), write.after());
        }

        @Test
        void change_noKey_leavesTheKeysAlone() {
            Map<String, AttributeValue> item = withKey(itemWithLines(1), key("k", 5));

            Write write = change(decode(item), new SetQuantity("book0", 9));

            assertThat(update(write)).doesNotContain("k_", "cu");
            assertThat(applied(write, item).keys()).containsOnlyKeys(hash("k"));
        }

        @Test
        void change_noKey_dropsThoseThatAreLongPast() {
            Map<String, AttributeValue> item = withKey(itemWithLines(1), key("k", -9_000));

            Write write = change(decode(item), new SetQuantity("book0", 9));

            assertThat(requireNonNull(Expressions.apply(write, item)))
                    .doesNotContainKeys("cu", ItemFormat.keyName(hash("k")));
            ItemFormatProperties.assertSame(applied(write, item), write.after());
        }

        @Test
        void change_hundredsOfExpiredKeys_areDroppedInSeveralWrites() {
            Map<String, AttributeValue> item = itemWithLines(20);
            for (int i = 0; i < 100; i++) {
                item = withKey(item, key("key" + i, -9_000));
            }
            List<CartChange> changes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                changes.add(new Add(CartItem.of("book" + i, "New", "New", money("1"), 1)));
            }
            for (int left = 75; left >= 0; left -= 25) {
                Write write = change(decode(item), changes.toArray(CartChange[]::new));
                item = requireNonNull(Expressions.apply(write, item));

                assertThat(decode(item).keys()).hasSize(left);
                ItemFormatProperties.assertSame(decode(item), write.after());
            }
            assertThat(item).doesNotContainKey("cu");
        }

        @Test
        void change_keyThatOutlivesTheCart_keepsTheCart() {
            Write.Terms shorter = new Write.Terms(Duration.ofHours(2), Generated.NO_LIMITS, RING);
            Write.KeyEntry key = new Write.KeyEntry(
                    hash("k"), new Memory.Key(NOW.plusSeconds(86_400).toEpochMilli() + 1, "digestdigest"));
            Map<String, AttributeValue> item = withKey(itemWithLines(1), key);
            StoredCart before = decode(item);
            Cart less = before.cart().apply(Generated.NO_LIMITS, NOW, List.of(new SetQuantity("book0", 1)));

            for (Write write : List.of(
                    PinnedWrites.change(before, less, null, stamp(), shorter),
                    PinnedWrites.replace(before, less, null, stamp(), shorter))) {
                assertThat(write.after().cart().expiresAt()).contains(NOW.plusSeconds(86_401));
            }
            assertThat(PinnedWrites.change(before, less, null, stamp(), TERMS)
                            .after()
                            .cart()
                            .expiresAt())
                    .contains(NOW.plus(TERMS.timeToLive()));
        }

        @Test
        void change_versionOfAnotherProgram_risesAboveIt() {
            for (String number : List.of("0", "7", "7.5", "1234567890123456789", "9.9E+20", "1E+30")) {
                Map<String, AttributeValue> item = item("version", n(number), "cartItems", list(line("a", "1", "1")));
                StoredCart before = decode(item);
                for (Write write : List.of(
                        change(before, new SetQuantity("a", 2)),
                        PinnedWrites.replace(before, Cart.empty(USER), null, stamp(), TERMS),
                        PinnedWrites.replace(
                                decode(with(item, "ttl", n("1756895399"))), Cart.empty(USER), null, stamp(), TERMS))) {
                    AttributeValue after = write.kind() == Write.Kind.PUT
                            ? write.item().get("version")
                            : requireNonNull(Expressions.apply(write, item)).get("version");
                    assertThat(money(after.n())).isGreaterThan(money(number));
                }
                Write write = change(before, new SetQuantity("a", 2));
                ItemFormatProperties.assertSame(applied(write, item), write.after());
            }
        }
    }

    @Nested
    class AddWithoutReading {
        private final Write.Stamp stamp = stamp();
        private final Write write = UnpinnedWrites.add(USER, List.of(book("new", "9.50", 3)), null, stamp, TERMS);
        private final Map<String, AttributeValue> item = itemWithLines(2);

        @Test
        void add_noItem_startsACart() {
            StoredCart after = applied(write, Map.of());

            assertThat(after.cart().items())
                    .containsExactly(book("new", "9.5", 3).withAddedAt(NOW));
            assertThat(after.isDrifted()).isFalse();
            assertThat(after.areIdsTrue()).isTrue();
            assertThat(after.format()).isEqualTo(1);
            assertThat(after.memory().incarnation()).isEqualTo(stamp.id());
            assertThat(after.memory().version()).isEqualTo(1);
            assertThat(after.memory().forgotten()).isEqualTo(NOW.toEpochMilli() - Memory.REST_MILLIS / 2);
            assertThat(after.memory().ring()).containsExactly(stamp.id());
            assertThat(after.cart().lastUpdated()).contains(NOW);
            assertThat(after.cart().expiresAt()).contains(NOW.plus(TERMS.timeToLive()));
        }

        @Test
        void add_cartWithOtherBooks_appends() {
            StoredCart after = applied(write, item);

            assertThat(after.cart().items()).extracting(CartItem::bookId).containsExactly("book0", "book1", "new");
            assertThat(after.cart().totalItems()).isEqualTo(7);
            assertThat(after.isDrifted()).isFalse();
            assertThat(after.areIdsTrue()).isTrue();
            assertThat(after.memory().version()).isEqualTo(2);
            assertThat(after.memory().incarnation())
                    .isEqualTo(decode(item).memory().incarnation());
            assertThat(after.memory().ring()).hasSize(2).contains(stamp.id());
        }

        @Test
        void add_cartThatWasEmptied_appends() {
            Map<String, AttributeValue> emptied = itemOf(Cart.empty(USER), NOW.minusSeconds(60));

            assertThat(applied(write, emptied).cart().items()).hasSize(1);
            assertThat(applied(write, emptied).areIdsTrue()).isTrue();
        }

        @Test
        void add_unknownAttributesAndKeys_survive() {
            Map<String, AttributeValue> more = withKey(with(item, "coupon", s("SAVE")), key("k", 5));

            assertThat(requireNonNull(Expressions.apply(write, more))).containsEntry("coupon", s("SAVE"));
            assertThat(applied(write, more).keys()).containsOnlyKeys(hash("k"));
        }

        @Test
        void add_twice_isRefusedTheSecondTime() {
            Map<String, AttributeValue> once = requireNonNull(Expressions.apply(write, Map.of()));

            assertThat(refuses(write, once)).isTrue();
        }

        @Test
        void add_twiceWithARemoveInBetween_isRefusedTheSecondTime() {
            Map<String, AttributeValue> once = requireNonNull(Expressions.apply(write, item));
            Write remove = change(decode(once), new Remove("new"));
            Map<String, AttributeValue> removed = requireNonNull(Expressions.apply(remove, once));

            assertThat(decode(removed).cart().item("new")).isEmpty();
            assertThat(refuses(write, removed)).isTrue();
        }

        @Test
        void add_bookInTheCart_isRefused() {
            assertThat(refuses(UnpinnedWrites.add(USER, List.of(book("book1", "1", 1)), null, stamp, TERMS), item))
                    .isTrue();
        }

        @Test
        void add_cartAtItsLimit_isRefused() {
            Write.Terms two = new Write.Terms(Duration.ofDays(30), CartLimits.of(2, 99), RING);
            Write.Terms three = new Write.Terms(Duration.ofDays(30), CartLimits.of(3, 99), RING);

            assertThat(refuses(UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), null, stamp, two), item))
                    .isTrue();
            assertThat(refuses(UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), null, stamp, three), item))
                    .isFalse();
        }

        @Test
        void add_expiredCart_isRefused() {
            assertThat(refuses(write, with(item, "ttl", n(Long.toString(NOW.getEpochSecond())))))
                    .isTrue();
            assertThat(refuses(write, with(item, "ttl", n(Long.toString(NOW.getEpochSecond() + 1)))))
                    .isFalse();
        }

        /**
         * A program that stores fractions of a second must not get two verdicts: that of a read, and that of an add.
         */
        @Test
        void add_ttlWithAFraction_isRefusedExactlyIfAReadFindsTheCartExpired() {
            for (String ttl : List.of("-1.25", "-0.25", "0.25", "0.75", "1.25")) {
                String time = money(ttl)
                        .add(money(Long.toString(NOW.getEpochSecond())))
                        .toPlainString();
                Map<String, AttributeValue> fraction = with(item, "ttl", n(time));

                assertThat(refuses(write, fraction))
                        .as(ttl)
                        .isEqualTo(decode(fraction).isExpired());
            }
        }

        @Test
        void add_fullRing_isRefused() {
            List<WriteId> ring = new ArrayList<>();
            for (int i = 1; i < RING; i++) {
                ring.add(WriteId.startedAt(i));
            }
            assertThat(refuses(write, with(item, "cw", ring(ring)))).isFalse();
            ring.add(WriteId.startedAt(RING));
            assertThat(refuses(write, with(item, "cw", ring(ring)))).isTrue();
        }

        @Test
        void add_ringThatMayHaveForgottenAnEarlierAttempt_isRefused() {
            long begin = stamp.id().begin();

            assertThat(refuses(write, with(item, "cf", n(Long.toString(begin)))))
                    .isTrue();
            assertThat(refuses(write, with(item, "cf", n(Long.toString(begin - 1)))))
                    .isFalse();
        }

        @Test
        void add_higherFormat_isRefused() {
            assertThat(refuses(write, with(item, "format", n("2")))).isTrue();
        }

        @Test
        void add_indexThatDoesNotMatchTheLines_isRefused() {
            assertThat(refuses(write, with(item, "cb", hashes("book0")))).isTrue();
            Map<String, AttributeValue> without = new LinkedHashMap<>(item);
            without.remove("cb");
            assertThat(refuses(write, without)).isTrue();
        }

        @Test
        void add_itemOfAnotherWriter_isRefused() {
            assertThat(refuses(write, item("cartItems", list()))).isTrue();
            assertThat(refuses(write, item("cartItems", list(line("a", "1", "1")), "totalItems", n("1"))))
                    .isTrue();
        }

        /** Each has as many elements as the cart has lines: the condition cannot tell them from a list or a set. */
        private List<AttributeValue> wrongTypes(String name) {
            return List.of(
                    AttributeValue.fromBool(true),
                    AttributeValue.fromNul(true),
                    AttributeValue.fromNs(List.of("1", "2")),
                    AttributeValue.fromSs(List.of("x", "y")),
                    map("a", s("a"), "b", s("b")),
                    name.equals("cartItems") ? s("xx") : list(s("a"), s("b")),
                    name.equals("ci") ? bs(1) : b(1, 2),
                    List.of("cartItems", "cb", "cw", "ci").contains(name) ? n("1") : s("11"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"totalItems", "totalPrice", "ttl", "format", "version", "ci", "cf"})
        void add_attributeOfAWrongType_isRefused(String name) {
            for (AttributeValue wrong : wrongTypes(name)) {
                assertThat(refuses(write, with(item, name, wrong)))
                        .as("%s as %s", name, wrong.type())
                        .isTrue();
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"cartItems", "cb", "cw"})
        void add_listOrSetOfAWrongType_isNotApplied(String name) {
            boolean failed = false;
            for (AttributeValue wrong : wrongTypes(name)) {
                try {
                    assertThat(refuses(write, with(item, name, wrong)))
                            .as("%s as %s", name, wrong.type())
                            .isTrue();
                } catch (Expressions.Mismatch e) {
                    failed = true;
                }
            }
            assertThat(failed).isTrue();
        }

        @Test
        void add_lastWriteOfAWrongType_isReplaced() {
            for (AttributeValue wrong : wrongTypes("ct")) {
                StoredCart after = applied(write, with(item, "ct", wrong));

                assertThat(after.memory().lastWrite()).isEqualTo(NOW.toEpochMilli());
                assertThat(after.memory().incarnation())
                        .isEqualTo(decode(item).memory().incarnation());
                assertThat(after.isDrifted()).isFalse();
            }
        }

        @Test
        void add_timeOfTheLastKeyThatCannotBeRead_isRepairedByTheNextWrite() {
            Map<String, AttributeValue> keyed = withKey(item, key("k", 500));
            List<Map<String, AttributeValue>> damaged = new ArrayList<>();
            damaged.add(Items.without(keyed, "cu"));
            wrongTypes("cu").forEach(wrong -> damaged.add(with(keyed, "cu", wrong)));
            for (Map<String, AttributeValue> before : damaged) {
                StoredCart after = applied(write, before);
                assertThat(after.drift()).containsExactly(StoredCart.Drift.INDEX);

                Write repair = PinnedWrites.change(after, after.cart(), null, stamp(), TERMS);
                assertThat(repair.after().isDrifted()).isFalse();
                assertThat(repair.after().keysUntil())
                        .isEqualTo(ItemFormat.keysUntil(key("k", 500).key().until()));
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"cartItems", "totalItems", "totalPrice", "version", "ttl", "format", "ci", "cw", "cf"})
        void add_attributeThatIsMissing_isRefused(String name) {
            assertThat(refuses(write, Items.without(item, name))).isTrue();
        }

        @Test
        void add_listThatAnotherProgramEmptied_isAppliedAndRepairedByTheNextWrite() {
            StoredCart after = applied(write, with(item, "cartItems", list()));

            assertThat(after.cart().items()).extracting(CartItem::bookId).containsExactly("new");
            assertThat(after.drift()).contains(StoredCart.Drift.INDEX);
        }

        @Test
        void add_timesThatCannotBeRead_areRepaired() {
            for (AttributeValue junk : List.of(n("1"), s("yesterday"), AttributeValue.fromNul(true))) {
                assertThat(applied(write, with(item, "lastUpdated", junk))
                                .cart()
                                .lastUpdated())
                        .contains(NOW);
            }
        }

        @Test
        void add_severalBooks_appendsAllOrNone() {
            Write several = UnpinnedWrites.add(
                    USER, List.of(book("x", "1.10", 1), book("y", "2.20", 2), book("z", "3", 3)), null, stamp, TERMS);

            for (Map<String, AttributeValue> before : List.of(item, Map.<String, AttributeValue>of())) {
                StoredCart after = applied(several, before);

                assertThat(after.cart().items()).extracting(CartItem::bookId).endsWith("x", "y", "z");
                assertThat(after.isDrifted()).isFalse();
                assertThat(after.areIdsTrue()).isTrue();
                assertThat(after.memory().ring()).contains(stamp.id());
            }
            for (String book : List.of("x", "y", "z")) {
                StoredCart held = decode(item);
                Map<String, AttributeValue> holds =
                        requireNonNull(Expressions.apply(change(held, new Add(book(book, "1", 1))), item));
                assertThat(refuses(several, holds)).isTrue();
            }
        }

        @Test
        void add_severalBooksThatDoNotAllFit_isRefused() {
            List<CartItem> books = List.of(book("x", "1", 1), book("y", "1", 1));

            assertThat(refuses(
                            UnpinnedWrites.add(
                                    USER,
                                    books,
                                    null,
                                    stamp,
                                    new Write.Terms(Duration.ofDays(30), CartLimits.of(3, 99), RING)),
                            item))
                    .isTrue();
            assertThat(refuses(
                            UnpinnedWrites.add(
                                    USER,
                                    books,
                                    null,
                                    stamp,
                                    new Write.Terms(Duration.ofDays(30), CartLimits.of(4, 99), RING)),
                            item))
                    .isFalse();
        }

        @Test
        void add_bookWhoseHashIsAnothers_isRefused() {
            Map<String, AttributeValue> other = itemOf(cartOf(book("Aa", "1", 1)), NOW.minusSeconds(9));

            assertThat(refuses(UnpinnedWrites.add(USER, List.of(book("BB", "1", 1)), null, stamp, TERMS), other))
                    .isTrue();
            StoredCart both = applied(change(decode(other), new Add(book("BB", "1", 1))), other);
            assertThat(both.cart().items()).hasSize(2);
            assertThat(both.isDrifted()).isFalse();
            Map<String, AttributeValue> shared =
                    requireNonNull(Expressions.apply(change(decode(other), new Add(book("BB", "1", 1))), other));
            assertThat(refuses(write, shared)).isTrue();
            StoredCart one = applied(change(decode(shared), new Remove("Aa")), shared);
            assertThat(one.areIdsTrue()).isTrue();
            assertThat(one.isDrifted()).isFalse();
        }

        @Test
        void add_key_isRememberedAlsoAsTheFirstOfACart() {
            Write.KeyEntry key = key("k", 500);
            Write keyed = UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), key, stamp, TERMS);

            for (Map<String, AttributeValue> before : List.of(item, Map.<String, AttributeValue>of())) {
                StoredCart after = applied(keyed, before);

                assertThat(after.keys()).containsExactly(Map.entry(key.hash(), key.key()));
                assertThat(after.keysUntil())
                        .isEqualTo(n(Long.toString(key.key().until() / 1000)));
                assertThat(after.isDrifted()).isFalse();
            }
        }

        @Test
        void add_rememberedKey_isRefused() {
            Write keyed = UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), key("k", 500), stamp, TERMS);

            assertThat(refuses(keyed, withKey(item, key("k", 500)))).isTrue();
            assertThat(refuses(keyed, withKey(item, key("k", -500)))).isTrue();
            assertThat(refuses(keyed, withKey(item, key("other", 500)))).isFalse();
            assertThat(applied(keyed, withKey(item, key("other", 500))).keys()).hasSize(2);
        }

        @Test
        void add_keysThatOutliveTheNewTtl_isRefused() {
            Write keyed = UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), key("k", 500), stamp, TERMS);
            long ttl = TERMS.timeToLive().toSeconds();

            assertThat(refuses(keyed, withKey(item, key("other", 501)))).isTrue();
            assertThat(refuses(write, withKey(item, key("other", ttl)))).isFalse();
            assertThat(refuses(write, withKey(item, key("other", ttl + 1)))).isTrue();
        }

        @Test
        void add_anyBook_isASmallRequest() {
            CartItem gatsby =
                    CartItem.of("9780743273565", "The Great Gatsby", "F. Scott Fitzgerald", money("15.99"), 1);

            assertThat(sentBytes(UnpinnedWrites.add(USER, List.of(gatsby), null, stamp, TERMS)))
                    .isLessThan(1000);
        }

        @Test
        void add_lineBeyondDynamoDbsSize_isRejected() {
            CartItem huge = CartItem.of("a", "x".repeat(410_000), null, money("1"), 1);

            assertTooLarge(() -> UnpinnedWrites.add(USER, List.of(huge), null, stamp, TERMS));
        }
    }

    @Nested
    class AddToALineThatWasSeen {
        private final Write.Stamp stamp = stamp();
        private final Map<String, AttributeValue> item = itemWithLines(2);
        private final StoredCart seen = decode(item);

        @Test
        void raise_lineAsItWasSeen_isSummed() {
            StoredCart after = applied(raise("book1", "9.50", 3), item);

            assertThat(after.cart().item("book1").orElseThrow().quantity()).isEqualTo(5);
            assertThat(after.cart().totalItems()).isEqualTo(7);
            assertThat(after.isDrifted()).isFalse();
            assertThat(after.memory().version()).isEqualTo(seen.memory().version() + 1);
            assertThat(after.memory().ring()).contains(stamp.id());
        }

        @Test
        void raise_otherLinesAndOwnQuantityChanged_isSummed() {
            Map<String, AttributeValue> since = requireNonNull(
                    Expressions.apply(change(seen, new SetQuantity("book0", 9), new SetQuantity("book1", 6)), item));

            StoredCart after = applied(raise("book1", "9.50", 3), since);

            assertThat(after.cart().item("book1").orElseThrow().quantity()).isEqualTo(9);
            assertThat(after.isDrifted()).isFalse();
        }

        @Test
        void raise_newPriceAndDetails_areTakenAndTheTotalIsCorrect() {
            Write write = raise("book1", "4", 3);

            StoredCart after = applied(write, item);

            CartItem line = after.cart().item("book1").orElseThrow();
            assertThat(line.price()).isEqualByComparingTo("4");
            assertThat(line.title()).contains("New title");
            assertThat(line.author()).contains("Author 1");
            assertThat(after.isDrifted()).isFalse();
            Map<String, AttributeValue> since =
                    requireNonNull(Expressions.apply(change(seen, new SetQuantity("book1", 6)), item));
            assertThat(refuses(write, since)).isTrue();
        }

        @Test
        void raise_priceOrPlaceOfTheLineChanged_isRefused() {
            Write write = raise("book1", "9.50", 3);

            assertThat(refuses(write, Expressions.apply(change(seen, new Reprice("book1", money("2"))), item)))
                    .isTrue();
            assertThat(refuses(write, Expressions.apply(change(seen, new Remove("book0")), item)))
                    .isTrue();
            assertThat(refuses(write, Map.of())).isTrue();
        }

        @Test
        void raise_anotherBookInThePlaceOfTheLine_isRefused() {
            Map<String, AttributeValue> three = itemWithLines(3);
            Write removal = change(decode(three), new Remove("book0"));

            assertThat(refuses(raise("book1", "9.50", 3), three)).isFalse();
            assertThat(refuses(raise("book1", "9.50", 3), requireNonNull(Expressions.apply(removal, three))))
                    .isTrue();
        }

        @Test
        void raise_moreThanTheLineMayHold_isRefused() {
            Map<String, AttributeValue> since =
                    requireNonNull(Expressions.apply(change(seen, new SetQuantity("book1", 97)), item));
            Write.Terms limited = new Write.Terms(Duration.ofDays(30), CartLimits.of(9, 99), RING);

            assertThat(refuses(raise("book1", "9.50", 2, limited), since)).isFalse();
            assertThat(refuses(raise("book1", "9.50", 3, limited), since)).isTrue();
        }

        @Test
        void raise_twice_isRefusedTheSecondTime() {
            Write write = raise("book1", "9.50", 3);

            assertThat(refuses(write, requireNonNull(Expressions.apply(write, item))))
                    .isTrue();
        }

        @Test
        void raise_fullRingExpiredOrForgotten_isRefused() {
            Write write = raise("book1", "9.50", 3);
            List<WriteId> ring = new ArrayList<>();
            for (int i = 0; i < RING; i++) {
                ring.add(WriteId.startedAt(i));
            }

            assertThat(refuses(write, with(item, "cw", ring(ring)))).isTrue();
            assertThat(refuses(write, with(item, "ttl", n("9")))).isTrue();
            assertThat(refuses(
                            write, with(item, "cf", n(Long.toString(stamp.id().begin())))))
                    .isTrue();
        }

        private Write raise(String bookId, String price, int quantity) {
            return raise(bookId, price, quantity, TERMS);
        }

        private Write raise(String bookId, String price, int quantity, Write.Terms terms) {
            CartItem line = seen.cart().item(bookId).orElseThrow();
            return UnpinnedWrites.raise(
                    seen, line, CartItem.of(bookId, "New title", null, money(price), quantity), stamp, terms);
        }
    }

    @Nested
    class Fence {
        private final Write.Stamp stamp = stamp();
        private final WriteId excluded = WriteId.startedAt(stamp.id().begin() - 5);
        private final Map<String, AttributeValue> item = itemWithLines(2);
        private final Write add = UnpinnedWrites.add(
                USER, List.of(book("new", "9.50", 3)), null, new Write.Stamp(excluded, NOW, NOW.toEpochMilli()), TERMS);

        @Test
        void fence_unpinnedAttemptInFlight_isRefusedFromNowOn() {
            Write fence = UnpinnedWrites.fence(USER, List.of(excluded), false, stamp);
            StoredCart after = applied(fence, item);

            assertThat(after.memory().traceOf(stamp.id())).isEqualTo(Memory.Trace.PRESENT);
            assertThat(after.memory().lastWrite()).isEqualTo(NOW.toEpochMilli());
            assertThat(after.cart().version()).isEqualTo(decode(item).cart().version());
            assertThat(after.isDrifted()).isFalse();
            assertThat(refuses(add, requireNonNull(Expressions.apply(fence, item))))
                    .isTrue();
            assertThat(add.pin().mayApplyTo(decode(item))).isTrue();
            assertThat(add.pin().mayApplyTo(after)).isFalse();
        }

        @Test
        void fence_raisesTheVersion_refusesWhatPinsIt() {
            Write change = change(decode(item), new SetQuantity("book0", 9));
            Write lower = UnpinnedWrites.fence(USER, List.of(), false, stamp);
            Write fence = UnpinnedWrites.fence(USER, List.of(excluded), true, stamp);

            assertThat(refuses(change, requireNonNull(Expressions.apply(lower, item))))
                    .isFalse();
            assertThat(refuses(change, requireNonNull(Expressions.apply(fence, item))))
                    .isTrue();
            assertThat(change.pin().mayApplyTo(applied(fence, item))).isFalse();
            assertThat(applied(fence, item).memory().version()).isEqualTo(2);
        }

        @Test
        void fence_attemptTookEffectOrMayHave_isRefused() {
            Write fence =
                    UnpinnedWrites.fence(USER, List.of(WriteId.startedAt(excluded.begin() + 1), excluded), true, stamp);

            assertThat(refuses(fence, requireNonNull(Expressions.apply(add, item))))
                    .isTrue();
            assertThat(refuses(fence, with(item, "cf", n(Long.toString(excluded.begin())))))
                    .isTrue();
            assertThat(refuses(fence, with(item, "cf", n(Long.toString(excluded.begin() - 1)))))
                    .isFalse();
        }

        @Test
        void fence_deliveredTwice_isRefusedTheSecondTime() {
            Write fence = UnpinnedWrites.fence(USER, List.of(excluded), true, stamp);

            assertThat(refuses(fence, requireNonNull(Expressions.apply(fence, item))))
                    .isTrue();
        }

        @Test
        void fence_noItemAnotherWritersOrHigherFormat_isRefused() {
            Write fence = UnpinnedWrites.fence(USER, List.of(excluded), true, stamp);

            assertThat(refuses(fence, Map.of())).isTrue();
            assertThat(refuses(fence, item("cartItems", list(line("a", "1", "1")))))
                    .isTrue();
            assertThat(refuses(fence, with(item, "format", n("99")))).isTrue();
        }

        @Test
        void fence_thenAWriteThatWouldDropItsIds_isRefused() {
            Map<String, AttributeValue> rested = itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2)));
            Write.Stamp early = new Write.Stamp(
                    WriteId.startedAt(NOW.toEpochMilli() - 1_000), NOW.minusSeconds(1), NOW.toEpochMilli());
            Map<String, AttributeValue> after = requireNonNull(
                    Expressions.apply(UnpinnedWrites.fence(USER, List.of(excluded), false, stamp), rested));

            Write remove = PinnedWrites.clear(decode(rested), null, early, TERMS);

            assertThat(remove.kind()).isEqualTo(Write.Kind.DELETE);
            assertThat(refuses(remove, rested)).isFalse();
            assertThat(refuses(remove, after)).isTrue();
            assertThat(refuses(UnpinnedWrites.removeRested(USER, NOW), after)).isTrue();
        }

        @Test
        void fence_thenAWriteThatWouldSetTheRing_isRefused() {
            List<WriteId> full = new ArrayList<>();
            for (int i = RING; i > 0; i--) {
                full.add(WriteId.startedAt(excluded.begin() - i));
            }
            Map<String, AttributeValue> before = with(item, "cw", ring(full));
            Map<String, AttributeValue> fenced = requireNonNull(
                    Expressions.apply(UnpinnedWrites.fence(USER, List.of(excluded), false, stamp), before));

            for (Write write : List.of(
                    change(decode(before), new SetQuantity("book0", 9)),
                    PinnedWrites.replace(decode(before), Cart.empty(USER), null, stamp(), TERMS))) {
                assertThat(refuses(write, before)).isFalse();
                assertThat(refuses(write, fenced)).isTrue();
            }
        }
    }

    @Nested
    class Pinned {
        private final Map<String, AttributeValue> item = itemWithLines(2);
        private final StoredCart seen = decode(item);

        @Test
        void mayApplyTo_unpinned_isRuledOutByItsIdAndWhatWasForgottenOnly() {
            Write.Stamp stamp = stamp();
            Pin add = UnpinnedWrites.add(USER, List.of(book("new", "1", 1)), null, stamp, TERMS)
                    .pin();
            Pin raise = UnpinnedWrites.raise(
                            seen, seen.cart().item("book0").orElseThrow(), book("book0", "1", 1), stamp, TERMS)
                    .pin();

            for (Pin pin : List.of(add, raise)) {
                assertThat(pin.mayApplyTo(seen)).isTrue();
                assertThat(pin.mayApplyTo(decode(with(item, "version", n("77")))))
                        .isTrue();
                assertThat(pin.mayApplyTo(decode(with(item, "format", n("77")))))
                        .isFalse();
                assertThat(pin.mayApplyTo(decode(
                                with(item, "cf", n(Long.toString(stamp.id().begin()))))))
                        .isFalse();
                // Another write may adopt the item, and then nothing in the item rules this one out.
                assertThat(pin.mayApplyTo(decode(item("cartItems", list())))).isTrue();
            }
            assertThat(add.mayApplyTo(StoredCart.absent(USER))).isTrue();
            assertThat(raise.mayApplyTo(StoredCart.absent(USER))).isFalse();
        }

        @Test
        void mayApplyTo_pinned_isRuledOutByAnyOtherState() {
            Pin change = change(seen, new SetQuantity("book0", 9)).pin();
            Pin first = PinnedWrites.replace(StoredCart.absent(USER), Cart.empty(USER), null, stamp(), TERMS)
                    .pin();

            assertThat(change.mayApplyTo(seen)).isTrue();
            assertThat(change.mayApplyTo(decode(with(item, "version", n("77")))))
                    .isFalse();
            assertThat(change.mayApplyTo(StoredCart.absent(USER))).isFalse();
            assertThat(first.mayApplyTo(StoredCart.absent(USER))).isTrue();
            assertThat(first.mayApplyTo(seen)).isFalse();
        }

        @Test
        void mayApplyTo_pinnedToAnExpiredItem_isRuledOutByAnotherTimeToLive() {
            Map<String, AttributeValue> expired = with(item, "ttl", n("1725552600"));
            Map<String, AttributeValue> revived = with(item, "ttl", n("99999999999"));
            Pin replace = PinnedWrites.replace(decode(expired), Cart.empty(USER), null, stamp(), TERMS)
                    .pin();
            Pin change = change(seen, new SetQuantity("book0", 9)).pin();

            assertThat(replace.mayApplyTo(decode(expired))).isTrue();
            assertThat(replace.mayApplyTo(decode(revived))).isFalse();
            assertThat(change.mayApplyTo(decode(revived))).isTrue();
        }

        @Test
        void mayApplyTo_blindDelete_isRuledOutByALaterWrite() {
            Pin remove = UnpinnedWrites.removeRested(USER, NOW).pin();

            assertThat(remove.mayApplyTo(decode(itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2))))))
                    .isTrue();
            assertThat(remove.mayApplyTo(seen)).isFalse();
            assertThat(remove.mayApplyTo(StoredCart.absent(USER))).isFalse();
        }
    }

    @Nested
    class ReplaceAndRemove {
        @Test
        void replace_noItem_isOnlyAcceptedWithoutAnItem() {
            Write write =
                    PinnedWrites.replace(StoredCart.absent(USER), cartOf(book("a", "1", 1)), null, stamp(), TERMS);

            assertThat(write.kind()).isEqualTo(Write.Kind.PUT);
            assertThat(refuses(write, Map.of())).isFalse();
            assertThat(refuses(write, item())).isTrue();
            assertThat(decode(write.item()).memory().incarnation())
                    .isEqualTo(decode(write.item()).memory().ring().get(0));
        }

        @Test
        void replace_expiredItem_startsAnotherIncarnationThatRemembers() {
            Map<String, AttributeValue> item =
                    with(withKey(with(itemWithLines(2), "ttl", n("1725552600")), key("k", 5)), "coupon", s("SAVE"));
            StoredCart before = decode(item);

            Write write = PinnedWrites.replace(before, cartOf(book("a", "1", 1)), null, stamp(), TERMS);
            StoredCart after = decode(write.item());

            assertThat(refuses(write, item)).isFalse();
            assertThat(refuses(write, with(item, "ttl", n("1756999999")))).isTrue();
            assertThat(after.cart().items()).extracting(CartItem::bookId).containsExactly("a");
            assertThat(after.memory().incarnation())
                    .isNotEqualTo(before.memory().incarnation());
            assertThat(after.memory().version()).isEqualTo(2);
            assertThat(after.memory().ring()).containsAll(before.memory().ring());
            assertThat(after.keys()).containsOnlyKeys(hash("k"));
            assertThat(write.item()).doesNotContainKey("coupon");
        }

        @Test
        void replace_clearedCart_keepsItsMemoryAndNoLine() {
            Map<String, AttributeValue> item = itemWithLines(2);
            StoredCart before = decode(item);
            Write.Stamp stamp = stamp();

            Write write = PinnedWrites.replace(before, Cart.empty(USER), null, stamp, TERMS);
            StoredCart after = decode(write.item());

            assertThat(refuses(write, item)).isFalse();
            assertThat(refuses(write, with(item, "version", n("9")))).isTrue();
            assertThat(after.cart().isEmpty()).isTrue();
            assertThat(after.cart().version()).isEqualTo(CartVersion.ABSENT);
            assertThat(after.memory().incarnation()).isEqualTo(before.memory().incarnation());
            assertThat(after.memory().version()).isEqualTo(2);
            assertThat(after.memory().ring())
                    .containsAll(before.memory().ring())
                    .contains(stamp.id());
            assertThat(write.item()).containsKey("ttl").doesNotContainKey("cb");
        }

        @Test
        void merge_guestsAttributesThatCannotBeShown_comeAlongUnlessTheUserHasThem() {
            Map<String, AttributeValue> guest = with(with(itemWithLines(1), "seal", bs(1)), "stamp", bs(2));
            Map<String, AttributeValue> user = with(itemOf(cartOf(book("a", "1", 1)), NOW), "stamp", bs(3));

            Write merge = PinnedWrites.merge(
                    decode(user), cartOf(book("a", "1", 1)), decode(guest), stamp(NOW.plusMillis(1)), TERMS);

            assertThat(requireNonNull(Expressions.apply(merge, user)))
                    .containsEntry("seal", bs(1))
                    .containsEntry("stamp", bs(3));
        }

        @Test
        void clear_restedItem_removesItPinned() {
            Map<String, AttributeValue> item =
                    itemOf(cartOf(book("a", "1", 1)), NOW.minusMillis(Memory.REST_MILLIS + 1));

            Write write = PinnedWrites.clear(decode(item), null, stamp(), TERMS);

            assertThat(write.kind()).isEqualTo(Write.Kind.DELETE);
            assertThat(refuses(write, item)).isFalse();
            assertThat(refuses(write, with(item, "version", n("9")))).isTrue();
            assertThat(refuses(write, Map.of())).isTrue();
            assertThat(write.after().exists()).isFalse();
        }

        @Test
        void clear_itemThatMustBeRemembered_emptiesItInPlace() {
            Map<String, AttributeValue> rested = itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2)));
            Map<String, AttributeValue> young = itemOf(cartOf(book("a", "1", 1)), NOW.minusMillis(Memory.REST_MILLIS));
            Map<String, AttributeValue> keyed = withKey(rested, key("k", 5));

            assertThat(PinnedWrites.clear(decode(young), null, stamp(), TERMS).kind())
                    .isEqualTo(Write.Kind.PUT);
            assertThat(PinnedWrites.clear(decode(keyed), null, stamp(), TERMS).kind())
                    .isEqualTo(Write.Kind.PUT);
            assertThat(PinnedWrites.clear(decode(rested), key("k", 5), stamp(), TERMS)
                            .kind())
                    .isEqualTo(Write.Kind.PUT);
        }

        @Test
        void clear_itemOfAnotherWriter_emptiesIt() {
            Map<String, AttributeValue> item = item("cartItems", list(line("a", "1", "1")));

            Write write = PinnedWrites.clear(decode(item), null, stamp(), TERMS);

            assertThat(write.kind()).isEqualTo(Write.Kind.PUT);
            assertThat(refuses(write, item)).isFalse();
            assertThat(refuses(write, item("cartItems", list(line("a", "1", "1"), line("b", "1", "1")))))
                    .isTrue();
        }

        @Test
        void removeRested_itemThatHasRested_isRemoved() {
            Write write = UnpinnedWrites.removeRested(USER, NOW);
            Map<String, AttributeValue> rested =
                    itemOf(cartOf(book("a", "1", 1)), NOW.minusMillis(Memory.REST_MILLIS + 1));
            Map<String, AttributeValue> young = itemOf(cartOf(book("a", "1", 1)), NOW.minusMillis(Memory.REST_MILLIS));

            assertThat(refuses(write, rested)).isFalse();
            assertThat(refuses(write, Map.of())).isFalse();
            assertThat(refuses(write, young)).isTrue();
        }

        @Test
        void removeRested_liveKeyHigherFormatOrOtherWriter_isRefused() {
            Write write = UnpinnedWrites.removeRested(USER, NOW);
            Map<String, AttributeValue> rested = itemOf(cartOf(book("a", "1", 1)), NOW.minus(Duration.ofHours(2)));

            assertThat(refuses(write, with(rested, "cu", ItemFormat.keysUntil(NOW.toEpochMilli() + 1))))
                    .isTrue();
            long forgotten = NOW.getEpochSecond() - Memory.CLOCK_SKEW_MILLIS / 1000;
            assertThat(refuses(write, with(rested, "cu", n(Long.toString(forgotten)))))
                    .isTrue();
            assertThat(refuses(write, with(rested, "cu", n(Long.toString(forgotten - 1)))))
                    .isFalse();
            assertThat(refuses(write, with(rested, "cu", s("soon")))).isTrue();
            assertThat(refuses(write, with(rested, "format", n("2")))).isTrue();
            assertThat(refuses(write, with(rested, "cartItems", s("x")))).isTrue();
            assertThat(refuses(write, with(rested, "ct", s("0")))).isTrue();
            assertThat(refuses(write, item("cartItems", list()))).isTrue();
        }
    }

    @Nested
    class Sizes {
        private final CartItem huge = CartItem.of("huge", "x".repeat(399_000), null, money("1"), 1);

        @Test
        void change_growsBeyondDynamoDbsSize_isRejected() {
            StoredCart before = decode(itemOf(cartOf(huge), NOW.minusSeconds(60)));

            assertTooLarge(() -> change(before, new Add(CartItem.of("a", "x".repeat(12_000), null, money("1"), 1))));
            assertTooLarge(() ->
                    change(before, new Add(CartItem.of("huge", "x".repeat(411_000), null, money("1"), 1))));
            assertThat(change(before, new Add(CartItem.of("a", "x".repeat(100), null, money("1"), 1)))
                            .after()
                            .cart()
                            .items())
                    .hasSize(2);
        }

        @Test
        void change_unknownAttributes_countTowardsTheSize() {
            StoredCart before = decode(with(itemWithLines(1), "blob", s("x".repeat(405_000))));

            assertTooLarge(() -> change(before, new Add(CartItem.of("a", "x".repeat(6_000), null, money("1"), 1))));
        }

        @Test
        void change_keyThatNoLongerFits_isRejected() {
            StoredCart empty = decode(with(itemWithLines(1), "blob", s("")));
            int free = ItemFormat.MAX_ITEM_BYTES - ItemFormat.sizeOf(empty);
            StoredCart full = decode(with(itemWithLines(1), "blob", s("x".repeat(free))));

            assertTooLarge(() -> PinnedWrites.change(full, full.cart(), key("k", 60), stamp(), TERMS));
        }

        @Test
        void replace_beyondDynamoDbsSize_isRejected() {
            assertTooLarge(() -> PinnedWrites.replace(
                    StoredCart.absent(USER),
                    cartOf(huge, CartItem.of("b", "x".repeat(12_000), null, money("1"), 1)),
                    null,
                    stamp(),
                    TERMS));
        }

        @Test
        void change_shrinks_isNotMeasured() {
            StoredCart before = decode(with(
                    itemOf(cartOf(huge, book("a", "1", 2)), NOW.minusSeconds(60)), "blob", s("x".repeat(20_000))));

            assertThat(change(before, new Remove("a")).after().cart().items()).hasSize(1);
            assertThat(change(before, new SetQuantity("a", 1)).after().cart().totalItems())
                    .isEqualTo(2);
        }
    }

    private static void assertTooLarge(ThrowingCallable write) {
        assertThatExceptionOfType(CartRejectedException.class)
                .isThrownBy(write)
                .satisfies(rejection -> assertThat(rejection.reason()).isEqualTo(Reason.TOO_LARGE))
                .withMessageNotContaining("xx");
    }

    private static boolean refuses(Write write, Map<String, AttributeValue> item) {
        return Expressions.apply(write, item) == null;
    }

    /** Returns the stored cart after the write. */
    private static StoredCart applied(Write write, Map<String, AttributeValue> item) {
        return decode(requireNonNull(Expressions.apply(write, item)));
    }

    /** Returns the update expression with the placeholders replaced by names and values. */
    private static String update(Write write) {
        return plain(write.updateExpression(), write);
    }

    private static String condition(Write write) {
        return plain(write.conditionExpression(), write);
    }

    private static String plain(String expression, Write write) {
        String plain = expression;
        for (Map.Entry<String, String> name : Writes.names(write).entrySet()) {
            plain = plain.replaceAll(name.getKey() + "\\b", name.getValue());
        }
        for (Map.Entry<String, AttributeValue> value :
                requireNonNull(write.values()).entrySet()) {
            AttributeValue given = value.getValue();
            String text =
                    given.s() != null ? given.s() : given.n() != null ? given.n() : given.hasBs() ? ids(given) : "{..}";
            plain = plain.replaceAll(value.getKey() + "\\b", Matcher.quoteReplacement(text));
        }
        return plain;
    }

    private static String ids(AttributeValue ring) {
        return ring.bs().stream().map(id -> WriteId.of(id).text()).toList().toString();
    }

    /** Returns the value that the update assigns to a path. */
    private static String path(Write write, String path) {
        String update = update(write);
        assertThat(update).contains(path + "=");
        String rest = update.substring(update.indexOf(path + "=") + path.length() + 1);
        return rest.split("[, ]", 2)[0];
    }

    /** Returns the list that the write sends as a whole. */
    private static List<AttributeValue> sentList(Write write) {
        assertThat(update(write)).contains("cartItems={..}").doesNotContain("cartItems[");
        return requireNonNull(write.values()).values().stream()
                .filter(AttributeValue::hasL)
                .findFirst()
                .orElseThrow()
                .l();
    }

    /** Returns the books in the values of a write, each once. */
    private static List<String> mentionedBooks(Write write) {
        List<String> books = new ArrayList<>();
        for (AttributeValue value : requireNonNull(write.values()).values()) {
            if (value.s() != null && (value.s().startsWith("book") || value.s().length() == 1)) {
                books.add(value.s());
            }
            if (value.hasM()) {
                books.add(value.m().get("bookId").s());
            }
            assertThat(value.hasL()).isFalse();
        }
        return books.stream().distinct().toList();
    }

    private static int sentBytes(Write write) {
        return write.updateExpression().length()
                + write.conditionExpression().length()
                + Writes.names(write).toString().length()
                + Items.sizeOf(requireNonNull(write.values()));
    }
}
