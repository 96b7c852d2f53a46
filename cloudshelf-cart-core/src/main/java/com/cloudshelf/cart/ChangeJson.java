package com.cloudshelf.cart;

import static com.cloudshelf.cart.ItemFormat.BOOK_ID;
import static com.cloudshelf.cart.ItemFormat.PRICE;
import static com.cloudshelf.cart.ItemFormat.QUANTITY;

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
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes changes as JSON-like maps. {@link CartJson} describes and reads them. */
final class ChangeJson {
    static final String CHANGES = "changes";
    static final String IF_VERSION = "ifVersion";
    static final String IDEMPOTENCY_KEY = "idempotencyKey";
    static final String WITHIN = "within";

    static final String TYPE = "type";
    static final String ITEM = "item";
    static final String NAME = "name";
    static final String VALUE = "value";
    static final String QUANTITIES = "quantities";

    private ChangeJson() {}

    /** Returns a change as a map. */
    static Map<String, Object> of(CartChange change) {
        if (change instanceof Add add) {
            return ordered("add", ITEM, add.item().json());
        } else if (change instanceof SetQuantity set) {
            return ordered("setQuantity", BOOK_ID, set.bookId(), QUANTITY, set.quantity());
        } else if (change instanceof Remove remove) {
            return ordered("remove", BOOK_ID, remove.bookId());
        } else if (change instanceof Reprice reprice) {
            return ordered("reprice", BOOK_ID, reprice.bookId(), PRICE, reprice.price());
        } else if (change instanceof Subtract subtract) {
            return ordered("subtract", QUANTITIES, subtract.quantities());
        } else if (change instanceof SetAttribute set) {
            return ordered("setAttribute", NAME, set.name(), VALUE, set.value());
        } else if (change instanceof RemoveAttribute remove) {
            return ordered("removeAttribute", NAME, remove.name());
        } else if (change instanceof SetItemAttribute set) {
            return ordered("setItemAttribute", BOOK_ID, set.bookId(), NAME, set.name(), VALUE, set.value());
        } else if (change instanceof RemoveItemAttribute remove) {
            return ordered("removeItemAttribute", BOOK_ID, remove.bookId(), NAME, remove.name());
        } else if (change instanceof Clear) {
            return ordered("clear");
        }
        throw new AssertionError("a sealed interface has no other subtypes");
    }

    private static Map<String, Object> ordered(String type, Object... namesAndValues) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(TYPE, type);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            json.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return json;
    }
}
