package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartLimits;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.cloudshelf.cart.testkit.WithCartStore.Scope;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.net.URI;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * Resolves the parameters of {@link WithCartStore}, fails tests whose faults were not met, and reports what a failed
 * test left behind.
 */
final class CartStoreExtension implements ParameterResolver, AfterEachCallback, AfterAllCallback {

    private static final Namespace NAMESPACE = Namespace.create(CartStoreExtension.class);
    private static final String PARAMETERIZED_TEST = "org.junit.jupiter.params.ParameterizedTest";
    private static final Set<Class<?>> OF_THE_SERVER =
            Set.of(LocalDynamoDb.class, DynamoDbAsyncClient.class, URI.class);
    private static final Set<Class<?>> OF_THE_TEST =
            Set.of(CartStore.class, DynamoDbCartStore.class, Faults.class, MovableClock.class);

    /** Lets the constructor of a test class, which runs for one test, see that test's store (since JUnit 5.12). */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == URI.class && isParameterized(parameter.getDeclaringExecutable())) {
            return false; // it is an argument, which must not have two resolvers
        }
        return OF_THE_SERVER.contains(type)
                || OF_THE_TEST.contains(type)
                || (type == String.class && parameter.isAnnotated(CartTableName.class));
    }

    /** Whether a method is a parameterized test. By name, because that module of JUnit may be missing. */
    private static boolean isParameterized(Executable executable) {
        return Arrays.stream(executable.getAnnotations())
                .anyMatch(annotation -> annotation.annotationType().getName().equals(PARAMETERIZED_TEST));
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (OF_THE_SERVER.contains(type)) {
            LocalDynamoDb server = LocalDynamoDb.shared();
            return type == URI.class ? server.endpoint() : type == LocalDynamoDb.class ? server : server.client();
        }
        if (type == Faults.class && !LocalDynamoDb.shared().isHttp()) {
            throw EmbeddedConnection.withoutHttp("Faults");
        }
        Owner owner = Owner.of(context);
        if (owner.settings().scope() == Scope.TEST && context.getTestMethod().isEmpty()) {
            throw new ParameterResolutionException("@WithCartStore creates a " + type.getSimpleName()
                    + " for one test: use it as a parameter of the test or of @BeforeEach, or set the scope to CLASS, but not in "
                    + parameter.getDeclaringExecutable());
        }
        Fixture fixture = owner.context()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(owner.key(), key -> new Fixture(owner.settings()), Fixture.class);
        if (type == Faults.class) {
            return fixture.faults;
        }
        if (type == MovableClock.class) {
            return fixture.clock;
        }
        return type == String.class ? fixture.table : fixture.store;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Throwable failure = context.getExecutionException().orElse(null);
        Owner owner = Owner.of(context);
        Fixture fixture = owner.fixture();
        if (fixture == null || failure instanceof TestAbortedException) {
            return;
        }
        if (failure != null) {
            fixture.hasFailed = true;
            report(context, fixture);
        } else if (owner.settings().scope() == Scope.TEST) {
            assertAllMet(context, fixture);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Owner owner = Owner.of(context);
        Fixture fixture = owner.fixture();
        if (fixture != null && owner.context() == context && !fixture.hasFailed) {
            assertAllMet(context, fixture);
        }
    }

    private static void assertAllMet(ExtensionContext context, Fixture fixture) {
        if (!fixture.faults.unmet().isEmpty()) {
            report(context, fixture);
            fixture.faults.assertAllMet();
        }
    }

    private static void report(ExtensionContext context, Fixture fixture) {
        String test = context.getRequiredTestClass().getSimpleName()
                + context.getTestMethod().map(method -> "." + method.getName()).orElse("");
        LocalDynamoDb server = LocalDynamoDb.shared();
        System.err.print(
                FailureReport.of(test, fixture.table, server.client(), server.isHttp() ? fixture.faults : null));
    }

    /** The owner of a fixture: a test, or a class around it. */
    private record Owner(ExtensionContext context, WithCartStore settings) {

        static Owner of(ExtensionContext test) {
            for (Optional<ExtensionContext> next = Optional.of(test); next.isPresent(); ) {
                ExtensionContext context = next.get();
                Optional<AnnotatedElement> element = context.getElement();
                Optional<WithCartStore> found = AnnotationSupport.findAnnotation(element, WithCartStore.class);
                if (found.isPresent()) {
                    return new Owner(found.get().scope() == Scope.CLASS ? context : test, found.get());
                }
                next = context.getParent();
            }
            throw new ExtensionConfigurationException("The extension is registered by @WithCartStore only");
        }

        /** The fixture, if anything has requested it. */
        @Nullable
        Fixture fixture() {
            return context.getStore(NAMESPACE).get(key(), Fixture.class);
        }

        /** Unique to this context, because a store also returns the entries of its parents. */
        Object key() {
            return context.getUniqueId();
        }
    }

    /** A table, and the store on it. */
    // Both interfaces, so that JUnit 5.10 to 6 closes it, and each of them once.
    @SuppressWarnings("deprecation")
    private static final class Fixture implements ExtensionContext.Store.CloseableResource, AutoCloseable {

        private final MovableClock clock = MovableClock.create();
        private final Faults faults = Faults.none();
        private final String table;
        private final DynamoDbAsyncClient client;
        private final DynamoDbCartStore store;
        private volatile boolean hasFailed;

        Fixture(WithCartStore settings) {
            DynamoDbCartStore.Builder builder = DynamoDbCartStore.builder()
                    .timeToLive(duration("timeToLive", settings.timeToLive()))
                    .operationTimeout(duration("operationTimeout", settings.operationTimeout()))
                    .limits(CartLimits.of(settings.maxLines(), settings.maxQuantity()))
                    .readConsistency(settings.readConsistency())
                    .clock(clock);
            LocalDynamoDb server = LocalDynamoDb.shared();
            this.table = server.createCartTable();
            this.client = server.isHttp() ? server.client(faults) : server.client();
            this.store = builder.client(client).tableName(table).build();
        }

        private static Duration duration(String name, String value) {
            try {
                return Duration.parse(value);
            } catch (DateTimeParseException e) {
                throw new ExtensionConfigurationException(
                        name + " of @WithCartStore must be a duration such as PT2H or P30D, but is " + value, e);
            }
        }

        @Override
        public void close() {
            store.close();
            client.close();
            faults.end(); // unmet faults have been reported by now
        }
    }
}
