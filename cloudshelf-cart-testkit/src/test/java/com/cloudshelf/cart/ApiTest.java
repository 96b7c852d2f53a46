package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the public API with the signatures that are checked in. After an intended change, {@code -Dapi.write}
 * updates them: docs/releasing.md has the command.
 */
class ApiTest {

    private static final String ADVICE = """
            The public API of %s changed (- removed, + added). Before a release removes or changes anything, \
            docs/versioning.md requires a deprecation. If this change is intended, describe it in docs/changelog.md \
            and update the signatures:
              mvn -q -pl cloudshelf-cart-core,cloudshelf-cart-testkit test -Dtest=ApiTest -Dapi.write \
            -Dsurefire.failIfNoSpecifiedTests=false
            """;

    static Stream<Arguments> modules() {
        return Stream.of(
                Arguments.of("cloudshelf-cart-core", CartStore.class),
                Arguments.of("cloudshelf-cart-testkit", LocalDynamoDb.class));
    }

    @ParameterizedTest
    @MethodSource("modules")
    void signatures_ofPublicTypes_areThoseCheckedIn(String module, Class<?> member) throws Exception {
        String signatures = signatures(member);
        Path checkedIn = Path.of("src/test/resources/api", module + ".txt");
        if (System.getProperty("api.write") != null) {
            Files.writeString(checkedIn, signatures);
        }
        String expected = Files.readString(checkedIn);
        assertThat(differences(expected, signatures)).as(ADVICE, module).isEmpty();
        assertThat(signatures).isEqualTo(expected);
    }

    /** Returns the removed and the added signatures, each with its type. */
    private static String differences(String before, String after) {
        Set<String> removed = members(before);
        Set<String> added = members(after);
        Set<String> both = new HashSet<>(removed);
        both.retainAll(added);
        return Stream.concat(
                        removed.stream().map(member -> "- " + member),
                        added.stream().map(member -> "+ " + member))
                .filter(line -> !both.contains(line.substring(2)))
                .collect(Collectors.joining("\n"));
    }

    private static Set<String> members(String signatures) {
        Set<String> members = new LinkedHashSet<>();
        String type = "";
        for (String line : signatures.lines().filter(line -> !line.isEmpty()).toList()) {
            if (line.startsWith(" ")) {
                members.add(type + ": " + line.trim());
            } else {
                type = line.replaceFirst(".*?(com\\.cloudshelf[\\w.$]*).*", "$1");
                members.add(line);
            }
        }
        return members;
    }

    private static String signatures(Class<?> member) throws IOException, URISyntaxException {
        Path origin = Path.of(
                member.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> command = new ArrayList<>(List.of("-protected", "-cp", origin.toString()));
        command.addAll(publicTypes(origin));
        StringWriter out = new StringWriter();
        int status = ToolProvider.findFirst("javap")
                .orElseThrow()
                .run(new PrintWriter(out), new PrintWriter(out), command.toArray(String[]::new));
        assertThat(status).as(out.toString()).isZero();
        // Each type is a paragraph. Its members are sorted, because their order in the file means nothing.
        return Stream.of(out.toString().split("(?m)^}\\R"))
                .map(type -> type.lines()
                        .filter(line -> !line.startsWith("Compiled from") && !line.endsWith("static {};"))
                        .sorted((a, b) -> a.startsWith(" ") && b.startsWith(" ") ? a.compareTo(b) : 0)
                        .collect(Collectors.joining("\n")))
                .collect(Collectors.joining("\n\n", "", "\n"));
    }

    private static List<String> publicTypes(Path origin) throws IOException {
        if (Files.isDirectory(origin)) {
            return publicTypesIn(origin);
        }
        try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + origin.toUri()), Map.of())) {
            return publicTypesIn(jar.getPath("/"));
        }
    }

    private static List<String> publicTypesIn(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(file -> root.relativize(file).toString())
                    .filter(file -> file.endsWith(".class") && !file.startsWith("META-INF"))
                    .map(file -> file.substring(0, file.length() - ".class".length())
                            .replace('/', '.')
                            .replace('\\', '.'))
                    .filter(ApiTest::isPublic)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isPublic(String name) {
        try {
            Class<?> type = Class.forName(name, false, ApiTest.class.getClassLoader());
            boolean isPublic = true;
            for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
                isPublic &= Modifier.isPublic(outer.getModifiers());
            }
            return isPublic && !type.isAnonymousClass() && !type.isLocalClass();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
