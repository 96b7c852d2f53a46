package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;

/**
 * Consecutive calls over a network that loses requests and responses, delivers some requests late or twice, and lets
 * another process write in between. After each call, some order must explain the content of the table: in it, every
 * call that succeeded happened once, every call that failed did not happen, and every call of unknown outcome may have
 * happened.
 */
class FaultyNetworkTest {

    @Property(tries = 25)
    void calls_anyFaults_happenOnceOrNotAtAll(@ForAll long seed) {
        try (Run run = new Run(seed, 16)) {
            run.calls(12);
        }
    }

    @Property(tries = 25)
    void calls_anyFaultsAndAShortMemory_happenOnceOrNotAtAll(@ForAll long seed) {
        try (Run run = new Run(seed, 2)) {
            run.calls(12);
        }
    }

    private enum Result {
        DONE,
        REJECTED,
        FAILED,
        UNKNOWN
    }

    private record Op(int number, CartChange change, boolean keyed) {}

    /** An operation of the other process that took place during a call, with its result. */
    private record Meanwhile(Op op, Result result) {}

    /**
     * A possible content of the table, the operations of unknown outcome that may still happen, and whether the current
     * call has happened.
     */
    private record State(Map<String, Integer> cart, Set<Op> pending, boolean happened) {}

    private static final class Run implements AutoCloseable {
        private final Random random;
        private final TestClock clock = new TestClock(NOW);
        private final Table table = new Table();
        private final List<DynamoDbRequest> late = new ArrayList<>();
        private final List<Meanwhile> meanwhile = new ArrayList<>();
        private final List<Op> repeatable = new ArrayList<>();
        private final List<String> story = new ArrayList<>();
        private final DynamoDbCartStore store;
        private final DynamoDbCartStore rival;
        private Set<State> states = Set.of(new State(Map.of(), Set.of(), false));
        private @Nullable Cart last;
        private int ops;

        Run(long seed, int ringSize) {
            random = new Random(seed);
            store = store(new ScriptedClient().thenAlways(this::deliver), ringSize);
            rival = store(new ScriptedClient().thenAlways(ScriptedClient.serve(table)), ringSize);
        }

        private DynamoDbCartStore store(ScriptedClient client, int ringSize) {
            return DynamoDbCartStore.builder()
                    .client(client)
                    .clock(clock)
                    .wallMillis(clock::millis)
                    .backoff(new Pauses())
                    .limits(Generated.NO_LIMITS)
                    .idempotencyRetention(Duration.ofDays(20))
                    .ringSize(ringSize)
                    .build();
        }

        void calls(int count) {
            for (int i = 0; i < count; i++) {
                if (random.nextInt(10) == 0) {
                    // No request arrives that late.
                    late.clear();
                    clock.advance(Duration.ofHours(2));
                    story.add("two hours pass");
                }
                boolean repeat = !repeatable.isEmpty() && random.nextInt(4) == 0;
                call(repeat ? repeatable.get(random.nextInt(repeatable.size())) : nextOp(random.nextInt(3) == 0));
                clock.advance(Duration.ofMillis(random.nextInt(60)));
            }
        }

        private void call(Op op) {
            boolean repeated = repeatable.contains(op);
            story.add((repeated ? "repeat " : "call ") + op);
            Result result = perform(store, op, true);
            story.add(result.toString());
            Set<State> after = explain(op, result, repeated);
            if (op.keyed() && !repeated && (result == Result.DONE || result == Result.UNKNOWN)) {
                repeatable.add(op);
            } else if (result == Result.REJECTED) {
                repeatable.remove(op); // a rejection leaves no key
            }
            Map<String, Integer> actual = stored();
            after.removeIf(state -> !state.cart().equals(actual));
            assertThat(after)
                    .as("%s%nleads to %s", String.join(System.lineSeparator(), story), actual)
                    .isNotEmpty();
            states = after;
            meanwhile.clear();
        }

        private Op nextOp(boolean keyed) {
            String bookId = String.valueOf((char) ('a' + random.nextInt(3)));
            int number = ops++;
            // The quantity identifies its operation.
            int quantity = 1 << (number % 20);
            CartChange change = switch (random.nextInt(10)) {
                case 0 -> new Clear();
                case 1 -> new Remove(bookId);
                case 2, 3 -> new SetQuantity(bookId, quantity);
                case 4 -> new Subtract(Map.of(bookId, 1 + random.nextInt(1000)));
                default -> new Add(book(bookId, "1", quantity));
            };
            return new Op(number, change, keyed);
        }

        private Result perform(DynamoDbCartStore by, Op op, boolean maybeFromSnapshot) {
            CartUpdate update = CartUpdate.of(USER).with(op.change());
            if (op.keyed()) {
                update = update.idempotencyKey("key" + op.number());
            }
            Cart snapshot = last;
            if (maybeFromSnapshot && snapshot != null && random.nextInt(3) == 0) {
                update = update.basedOn(snapshot);
            }
            try {
                Cart cart = by.apply(update)
                        .handle((value, thrown) -> {
                            if (thrown instanceof CartStoreException failure) {
                                throw failure;
                            }
                            if (thrown != null) {
                                throw new AssertionError(thrown);
                            }
                            return value;
                        })
                        .join();
                last = maybeFromSnapshot ? cart : snapshot;
                return Result.DONE;
            } catch (CompletionException e) {
                if (e.getCause() instanceof CartRejectedException) {
                    return Result.REJECTED;
                }
                if (e.getCause() instanceof CartStoreException failure) {
                    return failure.effectPossible() ? Result.UNKNOWN : Result.FAILED;
                }
                throw e;
            }
        }

        private CompletableFuture<? extends DynamoDbResponse> deliver(DynamoDbRequest request) {
            clock.advance(Duration.ofMillis(random.nextInt(5)));
            if (random.nextInt(4) == 0) {
                Op op = nextOp(false);
                Result result = perform(rival, op, false);
                meanwhile.add(new Meanwhile(op, result));
                story.add("  meanwhile " + op + " " + result);
            }
            late.removeIf(earlier -> {
                if (random.nextInt(3) != 0) {
                    return false;
                }
                story.add("  late " + earlier.getClass().getSimpleName() + " " + landed(earlier));
                return random.nextBoolean();
            });
            String name = "  " + request.getClass().getSimpleName() + " ";
            switch (random.nextInt(20)) {
                case 0, 1, 2 -> {
                    story.add(name + "answer lost, " + landed(request));
                    return CompletableFuture.failedFuture(Failures.lost());
                }
                case 3, 4 -> {
                    story.add(name + "lost");
                    late.add(request);
                    return CompletableFuture.failedFuture(random.nextBoolean() ? Failures.lost() : Failures.timedOut());
                }
                case 5 -> {
                    story.add(name + "throttled");
                    return CompletableFuture.failedFuture(Failures.throttled());
                }
                case 6 -> {
                    story.add(name + "server error, " + landed(request));
                    late.add(request);
                    return CompletableFuture.failedFuture(Failures.serverError());
                }
                default -> {
                    if (random.nextInt(8) == 0) {
                        late.add(request);
                    }
                    try {
                        DynamoDbResponse response = table.serve(request);
                        story.add(name + "answered");
                        return CompletableFuture.completedFuture(response);
                    } catch (ConditionalCheckFailedException e) {
                        story.add(name + "refused");
                        return CompletableFuture.failedFuture(random.nextInt(8) == 0 ? Failures.refused(Map.of()) : e);
                    }
                }
            }
        }

        private String landed(DynamoDbRequest request) {
            try {
                table.serve(request);
                return "applied";
            } catch (ConditionalCheckFailedException e) {
                return "refused";
            }
        }

        /** Returns the possible contents of the table after the call. */
        private Set<State> explain(Op op, Result result, boolean repeated) {
            Set<State> possible = new HashSet<>();
            for (State state : states) {
                possible.add(new State(
                        state.cart(),
                        without(state.pending(), op),
                        repeated && !state.pending().contains(op)));
            }
            for (Meanwhile other : meanwhile) {
                Set<State> next = new HashSet<>();
                for (State state : anyOrder(possible, op, result, repeated)) {
                    Map<String, Integer> cart = applied(state.cart(), other.op().change());
                    // A refusal is reported as unknown if the memory has overflowed.
                    boolean unknown = other.result() == Result.UNKNOWN;
                    if (unknown || (other.result() == Result.REJECTED && cart == null)) {
                        next.add(state);
                    }
                    if (cart != null && (unknown || other.result() == Result.DONE)) {
                        next.add(new State(cart, state.pending(), state.happened()));
                    }
                }
                possible = next;
            }
            Set<State> after = new HashSet<>();
            for (State state : anyOrder(possible, op, result, repeated)) {
                boolean ended = result == Result.DONE || result == Result.REJECTED;
                if (ended && !state.happened()) {
                    continue;
                }
                // An operation that has not happened may still do so if its outcome, or that of an earlier call with
                // its key, is unknown.
                boolean open = !state.happened() && (result == Result.UNKNOWN || repeated);
                after.add(new State(state.cart(), open ? with(state.pending(), op) : state.pending(), false));
            }
            return after;
        }

        /**
         * Returns the states that can follow from these if the call itself and pending operations happen in any order.
         */
        private static Set<State> anyOrder(Set<State> from, Op op, Result result, boolean repeated) {
            Set<State> all = new HashSet<>(from);
            List<State> open = new ArrayList<>(from);
            while (!open.isEmpty()) {
                State state = open.remove(open.size() - 1);
                List<State> next = new ArrayList<>();
                Map<String, Integer> cart = applied(state.cart(), op.change());
                if (!state.happened() && result == Result.REJECTED && cart == null) {
                    next.add(new State(state.cart(), state.pending(), true));
                }
                boolean mayHappen = result == Result.DONE || result == Result.UNKNOWN || repeated;
                if (!state.happened() && cart != null && mayHappen) {
                    next.add(new State(cart, state.pending(), true));
                }
                for (Op pending : state.pending()) {
                    Map<String, Integer> then = applied(state.cart(), pending.change());
                    next.add(new State(
                            then == null ? state.cart() : then, without(state.pending(), pending), state.happened()));
                }
                for (State each : next) {
                    if (all.add(each)) {
                        open.add(each);
                    }
                }
            }
            return all;
        }

        private static Set<Op> with(Set<Op> ops, Op op) {
            Set<Op> more = new HashSet<>(ops);
            more.add(op);
            return more;
        }

        private static Set<Op> without(Set<Op> ops, Op op) {
            Set<Op> rest = new HashSet<>(ops);
            rest.remove(op);
            return rest;
        }

        /** Returns the quantities after a change, or {@code null} if it would be rejected. */
        private static @Nullable Map<String, Integer> applied(Map<String, Integer> cart, CartChange change) {
            Map<String, Integer> after = new HashMap<>(cart);
            if (change instanceof Clear) {
                after.clear();
            } else if (change instanceof Remove remove) {
                after.remove(remove.bookId());
            } else if (change instanceof SetQuantity set) {
                return after.replace(set.bookId(), set.quantity()) == null ? null : after;
            } else if (change instanceof Add add) {
                after.merge(add.item().bookId(), add.item().quantity(), Integer::sum);
            } else if (change instanceof Subtract subtract) {
                subtract.quantities()
                        .forEach((bookId, quantity) -> after.computeIfPresent(
                                bookId,
                                (id, present) -> present > quantity ? Integer.valueOf(present - quantity) : null));
            }
            return after;
        }

        private Map<String, Integer> stored() {
            StoredCart stored = ItemFormat.decode(USER, table.item(USER), clock.instant());
            assertThat(stored.isDrifted()).isFalse();
            Map<String, Integer> quantities = new TreeMap<>();
            stored.cart().items().forEach(line -> quantities.put(line.bookId(), line.quantity()));
            return quantities;
        }

        @Override
        public void close() {
            store.close();
            rival.close();
        }
    }
}
