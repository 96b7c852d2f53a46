package com.cloudshelf.cart;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Describes a value of the library field by field, so that equal texts mean values that no protocol can tell apart. For
 * a failure only the kind counts, because no step depends on more.
 *
 * <p>Stored carts and writes are large and occur in many values. Each is described once, and has a short name from then
 * on.
 */
final class Shape {
    /** The names of the large values so far. */
    static final class Names {
        private final Map<Object, String> met = new IdentityHashMap<>();
        private final Map<String, String> names = new HashMap<>();

        private String of(Object value) {
            String name = met.get(value);
            if (name == null) {
                Shape shape = new Shape(this);
                shape.appendFields(value);
                name = names.computeIfAbsent(shape.text.toString(), any -> "#" + names.size() + " ");
                met.put(value, name);
            }
            return name;
        }
    }

    private static final Map<Class<?>, Field[]> FIELDS = new ConcurrentHashMap<>();

    private final Names names;
    private final StringBuilder text = new StringBuilder();
    private final List<Object> around = new ArrayList<>();

    private Shape(Names names) {
        this.names = names;
    }

    /** @param names the names in all values that are compared with this one */
    static String of(@Nullable Object value, Names names) {
        Shape shape = new Shape(names);
        shape.append(value);
        return shape.text.toString();
    }

    private void append(@Nullable Object value) {
        if (value == null) {
            text.append('~');
        } else if (value instanceof Failure failure) {
            text.append(failure.kind());
        } else if (value instanceof Throwable thrown) {
            text.append(thrown.getClass().getSimpleName());
        } else if (value instanceof AttributeValue attribute) {
            append(attribute);
        } else if (value instanceof SdkBytes bytes) {
            appendBytes(bytes);
        } else if (value instanceof Optional<?> optional) {
            append(optional.orElse(null));
        } else if (value instanceof Map<?, ?> map) {
            appendSorted(map.entrySet(), entry -> {
                append(entry.getKey());
                text.append(':');
                append(entry.getValue());
            });
        } else if (value instanceof Set<?> set) {
            appendSorted(set, this::append);
        } else if (value instanceof Collection<?> collection) {
            text.append('[');
            for (Object element : collection) {
                append(element);
                text.append(' ');
            }
            text.append(']');
        } else if (value instanceof Instant instant) {
            text.append(instant.getEpochSecond()).append('.').append(instant.getNano());
        } else if ((value instanceof StoredCart || value instanceof Write) && !isAround(value)) {
            text.append(names.of(value));
        } else if (value.getClass().getPackageName().equals(Shape.class.getPackageName())
                && !(value instanceof Enum<?>)) {
            appendFields(value);
        } else if (!(value instanceof Function<?, ?>)) {
            text.append(value);
        }
    }

    private <T> void appendSorted(Collection<T> values, Consumer<T> append) {
        List<String> sorted = new ArrayList<>(values.size());
        int end = text.length();
        for (T value : values) {
            append.accept(value);
            sorted.add(text.substring(end));
            text.setLength(end);
        }
        Collections.sort(sorted);
        text.append(sorted);
    }

    private void append(AttributeValue value) {
        text.append(value.type());
        switch (value.type()) {
            case S -> text.append(value.s());
            case N -> text.append(value.n());
            case B -> appendBytes(value.b());
            case BOOL -> text.append(value.bool());
            case SS -> append(Set.copyOf(value.ss()));
            case NS -> append(Set.copyOf(value.ns()));
            case BS -> append(Set.copyOf(value.bs()));
            case L -> append(value.l());
            case M -> append(value.m());
            default -> {}
        }
    }

    private void appendBytes(SdkBytes bytes) {
        for (byte element : bytes.asByteArray()) {
            text.append((char) ('!' + (element & 0xff)));
        }
    }

    private void appendFields(Object value) {
        if (isAround(value)) {
            text.append('^'); // a stored cart and its cart refer to each other
            return;
        }
        around.add(value);
        text.append(value.getClass().getSimpleName()).append('{');
        for (Field field : fieldsOf(value.getClass())) {
            try {
                append(field.get(value));
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
            text.append(',');
        }
        text.append('}');
        around.remove(around.size() - 1);
    }

    private boolean isAround(Object value) {
        for (Object outer : around) {
            if (outer == value) {
                return true;
            }
        }
        return false;
    }

    private static Field[] fieldsOf(Class<?> type) {
        return FIELDS.computeIfAbsent(type, of -> {
            List<Field> fields = new ArrayList<>();
            for (Field field : of.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())) {
                    fields.add(field);
                }
            }
            Field[] array = fields.toArray(Field[]::new);
            AccessibleObject.setAccessible(array, true);
            return array;
        });
    }
}
