package com.cloudshelf.cart;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one logger of the library, under the name of the class that its users know. */
final class Logs {
    private Logs() {}

    static Logger logger() {
        return LoggerFactory.getLogger("com.cloudshelf.cart.DynamoDbCartStore");
    }
}
