package com.cloudshelf.cart;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.cloudshelf.cart.History.Action;
import com.cloudshelf.cart.History.Broken;
import com.cloudshelf.cart.History.Change;
import com.cloudshelf.cart.History.Conflict;
import com.cloudshelf.cart.History.ForeignAdd;
import com.cloudshelf.cart.History.NoEffect;
import com.cloudshelf.cart.History.NoItem;
import com.cloudshelf.cart.History.Ok;
import com.cloudshelf.cart.History.Operation;
import com.cloudshelf.cart.History.Outcome;
import com.cloudshelf.cart.History.Passage;
import com.cloudshelf.cart.History.Read;
import com.cloudshelf.cart.History.Rejected;
import com.cloudshelf.cart.History.Unknown;
import com.cloudshelf.cart.testkit.Fault;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.cloudshelf.cart.testkit.SentRequest;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Makes a history: some writers, each with a store, a client and a bad network of its own, call random operations on one cart
 * in a real DynamoDB Local at the same time.
 *
 * <p>The seed decides what is called, which faults happen and how the clocks are off, but not how the calls interleave: a
 * seed that showed a mistake once may take some repetitions to show it again.
 */
final class HistoryRunner {
    static final String USER = "user123";

    private static final List<String> BOOKS = List.of("b1", "b2", "b3", "b4", "b5", "b6");
    private static final Duration OPERATION_TIMEOUT = Duration.ofMillis(1_600);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration MAX_CLOCK_SKEW = Duration.ofSeconds(5);
    private static final int MAX_FAULT_PERCENT = 45;

    /** Those after which the store cannot know whether its request took effect come more than once. */
    private static final Fault[] FAULTS = {
        Fault.throttle(),
        Fault.error(400, "ProvisionedThroughputExceededException"),
        Fault.error(400, "ReplicatedWriteConflictException"),
        Fault.error(400, "TransactionConflictException"),
        Fault.error(400, "TransactionInProgressException"),
        Fault.serverError(500),
        Fault.serverError(502),
        Fault.serverErrorAfterEffect(500),
        Fault.serverErrorAfterEffect(503),
        Fault.serverErrorAfterEffect(503),
        Fault.dropRequest(),
        Fault.dropResponse(),
        Fault.dropResponse(),
        Fault.dropResponse(),
        Fault.hang(),
        Fault.hangAfterEffect(),
        Fault.delay(Duration.ofMillis(30)),
        Fault.delay(Duration.ofMillis(700)),
        Fault.deliverLate(Duration.ofMillis(3)),
        Fault.deliverLate(Duration.ofMillis(20)),
        Fault.deliverLate(Duration.ofMillis(80)),
        Fault.deliverLate(Duration.ofMillis(400)),
        Fault.deliverTwice(Duration.ZERO),
        Fault.deliverTwice(Duration.ofMillis(30)),
        Fault.deliverTwice(Duration.ofMillis(300)),
        Fault.garble(),
        Fault.truncate(),
        Fault.wrongCrc()
    };

    private static final SdkAsyncHttpClient HTTP =
            NettyNioAsyncHttpClient.builder().maxConcurrency(200).build();
    private static final ScheduledExecutorService CANCELLER = Executors.newScheduledThreadPool(1, task -> {
        Thread thread = new Thread(task, "history-canceller");
        thread.setDaemon(true);
        return thread;
    });

    /** The SDK's three ways to retry, which the store must not depend on. */
    enum SdkRetries {
        LEGACY,
        STANDARD,
        NEW_2026;

        private static final String NEW_RETRIES = "aws.newRetries2026";

        DynamoDbAsyncClient build(DynamoDbAsyncClientBuilder builder) {
            if (this == STANDARD) {
                return builder.overrideConfiguration(settings -> settings.retryStrategy(RetryMode.STANDARD))
                        .build();
            }
            // A setting of the whole process is the only way in; a client reads it once.
            synchronized (SdkRetries.class) {
                System.setProperty(NEW_RETRIES, Boolean.toString(this == NEW_2026));
                try {
                    return builder.build();
                } finally {
                    System.clearProperty(NEW_RETRIES);
                }
            }
        }
    }

    /**
     * What to do.
     *
     * @param operations how many at least, all clients together
     * @param planted wraps each client of a store, to plant a bug
     */
    record Plan(
            long seed,
            int ringSize,
            int operations,
            SdkRetries retries,
            boolean withFaults,
            UnaryOperator<DynamoDbAsyncClient> planted) {

        static Plan of(long seed, int ringSize, int operations) {
            SdkRetries retries = SdkRetries.values()[Math.floorMod(seed / 2, SdkRetries.values().length)];
            return new Plan(seed, ringSize, operations, retries, true, UnaryOperator.identity());
        }

        Plan planting(UnaryOperator<DynamoDbAsyncClient> bug) {
            return new Plan(seed, ringSize, operations, retries, withFaults, bug);
        }

        Plan withoutFaults() {
            return new Plan(seed, ringSize, operations, retries, false, planted);
        }

        @Override
        public String toString() {
            return "seed " + seed + ", ring of " + ringSize + ", SDK retries " + retries + ", at least " + operations
                    + " operations";
        }
    }

    /** What happened, and which faults the requests met, by name. */
    record Result(Plan plan, History history, Map<String, Integer> faults, int requests) {}

    private final Plan plan;
    private final SplittableRandom random;
    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final String table = server.createCartTable();
    private final HistoryNetwork network = new HistoryNetwork(HTTP);
    private final CartClock clock = new CartClock();
    private final Map<String, List<CartChange>> keys = new LinkedHashMap<>();
    private final Map<String, Integer> faultCounts = new TreeMap<>();
    private final History history;
    private int requests;
    private volatile boolean foreignersCame;

    // What is particular about this history.
    private final CartLimits limits;
    private final boolean foreigners;
    private final boolean jumpingWallClocks;
    private final long maxSkewMillis;
    private final int books;
    private final int percentClears;
    private final int percentDemanding;

    private HistoryRunner(Plan plan) {
        this.plan = plan;
        this.random = new SplittableRandom(plan.seed);
        this.limits = random.nextInt(3) == 0 ? CartLimits.of(4, 12) : CartLimits.defaults();
        this.foreigners = random.nextInt(2) == 0;
        this.jumpingWallClocks = random.nextInt(3) > 0;
        this.maxSkewMillis = random.nextInt(3) == 0 ? MAX_CLOCK_SKEW.toMillis() : 0;
        this.books = 3 + random.nextInt(BOOKS.size() - 2);
        this.percentClears = random.nextInt(3) == 0 ? 35 : 10;
        this.percentDemanding = random.nextInt(3) == 0 ? 45 : 12;
        this.history = new History(limits);
    }

    static Result run(Plan plan) {
        return new HistoryRunner(plan).run();
    }

    private Result run() {
        int fewest = 4;
        int count = fewest + random.nextInt(5);
        List<Writer> writers = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            for (int i = 0; i < count; i++) {
                writers.add(new Writer(i));
            }
            history.begin(Passage.NONE, null);
            for (int done = 0; done < plan.operations; ) {
                letTimePass();
                int each = 2 + random.nextInt(2);
                together(threads, writers, each);
                done += each * count;
                checkTotals();
            }
            history.begin(Passage.NONE, null);
            writers.get(0).conclude();
            foreignersCame = false;
            checkTotals();
        } finally {
            writers.forEach(Writer::close);
            threads.shutdownNow();
        }
        return new Result(plan, history, faultCounts, requests);
    }

    /** Runs a phase, and waits until nothing of it is on its way any more. */
    private void together(ExecutorService threads, List<Writer> writers, int each) {
        List<Future<?>> running = new ArrayList<>();
        writers.forEach(writer -> running.add(threads.submit(() -> writer.run(each))));
        try {
            for (Future<?> writer : running) {
                writer.get(PATIENCE.toSeconds() * each, SECONDS);
            }
            for (Writer writer : writers) {
                writer.faults.settled().get(PATIENCE.toSeconds(), SECONDS);
            }
            network.quiet().get(PATIENCE.toSeconds(), SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("A phase did not end (" + plan + "):\n" + history, e);
        }
    }

    private void letTimePass() {
        int dice = random.nextInt(20);
        if (dice == 0) {
            clock.jump(Duration.ofDays(31));
            history.begin(Passage.EXPIRY, null);
        } else if (dice < 10) {
            clock.jump(Duration.ofMinutes(61));
            history.begin(Passage.REST, null);
        } else if (dice < 14) {
            history.begin(Passage.FOREIGN_CART, putForeignCart());
        } else {
            history.begin(Passage.NONE, null);
        }
    }

    /** Puts a cart as the Python function left it: without a version, and with two lines for one book. */
    private Cart putForeignCart() {
        List<CartItem> lines = new ArrayList<>();
        for (String bookId : List.of("b1", "b2", "b1")) {
            int mark = history.nextNumber();
            lines.add(CartItem.of(bookId, "t" + mark, null, BigDecimal.TEN, 1).withAddedAt(Instant.ofEpochSecond(mark)));
        }
        long expiry = clock.instant().plus(Duration.ofDays(20)).getEpochSecond();
        Map<String, AttributeValue> item = Map.of(
                ItemFormat.USER_ID, AttributeValue.fromS(USER),
                ItemFormat.CART_ITEMS,
                        AttributeValue.fromL(lines.stream()
                                .map(line -> ItemFormat.encodeLine(line, Map.of()))
                                .toList()),
                ItemFormat.TOTAL_ITEMS, AttributeValue.fromN("3"),
                ItemFormat.TOTAL_PRICE, AttributeValue.fromN("30"),
                ItemFormat.TTL, AttributeValue.fromN(Long.toString(expiry)));
        server.client().putItem(put -> put.tableName(table).item(item)).join();
        foreignersCame = true;
        return Cart.empty(USER)
                .apply(
                        CartLimits.defaults(),
                        Instant.EPOCH,
                        lines.stream().<CartChange>map(CartChange.Add::new).toList());
    }

    // --- what must hold in the table ---

    /** The totals are those of the lines, unless a foreign writer had the last word. */
    private void checkTotals() {
        Map<String, AttributeValue> item = server.client()
                .getItem(get -> get.tableName(table)
                        .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(USER)))
                        .consistentRead(true))
                .join()
                .item();
        if (item.isEmpty() || foreignersCame) {
            return;
        }
        BigDecimal totalItems = BigDecimal.ZERO;
        BigDecimal totalPrice = BigDecimal.ZERO;
        for (AttributeValue line : item.get(ItemFormat.CART_ITEMS).l()) {
            BigDecimal quantity = number(line.m(), ItemFormat.QUANTITY);
            totalItems = totalItems.add(quantity);
            totalPrice = totalPrice.add(quantity.multiply(number(line.m(), ItemFormat.PRICE)));
        }
        if (totalItems.compareTo(number(item, ItemFormat.TOTAL_ITEMS)) != 0
                || totalPrice.compareTo(number(item, ItemFormat.TOTAL_PRICE)) != 0) {
            Outcome wrong = new Broken(new AssertionError("totals that are not those of the lines: " + item));
            history.add(new Operation(
                    history.nextNumber(), "table", new Read(USER), history.now(), history.now(), wrong, true, ""));
        }
    }

    private static BigDecimal number(Map<String, AttributeValue> attributes, String name) {
        return new BigDecimal(attributes.get(name).n());
    }

    /** The carts' clock: goes with the real one, and jumps. */
    private static final class CartClock extends Clock {
        private volatile Duration ahead = Duration.ZERO;

        void jump(Duration duration) {
            ahead = ahead.plus(duration);
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }

    /** One client: a store with a connection of its own, and what it has seen of the cart. */
    private final class Writer {
        private final String name;
        private final SplittableRandom random;
        private final Faults faults;
        private final DynamoDbAsyncClient client;
        private final long skewMillis;
        private DynamoDbCartStore store;
        private final Deque<Cart> seen = new ArrayDeque<>();
        private @Nullable Change unknown;

        Writer(int index) {
            this.name = "writer" + index;
            this.random = HistoryRunner.this.random.split();
            this.faults = plan.withFaults
                    ? Faults.seeded(random.nextLong(), random.nextInt(MAX_FAULT_PERCENT) / 100.0, FAULTS)
                    : Faults.none();
            this.client = plan.retries.build(DynamoDbAsyncClient.builder()
                    .endpointOverride(server.endpoint())
                    .region(Region.US_EAST_1)
                    .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                    .httpClient(faults.wrap(network)));
            this.skewMillis = random.nextLong(-maxSkewMillis, maxSkewMillis + 1);
            this.store = newStore();
        }

        private DynamoDbCartStore newStore() {
            return DynamoDbCartStore.builder()
                    .client(plan.planted.apply(client))
                    .tableName(table)
                    .operationTimeout(OPERATION_TIMEOUT)
                    .backoff(BackoffStrategy.exponentialDelay(Duration.ofMillis(5), Duration.ofMillis(100)))
                    .limits(limits)
                    .clock(clock)
                    .wallMillis(() -> (jumpingWallClocks ? clock.millis() : System.currentTimeMillis()) + skewMillis)
                    .ringSize(plan.ringSize)
                    .build();
        }

        void close() {
            store.close();
            client.close();
            faults.close();
        }

        void run(int operations) {
            if (random.nextInt(3) == 0) {
                // As in a Lambda that starts anew: nothing is known of the carts.
                store.close();
                store = newStore();
            }
            for (int i = 0; i < operations; i++) {
                perform(choose());
            }
        }

        /** Writes and reads once more, undisturbed. */
        void conclude() {
            faults.clear();
            perform(new Change(CartUpdate.of(USER).add(item("last")), null));
            perform(new Read(USER));
        }

        // --- what to do ---

        private Action choose() {
            int dice = random.nextInt(100);
            if (dice < 8) {
                return new Read(USER);
            } else if (dice < 18 && foreigners) {
                return new ForeignAdd(USER, item(book()));
            }
            Change open = unknown;
            if (open != null && random.nextInt(2) == 0) {
                unknown = null;
                return open;
            }
            return change();
        }

        private Change change() {
            CartUpdate update = changes(CartUpdate.of(USER));
            Cart demanded = null;
            if (!seen.isEmpty() && random.nextInt(3) == 0) {
                update = update.basedOn(anySeen());
            }
            if (!seen.isEmpty() && random.nextInt(100) < percentDemanding) {
                demanded = anySeen();
                update = update.ifVersion(demanded.version());
            }
            if (random.nextInt(12) == 0) {
                update = update.within(Duration.ofMillis(20 + random.nextInt(300)));
            }
            return random.nextInt(6) == 0 ? keyed(update, demanded) : new Change(update, demanded);
        }

        /** Gives an update a new key or one that was used before, usually for the changes that it stands for. */
        private Change keyed(CartUpdate update, @Nullable Cart demanded) {
            synchronized (keys) {
                if (keys.isEmpty() || random.nextInt(2) == 0) {
                    String key = "key" + keys.size();
                    keys.put(key, update.changes());
                    return new Change(update.idempotencyKey(key), demanded);
                }
                String key = "key" + random.nextInt(keys.size());
                if (random.nextInt(4) == 0) {
                    return new Change(update.idempotencyKey(key), demanded);
                }
                CartUpdate repeated = CartUpdate.of(USER);
                for (CartChange change : keys.get(key)) {
                    repeated = repeated.with(change);
                }
                return new Change(repeated.idempotencyKey(key), null);
            }
        }

        private CartUpdate changes(CartUpdate update) {
            if (random.nextInt(100) < percentClears) {
                return update.clear();
            }
            int dice = random.nextInt(100);
            if (dice < 45) {
                return update.add(item(book()));
            } else if (dice < 90) {
                return alter(update);
            }
            CartUpdate several = update;
            for (int i = 2 + random.nextInt(3); i > 0; i--) {
                several = random.nextInt(3) == 0 ? several.add(item(book())) : alter(several);
            }
            return several;
        }

        private CartUpdate alter(CartUpdate update) {
            return switch (random.nextInt(5)) {
                case 0, 1 -> update.setQuantity(knownBook(), random.nextInt(8));
                case 2 -> update.remove(book());
                case 3 -> update.reprice(knownBook(), price());
                default -> {
                    Cart ordered = seen.isEmpty() ? null : anySeen();
                    yield ordered == null || ordered.isEmpty() ? update.remove(book()) : update.subtract(ordered);
                }
            };
        }

        /** Returns a line that no other operation adds. */
        private CartItem item(String bookId) {
            int mark = history.nextNumber();
            return CartItem.of(bookId, "t" + mark, null, price(), 1 + random.nextInt(4))
                    .withAddedAt(Instant.ofEpochSecond(mark));
        }

        private BigDecimal price() {
            return BigDecimal.valueOf(100 + random.nextInt(20), 1);
        }

        private String book() {
            return BOOKS.get(random.nextInt(books));
        }

        private String knownBook() {
            Cart cart = seen.peekLast();
            return cart == null || cart.isEmpty() || random.nextInt(8) == 0
                    ? book()
                    : cart.items().get(random.nextInt(cart.items().size())).bookId();
        }

        private Cart anySeen() {
            // Mostly what was seen last.
            return random.nextInt(3) > 0
                    ? seen.getLast()
                    : List.copyOf(seen).get(random.nextInt(seen.size()));
        }

        // --- doing it ---

        private void perform(Action action) {
            int number = history.nextNumber();
            faults.forget();
            long invoked = history.now();
            CompletableFuture<?> call = start(action);
            CompletableFuture<Operation> recorded = call.handle((value, thrown) -> {
                long completed = history.now();
                Outcome outcome = outcome(value, thrown == null ? null : cause(thrown));
                return new Operation(number, name, action, invoked, completed, outcome, false, "");
            });
            if (plan.withFaults && !(action instanceof ForeignAdd) && random.nextInt(50) == 0) {
                long patience = random.nextInt(20);
                CANCELLER.schedule(() -> call.cancel(true), patience, MILLISECONDS);
            }
            Operation operation = recorded.join();
            List<SentRequest> sent = faults.sent();
            count();
            remember(operation);
            history.add(new Operation(
                    number,
                    operation.client(),
                    action,
                    invoked,
                    operation.completed(),
                    operation.outcome(),
                    sent.stream().allMatch(Writer::isAnswered),
                    sent.stream().map(Writer::show).collect(Collectors.joining("; "))));
        }

        private CompletableFuture<?> start(Action action) {
            if (action instanceof Read) {
                return store.get(USER);
            } else if (action instanceof ForeignAdd add) {
                return append(add.item());
            }
            CartUpdate update = ((Change) action).update();
            boolean plainClear = update.isClear()
                    && update.snapshot().isEmpty()
                    && update.expectedVersion().isEmpty()
                    && update.idempotencyKey().isEmpty();
            return plainClear && random.nextInt(2) == 0 ? store.clear(USER) : store.apply(update);
        }

        /** What the Python function does that wrote carts before this library did. */
        private CompletableFuture<?> append(CartItem item) {
            foreignersCame = true;
            return server.client()
                    .updateItem(append -> append.tableName(table)
                            .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(USER)))
                            .updateExpression("SET cartItems = list_append(if_not_exists(cartItems, :empty_list), :item),"
                                    + " totalItems = totalItems + :qty, totalPrice = totalPrice + :price")
                            .expressionAttributeValues(Map.of(
                                    ":empty_list",
                                    AttributeValue.fromL(List.of()),
                                    ":item",
                                    AttributeValue.fromL(List.of(ItemFormat.encodeLine(item, Map.of()))),
                                    ":qty",
                                    AttributeValue.fromN(Integer.toString(item.quantity())),
                                    ":price",
                                    AttributeValue.fromN(item.price()
                                            .multiply(BigDecimal.valueOf(item.quantity()))
                                            .toPlainString()))))
                    .thenApply(done -> null);
        }

        private static Throwable cause(Throwable thrown) {
            return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        }

        private static Outcome outcome(@Nullable Object value, @Nullable Throwable thrown) {
            if (thrown == null) {
                return new Ok((Cart) value);
            } else if (thrown instanceof CancellationException || thrown instanceof CartOutcomeUnknownException) {
                return new Unknown(thrown.getClass().getSimpleName());
            } else if (thrown instanceof CartRejectedException rejected) {
                return new Rejected(rejected.reason());
            } else if (thrown instanceof CartConflictException conflict) {
                return new Conflict(conflict.current(), !conflict.isRetryable());
            } else if (thrown instanceof CartThrottledException || thrown instanceof CartUnavailableException) {
                return new NoEffect(thrown.getClass().getSimpleName());
            }
            return thrown instanceof AwsServiceException refused && refused.statusCode() == 400
                    ? new NoItem()
                    : new Broken(thrown);
        }

        private void remember(Operation operation) {
            Outcome outcome = operation.outcome();
            Cart cart = outcome instanceof Ok ok
                    ? ok.cart()
                    : outcome instanceof Conflict conflict ? conflict.current() : null;
            if (cart != null) {
                seen.addLast(cart);
                if (seen.size() > 5) {
                    seen.removeFirst();
                }
            }
            if (operation.action() instanceof Change change
                    && outcome instanceof Unknown
                    && change.update().idempotencyKey().isPresent()) {
                unknown = change;
            }
        }

        private void count() {
            synchronized (faultCounts) {
                requests += faults.sent().size();
                faults.counts().forEach((fault, times) -> faultCounts.merge(fault, times, Integer::sum));
            }
        }

        private static boolean isAnswered(SentRequest request) {
            return request.fault().isEmpty() && request.failure().isEmpty();
        }

        private static String show(SentRequest request) {
            return request.operation()
                    + (request.status().isPresent() ? " " + request.status().getAsInt() : "")
                    + request.fault().map(fault -> " " + fault).orElse("")
                    + (isAnswered(request) || request.fault().isPresent() ? "" : " given up");
        }
    }
}
