package com.cloudshelf.cart.jackson2;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.type.WritableTypeId;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Writes a value through its maps, lists, strings and numbers. */
final class TreeWriter<T> extends JsonSerializer<T> {
    private final Function<T, ?> tree;

    TreeWriter(Function<T, ?> tree) {
        this.tree = tree;
    }

    @Override
    public void serialize(T value, JsonGenerator out, SerializerProvider provider) throws IOException {
        write(tree.apply(value), out);
    }

    /** Writes the value with its type, for mappers with polymorphic types such as those of caches. */
    @Override
    public void serializeWithType(T value, JsonGenerator out, SerializerProvider provider, TypeSerializer types)
            throws IOException {
        Object node = tree.apply(value);
        JsonToken shape = node instanceof Map ? JsonToken.START_OBJECT : JsonToken.VALUE_STRING;
        WritableTypeId id = types.writeTypePrefix(out, types.typeId(value, shape));
        if (node instanceof Map<?, ?> map) {
            writeFields(map, out); // the type comes between the start of the object and its fields
        } else {
            write(node, out);
        }
        types.writeTypeSuffix(out, id);
    }

    private static void write(Object node, JsonGenerator out) throws IOException {
        if (node instanceof Map<?, ?> map) {
            out.writeStartObject();
            writeFields(map, out);
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

    private static void writeFields(Map<?, ?> map, JsonGenerator out) throws IOException {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.writeFieldName((String) entry.getKey());
            write(entry.getValue(), out);
        }
    }
}
