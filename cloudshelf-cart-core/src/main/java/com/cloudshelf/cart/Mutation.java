package com.cloudshelf.cart;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
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

    private final CartUpdate update;
    private final Function<Cart, T> finish;
    private final Write.Terms terms;
    private final WriteId id;
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

    /** The ambiguous tries: what may have taken effect already, or may land yet. */
    private boolean ambiguousAdd;

    private @Nullable StoredCart ambiguousPin;
    private @Nullable Write ambiguousRemoval;
    private boolean removalOfConfirmed;
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
        this.id = WriteId.begunAt(engine.wallMillis().getAsLong());
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
        if (stored != null) {
            decide(stored);
        } else if (!unseenWriteRefused && isSingleAdd()) {
            add();
        } else if (!unseenWriteRefused && isPlainClear() && engine.mayHaveRested(userId)) {
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
        if (memory != null && memory.holds(id)) {
            recover(stored);
            return;
        }
        if (isAmbiguous() && (memory == null ? memoryWasLost() : !memory.provesAbsenceOf(id))) {
            throw unknown(null);
        }
        if (ambiguousRemoval != null && removalTookEffect(ambiguousRemoval, stored)) {
            finish(stored);
            return;
        }
        if (stored.format() > ItemFormat.CURRENT_FORMAT) {
            throw new InvalidStoredCartException(
                    userId,
                    ItemFormat.FORMAT,
                    "at most " + ItemFormat.CURRENT_FORMAT + ", for this version to write it");
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
                        "the cart remembers " + Memory.MAX_KEYS + " idempotency keys already");
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

    /** Whether a try whose answer was lost was made from an item with a memory, and there is none any more. */
    private boolean memoryWasLost() {
        return ambiguousPin != null && ambiguousPin.memory() != null;
    }

    /** Chooses the form of the write. */
    private void write(StoredCart stored, Cart cart, Instant now) {
        Write.Stamp stamp = stamp(now);
        Write.KeyEntry entry = key == null
                ? null
                : new Write.KeyEntry(
                        key.hash(), new Memory.Key(now.plus(keyRetention).toEpochMilli(), key.digest()));
        if (!stored.exists() || stored.isExpired()) {
            send(Write.replace(stored, cart, entry, stamp, terms));
        } else if (update.isClear()) {
            send(Write.clear(stored, entry, stamp, terms));
        } else if (losses > 0 && isSingleAdd() && mayAddUnseen(stored)) {
            add();
        } else {
            send(Write.change(stored, cart, entry, stamp, terms));
        }
    }

    /** Whether the condition of an unseen addition would hold for this item: then it beats a write that pins the version. */
    private boolean mayAddUnseen(StoredCart stored) {
        Memory memory = stored.memory();
        return memory != null
                && stored.areIdsTrue()
                && !memory.isFull(terms.ringSize())
                && memory.provesAbsenceOf(id)
                && stored.cart().item(singleAdd().bookId()).isEmpty();
    }

    private void add() {
        CartItem item = singleAdd();
        if (item.quantity() > terms.limits().maxQuantity()) {
            throw new CartRejectedException(
                    userId,
                    Reason.LIMIT,
                    "a line may have a quantity of at most " + terms.limits().maxQuantity());
        }
        send(Write.add(userId, item, stamp(now()), terms));
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
        if (ambiguousAdd) {
            return true;
        }
        StoredCart pinned = ambiguousPin;
        return pinned != null
                && pinned.exists() == stored.exists()
                && pinned.pins().equals(stored.pins());
    }

    /** Writes nothing but this call's id, so that the tries that are still on their way are refused when they land. */
    private void fence(StoredCart stored, Runnable verdict) {
        if (!stored.exists() || stored.isExpired() || fenced) {
            throw unknown(null);
        }
        fenced = true;
        Write write = Write.change(stored, stored.cart(), null, stamp(now()), terms);
        write(
                (client, configuration) -> client.updateItem(request -> request.tableName(engine.table())
                        .key(write.key())
                        .updateExpression(write.updateExpression())
                        .conditionExpression(write.conditionExpression())
                        .expressionAttributeNames(write.names())
                        .expressionAttributeValues(write.values())
                        .overrideConfiguration(configuration)),
                response -> release(verdict),
                failure -> {
                    throw unknown(failure.cause());
                });
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
            if (removed != null
                    && !removalOfConfirmed
                    && update.expectedVersion().isPresent()) {
                throw unknown(null);
            }
            return true;
        }
        if (removed == null) {
            // Begun before any call that is now under way: it is not a successor of what we may have deleted.
            if (memory != null && WriteId.begin(memory.incarnation()) < id.begin() - LONGEST_CALL_MILLIS) {
                return false;
            }
            throw unknown(null);
        }
        Memory before = removed.memory();
        boolean same = Objects.equals(
                before == null ? null : before.incarnation(), memory == null ? null : memory.incarnation());
        if (!same && !removalOfConfirmed) {
            throw unknown(null);
        }
        return !same;
    }

    private void send(Write write) {
        sent = write;
        switch (write.kind()) {
            case UPDATE ->
                write(
                        (client, configuration) -> client.updateItem(request -> request.tableName(engine.table())
                                .key(write.key())
                                .updateExpression(write.updateExpression())
                                .conditionExpression(write.conditionExpression())
                                .expressionAttributeNames(write.names())
                                .expressionAttributeValues(write.values())
                                .returnValues(write.after() == null ? ReturnValue.ALL_NEW : ReturnValue.NONE)
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)),
                        response -> written(write.after() == null ? added(response.attributes()) : write.after()),
                        this::refused);
            case PUT ->
                write(
                        (client, configuration) -> client.putItem(request -> request.tableName(engine.table())
                                .item(write.item())
                                .conditionExpression(write.conditionExpression())
                                .expressionAttributeNames(write.names())
                                .expressionAttributeValues(write.values())
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)),
                        response -> written(write.after()),
                        this::refused);
            case DELETE ->
                write(
                        (client, configuration) -> client.deleteItem(request -> request.tableName(engine.table())
                                .key(write.key())
                                .conditionExpression(write.conditionExpression())
                                .expressionAttributeNames(write.names())
                                .expressionAttributeValues(write.values())
                                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                                .overrideConfiguration(configuration)),
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
        forget();
        Map<String, AttributeValue> item = failure.refusedBy();
        if (losses > 1) {
            lostTo = item == null ? lostTo : ItemFormat.decode(userId, item, now());
            pause();
        } else if (item == null) {
            read();
        } else {
            see(item);
        }
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
        return new Write.Stamp(id, now, engine.wallMillis().getAsLong());
    }

    private Instant now() {
        return engine.now();
    }
}
