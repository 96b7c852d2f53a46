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
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares what users can name with the signatures that are checked in, until there is a release to compare with. After an
 * intended change, {@code -Dapi.write} updates them: docs/releasing.md has the command.
 */
class ApiTest {

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
        assertThat(signatures.lines())
                .as(
                        "the API changed: if this was intended, update %s and describe the change in docs/changelog.md",
                        checkedIn)
                .containsExactlyElementsOf(Files.readAllLines(checkedIn));
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
        // A type to a paragraph; its members in order, since their place in the file means nothing.
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
