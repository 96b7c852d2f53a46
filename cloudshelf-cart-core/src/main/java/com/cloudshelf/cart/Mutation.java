package com.cloudshelf.cart;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;

/**
 * Carries out one update: the one path that every change of a cart takes.
 *
 * <p>Each try is a conditional write that carries the same write id. What is known of the item, from a snapshot, a read or a
 * refusal, decides the next request; nothing known means a write that needs no knowledge, or a read.
 */
final class Mutation<T> extends Call<T> {
    /** A cart that began this long before a call was there when the call began, for no call lasts longer. */
    private static final long LONGEST_CALL_MILLIS = DynamoDbCartStore.MAX_OPERATION_TIMEOUT.toMillis();

    /** A cart that was written to by another this short a while ago is probably being written to right now. */
    private static final long JUST_NOW_MILLIS = 200;

    private final CartUpdate update;
    private final Function<Cart, T> finish;
    private final Write.Terms terms;
    private WriteId id = WriteId.NONE;
    private final @Nullable KeyedChanges key;
    private final Duration keyRetention;

    /** What is known of the item, and whether this call saw it strongly. */
    private @Nullable StoredCart known;

    private boolean confirmed;
    private boolean unseenWriteRefused;
    private int losses;
    private @Nullable StoredCart lostTo;
    private @Nullable Write sent;
    private @Nullable StoredCart left;

    /** Whether a try with the present id was sent that may have taken effect, for all that is known. */
    private boolean tried;

    /**
     * The id of an addition that was refused: it pins no version, so that it could take effect yet if the network delivered
     * it once more.
     */
    private @Nullable WriteId refusedAdd;

    /** The ambiguous tries: what may have taken effect already, or may land yet. */
    private boolean ambiguousAdd;

    private @Nullable StoredCart ambiguousPin;
    private @Nullable Write ambiguousRemoval;
    private boolean removalOfConfirmed;
    /** Whether an id of this call may be in the item although no try of it took effect. */
    private boolean fenced;

    Mutation(
            Engine engine,
            CartUpdate update,
            Duration timeout,
            Write.Terms terms,
            Duration keyRetention,
            Function<Cart, T> finish) {
        super(engine, update.userId(), timeout);
        this.update = update;
        this.finish = finish;
        this.terms = terms;
        this.keyRetention = keyRetention;
        this.key = update.idempotencyKey()
                .map(text -> KeyedChanges.of(text, update.changes()))
                .orElse(null);
        this.known = update.snapshot()
                .map(cart -> cart.origin() instanceof StoredCart stored ? stored : null)
                .orElse(null);
    }

    @Override
    String operation() {
        return update.isClear() ? "Clear" : "Apply";
    }

    @Override
    void launch() {
        beginWaiting();
        engine.lanes().enter(this);
        expireAtDeadline();
    }

    /** Begins, with what the change before it in the lane left in the table, if that is known. */
    void begin(@Nullable StoredCart handedOn) {
        endWaiting();
        if (handedOn != null) {
            known = handedOn;
        }
        proceed();
    }

    @Override
    void ended() {
        engine.lanes().leave(this);
    }

    /** What this change left in the table, if it knows. */
    @Nullable
    StoredCart handOn() {
        return left;
    }

    @Override
    void step() {
        StoredCart stored = known;
        if (isSettled()) {
            fail(contended()); // what follows a success is not worth another try
        } else if (stored != null) {
            decide(stored);
        } else if (!unseenWriteRefused && isSingleAdd()) {
            identify(null);
            add();
        } else if (losses == 0 && !unseenWriteRefused && isPlainClear() && engine.mayHaveRested(userId)) {
            identify(null);
            send(Write.removeRested(userId, now()));
        } else {
            read();
        }
    }

    private void read() {
        read(
                (client, configuration) -> Get.getItem(client, configuration, engine.table(), userId, true),
                response -> see(response.item()));
    }

    private void see(Map<String, AttributeValue> item) {
        StoredCart stored = ItemFormat.decode(userId, item, now());
        saw(stored);
        known = stored;
        confirmed = true;
        lostTo = losses > 0 ? stored : null;
        decide(stored);
    }

    private void decide(StoredCart stored) {
        Instant now = now();
        if (stored.isExpiredAt(now) && !stored.isExpired()) {
            forget();
            read();
            return;
        }
        Memory memory = stored.memory();
        if (holdsWriteOfThisCall(memory)) {
            recover(stored);
            return;
        }
        refuseToGuess(stored);
        if (ambiguousRemoval != null && removalTookEffect(ambiguousRemoval, stored)) {
            left = stored;
            // What the clear led to, and not a cart that was begun since.
            succeed(finish.apply(stored.cart().isEmpty() ? stored.cart() : Cart.empty(userId)));
            return;
        }
        if (stored.format() > ItemFormat.CURRENT_FORMAT) {
            throw ItemFormat.higherFormat(userId);
        }
        Memory.Key used = key == null || memory == null ? null : memory.liveKey(key.hash(), now.toEpochMilli());
        if (key != null && used != null) {
            if (used.digest().equals(key.digest())) {
                judge(stored, () -> finish(stored));
            } else {
                judge(stored, () -> {
                    throw new CartRejectedException(
                            userId, Reason.KEY_REUSED, "the idempotency key stands for other changes");
                });
            }
            return;
        }
        if (update.expectedVersion().isPresent()
                && !update.expectedVersion().get().equals(stored.cart().version())) {
            judge(stored, () -> {
                throw CartConflictException.stale(stored.cart());
            });
            return;
        }
        Cart cart;
        try {
            cart = stored.cart().apply(terms.limits(), now, update.changes());
            if (key != null && memory != null && memory.liveKeys(now.toEpochMilli()) >= Memory.MAX_KEYS) {
                throw new CartRejectedException(
                        userId,
                        Reason.KEYS_FULL,
                        "the cart remembers " + Memory.MAX_KEYS
                                + " idempotency keys already; there is room when one has passed its retention");
            }
            if (key != null || !cart.equals(stored.cart())) {
                write(stored, cart, now);
                return;
            }
        } catch (CartRejectedException rejection) {
            judge(stored, () -> {
                throw rejection;
            });
            return;
        }
        judge(stored, () -> finish(stored));
    }

    private boolean holdsWriteOfThisCall(@Nullable Memory memory) {
        return memory != null && ((tried && memory.holds(id)) || (refusedAdd != null && memory.holds(refusedAdd)));
    }

    /**
     * Ends the call if a try of it could have taken effect without a trace. A clear answer does not exclude that: a request
     * that the network delivers twice may be carried out once and refused once.
     */
    private void refuseToGuess(StoredCart stored) {
        Memory memory = stored.memory();
        if (memory == null && tried && ambiguousPin != null && ambiguousPin.memory() != null) {
            throw unknown(null);
        }
        boolean leavesId = sent == null || sent.kind() != Write.Kind.DELETE;
        if (memory != null && tried && leavesId && !memory.provesAbsenceOf(id) && !isNextAfterLastTry(memory)) {
            throw unknown(null);
        }
        if (memory != null && refusedAdd != null && !memory.provesAbsenceOf(refusedAdd)) {
            throw unknown(null);
        }
        if (tried && !isAmbiguous() && !isPinnedTo(stored, sent == null ? null : sent.before())) {
            tried = false; // a try that pinned a version can never take effect once the version has passed
            if (sent != null && sent.isAdd()) {
                refusedAdd = id;
            }
        }
    }

    /** Whether the item was written once since the try that was sent last, and so by the rival to whom it was lost. */
    private boolean isNextAfterLastTry(Memory memory) {
        StoredCart before = sent == null || isAmbiguous() ? null : sent.before();
        return before != null && memory.isNextAfter(before.memory());
    }

    /** Chooses the form of the write. */
    private void write(StoredCart stored, Cart cart, Instant now) {
        identify(stored.memory());
        Write.Stamp stamp = stamp(now);
        Write.KeyEntry entry = key == null
                ? null
                : new Write.KeyEntry(
                        key.hash(), new Memory.Key(now.plus(keyRetention).toEpochMilli(), key.digest()));
        // Of two clears that demand the same version, nothing would tell which one deleted the item.
        boolean clearsInPlace = update.isClear() && update.expectedVersion().isPresent();
        if (!stored.exists() || stored.isExpired() || clearsInPlace) {
            send(Write.replace(stored, cart, entry, stamp, terms));
        } else if (update.isClear()) {
            send(Write.clear(stored, entry, stamp, terms));
        } else if (isSingleAdd() && isContended(stored, now) && mayAddUnpinned(stored)) {
            addUnpinned(stored);
        } else {
            send(Write.change(stored, cart, entry, stamp, terms));
        }
    }

    /** Gives the next try an id of its own, unless an earlier try with the present one could take effect. */
    private void identify(@Nullable Memory memory) {
        if (!tried) {
            id = WriteId.begunAt(
                    Math.max(engine.wallMillis().getAsLong(), memory == null ? 0 : memory.forgotten() + 1));
        }
    }

    /** Whether a write that pins the version would probably be lost to a rival. */
    private boolean isContended(StoredCart stored, Instant now) {
        Memory memory = stored.memory();
        return losses > 0
                || (unseenWriteRefused && memory != null && memory.lastWrite() > now.toEpochMilli() - JUST_NOW_MILLIS);
    }

    /** Whether the condition of an addition that pins no version would hold for this item. */
    private boolean mayAddUnpinned(StoredCart stored) {
        Memory memory = stored.memory();
        CartItem line = stored.cart().item(singleAdd().bookId()).orElse(null);
        if (line != null && line.addedAtOrNull() == null) {
            return false;
        }
        return memory != null
                && stored.areIdsTrue()
                && !memory.isFull(terms.ringSize())
                && memory.provesAbsenceOf(refusedAdd == null ? id : refusedAdd)
                && !stored.isDrifted();
    }

    private void add() {
        CartItem item = singleAdd();
        if (item.quantity() > terms.limits().maxQuantity()) {
            throw new CartRejectedException(
                    userId,
                    Reason.LIMIT,
                    "a line may have a quantity of at most " + terms.limits().maxQuantity());
        }
        send(Write.add(userId, item, stampOfAdd(), terms));
    }

    private void addUnpinned(StoredCart stored) {
        String bookId = singleAdd().bookId();
        CartItem line = stored.cart().item(bookId).orElse(null);
        if (line == null) {
            add();
        } else {
            send(Write.raise(stored, line, singleAdd(), stampOfAdd(), terms));
        }
    }

    /** Two additions of one call that pin no version exclude each other by their id only. */
    private Write.Stamp stampOfAdd() {
        if (refusedAdd != null) {
            id = refusedAdd;
            refusedAdd = null;
        }
        return stamp(now());
    }

    /** Gives a verdict that writes nothing, once it rests on a strong read, and no earlier try can take effect any more. */
    private void judge(StoredCart stored, Runnable verdict) {
        if (!confirmed) {
            forget();
            read();
        } else if (mayLand(stored)) {
            fence(stored, verdict);
        } else {
            release(verdict);
        }
    }

    /** Whether an earlier try, whose answer was lost, could still take effect on what is stored. */
    private boolean mayLand(StoredCart stored) {
        return ambiguousAdd || isPinnedTo(stored, ambiguousPin);
    }

    /** Whether a write that was made from what was seen before could take effect on what is stored. */
    private static boolean isPinnedTo(StoredCart stored, @Nullable StoredCart before) {
        return before != null
                && before.exists() == stored.exists()
                && before.pins().hold(stored.pins(), before.isExpired());
    }

    /** Writes nothing but this call's id, so that the tries that are still on their way are refused when they land. */
    private void fence(StoredCart stored, Runnable verdict) {
        if (!stored.exists() || stored.isExpired() || fenced) {
            throw unknown(null);
        }
        fenced = true;
        Write write = Write.change(stored, stored.cart(), null, stamp(now()), terms);
        write(
                (client, configuration) -> client.updateItem(write.asUpdate(engine.table())
                        .overrideConfiguration(configuration)
                        .build()),
                response -> release(verdict),
                failure -> {
                    throw unknown(failure.cause());
                });
    }

    /** Excludes that an addition which was refused takes effect yet: its id may leave the ring while this call pauses. */
    private void forbid(WriteId add) {
        boolean fencedBefore = fenced;
        // Until the answer says that it worked: then the id is in the item, or the addition took effect.
        fenced = true;
        Write write = Write.forbid(userId, add);
        write(
                (client, configuration) -> client.updateItem(write.asUpdate(engine.table())
                        .overrideConfiguration(configuration)
                        .build()),
                response -> {
                    fenced = fencedBefore;
                    refusedAdd = null;
                    pause();
                },
                failure -> pause());
    }

    private void release(Runnable verdict) {
        left = known;
        clearAmbiguity();
        verdict.run();
    }

    /**
     * Decides whether a deletion whose answer was lost was carried out, by the item that is there now.
     *
     * @throws CartOutcomeUnknownException if it does not tell
     */
    private boolean removalTookEffect(Write removal, StoredCart stored) {
        StoredCart removed = removal.before();
        Memory memory = stored.memory();
        if (stored.cart().isEmpty()) {
            return true;
        }
        if (removed == null) {
            // Begun before any call that is now under way: it is not a successor of what we may have deleted.
            if (memory != null && WriteId.begin(memory.incarnation()) < id.begin() - LONGEST_CALL_MILLIS) {
                return false;
            }
            throw unknown(null);
        }
        boolean same = isSameIncarnation(removed, stored);
        if (!same && !removalOfConfirmed) {
            throw unknown(null);
        }
        return !same;
    }

    private static boolean isSameIncarnation(StoredCart before, StoredCart after) {
        Memory was = before.memory();
        Memory is = after.memory();
        return was != null && is != null && was.incarnation().equals(is.incarnation());
    }

    private void send(Write write) {
        sent = write;
        tried = true;
        switch (write.kind()) {
            case UPDATE ->
                write(
                        (client, configuration) -> client.updateItem(write.asUpdate(engine.table())
                                .returnValues(write.after() == null ? ReturnValue.ALL_NEW : null)
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)
                                .build()),
                        response -> written(write.after() == null ? added(response.attributes()) : write.after()),
                        this::refused);
            case PUT ->
                write(
                        (client, configuration) -> client.putItem(write.asPut(engine.table())
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)
                                .build()),
                        response -> written(write.after()),
                        this::refused);
            case DELETE ->
                write(
                        (client, configuration) -> client.deleteItem(write.asDelete(engine.table())
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)
                                .build()),
                        response -> written(write.after()),
                        this::refused);
        }
    }

    private StoredCart added(Map<String, AttributeValue> item) {
        try {
            return ItemFormat.decode(userId, item, now());
        } catch (InvalidStoredCartException e) {
            // Another writer broke a line in a way that no condition sees; the line of this call is in the item.
            throw unknown(e);
        }
    }

    private void written(@Nullable StoredCart stored) {
        StoredCart after = stored == null ? StoredCart.absent(userId) : stored;
        saw(after);
        if (after.isDrifted()) {
            repair(after);
        } else {
            finish(after);
        }
    }

    /** Sets right what another writer had left wrong; the change itself stands, whatever becomes of this. */
    private void repair(StoredCart stored) {
        settle(finish.apply(stored.cart()));
        send(Write.change(stored, stored.cart(), null, stamp(now()), terms));
    }

    private void refused(Failure failure) {
        if (isSettled()) {
            fail(contended());
            return;
        }
        boolean unseen = sent != null && sent.before() == null;
        unseenWriteRefused |= unseen;
        losses += unseen && losses == 0 ? 0 : 1;
        Map<String, AttributeValue> item = failure.refusedBy();
        if (sent != null && sent.kind() == Write.Kind.DELETE && sent.before() != null && confirmed) {
            ambiguousRemoval = sent;
            removalOfConfirmed = true;
        }
        forget();
        if (losses <= 1) {
            if (item == null) {
                read();
            } else {
                see(item);
            }
            return;
        }
        if (item != null) {
            StoredCart stored = ItemFormat.decode(userId, item, now());
            if (holdsWriteOfThisCall(stored.memory())) {
                saw(stored);
                recover(stored);
                return;
            }
            // Now, not after the pause: what the item forgets in the meantime proves nothing.
            refuseToGuess(stored);
            lostTo = stored;
            if (refusedAdd != null && stored.memory() != null) {
                forbid(refusedAdd);
                return;
            }
        }
        pause();
    }

    /** Finds the write in the item, although its answer was lost. */
    private void recover(StoredCart stored) {
        if (fenced) {
            throw unknown(null);
        }
        tally.recovered++;
        finish(stored);
    }

    private void finish(StoredCart stored) {
        left = stored;
        succeed(finish.apply(stored.cart()));
    }

    private void forget() {
        known = null;
        confirmed = false;
    }

    @Override
    void becameAmbiguous() {
        Write write = sent;
        if (write == null) {
            return;
        }
        if (write.kind() == Write.Kind.DELETE) {
            ambiguousRemoval = write;
            removalOfConfirmed = confirmed;
        } else if (write.before() == null) {
            ambiguousAdd = true;
        } else {
            ambiguousPin = write.before();
        }
    }

    @Override
    CartStoreException contended() {
        return lostTo == null ? super.contended() : CartConflictException.contended(lostTo.cart());
    }

    @Override
    boolean isRepeatable() {
        return key != null;
    }

    private boolean isSingleAdd() {
        return update.changes().size() == 1
                && update.changes().get(0) instanceof CartChange.Add
                && key == null
                && update.expectedVersion().isEmpty();
    }

    private CartItem singleAdd() {
        return ((CartChange.Add) update.changes().get(0)).item();
    }

    private boolean isPlainClear() {
        return update.isClear() && key == null && update.expectedVersion().isEmpty();
    }

    private Write.Stamp stamp(Instant now) {
        return new Write.Stamp(id, refusedAdd, now, engine.wallMillis().getAsLong());
    }

    private Instant now() {
        return engine.now();
    }
}
