package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.CartItem;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The code that a careful team writes by hand: read the cart, change it, and write it on the condition that its version
 * is unchanged.
 */
record RawCarts(DynamoDbAsyncClient client, String table) implements Carts {
    record Line(String bookId, String title, String author, BigDecimal price, int quantity, Instant addedAt) {}

    record Cart(String userId, List<Line> lines, int totalItems, BigDecimal totalPrice, long version) {}

    @Override
    public CompletableFuture<Cart> get(String userId) {
        return client.getItem(get -> get.tableName(table).key(key(userId)).consistentRead(true))
                .thenApply(response -> decode(userId, response.item()));
    }

    @Override
    public CompletableFuture<Cart> add(String userId, List<CartItem> books) {
        return change(userId, lines -> {
            Instant now = Instant.now();
            for (CartItem book : books) {
                int index = indexOf(lines, book.bookId());
                int before = index < 0 ? 0 : lines.get(index).quantity;
                Line line = new Line(
                        book.bookId(),
                        book.title().orElseThrow(),
                        book.author().orElseThrow(),
                        book.price(),
                        before + book.quantity(),
                        index < 0 ? now : lines.get(index).addedAt);
                if (index < 0) {
                    lines.add(line);
                } else {
                    lines.set(index, line);
                }
            }
            return lines;
        });
    }

    @Override
    public CompletableFuture<Cart> setQuantity(String userId, String bookId, int quantity) {
        return change(userId, lines -> {
            int index = indexOf(lines, bookId);
            Line line = lines.get(index);
            lines.set(index, new Line(bookId, line.title, line.author, line.price, quantity, line.addedAt));
            return lines;
        });
    }

    @Override
    public CompletableFuture<Cart> remove(String userId, String bookId) {
        return change(userId, lines -> {
            lines.removeIf(line -> line.bookId.equals(bookId));
            return lines;
        });
    }

    /** Subtracts this cart from the stored one. */
    CompletableFuture<Cart> subtract(Cart ordered) {
        return change(ordered.userId, lines -> {
            for (Line out : ordered.lines) {
                int index = indexOf(lines, out.bookId);
                if (index >= 0) {
                    Line line = lines.get(index);
                    int left = line.quantity - out.quantity;
                    if (left > 0) {
                        lines.set(
                                index, new Line(line.bookId, line.title, line.author, line.price, left, line.addedAt));
                    } else {
                        lines.remove(index);
                    }
                }
            }
            return lines;
        });
    }

    @Override
    public CompletableFuture<?> clear(String userId) {
        return Retries.untilNoConflict(() -> get(userId)
                .thenCompose(cart -> client.deleteItem(delete -> delete.tableName(table)
                        .key(key(userId))
                        .conditionExpression("#version = :seen")
                        .expressionAttributeNames(Map.of("#version", "version"))
                        .expressionAttributeValues(Map.of(":seen", n(cart.version))))));
    }

    private CompletableFuture<Cart> change(String userId, UnaryOperator<List<Line>> change) {
        return Retries.untilNoConflict(() -> get(userId).thenCompose(cart -> {
            List<Line> lines = change.apply(new ArrayList<>(cart.lines));
            return lines.equals(cart.lines) ? CompletableFuture.completedFuture(cart) : write(cart, lines);
        }));
    }

    private CompletableFuture<Cart> write(Cart before, List<Line> lines) {
        Cart after = cart(before.userId, lines, before.version + 1);
        Instant now = Instant.now();
        List<AttributeValue> encoded = new ArrayList<>(lines.size());
        for (Line line : lines) {
            encoded.add(encode(line));
        }
        Map<String, AttributeValue> values = new HashMap<>();
        values.put(":items", AttributeValue.fromL(encoded));
        values.put(":totalItems", n(after.totalItems));
        values.put(":totalPrice", AttributeValue.fromN(after.totalPrice.toPlainString()));
        values.put(":now", AttributeValue.fromS(now.toString()));
        values.put(":ttl", n(now.plus(Duration.ofDays(30)).getEpochSecond()));
        values.put(":version", n(after.version));
        if (before.version > 0) {
            values.put(":seen", n(before.version));
        }
        return client.updateItem(update -> update.tableName(table)
                        .key(key(before.userId))
                        .updateExpression("SET cartItems = :items, totalItems = :totalItems, totalPrice = :totalPrice,"
                                + " lastUpdated = :now, #ttl = :ttl, #version = :version")
                        .conditionExpression(before.version > 0 ? "#version = :seen" : "attribute_not_exists(#version)")
                        .expressionAttributeNames(Map.of("#ttl", "ttl", "#version", "version"))
                        .expressionAttributeValues(values))
                .thenApply(response -> after);
    }

    private static Cart decode(String userId, Map<String, AttributeValue> item) {
        if (item.isEmpty()) {
            return cart(userId, List.of(), 0);
        }
        List<AttributeValue> values = item.get("cartItems").l();
        List<Line> lines = new ArrayList<>(values.size());
        for (AttributeValue value : values) {
            Map<String, AttributeValue> line = value.m();
            lines.add(new Line(
                    line.get("bookId").s(),
                    line.get("title").s(),
                    line.get("author").s(),
                    new BigDecimal(line.get("price").n()),
                    Integer.parseInt(line.get("quantity").n()),
                    Instant.parse(line.get("addedAt").s())));
        }
        return cart(userId, lines, Long.parseLong(item.get("version").n()));
    }

    private static AttributeValue encode(Line line) {
        Map<String, AttributeValue> value = new HashMap<>();
        value.put("bookId", AttributeValue.fromS(line.bookId));
        value.put("title", AttributeValue.fromS(line.title));
        value.put("author", AttributeValue.fromS(line.author));
        value.put("price", AttributeValue.fromN(line.price.toPlainString()));
        value.put("quantity", n(line.quantity));
        value.put("addedAt", AttributeValue.fromS(line.addedAt.toString()));
        return AttributeValue.fromM(value);
    }

    private static Cart cart(String userId, List<Line> lines, long version) {
        int totalItems = 0;
        BigDecimal totalPrice = BigDecimal.ZERO;
        for (Line line : lines) {
            totalItems += line.quantity;
            totalPrice = totalPrice.add(line.price.multiply(BigDecimal.valueOf(line.quantity)));
        }
        return new Cart(userId, lines, totalItems, totalPrice, version);
    }

    private static int indexOf(List<Line> lines, String bookId) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).bookId.equals(bookId)) {
                return i;
            }
        }
        return -1;
    }

    private static Map<String, AttributeValue> key(String userId) {
        return Map.of("userId", AttributeValue.fromS(userId));
    }

    private static AttributeValue n(long value) {
        return AttributeValue.fromN(Long.toString(value));
    }
}
