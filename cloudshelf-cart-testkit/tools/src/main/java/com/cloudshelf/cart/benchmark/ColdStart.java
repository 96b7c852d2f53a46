package com.cloudshelf.cart.benchmark;

import com.cloudshelf.cart.DynamoDbCartStore;
import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** What a new JVM spends until the first cart was read and changed. */
final class ColdStart {
    private static final int RUNS = 21;
    private static final String PRIMED = "primed";

    private ColdStart() {}

    /** Classes of the process, its CPU time, and the time that the client and the first read took. */
    private record Start(double classes, double cpuMillis, double millis) {}

    static void measure(Results results, Path directory) throws IOException, InterruptedException {
        String classPath = jars(directory);
        Map<String, List<Start>> starts = new HashMap<>();
        try (StubService service = StubService.start(directory.resolve("answers/store-10.json"), 0);
                StubService attributed = StubService.start(directory.resolve("answers/attributes-10.json"), 0)) {
            Map<String, List<String>> archives = new HashMap<>();
            for (String who : List.of(CannedAnswers.STORE, CannedAnswers.RAW)) {
                String archive = directory.resolve(who + ".jsa").toString();
                start(service, List.of("-XX:ArchiveClassesAtExit=" + archive), classPath, who);
                archives.put(who, List.of("-XX:SharedArchiveFile=" + archive));
            }
            for (int i = 0; i < RUNS; i++) {
                for (String who : List.of(CannedAnswers.STORE, CannedAnswers.RAW, CannedAnswers.ENHANCED, PRIMED)) {
                    starts.computeIfAbsent(who, name -> new ArrayList<>())
                            .add(start(service, List.of(), classPath, who));
                    if (who.equals(CannedAnswers.STORE)) {
                        starts.computeIfAbsent(CannedAnswers.ATTRIBUTES, name -> new ArrayList<>())
                                .add(start(attributed, List.of(), classPath, who));
                    }
                    if (archives.containsKey(who)) {
                        starts.computeIfAbsent(who + "+archive", name -> new ArrayList<>())
                                .add(start(service, archives.get(who), classPath, who));
                    }
                }
            }
        }
        Map<String, Start> usual = new HashMap<>();
        starts.forEach((who, all) -> usual.put(
                who,
                new Start(
                        // Twenty more or less, as the JDK finds its security providers: a median would be either.
                        all.stream().mapToDouble(Start::classes).average().orElseThrow(),
                        Results.median(all.stream().map(Start::cpuMillis).toList()),
                        Results.median(all.stream().map(Start::millis).toList()))));
        report(results, usual);
    }

    private static void report(Results results, Map<String, Start> usual) {
        Start store = usual.get(CannedAnswers.STORE);
        Start raw = usual.get(CannedAnswers.RAW);
        Start enhanced = usual.get(CannedAnswers.ENHANCED);
        Start primed = usual.get(PRIMED);
        Start archived = usual.get(CannedAnswers.STORE + "+archive");
        Start rawArchived = usual.get(CannedAnswers.RAW + "+archive");
        results.add(
                5,
                "cold start: classes",
                Results.format("%.0f (raw %+.0f)", store.classes, store.classes - raw.classes),
                Results.format("%.0f", raw.classes),
                Results.format("%.0f", enhanced.classes),
                "raw + 60",
                store.classes <= raw.classes + 60);
        results.add(
                5,
                "cold start: CPU of the process",
                cpu(store, raw),
                cpu(raw, raw),
                cpu(enhanced, raw),
                "at most 1.05 of raw",
                store.cpuMillis <= 1.05 * raw.cpuMillis);
        Start attributes = usual.get(CannedAnswers.ATTRIBUTES);
        results.add(
                5,
                "cold start, with attributes: classes",
                Results.format("%.0f (raw %+.0f)", attributes.classes, attributes.classes - raw.classes),
                "",
                "",
                "raw + 60",
                attributes.classes <= raw.classes + 60);
        results.add(
                5,
                "cold start, with attributes: CPU of the process",
                cpu(attributes, raw),
                "",
                "",
                "at most 1.05 of raw",
                attributes.cpuMillis <= 1.05 * raw.cpuMillis);
        results.draw("CPU, cold start", store.cpuMillis / raw.cpuMillis, store.cpuMillis / enhanced.cpuMillis);
        results.add("the same with an AppCDS archive", cpu(archived, raw), cpu(rawArchived, raw), "");
        results.add(
                5,
                "build and first read after prime(), as a part of unprimed",
                Results.format(
                        "%s (%.0f of %.0f ms)",
                        Results.ratio(primed.millis / store.millis), primed.millis, store.millis),
                Results.format("%.0f ms", raw.millis),
                Results.format("%.0f ms", enhanced.millis),
                "at most 0.2",
                primed.millis <= 0.2 * store.millis);
    }

    private static String cpu(Start start, Start base) {
        return Results.format("%.0f ms (%s)", start.cpuMillis, Results.ratio(start.cpuMillis / base.cpuMillis));
    }

    private static Start start(StubService service, List<String> options, String classPath, String who)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(service.settings());
        all.add("-XX:TieredStopAtLevel=1"); // as Lambda has it
        all.add("-XX:+UseSerialGC");
        all.addAll(options);
        double[] values = Jvm.run(all, classPath, ColdStart.class, who);
        return new Start(values[0], values[1], values[2]);
    }

    /** Packs the classes of the benchmark, for an archive takes classes from jars only. */
    private static String jars(Path directory) throws IOException {
        Path own = directory.resolve("benchmark.jar");
        String[] classPath = System.getProperty("java.class.path").split(File.pathSeparator);
        try (OutputStream out = Files.newOutputStream(own);
                JarOutputStream jar = new JarOutputStream(out)) {
            for (String part : classPath) {
                Path classes = Path.of(part);
                if (Files.isDirectory(classes)) {
                    try (Stream<Path> files = Files.walk(classes)) {
                        for (Path file : files.filter(Files::isRegularFile).toList()) {
                            String name = classes.relativize(file).toString();
                            jar.putNextEntry(new JarEntry(name.replace(File.separatorChar, '/')));
                            Files.copy(file, jar);
                        }
                    }
                }
            }
        }
        return Arrays.stream(classPath)
                        // DynamoDB Local's manifest names a directory, which no archive may.
                        .filter(part -> part.endsWith(".jar") && !part.contains("DynamoDBLocal"))
                        .collect(Collectors.joining(File.pathSeparator))
                + File.pathSeparator
                + own;
    }

    /** Makes a contender, reads and changes a cart, and prints what it took. */
    public static void main(String[] arguments) {
        String who = arguments[0];
        if (who.equals(PRIMED)) {
            DynamoDbCartStore store = DynamoDbCartStore.create();
            store.prime();
            store.close();
        }
        long begin = System.nanoTime();
        Carts carts = switch (who) {
            case CannedAnswers.RAW -> new RawCarts(DynamoDbAsyncClient.create(), "cloudshelf-shopping-cart");
            case CannedAnswers.ENHANCED -> new EnhancedCarts(DynamoDbAsyncClient.create(), "cloudshelf-shopping-cart");
            default -> new StoreCarts(DynamoDbCartStore.create());
        };
        carts.get(Carts.USER).join();
        double millis = (System.nanoTime() - begin) / 1e6;
        carts.setQuantity(Carts.USER, Carts.bookId(1), 77).join();
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double cpuMillis = process.getProcessCpuTime() / 1e6;
        long classes = ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount();
        System.out.println(classes + " " + cpuMillis + " " + millis);
        System.exit(0);
    }
}
