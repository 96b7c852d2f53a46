package com.cloudshelf.cart.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class FailureReportTest {
    private final LocalDynamoDb server = LocalDynamoDb.shared();

    @Test
    void report_emptyTable_saysSo() {
        String table = server.createCartTable();
        assertThat(report(table))
                .isEqualTo("A failed. Items of its table " + table + ":\n  none\nRequests of its store: 0\n");
    }

    @Test
    void report_noNetwork_saysThatRequestsAreNotRecorded() {
        String table = server.createCartTable();
        assertThat(FailureReport.of("A", table, server.client(), null))
                .isEqualTo("A failed. Items of its table " + table + ":\n  none\n"
                        + "Requests of its store: not recorded, because the embedded client sends none\n");
    }

    @Test
    void report_tableGone_saysSoAndDoesNotFail() {
        assertThat(report("no-such-table")).contains("cannot be read").contains("Requests of its store: 0");
    }

    @Test
    void report_everyTypeOfAttribute_isReadable() {
        String table = server.createCartTable();
        server.client()
                .putItem(put -> put.tableName(table)
                        .item(Map.of(
                                "userId", AttributeValue.fromS("user1"),
                                "a", AttributeValue.fromN("1.5"),
                                "b", AttributeValue.fromB(SdkBytes.fromUtf8String("abc")),
                                "c", AttributeValue.fromM(Map.of("d", AttributeValue.fromBool(true))),
                                "e", AttributeValue.builder().ss("x").build(),
                                "f", AttributeValue.builder().ns("7").build(),
                                "g", AttributeValue.fromNul(true),
                                "h",
                                        AttributeValue.fromBs(List.of(
                                                SdkBytes.fromUtf8String("a"), SdkBytes.fromUtf8String("bcd"))))))
                .join();

        assertThat(report(table))
                .contains(
                        "\n  userId = {S: \"user1\"}\n    a = {N: 1.5}\n    b = {B: 3 bytes}\n    c = {M: {d: {BOOL: true}}}\n"
                                + "    e = {SS: [x]}\n    f = {NS: [7]}\n    g = {NULL: true}\n"
                                + "    h = {BS: [1 bytes, 3 bytes]}\n");
    }

    private String report(String table) {
        try (Faults faults = Faults.none()) {
            return FailureReport.of("A", table, server.client(), faults);
        }
    }
}
