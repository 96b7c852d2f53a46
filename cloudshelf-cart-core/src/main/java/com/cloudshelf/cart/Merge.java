package com.cloudshelf.cart;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;

/**
 * Merges one cart into another and clears the first, in one transaction that is pinned to what was read of both.
 *
 * <p>Both items get the id of the write, so that a try whose answer was lost is found in them; DynamoDB itself recognises a
 * repeated transaction by its token for ten minutes.
 */
final class Merge extends Call<Cart> {
    private final String fromUserId;
    private final MergeStrategy strategy;
    private final Write.Terms terms;
    private final WriteId id;

    /** The transaction that is sent until its outcome is known, and the cart that it writes. */
    private @Nullable TransactWriteItemsRequest transaction;

    private @Nullable StoredCart after;
    private int rounds;
    private @Nullable StoredCart lostTo;

    Merge(
            Engine engine,
            String fromUserId,
            String intoUserId,
            MergeStrategy strategy,
            Duration timeout,
            Write.Terms terms) {
        super(engine, intoUserId, timeout);
        this.fromUserId = fromUserId;
        this.strategy = strategy;
        this.terms = terms;
        this.id = WriteId.begunAt(engine.wallMillis().getAsLong());
    }

    @Override
    String operation() {
        return "Merge";
    }

    @Override
    void step() {
        TransactWriteItemsRequest request = transaction;
        if (request == null) {
            readBoth();
        } else {
            send(request);
        }
    }

    /** Reads both carts as of one moment, which a batch would not: another merge could come between its two reads. */
    private void readBoth() {
        read(
                (client, configuration) -> client.transactGetItems(request ->
                        request.transactItems(getOf(fromUserId), getOf(userId)).overrideConfiguration(configuration)),
                response -> {
                    Instant now = engine.now();
                    StoredCart from = ItemFormat.decode(
                            fromUserId, response.responses().get(0).item(), now);
                    StoredCart into = ItemFormat.decode(
                            userId, response.responses().get(1).item(), now);
                    saw(from);
                    saw(into);
                    decide(from, into, now);
                });
    }

    private TransactGetItem getOf(String userId) {
        return TransactGetItem.builder()
                .get(get -> get.tableName(engine.table()).key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId))))
                .build();
    }

    private void decide(StoredCart from, StoredCart into, Instant now) {
        lostTo = into;
        if (holdsId(from) || holdsId(into)) {
            tally.recovered++;
            succeed(into.cart());
            return;
        }
        if (isAmbiguous() && !(provesAbsence(from) && provesAbsence(into))) {
            throw unknown(null);
        }
        refuseHigherFormat(from);
        refuseHigherFormat(into);
        // The tries before this read were pinned to other states of the two items: none can take effect any more.
        clearAmbiguity();
        if (from.cart().isEmpty()) {
            succeed(into.cart());
            return;
        }
        Cart merged = into.cart().merge(from.cart(), strategy, terms.limits(), now);
        Write.Stamp stamp = new Write.Stamp(id, null, now, engine.wallMillis().getAsLong());
        Write write = Write.merge(into, merged, from, stamp, terms);
        Write clear = Write.clear(from, null, stamp, terms);
        after = write.after();
        rounds++;
        TransactWriteItemsRequest request = TransactWriteItemsRequest.builder()
                .clientRequestToken(id.text() + "." + rounds)
                .transactItems(write.asPart(engine.table()), clear.asPart(engine.table()))
                .build();
        transaction = request;
        send(request);
    }

    private void send(TransactWriteItemsRequest request) {
        write(
                (client, configuration) -> client.transactWriteItems(
                        request.toBuilder().overrideConfiguration(configuration).build()),
                response -> {
                    StoredCart written = after;
                    if (written != null) {
                        saw(written);
                        succeed(written.cart());
                    }
                },
                refused -> {
                    transaction = null;
                    if (rounds > 1) {
                        pause();
                    } else {
                        readBoth();
                    }
                });
    }

    private boolean holdsId(StoredCart stored) {
        Memory memory = stored.memory();
        return memory != null && memory.holds(id);
    }

    private boolean provesAbsence(StoredCart stored) {
        Memory memory = stored.memory();
        return memory == null || memory.provesAbsenceOf(id);
    }

    private static void refuseHigherFormat(StoredCart stored) {
        if (stored.format() > ItemFormat.CURRENT_FORMAT) {
            throw ItemFormat.higherFormat(stored.userId());
        }
    }

    /** A merge that took effect has left nothing to merge from, and a try that lands late is pinned to what is gone. */
    @Override
    boolean isRepeatable() {
        return true;
    }

    @Override
    CartStoreException contended() {
        StoredCart into = lostTo;
        return into == null ? super.contended() : CartConflictException.contended(into.cart());
    }
}
