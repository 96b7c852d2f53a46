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
