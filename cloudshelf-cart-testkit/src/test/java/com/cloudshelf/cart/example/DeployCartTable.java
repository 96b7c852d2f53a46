package com.cloudshelf.cart.example;

import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableReport;
import com.cloudshelf.cart.CartTableSpec;
import java.io.PrintStream;
import java.util.List;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** A deployment step: creates the cart table, and fails if an existing one differs from its specification. */
public final class DeployCartTable {
    private DeployCartTable() {}

    /** Takes the name of the table, and {@code --verify} to change nothing; region and credentials as the SDK finds them. */
    public static void main(String[] arguments) {
        try (DynamoDbAsyncClient client = DynamoDbAsyncClient.create()) {
            if (!run(client, List.of(arguments), System.out)) {
                System.exit(1);
            }
        }
    }

    static boolean run(DynamoDbAsyncClient client, List<String> arguments, PrintStream out) {
        boolean verifies = arguments.size() == 2 && arguments.get(1).equals("--verify");
        if (arguments.isEmpty() || arguments.get(0).startsWith("-") || (arguments.size() > 1 && !verifies)) {
            out.println("Usage: DeployCartTable TABLE [--verify]");
            return false;
        }
        CartTableSpec spec =
                CartTableSpec.defaults().withTableName(arguments.get(0)).withTag("Owner", "cart-team");
        if (!verifies) {
            CartTable.create(client, spec).join();
        }
        CartTableReport report = CartTable.verify(client, spec).join();
        out.println(report);
        return report.isHeld();
    }
}
