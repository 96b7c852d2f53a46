/*
 * The rooms of this package, and what may know what: each knows only itself and those above it. ArchitectureTest reads this.
 *
 *   Values      Cart, CartItem, CartChange, CartUpdate, CartVersion, CartLimits, MergeStrategy, ReadConsistency, CartStore,
 *               CartStoreException and the other exceptions, Checks, Decimal, IsoInstant, Attributes, Draft, ItemSize, Fingerprint,
 *               KeyedChanges, ChangeJson, JsonFieldsHidden, JsonReadByModule. What users hold. No AWS type.
 *   Item        ItemFormat, StoredCart, Memory, WriteId, LineIndex, AttributeValues. From attribute values to a
 *               cart, and back.
 *   Writes      Write, UnpinnedWrites, PinnedWrites, LineChanges, Expression, Pin. Conditional writes as values; each says
 *               what it pins.
 *   Failures    Failure, MarkedCredentials, Deadline. What an error of the SDK means, and whether a request was ever sent.
 *   Protocols   Protocol, Decision, Event, Moment, Stop, Request, Retry; UpdateProtocol with Evidence, Attempt, Sighting,
 *               Effect and UpdateRules; GetProtocol, GetAllProtocol, MergeProtocol, EraseProtocol. Pure functions: what a
 *               call does next.
 *   Wire        Wire, Answers, WatchedHttpClient, Clients, Logs. The AWS SDK: its client, requests, responses.
 *   Engine      Call, Engine, Places, Lanes, Timer, Hop, ElasticThreads, Quota, Hedging, Latencies, IdClock, RecentCarts,
 *               CallMetrics, CartMetrics. Threads, time, and each thing of which there is only so much.
 *   Store       DynamoDbCartStore, Priming. What users build.
 *   Table       CartTable, CartTableSpec, CartTableReport, TableCall, TableChecks, CartAudit, CartAuditReport, TableAudit,
 *               AuditCheckpoint, AuditProgress. Beside the store.
 *   JSON        CartJson, JsonFields, and the modules in jackson2 and jackson3. Beside the store.
 *
 * docs/write-path.md follows one change through them.
 */

/**
 * Shopping carts in Amazon DynamoDB: start with {@link com.cloudshelf.cart.CartStore CartStore} and
 * {@link com.cloudshelf.cart.DynamoDbCartStore#create DynamoDbCartStore.create}.
 *
 * <pre>{@code
 * CartStore carts = DynamoDbCartStore.create();
 * CartItem book = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
 *
 * carts.addItem("user123", book).join();
 * Cart cart = carts.get("user123").join();
 * BigDecimal total = cart.totalPrice();
 * }</pre>
 *
 * <p>Where to start:
 *
 * <ul>
 *   <li>{@link com.cloudshelf.cart.CartStore} is the interface that your code depends on. Its documentation is the
 *       contract.
 *   <li>{@link com.cloudshelf.cart.DynamoDbCartStore} is the store on DynamoDB. Create one per process.
 *   <li>{@link com.cloudshelf.cart.CartUpdate} combines changes, and adds terms: an idempotency key, a version, a
 *       deadline.
 *   <li>{@link com.cloudshelf.cart.Cart} and {@link com.cloudshelf.cart.CartItem} are what you read.
 *   <li>{@link com.cloudshelf.cart.CartStoreException} and its subclasses are how a call fails.
 *   <li>{@link com.cloudshelf.cart.CartTable} creates, verifies, pings and audits the table, and decodes its items.
 *   <li>{@link com.cloudshelf.cart.CartJson} reads and writes carts as JSON, with or without Jackson.
 * </ul>
 *
 * <p>The library does not price books, check stock or place orders. Your code supplies the prices, which carry no
 * currency, and owns the orders.
 *
 * <p>Unless a parameter or a return type is marked {@code @Nullable}, passing {@code null} throws a {@link
 * java.lang.NullPointerException}, and {@code null} is never returned.
 */
@NullMarked
package com.cloudshelf.cart;

import org.jspecify.annotations.NullMarked;
