package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartTableReport.Outcome;
import com.cloudshelf.cart.TableChecks.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveDescription;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;

/** The outcome of each check by what DynamoDB says of a table. */
class TableChecksTest {
    private final TableDescription.Builder table = TableDescription.builder()
            .tableStatus(TableStatus.ACTIVE)
            .keySchema(key("userId", KeyType.HASH))
            .attributeDefinitions(attribute("userId", ScalarAttributeType.S));
    private final TimeToLiveDescription.Builder ttl =
            TimeToLiveDescription.builder().attributeName("ttl").timeToLiveStatus(TimeToLiveStatus.ENABLED);

    private static KeySchemaElement key(String name, KeyType type) {
        return KeySchemaElement.builder().attributeName(name).keyType(type).build();
    }

    private static AttributeDefinition attribute(String name, ScalarAttributeType type) {
        return AttributeDefinition.builder()
                .attributeName(name)
                .attributeType(type)
                .build();
    }

    private Outcome outcome(String subject) {
        TableChecks.Facts facts = new TableChecks.Facts(CartTableSpec.defaults());
        facts.describe(table.build());
        facts.setTimeToLive(ttl.build());
        for (Source source : Source.values()) {
            facts.answered(source);
        }
        return TableChecks.of(facts).stream()
                .filter(check -> check.subject().equals(subject))
                .findFirst()
                .orElseThrow()
                .outcome();
    }

    @ParameterizedTest
    @EnumSource(value = TableStatus.class, mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN_TO_SDK_VERSION")
    void status_activeOrUpdating_holds(TableStatus status) {
        table.tableStatus(status);

        boolean serves = status == TableStatus.ACTIVE || status == TableStatus.UPDATING;
        assertThat(outcome("status")).isEqualTo(serves ? Outcome.HELD : Outcome.DEVIATING);
    }

    @Test
    void key_userIdAlone_holds() {
        assertThat(outcome("key")).isEqualTo(Outcome.HELD);
    }

    @Test
    void key_withASortKey_deviates() {
        table.keySchema(key("userId", KeyType.HASH), key("bookId", KeyType.RANGE))
                .attributeDefinitions(
                        attribute("userId", ScalarAttributeType.S), attribute("bookId", ScalarAttributeType.S));

        assertThat(outcome("key")).isEqualTo(Outcome.DEVIATING);
    }

    @Test
    void key_ofAnotherNameOrType_deviates() {
        table.keySchema(key("customerId", KeyType.HASH))
                .attributeDefinitions(attribute("customerId", ScalarAttributeType.S));
        assertThat(outcome("key")).isEqualTo(Outcome.DEVIATING);

        table.keySchema(key("userId", KeyType.HASH)).attributeDefinitions(attribute("userId", ScalarAttributeType.N));
        assertThat(outcome("key")).isEqualTo(Outcome.DEVIATING);
    }

    @ParameterizedTest
    @CsvSource({
        "ENABLED, ttl, HELD",
        "ENABLING, ttl, HELD",
        "ENABLED, expires, DEVIATING",
        "DISABLING, ttl, DEVIATING",
        "DISABLED, , DEVIATING"
    })
    void timeToLive_onByTheAttributeOfCarts_holds(TimeToLiveStatus status, String attribute, Outcome outcome) {
        ttl.timeToLiveStatus(status).attributeName(attribute);

        assertThat(outcome("time to live")).isEqualTo(outcome);
    }
}
