package com.cloudshelf.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every Java or Kotlin example on these pages occurs, except for white space, in a source that the build compiles and
 * runs.
 */
class DocumentationTest {
    private static final Path MODULE = Path.of(System.getProperty("basedir", ""));
    private static final Path ROOT = MODULE.toAbsolutePath().getParent();
    /** A class in a separate artifact of the AWS SDK, which the build does not have. */
    private static final String NO_DEPENDENCY = "EmfMetricLoggingPublisher";

    private static final Pattern JAVA_BLOCK = Pattern.compile("(?ms)^ *```(?:java|kotlin) *$(.*?)^ *```");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "docs/testing.md",
                "docs/operations.md",
                "docs/adopting.md",
                "docs/checkout.md",
                "docs/recipes.md"
            })
    void javaExamples_ofThePage_areInTestSources(String page) throws IOException {
        List<String> examples = javaBlocks(Files.readString(ROOT.resolve(page))).stream()
                .filter(example -> !example.contains(NO_DEPENDENCY))
                .toList();
        assertThat(examples).as("Java examples of %s", page).isNotEmpty();
        String sources = sources();
        assertThat(examples)
                .allSatisfy(example -> assertThat(sources.contains(example))
                        .as("is in a test source:%n%s", example)
                        .isTrue());
    }

    @Test
    void logbackTest_ofThePage_isThatOfADownstreamProject() throws IOException {
        String file = Files.readString(MODULE.resolve("src/it/junit5-mockito/src/test/resources/logback-test.xml"));
        assertThat(Files.readString(ROOT.resolve("docs/testing.md"))).contains("```xml\n" + file + "```");
    }

    @Test
    void javaBlocks_ofAPage_areItsJavaExamplesOnly() {
        assertThat(javaBlocks("text\n```java\nif (a) {\n    b();\n\n}\n```\n```xml\n<c/>\n```\n```java\nd();\n```\n"))
                .containsExactly("if(a){b();}", "d();");
    }

    private static List<String> javaBlocks(String markdown) {
        List<String> blocks = new ArrayList<>();
        for (Matcher block = JAVA_BLOCK.matcher(markdown); block.find(); ) {
            blocks.add(normal(block.group(1)));
        }
        return blocks;
    }

    private static String sources() throws IOException {
        StringBuilder sources = new StringBuilder();
        for (String folder :
                List.of("src/test/java/com/cloudshelf/shop", "src/test/java/com/cloudshelf/cart/example", "src/it")) {
            try (Stream<Path> files = Files.walk(MODULE.resolve(folder))) {
                for (Path file : files.filter(path -> path.toString().matches(".*\\.(java|kt)"))
                        .toList()) {
                    sources.append(normal(Files.readString(file)));
                }
            }
        }
        return sources.toString();
    }

    /** Returns the code without white space, because the formatter may break lines where a page does not. */
    private static String normal(String java) {
        return java.replaceAll("\\s", "");
    }
}
