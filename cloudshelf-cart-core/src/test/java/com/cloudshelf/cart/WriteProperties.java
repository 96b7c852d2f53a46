package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Generated.NO_LIMITS;
import static com.cloudshelf.cart.ItemFormatProperties.assertSame;
import static com.cloudshelf.cart.Writes.TERMS;
import static com.cloudshelf.cart.Writes.decode;
import static com.cloudshelf.cart.Writes.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class WriteProperties {

    @Provide
    Arbitrary<Cart> carts() {
        return Generated.carts();
    }

    @Provide
    Arbitrary<CartItem> items() {
        return Generated.items();
    }

    @Provide
    Arbitrary<List<CartChange>> changes() {
        return Generated.changeLists();
    }

    /** So few that most leave some of a cart's lines alone. */
    @Provide
    Arbitrary<List<CartChange>> fewChanges() {
        return Generated.changeLists().map(changes -> changes.subList(0, Math.min(2, changes.size())));
    }

    @Provide
    Arbitrary<List<List<CartChange>>> updates() {
        return Generated.changeLists().list().ofMinSize(1).ofMaxSize(8);
    }

    /** Items that other writers may leave: valid carts, but untidy. */
    @Provide
    Arbitrary<Map<String, AttributeValue>> untidyItems() {
        Arbitrary<AttributeValue> line = Combinators.combine(
                        Generated.bookIds(),
                        Arbitraries.of("1", "9.50", "2E0", "0"),
                        Arbitraries.of("0", "1", "2.0", "3"),
                        Arbitraries.of("", "title", "author", "gift", "addedAt"))
                .as((bookId, price, quantity, more) -> more.isEmpty()
                        ? Items.line(bookId, price, quantity)
                        : Items.with(Items.line(bookId, price, quantity), more, Items.s("2025-09-01T00:00:00Z")));
        Arbitrary<Map<String, AttributeValue>> others = Arbitraries.maps(
                        Arbitraries.of("totalItems", "totalPrice", "coupon"),
                        Arbitraries.of("0", "3", "9.5").map(Items::n))
                .ofMaxSize(3);
        return Combinators.combine(line.list().ofMaxSize(6), others).as((lines, more) -> {
            List<AttributeValue> timed = new ArrayList<>();
            for (AttributeValue each : lines) {
                timed.add(Items.with(each, "addedAt", Items.s("2025-09-01T00:00:00Z")));
            }
            Map<String, AttributeValue> item = Items.item("cartItems", AttributeValue.fromL(timed));
            item.putAll(more);
            return item;
        });
    }

    /** In any sequence of writes, each stored cart equals the cart that the write returned. */
    @Property(tries = 50)
    void change_anySequence_storesTheReturnedCart(
            @ForAll("carts") Cart cart,
            @ForAll("updates") List<List<CartChange>> updates,
            @ForAll @IntRange(min = 1, max = 4) int ringSize) {
        Write.Terms terms = new Write.Terms(TERMS.timeToLive(), NO_LIMITS, ringSize);
        Table table = new Table();
        table.put(PinnedWrites.replace(StoredCart.absent(USER), cart, null, stamp(), terms)
                .item());
        StoredCart stored = decode(table.item(USER));
        for (List<CartChange> changes : updates) {
            Cart changed = applied(stored.cart(), changes);
            Write write = PinnedWrites.change(stored, changed, null, stamp(), terms);

            write(table, write);

            assertThat(write.after().cart()).isEqualTo(changed);
            assertSame(decode(table.item(USER)), write.after());
            assertThat(decode(table.item(USER)).isDrifted()).isFalse();
            stored = write.after();
        }
    }

    @Property
    void change_anyItemOfAnotherWriter_storesTheReturnedCart(
            @ForAll("untidyItems") Map<String, AttributeValue> item, @ForAll("changes") List<CartChange> changes) {
        Table table = new Table();
        table.put(item);
        StoredCart stored = decode(table.item(USER));
        Cart changed = applied(stored.cart(), changes);
        Write write = PinnedWrites.change(stored, changed, null, stamp(), TERMS);

        write(table, write);

        assertSame(decode(table.item(USER)), write.after());
        assertThat(decode(table.item(USER)).isDrifted()).isFalse();
        assertThat(table.item(USER).get("coupon")).isEqualTo(item.get("coupon"));
    }

    /**
     * Attributes of the guest's cart and lines that {@link Cart} cannot show are moved too. On a line that both have,
     * they are moved unless the strategy keeps the user's line as it is.
     */
    @Property
    void merge_anyCarts_storesTheReturnedCarts(
            @ForAll("carts") Cart into,
            @ForAll("carts") Cart from,
            @ForAll MergeStrategy strategy,
            @ForAll boolean userWasAbsent) {
        Table table = new Table();
        if (!userWasAbsent) {
            table.put(withHidden(into, "ours", "both"));
        }
        StoredCart stored = decode(table.item(USER));
        StoredCart guest = decode(withHidden(from, "theirs", "both"));
        Cart merged = stored.cart().merge(guest.cart(), strategy, NO_LIMITS, NOW);
        Write write = PinnedWrites.merge(stored, merged, guest, stamp(), TERMS);

        table.put(write.kind() == Write.Kind.PUT ? write.item() : Expressions.apply(write, table.item(USER)));

        assertSame(decode(table.item(USER)), write.after());
        assertThat(write.after().cart()).isEqualTo(merged);
        assertHidden(table.item(USER), !userWasAbsent, true, !userWasAbsent);
        for (AttributeValue line : table.item(USER).get("cartItems").l()) {
            String bookId = line.m().get("bookId").s();
            boolean ours = stored.cart().item(bookId).isPresent();
            boolean theirs = from.item(bookId).isPresent();
            boolean guestsWhole = theirs && strategy == MergeStrategy.KEEP_FROM;
            assertHidden(line.m(), ours && !guestsWhole, theirs, ours && !guestsWhole);
        }
    }

    /** Asserts from which sides the values come that no caller can see: sets. */
    private static void assertHidden(
            Map<String, AttributeValue> map, boolean ours, boolean theirs, boolean bothAreOurs) {
        assertThat(map.containsKey("hidden-ours")).isEqualTo(ours);
        assertThat(map.containsKey("hidden-theirs")).isEqualTo(theirs);
        assertThat(map.get("hidden-both")).isEqualTo(hidden(bothAreOurs ? "ours" : "theirs"));
    }

    private static AttributeValue hidden(String of) {
        return AttributeValue.fromSs(List.of(of));
    }

    /**
     * Returns a cart's item with values that cannot be shown, on the item and on each line: one under a name of its
     * own, and one under a name that both sides have.
     */
    private static Map<String, AttributeValue> withHidden(Cart cart, String own, String shared) {
        List<AttributeValue> lines = cart.items().stream()
                .map(line -> Items.with(ItemFormat.encodeLine(line, Map.of()), "hidden-" + own, hidden(own)))
                .map(line -> Items.with(line, "hidden-" + shared, hidden(own)))
                .toList();
        Map<String, AttributeValue> item =
                Items.with(Writes.itemOf(cart, NOW.minusSeconds(1)), "cartItems", AttributeValue.fromL(lines));
        return Items.with(Items.with(item, "hidden-" + own, hidden(own)), "hidden-" + shared, hidden(own));
    }

    @Property
    void add_anyCart_appendsOrIsRefusedForABookInTheCart(@ForAll("carts") Cart cart, @ForAll("items") CartItem item) {
        Table table = new Table();
        table.put(Writes.itemOf(cart, NOW.minusSeconds(1)));
        Write write = UnpinnedWrites.add(USER, List.of(item), null, stamp(), TERMS);

        Map<String, AttributeValue> after = Expressions.apply(write, table.item(USER));

        if (cart.item(item.bookId()).isPresent()) {
            assertThat(after).isNull();
        } else {
            assertThat(after).isNotNull();
            table.put(after);
            StoredCart stored = decode(table.item(USER));
            assertThat(stored.cart()).isEqualTo(applied(cart, List.of(new CartChange.Add(item))));
            assertThat(stored.isDrifted()).isFalse();
            assertThat(stored.areIdsTrue()).isTrue();
        }
    }

    /** Another writer moves, changes, appends or removes lines in between, and leaves totals and times unchanged. */
    @Property
    void change_listThatAnotherWriterTouched_neverHitsTheWrongLine(
            @ForAll("carts") Cart cart,
            @ForAll("fewChanges") List<CartChange> changes,
            @ForAll @IntRange(max = 3) int kind,
            @ForAll @IntRange(max = 9) int at) {
        if (cart.isEmpty()) {
            return;
        }
        Map<String, AttributeValue> item = Writes.itemOf(cart, NOW.minusSeconds(1));
        StoredCart stored = decode(item);
        Cart changed = applied(cart, changes);
        Write write = PinnedWrites.change(stored, changed, null, stamp(), TERMS);
        boolean listIsSent = write.updateExpression().contains(alias(write, "cartItems") + "=");
        List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
        int index = at % lines.size();
        // Only its book tells it from the line whose place it may take.
        CartItem alike = cart.items().get(index);
        CartItem other = CartItem.of("other", null, null, alike.price(), alike.quantity())
                .withAddedAt(NOW);
        switch (kind) {
            case 0 -> lines.add(lines.remove(index));
            case 1 -> lines.set(index, ItemFormat.encodeLine(other, Map.of()));
            case 2 -> lines.add(ItemFormat.encodeLine(other, Map.of()));
            default -> lines.remove(index);
        }
        Map<String, AttributeValue> after =
                Expressions.apply(write, Items.with(item, "cartItems", AttributeValue.fromL(lines)));
        if (after == null || listIsSent) {
            return;
        }

        // The write was accepted: it changed what it was meant to change, and every other line is as the other writer
        // left it.
        Map<String, AttributeValue> expected = new LinkedHashMap<>();
        for (AttributeValue line : lines) {
            expected.put(line.m().get("bookId").s(), line);
        }
        for (CartItem line : cart.items()) {
            CartItem to = changed.item(line.bookId()).orElse(null);
            if (to == null) {
                expected.remove(line.bookId());
            } else if (!to.equals(line)) {
                expected.put(line.bookId(), ItemFormat.encodeLine(to, Map.of()));
            }
        }
        for (CartItem line : changed.items()) {
            if (cart.item(line.bookId()).isEmpty()) {
                expected.put(line.bookId(), ItemFormat.encodeLine(line, Map.of()));
            }
        }
        assertThat(after.get("cartItems").l()).containsExactlyInAnyOrderElementsOf(expected.values());
    }

    private static String alias(Write write, String attribute) {
        return Writes.names(write).entrySet().stream()
                .filter(name -> name.getValue().equals(attribute))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    /** Applies those of the changes that fit. */
    private static Cart applied(Cart cart, List<CartChange> changes) {
        return cart.apply(NO_LIMITS, NOW, Generated.fitting(cart, changes));
    }

    private static void write(Table table, Write write) {
        Map<String, AttributeValue> after = Expressions.apply(write, table.item(USER));
        assertThat(after).isNotNull();
        table.put(after);
    }
}
