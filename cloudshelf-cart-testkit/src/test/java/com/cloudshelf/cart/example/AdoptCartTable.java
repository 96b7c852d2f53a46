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

/** Audits a table that other programs have filled, repairs it in portions, and checks whether it responds. */
final class AdoptCartTable {
    private final DynamoDbAsyncClient client;
    private final CartTableSpec spec;

    AdoptCartTable(DynamoDbAsyncClient client, CartTableSpec spec) {
        this.client = client;
        this.spec = spec;
    }

    CartAuditReport report(List<String> broken) {
        CartAuditReport report = CartTable.audit(
                        client,
                        spec,
                        CartAudit.reporting()
                                .withFindings(finding -> broken.add(finding.userId() + " " + finding.attributePath()))
                                .withProgress(CartAudit.printingTo(System.err, false)))
                .join();
        return report;
    }

    /** Repairs what it can in the remaining time, and returns where to resume; empty if everything is done. */
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
