package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * jqwik generators for everything that a cart store takes and returns.
 *
 * <p>With the testkit and jqwik on the class path, parameters of the types {@link Cart}, {@link CartItem}, {@link
 * CartChange} and {@link CartUpdate} need no set-up, alone or in lists, sets and optionals:
 *
 * <pre>{@code
 * @Property
 * void summary_anyCart_namesEveryBook(@ForAll Cart cart) { ... }
 * }</pre>
 *
 * <p>Most values are what a shop sees. The others are edge cases: titles in many scripts or missing, prices of 0, of
 * 10<sup>12</sup> and with six decimals, a quantity at the default limit, or the largest possible one. Books and users
 * come from small pools, so changes hit lines that exist, and two carts have books in common. Failing examples shrink
 * towards one copy of one plain book.
 *
 * <p>Stateless and thread-safe. jqwik is an optional dependency; nothing else in the testkit needs it.
 */
public final class CartArbitraries {
    private static final CartLimits NO_LIMITS = CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
    private static final Instant EARLIEST = Instant.parse("2025-09-01T00:00:00Z");
    private static final Duration TIME_TO_LIVE = Duration.ofDays(30);
    private static final int SECONDS_OF_A_WEEK = 604_800;

    private CartArbitraries() {}

    /** Generates the IDs of five users: one uses several scripts, one has the maximum length. */
    public static Arbitrary<String> userIds() {
        return Arbitraries.of("user1", "user2", "user3", "ünï #\"код\" \uD83D\uDE00", "u".repeat(2048));
    }

    /** Generates the IDs of eight books: one looks like a DynamoDB expression, one uses several scripts. */
    public static Arbitrary<String> bookIds() {
        return Arbitraries.of(
                "book1", "book2", "book3", "book4", "book5", "book6", ":a.b[0] AND #c", "本 é\u0301 \uD83D\uDCD6");
    }

    /**
     * Generates titles and names of authors: plain ones first, then other scripts, quotes, control characters, and
     * empty ones.
     */
    public static Arbitrary<String> texts() {
        return Arbitraries.of(
                "Emma",
                "Dune",
                "Momo",
                "",
                " ",
                "Les Misérables",
                "Die unendliche Geschichte \u2013 \u201EBand 1\u201C",
                "戦争と平和",
                "كتاب الحيوان",
                "\uD83D\uDCDA\uD83D\uDC69\u200D\uD83D\uDCBB",
                "e\u0301 is not é",
                "\"quoted\", 'quoted' & <b>bold</b>; DROP TABLE books",
                "{\"json\": [1, null]}",
                "tab\tline\nnull\u0000end",
                "A rather long title. ".repeat(20));
    }

    /**
     * Generates prices from 0 to 10<sup>12</sup> with up to 6 decimals: whole amounts and cents, in every form that a
     * caller may pass.
     */
    public static Arbitrary<BigDecimal> prices() {
        Arbitrary<BigDecimal> whole = Arbitraries.integers().between(1, 50).map(BigDecimal::valueOf);
        Arbitrary<BigDecimal> cents =
                Arbitraries.integers().between(1, 10_000).map(amount -> BigDecimal.valueOf(amount, 2));
        Arbitrary<BigDecimal> fine = Arbitraries.bigDecimals()
                .between(BigDecimal.ZERO, BigDecimal.TEN.pow(12))
                .ofScale(6);
        Arbitrary<BigDecimal> corners = Arbitraries.of(
                        "0", "0.00", "0.01", "0.000001", "9.50", "1E+2", "1.000000000", "999999999999.999999", "1E+12")
                .map(BigDecimal::new);
        return Arbitraries.frequencyOf(Tuple.of(3, whole), Tuple.of(4, cents), Tuple.of(2, corners), Tuple.of(1, fine));
    }

    /**
     * Generates the quantities of lines: small ones, some around the default limit of 10,000, and rarely the maximum.
     */
    public static Arbitrary<Integer> quantities() {
        return Arbitraries.frequencyOf(
                Tuple.of(12, Arbitraries.integers().between(1, 9)),
                Tuple.of(4, Arbitraries.integers().between(10, 100)),
                Tuple.of(2, Arbitraries.of(9_999, 10_000, 10_001)),
                Tuple.of(1, Arbitraries.of(Integer.MAX_VALUE)));
    }

    /** Generates four names of attributes: one looks like a DynamoDB expression, one uses several scripts. */
    public static Arbitrary<String> attributeNames() {
        return Arbitraries.of("giftWrap", "note", ":a.b[0] AND #c", "备注 é\u0301 \uD83C\uDF81");
    }

    /**
     * Generates attribute values as a cart returns them: strings, booleans, numbers of up to 38 digits, and lists and
     * maps of these, including empty ones.
     */
    public static Arbitrary<Object> attributeValues() {
        Arbitrary<Object> single = Arbitraries.frequencyOf(
                Tuple.of(3, texts().asGeneric()),
                Tuple.of(2, Arbitraries.of(true, false).asGeneric()),
                Tuple.of(2, numbers().asGeneric()));
        return Arbitraries.frequencyOf(
                Tuple.of(6, single),
                Tuple.of(1, single.list().ofMaxSize(3).asGeneric()),
                Tuple.of(
                        1,
                        Arbitraries.maps(attributeNames(), single).ofMaxSize(3).asGeneric()),
                Tuple.of(
                        1,
                        Arbitraries.maps(
                                        texts().filter(name -> !name.isEmpty() && name.length() < 60),
                                        single.list().ofMaxSize(2))
                                .ofMaxSize(2)
                                .list()
                                .ofMaxSize(2)
                                .asGeneric()));
    }

    private static Arbitrary<BigDecimal> numbers() {
        return Arbitraries.of(
                        "0",
                        "1",
                        "-1",
                        "4711",
                        "-0.5",
                        "3.14159",
                        "12345678901234567890123456789012345678",
                        "-0.00000000000000000000000000000000000001")
                .map(BigDecimal::new);
    }

    /** Generates the attributes of a line or a cart: none in three of four cases, otherwise up to three. */
    public static Arbitrary<Map<String, Object>> attributes() {
        return Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.just(Map.of())),
                Tuple.of(
                        1, Arbitraries.maps(attributeNames(), attributeValues()).ofMaxSize(3)));
    }

    /**
     * Generates lines to add, with any book, title, author, price, quantity and attributes. Half of them have the time
     * of an earlier add.
     */
    public static Arbitrary<CartItem> items() {
        return Combinators.combine(
                        bookIds(),
                        texts().injectNull(0.1),
                        texts().injectNull(0.1),
                        prices(),
                        quantities(),
                        attributes(),
                        times().injectNull(0.5))
                .as((bookId, title, author, price, quantity, attributes, addedAt) -> {
                    CartItem item = CartItem.of(bookId, title, author, price, quantity);
                    for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
                        item = item.with(attribute.getKey(), attribute.getValue());
                    }
                    return addedAt == null ? item : item.withAddedAt(addedAt);
                });
    }

    private static Arbitrary<Instant> times() {
        return Arbitraries.integers().between(0, SECONDS_OF_A_WEEK).map(EARLIEST::plusSeconds);
    }

    /** Generates carts of any user, as a store returns them: see {@link #cartsOf cartsOf}. */
    public static Arbitrary<Cart> carts() {
        return cartsOf(userIds());
    }

    /**
     * Generates carts of one user, including empty ones, as a store returns them: with times and a version, suitable
     * for {@link CartUpdate#basedOn CartUpdate.basedOn}. They may exceed the limits of a store.
     */
    public static Arbitrary<Cart> cartsOf(String userId) {
        return cartsOf(Arbitraries.just(Cart.empty(userId).userId()));
    }

    private static Arbitrary<Cart> cartsOf(Arbitrary<String> userIds) {
        Arbitrary<List<CartItem>> lines =
                items().list().uniqueElements(CartItem::bookId).ofMaxSize(8);
        return Combinators.combine(
                        userIds,
                        lines,
                        attributes(),
                        times(),
                        Arbitraries.integers().between(1, 99))
                .as((userId, items, attributes, lastUpdated, writes) ->
                        stored(Cart.empty(userId), items, attributes, lastUpdated, writes));
    }

    private static Cart stored(
            Cart empty, List<CartItem> items, Map<String, Object> attributes, Instant lastUpdated, int writes) {
        if (items.isEmpty() && attributes.isEmpty()) {
            return empty;
        }
        List<CartChange> changes = new ArrayList<>();
        items.forEach(item -> changes.add(new CartChange.Add(item)));
        attributes.forEach((name, value) -> changes.add(new CartChange.SetAttribute(name, value)));
        return Cart.stored(
                empty.apply(NO_LIMITS, lastUpdated, changes),
                CartVersion.parse("generated." + writes + "." + "0".repeat(13)),
                lastUpdated,
                lastUpdated.plus(TIME_TO_LIVE));
    }

    /** Generates changes of every kind. A cart rejects those that do not fit it or exceed the limits of the store. */
    public static Arbitrary<CartChange> changes() {
        return Arbitraries.frequencyOf(
                Tuple.of(24, changesOfLines()), Tuple.of(1, Arbitraries.just(new CartChange.Clear())));
    }

    private static Arbitrary<CartChange> changesOfLines() {
        Arbitrary<CartChange> add = items().map(CartChange.Add::new);
        Arbitrary<Integer> upToAll =
                Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(0)), Tuple.of(5, quantities()));
        Arbitrary<CartChange> set = Combinators.combine(bookIds(), upToAll).as(CartChange.SetQuantity::new);
        Arbitrary<CartChange> remove = bookIds().map(CartChange.Remove::new);
        Arbitrary<CartChange> reprice = Combinators.combine(bookIds(), prices()).as(CartChange.Reprice::new);
        Arbitrary<CartChange> subtract =
                Arbitraries.maps(bookIds(), quantities()).ofMaxSize(4).map(CartChange.Subtract::new);
        return Arbitraries.frequencyOf(
                Tuple.of(5, add),
                Tuple.of(2, set),
                Tuple.of(2, remove),
                Tuple.of(1, reprice),
                Tuple.of(1, subtract),
                Tuple.of(2, changesOfAttributes()));
    }

    private static Arbitrary<CartChange> changesOfAttributes() {
        Arbitrary<CartChange> set =
                Combinators.combine(attributeNames(), attributeValues()).as(CartChange.SetAttribute::new);
        Arbitrary<CartChange> remove = attributeNames().map(CartChange.RemoveAttribute::new);
        Arbitrary<CartChange> setOfItem = Combinators.combine(bookIds(), attributeNames(), attributeValues())
                .as(CartChange.SetItemAttribute::new);
        Arbitrary<CartChange> removeOfItem =
                Combinators.combine(bookIds(), attributeNames()).as(CartChange.RemoveItemAttribute::new);
        return Arbitraries.frequencyOf(
                Tuple.of(3, set), Tuple.of(1, remove), Tuple.of(3, setOfItem), Tuple.of(1, removeOfItem));
    }

    /** Generates sequences of up to ten changes, to be made one after the other. */
    public static Arbitrary<List<CartChange>> changeSequences() {
        return changes().list().ofMaxSize(10);
    }

    /** Generates updates to any user's cart: see {@link #updatesOf updatesOf}. */
    public static Arbitrary<CartUpdate> updates() {
        return updatesOf(userIds());
    }

    /**
     * Generates updates to one user's cart: up to five changes, or a clear as the only change. Some have one of three
     * idempotency keys; none has a version, a snapshot or a deadline.
     */
    public static Arbitrary<CartUpdate> updatesOf(String userId) {
        return updatesOf(Arbitraries.just(CartUpdate.of(userId).userId()));
    }

    private static Arbitrary<CartUpdate> updatesOf(Arbitrary<String> userIds) {
        Arbitrary<List<CartChange>> lists = Arbitraries.frequencyOf(
                Tuple.of(12, changesOfLines().list().ofMinSize(1).ofMaxSize(5)),
                Tuple.of(1, Arbitraries.just(List.of(new CartChange.Clear()))));
        Arbitrary<String> keys = Arbitraries.of("key1", "key2", "key3").injectNull(0.8);
        return Combinators.combine(userIds, lists, keys).as((userId, changes, key) -> {
            CartUpdate update = CartUpdate.of(userId);
            for (CartChange change : changes) {
                update = update.with(change);
            }
            return key == null ? update : update.idempotencyKey(key);
        });
    }

    /**
     * Generates what several callers do to one user's cart at the same time: for each caller, the updates that it makes
     * one after the other.
     *
     * @param callers the number of callers, at least 1
     */
    public static Arbitrary<List<List<CartUpdate>>> schedulesOf(String userId, int callers) {
        if (callers < 1) {
            throw new IllegalArgumentException("callers must be at least 1, but is " + callers);
        }
        return updatesOf(userId).list().ofMaxSize(5).list().ofSize(callers);
    }
}
