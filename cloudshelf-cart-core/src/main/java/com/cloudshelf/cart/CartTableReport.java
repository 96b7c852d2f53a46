package com.cloudshelf.cart;

import java.util.List;

/**
 * What {@link CartTable#verify} found: one check for each thing that a cart table must have.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartTableReport {
    private final String tableName;
    private final List<Check> checks;

    /** How a check went. */
    public enum Outcome {
        /** The table is as specified. */
        HELD,
        /** The table is not as specified. */
        DEVIATING,
        /** The engine or the caller's permissions gave no answer, so nothing is known. */
        NOT_CHECKED
    }

    /**
     * One thing that was compared.
     *
     * @param subject what, such as {@code time to live}
     * @param outcome how it went
     * @param found what the table has, or why it could not be seen
     * @param consequence what follows from a deviation; empty if there is none
     * @param fix the command of the AWS CLI that mends it, fit to be pasted into a shell; empty if there is nothing to do
     */
    public record Check(String subject, Outcome outcome, String found, String consequence, String fix) {}

    CartTableReport(String tableName, List<Check> checks) {
        this.tableName = tableName;
        this.checks = List.copyOf(checks);
    }

    /** Returns all checks, in a fixed order; the list cannot be modified. */
    public List<Check> checks() {
        return checks;
    }

    /** Returns whether no check deviates. A check that could not be made is no deviation: look at {@link #checks()}. */
    public boolean isHeld() {
        return checks.stream().noneMatch(check -> check.outcome() == Outcome.DEVIATING);
    }

    /** Returns the report as text: one line for each check, and below a deviation the command that mends it. */
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
