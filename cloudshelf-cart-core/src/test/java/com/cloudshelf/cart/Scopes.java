package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;

import com.cloudshelf.cart.Explorer.Caller;
import com.cloudshelf.cart.Explorer.Setting;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What the {@link Explorer} is sent through: calls, and the items that they start from. */
final class Scopes {
    /** Settings whose worlds are counted together. */
    record Scope(String name, List<Setting> settings) {
        @Override
        public String toString() {
            return name;
        }
    }

    static final String GUEST = "guest";

    private static final Duration NO_SKEW = Duration.ZERO;
    private static final Duration MOST_SKEW = Duration.ofMillis(Memory.CLOCK_SKEW_MILLIS);
    private static final Duration KEY_RETENTION = Duration.ofDays(1);
    private static final CartItem THERE = book("a", "9.50", 2);
    private static final CartItem ALSO_THERE = book("b", "3", 1);
    private static final Cart CONTENT = cartOf(THERE, ALSO_THERE);

    private Scopes() {}

    /** What the table holds at first. */
    enum Start {
        NONE,
        YOUNG,
        /** Written so short a while ago that an addition does not pin the version. */
        BUSY,
        RESTED,
        EXPIRED,
        ANOTHER_PROGRAMS,
        FULL_RING,
        /** Its ring has room for one ID more, and holds those of a machine whose clock is ahead. */
        CLOCK_AHEAD,
        /** Something made a list of the set of hashes: DynamoDB cannot add to it, and says so only when it tries to. */
        HASHES_IN_A_LIST,
        /** Something made a string of the ring: the same, and the memory is gone. */
        RING_IN_A_STRING,
        /** The memory is gone, but an addition brings it back. */
        NO_LAST_WRITE;

        Map<String, AttributeValue> item(int ring) {
            return switch (this) {
                case NONE -> Map.of();
                case BUSY -> Writes.itemOf(CONTENT, NOW.minusMillis(100));
                case YOUNG -> Writes.itemOf(CONTENT, NOW.minusSeconds(60));
                case RESTED -> Writes.itemOf(CONTENT, NOW.minus(Duration.ofHours(2)));
                case EXPIRED -> Writes.itemOf(CONTENT, NOW.minus(Duration.ofDays(31)));
                case ANOTHER_PROGRAMS ->
                    Items.item(
                            "cartItems",
                            Items.list(Items.line("a", "9.5", "2"), Items.line("b", "3", "1")),
                            "totalItems",
                            Items.n("3"),
                            "totalPrice",
                            Items.n("22"),
                            "lastUpdated",
                            Items.s("2025-09-03T10:00:00Z"));
                case FULL_RING -> filled(ring, 0, NOW.minusSeconds(60));
                case CLOCK_AHEAD -> filled(ring, 1, NOW.plus(Duration.ofMinutes(10)));
                case HASHES_IN_A_LIST ->
                    Items.with(BUSY.item(ring), ItemFormat.BOOK_HASHES, Items.list(Items.s("x"), Items.s("y")));
                case RING_IN_A_STRING -> Items.with(BUSY.item(ring), ItemFormat.RING, Items.s("x"));
                case NO_LAST_WRITE -> Items.without(BUSY.item(ring), ItemFormat.LAST_WRITE);
            };
        }

        /** Writes to a cart until its ring has room for so many IDs. */
        private static Map<String, AttributeValue> filled(int ring, int room, Instant from) {
            Map<String, AttributeValue> item = Writes.itemOf(CONTENT, from);
            for (int i = 1; ; i++) {
                StoredCart stored = ItemFormat.decode(USER, item, NOW);
                Memory memory = stored.memory();
                if (memory == null || memory.isFull(ring - room)) {
                    return item;
                }
                Instant at = from.plusMillis(i);
                CartUpdate update =
                        CartUpdate.of(USER).setQuantity("a", 2 + i % 2).basedOn(stored.cart());
                Request request = new UpdateProtocol(update, terms(ring), KEY_RETENTION, "carts", false)
                        .next(Evidence.NONE, Event.start(null), new Moment(at, at.toEpochMilli(), WriteId::startedAt))
                        .request();
                Write write = request == null ? null : request.write();
                Map<String, AttributeValue> after = write == null ? null : Expressions.apply(write, item);
                if (after == null) {
                    throw new AssertionError("a write that nothing disturbed was refused");
                }
                item = after;
            }
        }
    }

    enum Operation {
        ADD_NEW,
        ADD_THERE,
        SET,
        REMOVE,
        SEVERAL,
        SUBTRACT,
        KEYED_ADD,
        IF_VERSION,
        CLEAR,
        CLEAR_KNOWN,
        GET,

        // Not in every scope.
        GET_WEAK,
        ADD_DEARER,
        SET_ALIKE_KEYED,
        CLEAR_SEEN_LATELY,
        CLEAR_KEYED,
        CLEAR_IF_VERSION;

        static final List<Operation> USUAL = List.of(values()).subList(0, GET.ordinal() + 1);

        private CartUpdate update(String user, Cart snapshot) {
            CartUpdate update = CartUpdate.of(user);
            return switch (this) {
                case ADD_NEW -> update.add(book("n", "5", 1));
                case ADD_THERE -> update.add(book("a", "9.50", 1));
                case SET -> update.setQuantity("a", 5).basedOn(snapshot);
                case REMOVE -> update.remove("a");
                case SEVERAL -> update.add(book("m", "7", 1)).remove("b");
                case SUBTRACT -> update.subtract(Map.of("a", 1, "b", 1));
                case KEYED_ADD -> update.add(book("k", "2", 1)).idempotencyKey("order");
                case IF_VERSION ->
                    (snapshot.isEmpty() ? update.add(book("v", "4", 1)) : update.setQuantity("a", 7))
                            .ifVersion(snapshot.version());
                case CLEAR -> update.clear();
                case CLEAR_KNOWN -> update.clear().basedOn(snapshot);
                case ADD_DEARER -> update.add(book("a", "11", 1));
                case SET_ALIKE_KEYED -> update.setQuantity("a", 2).idempotencyKey("same");
                case CLEAR_SEEN_LATELY -> update.clear();
                case CLEAR_KEYED -> update.clear().idempotencyKey("over");
                case CLEAR_IF_VERSION -> update.clear().ifVersion(snapshot.version());
                case GET, GET_WEAK -> throw new IllegalStateException("no update");
            };
        }

        Caller caller(String name, String user, int cart, Map<String, AttributeValue> item, int ring) {
            if (this == GET || this == GET_WEAK) {
                boolean strong = this == GET;
                return new Caller(
                        name, new GetProtocol(user, strong, "carts"), new Orders.Action.Get(cart, strong), NO_SKEW);
            }
            CartUpdate update = update(user, ItemFormat.decode(user, item, NOW).cart());
            return new Caller(
                    name,
                    new UpdateProtocol(update, terms(ring), KEY_RETENTION, "carts", this != CLEAR_SEEN_LATELY),
                    new Orders.Action.Change(cart, update),
                    NO_SKEW);
        }
    }

    private static Write.Terms terms(int ring) {
        return new Write.Terms(Writes.TERMS.timeToLive(), Generated.NO_LIMITS, ring);
    }

    static Setting onOneCart(Start start, List<Operation> operations, int faults, int ring) {
        Map<String, AttributeValue> item = start.item(ring);
        List<Caller> callers = new ArrayList<>();
        for (Operation operation : operations) {
            callers.add(operation.caller(nameOf(callers.size()), USER, 0, item, ring));
        }
        return new Setting(
                start + " " + operations,
                List.of(USER),
                List.of(item),
                callers,
                faults,
                MOST_REQUESTS,
                true,
                UnaryOperator.identity());
    }

    static final int MOST_REQUESTS = 16;

    private static String nameOf(int caller) {
        return String.valueOf((char) ('A' + caller));
    }

    /** What every build looks at. */
    static List<Scope> ofEveryBuild() {
        List<Scope> scopes = new ArrayList<>();
        for (Start start : Start.values()) {
            scopes.add(scope(start, usual(2), 2, Writes.RING));
        }
        List<Setting> unusual = new ArrayList<>();
        List<Setting> skewed = new ArrayList<>();
        for (Start start : Start.values()) {
            List<List<Operation>> pairs = groups(2, List.of(Operation.values()));
            pairs.removeAll(usual(2));
            unusual.addAll(scope(start, pairs, 1, Writes.RING).settings);
            for (Setting setting : scope(start, usual(2), 1, Writes.RING).settings) {
                skewed.add(skewed(setting, MOST_SKEW));
                skewed.add(skewed(setting, MOST_SKEW.negated()));
            }
        }
        scopes.add(new Scope("two calls, one of them of the less usual ones, one fault", unusual));
        scopes.add(new Scope("two calls on machines whose clocks are apart, one fault", skewed));
        scopes.add(new Scope("two calls on two carts, with merge, one fault", merges(1)));
        return scopes;
    }

    /** What takes too long for every build. */
    static List<Scope> ofSoak() {
        List<Scope> scopes = new ArrayList<>();
        for (int ring : new int[] {1, 2, 4}) {
            for (Start start : Start.values()) {
                scopes.add(scope(start, usual(2), 2, ring));
            }
        }
        for (Start start : Start.values()) {
            scopes.add(scope(start, usual(2), 3, Writes.RING));
        }
        for (Start start : Start.values()) {
            scopes.add(scope(start, usual(3), 1, Writes.RING));
        }
        scopes.add(new Scope("two calls on two carts, with merge, two faults", merges(2)));
        return scopes;
    }

    private static List<List<Operation>> usual(int calls) {
        return groups(calls, Operation.USUAL);
    }

    private static Scope scope(Start start, List<List<Operation>> groups, int faults, int ring) {
        return new Scope(
                groups.get(0).size() + " calls on one cart, faults: " + faults + ", ring of " + ring + ", " + start,
                groups.stream()
                        .map(group -> onOneCart(start, group, faults, ring))
                        .toList());
    }

    /** Every choice of so many operations, in whatever order, the same one more than once included. */
    private static List<List<Operation>> groups(int size, List<Operation> of) {
        List<List<Operation>> groups = new ArrayList<>();
        if (size == 0) {
            groups.add(List.of());
            return groups;
        }
        for (List<Operation> group : groups(size - 1, of)) {
            for (Operation more : of) {
                if (group.isEmpty() || group.get(group.size() - 1).compareTo(more) <= 0) {
                    List<Operation> larger = new ArrayList<>(group);
                    larger.add(more);
                    groups.add(larger);
                }
            }
        }
        return groups;
    }

    /** The setting, on machines of which the last one's clock is ahead. */
    private static Setting skewed(Setting setting, Duration ahead) {
        List<Caller> callers = new ArrayList<>(setting.callers());
        Caller last = callers.remove(callers.size() - 1);
        callers.add(new Caller(last.name(), last.protocol(), last.action(), ahead));
        return new Setting(
                setting.name() + " " + ahead,
                setting.users(),
                setting.items(),
                callers,
                setting.faults(),
                setting.mostRequests(),
                setting.passages(),
                setting.table());
    }

    /** A merge of a guest's cart into a user's, beside another call on one of the two, or the same merge once more. */
    private static List<Setting> merges(int faults) {
        List<Setting> settings = new ArrayList<>();
        Map<String, AttributeValue> guest = Items.with(
                Writes.itemOf(cartOf(book("a", "9", 1), book("g", "6", 2)), NOW.minusSeconds(30)),
                ItemFormat.USER_ID,
                AttributeValue.fromS(GUEST));
        for (Start start : List.of(Start.NONE, Start.YOUNG, Start.RESTED, Start.EXPIRED, Start.ANOTHER_PROGRAMS)) {
            Map<String, AttributeValue> into = start.item(Writes.RING);
            Caller merge = merge("A");
            List<Caller> others = new ArrayList<>(List.of(merge("B")));
            for (Operation operation : Operation.values()) {
                others.add(operation.caller("B", USER, 1, into, Writes.RING));
                others.add(operation.caller("B", GUEST, 0, guest, Writes.RING));
            }
            for (Caller other : others) {
                settings.add(new Setting(
                        start + " merge and " + other.action(),
                        List.of(GUEST, USER),
                        List.of(guest, into),
                        List.of(merge, other),
                        faults,
                        MOST_REQUESTS,
                        false,
                        UnaryOperator.identity()));
            }
        }
        return settings;
    }

    private static Caller merge(String name) {
        return new Caller(
                name,
                new MergeProtocol(GUEST, USER, MergeStrategy.SUM, terms(Writes.RING), "carts"),
                new Orders.Action.Merge(0, 1),
                NO_SKEW);
    }
}
