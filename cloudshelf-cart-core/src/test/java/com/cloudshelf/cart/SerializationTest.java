package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.apply;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartRejectedException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Java serialization of values and failures, as session stores, caches and remote calls use it. */
class SerializationTest {
    private static final CartVersion VERSION = CartVersion.of("incarnation", 42, -1);

    private static final Cart STORED = Cart.stored(
            apply(
                    cartOf(book("a", "9.50", 2).with("giftWrap", List.of(true, Map.of("x", 1.5))), book("b", "1", 1)),
                    new SetAttribute("coupon", "SAVE10")),
            VERSION,
            NOW,
            NOW.plusSeconds(60));

    private static byte[] write(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        return bytes.toByteArray();
    }

    private static Object read(byte[] stream) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(stream))) {
            return in.readObject();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> T copy(T value) throws Exception {
        return (T) read(write(value));
    }

    static Stream<Object> values() {
        return Stream.of(
                STORED,
                Cart.empty(USER),
                cartOf(book("a", "1", 1)),
                book("a", "9.50", 2),
                book("a", "9.50", 2).with("x", Map.of("y", List.of(1, "z"))).withAddedAt(NOW),
                CartItem.of("b", null, null, Checks.MAX_PRICE, Integer.MAX_VALUE),
                VERSION,
                CartVersion.ABSENT);
    }

    @ParameterizedTest
    @MethodSource("values")
    void anyValue_writtenAndRead_isEqual(Object value) throws Exception {
        assertThat(copy(value)).isEqualTo(value).hasSameHashCodeAs(value).hasToString(value.toString());
    }

    @Test
    void cart_writtenAndRead_hasItsTimesAndVersion() throws Exception {
        Cart cart = copy(STORED);

        assertThat(cart.version()).isEqualTo(VERSION);
        assertThat(cart.lastUpdated()).contains(NOW);
        assertThat(cart.expiresAt()).contains(NOW.plusSeconds(60));
        assertThat(cart.totalItems()).isEqualTo(3);
        assertThat(cart.totalPrice()).isEqualByComparingTo("20");
        assertThat(CartUpdate.of(USER).basedOn(cart).snapshot()).contains(cart);
    }

    @Test
    void cart_previewWrittenAndRead_isAPreview() throws Exception {
        Cart preview = copy(apply(STORED));

        assertThat(preview.version()).isEqualTo(VERSION);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CartUpdate.of(USER).basedOn(preview))
                .withMessageContaining("preview");
    }

    @Test
    void conflict_writtenAndRead_hasTheCurrentCart() throws Exception {
        CartConflictException conflict = copy(CartConflictException.stale(STORED));

        assertThat(conflict.current()).isEqualTo(STORED);
        assertThat(conflict.current().version()).isEqualTo(VERSION);
        assertThat(conflict.userId()).isEqualTo(USER);
        assertThat(conflict.isRetryable()).isFalse();
        assertThat(conflict).hasMessageContaining("version");
    }

    @Test
    void anyFailure_writtenAndRead_isTheSame() throws Exception {
        CartRejectedException rejected = copy(new CartRejectedException(USER, Reason.LIMIT, "too much", "maxLines", 7));
        CartThrottledException throttled =
                copy(new CartThrottledException(USER, List.of("A", "B"), new IOException("cause")));
        InvalidStoredCartException invalid = copy(new InvalidStoredCartException(USER, "cartItems", "a list (L)"));

        assertThat(rejected.reason()).isEqualTo(Reason.LIMIT);
        assertThat(rejected.limit()).contains("maxLines");
        assertThat(rejected.limitValue()).hasValue(7);
        assertThat(rejected.changeIndex()).isEmpty();
        assertThat(throttled.reasons()).containsExactly("A", "B");
        assertThat(throttled).hasMessageContaining("(A, B)").hasCauseInstanceOf(IOException.class);
        assertThat(invalid.attributePath()).isEqualTo("cartItems");
        assertThat(invalid.expected()).isEqualTo("a list (L)");
        assertThat(copy(new CartOutcomeUnknownException(USER, true, null)).effectPossible())
                .isTrue();
    }

    /** Returns a stream as an attacker would forge it: the stream of a value, with some bytes replaced. */
    private static byte[] replaced(Object value, String text, String by) throws IOException {
        String stream = new String(write(value), StandardCharsets.ISO_8859_1);
        assertThat(by).hasSameSizeAs(text);
        assertThat(stream).contains(text);
        return stream.replace(text, by).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String bytes(int number) {
        return new String(
                new byte[] {(byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number},
                StandardCharsets.ISO_8859_1);
    }

    @Test
    void stream_withAValueThatBreaksItsRule_isRefused() throws Exception {
        CartItem line =
                CartItem.of("theBook", "t", "a", Checks.MAX_PRICE, 0x12345678).with("attribute", "the value");

        for (byte[] hostile : List.of(
                replaced(line, "theBook", "       "),
                replaced(line, bytes(0x12345678), bytes(-5)),
                replaced(line, bytes(0x12345678), bytes(0)),
                replaced(line, "\u0000\u0009attribute", "\u0000\u0009\u00ed\u00a0\u0080ribute"),
                replaced(VERSION, ".16.", ". 6."),
                replaced(STORED, "\u0000\u0001b", "\u0000\u0001a"),
                replaced(STORED, USER, "\t".repeat(USER.length())),
                replaced(apply(STORED, new SetAttribute("qqq", 1)), "\u0000\u0003qqq", "\u0000\u0003ttl"))) {
            assertThatExceptionOfType(InvalidObjectException.class).isThrownBy(() -> read(hostile));
        }
    }

    @Test
    void stream_withFieldsInsteadOfTheSerialForm_isRefused() throws Exception {
        for (Class<?> type : List.of(Cart.class, CartItem.class, CartVersion.class)) {
            assertThatExceptionOfType(InvalidObjectException.class)
                    .isThrownBy(() -> read(streamOf(type)))
                    .withMessageContaining("serial form");
        }
    }

    @Test
    void stream_ofAFailureWithoutItsFacts_isRefused() throws Exception {
        for (Class<?> type : List.of(
                CartConflictException.class,
                CartRejectedException.class,
                CartThrottledException.class,
                InvalidStoredCartException.class,
                CartStoreException.class)) {
            assertThatExceptionOfType(InvalidObjectException.class).isThrownBy(() -> read(streamOf(type)));
        }
    }

    /** Returns a stream with an object whose fields, including those of its superclasses, are all missing. */
    private static byte[] streamOf(Class<?> type) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(ObjectOutputStream.STREAM_MAGIC);
        out.writeShort(ObjectOutputStream.STREAM_VERSION);
        out.writeByte(ObjectOutputStream.TC_OBJECT);
        out.writeByte(ObjectOutputStream.TC_CLASSDESC);
        out.writeUTF(type.getName());
        out.writeLong(ObjectStreamClass.lookup(type).getSerialVersionUID());
        out.writeByte(ObjectOutputStream.SC_SERIALIZABLE);
        out.writeShort(0);
        out.writeByte(ObjectOutputStream.TC_ENDBLOCKDATA);
        out.writeByte(ObjectOutputStream.TC_NULL);
        return bytes.toByteArray();
    }

    @Test
    void stream_ofALineWithAnotherTime_isRefused() throws Exception {
        CartItem line = book("a", "1", 1).withAddedAt(Instant.ofEpochSecond(0x0000_0012_3456_789AL));
        String second = "\u0000\u0000\u0000" + bytes(0x1234_5678) + (char) 0x9A;

        assertThatExceptionOfType(InvalidObjectException.class)
                .isThrownBy(() -> read(replaced(line, second, "\u0000\u0001" + second.substring(2))));
    }
}
