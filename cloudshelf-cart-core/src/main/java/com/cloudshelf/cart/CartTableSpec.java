package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The specification of a cart table. {@link CartTable#create CartTable.create} creates such a table, and {@link
 * CartTable#verify CartTable.verify} compares a live table with it.
 *
 * <p>Fixed: the partition key {@code userId} (S) without a sort key, on-demand capacity, encryption with the AWS
 * managed key, and time to live on {@code ttl}. Configurable: point-in-time recovery and deletion protection (both on
 * by default; switch them off for a test environment), and tags.
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
     * Returns the specification of a production table, which is also what the templates create without parameters:
     * {@code cloudshelf-shopping-cart}, with point-in-time recovery, deletion protection, and the tags {@code
     * Environment=production}, {@code Project=cloudshelf} and {@code Owner=cart-team}.
     */
    public static CartTableSpec defaults() {
        return DEFAULTS;
    }

    /**
     * Returns this specification with another table name.
     *
     * @throws IllegalArgumentException if it is blank
     */
    public CartTableSpec withTableName(String tableName) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /** Returns this specification with point-in-time recovery (continuous backups of the last 35 days) on or off. */
    public CartTableSpec withPointInTimeRecovery(boolean pointInTimeRecovery) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /** Returns this specification with protection against {@code DeleteTable} on or off. */
    public CartTableSpec withDeletionProtection(boolean deletionProtection) {
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, tags);
    }

    /**
     * Returns this specification with a tag. Replaces the value if the tag exists.
     *
     * @throws IllegalArgumentException if the key is blank
     */
    public CartTableSpec withTag(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(tags);
        more.put(Checks.id("tag key", key), requireNonNull(value, "tag value"));
        return new CartTableSpec(tableName, pointInTimeRecovery, deletionProtection, more);
    }

    /** Returns the name of the table. */
    public String tableName() {
        return tableName;
    }

    /** Returns whether the table has point-in-time recovery. */
    public boolean pointInTimeRecovery() {
        return pointInTimeRecovery;
    }

    /** Returns whether the table is protected against deletion. */
    public boolean deletionProtection() {
        return deletionProtection;
    }

    /** Returns the tags that the table must have; it may have others. The map is unmodifiable. */
    public Map<String, String> tags() {
        return tags;
    }

    /** Returns this value as a JSON-like map, which Jackson writes with or without the module. */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("tableName", tableName);
        json.put("pointInTimeRecovery", pointInTimeRecovery);
        json.put("deletionProtection", deletionProtection);
        json.put("tags", tags);
        return json;
    }
}
