package com.cloudshelf.cart.jackson3;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;

/** Writes a value through its maps, lists, strings and numbers. */
final class TreeWriter<T> extends ValueSerializer<T> {
    private final Function<T, ?> tree;

    TreeWriter(Function<T, ?> tree) {
        this.tree = tree;
    }

    @Override
    public void serialize(T value, JsonGenerator out, SerializationContext context) {
        write(tree.apply(value), out);
    }

    private static void write(Object node, JsonGenerator out) {
        if (node instanceof Map<?, ?> map) {
            out.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.writeName((String) entry.getKey());
                write(entry.getValue(), out);
            }
            out.writeEndObject();
        } else if (node instanceof List<?> list) {
            out.writeStartArray();
            for (Object element : list) {
                write(element, out);
            }
            out.writeEndArray();
        } else if (node instanceof BigDecimal number && number.scale() > 0) {
            out.writeNumber(number);
        } else if (node instanceof BigDecimal number) {
            out.writeNumber(number.toBigIntegerExact()); // as a decimal, 100 would become 1E+2 in a JsonNode
        } else if (node instanceof Long number) {
            out.writeNumber(number);
        } else if (node instanceof Integer number) {
            out.writeNumber(number);
        } else if (node instanceof Boolean bool) {
            out.writeBoolean(bool);
        } else {
            out.writeString((String) node);
        }
    }
}
