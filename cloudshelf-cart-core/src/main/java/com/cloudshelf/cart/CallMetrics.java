package com.cloudshelf.cart;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.metrics.CoreMetric;
import software.amazon.awssdk.metrics.MetricCategory;
import software.amazon.awssdk.metrics.MetricCollector;
import software.amazon.awssdk.metrics.MetricLevel;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.metrics.SdkMetric;

/**
 * Reports a call to the store's metric publisher when it ends: one collection per call, under the SDK's own names for
 * service and operation, so that the SDK's publishers for CloudWatch and EMF use the usual dimensions.
 *
 * <p>In its own class, so that a store without a publisher loads none of this.
 */
final class CallMetrics {
    private static final SdkMetric<Integer> REQUESTS = counter(CartMetrics.REQUESTS);
    private static final SdkMetric<Integer> CONFLICTS = counter(CartMetrics.CONFLICTS);
    private static final SdkMetric<Integer> THROTTLES = counter(CartMetrics.THROTTLES);
    private static final SdkMetric<Integer> RECOVERED_WRITES = counter(CartMetrics.RECOVERED_WRITES);
    private static final SdkMetric<Integer> UNKNOWN_OUTCOMES = counter(CartMetrics.UNKNOWN_OUTCOMES);
    private static final SdkMetric<Integer> DRIFTS = counter(CartMetrics.DRIFTS);
    private static final SdkMetric<Integer> STALE_INDEXES = counter(CartMetrics.STALE_INDEXES);
    private static final SdkMetric<Integer> HEDGES = counter(CartMetrics.HEDGES);
    private static final SdkMetric<Integer> HEDGES_WON = counter(CartMetrics.HEDGES_WON);

    private CallMetrics() {}

    private static SdkMetric<Integer> counter(String name) {
        return SdkMetric.create(name, Integer.class, MetricLevel.INFO, MetricCategory.CUSTOM);
    }

    static void publish(MetricPublisher publisher, String operation, Tally tally, @Nullable Throwable failure) {
        MetricCollector collector = MetricCollector.create("CartCall");
        collector.reportMetric(CoreMetric.SERVICE_ID, "CloudShelfCart");
        collector.reportMetric(CoreMetric.OPERATION_NAME, operation);
        collector.reportMetric(CoreMetric.API_CALL_SUCCESSFUL, failure == null);
        collector.reportMetric(CoreMetric.API_CALL_DURATION, Duration.ofNanos(System.nanoTime() - tally.start));
        collector.reportMetric(REQUESTS, tally.requests);
        collector.reportMetric(CONFLICTS, tally.conflicts);
        collector.reportMetric(THROTTLES, tally.throttles);
        collector.reportMetric(RECOVERED_WRITES, tally.recovered);
        collector.reportMetric(UNKNOWN_OUTCOMES, failure instanceof CartOutcomeUnknownException ? 1 : 0);
        collector.reportMetric(DRIFTS, tally.drifts);
        collector.reportMetric(STALE_INDEXES, tally.staleIndexes);
        collector.reportMetric(HEDGES, tally.hedges);
        collector.reportMetric(HEDGES_WON, tally.hedgesWon);
        publisher.publish(collector.collect());
    }

    /** The counts of a call. Not thread-safe, because a call runs one step after the other. */
    static final class Tally {
        final long start = System.nanoTime();
        int requests;
        int conflicts;
        int throttles;
        int recovered;
        int drifts;
        int staleIndexes;
        int hedges;
        int hedgesWon;
    }
}
