/**
 * Everything for tests with carts: stores, a server, a failing network, a contract and generators.
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.testkit.WithCartStore}: a store on DynamoDB Local for each JUnit 5 test.
 *   <li>{@link com.cloudshelf.cart.testkit.InMemoryCartStore}: a store without a server, for unit tests.
 *   <li>{@link com.cloudshelf.cart.testkit.LocalDynamoDb}: the server, for any test framework or none.
 *   <li>{@link com.cloudshelf.cart.testkit.Faults}: faults on the network between a store and the server.
 *   <li>{@link com.cloudshelf.cart.testkit.CartStoreContract}: the contract of every cart store, as JUnit 5 tests to
 *       extend.
 *   <li>{@link com.cloudshelf.cart.testkit.CartInvariants}: assertions that hold for every cart and every item.
 *   <li>{@link com.cloudshelf.cart.testkit.CartArbitraries}: generators of carts and changes for jqwik properties.
 *   <li>{@link com.cloudshelf.cart.testkit.MovableClock}: the clock of a store whose time a test sets.
 *   <li>{@link com.cloudshelf.cart.testkit.LocalCartServer}: a server with a cart table to experiment with.
 *   <li>{@link com.cloudshelf.cart.testkit.AuditCartTable}: a command that audits a table and repairs its carts.
 * </ul>
 *
 * <p>Only {@code WithCartStore} and {@code CartStoreContract} need JUnit, and only {@code CartArbitraries} needs jqwik.
 * Both are optional dependencies: declare those that you use.
 */
@NullMarked
package com.cloudshelf.cart.testkit;

import org.jspecify.annotations.NullMarked;
