package com.cloudshelf.cart.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The example of a deployment step, on DynamoDB Local. */
class DeployCartTableTest {
    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private boolean run(String... arguments) {
        return DeployCartTable.run(
                server.client(), List.of(arguments), new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    @Test
    void run_twice_createsTheTableAndReportsThatEverythingHolds() {
        String table = "table-" + UUID.randomUUID();
        assertThat(run(table)).isTrue();
        assertThat(run(table)).isTrue();
        assertThat(run(table, "--verify")).isTrue();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("HELD", "time to live", "NOT_CHECKED");
    }

    @Test
    void run_otherArguments_printsTheUsageAndCreatesNothing() {
        String table = "table-" + UUID.randomUUID();
        for (String[] bad : new String[][] {{}, {"--verify"}, {table, "--verfy"}, {table, "--verify", "more"}}) {
            printed.reset();
            assertThat(run(bad)).isFalse();
            assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("Usage:");
        }
        assertThat(server.client().listTables().join().tableNames()).doesNotContain(table);
    }

    @Test
    void run_verifyOfADifferingTable_fails() {
        assertThat(run(server.createCartTable(), "--verify")).isFalse();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("DEVIATING", "deletion protection");
    }
}
