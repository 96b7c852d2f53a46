package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/**
 * Merges one cart into another and clears the first, in one transaction that is pinned to what was read of both.
 *
 * <p>Both items get the ID of the write, so that an attempt whose response was lost can be found in them. If the
 * outcome of a transaction is unknown, the same transaction is sent again, under the same token, by which DynamoDB
 * recognizes it for ten minutes. After a refusal, a new transaction with another token is built.
 */
final class MergeProtocol implements Protocol<MergeProtocol.Evidence, Cart> {
    /**
     * @param id the write ID and token of the last transaction; {@code null} before the first
     * @param transaction the transaction that is sent until its outcome is known
     * @param after what it leaves of the cart that is merged into
     * @param rounds how many transactions were built
     * @param lost whether the response to the current transaction was lost
     * @param lostTo the cart of the last conflict
     * @param lastFailure why the last request failed
     */
    record Evidence(
            @Nullable WriteId id,
            @Nullable Request transaction,
            @Nullable StoredCart after,
            int rounds,
            boolean lost,
            @Nullable StoredCart lostTo,
            @Nullable Failure lastFailure) {

        Evidence failed(Failure failure, boolean lost) {
            return new Evidence(id, transaction, after, rounds, this.lost || lost, lostTo, failure);
        }

        Evidence without(Failure failure) {
            return new Evidence(id, null, null, rounds, lost, lostTo, failure);
        }
    }

    private final String fromUserId;
    private final String intoUserId;
    private final MergeStrategy strategy;
    private final Write.Terms terms;
    private final String table;

    MergeProtocol(String fromUserId, String intoUserId, MergeStrategy strategy, Write.Terms terms, String table) {
        this.fromUserId = fromUserId;
        this.intoUserId = intoUserId;
        this.strategy = strategy;
        this.terms = terms;
        this.table = table;
    }

    @Override
    public String operation() {
        return "Merge";
    }

    @Override
    public String userId() {
        return intoUserId;
    }

    @Override
    public Evidence nothingYet() {
        return new Evidence(null, null, null, 0, false, null, null);
    }

    @Override
    public Decision<Evidence, Cart> next(Evidence e, Event event, Moment moment) {
        if (event.isDue()) {
            return Decision.send(e, e.transaction == null ? Request.getBoth(fromUserId, intoUserId) : e.transaction);
        }
        if (event.kind() == Event.Kind.DONE) {
            StoredCart after = e.after;
            return after == null
                    ? seeBoth(e, event, moment)
                    : Decision.<Evidence, Cart>succeed(e, after.cart(), null).seeing(List.of(after));
        }
        if (event.kind() == Event.Kind.REFUSED) {
            Evidence refused = e.without(event.cause());
            return e.rounds > 1
                    ? Decision.pause(refused)
                    : Decision.send(refused, Request.getBoth(fromUserId, intoUserId));
        }
        return failed(e, event.cause());
    }

    private Decision<Evidence, Cart> failed(Evidence before, Failure failure) {
        if (before.transaction != null && isOfAnItem(failure) && !isOfAnItem(before.lastFailure)) {
            return Decision.send(before.without(failure), Request.getBoth(fromUserId, intoUserId));
        }
        CartStoreException end = Retry.endOf(failure, before.lastFailure, intoUserId, table);
        boolean lost = before.transaction != null && failure.kind() == Failure.Kind.AMBIGUOUS;
        Evidence e = before.failed(failure, lost);
        return end == null ? Decision.pause(e) : fail(e, end);
    }

    /** Whether an item may be the reason: that an attribute has had another type since the items were read. */
    private static boolean isOfAnItem(@Nullable Failure failure) {
        return failure != null
                && (failure.mayBeOfTheItem()
                        || (failure.kind() == Failure.Kind.INVALID
                                && failure.cause() instanceof TransactionCanceledException));
    }

    private Decision<Evidence, Cart> seeBoth(Evidence e, Event event, Moment moment) {
        StoredCart from;
        StoredCart into;
        try {
            from = ItemFormat.decode(fromUserId, event.items().get(0), moment.now());
            into = ItemFormat.decode(intoUserId, event.items().get(1), moment.now());
        } catch (InvalidStoredCartException unreadable) {
            return fail(e, unreadable);
        }
        return judge(e, from, into, moment).seeing(List.of(from, into));
    }

    private Decision<Evidence, Cart> judge(Evidence e, StoredCart from, StoredCart into, Moment moment) {
        WriteId id = e.id;
        if (id != null && (traceOf(id, from) == Memory.Trace.PRESENT || traceOf(id, into) == Memory.Trace.PRESENT)) {
            return Decision.<Evidence, Cart>succeed(e, into.cart(), null).recovering();
        }
        if (e.lost
                && id != null
                && (traceOf(id, from) == Memory.Trace.FORGOTTEN || traceOf(id, into) == Memory.Trace.FORGOTTEN)) {
            return fail(e, new CartOutcomeUnknownException(intoUserId, true, null));
        }
        // The transactions before this read were pinned to other states of the two items: none can be applied any
        // more.
        Evidence known = new Evidence(id, null, null, e.rounds, false, into, e.lastFailure);
        for (StoredCart stored : List.of(from, into)) {
            if (stored.format() > ItemFormat.CURRENT_FORMAT) {
                return fail(known, ItemFormat.higherFormat(stored.userId()));
            }
        }
        if (from.cart().isBare()) {
            return Decision.succeed(known, into.cart(), null);
        }
        try {
            return transact(known, from, into, moment);
        } catch (CartRejectedException rejected) {
            return fail(known, rejected);
        }
    }

    private Decision<Evidence, Cart> transact(Evidence e, StoredCart from, StoredCart into, Moment moment) {
        Cart guest = into.yielding(from.cart(), strategy);
        Cart merged = into.cart().merge(guest, strategy, terms.limits(), moment.now());
        WriteId id = moment.newId(Math.max(floor(from), floor(into)));
        Write.Stamp stamp = new Write.Stamp(id, moment.now(), moment.systemNow());
        Write write = PinnedWrites.merge(into, merged, from, stamp, terms);
        Write clear = PinnedWrites.clearMoved(from, stamp, terms);
        Request transaction = Request.transact(List.of(write, clear), id.text());
        return Decision.send(
                new Evidence(id, transaction, write.after(), e.rounds + 1, false, into, e.lastFailure), transaction);
    }

    private static long floor(StoredCart stored) {
        Memory memory = stored.memory();
        return memory == null ? 0 : memory.forgotten() + 1;
    }

    private static Memory.Trace traceOf(WriteId id, StoredCart stored) {
        Memory memory = stored.memory();
        return memory == null ? Memory.Trace.ABSENT : memory.traceOf(id);
    }

    @Override
    public Decision<Evidence, Cart> stop(Evidence before, Stop stop) {
        Evidence e = before.transaction != null && stop.unanswered()
                ? new Evidence(
                        before.id,
                        before.transaction,
                        before.after,
                        before.rounds,
                        true,
                        before.lostTo,
                        before.lastFailure)
                : before;
        StoredCart lostTo = e.lostTo;
        Failure last = e.lastFailure;
        boolean contended = last != null && last.kind() == Failure.Kind.REFUSED;
        boolean spent = stop.reason() == Stop.Reason.TIME || stop.reason() == Stop.Reason.REQUESTS;
        return fail(
                e,
                contended && spent && lostTo != null
                        ? CartConflictException.contended(lostTo.cart())
                        : stop.asException(intoUserId, last));
    }

    private Decision<Evidence, Cart> fail(Evidence e, CartStoreException failure) {
        // A merge that was applied leaves nothing to merge, so it can always be repeated.
        return Decision.fail(e, e.lost ? new CartOutcomeUnknownException(intoUserId, true, failure) : failure, null);
    }
}
