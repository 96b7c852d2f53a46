package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a cart table is to be: what {@link CartTable#create} makes, and {@link CartTable#verify} compares a live table with.
 *
 * <p>Always: the partition key {@code userId} (S) and no sort key, on-demand capacity, encryption with the AWS managed key, and
 * time to live on {@code ttl}. By choice: point-in-time recovery and deletion protection (both on unless switched off, say for a
 * test environment), and tags.
 *
 * <p>Immutable and thread-safe.
 */
public final class CartTableSpec {
    private static final CartTableSpec DEFAULTS = new CartTableSpec("cloudshelf-shopping-cart", true, true, Map.of())
            .withTag("Environment", "production")
            .withTag("Project", "cloudshelf")
            .withTag("Owner", "cart-team");

    private final String tableName;
    private final boolean pointInTimeRecovery;
    private final boolean deletionProtection;
    private final Map<String, String> tags;

    private CartTableSpec(
            String tableName, boolean pointInTimeRecovery, boolean deletionProtection, Map<String, String> tags) {
        this.tableName = Checks.id("tableName", tableName);
        this.pointInTimeRecovery = pointInTimeRecovery;
        this.deletionProtection = deletionProtection;
        this.tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    }

    /**
     * Returns the specification of a production table, the one that the templates make if they are given no parameters: {@code
     * cloudshelf-shopping-cart}, with point-in-time recovery, deletion protection, and the tags {@code Environment=production},
     * {@code Project=cloudshelf} and {@code Owner=cart-team}.
     */
    public static CartTableSpec defaults() {
        return DEFAULTS;
    }

    /** Returns this specification for a table of another name. */
    public CartTableSpec withTableName(String tableName) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /** Returns this specification with continuous backups for the last 35 days on or off. */
    public CartTableSpec withPointInTimeRecovery(boolean pointInTimeRecovery) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /** Returns this specification with the protection against {@code DeleteTable} on or off. */
    public CartTableSpec withDeletionProtection(boolean deletionProtection) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /** Returns this specification with one more tag, or another value for it. */
    public CartTableSpec withTag(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(tags);
        more.put(Checks.id("tag key", key), requireNonNull(value, "tag value"));
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, more);
    }

    /** Returns the name of the table. */
    public String tableName() {
        return tableName;
    }

    /** Returns whether the table is to have continuous backups. */
    public boolean pointInTimeRecovery() {
        return pointInTimeRecovery;
    }

    /** Returns whether the table is to be protected from deletion. */
    public boolean deletionProtection() {
        return deletionProtection;
    }

    /** Returns the tags that the table is to have, among others; the map cannot be modified. */
    public Map<String, String> tags() {
        return tags;
    }
}
