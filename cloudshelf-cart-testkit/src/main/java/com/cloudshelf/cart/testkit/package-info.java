/**
 * What tests with carts need: stores, a server, a failing network, a contract and generators.
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.testkit.WithCartStore}: a JUnit 5 test's own store on DynamoDB Local.
 *   <li>{@link com.cloudshelf.cart.testkit.InMemoryCartStore}: a store without a server, for unit tests.
 *   <li>{@link com.cloudshelf.cart.testkit.LocalDynamoDb}: the server, for any test framework or none.
 *   <li>{@link com.cloudshelf.cart.testkit.Faults}: what can happen between a store and the server.
 *   <li>{@link com.cloudshelf.cart.testkit.CartStoreContract}: what every cart store does, as JUnit 5 tests to extend.
 *   <li>{@link com.cloudshelf.cart.testkit.CartInvariants}: what holds for every cart and every item, as assertions.
 *   <li>{@link com.cloudshelf.cart.testkit.CartArbitraries}: generators of carts and changes for jqwik properties.
 *   <li>{@link com.cloudshelf.cart.testkit.LocalCartServer}: a server with a cart table to play with.
 * </ul>
 *
 * <p>JUnit is needed by {@code WithCartStore} and {@code CartStoreContract} only, and jqwik by {@code CartArbitraries} only. Both
 * are optional dependencies: a project has those that it declares itself.
 */
@NullMarked
package com.cloudshelf.cart.testkit;

import org.jspecify.annotations.NullMarked;
