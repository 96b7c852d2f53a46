package com.cloudshelf.cart;

import static com.cloudshelf.cart.ChangeJson.CHANGES;
import static com.cloudshelf.cart.ChangeJson.IDEMPOTENCY_KEY;
import static com.cloudshelf.cart.ChangeJson.IF_VERSION;
import static com.cloudshelf.cart.ChangeJson.ITEM;
import static com.cloudshelf.cart.ChangeJson.NAME;
import static com.cloudshelf.cart.ChangeJson.QUANTITIES;
import static com.cloudshelf.cart.ChangeJson.TYPE;
import static com.cloudshelf.cart.ChangeJson.VALUE;
import static com.cloudshelf.cart.ChangeJson.WITHIN;
import static com.cloudshelf.cart.ItemFormat.ADDED_AT;
import static com.cloudshelf.cart.ItemFormat.AUTHOR;
import static com.cloudshelf.cart.ItemFormat.BOOK_ID;
import static com.cloudshelf.cart.ItemFormat.CART_ITEMS;
import static com.cloudshelf.cart.ItemFormat.LAST_UPDATED;
import static com.cloudshelf.cart.ItemFormat.PRICE;
import static com.cloudshelf.cart.ItemFormat.QUANTITY;
import static com.cloudshelf.cart.ItemFormat.TITLE;
import static com.cloudshelf.cart.ItemFormat.TOTAL_ITEMS;
import static com.cloudshelf.cart.ItemFormat.TOTAL_PRICE;
import static com.cloudshelf.cart.ItemFormat.TTL;
import static com.cloudshelf.cart.ItemFormat.USER_ID;
import static com.cloudshelf.cart.ItemFormat.VERSION;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.RemoveAttribute;
import com.cloudshelf.cart.CartChange.RemoveItemAttribute;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes carts, lines and updates as JSON-like maps, for JSON libraries that have no module here. With
 * Jackson, use {@link com.cloudshelf.cart.jackson2.CartModule} or {@link com.cloudshelf.cart.jackson3.CartModule},
 * which build on this class.
 *
 * <p>A cart uses the names of the table's items: {@code userId}, {@code cartItems}, {@code totalItems}, {@code
 * totalPrice}, {@code lastUpdated}, {@code ttl} (in epoch seconds) and {@code version}. A line has {@code bookId},
 * {@code title}, {@code author}, {@code price}, {@code quantity} and {@code addedAt}. Your own attributes are on the
 * same level. Whatever a cart or a line does not have is omitted, and so is the version of a cart that no store
 * returned.
 *
 * <p>An update has {@code userId} and {@code changes}, and optionally {@code ifVersion}, {@code idempotencyKey} and
 * {@code within} (an ISO-8601 duration). The cart passed to {@link CartUpdate#basedOn CartUpdate.basedOn} is omitted. A change has a
 * {@code type}, the name of the method of {@link CartUpdate}, and that method's parameters:
 *
 * <pre>{@code
 * {"userId": "user123", "changes": [
 *     {"type": "add", "item": {"bookId": "book001", "price": 15.99, "quantity": 2}},
 *     {"type": "setQuantity", "bookId": "book002", "quantity": 3},
 *     {"type": "subtract", "quantities": {"book003": 1}},
 *     {"type": "setAttribute", "name": "coupon", "value": "SAVE10"}]}
 * }</pre>
 *
 * <p>Returned maps contain strings, {@link BigDecimal}, {@link Integer}, {@link Long}, {@link Boolean}, lists and maps.
 * Maps to be read may contain any finite {@link Number}. A binary floating-point number is read as its shortest
 * decimal; to keep prices exact, have your library read numbers as {@link BigDecimal}. Strings are not accepted as
 * numbers. {@code null} counts as absent wherever a value may be absent, also within your own attributes, but not in a list.
 *
 * <p>If you read an update from a request, check that {@link CartUpdate#userId CartUpdate.userId} is the user who sent
 * it, and do not trust the prices in it.
 */
public final class CartJson {
    private static final Set<String> CART_NAMES =
            Set.of(USER_ID, CART_ITEMS, TOTAL_ITEMS, TOTAL_PRICE, LAST_UPDATED, TTL, VERSION);

    private CartJson() {}

    /** Returns a cart as a map. */
    public static Map<String, Object> of(Cart cart) {
        return cart.json();
    }

    /** Returns a line as a map. */
    public static Map<String, Object> of(CartItem item) {
        return item.json();
    }

    /** Returns an update as a map. */
    public static Map<String, Object> of(CartUpdate update) {
        return update.json();
    }

    /** Returns a change as a map. */
    public static Map<String, Object> of(CartChange change) {
        return CartUpdate.json(change);
    }

    /**
     * Reads a cart as content: user, lines, attributes and times. Totals are computed from the lines; those in the map
     * are ignored. A version must be well-formed, but is dropped: no store returned this cart, so {@link
     * CartUpdate#basedOn CartUpdate.basedOn} refuses it.
     *
     * @throws IllegalArgumentException if a value is missing or invalid, or two lines have the same book; the message
     *     contains the path
     */
    public static Cart cart(Map<String, ? extends @Nullable Object> json) {
        JsonFields fields = new JsonFields("", json);
        List<CartItem> items = new ArrayList<>();
        Set<String> books = new HashSet<>();
        for (JsonFields line : fields.objects(CART_ITEMS)) {
            CartItem item = item(line);
            if (!books.add(item.bookId())) {
                throw line.refusal(BOOK_ID, "must not be the book of an earlier line");
            }
            items.add(item);
        }
        fields.numberOrNull(TOTAL_ITEMS);
        fields.numberOrNull(TOTAL_PRICE);
        String version = fields.textOrNull(VERSION);
        if (version != null) {
            fields.checked(() -> CartVersion.parse(version));
        }
        return fields.checked(() -> Cart.content(
                Checks.id(USER_ID, fields.text(USER_ID)),
                Collections.unmodifiableList(items),
                fields.attributes(CART_NAMES),
                fields.timeOrNull(LAST_UPDATED),
                fields.secondsOrNull(TTL)));
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException if a value is missing or invalid; the message contains the path
     */
    public static CartItem item(Map<String, ? extends @Nullable Object> json) {
        return item(new JsonFields("", json));
    }

    private static CartItem item(JsonFields fields) {
        String bookId = fields.text(BOOK_ID);
        String title = fields.textOrNull(TITLE);
        String author = fields.textOrNull(AUTHOR);
        BigDecimal price = fields.number(PRICE);
        int quantity = fields.whole(QUANTITY);
        Instant addedAt = fields.timeOrNull(ADDED_AT);
        return fields.checked(() -> {
            CartItem item =
                    CartItem.of(bookId, title, author, price, quantity).with(fields.attributes(CartItem.OWN_NAMES));
            return addedAt == null ? item : item.withAddedAt(addedAt);
        });
    }

    /**
     * Reads an update. Unknown names are refused.
     *
     * @throws IllegalArgumentException if a value is missing, unknown or invalid; the message contains the path
     */
    public static CartUpdate update(Map<String, ? extends @Nullable Object> json) {
        JsonFields fields = new JsonFields("", json).only(USER_ID, CHANGES, IF_VERSION, IDEMPOTENCY_KEY, WITHIN);
        List<CartChange> changes = new ArrayList<>();
        for (JsonFields change : fields.objects(CHANGES)) {
            changes.add(change(change));
        }
        String version = fields.textOrNull(IF_VERSION);
        String key = fields.textOrNull(IDEMPOTENCY_KEY);
        Duration deadline = fields.durationOrNull(WITHIN);
        String userId = fields.text(USER_ID);
        return fields.checked(() -> {
            CartUpdate update = CartUpdate.of(userId).withAll(changes);
            update = version == null ? update : update.ifVersion(CartVersion.parse(version));
            update = key == null ? update : update.idempotencyKey(key);
            return deadline == null ? update : update.within(deadline);
        });
    }

    /**
     * Reads a change. Unknown names are refused.
     *
     * @throws IllegalArgumentException if a value is missing, unknown or invalid; the message contains the path
     */
    public static CartChange change(Map<String, ? extends @Nullable Object> json) {
        return change(new JsonFields("", json));
    }

    private static CartChange change(JsonFields fields) {
        return switch (fields.text(TYPE)) {
            case "add" -> new Add(item(fields.only(TYPE, ITEM).object(ITEM)));
            case "setQuantity" -> {
                fields.only(TYPE, BOOK_ID, QUANTITY);
                yield fields.checked(() -> new SetQuantity(fields.text(BOOK_ID), fields.whole(QUANTITY)));
            }
            case "remove" -> {
                fields.only(TYPE, BOOK_ID);
                yield fields.checked(() -> new Remove(fields.text(BOOK_ID)));
            }
            case "reprice" -> {
                fields.only(TYPE, BOOK_ID, PRICE);
                yield fields.checked(() -> new Reprice(fields.text(BOOK_ID), fields.number(PRICE)));
            }
            case "subtract" -> {
                JsonFields quantities = fields.only(TYPE, QUANTITIES).object(QUANTITIES);
                yield fields.checked(() -> new Subtract(quantities.wholes()));
            }
            case "setAttribute" -> {
                fields.only(TYPE, NAME, VALUE);
                yield fields.checked(() -> new SetAttribute(fields.text(NAME), fields.attribute(VALUE)));
            }
            case "removeAttribute" -> {
                fields.only(TYPE, NAME);
                yield fields.checked(() -> new RemoveAttribute(fields.text(NAME)));
            }
            case "setItemAttribute" -> {
                fields.only(TYPE, BOOK_ID, NAME, VALUE);
                yield fields.checked(
                        () -> new SetItemAttribute(fields.text(BOOK_ID), fields.text(NAME), fields.attribute(VALUE)));
            }
            case "removeItemAttribute" -> {
                fields.only(TYPE, BOOK_ID, NAME);
                yield fields.checked(() -> new RemoveItemAttribute(fields.text(BOOK_ID), fields.text(NAME)));
            }
            case "clear" -> {
                fields.only(TYPE);
                yield new Clear();
            }
            default -> throw fields.refusal(TYPE, "must be the name of a change, such as add or setQuantity");
        };
    }
}
