package com.example.shop;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Locale;
import software.amazon.awssdk.core.metrics.CoreMetric;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.metrics.MetricRecord;

/**
 * A store's metrics as meters: {@code cart.call} is a timer, and each {@code CartX} becomes a counter {@code cart.x},
 * by operation.
 */
class MicrometerPublisher implements MetricPublisher {
    private final MeterRegistry registry;

    MicrometerPublisher(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void publish(MetricCollection call) {
        String operation = call.metricValues(CoreMetric.OPERATION_NAME).get(0);
        for (MetricRecord<?> record : call) {
            String name = record.metric().name();
            if (record.value() instanceof Duration duration && name.equals(CoreMetric.API_CALL_DURATION.name())) {
                String success = call.metricValues(CoreMetric.API_CALL_SUCCESSFUL).get(0).toString();
                registry.timer("cart.call", "operation", operation, "success", success).record(duration);
            } else if (record.value() instanceof Number number && name.startsWith("Cart")) {
                String meter = "cart." + name.substring("Cart".length()).toLowerCase(Locale.ROOT);
                registry.counter(meter, "operation", operation).increment(number.doubleValue());
            }
        }
    }

    @Override
    public void close() {}
}
