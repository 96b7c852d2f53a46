package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The library needs no configuration in a GraalVM native image, as docs/recipes.md states. */
class NativeImageTest {
    private static final Set<String> OWNERS =
            Set.of("java.util.ServiceLoader", "java.lang.ClassLoader", "java.lang.invoke.MethodHandles$Lookup");

    @Test
    void calls_ofTheLibrary_areNeverReflective() {
        List<JavaMethodCall> calls = new ClassFileImporter()
                .importUrl(Cart.class.getProtectionDomain().getCodeSource().getLocation()).stream()
                        .flatMap(type -> type.getMethodCallsFromSelf().stream())
                        .toList();

        assertThat(calls).hasSizeGreaterThan(1000);
        assertThat(calls.stream().filter(NativeImageTest::isReflective).map(JavaMethodCall::getDescription))
                .isEmpty();
    }

    private static boolean isReflective(JavaMethodCall call) {
        JavaClass owner = call.getTargetOwner();
        return owner.getPackageName().equals("java.lang.reflect")
                || OWNERS.contains(owner.getName())
                || (owner.isEquivalentTo(Class.class)
                        && call.getName()
                                .matches(
                                        "forName|newInstance|getResource.*|get(Declared)?(Method|Field|Constructor)s?"));
    }
}
