package com.cloudshelf.shop;

import com.cloudshelf.cart.DynamoDbCartStore;

/** The carts of a function whose table does not have the default name. */
final class NamedTableCarts {
    static final DynamoDbCartStore CARTS =
            DynamoDbCartStore.builder().tableName("cloudshelf-carts").build();

    private NamedTableCarts() {}
}
