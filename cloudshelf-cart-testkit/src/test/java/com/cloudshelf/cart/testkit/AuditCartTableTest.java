package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The audit from the command line, on DynamoDB Local. */
class AuditCartTableTest {
    private final LocalDynamoDb server = LocalDynamoDb.shared();
    private final String table = server.createCartTable();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private int run(String... arguments) {
        return run(server.client(), arguments);
    }

    private int run(DynamoDbAsyncClient client, String... arguments) {
        printed.reset();
        errors.reset();
        return AuditCartTable.run(
                List.of(arguments),
                options -> client,
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                true);
    }

    private int runOnTable(String... arguments) {
        List<String> all = new ArrayList<>(List.of(table));
        all.addAll(List.of(arguments));
        return run(all.toArray(new String[0]));
    }

    private void put(String userId, String quantity) {
        AttributeValue line = AttributeValue.fromM(Map.of(
                "bookId", AttributeValue.fromS("book001"),
                "price", AttributeValue.fromN("9.50"),
                "quantity", AttributeValue.fromN(quantity)));
        server.client()
                .putItem(put -> put.tableName(table)
                        .item(Map.of(
                                "userId", AttributeValue.fromS(userId),
                                "cartItems", AttributeValue.fromL(List.of(line)),
                                "totalItems", AttributeValue.fromN("7"))))
                .join();
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    @Test
    void run_reportThenRepair_saysWhatIsLeft() throws IOException {
        put("user1", "2");
        put("user2", "2.5");
        Path findings = directory.resolve("findings");
        Path checkpoint = directory.resolve("checkpoint");
        assertThat(runOnTable()).isEqualTo(3);
        assertThat(printed()).contains("2 carts", "WRONG_TOTALS", "UNREADABLE");
        assertThat(runOnTable("--repair", "--findings", findings.toString(), "--checkpoint", checkpoint.toString()))
                .isEqualTo(3);
        assertThat(printed()).contains("2 with problems, 1 repaired");
        assertThat(errors()).contains("[##############################] 100 %");
        assertThat(Files.readAllLines(findings))
                .containsExactlyInAnyOrder(
                        "user1\tNEVER_EXPIRES,NO_MEMORY,WRONG_TOTALS\t\trepaired",
                        "user2\tUNREADABLE\tcartItems[0].quantity\tleft");
        assertThat(checkpoint).doesNotExist();
        server.client()
                .deleteItem(delete -> delete.tableName(table).key(Map.of("userId", AttributeValue.fromS("user2"))))
                .join();
        assertThat(runOnTable()).isZero();
    }

    @Test
    void run_repairing_writesEachFindingBeforeItRepairsTheNextCart() {
        put("user1", "2");
        put("user2", "2");
        Path findings = directory.resolve("findings");
        List<Integer> lines = new ArrayList<>();
        Fault look = Fault.rival(() -> {
                    lines.add(linesOf(findings));
                    return CompletableFuture.completedFuture(null);
                })
                .on("UpdateItem");
        Faults faults = Faults.none();
        faults.next(2, look);
        assertThat(run(server.client(faults), table, "--repair", "--segments", "1", "--findings", findings.toString()))
                .isZero();
        assertThat(lines).containsExactly(0, 1);
    }

    private static int linesOf(Path file) {
        try {
            return Files.readAllLines(file).size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void run_tableWithoutProblems_exitsWithZero() {
        try (DynamoDbCartStore carts = DynamoDbCartStore.builder()
                .client(server.client())
                .tableName(table)
                .build()) {
            carts.addItem("user1", CartItem.of("b", "Emma", "Jane Austen", new BigDecimal("9.50"), 1))
                    .join();
        }
        assertThat(runOnTable("--units", "1000", "--segments", "2", "--minutes", "5", "--ttl-days", "30"))
                .isZero();
        assertThat(printed()).contains("1 carts, 0 expired, 0 with problems, 0 repaired");
    }

    @Test
    void run_checkpointOfAnEarlierRun_continuesThere() throws IOException {
        for (int i = 0; i < 20; i++) {
            put("user" + i, "2");
        }
        Path checkpoint = directory.resolve("checkpoint");
        assertThat(runOnTable("--repair", "--minutes", "0", "--checkpoint", checkpoint.toString()))
                .isEqualTo(1);
        assertThat(errors()).contains("the deadline");
        Files.writeString(checkpoint, "nonsense");
        assertThat(runOnTable("--repair", "--checkpoint", checkpoint.toString()))
                .isEqualTo(1);
        assertThat(errors()).contains("not the checkpoint of an audit");
        Files.delete(checkpoint);
        assertThat(runOnTable("--repair", "--checkpoint", checkpoint.toString()))
                .isZero();
        assertThat(printed()).contains("20 repaired");
    }

    @Test
    void run_fileThatCannotBeWritten_namesItAndRepairsNothing() {
        put("user1", "2");
        String file = directory.resolve("missing").resolve("file").toString();
        for (String option : List.of("--checkpoint", "--findings")) {
            assertThat(runOnTable("--repair", option, file)).as(option).isEqualTo(1);
            assertThat(errors()).contains("cannot write to " + file).doesNotContain("resumes from");
        }
        runOnTable();
        assertThat(printed()).contains("1 with problems, 0 repaired");
    }

    @Test
    void run_noTable_saysSo() {
        assertThat(run("no-such-table")).isEqualTo(1);
        assertThat(errors()).contains("the table no-such-table does not exist");
    }

    @Test
    void run_badOptions_printTheUsage() {
        for (List<String> bad : List.of(
                List.<String>of(),
                List.of("--repair"),
                List.of("t", "--unknown"),
                List.of("t", "another"),
                List.of("t", "--units"),
                List.of("t", "--units", "many"),
                List.of("t", "--units", "0"))) {
            assertThat(run(bad.toArray(new String[0]))).as("%s", bad).isEqualTo(2);
            assertThat(errors()).contains("Usage: AuditCartTable TABLE");
        }
        assertThat(run("--help")).isZero();
        assertThat(printed()).startsWith("Usage: AuditCartTable TABLE");
    }
}
