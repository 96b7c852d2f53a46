package com.cloudshelf.cart.testkit;

import java.net.BindException;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/** DynamoDB Local and its Jetty in this JVM. A class of its own, so that users of another server load none of it. */
final class EmbeddedServer {
    private final DynamoDBProxyServer server;
    private final int port;

    private EmbeddedServer(DynamoDBProxyServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /** Starts a server; on any free port if the port is 0. */
    static EmbeddedServer start(String host, int port) {
        DynamoDbLocalLogs.quieten();
        LocalDynamoDBServerHandler handler = newHandler();
        DynamoDBProxyServer server = new DynamoDBProxyServer(port, handler);
        Server jetty = handler.getServer();
        ServerConnector connector = (ServerConnector) jetty.getConnectors()[0];
        connector.setHost(host);
        if (jetty.getThreadPool() instanceof QueuedThreadPool threads) {
            threads.setName("local-dynamodb");
            // Jetty need not keep a JVM alive. What DynamoDB Local starts besides it does, until the server is
            // closed.
            threads.setDaemon(true);
        }
        try {
            // Not start(): it prints a failed bind and continues.
            server.safeStart();
        } catch (Exception e) {
            stop(server);
            throw new IllegalStateException(failure(e, host, port), e);
        }
        return new EmbeddedServer(server, connector.getLocalPort());
    }

    int port() {
        return port;
    }

    void stop() {
        stop(server);
    }

    private static LocalDynamoDBServerHandler newHandler() {
        boolean inMemory = true;
        boolean sharedByAllRegionsAndKeys = true;
        boolean delayTransientStatuses = false;
        return new LocalDynamoDBServerHandler(
                new LocalDynamoDBRequestHandler(0, inMemory, null, sharedByAllRegionsAndKeys, delayTransientStatuses),
                null);
    }

    private static String failure(Exception e, String host, int port) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return "DynamoDB Local cannot listen on " + host + ":" + port + " (" + cause.getMessage()
                        + "): free the port, choose another one, or let start() find one";
            }
        }
        return "DynamoDB Local did not start: " + e;
    }

    private static void stop(DynamoDBProxyServer server) {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("DynamoDB Local did not stop: " + e, e);
        }
    }
}
