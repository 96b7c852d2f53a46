package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartChange;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.providers.ArbitraryProvider;
import net.jqwik.api.providers.TypeUsage;

/**
 * Gives jqwik the generators of {@link CartArbitraries} for parameters of their types. Public only because jqwik finds
 * it on the class path; tests use {@link CartArbitraries}.
 *
 * <p>Stateless and thread-safe.
 */
public final class CartArbitraryProvider implements ArbitraryProvider {
    private static final Map<Class<?>, Supplier<Arbitrary<?>>> GENERATORS = Map.of(
            Cart.class, CartArbitraries::carts,
            CartItem.class, CartArbitraries::items,
            CartChange.class, CartArbitraries::changes,
            CartUpdate.class, CartArbitraries::updates);

    /** For jqwik. */
    public CartArbitraryProvider() {}

    @Override
    public boolean canProvideFor(TypeUsage targetType) {
        return GENERATORS.containsKey(targetType.getRawType());
    }

    @Override
    public Set<Arbitrary<?>> provideFor(TypeUsage targetType, SubtypeProvider subtypeProvider) {
        Supplier<Arbitrary<?>> generator = GENERATORS.get(targetType.getRawType());
        return generator == null ? Set.of() : Set.of(generator.get());
    }
}
