package com.cloudshelf.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every Java or Kotlin example on these pages occurs, except for white space, in a source that the build compiles and
 * runs. Every link between pages, or to a file, leads somewhere.
 */
class DocumentationTest {
    private static final Path MODULE = Path.of(System.getProperty("basedir", ""));
    private static final Path ROOT = MODULE.toAbsolutePath().getParent();
    /** A class in a separate artifact of the AWS SDK, which the build does not have. */
    private static final String NO_DEPENDENCY = "EmfMetricLoggingPublisher";

    private static final Pattern JAVA_BLOCK = Pattern.compile("(?ms)^ *```(?:java|kotlin) *$(.*?)^ *```");
    private static final Pattern ANY_BLOCK = Pattern.compile("(?ms)^ *```.*?^ *```");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");

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

    @ParameterizedTest
    @MethodSource("pages")
    void links_ofThePage_leadToAFileAndAHeading(Path page) throws IOException {
        assertThat(brokenLinks(page, Files.readString(page)))
                .as("broken links of %s", ROOT.relativize(page))
                .isEmpty();
    }

    @Test
    void brokenLinks_areThoseWithoutAFileOrAHeading() throws IOException {
        String text =
                "# One\n[a](#one) [b](docs/testing.md#on-ci) [c](LICENSE) [d](docs) [e](https://example.com/no#one)\n"
                        + "[f](#two) [g](docs/testing.md#no) [h](docs/no.md)\n```\n# Two\n[i](j)\n```\n";
        assertThat(brokenLinks(ROOT.resolve("README.md"), text))
                .containsExactly("#two", "docs/testing.md#no", "docs/no.md");
    }

    @Test
    void anchors_ofAPage_areThoseOfGitHub() {
        assertThat(anchors("# `Cart.apply`, and 400 KB: a so-called \"item\"\n```bash\n# No\n```\n## A_b\n### A_b\n"))
                .containsExactlyInAnyOrder("cartapply-and-400-kb-a-so-called-item", "a_b", "a_b-1");
    }

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        for (String folder : List.of("docs", ".github")) {
            try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
            }
        }
        return pages;
    }

    private static List<String> brokenLinks(Path page, String markdown) throws IOException {
        List<String> broken = new ArrayList<>();
        for (Matcher link = LINK.matcher(withoutBlocks(markdown)); link.find(); ) {
            String target = link.group(1);
            if (target.matches("[a-z]+:.*")) {
                continue; // on another site
            }
            String[] fileAndAnchor = target.split("#", 2);
            boolean samePage = fileAndAnchor[0].isEmpty();
            Path file = samePage ? page : page.resolveSibling(fileAndAnchor[0]);
            if (!Files.exists(file)) {
                broken.add(target);
            } else if (fileAndAnchor.length == 2
                    && !anchors(samePage ? markdown : Files.readString(file)).contains(fileAndAnchor[1])) {
                broken.add(target);
            }
        }
        return broken;
    }

    /** Returns the anchors that GitHub gives to the headings of a page. */
    private static Set<String> anchors(String markdown) {
        Set<String> anchors = new HashSet<>();
        for (Matcher heading = HEADING.matcher(withoutBlocks(markdown)); heading.find(); ) {
            String anchor = heading.group(1)
                    .strip()
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
            String unique = anchor;
            for (int i = 1; !anchors.add(unique); i++) {
                unique = anchor + "-" + i;
            }
        }
        return anchors;
    }

    private static String withoutBlocks(String markdown) {
        return ANY_BLOCK.matcher(markdown).replaceAll("");
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
