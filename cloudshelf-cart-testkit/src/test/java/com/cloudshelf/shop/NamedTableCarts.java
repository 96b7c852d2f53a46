package com.cloudshelf.shop;

import com.cloudshelf.cart.DynamoDbCartStore;

/** The carts of a function whose table has another name than the usual one. */
final class NamedTableCarts {
    static final DynamoDbCartStore CARTS =
            DynamoDbCartStore.builder().tableName("cloudshelf-carts").build();

    private NamedTableCarts() {}
}
