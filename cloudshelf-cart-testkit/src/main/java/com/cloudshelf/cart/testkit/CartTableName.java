package com.cloudshelf.cart.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a {@code String} parameter of a test with {@link WithCartStore} that receives the name of the store's table.
 *
 * <pre>{@code
 * @Test
 * void export_oneCart_oneLine(CartStore carts, DynamoDbAsyncClient client, @CartTableName String table) { ... }
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface CartTableName {}
