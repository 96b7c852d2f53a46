package com.cloudshelf.cart.jackson2;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartJson;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A Jackson 2 module for carts, lines, versions, updates and changes in the JSON form of {@link CartJson}. Numbers are
 * exact in both directions. Every value is checked when it is read; an invalid one fails with a {@link
 * com.fasterxml.jackson.databind.exc.MismatchedInputException}, which web frameworks turn into status 400.
 *
 * <p>Spring Boot and {@link com.fasterxml.jackson.databind.ObjectMapper#findAndRegisterModules
 * ObjectMapper.findAndRegisterModules} find it. For other mappers, use {@link
 * com.fasterxml.jackson.databind.ObjectMapper#registerModule ObjectMapper.registerModule}.
 */
public final class CartModule extends SimpleModule {
    private static final long serialVersionUID = 1L;

    /** Creates the module. */
    public CartModule() {
        super("cloudshelf-cart");
        add(Cart.class, CartJson::of, CartJson::cart);
        add(CartItem.class, CartJson::of, CartJson::item);
        add(CartUpdate.class, CartJson::of, CartJson::update);
        add(CartChange.class, CartJson::of, CartJson::change);
        // Jackson would read a record without the module's checks, and take a missing quantity for 0.
        addReader(CartChange.Add.class);
        addReader(CartChange.SetQuantity.class);
        addReader(CartChange.Remove.class);
        addReader(CartChange.Reprice.class);
        addReader(CartChange.Subtract.class);
        addReader(CartChange.SetAttribute.class);
        addReader(CartChange.RemoveAttribute.class);
        addReader(CartChange.SetItemAttribute.class);
        addReader(CartChange.RemoveItemAttribute.class);
        addReader(CartChange.Clear.class);
        addSerializer(CartVersion.class, new TreeWriter<>(CartVersion::toString));
        addDeserializer(CartVersion.class, new VersionReader());
    }

    private <T> void add(
            Class<T> type,
            Function<T, Map<String, Object>> writing,
            Function<Map<String, @Nullable Object>, T> reading) {
        addSerializer(type, new TreeWriter<>(writing));
        addDeserializer(type, new TreeReader<>(type, reading));
    }

    private <T extends CartChange> void addReader(Class<T> kind) {
        addDeserializer(kind, new TreeReader<>(kind, CartJson::change));
    }
}
