package com.cloudshelf.cart.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives JUnit 5 tests a cart store over a table of their own on the {@linkplain LocalDynamoDb#shared() shared} DynamoDB
 * Local.
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
 * <p>On a class it serves all tests in it and in its nested classes, on a method that test alone. It resolves parameters of
 * the types
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.CartStore} and {@link com.cloudshelf.cart.DynamoDbCartStore}: one and the same store for
 *       a test and its {@code @BeforeEach} and {@code @AfterEach} methods, with default settings, over a fresh table. Each
 *       repetition of a repeated or parameterized test counts as a test. The store is closed after the test. There is none
 *       outside a test ({@code @BeforeAll}, {@code @AfterAll}, the constructor of a class with
 *       {@code Lifecycle.PER_CLASS} or, before JUnit 5.12, any constructor): asking for it there fails with a
 *       {@link org.junit.jupiter.api.extension.ParameterResolutionException};
 *   <li>{@link software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient}: the server's {@link LocalDynamoDb#client()};
 *   <li>{@link LocalDynamoDb}: the shared server.
 * </ul>
 *
 * <p>Tests with it may run in parallel: no two of them share a table. It has no effect on jqwik properties, which use
 * {@link LocalDynamoDb} directly.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(CartStoreExtension.class)
public @interface WithCartStore {}
