package com.cloudshelf.cart.schedule;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A second copy of the library's classes, in a class loader of its own: some with the points of a {@link Schedule},
 * some with a bug planted in their source.
 */
public final class ScheduledClasses extends ClassLoader {
    private static final String PACKAGE = "com.cloudshelf.cart.";
    private static final Path SOURCES = Path.of("src/main/java/com/cloudshelf/cart");

    private final Set<String> instrumented;
    private final Map<String, byte[]> planted = new HashMap<>();

    /** @param instrumented the names of the classes that get points, along with their nested classes */
    public ScheduledClasses(Set<String> instrumented) {
        super(ScheduledClasses.class.getClassLoader());
        this.instrumented = instrumented;
    }

    /**
     * Recompiles a class with some of its source replaced.
     *
     * @throws IllegalArgumentException if a text does not occur exactly once, or the result does not compile
     */
    public ScheduledClasses plant(String className, Map<String, String> replacements) {
        try {
            String source = Files.readString(SOURCES.resolve(className + ".java"));
            for (Map.Entry<String, String> replacement : replacements.entrySet()) {
                String text = replacement.getKey();
                int at = source.indexOf(text);
                if (at < 0 || source.indexOf(text, at + 1) >= 0) {
                    throw new IllegalArgumentException(className + " does not contain exactly once: " + text);
                }
                source = source.replace(text, replacement.getValue());
            }
            compile(className, source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private void compile(String className, String source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///" + className + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of("-proc:none", "-nowarn", "--release", "17");
            if (!compiler.getTask(messages, new InMemory(files), null, options, null, List.of(file))
                    .call()) {
                throw new IllegalArgumentException(messages.toString());
            }
        }
    }

    private final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        InMemory(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return new ByteArrayOutputStream() {
                        @Override
                        public void close() {
                            planted.put(name, toByteArray());
                        }
                    };
                }
            };
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PACKAGE) || name.indexOf('.', PACKAGE.length()) >= 0) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] code = planted.get(name);
        if (code == null) {
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                code = in.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        String outer = name.substring(PACKAGE.length());
        outer = outer.contains("$") ? outer.substring(0, outer.indexOf('$')) : outer;
        byte[] defined = instrumented.contains(outer) ? Instrumentation.of(code) : code;
        return defineClass(name, defined, 0, defined.length);
    }
}
