package com.cloudshelf.cart;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * DynamoDB's condition and update expressions, as far as a store uses them, applied on an item in memory. Strict where
 * DynamoDB is: what it would refuse as invalid is an {@link IllegalArgumentException} here.
 */
final class Expressions {
    private static final Pattern TOKEN = Pattern.compile("\\s*([#:]?\\w+|<>|<=|>=|[=<>(),.+\\[\\]])");
    private static final Pattern OPERATOR =
            Pattern.compile("[=<>]+|[+]|AND|OR|NOT|size|contains|list_append|if_not_exists|attribute_\\w+");
    private static final int MAX_BYTES = 4096;
    private static final int MAX_OPERATORS = 300;

    private final Map<String, String> names;
    private final Map<String, AttributeValue> values;
    private final Set<String> unused = new HashSet<>();
    private @Nullable Mismatch mismatch;
    private List<String> tokens = List.of();
    private int next;

    private Expressions(Map<String, String> names, Map<String, AttributeValue> values) {
        this.names = names;
        this.values = values;
        unused.addAll(names.keySet());
        unused.addAll(values.keySet());
        values.values().forEach(Expressions::checkSet);
    }

    /** The update is valid, but not for this item: an attribute is missing, or has a type that it cannot act on. */
    static final class Mismatch extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        private Mismatch(String message) {
            super(message);
        }
    }

    /**
     * Returns the item after the update, or {@code null} if the condition refuses it.
     *
     * @param update may be empty: then the item is returned as it is
     */
    static @Nullable Map<String, AttributeValue> apply(
            @Nullable String update,
            @Nullable String condition,
            Map<String, String> names,
            Map<String, AttributeValue> values,
            Map<String, AttributeValue> item) {
        Expressions expressions = new Expressions(names, values);
        boolean holds = condition == null || condition.isEmpty() || expressions.holds(condition, item);
        Supplier<Map<String, AttributeValue>> updated =
                update == null || update.isEmpty() ? () -> item : expressions.update(update, item);
        if (!expressions.unused.isEmpty()) {
            throw new IllegalArgumentException("unused in expressions: " + expressions.unused);
        }
        if (holds && expressions.mismatch != null) {
            throw expressions.mismatch;
        }
        return holds ? updated.get() : null;
    }

    static @Nullable Map<String, AttributeValue> apply(Write write, Map<String, AttributeValue> item) {
        Map<String, AttributeValue> values = write.values();
        Map<String, AttributeValue> updated = apply(
                write.updateExpression(),
                write.conditionExpression(),
                Writes.names(write),
                values == null ? Map.of() : values,
                item);
        return updated == null ? null : Items.with(updated, "userId", AttributeValue.fromS(write.userId()));
    }

    // Conditions

    private boolean holds(String condition, Map<String, AttributeValue> item) {
        start(condition);
        boolean holds = or(item);
        expectEnd();
        return holds;
    }

    private boolean or(Map<String, AttributeValue> item) {
        boolean holds = and(item);
        while (accept("OR")) {
            holds |= and(item);
        }
        return holds;
    }

    private boolean and(Map<String, AttributeValue> item) {
        boolean holds = not(item);
        while (accept("AND")) {
            holds &= not(item);
        }
        return holds;
    }

    private boolean not(Map<String, AttributeValue> item) {
        if (accept("NOT")) {
            return !not(item);
        }
        if (accept("(")) {
            boolean holds = or(item);
            expect(")");
            return holds;
        }
        return switch (peek()) {
            case "attribute_exists" -> get(item, argument()) != null;
            case "attribute_not_exists" -> get(item, argument()) == null;
            case "attribute_type" -> {
                take();
                expect("(");
                AttributeValue value = operand(item);
                expect(",");
                AttributeValue type = operand(item);
                expect(")");
                yield value != null && type != null && typeOf(value).equals(type.s());
            }
            case "contains" -> {
                take();
                expect("(");
                AttributeValue value = operand(item);
                expect(",");
                AttributeValue element = operand(item);
                expect(")");
                yield value != null && element != null && contains(value, element);
            }
            default -> comparison(item);
        };
    }

    private List<Object> argument() {
        take();
        expect("(");
        List<Object> path = path();
        expect(")");
        return path;
    }

    private boolean comparison(Map<String, AttributeValue> item) {
        AttributeValue left = operand(item);
        String operator = take();
        AttributeValue right = operand(item);
        if (left == null || right == null || !typeOf(left).equals(typeOf(right))) {
            return false;
        }
        if (operator.equals("=")) {
            return same(left, right);
        }
        int order = order(left, right);
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            case ">=" -> order >= 0;
            default -> throw new IllegalArgumentException("no operator: " + operator);
        };
    }

    private static int order(AttributeValue left, AttributeValue right) {
        return switch (left.type()) {
            case N -> number(left).compareTo(number(right));
            case S ->
                Arrays.compareUnsigned(
                        left.s().getBytes(StandardCharsets.UTF_8), right.s().getBytes(StandardCharsets.UTF_8));
            case B -> Arrays.compareUnsigned(left.b().asByteArray(), right.b().asByteArray());
            default -> throw new IllegalArgumentException("no order for " + typeOf(left));
        };
    }

    private @Nullable AttributeValue operand(Map<String, AttributeValue> item) {
        if (peek().startsWith(":")) {
            return value();
        }
        if (peek().equals("size")) {
            AttributeValue value = get(item, argument());
            return value == null ? null : size(value);
        }
        return get(item, path());
    }

    private static @Nullable AttributeValue size(AttributeValue value) {
        int size = switch (value.type()) {
            case S -> value.s().length();
            case B -> value.b().asByteArray().length;
            case L -> value.l().size();
            case M -> value.m().size();
            case SS -> value.ss().size();
            case NS -> value.ns().size();
            case BS -> value.bs().size();
            default -> -1;
        };
        return size < 0 ? null : AttributeValue.fromN(Integer.toString(size));
    }

    private static boolean contains(AttributeValue value, AttributeValue element) {
        if (isSet(value)) {
            return elements(value).contains(element);
        }
        return value.hasL()
                ? value.l().contains(element)
                : value.s() != null && element.s() != null && value.s().contains(element.s());
    }

    // Updates

    /**
     * Reads the update at once, so that it is checked even if the condition refuses it, but applies it when asked to.
     */
    private Supplier<Map<String, AttributeValue>> update(String update, Map<String, AttributeValue> item) {
        start(update);
        Map<List<Object>, Supplier<@Nullable AttributeValue>> actions = new LinkedHashMap<>();
        Set<String> clauses = new HashSet<>();
        while (next < tokens.size()) {
            String clause = take();
            if (!clauses.add(clause)) {
                throw new IllegalArgumentException("two clauses of " + clause);
            }
            do {
                List<Object> path = path();
                checkOverlap(actions.keySet(), path);
                actions.put(path, action(clause, path, item));
            } while (accept(","));
        }
        return () -> carriedOut(actions, item);
    }

    private Supplier<@Nullable AttributeValue> action(
            String clause, List<Object> path, Map<String, AttributeValue> item) {
        AttributeValue before = get(item, path);
        switch (clause) {
            case "SET" -> {
                expect("=");
                AttributeValue value = newValue(item);
                return () -> value;
            }
            case "REMOVE" -> {
                return () -> null;
            }
            case "ADD" -> {
                AttributeValue value = value();
                return () -> sum(before, value);
            }
            case "DELETE" -> {
                AttributeValue value = value();
                return () -> difference(before, value);
            }
            default -> throw new IllegalArgumentException("no clause: " + clause);
        }
    }

    private static Map<String, AttributeValue> carriedOut(
            Map<List<Object>, Supplier<@Nullable AttributeValue>> actions, Map<String, AttributeValue> item) {
        AttributeValue updated = AttributeValue.fromM(item);
        List<List<Object>> removed = new ArrayList<>();
        for (Map.Entry<List<Object>, Supplier<@Nullable AttributeValue>> action : actions.entrySet()) {
            AttributeValue value = action.getValue().get();
            if (value == null) {
                removed.add(action.getKey());
            } else {
                updated = replaced(updated, action.getKey(), 0, value);
            }
        }
        // What is within lines first, then lines from the back: the indexes are those of the item before the update.
        Collections.sort(removed, (a, b) -> a.size() == b.size() ? last(b) - last(a) : b.size() - a.size());
        for (List<Object> path : removed) {
            updated = replaced(updated, path, 0, null);
        }
        return updated.m();
    }

    private static int last(List<Object> path) {
        return path.get(path.size() - 1) instanceof Integer index ? index : 0;
    }

    private static void checkOverlap(Set<List<Object>> paths, List<Object> path) {
        for (List<Object> other : paths) {
            int common = Math.min(other.size(), path.size());
            if (other.subList(0, common).equals(path.subList(0, common))) {
                throw new IllegalArgumentException("paths overlap: " + other + " and " + path);
            }
        }
    }

    private AttributeValue newValue(Map<String, AttributeValue> item) {
        if (peek().equals("list_append")) {
            take();
            expect("(");
            AttributeValue first = newValue(item);
            expect(",");
            AttributeValue second = newValue(item);
            expect(")");
            if (!first.hasL() || !second.hasL()) {
                mismatch = new Mismatch("list_append of " + typeOf(first) + " and " + typeOf(second));
                return first;
            }
            List<AttributeValue> both = new ArrayList<>(first.l());
            both.addAll(second.l());
            return AttributeValue.fromL(both);
        }
        if (peek().equals("if_not_exists")) {
            take();
            expect("(");
            AttributeValue present = get(item, path());
            expect(",");
            AttributeValue otherwise = value();
            expect(")");
            return present == null ? otherwise : present;
        }
        if (peek().startsWith(":")) {
            return value();
        }
        AttributeValue present = get(item, path());
        expect("+");
        AttributeValue more = value();
        if (present == null || present.n() == null) {
            mismatch = new Mismatch("an operand of + is not a number");
            return more;
        }
        return sum(present, more);
    }

    private static AttributeValue sum(@Nullable AttributeValue before, AttributeValue more) {
        if (before == null) {
            return more;
        }
        if (before.n() != null && more.n() != null) {
            return AttributeValue.fromN(number(before).add(number(more)).toPlainString());
        }
        if (!isSet(before) || before.type() != more.type()) {
            throw new Mismatch("ADD of " + typeOf(more) + " to " + typeOf(before));
        }
        Set<AttributeValue> union = new LinkedHashSet<>(elements(before));
        union.addAll(elements(more));
        return set(before.type(), union);
    }

    private static @Nullable AttributeValue difference(@Nullable AttributeValue before, AttributeValue less) {
        if (before == null) {
            return null;
        }
        if (!isSet(before) || before.type() != less.type()) {
            throw new Mismatch("DELETE of " + typeOf(less) + " from " + typeOf(before));
        }
        Set<AttributeValue> rest = new LinkedHashSet<>(elements(before));
        rest.removeAll(elements(less));
        return rest.isEmpty() ? null : set(before.type(), rest);
    }

    private static boolean isSet(AttributeValue value) {
        return value.hasSs() || value.hasNs() || value.hasBs();
    }

    private static List<AttributeValue> elements(AttributeValue set) {
        return switch (set.type()) {
            case SS -> set.ss().stream().map(AttributeValue::fromS).toList();
            case NS -> set.ns().stream().map(Expressions::canonical).toList();
            case BS -> set.bs().stream().map(AttributeValue::fromB).toList();
            default -> throw new IllegalArgumentException("no set: " + typeOf(set));
        };
    }

    private static AttributeValue set(AttributeValue.Type type, Collection<AttributeValue> elements) {
        return switch (type) {
            case SS ->
                AttributeValue.fromSs(elements.stream().map(AttributeValue::s).toList());
            case NS ->
                AttributeValue.fromNs(elements.stream().map(AttributeValue::n).toList());
            default ->
                AttributeValue.fromBs(elements.stream().map(AttributeValue::b).toList());
        };
    }

    private static AttributeValue canonical(String number) {
        return AttributeValue.fromN(new BigDecimal(number).stripTrailingZeros().toPlainString());
    }

    /** Returns the value with another one at a path below it; {@code null} removes what is there. */
    private static AttributeValue replaced(
            AttributeValue in, List<Object> path, int depth, @Nullable AttributeValue value) {
        Object step = path.get(depth);
        boolean end = depth == path.size() - 1;
        if (step instanceof String name && in.hasM()) {
            Map<String, AttributeValue> map = new LinkedHashMap<>(in.m());
            AttributeValue old = map.get(name);
            if (end && value == null) {
                map.remove(name);
            } else if (end || old != null) {
                map.put(name, end ? value : replaced(old, path, depth + 1, value));
            } else {
                throw new IllegalArgumentException("no such path: " + path);
            }
            return AttributeValue.fromM(map);
        }
        if (step instanceof Integer index && in.hasL()) {
            List<AttributeValue> list = new ArrayList<>(in.l());
            if (index >= list.size()) {
                if (!end) {
                    throw new IllegalArgumentException("no such path: " + path);
                }
                if (value != null) {
                    list.add(value);
                }
            } else if (end && value == null) {
                list.remove((int) index);
            } else {
                list.set(index, end ? value : replaced(list.get(index), path, depth + 1, value));
            }
            return AttributeValue.fromL(list);
        }
        throw new IllegalArgumentException("no such path: " + path);
    }

    // Paths, values and tokens

    private List<Object> path() {
        List<Object> path = new ArrayList<>();
        path.add(name());
        while (true) {
            if (accept(".")) {
                path.add(name());
            } else if (accept("[")) {
                path.add(Integer.valueOf(take()));
                expect("]");
            } else {
                return path;
            }
        }
    }

    private String name() {
        String token = take();
        if (!token.startsWith("#")) {
            return token;
        }
        unused.remove(token);
        String name = names.get(token);
        if (name == null) {
            throw new IllegalArgumentException("undefined: " + token);
        }
        return name;
    }

    private AttributeValue value() {
        String token = take();
        unused.remove(token);
        AttributeValue value = values.get(token);
        if (value == null) {
            throw new IllegalArgumentException("undefined: " + token);
        }
        return value;
    }

    private static @Nullable AttributeValue get(Map<String, AttributeValue> item, List<Object> path) {
        AttributeValue value = AttributeValue.fromM(item);
        for (Object step : path) {
            if (step instanceof Integer index) {
                value = value.hasL() && index < value.l().size() ? value.l().get(index) : null;
            } else {
                value = value.hasM() ? value.m().get(step) : null;
            }
            if (value == null) {
                return null;
            }
        }
        return value;
    }

    private void start(String expression) {
        if (expression.length() > MAX_BYTES) {
            throw new IllegalArgumentException("an expression of " + expression.length() + " bytes");
        }
        tokens = new ArrayList<>();
        next = 0;
        Map<String, Integer> operators = new TreeMap<>();
        Matcher matcher = TOKEN.matcher(expression);
        int end = 0;
        while (matcher.lookingAt()) {
            String token = matcher.group(1);
            tokens.add(token);
            if (OPERATOR.matcher(token).matches()) {
                operators.merge(token, 1, Integer::sum);
            }
            end = matcher.end();
            matcher.region(end, expression.length());
        }
        if (end != expression.length()) {
            throw new IllegalArgumentException("not understood: " + expression.substring(end));
        }
        if (operators.values().stream().mapToInt(Integer::intValue).sum() > MAX_OPERATORS) {
            throw new IllegalArgumentException("too many operators: " + operators);
        }
    }

    private void expectEnd() {
        if (next < tokens.size()) {
            throw new IllegalArgumentException("not expected: " + tokens.subList(next, tokens.size()));
        }
    }

    private String peek() {
        return next < tokens.size() ? tokens.get(next) : "";
    }

    private String take() {
        String token = peek();
        next++;
        return token;
    }

    private boolean accept(String token) {
        if (peek().equals(token)) {
            next++;
            return true;
        }
        return false;
    }

    private void expect(String token) {
        if (!accept(token)) {
            throw new IllegalArgumentException(
                    "expected " + token + " but found " + tokens.subList(next, tokens.size()));
        }
    }

    private static void checkSet(AttributeValue value) {
        if (isSet(value)
                && (elements(value).isEmpty()
                        || new HashSet<>(elements(value)).size()
                                < elements(value).size())) {
            throw new IllegalArgumentException("a set that is empty or holds a value twice: " + value);
        }
        if (value.hasL()) {
            value.l().forEach(Expressions::checkSet);
        }
        if (value.hasM()) {
            value.m().values().forEach(Expressions::checkSet);
        }
    }

    static void check(Map<String, AttributeValue> item) {
        item.values().forEach(Expressions::checkSet);
    }

    private static boolean same(AttributeValue a, AttributeValue b) {
        if (a.n() != null) {
            return number(a).compareTo(number(b)) == 0;
        }
        return isSet(a) ? new HashSet<>(elements(a)).equals(new HashSet<>(elements(b))) : a.equals(b);
    }

    private static BigDecimal number(AttributeValue value) {
        return new BigDecimal(value.n());
    }

    private static String typeOf(AttributeValue value) {
        return switch (value.type()) {
            case NUL -> "NULL";
            default -> value.type().name();
        };
    }
}
