package com.cloudshelf.cart.example;

import com.cloudshelf.cart.CartAudit;
import com.cloudshelf.cart.CartAuditReport;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Looking over a table that other programs filled, repairing it in portions, and telling whether it answers. */
final class AdoptCartTable {
    private final DynamoDbAsyncClient client;
    private final CartTableSpec spec;

    AdoptCartTable(DynamoDbAsyncClient client, CartTableSpec spec) {
        this.client = client;
        this.spec = spec;
    }

    CartAuditReport lookOver(List<String> broken) {
        CartAuditReport report = CartTable.audit(
                        client,
                        spec,
                        CartAudit.reporting()
                                .withFindings(finding -> broken.add(finding.userId() + " " + finding.attributePath()))
                                .withProgress(CartAudit.printingTo(System.err, false)))
                .join();
        return report;
    }

    /** Mends what it can in the time that is left, and returns where to go on; empty if all is done. */
    Optional<String> repair(String checkpoint, Duration timeLeft) {
        CartAudit audit = CartAudit.repairing().withUnitsPerSecond(200).withDeadline(timeLeft);
        if (checkpoint != null) {
            audit = audit.resumingFrom(checkpoint);
        }
        CartAuditReport report = CartTable.audit(client, spec, audit).join();
        return report.isComplete() ? Optional.empty() : Optional.of(report.checkpoint());
    }

    CompletableFuture<Boolean> isAlive() {
        return CartTable.ping(client, spec, Duration.ofMillis(500)).handle((answer, failure) -> failure == null);
    }
}
