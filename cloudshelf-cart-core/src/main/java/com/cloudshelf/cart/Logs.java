package com.cloudshelf.cart;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The library's only logger, named after the class that users know. */
final class Logs {
    private Logs() {}

    static Logger logger() {
        return LoggerFactory.getLogger("com.cloudshelf.cart.DynamoDbCartStore");
    }
}
