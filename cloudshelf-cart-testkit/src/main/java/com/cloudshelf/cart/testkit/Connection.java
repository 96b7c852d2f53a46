package com.cloudshelf.cart.testkit;

import java.net.URI;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/** A DynamoDB Local and the way to it. */
interface Connection {

    /** Returns the client that lives as long as the connection; always the same. */
    DynamoDbAsyncClient client();

    /** Whether there is an endpoint, and a network for faults. */
    boolean isHttp();

    /** Returns where the server listens. Not available without HTTP. */
    URI endpoint();

    /** Returns a builder of clients on a faulty network. Not available without HTTP. */
    DynamoDbAsyncClientBuilder clientBuilder(Faults faults);

    /** Closes the client, ends all threads, and stops a server that runs in this JVM. */
    void close();
}
