package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges the outcomes of a few calls: whether running the calls one after the other could have had exactly these
 * outcomes and left exactly these carts. Tries all orders, except for those that put a call before one that had ended
 * when it started.
 *
 * <p>A call that succeeded appears in the order once. One that failed without an effect does not appear, and one of
 * unknown outcome may. A rejection changes nothing, and must be what the rules say at its place. The cart that a call
 * returned is the one that it led to, or, if a response was lost, one that it saw later, before it ended.
 */
final class Orders {
    /** What a call does to the carts according to the rules. */
    sealed interface Action {
        /** @param cart the index of its cart */
        record Change(int cart, CartUpdate update) implements Action {}

        /** @param strong whether the read sees every change that had ended when it started */
        record Get(int cart, boolean strong) implements Action {}

        record Merge(int from, int into) implements Action {}

        /** An append by another program. It is not a call of the library, and always takes effect. */
        record Append(int cart, CartItem line) implements Action {}

        record Expiry() implements Action {}
    }

    enum Kind {
        SUCCEEDED,
        UNKNOWN,
        /** The call failed without an effect, for reasons unrelated to the cart. */
        FAILED,
        REJECTED,
        STALE
    }

    /** @param cart the cart that a call returned, as {@link #show} writes it */
    record Outcome(Kind kind, String cart) {
        static Outcome of(Decision<?, Cart> end) {
            CartStoreException failure = end.failure();
            if (failure == null) {
                Cart value = end.value();
                return new Outcome(Kind.SUCCEEDED, value == null ? "nothing" : show(value));
            }
            if (failure instanceof CartOutcomeUnknownException) {
                return new Outcome(Kind.UNKNOWN, "");
            }
            if (failure instanceof CartRejectedException) {
                return new Outcome(Kind.REJECTED, "");
            }
            if (failure instanceof CartConflictException && !failure.isRetryable()) {
                return new Outcome(Kind.STALE, "");
            }
            if (failure instanceof CartUnavailableException
                    || failure instanceof CartThrottledException
                    || failure instanceof CartConflictException) {
                return new Outcome(Kind.FAILED, "");
            }
            throw new AssertionError("no call may end like this", failure);
        }
    }

    /**
     * @param touched the carts that are no longer in their first version
     * @param remains the carts whose items are remains of expired carts
     * @param keys the remembered idempotency keys
     */
    private record State(List<Cart> carts, Set<Integer> touched, Set<Integer> remains, Set<String> keys) {
        State with(int index, Cart cart, @Nullable String key) {
            List<Cart> more = new ArrayList<>(carts);
            boolean same = show(more.set(index, cart)).equals(show(cart));
            if (same && key == null) {
                return this;
            }
            Set<Integer> left = new HashSet<>(remains);
            left.remove(index);
            return new State(more, plus(touched, index), left, key == null ? keys : plus(keys, key));
        }

        private static <T> Set<T> plus(Set<T> set, T more) {
            Set<T> result = new HashSet<>(set);
            result.add(more);
            return result;
        }

        List<String> shown() {
            return carts.stream().map(Orders::show).toList();
        }
    }

    private final List<Action> actions;
    private final List<Outcome> outcomes;
    private final boolean[][] before;
    private final List<String> left;

    /**
     * @param outcomes the outcome of each action; {@code null} for one that did not take place
     * @param before whether the first action had ended when the second started
     * @param left the carts in the table at the end
     */
    private Orders(List<Action> actions, List<@Nullable Outcome> outcomes, boolean[][] before, List<String> left) {
        this.actions = actions;
        this.outcomes = new ArrayList<>(outcomes);
        this.before = before;
        this.left = left;
    }

    static boolean explain(
            List<Action> actions,
            List<@Nullable Outcome> outcomes,
            boolean[][] before,
            List<StoredCart> first,
            List<Cart> left) {
        Set<Integer> remains = new HashSet<>();
        for (int i = 0; i < first.size(); i++) {
            if (first.get(i).isExpired()) {
                remains.add(i);
            }
        }
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < actions.size(); i++) {
            Outcome outcome = outcomes.get(i);
            if (outcome != null && outcome.kind() != Kind.FAILED) {
                open.add(i);
            }
        }
        Orders orders = new Orders(
                actions, outcomes, before, left.stream().map(Orders::show).toList());
        State start = new State(first.stream().map(StoredCart::cart).toList(), Set.of(), remains, Set.of());
        return orders.search(open, start, List.of());
    }

    static String show(Cart cart) {
        StringBuilder text = new StringBuilder();
        for (CartItem line : cart.items()) {
            text.append(line.bookId()).append('x').append(line.quantity()).append('@');
            text.append(line.price().stripTrailingZeros().toPlainString()).append(' ');
        }
        return text.length() == 0 ? "empty" : text.toString().trim();
    }

    /** @param unread the applied calls whose returned cart has not occurred yet */
    private boolean search(List<Integer> open, State state, List<Integer> unread) {
        List<Integer> waiting = new ArrayList<>();
        for (int call : unread) {
            if (!outcomes.get(call).cart().equals(shownTo(call, state))) {
                waiting.add(call);
            }
        }
        if (open.stream().allMatch(call -> outcomes.get(call).kind() == Kind.UNKNOWN)
                && waiting.isEmpty()
                && state.shown().equals(left)) {
            return true;
        }
        for (int call : open) {
            if (open.stream().anyMatch(other -> mustPrecede(other, call))
                    || !isWeak(call) && waiting.stream().anyMatch(other -> before[other][call])) {
                continue;
            }
            List<Integer> rest = new ArrayList<>(open);
            rest.remove((Integer) call);
            List<Integer> reading = new ArrayList<>(waiting);
            if (outcomes.get(call).kind() == Kind.SUCCEEDED && cartOf(actions.get(call)) >= 0) {
                reading.add(call);
            }
            for (State after : carryOut(call, state)) {
                if (search(rest, after, reading)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Returns whether the order must keep the other before the call. A call of unknown outcome may take effect long
     * after its end, and a weak read may see a state from long before it.
     */
    private boolean mustPrecede(int other, int call) {
        return before[other][call] && outcomes.get(other).kind() != Kind.UNKNOWN && !isWeak(call);
    }

    private boolean isWeak(int call) {
        return actions.get(call) instanceof Action.Get get && !get.strong();
    }

    private String shownTo(int call, State state) {
        return show(state.carts().get(cartOf(actions.get(call))));
    }

    /** Returns the cart that an action returns; -1 if it returns none. */
    private static int cartOf(Action action) {
        if (action instanceof Action.Change change) {
            return change.cart();
        }
        if (action instanceof Action.Get get) {
            return get.cart();
        }
        return action instanceof Action.Merge merge ? merge.into() : -1;
    }

    /** Returns the states that a call may lead to; none if it cannot have taken place here with its outcome. */
    private List<State> carryOut(int call, State state) {
        Action action = actions.get(call);
        Kind kind = outcomes.get(call).kind();
        if (kind == Kind.STALE) {
            // A fence, or a write that kept the content, may have raised the version.
            return mayHaveBeenPreceded(call) ? List.of(state) : List.of();
        }
        if (action instanceof Action.Change change) {
            State after = change(change, kind, state);
            if (kind == Kind.REJECTED) {
                return after == null ? List.of(state) : List.of();
            }
            return after == null ? List.of() : List.of(after);
        }
        if (action instanceof Action.Merge merge) {
            Cart from = state.carts().get(merge.from());
            Cart merged = state.carts().get(merge.into()).merge(from, MergeStrategy.SUM, Generated.NO_LIMITS, NOW);
            return List.of(
                    from.isEmpty()
                            ? state
                            : state.with(merge.into(), merged, null)
                                    .with(merge.from(), Cart.empty(from.userId()), null));
        }
        if (action instanceof Action.Append append) {
            Cart cart = state.carts().get(append.cart());
            State after = state.with(append.cart(), apply(cart, List.of(new CartChange.Add(append.line()))), null);
            // A line appended to the remains of an expired cart is lost, unless a clear has removed them.
            return state.remains().contains(append.cart()) ? List.of(state, after) : List.of(after);
        }
        return List.of(action instanceof Action.Expiry ? expired(state) : state);
    }

    private static State expired(State state) {
        State after = state;
        Set<Integer> remains = new HashSet<>();
        for (int i = 0; i < state.carts().size(); i++) {
            after = after.with(i, Cart.empty(state.carts().get(i).userId()), null);
            remains.add(i);
        }
        return new State(after.carts(), after.touched(), remains, Set.of());
    }

    private boolean mayHaveBeenPreceded(int call) {
        for (int other = 0; other < actions.size(); other++) {
            if (other != call
                    && outcomes.get(other) != null
                    && !(actions.get(other) instanceof Action.Get)
                    && !before[call][other]) {
                return true;
            }
        }
        return false;
    }

    /** Returns {@code null} if the rules refuse the change. */
    private static @Nullable State change(Action.Change action, Kind kind, State state) {
        CartUpdate update = action.update();
        Cart cart = state.carts().get(action.cart());
        Optional<String> key = update.idempotencyKey();
        if (key.isPresent() && state.keys().contains(key.get())) {
            return state;
        }
        CartVersion expected = update.expectedVersion().orElse(null);
        boolean fits = expected == null
                || (expected.equals(CartVersion.ABSENT)
                        ? cart.isEmpty()
                        : !state.touched().contains(action.cart()));
        if (!fits && kind != Kind.REJECTED) {
            return null;
        }
        try {
            return state.with(action.cart(), apply(cart, update.changes()), key.orElse(null));
        } catch (CartRejectedException e) {
            return null;
        }
    }

    private static Cart apply(Cart cart, List<CartChange> changes) {
        return cart.apply(Generated.NO_LIMITS, NOW, changes);
    }
}
