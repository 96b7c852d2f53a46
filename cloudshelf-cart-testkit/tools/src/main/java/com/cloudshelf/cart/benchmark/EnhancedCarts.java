package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.CartBean;
import com.cloudshelf.cart.CartItem;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbAsyncTable;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedAsyncClient;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Carts as beans of the SDK's enhanced client, with its extension for versioned records. */
final class EnhancedCarts implements Carts {
    private static final TableSchema<CartBean> SCHEMA = TableSchema.fromBean(CartBean.class);

    private final DynamoDbAsyncTable<CartBean> table;

    EnhancedCarts(DynamoDbAsyncClient client, String table) {
        this.table = DynamoDbEnhancedAsyncClient.builder()
                .dynamoDbClient(client)
                .build()
                .table(table, SCHEMA);
    }

    @Override
    public CompletableFuture<CartBean> get(String userId) {
        return table.getItem(get -> get.key(key(userId)).consistentRead(true)).thenApply(cart -> {
            if (cart != null) {
                return cart;
            }
            CartBean empty = new CartBean();
            empty.setUserId(userId);
            return empty;
        });
    }

    @Override
    public CompletableFuture<CartBean> add(String userId, List<CartItem> books) {
        return change(userId, cart -> {
            Instant now = Instant.now();
            for (CartItem book : books) {
                CartBean.Line line = line(cart, book.bookId());
                if (line == null) {
                    line = new CartBean.Line();
                    line.setBookId(book.bookId());
                    line.setAddedAt(now);
                    cart.getCartItems().add(line);
                }
                line.setTitle(book.title().orElseThrow());
                line.setAuthor(book.author().orElseThrow());
                line.setPrice(book.price());
                line.setQuantity(line.getQuantity() + book.quantity());
            }
            return true;
        });
    }

    @Override
    public CompletableFuture<CartBean> setQuantity(String userId, String bookId, int quantity) {
        return change(userId, cart -> {
            CartBean.Line line = line(cart, bookId);
            boolean other = line.getQuantity() != quantity;
            line.setQuantity(quantity);
            return other;
        });
    }

    @Override
    public CompletableFuture<CartBean> remove(String userId, String bookId) {
        return change(
                userId,
                cart -> cart.getCartItems().removeIf(line -> line.getBookId().equals(bookId)));
    }

    @Override
    public CompletableFuture<?> clear(String userId) {
        return Retries.untilNoConflict(() -> get(userId)
                .thenCompose(cart -> table.deleteItem(delete -> delete.key(key(userId))
                        .conditionExpression(Expression.builder()
                                .expression("#version = :seen")
                                .expressionNames(Map.of("#version", "version"))
                                .expressionValues(Map.of(
                                        ":seen",
                                        AttributeValue.fromN(cart.getVersion().toString())))
                                .build()))));
    }

    private CompletableFuture<CartBean> change(String userId, Predicate<CartBean> change) {
        return Retries.untilNoConflict(() -> get(userId).thenCompose(cart -> {
            if (!change.test(cart)) {
                return CompletableFuture.completedFuture(cart);
            }
            int totalItems = 0;
            BigDecimal totalPrice = BigDecimal.ZERO;
            for (CartBean.Line line : cart.getCartItems()) {
                totalItems += line.getQuantity();
                totalPrice = totalPrice.add(line.getPrice().multiply(BigDecimal.valueOf(line.getQuantity())));
            }
            Instant now = Instant.now();
            cart.setTotalItems(totalItems);
            cart.setTotalPrice(totalPrice);
            cart.setLastUpdated(now);
            cart.setTtl(now.plus(Duration.ofDays(30)).getEpochSecond());
            return table.updateItem(cart);
        }));
    }

    private static CartBean.Line line(CartBean cart, String bookId) {
        for (CartBean.Line line : cart.getCartItems()) {
            if (line.getBookId().equals(bookId)) {
                return line;
            }
        }
        return null;
    }

    private static Key key(String userId) {
        return Key.builder().partitionValue(userId).build();
    }
}
