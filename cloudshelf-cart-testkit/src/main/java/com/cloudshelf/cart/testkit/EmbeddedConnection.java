package com.cloudshelf.cart.testkit;

import java.net.URI;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.dynamodb.services.local.embedded.DynamoDBEmbedded;
import software.amazon.dynamodb.services.local.shared.access.AmazonDynamoDBLocal;

/** A DynamoDB Local in this JVM behind its own client: method calls instead of HTTP. */
final class EmbeddedConnection implements Connection {
    private final AmazonDynamoDBLocal database;

    private EmbeddedConnection(AmazonDynamoDBLocal database) {
        this.database = database;
    }

    static EmbeddedConnection open() {
        DynamoDbLocalLogs.quieten();
        boolean withoutTelemetry = true;
        try {
            return new EmbeddedConnection(DynamoDBEmbedded.create(withoutTelemetry));
        } catch (RuntimeException | LinkageError e) {
            throw new IllegalStateException("The embedded client of DynamoDB Local did not start: " + e, e);
        }
    }

    @Override
    public DynamoDbAsyncClient client() {
        return database.dynamoDbAsyncClient();
    }

    @Override
    public boolean isHttp() {
        return false;
    }

    @Override
    public URI endpoint() {
        throw withoutHttp("an endpoint");
    }

    @Override
    public DynamoDbAsyncClientBuilder clientBuilder(Faults faults) {
        throw withoutHttp("Faults");
    }

    @Override
    public void close() {
        database.shutdown();
    }

    @Override
    public String toString() {
        return "the embedded client";
    }

    static IllegalStateException withoutHttp(String what) {
        return new IllegalStateException("There is no HTTP for " + what + ": the system property "
                + LocalDynamoDb.ENDPOINT_PROPERTY + " or the environment variable " + LocalDynamoDb.ENDPOINT_VARIABLE
                + " selects the embedded client of DynamoDB Local. Use its client(), unset it, or set it to the endpoint of a"
                + " DynamoDB Local that runs elsewhere");
    }
}
