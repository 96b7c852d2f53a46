package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * CPU time and allocation of one operation, for the store and its peers in turns.
 *
 * <p>One invocation gives each contender a batch of operations, so that what else the machine does meets all of them
 * alike. What counts is not the score, which is the time of such a round, but what {@link Counters} add up: CPU time
 * and allocated bytes of this thread, on which everything happens.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        // A compiler that gets no processor in time must not change what is measured.
        jvmArgsAppend = {"-Xbatch", "-XX:+UseSerialGC", "-Xms1g", "-Xmx1g"})
@Warmup(iterations = 1) // Cpu sets how much work that is
@Measurement(iterations = 50)
public class CpuBenchmark {
    /** Where {@link CannedAnswers} are. */
    static final String ANSWERS = "benchmark.answers";

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final String TABLE = "cloudshelf-shopping-cart";

    /** So many that the first ones, which find the processor's caches full of another contender, do not count. */
    private static final int BATCH = 200;

    @Param("10")
    public int lines;

    private BareSdk sdk;
    private RawCarts raw;
    private EnhancedCarts enhanced;
    private StoreCarts store;
    private BareSdk attributedSdk;
    private StoreCarts attributed;
    private BareSdk retryingSdk;
    private StoreCarts retrying;

    private GetItemRequest storesGet;
    private UpdateItemRequest storesChange;

    private String changed;
    private int quantity;
    private Cart snapshot;
    private Cart attributedSnapshot;
    private Cart retryingSnapshot;

    /** What each contender's batches took, in sum. The fields' names are those of the results. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Counters {
        public long sdkCpu;
        public long sdkBytes;
        public long sameCpu;
        public long rawCpu;
        public long rawBytes;
        public long enhancedCpu;
        public long enhancedBytes;
        public long storeCpu;
        public long storeBytes;
        public long snapshotCpu;
        public long snapshotBytes;
        public long attributedSdkCpu;
        public long attributedCpu;
        public long attributedBytes;
        public long attributedSnapshotCpu;
        public long retryingSdkCpu;
        public long retryingCpu;
        public long retryingSnapshotCpu;
        public long operations;

        private long cpu;
        private long bytes;

        void begin() {
            bytes = THREADS.getCurrentThreadAllocatedBytes();
            cpu = THREADS.getCurrentThreadCpuTime();
        }

        long cpu() {
            return THREADS.getCurrentThreadCpuTime() - cpu;
        }

        long bytes() {
            return THREADS.getCurrentThreadAllocatedBytes() - bytes;
        }
    }

    @Setup
    public void setUp() throws IOException {
        Path answers = Path.of(System.getProperty(ANSWERS));
        String stored = CannedAnswers.read(answers, CannedAnswers.STORE, lines);
        String rawStored = CannedAnswers.read(answers, CannedAnswers.RAW, lines);
        String enhancedStored = CannedAnswers.read(answers, CannedAnswers.ENHANCED, lines);
        String nothing = "{}";

        sdk = new BareSdk(client(stored, nothing), TABLE);
        raw = new RawCarts(client(rawStored, nothing), TABLE);
        String allNew = enhancedStored.replaceFirst("\"Item\"", "\"Attributes\"");
        enhanced = new EnhancedCarts(client(enhancedStored, allNew), TABLE);
        store = new StoreCarts(store(client(stored, nothing)));

        String attributes = CannedAnswers.read(answers, CannedAnswers.ATTRIBUTES, lines);
        attributedSdk = new BareSdk(client(attributes, nothing), TABLE);
        attributed = new StoreCarts(store(client(attributes, nothing)));

        retryingSdk = new BareSdk(clientWithRetries(stored, nothing), TABLE);
        retrying = new StoreCarts(store(clientWithRetries(stored, nothing)));

        Recorder recorder = new Recorder();
        StoreCarts recorded = new StoreCarts(store(client(stored, nothing, recorder)));
        changed = Carts.bookId(lines / 2);
        Cart seen = recorded.get(Carts.USER).join();
        storesGet = (GetItemRequest) recorder.last;
        recorded.setQuantity(seen, changed, next()).join();
        storesChange = (UpdateItemRequest) recorder.last;

        snapshot = store.get(Carts.USER).join();
        attributedSnapshot = attributed.get(Carts.USER).join();
        retryingSnapshot = retrying.get(Carts.USER).join();
        if (attributedSnapshot.attributes().isEmpty()
                || attributedSnapshot.items().get(0).attributes().isEmpty()) {
            throw new IllegalStateException("the canned cart has no attributes");
        }
        if (snapshot.items().size() != lines) {
            throw new IllegalStateException(
                    "the canned cart has " + snapshot.items().size() + " lines");
        }
    }

    /** Keeps the request that was made last, for the SDK to send it once more by itself. */
    private static final class Recorder implements ExecutionInterceptor {
        private SdkRequest last;

        @Override
        public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
            last = context.request();
        }
    }

    private static DynamoDbAsyncClient client(String onGet, String onUpdate, ExecutionInterceptor... interceptors) {
        return builder(onGet, onUpdate)
                .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry())
                        .executionInterceptors(List.of(interceptors)))
                .build();
    }

    /** A client with the SDK's defaults, as an application has it that has not read the store's log. */
    private static DynamoDbAsyncClient clientWithRetries(String onGet, String onUpdate) {
        return builder(onGet, onUpdate).build();
    }

    /** A client whose work, all of it, is the caller's: the SDK would finish calls on a pool. */
    private static DynamoDbAsyncClientBuilder builder(String onGet, String onUpdate) {
        return DynamoDbAsyncClient.builder()
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                .httpClient(new CannedHttpClient(onGet, onUpdate))
                .asyncConfiguration(threads ->
                        threads.advancedOption(SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, Runnable::run));
    }

    private static DynamoDbCartStore store(DynamoDbAsyncClient client) {
        return DynamoDbCartStore.builder()
                .client(client)
                .tableName(TABLE)
                .executor(Runnable::run)
                // The thread may wait for a compiler in the middle of a call, which would seem to be slow.
                .operationTimeout(Duration.ofSeconds(60))
                .hedging(0)
                .build();
    }

    @Benchmark
    public void get(Counters c, Blackhole hole) {
        c.begin();
        batch(hole, () -> sdk.get(Carts.USER));
        c.sdkCpu += c.cpu();
        c.sdkBytes += c.bytes();

        c.begin();
        batch(hole, () -> sdk.client().getItem(storesGet));
        c.sameCpu += c.cpu();

        c.begin();
        batch(hole, () -> store.get(Carts.USER));
        c.storeCpu += c.cpu();
        c.storeBytes += c.bytes();

        c.begin();
        batch(hole, () -> attributedSdk.get(Carts.USER));
        c.attributedSdkCpu += c.cpu();

        c.begin();
        batch(hole, () -> attributed.get(Carts.USER));
        c.attributedCpu += c.cpu();
        c.attributedBytes += c.bytes();

        c.begin();
        batch(hole, () -> retryingSdk.get(Carts.USER));
        c.retryingSdkCpu += c.cpu();

        c.begin();
        batch(hole, () -> retrying.get(Carts.USER));
        c.retryingCpu += c.cpu();

        c.begin();
        batch(hole, () -> raw.get(Carts.USER));
        c.rawCpu += c.cpu();
        c.rawBytes += c.bytes();

        c.begin();
        batch(hole, () -> enhanced.get(Carts.USER));
        c.enhancedCpu += c.cpu();
        c.enhancedBytes += c.bytes();
        c.operations += BATCH;
    }

    @Benchmark
    public void setQuantity(Counters c, Blackhole hole) {
        c.begin();
        batch(hole, () -> sdk.setQuantity(Carts.USER, lines / 2, next(), 10));
        c.sdkCpu += c.cpu();
        c.sdkBytes += c.bytes();

        c.begin();
        batch(hole, () -> sdk.client().updateItem(storesChange));
        c.sameCpu += c.cpu();

        c.begin();
        batch(hole, () -> {
            // As a caller does that keeps the cart of the last call.
            CompletableFuture<Cart> call = store.setQuantity(snapshot, changed, next());
            snapshot = call.join();
            return call;
        });
        c.snapshotCpu += c.cpu();
        c.snapshotBytes += c.bytes();

        c.begin();
        batch(hole, () -> {
            CompletableFuture<Cart> call = attributed.setQuantity(attributedSnapshot, changed, next());
            attributedSnapshot = call.join();
            return call;
        });
        c.attributedSnapshotCpu += c.cpu();

        c.begin();
        batch(hole, () -> retryingSdk.setQuantity(Carts.USER, lines / 2, next(), 10));
        c.retryingSdkCpu += c.cpu();

        c.begin();
        batch(hole, () -> {
            CompletableFuture<Cart> call = retrying.setQuantity(retryingSnapshot, changed, next());
            retryingSnapshot = call.join();
            return call;
        });
        c.retryingSnapshotCpu += c.cpu();

        c.begin();
        batch(hole, () -> retrying.setQuantity(Carts.USER, changed, next()));
        c.retryingCpu += c.cpu();

        c.begin();
        batch(hole, () -> attributed.setQuantity(Carts.USER, changed, next()));
        c.attributedCpu += c.cpu();
        c.attributedBytes += c.bytes();

        c.begin();
        batch(hole, () -> store.setQuantity(Carts.USER, changed, next()));
        c.storeCpu += c.cpu();
        c.storeBytes += c.bytes();

        c.begin();
        batch(hole, () -> raw.setQuantity(Carts.USER, changed, next()));
        c.rawCpu += c.cpu();
        c.rawBytes += c.bytes();

        c.begin();
        batch(hole, () -> enhanced.setQuantity(Carts.USER, changed, next()));
        c.enhancedCpu += c.cpu();
        c.enhancedBytes += c.bytes();
        c.operations += BATCH;
    }

    /** A quantity that no cart holds yet. */
    private int next() {
        quantity = quantity % 1000 + 1;
        return 100 + quantity;
    }

    private static void batch(Blackhole hole, Supplier<CompletableFuture<?>> operation) {
        for (int i = 0; i < BATCH; i++) {
            CompletableFuture<?> call = operation.get();
            if (!call.isDone()) {
                throw new IllegalStateException("the call went to another thread");
            }
            hole.consume(call.join());
        }
    }
}
