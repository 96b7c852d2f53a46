package com.cloudshelf.cart;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of {@link CartTable#verify CartTable.verify}: one check for each property of a cart table.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartTableReport {
    private final String tableName;
    private final List<Check> checks;

    /** The outcome of a check. */
    public enum Outcome {
        /** The table is as specified. */
        HELD,
        /** The table is not as specified. */
        DEVIATING,
        /** The property is unknown: the engine does not support it, or the caller lacks a permission. */
        NOT_CHECKED
    }

    /**
     * The comparison of one property.
     *
     * @param subject the property, such as {@code time to live}
     * @param outcome the outcome
     * @param found what the table has, or why that is unknown
     * @param consequence what a deviation leads to; empty if there is none
     * @param fix the AWS CLI command that fixes it, ready to paste into a shell; empty if there is nothing to do
     */
    public record Check(String subject, Outcome outcome, String found, String consequence, String fix) {}

    CartTableReport(String tableName, List<Check> checks) {
        this.tableName = tableName;
        this.checks = List.copyOf(checks);
    }

    /** Returns all checks in a fixed order; the list is unmodifiable. */
    public List<Check> checks() {
        return checks;
    }

    /**
     * Returns whether no check deviates. A check that was not made does not count as a deviation; see {@link
     * #checks()}.
     */
    public boolean isHeld() {
        return checks.stream().noneMatch(check -> check.outcome() == Outcome.DEVIATING);
    }

    /** Returns this value as a JSON-like map, which Jackson writes with or without the module. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("tableName", tableName);
        json.put("held", isHeld());
        json.put("checks", checks);
        return json;
    }

    /** Returns the report as text: a line for each check, followed for a deviation by the command that fixes it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("table ").append(tableName);
        for (Check check : checks) {
            text.append(System.lineSeparator())
                    .append(String.format("  %-11s %-22s %s", check.outcome(), check.subject(), check.found()));
            if (check.outcome() == Outcome.DEVIATING) {
                text.append("; ").append(check.consequence());
                text.append(System.lineSeparator()).append("    ").append(check.fix());
            }
        }
        return text.toString();
    }
}
