package com.cloudshelf.cart.testkit;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Silences what the parts of DynamoDB Local would print on standard error. */
final class DynamoDbLocalLogs {
    // Held, or its level would be lost. SQLite's driver warns about hash codes if there are many tables.
    private static final Logger DRIVERS_MAP = Logger.getLogger("javolution.util");

    private DynamoDbLocalLogs() {}

    /** Must run before the first use of DynamoDB Local. */
    static void quieten() {
        quietenLog4j();
        if (DRIVERS_MAP.getLevel() == null) {
            DRIVERS_MAP.setLevel(Level.SEVERE);
        }
    }

    /** Keeps Log4j, which DynamoDB Local logs to, from warning that it has no backend. */
    private static void quietenLog4j() {
        String factory = "log4j2.loggerContextFactory";
        ClassLoader loader = DynamoDbLocalLogs.class.getClassLoader();
        boolean backend = loader.getResource("META-INF/services/org.apache.logging.log4j.spi.Provider") != null
                || loader.getResource("META-INF/log4j-provider.properties") != null;
        if (!backend && System.getProperty(factory) == null) {
            System.setProperty(factory, "org.apache.logging.log4j.simple.SimpleLoggerContextFactory");
        }
    }
}
