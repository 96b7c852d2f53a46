/*
 * The rooms of this package, and what may know what: each knows only those above it.
 *
 *   Values      Cart, CartItem, CartChange, CartUpdate, CartVersion, CartLimits, the exceptions; Checks, Decimal, Attributes, Draft.
 *               What users hold. No AWS type.
 *   Item        ItemFormat, StoredCart, Memory, WriteId, IsoInstant, LineIndex. From attribute values to a cart, and back.
 *   Writes      Write, UnpinnedWrites, PinnedWrites, LineChanges, Expression, Pin. Conditional writes as values; each says what it pins.
 *   Protocols   Protocol, Decision, Event, Moment, Stop, Request; UpdateProtocol with Evidence, Attempt, Sighting, Effect and
 *               UpdateRules; GetProtocol, GetAllProtocol, MergeProtocol, EraseProtocol. Pure functions: what a call does next.
 *   Wire        Wire, Answers, Failure, MarkedCredentials, Clients. The AWS SDK: its client, requests, responses and exceptions.
 *   Engine      Call, Engine, Places, Lanes, Timer, Hop, Quota, Hedging, Latencies, Deadline, CallMetrics. Threads, time, and each
 *               thing of which there is only so much.
 *   Store       DynamoDbCartStore, Priming.
 *   Table       CartTable and what belongs to it: TableCall, TableChecks, TableAudit, the reports. Beside the store.
 *   JSON        CartJson, JsonFields, ChangeJson, and the modules in jackson2 and jackson3. Beside the store.
 *
 * docs/write-path.md follows one change through them.
 */

/**
 * Shopping carts in one DynamoDB table: the {@link com.cloudshelf.cart.CartStore} API, its implementation on the
 * asynchronous AWS client, and the immutable values it deals in.
 *
 * <p>Start with {@link com.cloudshelf.cart.DynamoDbCartStore#create()} and {@link com.cloudshelf.cart.CartUpdate#of}.
 * This package is no pricing engine, no stock check and no order service: prices come from the caller and carry no
 * currency, and an order is the caller's.
 *
 * <p>Unless a parameter or a return type says {@code @Nullable}, {@code null} is refused with a
 * {@link java.lang.NullPointerException} and never returned.
 */
@NullMarked
package com.cloudshelf.cart;

import org.jspecify.annotations.NullMarked;
