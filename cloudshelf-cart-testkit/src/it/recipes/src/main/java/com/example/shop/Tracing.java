package com.example.shop;

import com.cloudshelf.cart.DynamoDbCartStore;
import io.opentelemetry.context.Context;
import java.util.Map;
import org.slf4j.MDC;

/** The caller's trace and MDC around each step of a call, on any thread. */
final class Tracing {
    private Tracing() {}

    static DynamoDbCartStore.Builder traced(DynamoDbCartStore.Builder builder) {
        return builder.taskDecorator(step -> withMdc(withTrace(step)));
    }

    static Runnable withTrace(Runnable step) {
        return Context.current().wrap(step);
    }

    static Runnable withMdc(Runnable step) {
        Map<String, String> ofTheCaller = MDC.getCopyOfContextMap();
        return () -> {
            Map<String, String> ofTheThread = MDC.getCopyOfContextMap();
            set(ofTheCaller);
            try {
                step.run();
            } finally {
                set(ofTheThread);
            }
        };
    }

    private static void set(Map<String, String> context) {
        if (context == null) {
            MDC.clear();
        } else {
            MDC.setContextMap(context);
        }
    }
}
