package com.cloudshelf.cart.testkit;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;

/** The operations of DynamoDB, as known to the AWS SDK client on the class path. */
final class Operations {
    private static final String REQUEST = "Request";
    private static final SortedSet<String> NAMES = Arrays.stream(DynamoDbAsyncClient.class.getMethods())
            .filter(method -> method.getReturnType() == CompletableFuture.class && method.getParameterCount() == 1)
            .map(method -> method.getParameterTypes()[0])
            .filter(DynamoDbRequest.class::isAssignableFrom)
            .map(type -> type.getSimpleName().substring(0, type.getSimpleName().length() - REQUEST.length()))
            .collect(Collectors.toCollection(TreeSet::new));

    private Operations() {}

    /** Throws unless DynamoDB has this operation. */
    static void check(String operation) {
        requireNonNull(operation, "operation");
        if (!NAMES.contains(operation)) {
            String similar = NAMES.stream()
                    .filter(name -> isSimilar(lower(name), lower(operation)))
                    .collect(Collectors.joining(" or "));
            throw new IllegalArgumentException("operation must be one of DynamoDB's, such as "
                    + (similar.isEmpty() ? "UpdateItem" : similar) + ", but is " + operation);
        }
    }

    private static boolean isSimilar(String name, String operation) {
        return !operation.isBlank() && (name.contains(operation) || operation.contains(name));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
