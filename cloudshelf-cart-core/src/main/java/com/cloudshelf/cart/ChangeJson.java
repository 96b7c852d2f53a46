package com.cloudshelf.cart;

import java.util.LinkedHashMap;
import java.util.Map;

/** The names in the JSON of updates and changes, which {@code CartJson} describes. */
final class ChangeJson {
    static final String CHANGES = "changes";
    static final String IF_VERSION = "ifVersion";
    static final String IDEMPOTENCY_KEY = "idempotencyKey";
    static final String WITHIN = "within";

    static final String TYPE = "type";
    static final String ITEM = "item";
    static final String NAME = "name";
    static final String VALUE = "value";
    static final String QUANTITIES = "quantities";

    private ChangeJson() {}

    /** Returns a change as a map, in this order. */
    static Map<String, Object> of(String type, Object... namesAndValues) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(TYPE, type);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            json.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return json;
    }
}
