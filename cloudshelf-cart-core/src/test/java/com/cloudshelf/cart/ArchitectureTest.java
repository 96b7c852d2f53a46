package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the structure of the code: what depends on what, and what the class files reveal. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(CartStore.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void classes_ofTheLibrary_haveNoCyclicDependencies() {
        assertThat(CLASSES).hasSizeGreaterThan(100);
        assertThat(cycles())
                .as("classes that depend on each other: one of them knows too much")
                .isEmpty();
    }

    @Test
    void classes_ofTheLibrary_knowOnlyTheirRoomAndThoseAbove() throws IOException {
        List<Set<String>> rooms = rooms();
        Map<String, Integer> roomOf = new TreeMap<>();
        for (int i = 0; i < rooms.size(); i++) {
            for (String name : rooms.get(i)) {
                assertThat(roomOf.put(name, i)).as("the rooms of %s", name).isNull();
            }
        }
        Map<String, Set<String>> uses = uses();
        uses.keySet().removeIf(name -> name.contains(".") || name.equals("package-info")); // "." in the modules
        assertThat(roomOf.keySet()).containsExactlyInAnyOrderElementsOf(uses.keySet());

        assertThat(uses.keySet().stream()
                        .flatMap(name -> uses.get(name).stream()
                                .filter(used -> !used.contains(".") && roomOf.get(used) > roomOf.get(name))
                                .map(used -> name + " knows " + used)))
                .as("the map in package-info.java")
                .isEmpty();
    }

    /** Returns the classes of each room, as the map at the head of package-info.java lists them. */
    private static List<Set<String>> rooms() throws IOException {
        String source = Files.readString(Path.of("src/main/java/com/cloudshelf/cart/package-info.java"));
        String map = source.substring(0, source.indexOf("*/")).replaceAll("\\n \\*\\s{15}", " ");
        List<Set<String>> rooms = new ArrayList<>();
        Matcher room = Pattern.compile("\\n \\*   \\w+ +([^.]*)\\.").matcher(map);
        while (room.find()) {
            rooms.add(Pattern.compile("\\b[A-Z]\\w+")
                    .matcher(room.group(1))
                    .results()
                    .map(MatchResult::group)
                    .collect(Collectors.toCollection(TreeSet::new)));
        }
        CLASSES.stream()
                .filter(type ->
                        type.isAssignableTo(CartStoreException.class) && !type.isEquivalentTo(CartStoreException.class))
                .forEach(type -> rooms.get(0).add(nameOf(type)));
        return rooms;
    }

    /**
     * If class files contained parameter names, Jackson would call private constructors of values and bypass their
     * checks.
     */
    @Test
    void classFiles_ofValues_containNoParameterNames() {
        assertThat(Stream.of(CartItem.class, CartVersion.class, CartUpdate.class, CartLimits.class, Cart.class)
                        .flatMap(type -> Stream.of(type.getDeclaredConstructors()))
                        .map(Executable::getParameters)
                        .flatMap(Stream::of)
                        .filter(Parameter::isNamePresent)
                        .map(parameter -> parameter.getDeclaringExecutable() + ": " + parameter.getName()))
                .isEmpty();
    }

    /** Returns the sets of classes that depend on each other. */
    private static Set<Set<String>> cycles() {
        Map<String, Set<String>> uses = uses();
        Map<String, Set<String>> reached =
                uses.keySet().stream().collect(Collectors.toMap(name -> name, name -> reachedFrom(name, uses)));
        return uses.keySet().stream()
                .map(name -> reached.get(name).stream()
                        .filter(other -> reached.get(other).contains(name))
                        .collect(Collectors.toCollection(TreeSet::new)))
                .filter(cycle -> cycle.size() > 1)
                .collect(Collectors.toSet());
    }

    /** Returns the classes that each class knows. A nested class counts as its outermost class. */
    private static Map<String, Set<String>> uses() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass type : CLASSES) {
            Set<String> used = uses.computeIfAbsent(nameOf(type), name -> new TreeSet<>());
            type.getDirectDependenciesFromSelf().stream()
                    .map(Dependency::getTargetClass)
                    .filter(target -> CLASSES.contain(target.getName()))
                    .map(ArchitectureTest::nameOf)
                    .forEach(used::add);
        }
        return uses;
    }

    private static Set<String> reachedFrom(String name, Map<String, Set<String>> uses) {
        Set<String> reached = new TreeSet<>();
        visit(name, uses, reached);
        return reached;
    }

    private static void visit(String name, Map<String, Set<String>> uses, Set<String> reached) {
        for (String used : uses.get(name)) {
            if (reached.add(used)) {
                visit(used, uses, reached);
            }
        }
    }

    private static String nameOf(JavaClass type) {
        JavaClass outer = type;
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().get();
        }
        return outer.getName().substring("com.cloudshelf.cart.".length());
    }
}
