package com.cloudshelf.cart.example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.DynamodbEvent;
import com.amazonaws.services.lambda.runtime.events.models.dynamodb.AttributeValue;
import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import software.amazon.awssdk.core.SdkBytes;

/**
 * A Lambda function on the stream of the cart table (view type NEW_AND_OLD_IMAGES): passes each change on as two carts,
 * before and after, each of which may be empty. An expiry comes as a remove.
 */
public final class CartStreamHandler implements RequestHandler<DynamodbEvent, Void> {
    private final BiConsumer<Optional<Cart>, Optional<Cart>> changes;

    CartStreamHandler(BiConsumer<Optional<Cart>, Optional<Cart>> changes) {
        this.changes = changes;
    }

    @Override
    public Void handleRequest(DynamodbEvent event, Context context) {
        for (DynamodbEvent.DynamodbStreamRecord change : event.getRecords()) {
            changes.accept(
                    cart(change.getDynamodb().getOldImage()),
                    cart(change.getDynamodb().getNewImage()));
        }
        return null;
    }

    private static Optional<Cart> cart(Map<String, AttributeValue> image) {
        return image == null || image.isEmpty() ? Optional.empty() : Optional.of(CartTable.decode(ofSdk(image)));
    }

    private static Map<String, software.amazon.awssdk.services.dynamodb.model.AttributeValue> ofSdk(
            Map<String, AttributeValue> image) {
        Map<String, software.amazon.awssdk.services.dynamodb.model.AttributeValue> item = new LinkedHashMap<>();
        image.forEach((name, value) -> item.put(name, ofSdk(value)));
        return item;
    }

    /** The event classes and the SDK each have their own class for the same thing. */
    private static software.amazon.awssdk.services.dynamodb.model.AttributeValue ofSdk(AttributeValue value) {
        var sdk = software.amazon.awssdk.services.dynamodb.model.AttributeValue.builder()
                .s(value.getS())
                .n(value.getN())
                .bool(value.getBOOL())
                .nul(value.getNULL());
        if (value.getB() != null) {
            sdk.b(SdkBytes.fromByteBuffer(value.getB()));
        }
        if (value.getSS() != null) {
            sdk.ss(value.getSS());
        }
        if (value.getNS() != null) {
            sdk.ns(value.getNS());
        }
        if (value.getBS() != null) {
            sdk.bs(value.getBS().stream().map(SdkBytes::fromByteBuffer).toList());
        }
        if (value.getL() != null) {
            sdk.l(value.getL().stream().map(CartStreamHandler::ofSdk).toList());
        }
        if (value.getM() != null) {
            sdk.m(ofSdk(value.getM()));
        }
        return sdk.build();
    }
}
