package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * Explores every schedule of a few calls: when each starts, in what order their requests reach the table, and what the
 * network does to each. The protocols are the real ones, and the table evaluates the expressions that would be sent.
 *
 * <p>A world consists of the items, the calls with their evidence, the copies of requests that are still in flight, the
 * remaining faults, and the time. Its moves:
 *
 * <ul>
 *   <li>a call starts; or it starts after another change through its store, which hands on the cart that it left; or it
 *       continues after a backoff
 *   <li>{@code answered}: the request in flight is applied, and its response arrives
 *   <li>{@code lost}: the call gets no usable response, or a 500. The fate of the request stays open: it remains in
 *       flight and may arrive now, later, or never
 *   <li>{@code doubled}: answered, and the network keeps a copy of the request
 *   <li>{@code hedged}: the call sends a copy. The first response decides, and the other copy stays in flight
 *   <li>{@code throttled} and {@code unsent}: failed without an effect
 *   <li>{@code timed out}: the call reaches its deadline, with a request in flight or during a backoff
 *   <li>a copy that is still in flight arrives, and no call waits for its response. A copy of an applied transaction
 *       has no effect, because DynamoDB recognizes its token; a late copy does, because DynamoDB forgets a token after
 *       ten minutes
 *   <li>the replica that serves weak reads catches up
 *   <li>two hours pass, or enough time for the cart to expire. This does not happen during a call, and no copy outlives
 *       it, because DynamoDB refuses a request five minutes after it was signed
 *   <li>another program appends a line, or deletes the item
 * </ul>
 *
 * Every move uses up one of the remaining faults, except for starts, answers, arrivals, the replica and the passage of
 * time. In every world in which all calls have ended, {@link Orders} judges their outcomes. Copies that are still in
 * flight then may arrive, and {@link Orders} judges again.
 *
 * <p>All steps are pure, so each is computed once and looked up from then on. A world is an array of numbers.
 *
 * <p>Some schedules have no moves of their own. They lead to worlds that other schedules lead to as well, so leaving
 * them out misses no violation:
 *
 * <ul>
 *   <li>A response that stays in flight for a while. The call acts on it only after it has arrived, and nothing
 *       observes the call in the meantime. Here the call merely ends sooner, which makes the judgement stricter.
 *   <li>Which of the two copies of a hedged request is answered: they are the same request. If one fails without an
 *       effect, the other remains, as if there had been no hedge. If one is lost, it stays in flight, as it does
 *       anyway.
 *   <li>A copy of a read. It has no effect, and the response to an earlier copy equals that of an earlier read.
 *   <li>A delay between the end of a backoff and the next request. What the call does there affects nothing until its
 *       request arrives.
 *   <li>The order in which two identical calls start. The first always starts first.
 * </ul>
 *
 * <p>One promise is weaker: if the network duplicated an add that was refused, and the call then fails, the copy may
 * still take effect. Such a call is judged as one with an unknown outcome.
 */
final class Explorer {
    /**
     * @param protocol performs the action
     * @param clock how far ahead the clock of its machine is
     */
    record Caller(String name, Protocol<?, Cart> protocol, Orders.Action action, Duration clock) {
        /** Returns whether its change and the other's take turns if both go through one store. */
        boolean sharesLaneWith(Caller other) {
            return action instanceof Orders.Action.Change change
                    && other.action instanceof Orders.Action.Change before
                    && change.cart() == before.cart();
        }

        boolean readsWeakly() {
            return action instanceof Orders.Action.Get get && !get.strong();
        }
    }

    /**
     * @param users the users whose items the table may hold
     * @param items the item of each user at the start; empty if there is none
     * @param table spoils the requests that reach the table
     */
    record Setting(
            String name,
            List<String> users,
            List<Map<String, AttributeValue>> items,
            List<Caller> callers,
            int faults,
            int mostRequests,
            boolean passages,
            UnaryOperator<DynamoDbRequest> table) {
        Setting spoiled(UnaryOperator<Protocol<?, Cart>> calls, UnaryOperator<DynamoDbRequest> table) {
            List<Caller> spoiled = callers.stream()
                    .map(caller -> new Caller(caller.name, calls.apply(caller.protocol), caller.action, caller.clock))
                    .toList();
            return new Setting(name, users, items, spoiled, faults, mostRequests, passages, table);
        }
    }

    record Report(
            long worlds,
            long transitions,
            int mostRequests,
            @Nullable String violation) {}

    /** The line that the other program appends. */
    static final CartItem APPENDED = CartItem.of("z", null, null, Examples.money("1"), 1);

    private static final String TABLE = "carts";
    private static final long FOREIGN_MILLIS = NOW.toEpochMilli() + 7;

    // A world is an array of numbers: these, then CALL numbers for each call, then the copies in flight.
    private static final int FAULTS = 0;
    private static final int ORDER = 1;
    private static final int PASSED = 2;
    private static final int FOREIGN = 3;
    private static final int COPIES = 4;
    private static final int TOKENS = 5;
    private static final int REPLICA = 6;
    private static final int ITEMS = 7;

    private static final int PHASE = 0;
    private static final int EVIDENCE = 1;
    private static final int REQUEST = 2;
    private static final int SENT = 3;
    private static final int DRAWN = 4;
    private static final int OUTCOME = 5;
    private static final int LEFT = 6;
    private static final int DOUBLED = 7;
    private static final int CALL = 8;

    // A copy in flight is a number: its call, its position among the call's requests, and the number of the request.
    private static final int CALL_SHIFT = 28;
    private static final int SENT_SHIFT = 22;
    private static final int COPY_OF = (1 << SENT_SHIFT) - 1;

    // Phases of a call.
    private static final int NEW = 0;
    private static final int FLIGHT = 1;
    private static final int HEDGED = 2;
    private static final int PAUSED = 3;
    private static final int ENDED = 4;

    /** No cart is handed on, no transaction has been applied, or no replica is read. */
    private static final int NOTHING = 0;

    // What the other program has done.
    private static final int APPENDED_LINE = 1;
    private static final int DELETED_ITEM = 2;

    /** The amounts of time that may pass. */
    private static final List<Duration> PASSAGES = List.of(Duration.ZERO, Duration.ofHours(2), Duration.ofDays(31));

    private static final int EXPIRY = 2;

    private static final Map<String, WriteId> IDS = new ConcurrentHashMap<>();

    private static final class Key {
        private final int[] numbers;

        Key(int... numbers) {
            this.numbers = numbers;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && Arrays.equals(numbers, key.numbers);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(numbers);
        }
    }

    /** Assigns the same small number to equal values. */
    private static final class Numbers<T> {
        private final Shape.Names names;
        private final Map<String, Integer> numbers = new HashMap<>();
        private final List<T> values = new ArrayList<>();

        Numbers(Shape.Names names) {
            this.names = names;
        }

        int of(T value) {
            return numbers.computeIfAbsent(Shape.of(value, names), shape -> {
                values.add(value);
                return values.size() - 1;
            });
        }

        T get(int number) {
            return values.get(number);
        }
    }

    private static final class Move {
        final String name;
        final int[] world;

        Move(String name, int[] world) {
            this.name = name;
            this.world = world;
        }
    }

    /** The next step of a call. */
    private record Step(int phase, int evidence, int request, int drawn, int outcome, int left) {}

    private static final class Delivery {
        /** The number of each item after the request; empty for a read. */
        final int[] items;

        final int event;
        final int tokens;

        Delivery(int[] items, int event, int tokens) {
            this.items = items;
            this.event = event;
            this.tokens = tokens;
        }
    }

    /** Stands in place of the applied transactions. */
    private static final int UNCHANGED = -1;

    // Stands in place of an event.
    private static final int STOPPED = -1;
    private static final int UNANSWERED = -2;

    /** The steps of one call, each computed once. */
    private final class Steps<E> {
        private final int index;
        private final Protocol<E, Cart> protocol;
        private final Duration clock;
        private final Numbers<E> evidences = new Numbers<>(names);
        private final Map<Key, Step> known = new HashMap<>();

        Steps(int index, Protocol<E, Cart> protocol, Duration clock) {
            this.index = index;
            this.protocol = protocol;
            this.clock = clock;
        }

        int nothingYet() {
            return evidences.of(protocol.nothingYet());
        }

        Step next(int evidence, int event, int passed, int drawn) {
            return known.computeIfAbsent(new Key(evidence, event, passed, drawn), key -> {
                int[] more = {drawn};
                Instant now = NOW.plus(PASSAGES.get(passed)).plus(clock);
                Moment moment = new Moment(
                        now,
                        now.toEpochMilli() + 10L * drawn + index,
                        start -> IDS.computeIfAbsent(
                                start + " " + index + " " + more[0]++, any -> WriteId.startedAt(start)));
                return step(protocol.next(evidences.get(evidence), events.get(event), moment), more[0]);
            });
        }

        Step stop(int evidence, boolean unanswered, int drawn) {
            return known.computeIfAbsent(
                    new Key(evidence, unanswered ? UNANSWERED : STOPPED, 0, drawn),
                    key -> step(
                            protocol.stop(evidences.get(evidence), Stop.because(Stop.Reason.TIME, unanswered)), drawn));
        }

        private Step step(Decision<E, Cart> decision, int drawn) {
            int evidence = evidences.of(decision.evidence());
            return switch (decision.kind()) {
                case SEND -> {
                    Request request = decision.request();
                    if (request == null) {
                        throw new AssertionError("nothing to send");
                    }
                    yield new Step(FLIGHT, evidence, requests.of(request), drawn, 0, NOTHING);
                }
                case PAUSE -> new Step(PAUSED, evidence, 0, drawn, 0, NOTHING);
                case SUCCEED, FAIL -> {
                    StoredCart left = decision.left();
                    yield new Step(
                            ENDED,
                            0,
                            0,
                            0,
                            outcomes.of(Orders.Outcome.of(decision)),
                            left == null ? NOTHING : starts.of(Event.start(left)));
                }
            };
        }
    }

    private final Setting setting;
    private final Shape.Names names = new Shape.Names();
    private final int calls;
    private final int append;
    private final int passage;
    private final List<Steps<?>> steps = new ArrayList<>();
    private final Numbers<Map<String, AttributeValue>> items = new Numbers<>(names);
    private final Numbers<Request> requests = new Numbers<>(names);
    private final Numbers<Event> events = new Numbers<>(names);
    private final Numbers<Orders.Outcome> outcomes = new Numbers<>(names);

    /** Start events of calls that are handed a cart. */
    private final Numbers<Event> starts = new Numbers<>(names);

    /** Lists of numbers: of transactions, or of the items of all users. */
    private final Numbers<List<Integer>> lists = new Numbers<>(names);

    private final Map<Key, Delivery> deliveries = new HashMap<>();
    private final Map<Integer, Integer> appended = new HashMap<>();
    private final Map<Key, Boolean> explained = new HashMap<>();
    private final Map<Key, String> faulty = new HashMap<>();
    private final List<StoredCart> first = new ArrayList<>();
    private final int start;
    private final int resumed;
    private final int lost;
    private final int throttled;
    private final int unsent;
    private long transitions;
    private int mostRequests;

    Explorer(Setting setting) {
        this.setting = setting;
        calls = setting.callers.size();
        append = calls;
        passage = calls + 1;
        for (Caller caller : setting.callers) {
            steps.add(new Steps<>(steps.size(), caller.protocol, caller.clock));
        }
        for (int i = 0; i < setting.users.size(); i++) {
            first.add(ItemFormat.decode(setting.users.get(i), setting.items.get(i), NOW));
        }
        starts.of(Event.start(null)); // NOTHING
        lists.of(List.of()); // NOTHING
        start = events.of(Event.start(null));
        resumed = events.of(Event.resumed());
        lost = events.of(Event.failed(Failure.of(Failures.lost())));
        throttled = events.of(Event.failed(Failure.of(Failures.throttled())));
        unsent = events.of(Event.failed(Failure.of(Failures.connectionRefused())));
    }

    /** Visits every world, the nearest first, and stops at the first violation. */
    Report explore() {
        int[] origin = origin();
        List<int[]> worlds = new ArrayList<>();
        List<Integer> parents = new ArrayList<>();
        Map<Key, Integer> met = new HashMap<>();
        ArrayDeque<Integer> frontier = new ArrayDeque<>();
        met.put(new Key(origin), 0);
        worlds.add(origin);
        parents.add(-1);
        frontier.add(0);
        while (!frontier.isEmpty()) {
            int number = frontier.remove();
            int[] world = worlds.get(number);
            String wrong = judge(world);
            if (wrong != null) {
                return report(worlds.size(), wrong + "\n" + script(worlds, parents, number));
            }
            List<Move> moves;
            try {
                moves = moves(world);
            } catch (RuntimeException | AssertionError e) {
                return report(worlds.size(), e + "\n" + script(worlds, parents, number));
            }
            for (Move move : moves) {
                transitions++;
                if (met.putIfAbsent(new Key(move.world), worlds.size()) == null) {
                    frontier.add(worlds.size());
                    worlds.add(move.world);
                    parents.add(number);
                }
            }
        }
        return report(worlds.size(), null);
    }

    /**
     * Follows a script of one move per line, as {@link #explore} prints it.
     *
     * @return the first violation on the way; {@code null} if there is none
     */
    @Nullable
    String replay(List<String> script) {
        int[] world = origin();
        String wrong = judge(world);
        for (String name : script) {
            if (wrong != null) {
                return wrong;
            }
            List<Move> moves = moves(world);
            world = moves.stream()
                    .filter(move -> move.name.equals(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no move \"" + name + "\" among "
                            + moves.stream().map(move -> move.name).toList()))
                    .world;
            wrong = judge(world);
        }
        return wrong;
    }

    private Report report(long worlds, @Nullable String violation) {
        return new Report(
                worlds, transitions, mostRequests, violation == null ? null : setting.name + ": " + violation);
    }

    private String script(List<int[]> worlds, List<Integer> parents, int number) {
        List<String> lines = new ArrayList<>();
        for (int at = number; parents.get(at) >= 0; at = parents.get(at)) {
            int[] world = worlds.get(at);
            String name = moves(worlds.get(parents.get(at))).stream()
                    .filter(move -> Arrays.equals(move.world, world))
                    .findFirst()
                    .orElseThrow()
                    .name;
            lines.add("    \"" + name + "\",");
        }
        Collections.reverse(lines);
        return String.join("\n", lines) + "\n" + describe(worlds.get(number));
    }

    private String describe(int[] world) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < setting.users.size(); i++) {
            text.append("at first ").append(Orders.show(first.get(i).cart()));
            text.append(", in the end ")
                    .append(Orders.show(stored(world, i).cart()))
                    .append('\n');
        }
        for (int i = 0; i < calls; i++) {
            text.append(setting.callers.get(i).name).append(": ");
            text.append(phase(world, i) == ENDED ? outcomes.get(world[at(i) + OUTCOME]) : "in progress");
            text.append('\n');
        }
        return text.toString();
    }

    /* Worlds. */

    private int[] origin() {
        int[] world = new int[at(calls)];
        world[FAULTS] = setting.faults;
        for (int i = 0; i < setting.users.size(); i++) {
            world[ITEMS + i] = items.of(setting.items.get(i));
        }
        for (int i = 0; i < calls; i++) {
            world[at(i) + EVIDENCE] = steps.get(i).nothingYet();
        }
        catchUp(world);
        return world;
    }

    /** Brings the replica that serves weak reads up to date. There is no replica if no call reads weakly. */
    private void catchUp(int[] world) {
        boolean read = false;
        for (int i = 0; i < calls; i++) {
            read |= setting.callers.get(i).readsWeakly() && phase(world, i) != ENDED;
        }
        world[REPLICA] = read ? lists.of(itemsOf(world)) : NOTHING;
    }

    private List<Integer> itemsOf(int[] world) {
        return Arrays.stream(world, ITEMS, ITEMS + setting.users.size()).boxed().toList();
    }

    private int at(int call) {
        return ITEMS + setting.users.size() + call * CALL;
    }

    private int phase(int[] world, int call) {
        return world[at(call) + PHASE];
    }

    /** Records that an action starts now: every action that has ended precedes it. */
    private void starts(int[] world, int action) {
        for (int other = 0; other <= passage; other++) {
            boolean ended = other < calls
                    ? phase(world, other) == ENDED
                    : (other == append ? (world[FOREIGN] & APPENDED_LINE) != 0 : world[PASSED] != 0);
            if (ended && other != action) {
                world[ORDER] |= 1 << (other * (passage + 1) + action);
            }
        }
    }

    private boolean[][] order(int[] world) {
        boolean[][] order = new boolean[passage + 1][passage + 1];
        for (int i = 0; i <= passage; i++) {
            for (int j = 0; j <= passage; j++) {
                order[i][j] = (world[ORDER] & (1 << (i * (passage + 1) + j))) != 0;
            }
        }
        return order;
    }

    /* Moves. */

    private List<Move> moves(int[] world) {
        List<Move> moves = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            if (phase(world, i) == PAUSED) {
                afterPause(world, i, moves);
                return moves;
            }
        }
        for (int i = 0; i < calls; i++) {
            if (phase(world, i) == NEW && !isTwinOfNew(world, i)) {
                starting(world, i, moves);
            } else if (phase(world, i) == FLIGHT || phase(world, i) == HEDGED) {
                inFlight(world, i, moves);
            }
        }
        for (int copy = at(calls); copy < world.length; copy++) {
            int number = world[copy];
            int request = number & COPY_OF;
            String name =
                    "copy of " + name(callOf(number)) + "'s request " + ((number >> SENT_SHIFT) & 63) + " arrives";
            int[] rest = without(world, copy);
            moves.add(new Move(name, delivered(rest, deliver(request, world))));
            if (lists.get(world[TOKENS]).contains(request)) {
                // The copy takes more than ten minutes, so DynamoDB has forgotten its token.
                moves.add(new Move(name + " late", delivered(rest, deliver(request, world, NOTHING))));
            }
        }
        if (world[REPLICA] != NOTHING && !lists.get(world[REPLICA]).equals(itemsOf(world))) {
            int[] next = world.clone();
            catchUp(next);
            moves.add(new Move("the replica catches up", next));
        }
        if (world[FAULTS] > 0) {
            foreign(world, moves);
        }
        passages(world, moves);
        return moves;
    }

    private void starting(int[] world, int call, List<Move> moves) {
        int[] next = world.clone();
        starts(next, call);
        moves.add(new Move(name(call) + " starts", take(next.clone(), call, next(world, call, start))));
        for (int before = 0; before < calls; before++) {
            int left = world[at(before) + LEFT];
            if (left != NOTHING && setting.callers.get(call).sharesLaneWith(setting.callers.get(before))) {
                int event = events.of(starts.get(left));
                moves.add(new Move(
                        name(call) + " starts after " + name(before),
                        take(next.clone(), call, next(world, call, event))));
            }
        }
    }

    /** Returns whether an identical call with a lower number has not started yet. */
    private boolean isTwinOfNew(int[] world, int call) {
        for (int other = 0; other < call; other++) {
            if (phase(world, other) == NEW
                    && setting.callers.get(other).action.equals(setting.callers.get(call).action)) {
                return true;
            }
        }
        return false;
    }

    private void afterPause(int[] world, int call, List<Move> moves) {
        moves.add(new Move(name(call) + " continues", take(world.clone(), call, next(world, call, resumed))));
        if (world[FAULTS] > 0) {
            Step stop = steps.get(call).stop(world[at(call) + EVIDENCE], false, world[at(call) + DRAWN]);
            moves.add(new Move(name(call) + " is timed out", take(faulted(world), call, stop)));
        }
    }

    private void inFlight(int[] world, int call, List<Move> moves) {
        int number = world[at(call) + REQUEST];
        boolean hedged = phase(world, call) == HEDGED;
        Request request = requests.get(number);
        Delivery delivery = deliver(number, world);
        int event = delivery.event;
        if (hedged && events.get(event).kind() == Event.Kind.REFUSED) {
            event = events.of(Event.refused(events.get(event).cause(), true));
        }
        Step step = next(world, call, event);
        // One copy failed without an effect: the call waits for the other, as if there had been no hedge.
        boolean awaitsOther = hedged && events.get(event).kind() == Event.Kind.FAILED;
        if (!awaitsOther) {
            moves.add(new Move(name(call) + " is answered", take(delivered(world, delivery), call, step)));
        }
        if (world[FAULTS] == 0) {
            return;
        }
        boolean writes = request.kind().writes();
        int[] kept = faulted(world);
        if (writes) {
            int copy = call << CALL_SHIFT | world[at(call) + SENT] << SENT_SHIFT | number;
            kept = with(kept, copy);
            if (!hedged) {
                int[] doubled = kept.clone();
                boolean refused = events.get(event).kind() != Event.Kind.DONE;
                doubled[at(call) + DOUBLED] |= refused && isAddition(request) ? 1 : 0;
                moves.add(
                        new Move(name(call) + " is answered, doubled", take(delivered(doubled, delivery), call, step)));
                int[] hedge = kept.clone();
                hedge[at(call) + PHASE] = HEDGED;
                moves.add(new Move(name(call) + " is hedged", hedge));
            }
        }
        moves.add(new Move(name(call) + " is lost", take(kept.clone(), call, next(world, call, lost))));
        Step stop = steps.get(call).stop(world[at(call) + EVIDENCE], true, world[at(call) + DRAWN]);
        moves.add(new Move(name(call) + " is timed out", take(kept.clone(), call, stop)));
        if (!hedged) {
            moves.add(new Move(name(call) + " is throttled", take(faulted(world), call, next(world, call, throttled))));
            moves.add(new Move(name(call) + " is unsent", take(faulted(world), call, next(world, call, unsent))));
        }
    }

    private static boolean isAddition(Request request) {
        Write write = request.write();
        return write != null && write.kind() == Write.Kind.UPDATE && write.before() == null;
    }

    private static int callOf(int copy) {
        return copy >> CALL_SHIFT;
    }

    private void foreign(int[] world, List<Move> moves) {
        if ((world[FOREIGN] & APPENDED_LINE) == 0) {
            int[] next = faulted(world);
            starts(next, append);
            next[FOREIGN] |= APPENDED_LINE;
            int last = setting.users.size() - 1;
            next[ITEMS + last] = appended.computeIfAbsent(
                    world[ITEMS + last], item -> items.of(appended(items.get(item), setting.users.get(last))));
            moves.add(new Move("another program appends", next));
        }
        for (int i = 0; i < setting.users.size(); i++) {
            if (!items.get(world[ITEMS + i]).isEmpty()) {
                int[] next = faulted(world);
                next[FOREIGN] |= DELETED_ITEM;
                next[ITEMS + i] = items.of(Map.of());
                moves.add(new Move("someone deletes item " + i, next));
            }
        }
    }

    private void passages(int[] world, List<Move> moves) {
        boolean started = false;
        boolean over = true;
        for (int i = 0; i < calls; i++) {
            if (phase(world, i) != NEW && phase(world, i) != ENDED) {
                return;
            }
            started |= phase(world, i) == ENDED;
            over &= phase(world, i) == ENDED;
        }
        if (!setting.passages || !started || over || world[PASSED] != 0) {
            return;
        }
        for (int i = 1; i < PASSAGES.size(); i++) {
            int[] next = Arrays.copyOf(world, at(calls));
            starts(next, passage);
            next[PASSED] = i;
            next[COPIES] = 0;
            next[TOKENS] = NOTHING;
            forgetLeft(next); // a lane hands a cart on immediately
            if (i != EXPIRY || haveExpired(next)) {
                moves.add(new Move(i == EXPIRY ? "the cart expires" : "two hours pass", next));
            }
        }
    }

    /** Returns whether every cart has expired. One that another program wrote has no time to live. */
    private boolean haveExpired(int[] world) {
        for (int i = 0; i < setting.users.size(); i++) {
            StoredCart stored = stored(world, i);
            if (stored.exists() && !stored.isExpired()) {
                return false;
            }
        }
        return true;
    }

    private String name(int call) {
        return setting.callers.get(call).name;
    }

    private Step next(int[] world, int call, int event) {
        return steps.get(call).next(world[at(call) + EVIDENCE], event, world[PASSED], world[at(call) + DRAWN]);
    }

    /** Takes a step of a call, in a world that is not shared yet. */
    private int[] take(int[] world, int call, Step step) {
        int at = at(call);
        int sent = world[at + SENT] + (step.phase == FLIGHT ? 1 : 0);
        mostRequests = Math.max(mostRequests, sent);
        if (sent > setting.mostRequests) {
            throw new AssertionError(name(call) + " sends more than " + setting.mostRequests + " requests");
        }
        world[at + PHASE] = step.phase;
        world[at + EVIDENCE] = step.evidence;
        world[at + REQUEST] = step.request;
        world[at + SENT] = step.phase == ENDED ? 0 : sent;
        world[at + DRAWN] = step.drawn;
        world[at + OUTCOME] = step.outcome;
        world[at + LEFT] = step.left;
        if (!isAwaited(world)) {
            forgetLeft(world);
        }
        if (world[REPLICA] != NOTHING
                && step.phase == ENDED
                && setting.callers.get(call).readsWeakly()) {
            catchUp(world);
        }
        if (step.phase == ENDED) {
            Orders.Kind kind = outcomes.get(step.outcome).kind();
            if (world[at + DOUBLED] != 0 && (kind == Orders.Kind.FAILED || kind == Orders.Kind.REJECTED)) {
                world[at + OUTCOME] = outcomes.of(new Orders.Outcome(Orders.Kind.UNKNOWN, ""));
            }
            world[at + DOUBLED] = 0;
        }
        return world;
    }

    /** Returns whether a call has not started yet and could be handed a cart. */
    private boolean isAwaited(int[] world) {
        for (int i = 0; i < calls; i++) {
            if (phase(world, i) == NEW) {
                return true;
            }
        }
        return false;
    }

    private void forgetLeft(int[] world) {
        for (int i = 0; i < calls; i++) {
            world[at(i) + LEFT] = NOTHING;
        }
    }

    private static int[] faulted(int[] world) {
        int[] next = world.clone();
        next[FAULTS]--;
        return next;
    }

    private int[] with(int[] world, int copy) {
        int[] next = Arrays.copyOf(world, world.length + 1);
        next[world.length] = copy;
        next[COPIES]++;
        Arrays.sort(next, at(calls), next.length);
        return next;
    }

    private static int[] without(int[] world, int copy) {
        int[] next = Arrays.copyOf(world, world.length - 1);
        System.arraycopy(world, copy + 1, next, copy, world.length - copy - 1);
        next[COPIES]--;
        return next;
    }

    private static int[] delivered(int[] world, Delivery delivery) {
        int[] next = world.clone();
        System.arraycopy(delivery.items, 0, next, ITEMS, delivery.items.length);
        next[TOKENS] = delivery.tokens < 0 ? world[TOKENS] : delivery.tokens;
        return next;
    }

    /* The table. */

    private Delivery deliver(int request, int[] world) {
        return deliver(request, world, world[TOKENS]);
    }

    /** @param tokens the applied transactions whose tokens DynamoDB remembers */
    private Delivery deliver(int number, int[] world, int tokens) {
        Request request = requests.get(number);
        boolean transacts = request.kind() == Request.Kind.TRANSACT;
        boolean weak = request.kind() == Request.Kind.GET && !request.strong();
        List<Integer> seen = weak ? lists.get(world[REPLICA]) : itemsOf(world);
        int[] key = new int[seen.size() + 2];
        key[0] = number;
        key[1] = transacts ? tokens : NOTHING;
        for (int i = 0; i < seen.size(); i++) {
            key[i + 2] = seen.get(i);
        }
        return deliveries.computeIfAbsent(
                new Key(key),
                any -> transacts
                        ? transact(number, request, seen, tokens)
                        : serve(request, seen, request.kind().writes()));
    }

    /** Performs a transaction once. If its token is known, it succeeds without an effect. */
    private Delivery transact(int number, Request request, List<Integer> seen, int tokens) {
        List<Integer> known = lists.get(tokens);
        if (known.contains(number)) {
            int[] same = seen.stream().mapToInt(Integer::intValue).toArray();
            return new Delivery(same, events.of(Event.done(List.of(), List.of())), tokens);
        }
        for (int other : known) {
            if (requests.get(other).token().equals(request.token())) {
                throw new AssertionError("one token for two contents");
            }
        }
        Delivery delivery = serve(request, seen, true);
        if (events.get(delivery.event).kind() != Event.Kind.DONE) {
            return delivery;
        }
        List<Integer> more = new ArrayList<>(known);
        more.add(number);
        Collections.sort(more);
        return new Delivery(delivery.items, delivery.event, lists.of(more));
    }

    private Delivery serve(Request request, List<Integer> seen, boolean writes) {
        Table table = new Table();
        for (int item : seen) {
            if (!items.get(item).isEmpty()) {
                table.put(items.get(item));
            }
        }
        Event event;
        try {
            event = Event.done(serve(request, table), List.of());
        } catch (AwsServiceException e) {
            Failure failure = Failure.of(e);
            if (failure.kind() == Failure.Kind.REFUSED) {
                event = Event.refused(failure, false);
            } else if (e.getCause() instanceof Expressions.Mismatch) {
                event = Event.failed(failure);
            } else {
                throw new AssertionError("the table does not support a request", e);
            }
        }
        int[] after = new int[writes ? setting.users.size() : 0];
        for (int i = 0; i < after.length; i++) {
            after[i] = items.of(table.item(setting.users.get(i)));
        }
        return new Delivery(after, events.of(event), UNCHANGED);
    }

    /** Returns the items of the response. */
    private List<Map<String, AttributeValue>> serve(Request request, Table table) {
        return switch (request.kind()) {
            case GET, GET_BOTH -> request.userIds().stream().map(table::item).toList();
            case WRITE ->
                table.serve(setting.table.apply(single(write(request)))) instanceof UpdateItemResponse updated
                        ? List.of(updated.attributes())
                        : List.of();
            case TRANSACT -> {
                table.serve(setting.table.apply(TransactWriteItemsRequest.builder()
                        .transactItems(request.parts().stream()
                                .map(part -> part.asPart(TABLE))
                                .toList())
                        .build()));
                yield List.of();
            }
            case GET_MANY, ERASE -> throw new IllegalArgumentException("not explored: " + request.kind());
        };
    }

    private static Write write(Request request) {
        Write write = request.write();
        if (write == null) {
            throw new IllegalArgumentException("no write");
        }
        return write;
    }

    private static DynamoDbRequest single(Write write) {
        ReturnValuesOnConditionCheckFailure old = ReturnValuesOnConditionCheckFailure.ALL_OLD;
        return switch (write.kind()) {
            case UPDATE ->
                write.asUpdate(TABLE)
                        .returnValues(write.after() == null ? ReturnValue.ALL_NEW : null)
                        .returnValuesOnConditionCheckFailure(old)
                        .build();
            case PUT ->
                write.asPut(TABLE).returnValuesOnConditionCheckFailure(old).build();
            case DELETE ->
                write.asDelete(TABLE).returnValuesOnConditionCheckFailure(old).build();
        };
    }

    /** Returns the item after an append by a program that knows nothing of versions and totals. */
    private static Map<String, AttributeValue> appended(Map<String, AttributeValue> item, String user) {
        Table table = new Table();
        if (!item.isEmpty()) {
            table.put(item);
        }
        table.serve(UpdateItemRequest.builder()
                .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(user)))
                .updateExpression(
                        "SET cartItems = list_append(if_not_exists(cartItems, :none), :line), lastUpdated = :now")
                .expressionAttributeValues(Map.of(
                        ":none",
                        AttributeValue.fromL(List.of()),
                        ":line",
                        Items.list(Items.line(APPENDED.bookId(), "1", "1")),
                        ":now",
                        AttributeValue.fromS(
                                Instant.ofEpochMilli(FOREIGN_MILLIS).toString())))
                .build());
        return table.item(user);
    }

    /* Judgement. */

    private StoredCart stored(int[] world, int index) {
        return ItemFormat.decode(
                setting.users.get(index), items.get(world[ITEMS + index]), NOW.plus(PASSAGES.get(world[PASSED])));
    }

    /** Returns the violation in a world; {@code null} if there is none. */
    private @Nullable String judge(int[] world) {
        for (int i = 0; i < setting.users.size(); i++) {
            int index = i;
            String fault = faulty.computeIfAbsent(
                    new Key(i, world[ITEMS + i], world[PASSED], world[FOREIGN]), key -> faultOf(world, index));
            if (!fault.isEmpty()) {
                return fault;
            }
        }
        if ((world[FOREIGN] & DELETED_ITEM) != 0) {
            return null; // the memory is gone along with the item
        }
        int[] key = new int[ITEMS + setting.users.size() + calls];
        System.arraycopy(world, 0, key, 0, ITEMS + setting.users.size());
        key[FAULTS] = 0;
        key[COPIES] = 0;
        for (int i = 0; i < calls; i++) {
            if (phase(world, i) != ENDED) {
                return null;
            }
            key[ITEMS + setting.users.size() + i] = world[at(i) + OUTCOME];
        }
        return explained.computeIfAbsent(new Key(key), any -> isExplained(world))
                ? null
                : "no order of the calls explains it";
    }

    private String faultOf(int[] world, int index) {
        StoredCart stored;
        try {
            stored = stored(world, index);
        } catch (InvalidStoredCartException e) {
            return "an item that cannot be read: " + e.getMessage();
        }
        boolean foreign = (world[FOREIGN] & APPENDED_LINE) != 0
                || first.get(index).memory() == null && first.get(index).exists()
                || first.get(index).isDrifted();
        return stored.isDrifted() && !foreign ? "totals, lines and book IDs contradict each other" : "";
    }

    private boolean isExplained(int[] world) {
        List<Orders.Action> actions = new ArrayList<>();
        List<Orders.@Nullable Outcome> ends = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            actions.add(setting.callers.get(i).action);
            ends.add(outcomes.get(world[at(i) + OUTCOME]));
        }
        Orders.Outcome done = new Orders.Outcome(Orders.Kind.SUCCEEDED, "");
        actions.add(new Orders.Action.Append(setting.users.size() - 1, APPENDED));
        ends.add((world[FOREIGN] & APPENDED_LINE) != 0 ? done : null);
        actions.add(new Orders.Action.Expiry());
        ends.add(world[PASSED] == EXPIRY ? done : null);
        List<Cart> left = new ArrayList<>();
        for (int i = 0; i < setting.users.size(); i++) {
            left.add(stored(world, i).cart());
        }
        return Orders.explain(actions, ends, order(world), first, left);
    }
}
