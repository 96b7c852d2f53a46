package com.cloudshelf.cart.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartAuditReport;
import com.cloudshelf.cart.CartTableSpec;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The example of adopting a table, on DynamoDB Local. */
class AdoptCartTableTest {
    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final CartTableSpec spec = CartTableSpec.defaults().withTableName(server.createCartTable());
    private final AdoptCartTable adoption = new AdoptCartTable(server.client(), spec);

    @Test
    void reportAndRepair_cartOfAnotherProgram_isFoundAndRepaired() {
        server.client()
                .putItem(put -> put.tableName(spec.tableName())
                        .item(Map.of(
                                "userId", AttributeValue.fromS("user123"),
                                "cartItems", AttributeValue.fromL(List.of()),
                                "totalItems", AttributeValue.fromN("7"))))
                .join();
        List<String> broken = new ArrayList<>();
        CartAuditReport found = adoption.report(broken);
        assertThat(found.cartsWithProblems()).isEqualTo(1);
        assertThat(broken).containsExactly("user123 ");
        assertThat(adoption.repair(null, Duration.ofMinutes(5))).isEmpty();
        assertThat(adoption.repair(found.checkpoint(), Duration.ofMinutes(5))).isEmpty();
        assertThat(adoption.report(broken).cartsWithProblems()).isZero();
    }

    @Test
    void isAlive_tableThatResponds_isTrue() {
        int checks = 1;
        while (!adoption.isAlive().join()) { // on a busy machine, a response may take longer than the check
            assertThat(checks++).isLessThan(100);
        }
    }

    @Test
    void isAlive_noTable_isFalse() {
        assertThat(new AdoptCartTable(server.client(), spec.withTableName("no-such-table"))
                        .isAlive()
                        .join())
                .isFalse();
    }
}
