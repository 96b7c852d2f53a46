package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.ReadConsistency;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives JUnit 5 tests a cart store with its own table on the {@linkplain LocalDynamoDb#shared() shared} DynamoDB Local,
 * with a network that can fail and a clock that a test can move.
 *
 * <pre>{@code
 * @WithCartStore
 * class CheckoutTest {
 *
 *     @Test
 *     void checkout_emptyCart_refused(CartStore carts) { ... }
 * }
 * }</pre>
 *
 * <p>On a class, the annotation applies to all its tests and those of its nested classes; on a method, to that test.
 * The annotation nearest to the test counts. It resolves parameters of these types, of which the first four belong
 * together:
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.CartStore} and {@link com.cloudshelf.cart.DynamoDbCartStore}: the same store, with
 *       the settings of the annotation, on a new table;
 *   <li>{@link CartTableName @CartTableName} {@code String}: the name of that table;
 *   <li>{@link Faults}: the network of that store, which works normally until a test adds faults;
 *   <li>{@link MovableClock}: the clock of that store;
 *   <li>{@link software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient}: the server's {@link
 *       LocalDynamoDb#client()}, which bypasses the faults, to inspect items or act as another writer;
 *   <li>{@link LocalDynamoDb}: the shared server;
 *   <li>{@link java.net.URI}: its endpoint, except in a parameterized test, where a URI is one of the arguments.
 * </ul>
 *
 * <p>With {@link Scope#TEST}, there is no store outside a test: in {@code @BeforeAll}, {@code @AfterAll}, the
 * constructor of a class with {@code Lifecycle.PER_CLASS} or, before JUnit 5.12, any constructor. Such a parameter
 * fails with a {@link org.junit.jupiter.api.extension.ParameterResolutionException}.
 *
 * <p>If the shared server runs {@linkplain LocalDynamoDb#shared() without HTTP}, there are no {@link Faults} and no
 * {@link java.net.URI}. Parameters of these types then fail, and requests are not recorded.
 *
 * <p>If no request meets a fault that a test has scripted, the test fails, unless the fault is {@linkplain
 * Fault#optional() optional}. With {@link Scope#CLASS}, this is checked after the last test.
 *
 * <p>When a test fails, the items of its table and the requests of its store are printed to standard error, at most a
 * screenful.
 *
 * <p>Tests may run in parallel: no two of them share a table, except with {@link Scope#CLASS}. The annotation has no
 * effect on jqwik properties; use {@link LocalDynamoDb} there.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(CartStoreExtension.class)
public @interface WithCartStore {

    /** Which tests share a table, with its store, network and clock. */
    enum Scope {
        /**
         * A test and its {@code @BeforeEach} and {@code @AfterEach} methods. Each repetition of a repeated or
         * parameterized test counts as a test.
         */
        TEST,
        /**
         * All tests of the annotated class and its nested classes, including {@code @BeforeAll} and {@code @AfterAll}.
         * They see each other's carts and faults. A subclass has its own.
         */
        CLASS
    }

    /** Which tests share the table. Has no effect on a method. */
    Scope scope() default Scope.TEST;

    /**
     * The store's time to live, in the format of {@link java.time.Duration#parse Duration.parse}; at least {@code
     * PT2H}.
     */
    String timeToLive() default "P30D";

    /**
     * How long a call of the store may take, in the format of {@link java.time.Duration#parse Duration.parse}; at most
     * {@code PT60S}.
     */
    String operationTimeout() default "PT5S";

    /** The maximum number of different books in a cart. */
    int maxLines() default 1_000;

    /** The maximum quantity of a line. */
    int maxQuantity() default 10_000;

    /**
     * The consistency of the store's reads. Reads on DynamoDB Local are never stale, so this only shows in the
     * requests.
     */
    ReadConsistency readConsistency() default ReadConsistency.STRONG;
}
