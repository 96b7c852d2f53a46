package com.cloudshelf.cart.testkit;

import java.net.URI;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/** A DynamoDB Local and the way to it. */
interface Connection {

    /** Returns the client that lives as long as the connection; always the same. */
    DynamoDbAsyncClient client();

    /** Whether there are an endpoint and a network for faults. */
    boolean isHttp();

    /** Returns where the server listens; not if there is no HTTP. */
    URI endpoint();

    /** Returns a builder of clients that speak through a network; not if there is no HTTP. */
    DynamoDbAsyncClientBuilder clientBuilder(Faults faults);

    /** Closes the client, ends all threads, and stops a server that runs in this JVM. */
    void close();
}
