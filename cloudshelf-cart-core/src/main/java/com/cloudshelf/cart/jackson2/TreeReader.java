package com.cloudshelf.cart.jackson2;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads a value through its maps, lists, strings and numbers, and never more of them than any value can have. */
final class TreeReader<T> extends JsonDeserializer<T> {
    private final Class<T> type;
    private final Function<Map<String, @Nullable Object>, ?> value;

    TreeReader(Class<T> type, Function<Map<String, @Nullable Object>, ?> value) {
        this.type = type;
        this.value = value;
    }

    @Override
    public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
        if (!in.hasToken(JsonToken.START_OBJECT) && !in.hasToken(JsonToken.FIELD_NAME)) {
            throw MismatchedInputException.from(in, type, "a " + type.getSimpleName() + " must be an object");
        }
        try {
            return checked(value.apply(new Tree(in).object(0)));
        } catch (IllegalArgumentException e) {
            throw refusal(in, type, e);
        }
    }

    private T checked(@Nullable Object read) {
        if (!type.isInstance(read)) {
            throw new IllegalArgumentException("type must be that of " + type.getSimpleName());
        }
        return type.cast(read);
    }

    /** Reports an error in the way that Jackson's callers know. */
    static MismatchedInputException refusal(JsonParser in, Class<?> type, IllegalArgumentException cause) {
        MismatchedInputException refusal = MismatchedInputException.from(in, type, cause.getMessage());
        refusal.initCause(cause);
        return refusal;
    }

    /** One reading. Limits come before work: the length of texts and numbers is checked first. */
    private static final class Tree {
        /**
         * A cart, its lines and a line, and 16 levels of an attribute; or an update, its changes and a change, and the
         * same.
         */
        private static final int MAX_DEPTH = 24;

        /** A DynamoDB number without an exponent has up to 170 characters. A longer one is out of range or padded. */
        private static final int MAX_NUMBER_LENGTH = 200;

        /** An item has at most 400 KB, most of it text. */
        private static final int MAX_LENGTH = 1 << 20;

        private final JsonParser in;
        private int length;

        Tree(JsonParser in) {
            this.in = in;
        }

        /** Reads an object, whose start may already have been read. */
        Map<String, @Nullable Object> object(int depth) throws IOException {
            if (in.hasToken(JsonToken.START_OBJECT)) {
                in.nextToken();
            }
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            for (; in.hasToken(JsonToken.FIELD_NAME); in.nextToken()) {
                String name = in.currentName();
                count(name.length());
                if (map.containsKey(name)) {
                    throw new IllegalArgumentException("an object has a duplicate name");
                }
                in.nextToken();
                map.put(name, value(depth + 1));
            }
            return map;
        }

        private List<@Nullable Object> list(int depth) throws IOException {
            List<@Nullable Object> list = new ArrayList<>();
            while (in.nextToken() != JsonToken.END_ARRAY) {
                list.add(value(depth + 1));
            }
            return list;
        }

        private @Nullable Object value(int depth) throws IOException {
            count(1);
            if (depth > MAX_DEPTH) {
                throw new IllegalArgumentException("objects are nested deeper than in any cart");
            }
            return switch (in.currentToken()) {
                case START_OBJECT -> object(depth);
                case START_ARRAY -> list(depth);
                case VALUE_STRING -> {
                    count(in.getTextLength());
                    yield in.getText();
                }
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                    if (in.getTextLength() > MAX_NUMBER_LENGTH || in.isNaN()) {
                        throw new IllegalArgumentException(
                                "a number must be finite, and have at most " + MAX_NUMBER_LENGTH + " characters");
                    }
                    yield in.getDecimalValue();
                }
                case VALUE_TRUE -> true;
                case VALUE_FALSE -> false;
                case VALUE_NULL -> null;
                default -> throw new IllegalArgumentException("a value is not a JSON value");
            };
        }

        private void count(int more) {
            if (more > MAX_LENGTH - length) {
                throw new IllegalArgumentException("the content is larger than any cart");
            }
            length += more;
        }
    }
}
