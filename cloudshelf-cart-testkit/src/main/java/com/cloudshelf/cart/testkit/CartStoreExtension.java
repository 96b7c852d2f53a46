package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.util.Set;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Resolves the parameters that {@link WithCartStore} promises. */
final class CartStoreExtension implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(CartStoreExtension.class);
    private static final Set<Class<?>> STORES = Set.of(CartStore.class, DynamoDbCartStore.class);
    private static final Set<Class<?>> SERVER = Set.of(LocalDynamoDb.class, DynamoDbAsyncClient.class);

    /** Lets the constructor of a test class, which runs for one test, see that test's store (since JUnit 5.12). */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return STORES.contains(type) || SERVER.contains(type);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == LocalDynamoDb.class) {
            return LocalDynamoDb.shared();
        }
        if (type == DynamoDbAsyncClient.class) {
            return LocalDynamoDb.shared().client();
        }
        if (context.getTestMethod().isEmpty()) {
            throw new ParameterResolutionException("@WithCartStore makes a " + type.getSimpleName()
                    + " for one test: ask for it in the test or in @BeforeEach, not in "
                    + parameter.getDeclaringExecutable());
        }
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(Fixture.class, key -> new Fixture(), Fixture.class)
                .store;
    }

    /** One test's store. */
    // Both interfaces, so that JUnit 5.10 to 6 closes it, and each of them once.
    @SuppressWarnings("deprecation")
    private static final class Fixture implements ExtensionContext.Store.CloseableResource, AutoCloseable {

        private final DynamoDbCartStore store = LocalDynamoDb.shared().newCartStore();

        @Override
        public void close() {
            store.close();
        }
    }
}
