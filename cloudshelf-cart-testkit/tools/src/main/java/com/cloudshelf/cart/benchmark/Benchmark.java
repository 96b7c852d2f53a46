package com.cloudshelf.cart.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.core.util.VersionInfo;

/** Measures the store and its peers. Prints a table, and writes the table and a chart to a directory. */
public final class Benchmark {
    private Benchmark() {}

    /**
     * Runs the given parts.
     *
     * @param arguments the directory, and the parts, separated by commas
     */
    public static void main(String[] arguments) {
        int status = 1;
        try {
            run(Path.of(arguments[0]), List.of(arguments[1].split(",")));
            status = 0;
        } catch (Exception e) {
            e.printStackTrace();
        } finally {
            System.exit(status); // DynamoDB Local leaves threads behind
        }
    }

    private static void run(Path directory, List<String> parts) throws Exception {
        Files.createDirectories(directory);
        Path answers = directory.resolve("answers");
        CannedAnswers.write(answers, 1, 10, 100, 500);
        Results results = new Results();
        if (parts.contains("requests")) {
            say("requests and bytes, on DynamoDB Local");
            new RoundTrips(results).run();
        }
        if (parts.contains("life")) {
            say("the cost of a shopping life, on DynamoDB Local");
            new ShoppingLife(results).run();
        }
        if (parts.contains("cpu")) {
            say("CPU and allocation, with JMH on canned responses");
            Cpu.run(results, directory);
        }
        if (parts.contains("start")) {
            say("cold start, in separate JVMs");
            ColdStart.measure(results, directory);
        }
        if (parts.contains("load")) {
            say("load, on a service that takes 50 ms");
            Load.run(results, answers);
        }
        if (parts.contains("equal")) {
            say("load, on equal clients");
            EqualClients.run(results, answers);
        }
        if (parts.contains("tail")) {
            say("latencies while requests hang");
            new Tail(results, answers).run(directory.resolve("latency.svg"));
        }
        if (parts.contains("outage")) {
            say("requests in an outage");
            Outage.run(results, answers);
            SlowService.run(results);
        }
        if (parts.contains("memory")) {
            say("memory of waiting calls");
            Memory.run(results, answers);
        }
        String table = results.table();
        Files.writeString(directory.resolve("performance.md"), table);
        Files.writeString(directory.resolve("performance.svg"), results.picture());
        System.out.println("\n" + environment() + "\n\n" + table);
    }

    private static String environment() {
        return Runtime.getRuntime().availableProcessors() + " processors, JDK " + System.getProperty("java.vm.version")
                + ", AWS SDK " + VersionInfo.SDK_VERSION;
    }

    private static void say(String what) {
        System.out.println("Measuring " + what);
    }
}
