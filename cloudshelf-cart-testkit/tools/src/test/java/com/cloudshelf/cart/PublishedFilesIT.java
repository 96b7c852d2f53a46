package com.cloudshelf.cart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

/** Checks the files that a release would upload, as this build has just created them. */
class PublishedFilesIT {
    private static final Path REPOSITORY = Path.of("../..");
    private static final Map<String, Path> MODULES = Map.of(
            "core",
            REPOSITORY.resolve("cloudshelf-cart-core"),
            "testkit",
            REPOSITORY.resolve("cloudshelf-cart-testkit"));

    /** A line of {@code closure.txt}: group, name, kind, perhaps a classifier, version, scope. */
    private static final Pattern DEPENDENCY =
            Pattern.compile("^ *([^: ]+):([^:]+):jar(:[^:]+)?:([^:]+):(compile|runtime)\\b");

    @ParameterizedTest
    @CsvSource({
        "core,.jar",
        "core,-sources.jar",
        "core,-javadoc.jar",
        "testkit,.jar",
        "testkit,-sources.jar",
        "testkit,-javadoc.jar"
    })
    void jar_ofAnyKind_containsLicenseAndNotice(String module, String kind) throws IOException {
        try (ZipFile jar = new ZipFile(file(module, kind).toFile())) {
            assertThat(text(jar, "META-INF/LICENSE")).isEqualTo(Files.readString(REPOSITORY.resolve("LICENSE")));
            assertThat(text(jar, "META-INF/NOTICE")).isEqualTo(Files.readString(REPOSITORY.resolve("docs/NOTICE")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"core", "testkit"})
    @DisabledIfSystemProperty(
            named = "maven.offline",
            matches = "offline: true",
            disabledReason = "CycloneDX makes no bill of materials in a build that is offline (-o)")
    void billOfMaterials_listsExactlyWhatUsersGet(String module) throws IOException {
        JsonNode bill =
                JsonNode.parser().parse(Files.readString(MODULES.get(module).resolve("target/bom.json")));
        List<String> listed = new ArrayList<>();
        for (JsonNode component : bill.field("components").orElseThrow().asArray()) {
            listed.add(Stream.of("group", "name", "version")
                    .map(name -> component.field(name).orElseThrow().asString())
                    .reduce((a, b) -> a + ":" + b)
                    .orElseThrow());
        }
        assertThat(listed).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(listed)).isEqualTo(closure(module));
    }

    /** The published poms are self-contained: no parent, no profile, and nothing that only the build needs. */
    @ParameterizedTest
    @ValueSource(strings = {"core", "testkit"})
    void pom_asPublished_namesNoParentAndNoTestDependency(String module) throws IOException {
        assertThat(Files.readString(MODULES.get(module).resolve(".flattened-pom.xml")))
                .doesNotContain("<parent>", "<build>", "<profiles>", "<scope>test</scope>", "${")
                .contains("<licenses>", "<developers>", "<scm ");
    }

    @Test
    void jar_ofTheLibrary_isSmall() throws IOException {
        assertThat(Files.size(file("core", ".jar"))).isLessThan(400_000);
    }

    private static Set<String> closure(String module) throws IOException {
        Set<String> closure = new TreeSet<>();
        for (String line : Files.readAllLines(MODULES.get(module).resolve("target/closure.txt"))) {
            Matcher dependency = DEPENDENCY.matcher(line);
            if (dependency.find()) {
                closure.add(dependency.group(1) + ":" + dependency.group(2) + ":" + dependency.group(4));
            }
        }
        assertThat(closure).hasSizeGreaterThan(30);
        return closure;
    }

    private static Path file(String module, String ending) throws IOException {
        Pattern name =
                Pattern.compile("cloudshelf-cart-" + module + "-[0-9.]+(-SNAPSHOT|-rc[0-9]+)?" + Pattern.quote(ending));
        try (Stream<Path> files = Files.list(MODULES.get(module).resolve("target"))) {
            return files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String text(ZipFile jar, String name) throws IOException {
        ZipEntry entry = jar.getEntry(name);
        assertThat(entry).as("%s in %s", name, jar.getName()).isNotNull();
        try (InputStream in = jar.getInputStream(entry)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
