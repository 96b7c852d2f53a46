package com.cloudshelf.cart;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.cloudshelf.cart.History.Action;
import com.cloudshelf.cart.History.Broken;
import com.cloudshelf.cart.History.Change;
import com.cloudshelf.cart.History.Conflict;
import com.cloudshelf.cart.History.ForeignAdd;
import com.cloudshelf.cart.History.MergeCarts;
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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Runs a history: several clients, each on a store with an unreliable network of its own, concurrently perform random
 * actions on one or two carts in DynamoDB Local.
 *
 * <p>The seed determines the calls, the faults and the clock skews, but not how the calls interleave. A seed that has
 * shown a bug may need some repetitions to show it again.
 */
final class HistoryRunner {
    private static final Duration MAX_BACKOFF = Duration.ofMillis(200);
    private static final Duration MAX_CLOCK_SKEW = Duration.ofSeconds(5);
    private static final int MAX_FAULT_PERCENT = 45;
    private static final long PATIENCE_SECONDS = 300;

    /** Faults after which the store cannot know whether its request took effect are listed more than once. */
    private static final List<Fault> FAULTS = List.of(
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
            Fault.wrongCrc());

    /** Faults for histories that depend on the delete of rested items. */
    private static final List<Fault> FAULTS_OF_DELETIONS = List.of(
            Fault.dropRequest().on("DeleteItem"),
            Fault.dropResponse().on("DeleteItem"),
            Fault.deliverLate(Duration.ofMillis(20)).on("DeleteItem"),
            Fault.deliverLate(Duration.ofMillis(80)).on("DeleteItem"));

    /** Faults for histories of two carts, in which few requests are transactions. */
    private static final List<Fault> FAULTS_OF_MERGES = List.of(
            Fault.transactionCanceled("TransactionConflict", "None").on("TransactWriteItems"),
            Fault.transactionCanceled("TransactionConflict", "None").on("TransactWriteItems"),
            Fault.transactionCanceled("None", "TransactionConflict").on("TransactWriteItems"),
            Fault.transactionCanceled("None", "TransactionConflict").on("TransactGetItems"),
            Fault.dropResponse().on("TransactWriteItems"),
            Fault.deliverLate(Duration.ofMillis(20)).on("TransactWriteItems"),
            Fault.deliverTwice(Duration.ofMillis(30)).on("TransactWriteItems"));

    /** The default size, and sizes that are too small for the contention. */
    private static final List<Integer> RING_SIZES = List.of(64, 4, 16, 4);

    private static final Set<String> READS = Set.of("GetItem", "TransactGetItems");
    private static final Pattern WRITE_ID = Pattern.compile("\"[-0-9A-Z_a-z]{" + WriteId.LENGTH + "}\"");

    private static final SdkAsyncHttpClient HTTP =
            NettyNioAsyncHttpClient.builder().maxConcurrency(200).build();
    private static final ScheduledExecutorService CANCELLER = Executors.newScheduledThreadPool(1, task -> {
        Thread thread = new Thread(task, "history-canceller");
        thread.setDaemon(true);
        return thread;
    });

    /** The SDK's three retry modes. The store must not depend on them. */
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
            // The mode can only be set for the whole process. A client reads it when it is built.
            synchronized (SdkRetries.class) {
                String before = System.setProperty(NEW_RETRIES, Boolean.toString(this == NEW_2026));
                try {
                    return builder.build();
                } finally {
                    if (before == null) {
                        System.clearProperty(NEW_RETRIES);
                    } else {
                        System.setProperty(NEW_RETRIES, before);
                    }
                }
            }
        }
    }

    /**
     * The plan of a history.
     *
     * @param operations the minimum number of operations of all clients together
     * @param faults the faults of the network, all equally likely
     * @param planted wraps the client of each store, to plant a bug
     */
    record Plan(
            long seed,
            int operations,
            int ringSize,
            SdkRetries retries,
            Duration timeout,
            Duration backoff,
            List<Fault> faults,
            UnaryOperator<DynamoDbAsyncClient> planted) {

        /** Returns the plan for a seed. Ring sizes, retry modes, timeouts and backoffs alternate. */
        static Plan of(long seed, int operations) {
            SdkRetries[] modes = SdkRetries.values();
            return new Plan(
                    seed,
                    operations,
                    RING_SIZES.get(Math.floorMod(seed, RING_SIZES.size())),
                    modes[Math.floorMod(seed / 2, modes.length)],
                    Math.floorMod(seed, 5) == 4 ? Duration.ofMillis(700) : Duration.ofSeconds(2),
                    Math.floorMod(seed, 7) < 4 ? Duration.ofMillis(5) : Duration.ofMillis(60),
                    FAULTS,
                    UnaryOperator.identity());
        }

        Plan withRingOf(int size) {
            return new Plan(seed, operations, size, retries, timeout, backoff, faults, planted);
        }

        Plan withTimes(Duration newTimeout, Duration newBackoff) {
            return new Plan(seed, operations, ringSize, retries, newTimeout, newBackoff, faults, planted);
        }

        Plan withFaults(Fault... only) {
            return new Plan(seed, operations, ringSize, retries, timeout, backoff, List.of(only), planted);
        }

        Plan planting(UnaryOperator<DynamoDbAsyncClient> bug) {
            return new Plan(seed, operations, ringSize, retries, timeout, backoff, faults, bug);
        }

        @Override
        public String toString() {
            return "seed " + seed + ", at least " + operations + " operations, ring of " + ringSize + ", SDK retries "
                    + retries + ", timeout " + timeout.toMillis() + " ms, backoff from " + backoff.toMillis() + " ms";
        }
    }

    /** The history, and how many requests met each fault, by name. */
    record Result(Plan plan, History history, Map<String, Integer> faults, int requests) {}

    private final Plan plan;
    private final SplittableRandom random;
    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final String table = server.createCartTable();
    private final HistoryNetwork network = new HistoryNetwork(HTTP);
    private final CartClock clock = new CartClock();
    private final Map<String, Change> keyed = new LinkedHashMap<>();
    private final History history;
    private final HistoryActions.Theme theme;
    private final CartLimits limits;
    private final boolean deletions;
    private final boolean jumpingWallClocks;

    /** Whether each request that is not answered immediately is hedged. */
    private final boolean hedges;

    private final long maxSkewMillis;
    private volatile boolean foreignWritesSeen;

    private HistoryRunner(Plan plan) {
        this.plan = plan;
        this.random = new SplittableRandom(plan.seed);
        this.limits = random.nextInt(3) == 0 ? CartLimits.of(4, 12) : CartLimits.defaults();
        this.deletions = random.nextInt(4) == 0;
        this.jumpingWallClocks = random.nextInt(3) > 0;
        this.hedges = Boolean.getBoolean("histories.hedging") || Math.floorMod(plan.seed, 3) == 1;
        this.maxSkewMillis = random.nextInt(3) == 0 ? MAX_CLOCK_SKEW.toMillis() : 0;
        this.theme = HistoryActions.Theme.draw(random, deletions);
        this.history = new History(limits);
    }

    static Result run(Plan plan) {
        return new HistoryRunner(plan).run(Machine.SLOWNESS);
    }

    /**
     * The slowness of this machine at the moment. It stretches the timeouts, because on a busy machine hardly any call
     * would have a known outcome.
     */
    private static final class Machine {
        private static final long USUAL_MILLIS = 500;
        private static final int MAX_SLOWNESS = 8;
        static final int SLOWNESS = measure();

        private static int measure() {
            Plan quiet = Plan.of(0, 100).withFaults(Fault.none());
            // The first run loads classes and compiles code.
            new HistoryRunner(quiet).run(MAX_SLOWNESS);
            long start = System.nanoTime();
            new HistoryRunner(quiet).run(MAX_SLOWNESS);
            long millis = (System.nanoTime() - start) / 1_000_000;
            return (int) Math.max(1, Math.min(MAX_SLOWNESS, millis / USUAL_MILLIS));
        }
    }

    private Result run(int slowness) {
        int clientCount = 4 + random.nextInt(5);
        int clientsOfAStore = random.nextInt(3) == 0 ? 2 : 1;
        List<Connection> connections = new ArrayList<>();
        List<Client> clients = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(clientCount);
        try {
            for (int i = 0; i < clientCount; i++) {
                if (i % clientsOfAStore == 0) {
                    connections.add(new Connection(plan.timeout.multipliedBy(slowness)));
                }
                clients.add(new Client(i, connections.get(i / clientsOfAStore)));
            }
            for (int done = 0; done < plan.operations; ) {
                letTimePass();
                int each = 2 + random.nextInt(2);
                runPhase(threads, clients, each, connections);
                done += each * clientCount;
                checkTotals();
            }
            history.begin(Passage.NONE, null);
            foreignWritesSeen &= !clients.get(0).conclude();
            checkTotals();
        } finally {
            connections.forEach(Connection::close);
            threads.shutdownNow();
        }
        Map<String, Integer> faults = new TreeMap<>();
        int requests = 0;
        for (Connection connection : connections) {
            requests += connection.faults.sent().size();
            connection.faults.counts().forEach((fault, count) -> faults.merge(fault, count, Integer::sum));
        }
        return new Result(plan, history, faults, requests);
    }

    /** Runs a phase, and waits until none of its requests is in flight. */
    private void runPhase(ExecutorService threads, List<Client> clients, int each, List<Connection> connections) {
        connections.forEach(Connection::sometimesRestart);
        List<Future<?>> running = new ArrayList<>();
        clients.forEach(client -> running.add(threads.submit(() -> client.run(each))));
        try {
            for (Future<?> client : running) {
                client.get(PATIENCE_SECONDS, SECONDS);
            }
            // The order matters: a response that no call waits for may start a second delivery.
            settle(connections);
            network.quiet().get(PATIENCE_SECONDS, SECONDS);
            settle(connections);
            network.quiet().get(PATIENCE_SECONDS, SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("A phase did not end (" + plan + "):\n" + history, e);
        }
    }

    private static void settle(List<Connection> connections) throws Exception {
        for (Connection connection : connections) {
            connection.faults.settled().get(PATIENCE_SECONDS, SECONDS);
        }
    }

    /**
     * Starts a phase. The clock may jump only now, because a store cannot handle a request that is in flight for an
     * hour. There is none on DynamoDB, which refuses a request five minutes after it was signed. DynamoDB Local checks
     * no signatures.
     */
    private void letTimePass() {
        int dice = deletions ? 5 + random.nextInt(9) : random.nextInt(20);
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

    /** Writes a cart as the Python function leaves it: without a version, and with two lines for one book. */
    private Cart putForeignCart() {
        List<CartItem> lines = Stream.of("b1", "b2", "b1")
                .map(bookId -> {
                    int mark = history.nextNumber();
                    return CartItem.of(bookId, "t" + mark, null, BigDecimal.TEN, 1)
                            .withAddedAt(Instant.ofEpochSecond(mark));
                })
                .toList();
        String userId = theme.users().get(random.nextInt(theme.users().size()));
        long expiry = clock.instant().plus(Duration.ofDays(20)).getEpochSecond();
        Map<String, AttributeValue> item = Map.of(
                ItemFormat.USER_ID, AttributeValue.fromS(userId),
                ItemFormat.CART_ITEMS,
                        AttributeValue.fromL(
                                lines.stream().map(HistoryRunner::line).toList()),
                ItemFormat.TOTAL_ITEMS, AttributeValue.fromN("3"),
                ItemFormat.TOTAL_PRICE, AttributeValue.fromN("30"),
                ItemFormat.LAST_UPDATED, AttributeValue.fromS(clock.instant().toString()),
                ItemFormat.TTL, AttributeValue.fromN(Long.toString(expiry)));
        server.client().putItem(put -> put.tableName(table).item(item)).join();
        foreignWritesSeen = true;
        List<CartChange> changes =
                lines.stream().<CartChange>map(CartChange.Add::new).toList();
        return Cart.empty(userId).apply(CartLimits.defaults(), Instant.EPOCH, changes);
    }

    private static AttributeValue line(CartItem item) {
        return ItemFormat.encodeLine(item, Map.of());
    }

    /** Checks that stored totals match the lines, unless a foreign writer may have written last. */
    private void checkTotals() {
        for (String userId : theme.users()) {
            Map<String, AttributeValue> item = server.client()
                    .getItem(get -> get.tableName(table)
                            .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId)))
                            .consistentRead(true))
                    .join()
                    .item();
            if (!item.isEmpty() && !foreignWritesSeen && !totalsMatch(item)) {
                Outcome wrong = new Broken(new AssertionError("totals that are not those of the lines: " + item));
                history.add(new Operation(
                        history.nextNumber(),
                        "table",
                        new Read(userId),
                        history.now(),
                        history.now(),
                        wrong,
                        true,
                        ""));
            }
        }
    }

    private static boolean totalsMatch(Map<String, AttributeValue> item) {
        BigDecimal totalItems = BigDecimal.ZERO;
        BigDecimal totalPrice = BigDecimal.ZERO;
        for (AttributeValue line : item.get(ItemFormat.CART_ITEMS).l()) {
            BigDecimal quantity = number(line.m(), ItemFormat.QUANTITY);
            totalItems = totalItems.add(quantity);
            totalPrice = totalPrice.add(quantity.multiply(number(line.m(), ItemFormat.PRICE)));
        }
        return totalItems.compareTo(number(item, ItemFormat.TOTAL_ITEMS)) == 0
                && totalPrice.compareTo(number(item, ItemFormat.TOTAL_PRICE)) == 0;
    }

    private static BigDecimal number(Map<String, AttributeValue> attributes, String name) {
        return new BigDecimal(attributes.get(name).n());
    }

    /** The carts' clock. It follows the real one, and jumps. */
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

    /** A store with its own network. */
    private final class Connection {
        final Faults faults;
        private final SplittableRandom random;
        private final DynamoDbAsyncClient client;
        private final long skewMillis;
        private final Duration timeout;
        private DynamoDbCartStore store;

        Connection(Duration timeout) {
            this.timeout = timeout;
            this.random = HistoryRunner.this.random.split();
            List<Fault> possible = new ArrayList<>(plan.faults);
            for (int i = 0; deletions && i < 5; i++) {
                possible.addAll(FAULTS_OF_DELETIONS);
            }
            for (int i = 0; theme.users().size() > 1 && plan.faults == FAULTS && i < 8; i++) {
                possible.addAll(FAULTS_OF_MERGES);
            }
            double probability = (deletions ? 2 : 1) * random.nextInt(MAX_FAULT_PERCENT) / 100.0;
            this.faults = Faults.seeded(random.nextLong(), probability, possible.toArray(Fault[]::new));
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
                    .operationTimeout(timeout)
                    .backoff(BackoffStrategy.exponentialDelay(plan.backoff, MAX_BACKOFF))
                    .limits(limits)
                    .clock(clock)
                    .wallMillis(() -> (jumpingWallClocks ? clock.millis() : System.currentTimeMillis()) + skewMillis)
                    .ringSize(plan.ringSize)
                    .hedging(hedges ? 1 : 0.02)
                    .hedgeDelayMillis(hedges ? 1 : -1)
                    .build();
        }

        /** Sometimes replaces the store, as a new Lambda instance does: the new store has seen no cart. */
        void sometimesRestart() {
            if (random.nextInt(3) == 0) {
                store.close();
                store = newStore();
            }
        }

        void close() {
            store.close();
            client.close();
            faults.close();
        }
    }

    /** A client that performs one action after the other. */
    private final class Client {
        private final String name;
        private final Connection connection;
        private final SplittableRandom random;
        private final HistoryActions actions;

        Client(int index, Connection connection) {
            this.name = "client" + index;
            this.connection = connection;
            this.random = HistoryRunner.this.random.split();
            this.actions = new HistoryActions(theme, random, history, keyed);
        }

        void run(int operations) {
            for (int i = 0; i < operations; i++) {
                perform(actions.next(), random.nextInt(80) == 0);
            }
        }

        /** Writes and reads once more, without faults. Returns whether everything was written. */
        boolean conclude() {
            connection.faults.clear();
            boolean written = true;
            for (String userId : theme.users()) {
                written &=
                        perform(new Change(CartUpdate.of(userId).add(actions.item("last")), null), false) instanceof Ok;
                perform(new Read(userId), false);
            }
            return written;
        }

        private Outcome perform(Action action, boolean impatient) {
            int number = history.nextNumber();
            int sentBefore = connection.faults.sent().size();
            long invoked = history.now();
            CompletableFuture<?> call = start(action);
            CompletableFuture<Operation> ended = call.handle((value, thrown) -> {
                long completed = history.now();
                return new Operation(number, name, action, invoked, completed, outcome(value, thrown), false, "");
            });
            if (impatient && !(action instanceof ForeignAdd)) {
                CANCELLER.schedule(() -> call.cancel(true), random.nextInt(20), MILLISECONDS);
            }
            Operation operation = ended.join();
            List<SentRequest> log = connection.faults.sent();
            List<SentRequest> sent = log.subList(sentBefore, log.size());
            Outcome outcome = operation.outcome();
            if (mayReturn(action, sent) && !(outcome instanceof Ok)) {
                outcome = new Unknown("refused, but in flight again");
            }
            actions.learn(operation);
            history.add(new Operation(
                    number,
                    name,
                    action,
                    invoked,
                    operation.completed(),
                    outcome,
                    isDirect(sent, hedges),
                    sent.stream().map(HistoryRunner::show).collect(Collectors.joining("; "))));
            return outcome;
        }

        private CompletableFuture<?> start(Action action) {
            DynamoDbCartStore store = connection.store;
            if (action instanceof Read read) {
                return store.get(read.userId());
            } else if (action instanceof ForeignAdd add) {
                return append(add);
            } else if (action instanceof MergeCarts merge) {
                return store.merge(merge.fromUserId(), merge.intoUserId(), merge.strategy());
            }
            CartUpdate update = ((Change) action).update();
            boolean plainClear = update.isClear()
                    && update.snapshot().isEmpty()
                    && update.expectedVersion().isEmpty()
                    && update.deadline().isEmpty()
                    && update.idempotencyKey().isEmpty();
            return plainClear && random.nextInt(2) == 0 ? store.clear(update.userId()) : store.apply(update);
        }
    }

    private CompletableFuture<?> append(ForeignAdd add) {
        foreignWritesSeen = true;
        return server.client()
                .updateItem(update -> update.tableName(table)
                        .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(add.userId())))
                        .updateExpression(TestTable.APPEND)
                        .expressionAttributeValues(
                                TestTable.appended(line(add.item()).m())))
                .thenApply(done -> null);
    }

    private static Outcome outcome(@Nullable Object value, @Nullable Throwable thrown) {
        Throwable failure =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (failure == null) {
            return new Ok((Cart) value);
        } else if (failure instanceof CartStoreException known
                && known.effectPossible() != known instanceof CartOutcomeUnknownException) {
            return new Broken(new AssertionError("effectPossible() is " + known.effectPossible(), known));
        } else if (failure instanceof CancellationException || failure instanceof CartOutcomeUnknownException) {
            return new Unknown(failure.getClass().getSimpleName());
        } else if (failure instanceof CartRejectedException rejected) {
            return new Rejected(rejected.reason());
        } else if (failure instanceof CartConflictException conflict) {
            return new Conflict(conflict.current(), !conflict.isRetryable());
        } else if (failure instanceof CartThrottledException || failure instanceof CartUnavailableException) {
            return new NoEffect(failure.getClass().getSimpleName());
        }
        return failure instanceof AwsServiceException refused && refused.statusCode() == 400
                ? new NoItem()
                : new Broken(failure);
    }

    // --- the requests of an operation ---

    /**
     * Returns whether no response was lost. A store may abandon a response that has already arrived and send its write
     * again; then an ID that took effect occurs again. With hedging, either of the two copies may be the one that took
     * effect.
     */
    private static boolean isDirect(List<SentRequest> sent, boolean hedges) {
        Set<String> written = new HashSet<>();
        for (SentRequest request : sent) {
            List<String> ids = READS.contains(request.operation()) ? List.of() : writeIds(request);
            if (!isAnswered(request) || ids.stream().anyMatch(written::contains)) {
                return false;
            }
            if (hedges || request.status().orElse(0) == 200) {
                written.addAll(ids);
            }
        }
        return true;
    }

    /** Returns the write IDs in a request. For a delete, which carries none, returns its operation. */
    private static List<String> writeIds(SentRequest request) {
        if (request.operation().equals("DeleteItem")) {
            return List.of(request.operation());
        }
        return WRITE_ID.matcher(request.json())
                .results()
                .map(MatchResult::group)
                .toList();
    }

    private static boolean isAnswered(SentRequest request) {
        return request.fault().isEmpty() && request.failure().isEmpty();
    }

    /**
     * Returns whether a refused add that pins no version is delivered once more. No store can know about that, and the
     * second delivery may be applied, even if the call has failed. Any other write is refused again.
     */
    private static boolean mayReturn(Action action, List<SentRequest> sent) {
        if (!(action instanceof Change change)) {
            return false;
        }
        // Clients may share a store, so the requests may be those of other calls. But no two calls add the same title.
        List<String> titles = change.update().changes().stream()
                .flatMap(each -> each instanceof CartChange.Add add ? add.item().title().stream() : Stream.empty())
                .toList();
        return sent.stream()
                .filter(request -> request.fault().orElse("").startsWith("deliverTwice")
                        && request.status().orElse(0) == 400)
                .filter(HistoryRunner::isUnpinnedAdd)
                .anyMatch(request ->
                        titles.stream().anyMatch(title -> request.json().contains('"' + title + '"')));
    }

    /** Whether a request counts lines in, and requires only that its own ID is not in the ring. */
    private static boolean isUnpinnedAdd(SentRequest request) {
        if (!request.operation().equals("UpdateItem")) {
            return false;
        }
        JsonNode json = JsonNode.parser().parse(request.json());
        return text(json, "ConditionExpression").contains("NOT contains(" + ItemFormat.RING + ",")
                && text(json, "UpdateExpression").contains(ItemFormat.TOTAL_ITEMS);
    }

    private static String text(JsonNode json, String field) {
        return json.field(field).map(JsonNode::asString).orElse("");
    }

    private static String show(SentRequest request) {
        return request.operation()
                + (request.status().isPresent() ? " " + request.status().getAsInt() : "")
                + request.fault().map(fault -> " " + fault).orElse("")
                + (request.failure().isPresent() && request.fault().isEmpty() ? " given up" : "");
    }
}
