package com.example.shop;

import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.metrics.MetricRecord;
import software.amazon.lambda.powertools.metrics.Metrics;
import software.amazon.lambda.powertools.metrics.model.MetricUnit;

/** A store's counters as metrics of Powertools for AWS Lambda, flushed together with the function's own. */
final class PowertoolsPublisher implements MetricPublisher {
    private final Metrics metrics;

    /** Takes {@code MetricsFactory.getMetricsInstance()}. */
    PowertoolsPublisher(Metrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void publish(MetricCollection call) {
        for (MetricRecord<?> record : call) {
            String name = record.metric().name();
            if (record.value() instanceof Number number && number.doubleValue() > 0 && name.startsWith("Cart")) {
                metrics.addMetric(name, number.doubleValue(), MetricUnit.COUNT);
            }
        }
    }

    @Override
    public void close() {}
}
