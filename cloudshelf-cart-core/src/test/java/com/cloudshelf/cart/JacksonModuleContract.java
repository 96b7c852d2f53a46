package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.money;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON of carts, lines, versions and updates, for the mapper of any Jackson version. */
public abstract class JacksonModuleContract {
    private static final String LINE = """
            {"bookId":"book001","title":"The Great Gatsby","author":"F. Scott Fitzgerald","price":15.99,"quantity":2,\
            "addedAt":"2025-09-03T10:30:00Z","giftWrap":{"paper":"blue","layers":[1,2.5]}}""";

    /** Writes with a mapper that has found the module. */
    protected abstract String write(Object value);

    /** Writes with a mapper that has no modules. */
    protected abstract String writeWithoutModule(Object value);

    /** Writes through a tree of nodes. */
    protected abstract String writeThroughNodes(Object value);

    /** Reads with a mapper that has found the module. */
    protected abstract <T> T read(String json, Class<T> type);

    /** Reads with a mapper that has no modules. */
    protected abstract <T> T readWithoutModule(String json, Class<T> type);

    /** Reads through a tree of nodes. */
    protected abstract <T> T readThroughNodes(String json, Class<T> type);

    /** Reads into a value that exists, with a mapper without modules that is set up to overwrite fields, even final ones. */
    protected abstract void overwriteWithoutModule(Object value, String json);

    /** Writes a value and reads it back, with a mapper that writes the type of each value, as caches do. */
    protected abstract Object throughTypedJson(Object value);

    /** Returns the exception that web frameworks report as a bad request. */
    protected abstract Class<? extends Exception> badRequest();

    private static CartItem line() {
        return CartItem.of("book001", "The Great Gatsby", "F. Scott Fitzgerald", money("15.99"), 2)
                .withAddedAt(NOW)
                .with("giftWrap", Map.of("paper", "blue", "layers", List.of(1, 2.5)));
    }

    private static Cart cart() {
        Cart content = Cart.empty(USER)
                .apply(
                        CartLimits.defaults(),
                        NOW,
                        List.of(new CartChange.Add(line()), new CartChange.SetAttribute("coupon", "SAVE10")));
        return Cart.stored(content, CartVersion.parse("abc.1.0000000000xyz"), NOW, NOW.plus(Duration.ofDays(30)));
    }

    @Test
    void write_cart_hasTheShapeOfTheTable() {
        assertThat(write(cart()))
                .startsWith("{\"userId\":\"user123\",\"cartItems\":[{\"bookId\":\"book001\",")
                .contains("\"price\":15.99,\"quantity\":2,\"addedAt\":\"2025-09-03T10:30:00Z\"")
                .endsWith("}],\"totalItems\":2,\"totalPrice\":31.98,\"lastUpdated\":\"2025-09-03T10:30:00Z\","
                        + "\"ttl\":1759487400,\"version\":\"abc.1.0000000000xyz\",\"coupon\":\"SAVE10\"}");
    }

    @Test
    void write_cartThatIsAbsent_isTheEmptyCartWithItsVersion() {
        assertThat(write(Cart.empty(USER)))
                .isEqualTo("{\"userId\":\"user123\",\"cartItems\":[],\"totalItems\":0,\"totalPrice\":0,"
                        + "\"version\":\"absent\"}");
    }

    @Test
    void write_previewOfAChange_hasNoVersion() {
        assertThat(write(cart().apply(CartLimits.defaults(), NOW, List.of(new CartChange.Remove("book001")))))
                .doesNotContain("version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "100", "1E+12", "0.000001", "999999999999.999999", "9.50"})
    void write_price_isAPlainNumber(String price) {
        BigDecimal exact = new BigDecimal(price);
        CartItem item = CartItem.of("b", null, null, exact, 1);
        String plain = "{\"bookId\":\"b\",\"price\":" + item.price().toPlainString() + ",\"quantity\":1}";
        assertThat(write(item)).isEqualTo(plain);
        assertThat(writeThroughNodes(item)).isEqualTo(plain);
        assertThat(read(plain, CartItem.class)).isEqualTo(item);
    }

    @Test
    void write_withoutTheModule_isTheSame() {
        CartUpdate update = CartUpdate.of(USER).add(line()).idempotencyKey("order-4711");
        for (Object value : List.of(cart(), line(), CartVersion.parse("abc.1.0000000000xyz"), update)) {
            assertThat(writeWithoutModule(value)).isEqualTo(write(value));
        }
        for (CartChange change : changes()) {
            assertThat(writeWithoutModule(change)).isEqualTo(write(change)).startsWith("{\"type\":\"");
        }
    }

    @Test
    void write_settingsAndReports_areWhatTheySay() {
        CartAuditReport.Counts counts = new CartAuditReport.Counts();
        counts.carts = 7;
        counts.add(new CartAuditReport.Finding(USER, Set.of(CartAuditReport.Problem.WRONG_TOTALS), "", "", true));
        CartAuditReport audit = new CartAuditReport("carts", OptionalLong.empty(), true, "checkpoint", counts);
        CartTableReport.Check check =
                new CartTableReport.Check("time to live", CartTableReport.Outcome.HELD, "enabled", "", "");

        assertThat(writeBoth(CartLimits.of(10, 5))).contains("\"maxLines\":10", "\"maxQuantity\":5");
        assertThat(writeBoth(CartTableSpec.defaults().withTableName("carts")))
                .contains("\"tableName\":\"carts\"", "\"deletionProtection\":true", "\"tags\":{\"Environment\":");
        assertThat(writeBoth(new CartTableReport("carts", List.of(check))))
                .contains("\"held\":true", "\"subject\":\"time to live\"", "\"outcome\":\"HELD\"");
        assertThat(writeBoth(audit))
                .contains("\"carts\":7", "\"found\":{\"WRONG_TOTALS\":1}", "\"repaired\":{\"WRONG_TOTALS\":1}")
                .doesNotContain("checkpoint");
    }

    private String writeBoth(Object value) {
        assertThat(writeWithoutModule(value)).isEqualTo(write(value));
        return write(value);
    }

    private static List<CartChange> changes() {
        return List.of(
                new CartChange.Add(line()),
                new CartChange.SetQuantity("book001", 3),
                new CartChange.Remove("book001"),
                new CartChange.Reprice("book001", money("9.50")),
                new CartChange.Subtract(Map.of("book001", 1)),
                new CartChange.SetAttribute("coupon", List.of("SAVE10", true)),
                new CartChange.RemoveAttribute("coupon"),
                new CartChange.SetItemAttribute("book001", "weight", money("0.12345678901234567890123")),
                new CartChange.RemoveItemAttribute("book001", "weight"),
                new CartChange.Clear());
    }

    /** Values are immutable, even for a mapper that can overwrite final fields. */
    @Test
    void readIntoAValue_withoutTheModule_changesNothing() {
        CartUpdate update = CartUpdate.of(USER).remove("book001").within(Duration.ofSeconds(1));
        for (Object value : List.of(cart(), line(), CartVersion.parse("abc.1.0000000000xyz"), update)) {
            String before = value.toString();
            for (String json : List.of(
                    "{\"userId\":\"other\"}",
                    "{\"totalItems\":7}",
                    "{\"bookId\":\"\"}",
                    "{\"micros\":-5000000}",
                    "{\"quantity\":-5}",
                    "{\"token\":\"a\\r\\nb\"}",
                    "{\"changes\":[]}",
                    "{\"deadline\":null}")) {
                assertThatCode(() -> overwriteWithoutModule(value, json))
                        .satisfiesAnyOf(
                                done -> assertThat(done).isNull(),
                                refused -> assertThat(refused).isInstanceOf(badRequest()));
                assertThat(value).hasToString(before);
            }
        }
    }

    @Test
    void write_withTypes_isReadAsTheSameValue() {
        for (Object value : List.of(cart(), line(), CartUpdate.of(USER).add(line()), cart().version())) {
            assertThat(throughTypedJson(value)).isEqualTo(value);
        }
        assertThat(changes())
                .allSatisfy(change -> assertThat(throughTypedJson(change)).isEqualTo(change));
    }

    @Test
    void readWithoutTheModule_cartLineAndUpdate_areRefused() {
        for (Class<?> type : List.of(Cart.class, CartItem.class, CartUpdate.class, CartChange.class)) {
            assertThatThrownBy(() -> readWithoutModule(LINE, type)).isInstanceOf(Exception.class);
        }
    }

    /** As a mere record, a change without a quantity would remove the line, and one of 2.7 copies would set 2. */
    @Test
    void readWithoutTheModule_changes_areRefused() {
        for (CartChange change : changes()) {
            if (!(change instanceof CartChange.Clear)) {
                for (String json : List.of(
                        write(change),
                        "{\"bookId\":\"b\"}",
                        "{\"bookId\":\"b\",\"quantity\":2.7,\"price\":\"1\",\"name\":\"x\"}")) {
                    assertThatThrownBy(() -> readWithoutModule(json, change.getClass()))
                            .isInstanceOf(Exception.class);
                }
            }
        }
    }

    @Test
    void readWithoutTheModule_version_isParsed() {
        assertThat(readWithoutModule("\"abc.1.0000000000xyz\"", CartVersion.class))
                .isEqualTo(CartVersion.parse("abc.1.0000000000xyz"));
        assertThatThrownBy(() -> readWithoutModule("\"a\\r\\nb\"", CartVersion.class))
                .isInstanceOf(Exception.class);
    }

    @Test
    void read_line_isTheLine() {
        assertThat(read(LINE, CartItem.class)).isEqualTo(line());
        assertThat(readThroughNodes(LINE, CartItem.class)).isEqualTo(line());
        assertThat(read(
                        "{\"bookId\":\"b\",\"price\":1e2,\"quantity\":2.0,\"title\":null,\"gift\":null}",
                        CartItem.class))
                .isEqualTo(CartItem.of("b", null, null, money("100"), 2));
    }

    @Test
    void read_nullInAnAttribute_isAbsent() {
        String gift = "{\"paper\":\"blue\",\"note\":null,\"layers\":[{\"tape\":null}]}";
        Map<String, Object> expected = Map.of("paper", "blue", "layers", List.of(Map.of()));
        String line = "{\"bookId\":\"b\",\"price\":1,\"quantity\":1,\"gift\":" + gift + "}";
        String set = "{\"type\":\"setAttribute\",\"name\":\"gift\",\"value\":" + gift + "}";
        String setOfLine = "{\"type\":\"setItemAttribute\",\"bookId\":\"b\",\"name\":\"gift\",\"value\":" + gift + "}";

        assertThat(read(line, CartItem.class).attributes()).isEqualTo(Map.of("gift", expected));
        assertThat(read("{\"userId\":\"u\",\"cartItems\":[],\"gift\":" + gift + "}", Cart.class)
                        .attributes())
                .isEqualTo(Map.of("gift", expected));
        assertThat(read(set, CartChange.class)).isEqualTo(new CartChange.SetAttribute("gift", expected));
        assertThat(read(setOfLine, CartChange.class)).isEqualTo(new CartChange.SetItemAttribute("b", "gift", expected));
    }

    @Test
    void read_price_isNoBinaryFloat() {
        String json = "{\"bookId\":\"b\",\"price\":999999999999.999999,\"quantity\":1}";
        assertThat(read(json, CartItem.class).price()).isEqualTo(money("999999999999.999999"));
    }

    @Test
    void read_cartThatWasWritten_isTheSameContent() {
        Cart read = read(write(cart()), Cart.class);
        assertThat(read).isEqualTo(cart());
        assertThat(read.lastUpdated()).isEqualTo(cart().lastUpdated());
        assertThat(read.expiresAt()).isEqualTo(cart().expiresAt());
        assertThatThrownBy(() -> CartUpdate.of(USER).basedOn(read))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("from JSON");
        assertThat(write(read)).doesNotContain("version");
    }

    @Test
    void read_cartWithWrongTotals_computesThem() {
        Cart read = read(
                "{\"userId\":\"u\",\"cartItems\":[" + LINE + "],\"totalItems\":9,\"totalPrice\":0.01}", Cart.class);
        assertThat(read.totalPrice()).isEqualTo(money("31.98"));
        assertThat(read.totalItems()).isEqualTo(2);
    }

    @Test
    void read_updateThatWasWritten_isTheSame() {
        CartUpdate update = CartUpdate.of(USER)
                .add(line())
                .setQuantity("book002", 3)
                .remove("book003")
                .reprice("book004", money("9.50"))
                .subtract(Map.of("book005", 1))
                .setAttribute("coupon", List.of("SAVE10", true))
                .removeAttribute("note")
                .setItemAttribute("book001", "giftWrap", true)
                .removeItemAttribute("book001", "note")
                .ifVersion(CartVersion.parse("abc.1.0000000000xyz"))
                .idempotencyKey("order-4711")
                .within(Duration.ofMillis(1500));
        assertThat(read(write(update), CartUpdate.class)).isEqualTo(update);
        CartUpdate clear = CartUpdate.of(USER).clear();
        assertThat(read(write(clear), CartUpdate.class)).isEqualTo(clear);
    }

    @Test
    void read_valuesWithinOthers_areRead() {
        assertThat(read("{\"item\":" + LINE + ",\"version\":\"abc.1.0000000000xyz\"}", Body.class))
                .isEqualTo(new Body(line(), CartVersion.parse("abc.1.0000000000xyz")));
    }

    @Test
    void read_changeAsItsOwnType_isTheChange() {
        for (CartChange change : changes()) {
            assertThat(read(write(change), change.getClass())).isEqualTo(change);
            assertThat(read(write(change), CartChange.class)).isEqualTo(change);
        }
    }

    /** A user's own type for the body of a request. */
    public record Body(CartItem item, CartVersion version) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "\"b\"",
                "1",
                "{}",
                "{\"bookId\":\"b\",\"quantity\":2}",
                "{\"bookId\":\"b\",\"micros\":-5000000,\"quantity\":2}",
                "{\"bookId\":\"b\",\"price\":null,\"quantity\":2}",
                "{\"bookId\":\"b\",\"price\":9.50}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":-5}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":0}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1.5}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":4294967297}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1e400}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1e999999999}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":\"2\"}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":true}",
                "{\"bookId\":\"b\",\"price\":-9.50,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":9.5000001,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":1e13,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":1e-999999999,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":1e99999999999,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":\"9.50\",\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":NaN,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":{\"value\":9.5},\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":9.50,\"price\":0,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":null,\"price\":0,\"quantity\":1}",
                "{\"bookId\":\" \",\"price\":9.50,\"quantity\":1}",
                "{\"bookId\":7,\"price\":9.50,\"quantity\":1}",
                "{\"bookId\":\"\\uD83D\",\"price\":9.50,\"quantity\":1}",
                "{\"bookId\":\"b\",\"title\":7,\"price\":9.50,\"quantity\":1}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"addedAt\":\"yesterday\"}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"addedAt\":1756895400}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"gift\":[null]}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"gift\":1e126}",
                "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"\":1}"
            })
    void read_hostileLine_isABadRequest(String json) {
        assertThatThrownBy(() -> read(json, CartItem.class)).isInstanceOf(badRequest());
        assertThatThrownBy(() -> read("{\"userId\":\"u\",\"cartItems\":[" + json + "]}", Cart.class))
                .isInstanceOf(badRequest());
        String update = "{\"userId\":\"u\",\"changes\":[{\"type\":\"add\",\"item\":" + json + "}]}";
        assertThatThrownBy(() -> read(update, CartUpdate.class)).isInstanceOf(badRequest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"userId\":\"u\"}",
                "{\"cartItems\":[]}",
                "{\"userId\":\"\",\"cartItems\":[]}",
                "{\"userId\":\"u\",\"cartItems\":{}}",
                "{\"userId\":\"u\",\"cartItems\":[1]}",
                "{\"userId\":\"u\",\"cartItems\":[null]}",
                "{\"userId\":\"u\",\"cartItems\":[],\"version\":\"a b\"}",
                "{\"userId\":\"u\",\"cartItems\":[],\"totalPrice\":\"0\"}",
                "{\"userId\":\"u\",\"cartItems\":[],\"lastUpdated\":\"now\"}",
                "{\"userId\":\"u\",\"cartItems\":[],\"ttl\":1e30}",
                "{\"userId\":\"u\",\"cartItems\":[],\"ttl\":1.5}",
                "{\"userId\":\"u\",\"cartItems\":[],\"format\":2}",
                "{\"userId\":\"u\",\"cartItems\":[{\"bookId\":\"b\",\"price\":1,\"quantity\":1},"
                        + "{\"bookId\":\"b\",\"price\":2,\"quantity\":1}]}"
            })
    void read_hostileCart_isABadRequest(String json) {
        assertThatThrownBy(() -> read(json, Cart.class)).isInstanceOf(badRequest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"userId\":\"u\"}",
                "{\"userId\":\"u\",\"changes\":[{}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"steal\"}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"clear\"},{\"type\":\"remove\",\"bookId\":\"b\"}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"clear\",\"bookId\":\"b\"}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":-1}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"reprice\",\"bookId\":\"b\",\"price\":\"1\"}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"subtract\",\"quantities\":{\"b\":0}}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"subtract\",\"quantities\":{\"b\":1.5}}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"setAttribute\",\"name\":\"userId\",\"value\":\"v\"}]}",
                "{\"userId\":\"u\",\"changes\":[{\"type\":\"setAttribute\",\"name\":\"n\",\"value\":null}]}",
                "{\"userId\":\"u\",\"changes\":[],\"ifversion\":\"abc.1.0000000000xyz\"}",
                "{\"userId\":\"u\",\"changes\":[],\"ifVersion\":\"W/abc\"}",
                "{\"userId\":\"u\",\"changes\":[],\"idempotencyKey\":\" \"}",
                "{\"userId\":\"u\",\"changes\":[],\"within\":\"2s\"}"
            })
    void read_hostileUpdate_isABadRequest(String json) {
        assertThatThrownBy(() -> read(json, CartUpdate.class)).isInstanceOf(badRequest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"bookId\":\"b\",\"quantity\":3}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\"}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":null}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":\"\"}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":\"3\"}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":2.7}",
                "{\"type\":\"setQuantity\",\"bookId\":\"b\",\"quantity\":3,\"price\":1}",
                "{\"type\":\"remove\",\"bookId\":\"b\"}"
            })
    void read_hostileChangeAsItsOwnType_isABadRequest(String json) {
        assertThatThrownBy(() -> read(json, CartChange.SetQuantity.class)).isInstanceOf(badRequest());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a\\r\\nSet-Cookie: x\"", "\"\"", "7", "{}", "[\"abc.1.0000000000xyz\"]", "true"})
    void read_hostileVersion_isABadRequest(String json) {
        assertThatThrownBy(() -> read(json, CartVersion.class)).isInstanceOf(badRequest());
    }

    @Test
    void read_nestedTooDeep_isABadRequest() {
        String deep = "[".repeat(200) + "]".repeat(200);
        String json = "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1,\"gift\":" + deep + "}";
        assertThatThrownBy(() -> read(json, CartItem.class)).isInstanceOf(badRequest());
    }

    @Test
    void read_moreThanAnItemHolds_isABadRequest() {
        String line = "{\"bookId\":\"b\",\"price\":9.50,\"quantity\":1},";
        String json = "{\"userId\":\"u\",\"cartItems\":[" + line.repeat(100_000) + "]}";
        assertThatThrownBy(() -> read(json, Cart.class)).isInstanceOf(badRequest());
        String title = "{\"bookId\":\"b\",\"title\":\"" + "x".repeat(2_000_000) + "\",\"price\":9.50,\"quantity\":1}";
        assertThatThrownBy(() -> read(title, CartItem.class)).isInstanceOf(badRequest());
        String price = "{\"bookId\":\"b\",\"price\":5." + "0".repeat(900) + ",\"quantity\":1}";
        assertThatThrownBy(() -> read(price, CartItem.class)).isInstanceOf(badRequest());
    }

    @Test
    void read_badLine_saysWhereAndWhat() {
        String line = "{\"bookId\":\"secret\",\"price\":\"9.50\",\"quantity\":1}";
        String json = "{\"userId\":\"u\",\"cartItems\":[" + LINE + "," + line + "]}";
        assertThatThrownBy(() -> read(json, Cart.class))
                .hasMessageContaining("cartItems[1].price must be a number")
                .hasMessageNotContaining("secret");
    }
}
