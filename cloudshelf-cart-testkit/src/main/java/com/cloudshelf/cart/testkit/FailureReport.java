package com.cloudshelf.cart.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;

/**
 * What a failed test left behind, as text: the items of its table and the requests of its store, at most a screenful.
 */
final class FailureReport {
    private static final int MAX_ITEMS = 10;
    private static final int MAX_ITEM_LINES = 24;
    private static final int MAX_REQUEST_LINES = 12;
    private static final int MAX_COLUMNS = 160;
    private static final int PATIENCE_SECONDS = 5;

    private FailureReport() {}

    /** Without the network of the store, its requests are unknown. */
    static String of(String test, String table, DynamoDbAsyncClient client, @Nullable Faults faults) {
        List<String> lines = new ArrayList<>();
        lines.add(test + " failed. Items of its table " + table + ":");
        lines.addAll(items(table, client));
        if (faults == null) {
            lines.add("Requests of its store: not recorded, because the embedded client sends none");
        } else {
            lines.addAll(requests(faults.sent()));
            faults.unmet().forEach(fault -> lines.add("No request met " + fault));
        }
        return lines.stream().map(FailureReport::cut).collect(Collectors.joining("\n", "", "\n"));
    }

    private static List<String> requests(List<SentRequest> sent) {
        List<String> lines = new ArrayList<>();
        lines.add("Requests of its store: " + sent.size());
        int first = Math.max(0, sent.size() - MAX_REQUEST_LINES);
        if (first > 0) {
            lines.add("  ... " + first + " earlier");
        }
        sent.subList(first, sent.size()).forEach(request -> lines.add("  " + request));
        return lines;
    }

    private static List<String> items(String table, DynamoDbAsyncClient client) {
        ScanResponse found;
        try {
            found = client.scan(
                            scan -> scan.tableName(table).consistentRead(true).limit(MAX_ITEMS))
                    .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .join();
        } catch (RuntimeException e) {
            return List.of("  cannot be read: " + e.getMessage());
        }
        if (found.items().isEmpty()) {
            return List.of("  none");
        }
        List<String> lines = new ArrayList<>();
        for (Map<String, AttributeValue> item : found.items()) {
            String indent = "  ";
            for (Map.Entry<String, AttributeValue> attribute : keyFirst(item).entrySet()) {
                AttributeValue value = attribute.getValue();
                if (value.hasL()) {
                    lines.add(indent + attribute.getKey() + " = list of "
                            + value.l().size());
                    value.l().forEach(element -> lines.add("      " + text(element)));
                } else {
                    lines.add(indent + attribute.getKey() + " = " + text(value));
                }
                indent = "    ";
            }
        }
        if (lines.size() > MAX_ITEM_LINES) {
            lines.subList(MAX_ITEM_LINES, lines.size()).clear();
            lines.add("  ... and more");
        } else if (found.hasLastEvaluatedKey()) {
            lines.add("  ... and more");
        }
        return lines;
    }

    private static Map<String, AttributeValue> keyFirst(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> sorted = new TreeMap<>((one, other) -> one.equals("userId")
                ? (other.equals("userId") ? 0 : -1)
                : other.equals("userId") ? 1 : one.compareTo(other));
        sorted.putAll(item);
        return sorted;
    }

    /** Returns a value in the notation of DynamoDB's own tools. */
    private static String text(AttributeValue value) {
        return switch (value.type()) {
            case S -> "{S: \"" + value.s() + "\"}";
            case N -> "{N: " + value.n() + "}";
            case L -> value.l().stream().map(FailureReport::text).collect(Collectors.joining(", ", "{L: [", "]}"));
            case M ->
                new TreeMap<>(value.m())
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + ": " + text(entry.getValue()))
                                .collect(Collectors.joining(", ", "{M: {", "}}"));
            case SS -> "{SS: " + value.ss() + "}";
            case NS -> "{NS: " + value.ns() + "}";
            case BOOL -> "{BOOL: " + value.bool() + "}";
            case NUL -> "{NULL: " + value.nul() + "}";
            case B -> "{B: " + length(value.b()) + "}";
            case BS -> "{BS: " + value.bs().stream().map(FailureReport::length).toList() + "}";
            default -> value.toString();
        };
    }

    private static String length(SdkBytes bytes) {
        return bytes.asByteArrayUnsafe().length + " bytes";
    }

    private static String cut(String line) {
        String oneLine = line.replace('\n', ' ').replace('\r', ' ');
        return oneLine.length() <= MAX_COLUMNS ? oneLine : oneLine.substring(0, MAX_COLUMNS - 4) + " ...";
    }
}
