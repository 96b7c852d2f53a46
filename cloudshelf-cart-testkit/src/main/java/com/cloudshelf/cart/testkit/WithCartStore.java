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
 * Gives JUnit 5 tests a cart store over a table of their own on the {@linkplain LocalDynamoDb#shared() shared} DynamoDB
 * Local, with a network that can fail and a clock that can be moved.
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
 * <p>On a class it serves all tests in it and in its nested classes, on a method that test alone; the annotation that is nearest
 * to the test decides. It resolves parameters of these types, of which the first four belong to one another:
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.CartStore} and {@link com.cloudshelf.cart.DynamoDbCartStore}: one and the same store, with
 *       the settings of the annotation, over a fresh table;
 *   <li>{@link CartTableName @CartTableName} {@code String}: the name of that table;
 *   <li>{@link Faults}: the network of that store, which behaves until it is told otherwise;
 *   <li>{@link MovableClock}: the clock of that store;
 *   <li>{@link software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient}: the server's {@link LocalDynamoDb#client()}, past
 *       all faults, to look at items or to play a rival;
 *   <li>{@link LocalDynamoDb}: the shared server;
 *   <li>{@link java.net.URI}: its endpoint.
 * </ul>
 *
 * <p>With {@link Scope#TEST} there is no store outside a test ({@code @BeforeAll}, {@code @AfterAll}, the constructor of a class
 * with {@code Lifecycle.PER_CLASS} or, before JUnit 5.12, any constructor): asking for it there fails with a
 * {@link org.junit.jupiter.api.extension.ParameterResolutionException}.
 *
 * <p>If the shared server runs {@linkplain LocalDynamoDb#shared() without HTTP}, there are no {@link Faults} and no
 * {@link java.net.URI}: asking for them fails, and requests are not recorded.
 *
 * <p>A test whose {@link Faults} hold a scripted fault that no request met fails, unless that fault is
 * {@linkplain Fault#optional() optional}. With {@link Scope#CLASS} they are looked at after the last test.
 *
 * <p>When a test fails, the items of its table and the requests of its store are printed to standard error, a screenful at
 * most.
 *
 * <p>Tests with it may run in parallel: no two of them share a table unless they are told to. It has no effect on jqwik
 * properties, which use {@link LocalDynamoDb} directly.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(CartStoreExtension.class)
public @interface WithCartStore {

    /** Who shares a table, with its store, network and clock. */
    enum Scope {
        /**
         * A test and its {@code @BeforeEach} and {@code @AfterEach} methods. Each repetition of a repeated or parameterized test
         * counts as a test.
         */
        TEST,
        /**
         * All tests of the annotated class and its nested classes, {@code @BeforeAll} and {@code @AfterAll} included: they see one
         * another's carts and faults. A subclass has its own.
         */
        CLASS
    }

    /** Who shares the table. On a method it makes no difference. */
    Scope scope() default Scope.TEST;

    /** The store's time to live, as {@link java.time.Duration#parse} takes it: {@code PT2H} and above. */
    String timeToLive() default "P30D";

    /** How long a call of the store may take, as {@link java.time.Duration#parse} takes it: up to {@code PT60S}. */
    String operationTimeout() default "PT5S";

    /** The number of different books that a cart may grow to. */
    int maxLines() default 1_000;

    /** The number of copies that a line may grow to. */
    int maxQuantity() default 10_000;

    /** The consistency of the store's reads. DynamoDB Local knows no late ones: this shows in the requests only. */
    ReadConsistency readConsistency() default ReadConsistency.STRONG;
}
