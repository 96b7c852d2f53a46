package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The values of a JSON object that is being read, and its path. */
record JsonFields(String path, Map<String, ? extends @Nullable Object> values) {
    /** Longer than any time or duration. The JDK's parsers never get a longer text. */
    private static final int MAX_TIME_LENGTH = 64;

    JsonFields {
        requireNonNull(values, "json");
    }

    Refusal refusal(String name, String rule) {
        return new Refusal(pathOf(name) + " " + rule, null);
    }

    private String pathOf(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** Creates a value whose own message already names the field. */
    <T> T checked(Supplier<T> value) {
        try {
            return value.get();
        } catch (Refusal e) {
            throw e;
        } catch (IllegalArgumentException | IllegalStateException | NullPointerException e) {
            throw new Refusal((path.isEmpty() ? "" : path + ": ") + e.getMessage(), e);
        }
    }

    JsonFields only(String... names) {
        Set<String> known = Set.of(names);
        for (String name : values.keySet()) {
            if (!known.contains(name)) {
                throw new Refusal(
                        (path.isEmpty() ? "" : path + ": ")
                                + "a name is unknown; known names are "
                                + String.join(", ", names),
                        null);
            }
        }
        return this;
    }

    Object any(String name) {
        Object value = values.get(name);
        if (value == null) {
            throw refusal(name, "is missing");
        }
        return value;
    }

    /** Returns the value of an attribute. */
    Object attribute(String name) {
        return requireNonNull(Attributes.ofJson(Map.of(name, any(name))).asMap().get(name));
    }

    String text(String name) {
        any(name);
        return requireNonNull(textOrNull(name));
    }

    @Nullable
    String textOrNull(String name) {
        Object value = values.get(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw refusal(name, "must be a string");
    }

    BigDecimal number(String name) {
        any(name);
        return requireNonNull(numberOrNull(name));
    }

    @Nullable
    BigDecimal numberOrNull(String name) {
        Object value = values.get(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof Number number)) {
            throw refusal(name, "must be a number");
        }
        try {
            return Decimal.ofAttribute(number);
        } catch (IllegalArgumentException e) {
            throw new Refusal(pathOf(name) + " " + e.getMessage(), e);
        }
    }

    int whole(String name) {
        try {
            return number(name).intValueExact();
        } catch (ArithmeticException e) {
            throw new Refusal(pathOf(name) + " must be a whole number, at most " + Integer.MAX_VALUE, e);
        }
    }

    Map<String, Integer> wholes() {
        Map<String, Integer> wholes = new LinkedHashMap<>();
        for (String name : values.keySet()) {
            try {
                wholes.put(name, whole(name));
            } catch (Refusal e) {
                throw new Refusal(path + " must be whole numbers by book ID", null); // the ID stays out of the message
            }
        }
        return wholes;
    }

    @Nullable
    Instant timeOrNull(String name) {
        String text = textOrNull(name);
        if (text == null) {
            return null;
        }
        Instant time = text.length() > MAX_TIME_LENGTH ? null : IsoInstant.parse(text);
        if (time == null) {
            throw refusal(name, "must be an ISO-8601 time");
        }
        return time;
    }

    @Nullable
    Instant secondsOrNull(String name) {
        BigDecimal seconds = numberOrNull(name);
        try {
            return seconds == null ? null : Instant.ofEpochSecond(seconds.longValueExact());
        } catch (ArithmeticException | DateTimeException e) {
            throw new Refusal(pathOf(name) + " must be a time in whole seconds since 1970", e);
        }
    }

    @Nullable
    Duration durationOrNull(String name) {
        String text = textOrNull(name);
        if (text == null) {
            return null;
        }
        try {
            if (text.length() <= MAX_TIME_LENGTH) {
                return Duration.parse(text);
            }
        } catch (DateTimeException e) {
            throw new Refusal(pathOf(name) + " must be an ISO-8601 duration, such as PT2S", e);
        }
        throw refusal(name, "must be an ISO-8601 duration, such as PT2S");
    }

    JsonFields object(String name) {
        return object(pathOf(name), any(name));
    }

    List<JsonFields> objects(String name) {
        if (!(any(name) instanceof List<?> list)) {
            throw refusal(name, "must be a list");
        }
        List<JsonFields> objects = new ArrayList<>(list.size());
        for (Object element : list) {
            objects.add(object(pathOf(name) + "[" + objects.size() + "]", element));
        }
        return objects;
    }

    private static JsonFields object(String path, @Nullable Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new Refusal(path + " must be an object", null);
        }
        Map<String, Object> values = new LinkedHashMap<>();
        map.forEach((name, element) -> {
            if (!(name instanceof String text)) {
                throw new Refusal(path + " must have only strings as names", null);
            }
            values.put(text, element);
        });
        return new JsonFields(path, values);
    }

    /** Everything that does not belong to the library. */
    Attributes attributes(Set<String> own) {
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (!own.contains(name)) {
                attributes.put(name, value);
            }
        });
        return Attributes.ofJson(attributes);
    }

    /** An error with its path. It is not wrapped again by callers that only know a shorter path. */
    private static final class Refusal extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        Refusal(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
