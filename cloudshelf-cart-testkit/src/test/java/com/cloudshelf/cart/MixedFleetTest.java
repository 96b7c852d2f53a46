package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartAuditReport.Problem;
import com.cloudshelf.cart.testkit.CartInvariants;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbAsyncTable;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedAsyncClient;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/**
 * Three kinds of programs write to the same carts concurrently: this library, beans of the enhanced client that lock on
 * {@code version}, and functions that append to the list blindly. No acknowledged change is lost.
 *
 * <p>Every build makes a few changes. {@code -Dfleet.seconds=60} runs for a minute.
 */
class MixedFleetTest {
    private static final int CARTS = 20;
    private static final int LIBRARY_WRITERS = 8;
    private static final int BEANS = 4;
    private static final int APPENDERS = 4;
    private static final int CHANGES_EACH = Integer.getInteger("fleet.changes", 25);

    /** Few enough that a cart stays below the limit of lines, however long the writers run. */
    private static final int BOOKS_EACH = 40;

    private static final Integer SECONDS = Integer.getInteger("fleet.seconds");

    /** This book is in every cart from the start, and all writers add copies of it. */
    private static final String BESTSELLER = "bestseller";

    private static final BigDecimal PRICE = new BigDecimal("2.50");
    private final TestTable table = new TestTable();
    private final DynamoDbAsyncClient client = LocalDynamoDb.shared().client();
    private final DynamoDbAsyncTable<CartBean> beans = DynamoDbEnhancedAsyncClient.builder()
            .dynamoDbClient(client)
            .build()
            .table(table.name, TableSchema.fromBean(CartBean.class));

    /** By user, the acknowledged copies of each book. */
    private final Map<String, Map<String, Integer>> acknowledged = new ConcurrentHashMap<>();

    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();

    @AfterEach
    void close() {
        table.close();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void carts_writtenByThreeKindsOfPrograms_loseNothingThatWasAcknowledged() throws Exception {
        DynamoDbCartStore carts = store();
        for (int cart = 0; cart < CARTS; cart++) {
            carts.addItem(user(cart), CartItem.of(BESTSELLER, "Emma", null, PRICE, 1))
                    .join();
            acknowledge(user(cart), BESTSELLER, 1);
        }

        run();

        for (int cart = 0; cart < CARTS; cart++) {
            Cart read = carts.get(user(cart)).join();
            CartInvariants.assertHold(read);
            assertThat(copies(read)).as(user(cart)).isEqualTo(acknowledged.get(user(cart)));
            assertThat(table.item(user(cart)).get("totalItems").n())
                    .as("stored total of " + user(cart))
                    .isEqualTo(Long.toString(read.totalItems()));
            assertThat(new BigDecimal(table.item(user(cart)).get("totalPrice").n()))
                    .isEqualByComparingTo(read.totalPrice());
        }
        assertThat(audit().found(Problem.UNREADABLE)).isZero();
        assertThat(audit().found(Problem.WRONG_TOTALS)).isZero();
        for (int cart = 0; cart < CARTS; cart++) {
            carts.setQuantity(user(cart), BESTSELLER, 1).join();
            CartInvariants.assertItemHolds(table.item(user(cart)));
        }
        System.out.println("Mixed fleet: " + counts);
    }

    /** Runs all writers concurrently, each on its own thread. */
    private void run() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(LIBRARY_WRITERS + BEANS + APPENDERS);
        long end = SECONDS == null ? 0 : System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try {
            List<CompletableFuture<?>> running = new ArrayList<>();
            for (IntFunction<Writer> kind : kinds()) {
                int index = running.size();
                AtomicInteger made = new AtomicInteger();
                BooleanSupplier goesOn =
                        () -> SECONDS == null ? made.getAndIncrement() < CHANGES_EACH : System.nanoTime() < end;
                Writer writer = kind.apply(index);
                running.add(CompletableFuture.runAsync(
                        () -> {
                            while (goesOn.getAsBoolean()) {
                                writer.change();
                            }
                        },
                        threads));
            }
            for (CompletableFuture<?> writer : running) {
                writer.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private List<IntFunction<Writer>> kinds() {
        List<IntFunction<Writer>> kinds = new ArrayList<>();
        for (int i = 0; i < LIBRARY_WRITERS; i++) {
            kinds.add(LibraryWriter::new);
        }
        for (int i = 0; i < BEANS; i++) {
            kinds.add(BeanWriter::new);
        }
        for (int i = 0; i < APPENDERS; i++) {
            kinds.add(Appender::new);
        }
        return kinds;
    }

    private DynamoDbCartStore store() {
        // No hedging: on a slow machine, a second copy in flight would make a refusal ambiguous, and the network is not
        // tested here.
        return table.store(settings -> settings.hedging(0));
    }

    private static String user(int cart) {
        return "user-" + cart;
    }

    /**
     * Returns whether beans write to a cart. A bean replaces the whole list if the version is unchanged, and so loses
     * the appends of programs that do not raise the version, with or without this library. For these carts the
     * functions raise it, as docs/adopting.md says.
     */
    private static boolean hasBeans(int cart) {
        return cart % 2 == 0;
    }

    private void acknowledge(String user, String bookId, int copies) {
        acknowledged
                .computeIfAbsent(user, each -> new ConcurrentHashMap<>())
                .merge(bookId, copies, (before, more) -> before + more == 0 ? null : before + more);
    }

    private void count(String what) {
        counts.computeIfAbsent(what, each -> new AtomicInteger()).incrementAndGet();
    }

    private static Map<String, Integer> copies(Cart cart) {
        Map<String, Integer> copies = new HashMap<>();
        cart.items().forEach(line -> copies.put(line.bookId(), line.quantity()));
        return copies;
    }

    private CartAuditReport audit() {
        return CartTable.audit(client, CartTableSpec.defaults().withTableName(table.name), CartAudit.reporting())
                .join();
    }

    /** One of the programs. It draws its carts and books from its own seed. */
    private abstract class Writer {
        final Random random;
        private final int index;
        private int books;

        Writer(int index) {
            this.index = index;
            this.random = new Random(index);
        }

        abstract void change();

        String newBook() {
            return "book-" + index + "-" + books++ % BOOKS_EACH;
        }

        String nextBook() {
            return random.nextInt(3) == 0 ? BESTSELLER : newBook();
        }
    }

    /** This library, as in a separate process. */
    private final class LibraryWriter extends Writer {
        private final DynamoDbCartStore carts = store();

        /** Books that no other writer changes, by user. */
        private final Map<String, List<String>> own = new HashMap<>();

        LibraryWriter(int index) {
            super(index);
        }

        @Override
        void change() {
            String user = user(random.nextInt(CARTS));
            List<String> books = own.computeIfAbsent(user, each -> new ArrayList<>());
            try {
                int kind = books.isEmpty() ? 0 : random.nextInt(10);
                if (kind < 5) {
                    add(user, books);
                } else if (kind < 7) {
                    String book = books.get(random.nextInt(books.size()));
                    int before = acknowledged.get(user).get(book);
                    carts.setQuantity(user, book, before + 3).join();
                    acknowledge(user, book, 3);
                } else if (kind < 8) {
                    String book = books.get(random.nextInt(books.size()));
                    carts.removeItem(user, book).join();
                    acknowledge(user, book, -acknowledged.get(user).get(book));
                    books.remove(book);
                } else {
                    CartInvariants.assertHold(carts.get(user).join());
                    count("reads");
                    return;
                }
                count("changes by the library");
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof CartConflictException)) {
                    throw e;
                }
                count("conflicts of the library to its deadline");
            }
        }

        private void add(String user, List<String> books) {
            String book = nextBook();
            int copies = 1 + random.nextInt(3);
            carts.addItem(user, CartItem.of(book, "Emma", null, PRICE, copies)).join();
            acknowledge(user, book, copies);
            if (!book.equals(BESTSELLER) && !books.contains(book)) {
                books.add(book);
            }
        }
    }

    /** Reads the bean, changes it, and saves it if its version is unchanged. */
    private final class BeanWriter extends Writer {
        BeanWriter(int index) {
            super(index);
        }

        @Override
        void change() {
            int cart = 2 * random.nextInt(CARTS / 2);
            String book = nextBook();
            while (!save(user(cart), book)) {
                count("conflicts of a bean");
            }
            acknowledge(user(cart), book, 2);
            count("changes by a bean");
        }

        private boolean save(String user, String book) {
            CartBean bean = beans.getItem(get ->
                            get.key(Key.builder().partitionValue(user).build()).consistentRead(true))
                    .join();
            bean.put(book, PRICE, 2);
            bean.setLastUpdated(Instant.now());
            try {
                beans.updateItem(bean).join();
                return true;
            } catch (CompletionException e) {
                if (e.getCause() instanceof ConditionalCheckFailedException) {
                    return false;
                }
                throw e;
            }
        }
    }

    /** The Python function of the first design. It appends blindly and adds to the totals. */
    private final class Appender extends Writer {
        Appender(int index) {
            super(index);
        }

        @Override
        void change() {
            int cart = random.nextInt(CARTS);
            String book = nextBook();
            Map<String, AttributeValue> values = new HashMap<>(TestTable.appended(Map.of(
                    "bookId", AttributeValue.fromS(book),
                    "price", AttributeValue.fromN(PRICE.toString()),
                    "quantity", AttributeValue.fromN("1"))));
            if (hasBeans(cart)) {
                values.put(":one", AttributeValue.fromN("1"));
            }
            client.updateItem(update -> update.tableName(table.name)
                            .key(Map.of("userId", AttributeValue.fromS(user(cart))))
                            .updateExpression(TestTable.APPEND + (hasBeans(cart) ? " ADD version :one" : ""))
                            .expressionAttributeValues(values))
                    .join();
            acknowledge(user(cart), book, 1);
            count("appends");
        }
    }
}
