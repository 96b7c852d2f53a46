package com.cloudshelf.cart;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A record of what several clients did to carts concurrently: each operation with the moments of its call and its end,
 * its action, and its outcome.
 *
 * <p>A history consists of phases. Before the next phase starts, all operations of a phase have ended and none of their
 * requests is in flight. The carts' clock jumps only between phases.
 *
 * <p>Thread-safe during recording.
 */
final class History {
    /** What happens to all carts before a phase. */
    enum Passage {
        NONE("at once"),
        REST("61 minutes later"),
        EXPIRY("31 days later, all carts have expired"),
        FOREIGN_CART("someone puts an item that this library never wrote");

        private final String words;

        Passage(String words) {
            this.words = words;
        }
    }

    /** A call, or a write by another program. */
    sealed interface Action {}

    record Read(String userId) implements Action {}

    /** @param versionOf the cart whose version the update requires, if any */
    record Change(CartUpdate update, @Nullable Cart versionOf) implements Action {}

    record MergeCarts(String fromUserId, String intoUserId, MergeStrategy strategy) implements Action {}

    /** Appends a line as a writer does that does not know versions and needs existing totals to add to. */
    record ForeignAdd(String userId, CartItem item) implements Action {}

    /** The outcome of an action. */
    sealed interface Outcome {}

    /** @param cart the returned cart; {@code null} if the call returns nothing */
    record Ok(@Nullable Cart cart) implements Outcome {}

    record Rejected(Reason reason) implements Outcome {}

    /** @param stale whether the required version was not the cart's; otherwise others kept changing the cart */
    record Conflict(Cart current, boolean stale) implements Outcome {}

    /** A foreign add that found no item. */
    record NoItem() implements Outcome {}

    /** The call failed, certainly without an effect. */
    record NoEffect(String why) implements Outcome {}

    /** The call may have taken effect, or may do so until the end of the phase. */
    record Unknown(String why) implements Outcome {}

    /** An outcome that must never occur. */
    record Broken(Throwable thrown) implements Outcome {}

    /**
     * One operation.
     *
     * @param direct whether no response was lost, so that the returned cart must be the one that was written
     * @param sent the requests of the operation, for the reader of a report
     */
    record Operation(
            int number,
            String client,
            Action action,
            long invoked,
            long completed,
            Outcome outcome,
            boolean direct,
            String sent) {

        /** Returns this operation as it looks before it has ended. */
        Operation unfinished() {
            return new Operation(
                    number, client, action, invoked, Long.MAX_VALUE, new Unknown("in progress"), false, sent);
        }

        @Override
        public String toString() {
            String end = completed == Long.MAX_VALUE ? "..." : Long.toString(completed);
            return String.format("#%-3d %-7s [%d, %s] %s: ", number, client, invoked, end, userId(action))
                    + show(action) + " -> " + show(outcome) + (sent.isEmpty() ? "" : "   | " + sent);
        }
    }

    /** @param put the cart that {@link Passage#FOREIGN_CART} writes over the previous one */
    record Phase(Passage before, @Nullable Cart put, List<Operation> operations) {}

    private final CartLimits limits;
    private final List<Phase> phases = new ArrayList<>();
    private final AtomicLong time = new AtomicLong();
    private final AtomicInteger operations = new AtomicInteger();

    /** Starts a history in which all carts are empty. */
    History(CartLimits limits) {
        this.limits = limits;
    }

    CartLimits limits() {
        return limits;
    }

    synchronized List<Phase> phases() {
        return phases.stream()
                .map(phase -> new Phase(
                        phase.before,
                        phase.put,
                        phase.operations.stream()
                                .sorted(Comparator.comparingLong(Operation::completed))
                                .toList()))
                .toList();
    }

    List<Operation> operations() {
        return phases().stream().flatMap(phase -> phase.operations.stream()).toList();
    }

    /** Starts the next phase; nothing is in progress. */
    synchronized void begin(Passage before, @Nullable Cart put) {
        phases.add(new Phase(before, put, new ArrayList<>()));
    }

    /** Returns the next moment. No two moments are equal. */
    long now() {
        return time.incrementAndGet();
    }

    int nextNumber() {
        return operations.incrementAndGet();
    }

    synchronized void add(Operation operation) {
        phases.get(phases.size() - 1).operations.add(operation);
    }

    /**
     * Returns the history up to the end of its n-th operation, in the order of their ends. It includes operations that
     * were in progress at that moment, without their ends.
     */
    History prefix(int ended) {
        History prefix = new History(limits);
        int left = ended;
        for (Phase phase : phases()) {
            prefix.begin(phase.before, phase.put);
            if (phase.operations.size() < left) {
                phase.operations.forEach(prefix::add);
                left -= phase.operations.size();
                continue;
            }
            long end = left == 0 ? 0 : phase.operations.get(left - 1).completed;
            for (Operation operation : phase.operations) {
                if (operation.completed <= end) {
                    prefix.add(operation);
                } else if (operation.invoked < end) {
                    prefix.add(operation.unfinished());
                }
            }
            break;
        }
        return prefix;
    }

    /** Returns one line for each operation, in the order of their ends. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Phase phase : phases()) {
            text.append("-- ").append(phase.before.words);
            text.append(phase.put == null ? "" : ": " + show(phase.put)).append('\n');
            phase.operations.forEach(operation -> text.append(operation).append('\n'));
        }
        return text.toString();
    }

    /** Returns the user whose cart the action returns. */
    static String userId(Action action) {
        if (action instanceof Change change) {
            return change.update().userId();
        } else if (action instanceof MergeCarts merge) {
            return merge.intoUserId();
        }
        return action instanceof ForeignAdd add ? add.userId() : ((Read) action).userId();
    }

    /** Returns the lines of a cart, with the details that distinguish two adds of a book. */
    static String show(@Nullable Cart cart) {
        return cart == null
                ? "done"
                : cart.items().stream().map(History::show).collect(Collectors.joining(" ", "{", "}"));
    }

    private static String show(CartItem item) {
        return item.bookId() + ":" + item.quantity() + "@" + item.price().toPlainString()
                + item.title().map(title -> "'" + title + "'").orElse("")
                + item.addedAt().map(at -> "+" + at.getEpochSecond()).orElse("");
    }

    private static String show(Action action) {
        if (action instanceof Change change) {
            CartUpdate update = change.update();
            return update.changes().stream().map(History::show).collect(Collectors.joining(", "))
                    + update.idempotencyKey().map(key -> " key " + key).orElse("")
                    + update.snapshot()
                            .map(cart -> " based on " + show(cart) + " " + cart.version())
                            .orElse("")
                    + update.expectedVersion()
                            .map(version -> " if " + version + " of " + show(change.versionOf()))
                            .orElse("");
        }
        if (action instanceof MergeCarts merge) {
            return "merge " + merge.fromUserId() + " by " + merge.strategy();
        }
        return action instanceof ForeignAdd add ? "append " + show(add.item()) : "get";
    }

    private static String show(CartChange change) {
        if (change instanceof CartChange.Add add) {
            return "add " + show(add.item());
        } else if (change instanceof CartChange.SetQuantity set) {
            return "set " + set.bookId() + " to " + set.quantity();
        } else if (change instanceof CartChange.Remove remove) {
            return "remove " + remove.bookId();
        } else if (change instanceof CartChange.Reprice reprice) {
            return "reprice " + reprice.bookId() + " to " + reprice.price().toPlainString();
        } else if (change instanceof CartChange.Subtract subtract) {
            return "subtract " + subtract.quantities();
        }
        return "clear";
    }

    private static String show(Outcome outcome) {
        if (outcome instanceof Ok ok) {
            return show(ok.cart()) + (ok.cart() == null ? "" : " " + ok.cart().version());
        } else if (outcome instanceof Rejected rejected) {
            return "rejected, " + rejected.reason();
        } else if (outcome instanceof Conflict conflict) {
            return (conflict.stale() ? "stale, is " : "contended, was ") + show(conflict.current()) + " "
                    + conflict.current().version();
        } else if (outcome instanceof NoEffect none) {
            return "no effect, " + none.why();
        } else if (outcome instanceof Broken broken) {
            return "BROKEN " + broken.thrown();
        }
        return outcome instanceof Unknown unknown ? "unknown, " + unknown.why() : "no item";
    }
}
