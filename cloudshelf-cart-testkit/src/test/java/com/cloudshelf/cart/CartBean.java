package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;

/** A cart as another program maps it with the SDK's enhanced client: a bean that locks on {@code version}. */
@DynamoDbBean
public class CartBean {
    private String userId;
    private List<Line> cartItems = new ArrayList<>();
    private int totalItems;
    private BigDecimal totalPrice = BigDecimal.ZERO;
    private Instant lastUpdated;
    private long ttl;
    private Long version;

    @DynamoDbPartitionKey
    public String getUserId() {
        return userId;
    }

    public void setUserId(String userId) {
        this.userId = userId;
    }

    public List<Line> getCartItems() {
        return cartItems;
    }

    public void setCartItems(List<Line> cartItems) {
        this.cartItems = cartItems;
    }

    public int getTotalItems() {
        return totalItems;
    }

    public void setTotalItems(int totalItems) {
        this.totalItems = totalItems;
    }

    public BigDecimal getTotalPrice() {
        return totalPrice;
    }

    public void setTotalPrice(BigDecimal totalPrice) {
        this.totalPrice = totalPrice;
    }

    public Instant getLastUpdated() {
        return lastUpdated;
    }

    public void setLastUpdated(Instant lastUpdated) {
        this.lastUpdated = lastUpdated;
    }

    public long getTtl() {
        return ttl;
    }

    public void setTtl(long ttl) {
        this.ttl = ttl;
    }

    @DynamoDbVersionAttribute
    public Long getVersion() {
        return version;
    }

    public void setVersion(Long version) {
        this.version = version;
    }

    /** Adds copies of a book to the cart, and recomputes the totals. */
    void put(String bookId, BigDecimal price, int quantity) {
        Line line = cartItems.stream()
                .filter(each -> each.getBookId().equals(bookId))
                .findFirst()
                .orElse(null);
        if (line == null) {
            line = new Line();
            line.setBookId(bookId);
            cartItems.add(line);
        }
        line.setPrice(price);
        line.setQuantity(line.getQuantity() + quantity);
        totalItems = 0;
        totalPrice = BigDecimal.ZERO;
        for (Line each : cartItems) {
            totalItems += each.getQuantity();
            totalPrice = totalPrice.add(each.getPrice().multiply(BigDecimal.valueOf(each.getQuantity())));
        }
    }

    /** A line. The enhanced client writes an unset property of a nested bean as {@code NULL}. */
    @DynamoDbBean
    public static class Line {
        private String bookId;
        private String title;
        private String author;
        private BigDecimal price;
        private int quantity;
        private Instant addedAt;

        public String getBookId() {
            return bookId;
        }

        public void setBookId(String bookId) {
            this.bookId = bookId;
        }

        public String getTitle() {
            return title;
        }

        public void setTitle(String title) {
            this.title = title;
        }

        public String getAuthor() {
            return author;
        }

        public void setAuthor(String author) {
            this.author = author;
        }

        public BigDecimal getPrice() {
            return price;
        }

        public void setPrice(BigDecimal price) {
            this.price = price;
        }

        public int getQuantity() {
            return quantity;
        }

        public void setQuantity(int quantity) {
            this.quantity = quantity;
        }

        public Instant getAddedAt() {
            return addedAt;
        }

        public void setAddedAt(Instant addedAt) {
            this.addedAt = addedAt;
        }
    }
}
