package com.cloudshelf.cart;

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
import com.cloudshelf.cart.History.Phase;
import com.cloudshelf.cart.History.Read;
import com.cloudshelf.cart.History.Rejected;
import com.cloudshelf.cart.History.Unknown;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a history is linearizable: whether all its operations could have happened one after the other, each at
 * one moment between its call and its end, with exactly these outcomes.
 *
 * <p>The search is that of Wing and Gong with Lowe's memory: starting from the empty cart, it tries each operation that
 * may have been the next, and never visits the same configuration (the operations so far, and the state that they led
 * to) twice. A single-threaded model without I/O, built on {@link Cart#apply}, judges each step.
 *
 * <p>The outcomes allow the following:
 *
 * <ul>
 *   <li>A call that failed without an effect is left out. A call of unknown outcome happened at some moment up to the
 *       end of its phase, or never.
 *   <li>A returned cart is the one that the operation led to. If a response was lost, it may instead be what a read
 *       showed later, but before the operation's end.
 *   <li>A rejection or a conflict changed nothing, and is what the rules say at one moment.
 * </ul>
 */
final class LinearizabilityChecker {
    /** The model's time does not matter, because every line of a history has its own. */
    private static final Instant ANY_TIME = Instant.EPOCH;

    private static final CartLimits NO_LIMITS = CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
    private static final int MAX_STEPS = 1_000_000;
    private static final int MAX_STATES_SHOWN = 6;
    private static final long HOPELESS = -1;

    /**
     * The model's state of one cart.
     *
     * @param keys the remembered idempotency keys, each with its changes
     * @param expired whether the cart has expired and no write has started a new one, so that anything a foreign writer
     *     appends to the remains is lost
     */
    private record State(Cart cart, Map<String, List<CartChange>> keys, boolean expired) {}

    /** The model's result for an action: the states after it, or the reason why the rules refuse it. */
    private record Verdict(
            Map<String, State> after, @Nullable Reason rejected, boolean conflict) {
        boolean isSuccess() {
            return rejected == null && !conflict;
        }
    }

    /**
     * A position of the search. It does not include operations of unknown outcome.
     *
     * @param done the operations that have happened, one bit each
     * @param unread the operations among them that have yet to read the cart that they returned
     */
    private record Configuration(int phase, long done, long unread, Map<String, State> states) {}

    /**
     * A title that an operation saw on a book's line.
     *
     * @param sources the operations of the phase that may have put it there, one bit each
     */
    private record Sighting(int operation, String userId, CartItem line, long sources) {
        boolean isIn(Cart cart) {
            return cart.item(line.bookId()).map(CartItem::title).equals(Optional.of(line.title()));
        }
    }

    /** The reason why a history is wrong, in words. */
    record Violation(String report) {}

    /** The search took too long, because too many operations were concurrent or had an unknown outcome. */
    static final class UndecidedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final CartLimits limits;
    private final List<Phase> phases = new ArrayList<>();
    private final List<List<Sighting>> sightings = new ArrayList<>();
    private final boolean collecting;

    /**
     * The visited configurations, each with the sets of operations of unknown outcome that had been used up by then.
     */
    private final Map<Configuration, List<Long>> visited = new HashMap<>();

    private int steps;
    private final Set<Map<String, State>> ends = new LinkedHashSet<>();

    private LinearizabilityChecker(History history, boolean collecting) {
        this.limits = history.limits();
        this.collecting = collecting;
        for (Phase phase : history.phases()) {
            List<Operation> effective = phase.operations().stream()
                    .filter(operation -> !(operation.outcome() instanceof NoEffect))
                    .map(operation -> operation.outcome() instanceof Broken ? operation.unfinished() : operation)
                    .toList();
            if (effective.size() >= Long.SIZE) {
                throw new IllegalArgumentException("a phase must have fewer than " + Long.SIZE + " operations");
            }
            phases.add(new Phase(phase.before(), phase.put(), effective));
            sightings.add(sightings(effective));
        }
    }

    /**
     * Returns the violation in a history, with the shortest part that shows it; empty if the history is linearizable.
     *
     * @throws UndecidedException if the search takes too long
     */
    static Optional<Violation> check(History history) {
        Optional<Violation> violation = orderIndependentViolation(history);
        return violation.isPresent() ? violation : explain(history);
    }

    /** @throws UndecidedException if the search takes too long */
    static boolean isLinearizable(History history) {
        return new LinearizabilityChecker(history, false).search();
    }

    /** Finds violations that do not depend on any order. */
    private static Optional<Violation> orderIndependentViolation(History history) {
        Map<String, Cart> seen = new HashMap<>();
        for (Operation operation : history.operations()) {
            Cart cart = returned(operation.outcome());
            if (operation.outcome() instanceof Broken) {
                return Optional.of(new Violation("This must not happen:\n" + operation + "\n\n" + history));
            }
            if (operation.outcome() instanceof Conflict conflict
                    && conflict.stale()
                    && isDemanded(operation.action(), conflict.current().version())) {
                return Optional.of(new Violation("The version is the demanded one:\n" + operation + "\n\n" + history));
            }
            Cart same = cart == null ? null : seen.putIfAbsent(cart.userId() + " " + cart.version(), cart);
            if (same != null && !same.equals(cart)) {
                return Optional.of(new Violation("Two different carts have the version " + cart.version() + ": "
                        + History.show(same) + ", and that of\n" + operation + "\n\n" + history));
            }
        }
        return Optional.empty();
    }

    private static boolean isDemanded(Action action, CartVersion version) {
        return action instanceof Change change
                && change.update().expectedVersion().filter(version::equals).isPresent();
    }

    /** Bisects for the shortest part that is not linearizable. Every part of a linearizable history is linearizable. */
    private static Optional<Violation> explain(History history) {
        int good = 0;
        int bad = history.operations().size();
        if (isKnownLinearizable(history)) {
            return Optional.empty();
        }
        while (bad - good > 1) {
            int middle = (good + bad) / 2;
            if (isKnownLinearizable(history.prefix(middle))) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        History shortest = history.prefix(bad);
        if (isLinearizable(shortest)) {
            throw new AssertionError("the search contradicts itself:\n" + shortest);
        }
        return Optional.of(
                new Violation("Not linearizable. The shortest part that shows it, in the order of the ends:\n\n"
                        + shortest + "\n" + statesAfter(history.prefix(good))));
    }

    private static boolean isKnownLinearizable(History history) {
        try {
            return isLinearizable(history);
        } catch (UndecidedException e) {
            return false;
        }
    }

    private static String statesAfter(History history) {
        LinearizabilityChecker checker = new LinearizabilityChecker(history, true);
        try {
            checker.search();
        } catch (UndecidedException e) {
            // The states found so far are enough for the report.
        }
        return checker.ends.stream()
                .limit(MAX_STATES_SHOWN)
                .map(LinearizabilityChecker::show)
                .collect(Collectors.joining(
                        "\n    ",
                        "Before the last of them ended, the state could have come to " + checker.ends.size()
                                + " of these:\n    ",
                        "\n"));
    }

    private static String show(Map<String, State> states) {
        return states.values().stream()
                .map(state -> History.show(state.cart)
                        + (state.expired ? " expired" : "")
                        + (state.keys.isEmpty() ? "" : " keys " + state.keys.keySet()))
                .collect(Collectors.joining(" and "));
    }

    // --- the search ---

    private boolean search() {
        return phases.isEmpty() || search(0, 0, 0, pass(phases.get(0), Map.of()));
    }

    private boolean search(int phase, long done, long unread, Map<String, State> states) {
        if (++steps > MAX_STEPS) {
            throw new UndecidedException();
        }
        List<Operation> operations = phases.get(phase).operations();
        long unknowns = unknowns(operations);
        List<Long> used = visited.computeIfAbsent(
                new Configuration(phase, done & ~unknowns, unread, states), configuration -> new ArrayList<>(1));
        long missed = missed(phase, done, unread, states);
        if (used.stream().anyMatch(fewer -> (fewer & ~done) == 0) || missed == HOPELESS) {
            return false;
        }
        used.add(done & unknowns);
        long end = firstEnd(operations, done, unread);

        // An operation that changes nothing and fits now can happen now, because it affects no other.
        for (int i = 0; i < operations.size(); i++) {
            long bit = 1L << i;
            Operation operation = operations.get(i);
            if ((unread & bit) != 0) {
                if (shows(operation, states)) {
                    return search(phase, done, unread & ~bit, states);
                }
            } else if ((~unknowns & ~done & bit) != 0 && operation.invoked() < end && changesNothing(operation)) {
                if (fits(operation, states)) {
                    return search(phase, done | bit, unread, states);
                }
            }
        }
        return tryEach(~unknowns & ~done, end, phase, done, unread, states)
                || tryEach(unknowns & ~done & missed, end, phase, done, unread, states)
                || tryEach(unknowns & ~done & ~missed, end, phase, done, unread, states)
                || (end == Long.MAX_VALUE && endPhase(phase, states));
    }

    /** Lets each of these operations happen next, if it started before the moment. */
    private boolean tryEach(
            long candidates, long before, int phase, long done, long unread, Map<String, State> states) {
        List<Operation> operations = phases.get(phase).operations();
        for (int i = 0; i < operations.size(); i++) {
            long bit = 1L << i;
            Operation operation = operations.get(i);
            if ((candidates & bit) == 0 || operation.invoked() >= before || changesNothing(operation)) {
                continue;
            }
            Verdict verdict = verdict(operation.action(), states);
            if (!verdict.isSuccess()) {
                continue;
            }
            boolean idle = verdict.after.equals(states);
            boolean unknown = operation.outcome() instanceof Unknown;
            if (unknown || shows(operation, verdict.after)) {
                // An operation of unknown outcome that would have no effect counts as one that did not happen.
                if (!(unknown && idle) && search(phase, done | bit, unread, verdict.after)) {
                    return true;
                }
            } else if (mayReadLater(operation, idle) && search(phase, done | bit, unread | bit, verdict.after)) {
                return true;
            }
        }
        return false;
    }

    private static long unknowns(List<Operation> operations) {
        long unknowns = 0;
        for (int i = 0; i < operations.size(); i++) {
            unknowns |= operations.get(i).outcome() instanceof Unknown ? 1L << i : 0;
        }
        return unknowns;
    }

    /**
     * Ends a phase whose certain operations have all happened. The others that have not happened by then never will.
     */
    private boolean endPhase(int phase, Map<String, State> states) {
        if (phase + 1 < phases.size()) {
            return search(phase + 1, 0, 0, pass(phases.get(phase + 1), states));
        }
        ends.add(states);
        return !collecting;
    }

    /**
     * Returns the earliest end among the operations that have yet to happen. No operation that started later may happen
     * before.
     */
    private static long firstEnd(List<Operation> operations, long done, long unread) {
        for (int i = 0; i < operations.size(); i++) {
            boolean open = (done & 1L << i) == 0 || (unread & 1L << i) != 0;
            if (open && !(operations.get(i).outcome() instanceof Unknown)) {
                return operations.get(i).completed(); // operations are in the order of their ends
            }
        }
        return Long.MAX_VALUE;
    }

    /**
     * Returns the operations that may provide a title which an operation that has yet to happen saw: 0 if no title is
     * missing, {@link #HOPELESS} if one can no longer appear. This ends most hopeless searches early.
     */
    private long missed(int phase, long done, long unread, Map<String, State> states) {
        long missed = 0;
        for (Sighting sighting : sightings.get(phase)) {
            long bit = 1L << sighting.operation;
            boolean open = (done & bit) == 0 || (unread & bit) != 0;
            if (open && !sighting.isIn(state(sighting.userId, states).cart)) {
                long sources = sighting.sources & ~done;
                if (sources == 0) {
                    return HOPELESS;
                }
                missed |= sources;
            }
        }
        return missed;
    }

    private static List<Sighting> sightings(List<Operation> operations) {
        List<Sighting> sightings = new ArrayList<>();
        for (int i = 0; i < operations.size(); i++) {
            Operation operation = operations.get(i);
            Cart cart = returned(operation.outcome());
            for (CartItem line : cart == null ? List.<CartItem>of() : cart.items()) {
                if (line.title().isEmpty()) {
                    continue;
                }
                long sources = 0;
                for (int j = 0; j < operations.size(); j++) {
                    Operation source = operations.get(j);
                    boolean early = source.invoked() < operation.completed();
                    sources |= early && mayBringTitle(source.action(), line) ? 1L << j : 0;
                }
                sightings.add(new Sighting(i, cart.userId(), line, sources));
            }
        }
        return sightings;
    }

    private static boolean mayBringTitle(Action action, CartItem line) {
        if (action instanceof ForeignAdd add) {
            return add.item().title().equals(line.title());
        } else if (action instanceof MergeCarts) {
            return true;
        }
        return action instanceof Change change
                && change.update().changes().stream()
                        .anyMatch(each -> each instanceof CartChange.Add add
                                && add.item().title().equals(line.title()));
    }

    private static @Nullable Cart returned(Outcome outcome) {
        if (outcome instanceof Ok ok) {
            return ok.cart();
        }
        return outcome instanceof Conflict conflict ? conflict.current() : null;
    }

    private static boolean changesNothing(Operation operation) {
        Outcome outcome = operation.outcome();
        return operation.action() instanceof Read
                || outcome instanceof Rejected
                || outcome instanceof Conflict
                || outcome instanceof NoItem;
    }

    /** Returns whether an operation that changes nothing could have ended like this in this state. */
    private boolean fits(Operation operation, Map<String, State> states) {
        State state = state(operation.action(), states);
        Outcome outcome = operation.outcome();
        if (outcome instanceof Rejected rejected) {
            return verdict(operation.action(), states).rejected == rejected.reason();
        } else if (outcome instanceof Conflict conflict) {
            // Equal content may have different versions, so the model cannot tell whether a required version is stale.
            return state.cart.equals(bare(conflict.current()))
                    && !(conflict.stale() && remembersKey(operation.action(), state));
        } else if (outcome instanceof NoItem) {
            return state.cart.isEmpty();
        }
        return shows(operation, states);
    }

    /** Returns whether the operation returned the cart of this state. */
    private static boolean shows(Operation operation, Map<String, State> states) {
        Cart returned = operation.outcome() instanceof Ok ok ? ok.cart() : null;
        return returned == null || state(operation.action(), states).cart.equals(bare(returned));
    }

    /**
     * Returns whether the operation may read the returned cart later. A merge that finds nothing to merge reads the
     * other cart at another moment.
     */
    private static boolean mayReadLater(Operation operation, boolean idle) {
        return !operation.direct() || (idle && operation.action() instanceof MergeCarts);
    }

    // --- the model ---

    private Verdict verdict(Action action, Map<String, State> states) {
        State state = state(action, states);
        if (action instanceof Change change) {
            return verdict(change, state, states);
        } else if (action instanceof MergeCarts merge) {
            return verdict(merge, state, states);
        } else if (action instanceof ForeignAdd add && !state.expired) {
            Cart cart = state.cart.apply(NO_LIMITS, ANY_TIME, List.of(new CartChange.Add(add.item())));
            return success(states, new State(bare(cart), state.keys, false));
        }
        return success(states, state);
    }

    /** Applies the rules of an update, in their order: key, version, changes, limits. */
    private Verdict verdict(Change change, State state, Map<String, State> states) {
        CartUpdate update = change.update();
        String key = update.idempotencyKey().orElse(null);
        if (remembersKey(change, state)) {
            boolean same = untimed(update.changes()).equals(state.keys.get(key));
            return same ? success(states, state) : rejected(states, Reason.KEY_REUSED);
        }
        Cart demanded = change.versionOf();
        if (demanded != null && !bare(demanded).equals(state.cart)) {
            return new Verdict(states, null, true);
        }
        Cart cart;
        try {
            cart = bare(state.cart.apply(limits, ANY_TIME, update.changes()));
        } catch (CartRejectedException rejection) {
            return rejected(states, rejection.reason());
        }
        if (key == null) {
            return success(states, cart.equals(state.cart) ? state : new State(cart, state.keys, false));
        }
        Map<String, List<CartChange>> keys = new HashMap<>(state.keys);
        keys.put(key, untimed(update.changes()));
        return success(states, new State(cart, keys, false));
    }

    private Verdict verdict(MergeCarts merge, State into, Map<String, State> states) {
        State from = state(merge.fromUserId(), states);
        if (from.cart.isEmpty()) {
            return success(states, into);
        }
        try {
            Cart cart = into.cart.merge(from.cart, merge.strategy(), limits, ANY_TIME);
            Map<String, State> after = success(states, new State(bare(cart), into.keys, false)).after;
            return success(after, new State(Cart.empty(merge.fromUserId()), from.keys, false));
        } catch (CartRejectedException rejection) {
            return rejected(states, rejection.reason());
        }
    }

    private static Verdict success(Map<String, State> states, State changed) {
        Map<String, State> after = states;
        if (!changed.equals(state(changed.cart.userId(), states))) {
            after = new HashMap<>(states);
            after.put(changed.cart.userId(), changed);
        }
        return new Verdict(after, null, false);
    }

    private static Verdict rejected(Map<String, State> states, Reason reason) {
        return new Verdict(states, reason, false);
    }

    private static boolean remembersKey(Action action, State state) {
        return action instanceof Change change
                && change.update().idempotencyKey().map(state.keys::containsKey).orElse(false);
    }

    /** Returns the changes without the times of their lines, which a key ignores. */
    private static List<CartChange> untimed(List<CartChange> changes) {
        return changes.stream()
                .map(change -> change instanceof CartChange.Add add ? new CartChange.Add(untimed(add.item())) : change)
                .toList();
    }

    private static CartItem untimed(CartItem item) {
        return CartItem.of(
                item.bookId(), item.title().orElse(null), item.author().orElse(null), item.price(), item.quantity());
    }

    private static Map<String, State> pass(Phase phase, Map<String, State> states) {
        Map<String, State> after = new HashMap<>(states);
        Cart put = phase.put();
        if (put != null) {
            after.put(put.userId(), new State(bare(put), Map.of(), false));
        } else if (phase.before() == Passage.EXPIRY) {
            after.replaceAll((userId, state) -> new State(Cart.empty(userId), Map.of(), true));
        }
        return after;
    }

    private static State state(Action action, Map<String, State> states) {
        return state(History.userId(action), states);
    }

    private static State state(String userId, Map<String, State> states) {
        State state = states.get(userId);
        return state == null ? new State(Cart.empty(userId), Map.of(), false) : state;
    }

    /** Returns only the content, without the store's knowledge of the cart. */
    private static Cart bare(Cart cart) {
        return new Cart(cart.userId(), cart.items(), null, null, null);
    }
}
