package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.s;

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
 * One conditional write: its expressions, what it pins, and what the item contains after it. Pure; a call sends it.
 *
 * <p>This is the only way to change a cart. {@code UnpinnedWrites} builds the writes that pin no version and conflict
 * only with what they name. {@code PinnedWrites} builds those that pin the item as it was seen.
 */
final class Write {
    enum Kind {
        UPDATE,
        PUT,
        DELETE
    }

    /**
     * What every write of a store has in common.
     *
     * @param ringSize the maximum number of write IDs in an item; beyond it, a write drops the older half
     */
    record Terms(Duration timeToLive, CartLimits limits, int ringSize) {}

    /** The moment of a write and its ID: the store's time for the cart, and the time that write IDs use. */
    record Stamp(WriteId id, Instant now, long systemNow) {
        Stamp {
            Checks.now(now); // here, because an add without a read is never checked against the rules of carts
        }
    }

    /** An idempotency key that the write stores. */
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
            throw CartRejectedException.tooLarge(userId);
        }
    }

    /** Returns when the cart expires, in epoch seconds: not before its last key may be forgotten. */
    static long expiry(Stamp stamp, Terms terms, long keysUntil) {
        return Math.max(stamp.now().plus(terms.timeToLive()).getEpochSecond(), ItemFormat.wholeSeconds(keysUntil));
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

    /** The placeholders of the expressions; {@code null} if there are none, because DynamoDB refuses an empty map. */
    @Nullable
    Map<String, String> names() {
        return names.isEmpty() ? null : names;
    }

    /** The values of the expressions; {@code null} if there are none, for the same reason. */
    @Nullable
    Map<String, AttributeValue> values() {
        return values.isEmpty() ? null : values;
    }

    /** What the write requires of the item. */
    Pin pin() {
        return pin;
    }

    /** The item that the write was built from; {@code null} if it pins no item. */
    @Nullable
    StoredCart before() {
        return pin.seen();
    }

    /** What the item contains after the write; {@code null} if only the response can tell. */
    @Nullable
    StoredCart after() {
        return after;
    }
}
