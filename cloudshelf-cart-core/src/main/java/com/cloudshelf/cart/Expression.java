package com.cloudshelf.cart;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Collects the clauses of an update and of its condition, with short placeholders, because they are sent with every
 * request.
 */
final class Expression {
    /** Large enough for an update of one line. A buffer that grows is copied. */
    private static final int USUAL_CHARS = 320;

    private static final int USUAL_VALUES = 24;

    private static final String[] PLACEHOLDERS = new String[USUAL_VALUES];

    static {
        for (int i = 0; i < USUAL_VALUES; i++) {
            PLACEHOLDERS[i] = placeholder(i);
        }
    }

    final Map<String, String> names = new HashMap<>();
    final Map<String, AttributeValue> values = new HashMap<>(USUAL_VALUES * 4 / 3);
    private final StringBuilder set = new StringBuilder(USUAL_CHARS);
    private final StringBuilder add = new StringBuilder();
    private final StringBuilder remove = new StringBuilder();
    private final StringBuilder delete = new StringBuilder();
    private final StringBuilder condition = new StringBuilder(USUAL_CHARS);
    private boolean open = true;

    /** Returns one of the library's attributes as it is written in an expression. */
    String name(String attribute) {
        String alias = aliasOf(attribute);
        if (alias == null) {
            return attribute;
        }
        names.put(alias, attribute);
        return alias;
    }

    /** Two reserved words of DynamoDB, and a name that occurs so often that a placeholder is shorter. */
    private static @Nullable String aliasOf(String attribute) {
        if (attribute.equals(ItemFormat.CART_ITEMS)) {
            return "#c";
        }
        if (attribute.equals(ItemFormat.TTL)) {
            return "#t";
        }
        return attribute.equals(ItemFormat.FORMAT) ? "#f" : null;
    }

    /** Returns a new placeholder for any name, including reserved words and unusual characters. */
    String alias(String anyName) {
        String alias = "#n" + names.size();
        names.put(alias, anyName);
        return alias;
    }

    String value(AttributeValue value) {
        int index = values.size();
        String placeholder = index < PLACEHOLDERS.length ? PLACEHOLDERS[index] : placeholder(index);
        values.put(placeholder, value);
        return placeholder;
    }

    private static String placeholder(int index) {
        return ":" + Integer.toString(10 + index, Character.MAX_RADIX);
    }

    void set(String attribute, AttributeValue value) {
        assign(name(attribute), value(value));
    }

    void setIfAbsent(String attribute, String value) {
        assign(name(attribute), "if_not_exists(" + name(attribute) + "," + value + ")");
    }

    void assign(String path, String expression) {
        clause(set, "SET ").append(path).append('=').append(expression);
    }

    void add(String attribute, String value) {
        clause(add, " ADD ").append(name(attribute)).append(' ').append(value);
    }

    void delete(String attribute, AttributeValue value) {
        clause(delete, " DELETE ").append(name(attribute)).append(' ').append(value(value));
    }

    void remove(String path) {
        clause(remove, " REMOVE ").append(path);
    }

    private static StringBuilder clause(StringBuilder clause, String keyword) {
        return clause.append(clause.length() == 0 ? keyword : ",");
    }

    /** Appends a piece of the condition as it is. */
    void require(String piece) {
        condition.append(piece);
        open = true;
    }

    void and(String clause) {
        condition.append(open ? "" : " AND ").append(clause);
        open = false;
    }

    void pin(String path, @Nullable AttributeValue seen) {
        if (seen == null) {
            and("attribute_not_exists(" + path + ")");
        } else {
            and(path);
            condition.append('=').append(value(seen));
        }
    }

    String update() {
        return set.toString() + remove + add + delete;
    }

    String condition() {
        return condition.toString();
    }
}
