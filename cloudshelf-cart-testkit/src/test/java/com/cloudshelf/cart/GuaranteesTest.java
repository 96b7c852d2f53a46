package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Checks docs/guarantees.md: each promise names a test, and each test that the page names exists. A promise is a row of
 * a table with a column "Shown by", or a section under a third-level heading.
 */
class GuaranteesTest {
    private static final Path REPOSITORY = Path.of("..");

    /** A test class, optionally with a method; or a method of the class that was named last. */
    private static final Pattern TEST = Pattern.compile(
            "`(?:[a-z0-9]+/)*(?:(?<type>[A-Z]\\w*(?:Test|Properties))(?:\\.(?<method>\\w+))?|(?<more>[a-z][a-zA-Z0-9]*_\\w+))`");

    @Test
    void promises_ofThePage_nameTestsThatExist() throws IOException {
        Map<String, String> tests = tests();
        List<String> wrong = new ArrayList<>();
        List<String> promises = promises(Files.readAllLines(REPOSITORY.resolve("docs/guarantees.md")));
        for (String promise : promises) {
            String type = null;
            Matcher named = TEST.matcher(promise);
            while (named.find()) {
                type = named.group("type") == null ? type : named.group("type");
                String method = named.group("type") == null ? named.group("more") : named.group("method");
                if (type == null || !tests.containsKey(type)) {
                    wrong.add(named.group() + ": there is no such class");
                } else if (method != null && !tests.get(type).matches("(?s).*\\b(void|class) " + method + "\\b.*")) {
                    wrong.add(named.group() + ": there is no such method in " + type);
                }
            }
            if (type == null) {
                wrong.add("no test: " + promise.strip().lines().findFirst().orElseThrow());
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(promises).hasSizeGreaterThan(20);
    }

    private static List<String> promises(List<String> page) {
        List<String> promises = new ArrayList<>();
        boolean table = false;
        StringBuilder section = null;
        for (String line : page) {
            if (line.startsWith("#") && section != null) {
                promises.add(section.toString());
                section = null;
            }
            if (line.startsWith("### ")) {
                section = new StringBuilder();
            }
            if (section != null) {
                section.append(line).append('\n');
            } else if (line.startsWith("|") && line.contains("| Shown by |")) {
                table = true;
            } else if (!line.startsWith("|")) {
                table = false;
            } else if (table && !line.startsWith("|--")) {
                promises.add(line);
            }
        }
        if (section != null) {
            promises.add(section.toString());
        }
        return promises;
    }

    /** Returns the source of each test class in this repository, by simple name. */
    private static Map<String, String> tests() throws IOException {
        Map<String, String> tests = new TreeMap<>();
        for (String module : List.of("cloudshelf-cart-core", "cloudshelf-cart-testkit")) {
            // The published contract consists of tests, too.
            for (String sources : List.of("src/test/java", "src/main/java")) {
                try (Stream<Path> files = Files.walk(REPOSITORY.resolve(module).resolve(sources))) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        String name = file.getFileName().toString();
                        tests.put(name.substring(0, name.lastIndexOf('.')), Files.readString(file));
                    }
                }
            }
        }
        return tests;
    }
}
