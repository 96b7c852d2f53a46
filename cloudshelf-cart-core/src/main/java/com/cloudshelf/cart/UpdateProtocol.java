package com.cloudshelf.cart;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Applies one update. Every change to a cart takes this path.
 *
 * <p>Each attempt is a conditional write. What is known of the item, from a snapshot, a read or a refusal, determines
 * the next one. If nothing is known, the next step is a write that needs no knowledge, or a read.
 */
final class UpdateProtocol implements Protocol<Evidence, Cart> {
    /*
     * The protocol judges an item that was seen by four questions, in this order:
     *
     *   1. Was an attempt of this call applied?           yes: done.  The item cannot tell: the outcome is unknown.
     *   2. What do the terms of the update say?           a cart to write, or a result that writes nothing.
     *   3. Which write carries the cart?                  send it.
     *   4. May the result be returned?                    only if this call has read the item strongly, else read; and only if
     *                                                     no attempt can be applied any more, else fence.
     *
     * The first comes before the second because the terms of the update do not apply to an item that contains our change: its
     * version is no longer the expected one, and its limits may be reached. It is asked only of a strong sighting, because an
     * item from before our attempts knows nothing of them.
     *
     * All attempts of a call that may still be applied share one write ID. The ring excludes a second effect where the version
     * does not. Once no such attempt is left, a new ID is drawn: a write pinned to a version that has passed is dead, and so is
     * one that is older than what the item has forgotten.
     */

    /** If another writer wrote a cart less than this long ago, it is probably being written to at this moment. */
    private static final long JUST_NOW_MILLIS = 200;

    /**
     * The first conflict is settled from the item that came with it, the second one from the response to a fence if it
     * needs one.
     */
    private static final int CONFLICTS_WITHOUT_A_PAUSE = 2;

    /** The maximum number of new books that are added without a read: each needs a clause in the condition. */
    private static final int MAX_UNSEEN_BOOKS = 20;

    private final CartUpdate update;
    private final UpdateRules rules;
    private final Write.Terms terms;
    private final Duration keyRetention;
    private final String table;
    private final boolean mayHaveRested;

    /**
     * @param mayHaveRested whether nothing speaks against it that the cart has gone unwritten for so long that its item may be
     *     deleted
     */
    UpdateProtocol(CartUpdate update, Write.Terms terms, Duration keyRetention, String table, boolean mayHaveRested) {
        this.update = update;
        this.rules = new UpdateRules(update, terms.limits());
        this.terms = terms;
        this.keyRetention = keyRetention;
        this.table = table;
        this.mayHaveRested = mayHaveRested;
    }

    @Override
    public String operation() {
        return update.isClear() ? "Clear" : "Apply";
    }

    @Override
    public String userId() {
        return update.userId();
    }

    @Override
    public Evidence nothingYet() {
        return Evidence.NONE;
    }

    @Override
    public Decision<Evidence, Cart> next(Evidence evidence, Event event, Moment moment) {
        return switch (event.kind()) {
            case START -> choose(evidence.sees(firstSighting(event.handedOn())), moment);
            case RESUMED -> choose(evidence, moment);
            case DONE -> done(evidence, event, moment);
            case REFUSED -> refused(evidence, event, moment);
            case FAILED -> failed(evidence, event.cause());
        };
    }

    private @Nullable Sighting firstSighting(@Nullable StoredCart handedOn) {
        if (handedOn != null) {
            return new Sighting(handedOn, Sighting.Source.HANDED_ON);
        }
        Cart snapshot = update.snapshot().orElse(null);
        return snapshot != null && snapshot.origin() instanceof StoredCart stored
                ? new Sighting(stored, Sighting.Source.SNAPSHOT)
                : null;
    }

    private Decision<Evidence, Cart> choose(Evidence e, Moment moment) {
        Sighting sighting = e.sighting();
        if (sighting != null) {
            return judge(e, sighting, null, moment);
        }
        List<CartItem> books = unseenBooks();
        if (!e.unseenRefused() && !books.isEmpty()) {
            return startUnseen(e, books, moment);
        }
        if (!e.unseenRefused() && mayHaveRested && isPlainClear()) {
            return sendChange(e, UnpinnedWrites.removeRested(userId(), moment.now()), moment.newId(0), false);
        }
        return read(e);
    }

    private Decision<Evidence, Cart> read(Evidence e) {
        return Decision.send(e.sees(null), Request.get(userId(), true));
    }

    /* What becomes of a request. */

    private Decision<Evidence, Cart> done(Evidence e, Event event, Moment moment) {
        Attempt attempt = e.inFlight();
        if (attempt == null) {
            return see(e, event.items().get(0), Sighting.Source.STRONG_READ, null, moment);
        }
        return switch (attempt.purpose()) {
            case CHANGE -> changed(e, attempt, event, moment);
            case FENCE -> fenced(e.fate(Attempt.Fate.NOT_APPLIED), event.items().get(0), moment);
            case REPAIR -> settled(e, attempt.write().after());
        };
    }

    /**
     * The response to a fence is as good as a strong read. But a call that keeps meeting conflicts backs off, as after
     * any other conflict.
     */
    private Decision<Evidence, Cart> fenced(Evidence e, Map<String, AttributeValue> item, Moment moment) {
        return e.conflicts() > CONFLICTS_WITHOUT_A_PAUSE
                ? lost(e, item, null, moment)
                : see(e, item, Sighting.Source.STRONG_READ, null, moment);
    }

    private Decision<Evidence, Cart> see(
            Evidence e,
            Map<String, AttributeValue> item,
            Sighting.Source source,
            @Nullable Attempt refused,
            Moment moment) {
        StoredCart seen;
        try {
            seen = ItemFormat.decode(userId(), item, moment.now());
        } catch (InvalidStoredCartException unreadable) {
            return fail(e, unreadable, null);
        }
        Evidence known = e.conflicts() > 0 ? e.lostTo(seen) : e;
        Sighting sighting = new Sighting(seen, source);
        return judge(known.sees(sighting), sighting, refused, moment).seeing(List.of(seen));
    }

    private Decision<Evidence, Cart> changed(Evidence e, Attempt attempt, Event event, Moment moment) {
        StoredCart after = attempt.write().after();
        if (after == null) {
            try {
                after = ItemFormat.decode(userId(), event.items().get(0), moment.now());
            } catch (InvalidStoredCartException unreadable) {
                // Another writer broke a line in a way that no condition detects. The change itself was applied.
                return Decision.fail(e, CartOutcomeUnknownException.unreadable(userId(), unreadable), null);
            }
        }
        if (!after.isDrifted()) {
            return Decision.<Evidence, Cart>succeed(e, after.cart(), after).seeing(List.of(after));
        }
        WriteId id = moment.newId(after.memory() == null ? 0 : after.memory().forgotten() + 1);
        Write repair = PinnedWrites.change(after, after.cart(), null, stamp(id, moment), terms);
        Evidence settled = e.with(List.of()).settles(after.cart()).sends(Attempt.repair(id, repair));
        return Decision.<Evidence, Cart>send(settled, Request.write(repair)).seeing(List.of(after));
    }

    private Decision<Evidence, Cart> settled(Evidence e, @Nullable StoredCart left) {
        return Decision.succeed(e, left == null ? e.settled() : left.cart(), left);
    }

    private Decision<Evidence, Cart> refused(Evidence before, Event event, Moment moment) {
        Attempt attempt = before.inFlight();
        if (before.settled() != null || attempt == null) {
            return settled(before, null); // a repair after a success is not worth another attempt
        }
        Evidence e = before.fate(event.stray() ? Attempt.Fate.LOST : Attempt.Fate.REFUSED)
                .failed(event.cause());
        e = conflicted(e, attempt);
        Map<String, AttributeValue> item =
                event.items().isEmpty() ? null : event.items().get(0);
        if (item == null) {
            return refusedWithoutItem(e); // as some compatible engines do
        }
        Attempt refused = e.attempts().get(e.attempts().size() - 1);
        return e.conflicts() <= 1
                ? see(e, item, Sighting.Source.REFUSAL, refused, moment)
                : lost(e, item, refused, moment);
    }

    /** Counts a refusal. The first one of a write that pins nothing only says that the item must be known. */
    private static Evidence conflicted(Evidence e, Attempt attempt) {
        boolean first = attempt.purpose() == Attempt.Purpose.CHANGE && !attempt.isPinned() && !e.unseenRefused();
        return first ? e.refusedUnseen() : e.conflicted();
    }

    private Decision<Evidence, Cart> refusedWithoutItem(Evidence e) {
        return e.conflicts() <= 1 ? read(e) : Decision.pause(e.sees(null));
    }

    /** After a second conflict, the call backs off: the returned item would be stale at the end of the delay. */
    private Decision<Evidence, Cart> lost(
            Evidence e, Map<String, AttributeValue> item, @Nullable Attempt refused, Moment moment) {
        StoredCart seen;
        try {
            seen = ItemFormat.decode(userId(), item, moment.now());
        } catch (InvalidStoredCartException unreadable) {
            return fail(e, unreadable, null);
        }
        // Judged now, not after the delay: what the item forgets in the meantime proves nothing.
        Effect effect = Effect.of(e.attempts(), seen, refused, moment.systemNow());
        if (effect.kind() == Effect.Kind.APPLIED || effect.kind() == Effect.Kind.DELETED) {
            return recovered(e, seen, effect);
        }
        if (effect.kind() == Effect.Kind.UNKNOWN) {
            return unknown(e, null);
        }
        Evidence rest = e.with(effect.open()).lostTo(seen);
        List<WriteId> unpinned = idsOf(effect.open(), attempt -> !attempt.isPinned());
        Decision<Evidence, Cart> decision = unpinned.isEmpty() || !canFence(seen)
                ? Decision.pause(rest.sees(null))
                : fence(rest, seen, unpinned, false, moment);
        return decision.seeing(List.of(seen));
    }

    private Decision<Evidence, Cart> failed(Evidence before, Failure failure) {
        if (before.settled() != null) {
            return settled(before, null);
        }
        Attempt attempt = before.inFlight();
        if (attempt != null && attempt.isUpdate() && failure.mayBeOfTheItem() && !isOfTheItem(before.lastFailure())) {
            Evidence refused = before.fate(Attempt.Fate.NOT_APPLIED).failed(failure);
            return refusedWithoutItem(conflicted(refused, attempt));
        }
        CartStoreException end = Retry.endOf(failure, before.lastFailure(), userId(), table);
        Evidence e = before.fate(
                        switch (failure.kind()) {
                            case AMBIGUOUS -> Attempt.Fate.LOST;
                            case UNSENT, DENIED -> null;
                            default -> Attempt.Fate.NOT_APPLIED;
                        })
                .failed(failure);
        return end == null ? Decision.pause(e.aged()) : fail(e, end, null);
    }

    /**
     * Whether the item was already read because it may be the reason. A write from that read that fails in the same way is
     * invalid in itself.
     */
    private static boolean isOfTheItem(@Nullable Failure last) {
        return last != null && last.mayBeOfTheItem();
    }

    @Override
    public Decision<Evidence, Cart> stop(Evidence before, Stop stop) {
        if (before.settled() != null) {
            return settled(before, null);
        }
        Evidence e = before.fate(stop.unanswered() ? Attempt.Fate.LOST : null);
        StoredCart lostTo = e.lostTo();
        Failure last = e.lastFailure();
        boolean contended = last != null && last.kind() == Failure.Kind.REFUSED;
        boolean spent = stop.reason() == Stop.Reason.TIME || stop.reason() == Stop.Reason.REQUESTS;
        return fail(
                e,
                contended && spent && lostTo != null
                        ? CartConflictException.contended(lostTo.cart())
                        : stop.asException(userId(), last),
                null);
    }

    /* The four questions. */

    private Decision<Evidence, Cart> judge(
            Evidence before, Sighting sighting, @Nullable Attempt refused, Moment moment) {
        StoredCart seen = sighting.item();
        if (seen.isExpiredAt(moment.now()) && !seen.isExpired()) {
            return read(before); // it has expired since it was seen
        }
        Evidence e = before;
        if (sighting.isStrong()) {
            Effect effect = Effect.of(before.attempts(), seen, refused, moment.systemNow());
            switch (effect.kind()) {
                case APPLIED, DELETED -> {
                    return recovered(before, seen, effect);
                }
                case UNKNOWN -> {
                    return unknown(before, null);
                }
                case NONE -> e = before.with(effect.open());
            }
        }
        UpdateRules.Verdict verdict = rules.judge(seen, moment.now());
        if (verdict.cart() != null) {
            try {
                return write(e, sighting, verdict.cart(), moment);
            } catch (CartRejectedException tooLarge) {
                verdict = UpdateRules.Verdict.fail(tooLarge);
            }
        }
        return confirm(e, sighting, verdict, moment);
    }

    /** Chooses the write that carries the cart. */
    private Decision<Evidence, Cart> write(Evidence e, Sighting sighting, Cart cart, Moment moment) {
        StoredCart seen = sighting.item();
        Memory memory = seen.memory();
        long floor = memory == null ? 0 : memory.forgotten() + 1;
        List<CartItem> books = unseenBooks();
        if (!books.isEmpty() && isContended(e, seen, moment) && mayWriteUnpinned(seen, moment.now())) {
            if (books.stream().noneMatch(book -> seen.cart().item(book.bookId()).isPresent())) {
                return addUnseen(e, books, floor, moment);
            }
            CartItem line = books.size() == 1 && update.idempotencyKey().isEmpty()
                    ? seen.cart().item(books.get(0).bookId()).orElse(null)
                    : null;
            if (line != null
                    && line.addedAtOrNull() != null
                    && books.get(0).attributes().size() <= UnpinnedWrites.MAX_RAISED_ATTRIBUTES) {
                WriteId id = idOfOpen(e, floor, moment);
                Write raise = UnpinnedWrites.raise(seen, line, books.get(0), stamp(id, moment), terms);
                return sendChange(e, raise, id, true);
            }
        }
        WriteId id = idOfOpen(e, floor, moment);
        Write.Stamp stamp = stamp(id, moment);
        Write.KeyEntry key = rules.keyEntry(moment.now(), keyRetention);
        boolean requiresVersion = update.expectedVersion().isPresent();
        Write write;
        if (!seen.exists() || seen.isExpired()) {
            write = PinnedWrites.replace(seen, cart, key, stamp, terms);
        } else if (update.isClear()) {
            write = requiresVersion
                    ? PinnedWrites.clearOfVersion(seen, key, stamp, terms)
                    : PinnedWrites.clear(seen, key, stamp, terms);
        } else {
            write = requiresVersion
                    ? PinnedWrites.changeOfVersion(seen, cart, key, stamp, terms)
                    : PinnedWrites.change(seen, cart, key, stamp, terms);
        }
        return sendChange(e, write, id, sighting.isStrong());
    }

    /**
     * Ends the call without writing. First makes sure that the result rests on a strong read and that no earlier
     * attempt can still be applied.
     */
    private Decision<Evidence, Cart> confirm(
            Evidence e, Sighting sighting, UpdateRules.Verdict verdict, Moment moment) {
        StoredCart seen = sighting.item();
        if (!sighting.isStrong()) {
            return read(e);
        }
        List<WriteId> open = idsOf(e.attempts(), Attempt::isAmbiguous);
        if (!open.isEmpty() && canFence(seen)) {
            boolean pinned = e.attempts().stream().anyMatch(attempt -> attempt.isAmbiguous() && attempt.isPinned());
            return fence(e, seen, open, pinned, moment);
        }
        if (e.isAmbiguous()) {
            return unknown(e, null);
        }
        CartStoreException failure = verdict.failure();
        return failure == null ? Decision.succeed(e, seen.cart(), seen) : Decision.fail(e, failure, seen);
    }

    private Decision<Evidence, Cart> recovered(Evidence e, StoredCart seen, Effect effect) {
        Cart outcome = effect.kind() == Effect.Kind.DELETED ? Cart.empty(userId()) : seen.cart();
        return Decision.<Evidence, Cart>succeed(e, outcome, seen)
                .seeing(List.of(seen))
                .recovering();
    }

    private Decision<Evidence, Cart> unknown(Evidence e, @Nullable Throwable cause) {
        return Decision.fail(
                e,
                new CartOutcomeUnknownException(
                        userId(), update.idempotencyKey().isPresent(), cause),
                null);
    }

    /** Ends the call with a failure. It only counts as one without effect if the fate of every attempt is known. */
    private Decision<Evidence, Cart> fail(Evidence e, CartStoreException failure, @Nullable StoredCart left) {
        return e.isAmbiguous() ? unknown(e, failure) : Decision.fail(e, failure, left);
    }

    /* Attempts. */

    private Decision<Evidence, Cart> startUnseen(Evidence e, List<CartItem> books, Moment moment) {
        CartStoreException rejection = null;
        if (books.stream().anyMatch(book -> book.quantity() > terms.limits().maxQuantity())) {
            rejection = rules.judge(StoredCart.absent(userId()), moment.now()).failure();
        }
        if (rejection == null) {
            try {
                return addUnseen(e, books, 0, moment);
            } catch (CartRejectedException tooLarge) {
                rejection = tooLarge;
            }
        }
        // No cart can take the books. But if the key is known, they were within the limits when they were added.
        return update.idempotencyKey().isPresent() ? read(e) : fail(e, rejection, null);
    }

    private Decision<Evidence, Cart> addUnseen(Evidence e, List<CartItem> books, long floor, Moment moment) {
        WriteId id = idOfOpen(e, floor, moment);
        Write add = UnpinnedWrites.add(
                userId(), books, rules.keyEntry(moment.now(), keyRetention), stamp(id, moment), terms);
        return sendChange(e, add, id, false);
    }

    private Decision<Evidence, Cart> sendChange(Evidence e, Write write, WriteId id, boolean fromStrong) {
        return Decision.send(e.sends(Attempt.change(id, write, fromStrong)), Request.write(write));
    }

    /** Changes only what the item remembers, so that the attempts in flight are refused. */
    private Decision<Evidence, Cart> fence(
            Evidence e, StoredCart seen, List<WriteId> excluded, boolean raiseVersion, Moment moment) {
        long floor = seen.memory() == null ? 0 : seen.memory().forgotten() + 1;
        for (WriteId id : excluded) {
            floor = Math.max(
                    floor, id.begin() + 1); // so the item forgets the fence only after the IDs that it explains
        }
        WriteId id = moment.newId(floor);
        Write fence = UnpinnedWrites.fence(userId(), excluded, raiseVersion, stamp(id, moment));
        return Decision.send(e.sends(Attempt.fence(id, fence, excluded)), Request.write(fence));
    }

    /**
     * Whether the item can take a fence. An absent or expired item, or one of another program, has nowhere to store it.
     */
    private static boolean canFence(StoredCart seen) {
        return seen.exists()
                && !seen.isExpired()
                && seen.memory() != null
                && seen.format() == ItemFormat.CURRENT_FORMAT;
    }

    /** Returns the write IDs of the given attempts, as far as they have one. */
    private static List<WriteId> idsOf(List<Attempt> attempts, Predicate<Attempt> which) {
        Set<WriteId> ids = new HashSet<>();
        for (Attempt attempt : attempts) {
            if (attempt.purpose() == Attempt.Purpose.CHANGE && !attempt.isDeletion() && which.test(attempt)) {
                ids.add(attempt.id());
            }
        }
        return List.copyOf(ids);
    }

    /** Returns the write ID of the attempts that could still be applied, or a new one if there are none. */
    private static WriteId idOfOpen(Evidence e, long floor, Moment moment) {
        for (Attempt attempt : e.attempts()) {
            if (attempt.purpose() == Attempt.Purpose.CHANGE && !attempt.isDeletion()) {
                return attempt.id();
            }
        }
        return moment.newId(floor);
    }

    private static Write.Stamp stamp(WriteId id, Moment moment) {
        return new Write.Stamp(id, moment.now(), moment.systemNow());
    }

    /* Forms of an update. */

    /**
     * Returns the books of an update that only adds, each once, and therefore can be applied without knowing the item.
     */
    private List<CartItem> unseenBooks() {
        List<CartChange> changes = update.changes();
        if (changes.size() > MAX_UNSEEN_BOOKS
                || changes.size() > terms.limits().maxLines()
                || update.expectedVersion().isPresent()) {
            return List.of();
        }
        List<CartItem> books = new ArrayList<>(changes.size());
        for (CartChange change : changes) {
            if (!(change instanceof CartChange.Add add)
                    || Draft.indexOf(books, add.item().bookId()) >= 0) {
                return List.of();
            }
            books.add(add.item());
        }
        return books;
    }

    private boolean isPlainClear() {
        return update.isClear()
                && update.idempotencyKey().isEmpty()
                && update.expectedVersion().isEmpty();
    }

    /** Whether a write that pins the version would probably conflict with another writer. */
    private static boolean isContended(Evidence e, StoredCart seen, Moment moment) {
        Memory memory = seen.memory();
        if (isOfTheItem(e.lastFailure())) {
            return false; // a write that pins the version repairs the item, or shows that the item is not the reason
        }
        // Occasionally, the version is pinned anyway: such a write repairs what makes an item refuse unpinned ones.
        // And only such a one drops what is stale.
        return e.conflicts() % 3 != 0
                || (e.conflicts() == 0
                        && e.unseenRefused()
                        && memory != null
                        && memory.lastWrite() > moment.now().toEpochMilli() - JUST_NOW_MILLIS
                        && !memory.isStale(moment.systemNow()));
    }

    private boolean mayWriteUnpinned(StoredCart seen, Instant now) {
        return UnpinnedWrites.wouldHold(seen, rules.keyEntry(now, keyRetention), now, terms);
    }
}
