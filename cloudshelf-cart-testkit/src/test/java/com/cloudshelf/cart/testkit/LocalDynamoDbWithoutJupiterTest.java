package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;

/** Runs on jqwik's engine, which starts after Jupiter's root store has been closed. */
class LocalDynamoDbWithoutJupiterTest {

    @Example
    void shared_outsideJupiter_works() {
        String table = LocalDynamoDb.shared().createCartTable();

        assertThat(LocalDynamoDb.shared()
                        .client()
                        .describeTable(describe -> describe.tableName(table))
                        .join()
                        .table()
                        .tableName())
                .isEqualTo(table);
    }
}
