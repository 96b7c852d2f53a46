package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class PrimingTest {

    @Test
    void prime_overTheRealClient_runsReadsAndEachFormOfChange() {
        List<String> operations = new CopyOnWriteArrayList<>();

        Priming.withStub(operations::add, client -> {
            try (DynamoDbCartStore carts =
                    DynamoDbCartStore.builder().client(client).build()) {
                Priming.run(carts);
            }
        });

        // The store accepts the stub's response, so no call fails and none is repeated.
        assertThat(operations).containsExactly("GetItem", "UpdateItem", "UpdateItem", "UpdateItem");
    }

    @Test
    void prime_ofAStore_sendsNothingAndCanBeRepeated() throws Exception {
        try (WireServer server = new WireServer(WireServer.ok("{}"));
                var client = server.client().build();
                DynamoDbCartStore carts =
                        DynamoDbCartStore.builder().client(client).build()) {
            carts.prime();
            carts.prime();

            assertThat(server.seen()).isEmpty();
        }
    }
}
