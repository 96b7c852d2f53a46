package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.s;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * One conditional write: its expressions, what it pins, and what the item holds once it took effect. Pure; a call sends it.
 *
 * <p>There is no other way to change a cart. What pins no version is made by {@code UnpinnedWrites}: it conflicts with nothing
 * but what it says. What pins the item that was seen is made by {@code PinnedWrites}.
 */
final class Write {
    enum Kind {
        UPDATE,
        PUT,
        DELETE
    }

    /**
     * What every write of a store shares.
     *
     * @param ringSize how many write IDs an item may hold before a write drops the older half of them
     */
    record Terms(Duration timeToLive, CartLimits limits, int ringSize) {}

    /** The moment of a write, and whose write it is: the store's time for the cart, and the one that write IDs go by. */
    record Stamp(WriteId id, Instant now, long systemNow) {
        Stamp {
            Checks.now(now); // here, because an add that nothing was read for never meets the rules of carts
        }
    }

    /** An idempotency key that the write leaves behind. */
    record KeyEntry(String hash, Memory.Key key) {}

    private final Kind kind;
    private final String userId;
    private final String update;
    private final String condition;
    private final Map<String, AttributeValue> item;
    private final Map<String, String> names;
    private final Map<String, AttributeValue> values;
    private final Pin pin;
    private final @Nullable StoredCart after;

    private Write(
            Kind kind,
            String userId,
            Expression expression,
            Map<String, AttributeValue> item,
            Pin pin,
            @Nullable StoredCart after) {
        this.kind = kind;
        this.userId = userId;
        this.update = expression.update();
        this.condition = expression.condition();
        this.item = item;
        this.names = expression.names;
        this.values = expression.values;
        this.pin = pin;
        this.after = after;
    }

    static Write update(String userId, Expression expression, Pin pin, @Nullable StoredCart after) {
        return new Write(Kind.UPDATE, userId, expression, Map.of(), pin, after);
    }

    static Write put(String userId, Expression condition, Map<String, AttributeValue> item, Pin pin, StoredCart after) {
        return new Write(Kind.PUT, userId, condition, item, pin, after);
    }

    static Write delete(String userId, Expression condition, Pin pin) {
        return new Write(Kind.DELETE, userId, condition, Map.of(), pin, StoredCart.absent(userId));
    }

    static void checkSize(String userId, int bytes) {
        if (bytes > ItemFormat.MAX_ITEM_BYTES) {
            throw new CartRejectedException(
                    userId, Reason.TOO_LARGE, "the cart would exceed DynamoDB's 400 KB for an item");
        }
    }

    /** Returns when the cart ceases to exist, in epoch seconds: not before its last key may be forgotten. */
    static long expiry(Stamp stamp, Terms terms, long keysUntil) {
        long forKeys = (keysUntil + 999) / 1000;
        return Math.max(stamp.now().plus(terms.timeToLive()).getEpochSecond(), forKeys);
    }

    Kind kind() {
        return kind;
    }

    /** Returns the write as a part of a transaction. */
    TransactWriteItem asPart(String table) {
        TransactWriteItem.Builder part = TransactWriteItem.builder();
        switch (kind) {
            case UPDATE ->
                part.update(it -> it.tableName(table)
                        .key(key())
                        .updateExpression(update)
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
            case PUT ->
                part.put(it -> it.tableName(table)
                        .item(item)
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
            case DELETE ->
                part.delete(it -> it.tableName(table)
                        .key(key())
                        .conditionExpression(condition)
                        .expressionAttributeNames(names())
                        .expressionAttributeValues(values()));
        }
        return part.build();
    }

    UpdateItemRequest.Builder asUpdate(String table) {
        return UpdateItemRequest.builder()
                .tableName(table)
                .key(key())
                .updateExpression(update)
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    PutItemRequest.Builder asPut(String table) {
        return PutItemRequest.builder()
                .tableName(table)
                .item(item)
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    DeleteItemRequest.Builder asDelete(String table) {
        return DeleteItemRequest.builder()
                .tableName(table)
                .key(key())
                .conditionExpression(condition)
                .expressionAttributeNames(names())
                .expressionAttributeValues(values());
    }

    Map<String, AttributeValue> key() {
        return Map.of(ItemFormat.USER_ID, s(userId));
    }

    String userId() {
        return userId;
    }

    String updateExpression() {
        return update;
    }

    String conditionExpression() {
        return condition;
    }

    Map<String, AttributeValue> item() {
        return item;
    }

    /** The placeholders of the expressions; {@code null} if there are none, for DynamoDB refuses an empty map. */
    @Nullable
    Map<String, String> names() {
        return names.isEmpty() ? null : names;
    }

    /** The values of the expressions; likewise. */
    @Nullable
    Map<String, AttributeValue> values() {
        return values.isEmpty() ? null : values;
    }

    /** What the write demands of the item. */
    Pin pin() {
        return pin;
    }

    /** What the write was made from; {@code null} if it pins no item. */
    @Nullable
    StoredCart before() {
        return pin.seen();
    }

    /** What the item holds once the write took effect; {@code null} if only the answer can tell. */
    @Nullable
    StoredCart after() {
        return after;
    }
}
