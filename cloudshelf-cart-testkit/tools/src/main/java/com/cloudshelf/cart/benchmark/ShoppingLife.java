package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What nine days of shopping cost in capacity units, for the store and for a careful loop by hand, in one run. */
final class ShoppingLife {
    private static final int USERS = 120;
    private static final List<Duration> VISITS =
            List.of(Duration.ZERO, Duration.ofHours(1), Duration.ofDays(1), Duration.ofDays(3), Duration.ofDays(9));
    private static final String[] TITLES = {
        "The Great Gatsby", "To Kill a Mockingbird", "One Hundred Years of Solitude", "Beloved", "Middlemarch",
        "The Master and Margarita", "Never Let Me Go", "A Brief History of Seven Killings", "Wolf Hall", "Dune"
    };
    private static final String[] AUTHORS = {
        "F. Scott Fitzgerald", "Harper Lee", "Gabriel García Márquez", "Toni Morrison", "George Eliot",
        "Mikhail Bulgakov", "Kazuo Ishiguro", "Marlon James", "Hilary Mantel", "Frank Herbert"
    };

    private final Results results;
    private final LocalDynamoDb dynamoDb = LocalDynamoDb.shared();

    ShoppingLife(Results results) {
        this.results = results;
    }

    /** A contender that is told how long after the first visit it is. */
    private interface Shop {
        void read(String userId);

        void add(String userId, CartItem book);

        void setQuantity(String userId, String bookId, int quantity);

        void remove(String userId, String bookId);

        /** Reads the cart, and takes out what it held under the key of an order. */
        void checkOut(String userId, String orderId);
    }

    private record StoreShop(DynamoDbAsyncClient client, String table, Duration later) implements Shop {
        /** A call by a store that has not seen the cart. */
        private <T> T cold(Function<DynamoDbCartStore, CompletableFuture<T>> call) {
            try (DynamoDbCartStore store = DynamoDbCartStore.builder()
                    .client(client)
                    .tableName(table)
                    .clock(Clock.offset(Clock.systemUTC(), later))
                    .operationTimeout(Duration.ofSeconds(30))
                    .build()) {
                return call.apply(store).join();
            }
        }

        @Override
        public void read(String userId) {
            cold(store -> store.get(userId));
        }

        @Override
        public void add(String userId, CartItem book) {
            cold(store -> store.addItem(userId, book));
        }

        @Override
        public void setQuantity(String userId, String bookId, int quantity) {
            cold(store -> store.setQuantity(userId, bookId, quantity));
        }

        @Override
        public void remove(String userId, String bookId) {
            cold(store -> store.removeItem(userId, bookId));
        }

        @Override
        public void checkOut(String userId, String orderId) {
            Cart ordered = cold(store -> store.get(userId));
            cold(store -> store.apply(CartUpdate.of(userId).subtract(ordered).idempotencyKey(orderId)));
        }
    }

    private record RawShop(RawCarts carts) implements Shop {
        @Override
        public void read(String userId) {
            carts.get(userId).join();
        }

        @Override
        public void add(String userId, CartItem book) {
            carts.add(userId, book).join();
        }

        @Override
        public void setQuantity(String userId, String bookId, int quantity) {
            carts.setQuantity(userId, bookId, quantity).join();
        }

        @Override
        public void remove(String userId, String bookId) {
            carts.remove(userId, bookId).join();
        }

        @Override
        public void checkOut(String userId, String orderId) {
            carts.subtract(carts.get(userId).join()).join();
        }
    }

    /** What a contender paid, and what it left in the table. */
    private record Bill(Capacity capacity, double bytesAnItem) {}

    void run() {
        Bill store = live((client, table, later) -> new StoreShop(client, table, later));
        Bill raw = live((client, table, later) -> new RawShop(new RawCarts(client, table)));
        count("requests", store.capacity.requests(), raw.capacity.requests());
        count("refused conditions", store.capacity.refused(), raw.capacity.refused());
        count("read units", store.capacity.readUnits(), raw.capacity.readUnits());
        limit("write units", "%.0f", store.capacity.writeUnits(), raw.capacity.writeUnits(), 1.07);
        limit(
                "cost for a million such users",
                "$%.0f",
                store.capacity.dollars() * 1_000_000 / USERS,
                raw.capacity.dollars() * 1_000_000 / USERS,
                1.00);
        count("bytes per item at the end", store.bytesAnItem, raw.bytesAnItem);
        results.draw("write units, a shopping life", store.capacity.writeUnits() / raw.capacity.writeUnits());
        results.draw("cost, a shopping life", store.capacity.dollars() / raw.capacity.dollars());
    }

    private void count(String what, double store, double raw) {
        results.add(
                "shopping life of " + USERS + " users: " + what,
                Results.format("%.0f", store) + (raw == 0 ? "" : Results.format(" (%.2f)", store / raw)),
                Results.format("%.0f", raw),
                "");
    }

    private void limit(String what, String format, double store, double raw, double limit) {
        results.add(
                7,
                "shopping life of " + USERS + " users: " + what,
                Results.format(format + " (%.2f)", store, store / raw),
                Results.format(format, raw),
                "",
                Results.format("at most %.2f of raw", limit),
                store / raw <= limit);
    }

    private interface Opening {
        Shop at(DynamoDbAsyncClient client, String table, Duration later);
    }

    private Bill live(Opening opening) {
        String table = dynamoDb.createCartTable();
        Capacity capacity = new Capacity(dynamoDb.client());
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.clientBuilder(network)
                        .overrideConfiguration(settings -> settings.addExecutionInterceptor(capacity))
                        .build()) {
            for (int user = 0; user < USERS; user++) {
                live(user, later -> opening.at(client, table, later));
            }
        }
        long bytes = 0;
        for (int user = 0; user < USERS; user++) {
            Map<String, AttributeValue> key = Map.of("userId", AttributeValue.fromS(userId(user)));
            bytes += Capacity.size(dynamoDb.client()
                    .getItem(get -> get.tableName(table).key(key))
                    .join()
                    .item());
        }
        return new Bill(capacity, (double) bytes / USERS);
    }

    /** The same life for each contender: what is drawn depends on the user alone. */
    private static void live(int user, Function<Duration, Shop> opening) {
        Random random = new Random(user);
        String userId = userId(user);
        Map<String, Integer> cart = new LinkedHashMap<>();
        for (int visit = 0; visit < VISITS.size(); visit++) {
            Shop shop = opening.apply(VISITS.get(visit));
            List<CartItem> added = new ArrayList<>();
            int books = 1 + random.nextInt(4);
            for (int i = 0; i < books; i++) {
                CartItem book = book(random);
                added.add(book);
                shop.add(userId, book);
                shop.read(userId);
                cart.merge(book.bookId(), 1, Integer::sum);
            }
            if (visit % 2 == 1) {
                CartItem again = added.get(random.nextInt(added.size()));
                shop.add(userId, again);
                cart.merge(again.bookId(), 1, Integer::sum);
            }
            for (int changes = random.nextInt(3); changes > 0; changes--) {
                String bookId = any(cart, random);
                int quantity = cart.get(bookId) + 1;
                shop.setQuantity(userId, bookId, quantity);
                cart.put(bookId, quantity);
            }
            if (cart.size() > 1 && random.nextInt(4) == 0) {
                String bookId = any(cart, random);
                shop.remove(userId, bookId);
                cart.remove(bookId);
            }
            shop.read(userId);
            if (visit % 2 == 1 && user % 3 == 0) {
                shop.checkOut(userId, "order-" + user + "-" + visit);
                cart.clear();
            }
        }
    }

    private static String any(Map<String, Integer> cart, Random random) {
        return List.copyOf(cart.keySet()).get(random.nextInt(cart.size()));
    }

    private static CartItem book(Random random) {
        int title = random.nextInt(TITLES.length);
        return CartItem.of(
                "978" + (1_000_000_000L + random.nextInt(1_000_000_000)),
                TITLES[title],
                AUTHORS[title],
                BigDecimal.valueOf(599 + random.nextInt(3000), 2),
                1);
    }

    private static String userId(int user) {
        return "user-" + (100_000 + user);
    }
}
