/**
 * What tests with carts need: an embedded DynamoDB Local, and its JUnit 5 extension.
 *
 * <p>{@link com.cloudshelf.cart.testkit.LocalDynamoDb} works with any test framework, or with none. JUnit 5 is needed by
 * {@link com.cloudshelf.cart.testkit.WithCartStore} only.
 */
@NullMarked
package com.cloudshelf.cart.testkit;

import org.jspecify.annotations.NullMarked;
