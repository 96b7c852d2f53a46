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
 * A module of Jackson 2 that writes and reads carts, lines, versions, updates and changes as {@link CartJson} describes
 * them. Numbers are exact both ways, and everything that is read goes through the checks of the value that it becomes;
 * what breaks a rule fails with a {@link com.fasterxml.jackson.databind.exc.MismatchedInputException}, which web
 * frameworks answer with status 400.
 *
 * <p>Spring Boot and whoever calls {@link com.fasterxml.jackson.databind.ObjectMapper#findAndRegisterModules
 * ObjectMapper.findAndRegisterModules} find it; others hand it to {@link
 * com.fasterxml.jackson.databind.ObjectMapper#registerModule ObjectMapper.registerModule}.
 */
public final class CartModule extends SimpleModule {
    private static final long serialVersionUID = 1L;

    /** Makes the module; a mapper needs one. */
    public CartModule() {
        super("cloudshelf-cart");
        add(Cart.class, CartJson::of, CartJson::cart);
        add(CartItem.class, CartJson::of, CartJson::item);
        add(CartUpdate.class, CartJson::of, CartJson::update);
        add(CartChange.class, CartJson::of, CartJson::change);
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
}
