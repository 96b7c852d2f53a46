package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Generated.NO_LIMITS;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItem;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * The table in memory, on which core's schedule tests rely, treats a request as DynamoDB Local does: both leave the
 * same item, or refuse with the same item, or report an error. This is tested for each form of write that the store
 * sends, on items that are as the store saw them and on items that others have changed since.
 */
class ExpressionsAgainstDynamoDbProperties {
    private static final LocalDynamoDb SERVER = LocalDynamoDb.shared();
    private static final DynamoDbAsyncClient CLIENT = SERVER.client();
    private static final String TABLE = SERVER.createCartTable();
    private static final String GUEST = "guest";
    private static final int RING = 4;
    private static final Write.Terms TERMS = new Write.Terms(Duration.ofDays(30), NO_LIMITS, RING);

    enum Form {
        ADD,
        ADD_KEYED,
        RAISE,
        FENCE,
        REMOVE_RESTED,
        CHANGE,
        CHANGE_KEYED,
        REPLACE,
        CLEAR,
        CLEAR_KEYED
    }

    /** The age of the item, and the content of its ring. */
    enum Past {
        YOUNG(Duration.ofMinutes(1), 0),
        EMPTIED(Duration.ofMinutes(1), 0),
        RING_OF_THREE(Duration.ofMinutes(1), RING - 2),
        FULL_RING(Duration.ofMinutes(1), RING - 1),
        RESTED(Duration.ofHours(2), 0),
        EXPIRED(Duration.ofDays(31), 1);

        private final Duration age;
        private final int writes;

        Past(Duration age, int writes) {
            this.age = age;
            this.writes = writes;
        }
    }

    /** How others changed the item before the request arrives. */
    enum Since {
        NOTHING,
        DELETED,
        ANOTHER_LINE,
        ANOTHER_VERSION,
        AN_ATTRIBUTE_LESS,
        ANOTHER_TYPE,
        A_LINE_LESS,
        A_LINE_OF_ANOTHER_TYPE,
        THE_SAME_REQUEST
    }

    @Provide
    Arbitrary<Cart> carts() {
        return Generated.items().list().ofMinSize(1).ofMaxSize(4).map(Generated::cartOf);
    }

    @Provide
    Arbitrary<List<CartChange>> changes() {
        return Combinators.combine(Generated.changeLists(), attributes()).as((changes, attribute) -> {
            List<CartChange> more = new ArrayList<>(changes);
            if (attribute != null) {
                more.add(attribute);
            }
            return more;
        });
    }

    private static Arbitrary<@Nullable CartChange> attributes() {
        Arbitrary<Object> value =
                Arbitraries.of("", "x", true, 7, new BigDecimal("1.50"), List.of(1, "2"), Map.of("a", 1));
        Arbitrary<CartChange> ofCart =
                value.map(any -> new CartChange.SetAttribute("coupon", any)).map(CartChange.class::cast);
        Arbitrary<CartChange> ofLine = Combinators.combine(Generated.bookIds(), value)
                .as((bookId, any) -> new CartChange.SetItemAttribute(bookId, "wrap", any));
        return Arbitraries.oneOf(ofCart, ofLine).injectNull(0.6);
    }

    @Provide
    Arbitrary<List<CartItem>> books() {
        return Generated.items()
                .list()
                .uniqueElements(CartItem::bookId)
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    @Property(tries = 6)
    void write_anyItem_hasTheSameOutcome(
            @ForAll Since change,
            @ForAll("carts") Cart cart,
            @ForAll("changes") List<CartChange> changes,
            @ForAll("books") List<CartItem> books,
            @ForAll int seed) {
        for (Form form : Form.values()) {
            Set<String> outcomes = new HashSet<>();
            for (Past past : Past.values()) {
                Map<String, AttributeValue> item = item(USER, cart, past);
                Write write = write(form, ItemFormat.decode(USER, item, NOW), changes, books);
                if (write != null) {
                    DynamoDbRequest request = request(write);
                    for (Since since : EnumSet.of(Since.NOTHING, Since.THE_SAME_REQUEST, change)) {
                        outcomes.add(assertSameOutcome(request, Map.of(USER, since(since, item, request, seed))));
                    }
                }
            }
            // A form of write that is always refused would prove little.
            assertThat(outcomes).as("of %s", form).contains("applied", "refused");
        }
    }

    /** What an add leaves to DynamoDB to refuse: nothing is applied where the table in memory fails. */
    @Example
    void addOrRaise_eachAttributeMissingOrOfEachOtherType_hasTheSameOutcome() {
        List<CartItem> there = List.of(Examples.book("a", "9.50", 2), Examples.book("b", "3", 1));
        Map<String, AttributeValue> item = item(USER, Generated.cartOf(there), Past.YOUNG);
        List<String> names = new ArrayList<>(item.keySet());
        names.remove("userId");
        names.add("cu");
        for (Form form : List.of(Form.ADD, Form.ADD_KEYED, Form.RAISE)) {
            List<CartItem> books = form == Form.RAISE ? there.subList(0, 1) : List.of(Examples.book("n", "1", 1));
            Write write = write(form, ItemFormat.decode(USER, item, NOW), List.of(), books);
            assertThat(write).isNotNull();
            DynamoDbRequest request = request(write);
            for (String name : names) {
                Set<String> outcomes = new HashSet<>();
                if (item.containsKey(name)) {
                    outcomes.add(assertSameOutcome(request, Map.of(USER, Items.without(item, name))));
                }
                for (AttributeValue other : ofOtherTypes(item.get(name), 2)) {
                    outcomes.add(assertSameOutcome(request, Map.of(USER, Items.with(item, name, other))));
                }
                switch (name) {
                    case "lastUpdated", "ct" -> assertThat(outcomes).as(name).containsExactly("applied");
                    case "cu" -> assertThat(outcomes).as(name).containsExactly("applied");
                    case "cb" -> {
                        // A write to a line that is there does not touch the hashes.
                        String untouched = form == Form.RAISE ? "applied" : "ValidationException";
                        assertThat(outcomes).as(name).containsExactlyInAnyOrder("refused", untouched);
                    }
                    case "cartItems", "cw" ->
                        assertThat(outcomes).as(name).contains("refused").doesNotContain("applied");
                    default -> assertThat(outcomes).as(name).containsExactly("refused");
                }
            }
        }
    }

    @Property(tries = 60)
    void merge_anyItems_hasTheSameOutcome(
            @ForAll Past past,
            @ForAll Past guestPast,
            @ForAll Since since,
            @ForAll Since guestSince,
            @ForAll("carts") Cart cart,
            @ForAll("carts") Cart guestCart,
            @ForAll MergeStrategy strategy,
            @ForAll boolean absent,
            @ForAll int seed) {
        Map<String, AttributeValue> item = absent ? Map.of() : item(USER, cart, past);
        Map<String, AttributeValue> guest = item(GUEST, guestCart, guestPast);
        StoredCart into = ItemFormat.decode(USER, item, NOW);
        StoredCart from = ItemFormat.decode(GUEST, guest, NOW);
        Write.Stamp stamp = Writes.stamp();
        Cart merged = into.cart().merge(from.cart(), strategy, NO_LIMITS, NOW);
        TransactWriteItemsRequest request = TransactWriteItemsRequest.builder()
                .transactItems(
                        PinnedWrites.merge(into, merged, from, stamp, TERMS).asPart(TABLE),
                        PinnedWrites.clear(from, null, stamp, TERMS).asPart(TABLE))
                .build();
        Map<String, Map<String, AttributeValue>> there = new HashMap<>();
        there.put(USER, since(since, item, request, seed));
        there.put(GUEST, since(guestSince, guest, request, seed / 7));

        assertSameOutcome(request, there);
    }

    /* Requests. */

    private static @Nullable Write write(Form form, StoredCart seen, List<CartChange> changes, List<CartItem> books) {
        Write.Stamp stamp = Writes.stamp();
        Write.KeyEntry key = Writes.key("order", 86_400);
        return switch (form) {
            case ADD -> UnpinnedWrites.add(USER, books, null, stamp, TERMS);
            case ADD_KEYED -> UnpinnedWrites.add(USER, books, key, stamp, TERMS);
            case RAISE -> {
                if (seen.cart().isEmpty()) {
                    yield null;
                }
                List<CartItem> lines = seen.cart().items();
                CartItem line = lines.get(books.get(0).quantity() % lines.size());
                CartItem added = books.size() > 1
                        ? CartItem.of(
                                line.bookId(), null, "Another", books.get(0).price(), 1)
                        : CartItem.of(
                                line.bookId(),
                                "Another",
                                null,
                                line.price(),
                                books.get(0).quantity());
                yield UnpinnedWrites.raise(seen, line, added, stamp, TERMS);
            }
            case FENCE -> UnpinnedWrites.fence(USER, List.of(Writes.stamp().id()), books.size() > 1, stamp);
            case REMOVE_RESTED -> UnpinnedWrites.removeRested(USER, NOW);
            case CHANGE, CHANGE_KEYED, REPLACE -> {
                Cart after;
                try {
                    after = seen.cart().apply(NO_LIMITS, NOW, changes);
                } catch (CartRejectedException e) {
                    after = seen.cart();
                }
                boolean change = form != Form.REPLACE && !seen.isExpired();
                Write.KeyEntry left = form == Form.CHANGE_KEYED ? key : null;
                yield change
                        ? PinnedWrites.change(seen, after, left, stamp, TERMS)
                        : PinnedWrites.replace(seen, after, left, stamp, TERMS);
            }
            case CLEAR -> PinnedWrites.clear(seen, null, stamp, TERMS);
            case CLEAR_KEYED -> PinnedWrites.clear(seen, key, stamp, TERMS);
        };
    }

    private static DynamoDbRequest request(Write write) {
        ReturnValuesOnConditionCheckFailure old = ReturnValuesOnConditionCheckFailure.ALL_OLD;
        return switch (write.kind()) {
            case UPDATE ->
                write.asUpdate(TABLE)
                        .returnValues(ReturnValue.ALL_NEW)
                        .returnValuesOnConditionCheckFailure(old)
                        .build();
            case PUT ->
                write.asPut(TABLE).returnValuesOnConditionCheckFailure(old).build();
            case DELETE ->
                write.asDelete(TABLE).returnValuesOnConditionCheckFailure(old).build();
        };
    }

    /* Items. */

    private static Map<String, AttributeValue> item(String userId, Cart cart, Past past) {
        Instant at = NOW.minus(past.age);
        Cart content = past == Past.EMPTIED ? Cart.empty(userId) : cart;
        Map<String, AttributeValue> item = PinnedWrites.replace(
                        StoredCart.absent(userId), content, null, Writes.stamp(at), TERMS)
                .item();
        for (int i = 1; i <= past.writes; i++) {
            StoredCart stored = ItemFormat.decode(userId, item, at);
            Write write = PinnedWrites.change(stored, stored.cart(), null, Writes.stamp(at.plusMillis(i)), TERMS);
            item = Expressions.apply(write, item);
        }
        return item;
    }

    private static Map<String, AttributeValue> since(
            Since since, Map<String, AttributeValue> item, DynamoDbRequest request, int seed) {
        if (item.isEmpty()) {
            return item;
        }
        List<AttributeValue> lines = new ArrayList<>(item.get("cartItems").l());
        return switch (since) {
            case NOTHING -> item;
            case DELETED -> Map.of();
            case ANOTHER_LINE -> {
                lines.add(Items.line("z", "1", "1"));
                yield Items.with(item, "cartItems", AttributeValue.fromL(lines));
            }
            case ANOTHER_VERSION -> Items.with(item, "version", Items.n("77"));
            case AN_ATTRIBUTE_LESS -> {
                Map<String, AttributeValue> less = new LinkedHashMap<>(item);
                less.remove(attributeOf(item, seed));
                yield less;
            }
            case ANOTHER_TYPE -> {
                String name = attributeOf(item, seed);
                yield Items.with(item, name, ofAnotherType(item.get(name), lines.size(), seed));
            }
            case A_LINE_LESS -> {
                if (!lines.isEmpty()) {
                    lines.remove(Math.floorMod(seed, lines.size()));
                }
                yield Items.with(item, "cartItems", AttributeValue.fromL(lines));
            }
            case A_LINE_OF_ANOTHER_TYPE -> {
                if (!lines.isEmpty()) {
                    lines.set(Math.floorMod(seed, lines.size()), Items.s("no line"));
                }
                yield Items.with(item, "cartItems", AttributeValue.fromL(lines));
            }
            case THE_SAME_REQUEST -> {
                Table table = new Table();
                table.put(item);
                try {
                    table.serve(request);
                } catch (DynamoDbException e) {
                    yield item;
                }
                yield table.item(item.get("userId").s());
            }
        };
    }

    private static AttributeValue ofAnotherType(AttributeValue value, int lines, int seed) {
        List<AttributeValue> others = ofOtherTypes(value, lines);
        return others.get(Math.floorMod(seed / 31, others.size()));
    }

    /** Returns values of each other type. Those that have elements have as many as the list and the set of hashes. */
    private static List<AttributeValue> ofOtherTypes(@Nullable AttributeValue value, int lines) {
        List<String> texts =
                IntStream.range(0, Math.max(1, lines)).mapToObj(i -> "x" + i).toList();
        return Stream.of(
                        AttributeValue.fromM(texts.stream().collect(Collectors.toMap(text -> text, Items::s))),
                        AttributeValue.fromL(texts.stream().map(Items::s).toList()),
                        AttributeValue.fromSs(texts),
                        AttributeValue.fromBs(
                                texts.stream().map(SdkBytes::fromUtf8String).toList()),
                        AttributeValue.fromNs(IntStream.range(0, texts.size())
                                .mapToObj(Integer::toString)
                                .toList()),
                        Items.s("x".repeat(texts.size())),
                        AttributeValue.fromB(SdkBytes.fromByteArray(new byte[texts.size()])),
                        Items.n("1"),
                        AttributeValue.fromBool(true),
                        AttributeValue.fromNul(true))
                .filter(other -> value == null || other.type() != value.type())
                .toList();
    }

    private static String attributeOf(Map<String, AttributeValue> item, int seed) {
        List<String> names = new ArrayList<>(item.keySet());
        names.remove("userId");
        names.sort(Comparator.naturalOrder());
        return names.get(Math.floorMod(seed, names.size()));
    }

    /* Outcomes. */

    /** Asserts that both outcomes are equal, and returns the outcome in words. */
    private static String assertSameOutcome(DynamoDbRequest request, Map<String, Map<String, AttributeValue>> there) {
        Table table = new Table();
        there.forEach((userId, item) -> {
            if (item.isEmpty()) {
                CLIENT.deleteItem(delete -> delete.tableName(TABLE).key(key(userId)))
                        .join();
            } else {
                CLIENT.putItem(put -> put.tableName(TABLE).item(item)).join();
                table.put(item);
            }
        });

        Outcome here = outcome(() -> {
            return table.serve(request) instanceof UpdateItemResponse updated ? updated.attributes() : Map.of();
        });
        Outcome local = outcome(() -> sent(request));

        assertThat(here).as("the answer to %s for %s", request, there).isEqualTo(local);
        List<String> userIds = List.copyOf(there.keySet());
        assertThat(userIds.stream().map(userId -> canonical(table.item(userId))).toList())
                .as("the items after %s for %s", request, there)
                .isEqualTo(items(userIds));
        return here.inWords;
    }

    /** @param items the items in the response */
    private record Outcome(String inWords, List<String> reasons, Object items) {}

    private static Outcome outcome(Supplier<Map<String, AttributeValue>> answer) {
        try {
            return new Outcome("applied", List.of(), canonical(answer.get()));
        } catch (ConditionalCheckFailedException e) {
            return new Outcome("refused", List.of(), canonical(e.item()));
        } catch (TransactionCanceledException e) {
            return new Outcome(
                    "cancelled",
                    e.cancellationReasons().stream()
                            .map(CancellationReason::code)
                            .toList(),
                    List.of());
        } catch (DynamoDbException e) {
            return new Outcome(e.awsErrorDetails().errorCode(), List.of(), List.of());
        }
    }

    private static Map<String, AttributeValue> sent(DynamoDbRequest request) {
        try {
            if (request instanceof UpdateItemRequest update) {
                return CLIENT.updateItem(update).join().attributes();
            } else if (request instanceof PutItemRequest put) {
                CLIENT.putItem(put).join();
            } else if (request instanceof DeleteItemRequest delete) {
                CLIENT.deleteItem(delete).join();
            } else {
                CLIENT.transactWriteItems((TransactWriteItemsRequest) request).join();
            }
            return Map.of();
        } catch (CompletionException e) {
            throw e.getCause() instanceof DynamoDbException cause ? cause : e;
        }
    }

    /** Reads items in each of the three ways in which the store reads. All return the same content. */
    private static List<Map<String, Object>> items(List<String> userIds) {
        List<Map<String, Object>> single = new ArrayList<>();
        for (String userId : userIds) {
            single.add(canonical(
                    CLIENT.getItem(get -> get.tableName(TABLE).key(key(userId)).consistentRead(true))
                            .join()
                            .item()));
        }
        if (userIds.size() > 1) {
            assertThat(readAsOfOneMoment(userIds)).isEqualTo(single);
            assertThat(readInABatch(userIds)).isEqualTo(single);
        }
        return single;
    }

    private static List<Map<String, Object>> readAsOfOneMoment(List<String> userIds) {
        return CLIENT
                .transactGetItems(read -> read.transactItems(userIds.stream()
                        .map(userId -> TransactGetItem.builder()
                                .get(get -> get.tableName(TABLE).key(key(userId)))
                                .build())
                        .toList()))
                .join()
                .responses()
                .stream()
                .map(response -> canonical(response.item()))
                .toList();
    }

    private static List<Map<String, Object>> readInABatch(List<String> userIds) {
        Map<String, Map<String, Object>> found = new HashMap<>();
        CLIENT.batchGetItem(read -> read.requestItems(Map.of(
                        TABLE,
                        KeysAndAttributes.builder()
                                .keys(userIds.stream()
                                        .map(ExpressionsAgainstDynamoDbProperties::key)
                                        .toList())
                                .consistentRead(true)
                                .build())))
                .join()
                .responses()
                .get(TABLE)
                .forEach(item -> found.put(item.get("userId").s(), canonical(item)));
        return userIds.stream()
                .map(userId -> found.getOrDefault(userId, Map.of()))
                .toList();
    }

    private static Map<String, AttributeValue> key(String userId) {
        return Map.of("userId", AttributeValue.fromS(userId));
    }

    /** Returns a value in a canonical form: sets have no order, and a number has many forms. */
    private static Object canonical(AttributeValue value) {
        return switch (value.type()) {
            case N -> new BigDecimal(value.n()).stripTrailingZeros();
            case L ->
                value.l().stream()
                        .map(ExpressionsAgainstDynamoDbProperties::canonical)
                        .toList();
            case M -> canonical(value.m());
            case BS -> value.bs().stream().map(SdkBytes::asByteBuffer).sorted().toList();
            case SS -> value.ss().stream().sorted().toList();
            case NS -> value.ns().stream().map(BigDecimal::new).sorted().toList();
            default -> value;
        };
    }

    private static Map<String, Object> canonical(Map<String, AttributeValue> item) {
        Map<String, Object> canonical = new TreeMap<>();
        item.forEach((name, value) -> canonical.put(name, canonical(value)));
        return canonical;
    }
}
