package com.cloudshelf.cart;

import com.cloudshelf.cart.CartRejectedException.Reason;
import com.cloudshelf.cart.History.Action;
import com.cloudshelf.cart.History.Broken;
import com.cloudshelf.cart.History.Change;
import com.cloudshelf.cart.History.Conflict;
import com.cloudshelf.cart.History.ForeignAdd;
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
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a history is linearizable: whether all its operations could have happened one after the other, each at one
 * moment between its call and its end, with just these outcomes.
 *
 * <p>The search is that of Wing and Gong with the memory of Lowe: from the empty cart, try each operation that may have been
 * the next, and never visit the same configuration (what has happened, and the state that it led to) twice. The judge of
 * each step is a model of one thread without any I/O, built on {@link Cart#apply}.
 *
 * <p>What the outcomes allow:
 *
 * <ul>
 *   <li>A call that failed without effect is left out. One whose outcome is unknown happened at some moment up to the end
 *       of its phase, or never.
 *   <li>A cart that was returned is the one that the operation led to. If an answer was lost, it may instead be what a read
 *       showed later, but before the operation's end.
 *   <li>A rejection or a conflict changed nothing, and is what the rules say at one moment.
 * </ul>
 */
final class LinearizabilityChecker {
    /** The time in the model does not matter: every line of a history brings its own. */
    private static final Instant ANY_TIME = Instant.EPOCH;

    private static final CartLimits NO_LIMITS = CartLimits.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
    private static final int MAX_CONFIGURATIONS = 4_000_000;
    private static final int MAX_STATES_SHOWN = 6;

    /**
     * What the model knows of one cart.
     *
     * @param keys the remembered idempotency keys, each with the changes that it stands for
     * @param expired whether the cart has expired and no write has begun a new one: what a foreign writer appends to the
     *     remains is lost
     */
    private record State(Cart cart, Map<String, List<CartChange>> keys, boolean expired) {}

    /** What an action comes to in a state: the state after it, or the reason why the rules refuse it. */
    private record Verdict(State after, @Nullable Reason rejected, boolean conflict) {
        boolean isSuccess() {
            return rejected == null && !conflict;
        }
    }

    /**
     * How far the search has come.
     *
     * @param done the operations of the phase that have happened, one bit each
     * @param unread those of them that have yet to read the cart that they returned
     */
    private record Configuration(int phase, long done, long unread, Map<String, State> states) {}

    /** Why a history is wrong, in words. */
    record Violation(String report) {}

    private final CartLimits limits;
    private final List<Phase> phases = new ArrayList<>();
    private final Set<Configuration> visited = new HashSet<>();
    private final boolean collecting;
    private final Set<Map<String, State>> ends = new LinkedHashSet<>();

    private LinearizabilityChecker(History history, boolean collecting) {
        this.limits = history.limits();
        this.collecting = collecting;
        for (Phase phase : history.phases()) {
            List<Operation> effective = phase.operations().stream()
                    .filter(operation -> !(operation.outcome() instanceof NoEffect))
                    .map(operation -> operation.outcome() instanceof Broken ? operation.unfinished() : operation)
                    .toList();
            if (effective.size() > Long.SIZE) {
                throw new IllegalArgumentException("a phase may have at most " + Long.SIZE + " operations");
            }
            phases.add(new Phase(phase.before(), phase.put(), effective));
        }
    }

    /** Returns what is wrong with a history, with the shortest part of it that shows it; empty if it is linearizable. */
    static Optional<Violation> check(History history) {
        Optional<Violation> mistake = mistake(history);
        return mistake.isPresent() || isLinearizable(history) ? mistake : Optional.of(explain(history));
    }

    static boolean isLinearizable(History history) {
        return new LinearizabilityChecker(history, false).search();
    }

    /** Finds what is wrong without regard to any order. */
    private static Optional<Violation> mistake(History history) {
        Map<CartVersion, Cart> seen = new HashMap<>();
        for (Operation operation : history.operations()) {
            Cart cart = null;
            if (operation.outcome() instanceof Broken) {
                return Optional.of(new Violation("This must not happen:\n" + operation + "\n\n" + history));
            } else if (operation.outcome() instanceof Ok ok) {
                cart = ok.cart();
            } else if (operation.outcome() instanceof Conflict conflict) {
                cart = conflict.current();
                if (conflict.stale() && isDemanded(operation.action(), cart.version())) {
                    return Optional.of(new Violation("The version is the demanded one:\n" + operation + "\n\n" + history));
                }
            }
            Cart same = cart == null ? null : seen.putIfAbsent(cart.version(), cart);
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

    private static Violation explain(History history) {
        // A part of a linearizable history is linearizable: bisect for the first that is not.
        int good = 0;
        int bad = history.operations().size();
        while (bad - good > 1) {
            int middle = (good + bad) / 2;
            if (isLinearizable(history.prefix(middle))) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        LinearizabilityChecker before = new LinearizabilityChecker(history.prefix(good), true);
        before.search();
        String states = before.ends.stream()
                .limit(MAX_STATES_SHOWN)
                .map(LinearizabilityChecker::show)
                .collect(Collectors.joining("\n    "));
        return new Violation("Not linearizable. The shortest part that shows it, in the order of the ends:\n\n"
                + history.prefix(bad) + "\nBefore the last of them ended, the state could have come to "
                + before.ends.size() + " of these:\n    " + states);
    }

    private static String show(Map<String, State> states) {
        return states.values().stream()
                .map(state -> History.show(state.cart) + (state.expired ? " expired" : "")
                        + (state.keys.isEmpty() ? "" : " keys " + state.keys.keySet()))
                .collect(Collectors.joining(" and "));
    }

    // --- the search ---

    private boolean search() {
        return phases.isEmpty() || search(0, 0, 0, pass(phases.get(0), Map.of()));
    }

    private boolean search(int phase, long done, long unread, Map<String, State> states) {
        if (!visited.add(new Configuration(phase, done, unread, states))) {
            return false;
        }
        if (visited.size() > MAX_CONFIGURATIONS) {
            throw new IllegalStateException("undecided after " + MAX_CONFIGURATIONS + " configurations");
        }
        List<Operation> operations = phases.get(phase).operations();
        long end = firstEnd(operations, done, unread);

        // What changes nothing and fits now is best done now: it is in nobody's way.
        for (int i = 0; i < operations.size(); i++) {
            long bit = 1L << i;
            Operation operation = operations.get(i);
            if ((unread & bit) != 0) {
                if (shows(operation, states)) {
                    return search(phase, done, unread & ~bit, states);
                }
            } else if ((done & bit) == 0 && operation.invoked() < end && changesNothing(operation)) {
                if (fits(operation, states)) {
                    return search(phase, done | bit, unread, states);
                }
            }
        }
        for (int i = 0; i < operations.size(); i++) {
            long bit = 1L << i;
            Operation operation = operations.get(i);
            if ((done & bit) != 0 || operation.invoked() >= end || changesNothing(operation)) {
                continue;
            }
            Map<String, State> after = happen(operation, states);
            if (after == null) {
                continue;
            }
            if (operation.outcome() instanceof Unknown || shows(operation, after)) {
                if (search(phase, done | bit, unread, after)) {
                    return true;
                }
            } else if (!operation.direct()) {
                if (search(phase, done | bit, unread | bit, after)) {
                    return true;
                }
            }
        }
        return end == Long.MAX_VALUE && goOn(phase, states);
    }

    /** Ends a phase whose certain operations have all happened; of the others, those that have not never will. */
    private boolean goOn(int phase, Map<String, State> states) {
        if (phase + 1 < phases.size()) {
            return search(phase + 1, 0, 0, pass(phases.get(phase + 1), states));
        }
        ends.add(states);
        return !collecting;
    }

    /** Returns the first end of an operation that has still to happen: nothing that began later may happen before it. */
    private static long firstEnd(List<Operation> operations, long done, long unread) {
        for (int i = 0; i < operations.size(); i++) {
            boolean open = (done & 1L << i) == 0 || (unread & 1L << i) != 0;
            if (open && !(operations.get(i).outcome() instanceof Unknown)) {
                return operations.get(i).completed(); // they are in the order of their ends
            }
        }
        return Long.MAX_VALUE;
    }

    private static boolean changesNothing(Operation operation) {
        Outcome outcome = operation.outcome();
        return operation.action() instanceof Read
                || outcome instanceof Rejected
                || outcome instanceof Conflict
                || outcome instanceof NoItem;
    }

    /** Whether an operation that changes nothing could have ended so in this state. */
    private boolean fits(Operation operation, Map<String, State> states) {
        State state = state(operation.action(), states);
        Outcome outcome = operation.outcome();
        if (outcome instanceof Rejected rejected) {
            return verdict(operation.action(), state).rejected == rejected.reason();
        } else if (outcome instanceof Conflict conflict) {
            // The same content may have another version: the model cannot tell whether a demanded one is stale.
            return state.cart.equals(bare(conflict.current()))
                    && !(conflict.stale() && remembersKey(operation.action(), state));
        } else if (outcome instanceof NoItem) {
            return state.cart.isEmpty();
        }
        return outcome instanceof Unknown || shows(operation, states);
    }

    /** Whether the cart that the operation returned is the one of this state. */
    private static boolean shows(Operation operation, Map<String, State> states) {
        Cart returned = operation.outcome() instanceof Ok ok ? ok.cart() : null;
        return returned == null || state(operation.action(), states).cart.equals(bare(returned));
    }

    /** Lets an operation happen; returns the states after it, or {@code null} if it cannot end as it did. */
    private @Nullable Map<String, State> happen(Operation operation, Map<String, State> states) {
        State state = state(operation.action(), states);
        Verdict verdict = verdict(operation.action(), state);
        if (!verdict.isSuccess()) {
            return null;
        }
        if (verdict.after.equals(state)) {
            // An unknown outcome without effect is none at all.
            return operation.outcome() instanceof Unknown ? null : states;
        }
        Map<String, State> after = new HashMap<>(states);
        after.put(state.cart.userId(), verdict.after);
        return after;
    }

    // --- the model ---

    private Verdict verdict(Action action, State state) {
        if (action instanceof Change change) {
            return verdict(change, state);
        } else if (action instanceof ForeignAdd add && !state.expired) {
            Cart cart = state.cart.apply(NO_LIMITS, ANY_TIME, List.of(new CartChange.Add(add.item())));
            return success(new State(bare(cart), state.keys, false));
        }
        return success(state);
    }

    /** The rules of an update, in the order in which they are judged: key, version, changes, limits. */
    private Verdict verdict(Change change, State state) {
        CartUpdate update = change.update();
        String key = update.idempotencyKey().orElse(null);
        if (remembersKey(change, state)) {
            boolean same = untimed(update.changes()).equals(state.keys.get(key));
            return same ? success(state) : new Verdict(state, Reason.KEY_REUSED, false);
        }
        Cart demanded = change.versionOf();
        if (demanded != null && !bare(demanded).equals(state.cart)) {
            return new Verdict(state, null, true);
        }
        Cart cart;
        try {
            cart = bare(state.cart.apply(limits, ANY_TIME, update.changes()));
        } catch (CartRejectedException rejection) {
            return new Verdict(state, rejection.reason(), false);
        }
        if (key == null) {
            return success(cart.equals(state.cart) ? state : new State(cart, state.keys, false));
        }
        Map<String, List<CartChange>> keys = new HashMap<>(state.keys);
        keys.put(key, untimed(update.changes()));
        return success(new State(cart, keys, false));
    }

    private static Verdict success(State after) {
        return new Verdict(after, null, false);
    }

    private static boolean remembersKey(Action action, State state) {
        return action instanceof Change change
                && change.update().idempotencyKey().map(state.keys::containsKey).orElse(false);
    }

    /** A key stands for changes without the time that a line may carry. */
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
        String userId = userId(action);
        State state = states.get(userId);
        return state == null ? new State(Cart.empty(userId), Map.of(), false) : state;
    }

    private static String userId(Action action) {
        if (action instanceof Change change) {
            return change.update().userId();
        }
        return action instanceof ForeignAdd add ? add.userId() : ((Read) action).userId();
    }

    /** Returns the content alone, without the store's knowledge of the cart. */
    private static Cart bare(Cart cart) {
        return new Cart(cart.userId(), cart.items(), null, null, null);
    }
}
