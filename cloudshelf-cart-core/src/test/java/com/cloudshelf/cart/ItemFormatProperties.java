package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Writes.TERMS;
import static com.cloudshelf.cart.Writes.decode;
import static com.cloudshelf.cart.Writes.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class ItemFormatProperties {

    @Provide
    Arbitrary<Cart> carts() {
        return Generated.carts();
    }

    /** Attribute values of every type, some of them nested. */
    @Provide
    static Arbitrary<AttributeValue> values() {
        Arbitrary<String> text = Arbitraries.of("", " ", "a", "2", "2025-09-03T10:30:00Z", "secret");
        Arbitrary<String> number = Arbitraries.of("0", "1", "-1", "2.5", "1E+125", "1756895401");
        Arbitrary<SdkBytes> bytes =
                Arbitraries.of("", "b", "123", "123456789", "123456789012345").map(SdkBytes::fromUtf8String);
        Arbitrary<AttributeValue> leaf = Arbitraries.oneOf(
                text.map(AttributeValue::fromS),
                number.map(AttributeValue::fromN),
                Arbitraries.of(true, false).map(AttributeValue::fromBool),
                Arbitraries.just(AttributeValue.fromNul(true)),
                bytes.map(AttributeValue::fromB),
                bytes.set().ofMinSize(1).ofMaxSize(2).map(set -> AttributeValue.fromBs(List.copyOf(set))),
                text.set().ofMinSize(1).ofMaxSize(2).map(set -> AttributeValue.fromSs(List.copyOf(set))),
                number.set().ofMinSize(1).ofMaxSize(2).map(set -> AttributeValue.fromNs(List.copyOf(set))));
        return Arbitraries.oneOf(
                leaf,
                leaf.list().ofMaxSize(2).map(AttributeValue::fromL),
                Arbitraries.maps(lineNames(), leaf).ofMaxSize(3).map(AttributeValue::fromM));
    }

    private static Arbitrary<String> lineNames() {
        return Arbitraries.of("bookId", "price", "quantity", "title", "author", "addedAt", "unknown");
    }

    /** Items in which any attribute may hold any value. */
    @Provide
    Arbitrary<Map<String, AttributeValue>> hostileItems() {
        Arbitrary<AttributeValue> line = Combinators.combine(
                        Arbitraries.of("a", "b"), lineNames(), values().injectNull(0.6))
                .as((bookId, name, value) -> value == null
                        ? Items.line(bookId, "1", "1")
                        : Items.with(Items.line(bookId, "1", "1"), name, value));
        Arbitrary<AttributeValue> lines = line.list().ofMaxSize(3).map(AttributeValue::fromL);
        Arbitrary<String> names = Arbitraries.of(
                "totalItems",
                "totalPrice",
                "lastUpdated",
                "ttl",
                "format",
                "version",
                "ci",
                "cb",
                "cw",
                "cf",
                "ct",
                "cu",
                "k_aaaaaaaaaaaa",
                "unknown",
                "cartItems");
        return Combinators.combine(lines, Arbitraries.maps(names, values()).ofMaxSize(2))
                .as((list, others) -> {
                    Map<String, AttributeValue> item = Items.item("cartItems", list);
                    item.putAll(others);
                    return item;
                });
    }

    @Property
    void decode_encodedCart_isTheSame(@ForAll("carts") Cart cart) {
        Write write = PinnedWrites.replace(StoredCart.absent(USER), cart, null, stamp(), TERMS);

        StoredCart decoded = decode(write.item());

        assertSame(decoded, write.after());
        assertThat(decoded.cart()).isEqualTo(cart);
        assertThat(decoded.cart().totalItems()).isEqualTo(cart.totalItems());
        assertThat(decoded.cart().totalPrice()).isEqualTo(cart.totalPrice());
        assertThat(decoded.isDrifted()).isFalse();
        assertThat(decoded.isIndexed()).isTrue();
        assertThat(decoded.areIdsTrue()).isTrue();
    }

    @Property
    void decode_cartEncodedAndKeptByDynamoDb_isTheSame(@ForAll("carts") Cart cart) {
        Table table = new Table();
        Write write = PinnedWrites.replace(StoredCart.absent(USER), cart, null, stamp(), TERMS);

        table.put(write.item());

        assertSame(decode(table.item(USER)), write.after());
    }

    @Property
    void decode_anyItem_isACartOrSaysWhatIsWrong(@ForAll("hostileItems") Map<String, AttributeValue> item) {
        Map<String, AttributeValue> before = new LinkedHashMap<>(item);
        try {
            StoredCart stored = decode(item);

            if (!stored.isExpired()) {
                assertThat(stored.lines()).hasSameSizeAs(stored.cart().items());
            }
            assertThat(stored.cart().items()).extracting(CartItem::bookId).doesNotHaveDuplicates();
        } catch (InvalidStoredCartException e) {
            assertThat(e.attributePath()).isNotBlank();
            assertThat(e.expected()).isNotBlank();
            assertThat(e).hasMessageNotContaining("secret");
        }
        assertThat(item).isEqualTo(before);
    }

    /**
     * Reading the merged lines of an item gives the same cart as reading the item, so the list can be sent as a whole.
     */
    @Property
    void lines_anyItem_readAsTheSameCart(@ForAll("hostileItems") Map<String, AttributeValue> item) {
        StoredCart stored;
        try {
            stored = decode(item);
        } catch (InvalidStoredCartException e) {
            return;
        }
        if (stored.isExpired()) {
            return;
        }
        StoredCart again = decode(Items.item("cartItems", AttributeValue.fromL(stored.lines())));

        assertThat(again.cart().items()).isEqualTo(stored.cart().items());
        assertThat(again.isIndexed()).isTrue();
    }

    @Property
    void times_anyTimeThatIsWritten_isReadBack(
            @ForAll @LongRange(min = -62_167_219_200L, max = 253_402_300_799L) long seconds,
            @ForAll @IntRange(max = 999_999_999) int nanos,
            @ForAll @IntRange(max = 3) int digits) {
        int precision = (int) Math.pow(1000, 3 - digits);
        Instant time = Instant.ofEpochSecond(seconds, nanos / precision * (long) precision);

        Cart cart = decode(Items.item("lastUpdated", Items.s(time.toString()))).cart();

        assertThat(cart.lastUpdated()).contains(time);
    }

    /** However the parsing of times is optimized, it must accept what the JDK accepts, and nothing else. */
    @Property(tries = 500)
    void times_anyText_isReadAsTheJdkReadsIt(@ForAll("timesAndAlmostTimes") String text) {
        Instant expected = readByTheJdk(text);

        assertThat(decode(Items.item("lastUpdated", Items.s(text))).cart().lastUpdated())
                .isEqualTo(Optional.ofNullable(expected));
    }

    @Provide
    Arbitrary<String> timesAndAlmostTimes() {
        Arbitrary<String> years = Arbitraries.of("2025", "2024", "1900", "2000", "0000", "-001", "20 5", "9999");
        // Only some of the JDK's formatters accept a 60th second.
        Arbitrary<Integer> numbers = Arbitraries.integers().between(0, 62).filter(number -> number != 60);
        Arbitrary<String> fractions = Arbitraries.of(
                "", ".1", ".12", ".123", ".123456", ".123456789", ".1234567890", ".-1", ",5", ".x", ":00");
        Arbitrary<String> zones = Arbitraries.of("Z", "", "z", "+00:00", "+02:00", "-05:30", "+2", "ZZ", " Z");
        return Combinators.combine(
                        years,
                        Arbitraries.integers().between(0, 13),
                        Arbitraries.integers().between(0, 32),
                        Arbitraries.integers().between(0, 23),
                        numbers,
                        numbers,
                        fractions,
                        zones)
                .as((year, month, day, hour, minute, second, fraction, zone) -> "%s-%02d-%02dT%02d:%02d:%02d%s%s"
                        .formatted(year, month, day, hour, minute, second, fraction, zone));
    }

    private static @Nullable Instant readByTheJdk(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException noOffset) {
            try {
                return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
            } catch (DateTimeException noTime) {
                return null;
            }
        }
    }

    @Property
    void sizeOf_anyCart_isNeverBelowDynamoDbs(@ForAll("carts") Cart cart) {
        Write write = PinnedWrites.replace(StoredCart.absent(USER), cart, null, stamp(), TERMS);

        assertThat(ItemFormat.sizeOf(write.after())).isGreaterThanOrEqualTo(Items.sizeOf(write.item()));
        assertThat(cart.itemBytes() + WriteId.LENGTH).isEqualTo(ItemFormat.sizeOf(write.after()));
    }

    /** Compares everything that a later write depends on, and ignores the order of lists where DynamoDB keeps none. */
    static void assertSame(StoredCart actual, StoredCart expected) {
        assertThat(actual.cart()).isEqualTo(expected.cart());
        assertThat(actual.cart().version()).isEqualTo(expected.cart().version());
        assertThat(actual.cart().lastUpdated()).isEqualTo(expected.cart().lastUpdated());
        assertThat(actual.cart().expiresAt()).isEqualTo(expected.cart().expiresAt());
        assertThat(actual.exists()).isEqualTo(expected.exists());
        assertThat(actual.isExpiredAt(NOW)).isEqualTo(expected.isExpiredAt(NOW));
        assertThat(actual.format()).isEqualTo(expected.format());
        assertThat(actual.unknownBytes()).isEqualTo(expected.unknownBytes());
        assertThat(actual.counter()).isEqualTo(expected.counter());
        assertThat(actual.keysUntil()).isEqualTo(expected.keysUntil());
        assertThat(actual.drift()).isEqualTo(expected.drift());
        assertThat(actual.isIndexed()).isEqualTo(expected.isIndexed());
        assertThat(actual.areIdsTrue()).isEqualTo(expected.areIdsTrue());
        assertThat(actual.lines()).hasSameSizeAs(expected.lines());
        Memory memory = expected.memory();
        if (memory == null) {
            assertThat(actual.memory()).isNull();
        } else {
            assertThat(actual.memory()).isNotNull();
            assertThat(actual.memory().incarnation()).isEqualTo(memory.incarnation());
            assertThat(actual.memory().version()).isEqualTo(memory.version());
            assertThat(actual.memory().forgotten()).isEqualTo(memory.forgotten());
            assertThat(actual.memory().lastWrite()).isEqualTo(memory.lastWrite());
            assertThat(actual.memory().keys()).isEqualTo(memory.keys());
            assertThat(actual.memory().ring()).containsExactlyInAnyOrderElementsOf(memory.ring());
        }
    }
}
