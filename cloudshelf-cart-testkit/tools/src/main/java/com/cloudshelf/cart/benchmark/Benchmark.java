package com.cloudshelf.cart.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.core.util.VersionInfo;

/** Measures the store and its peers; prints a table, and writes it and a picture to a directory. */
public final class Benchmark {
    private Benchmark() {}

    /**
     * Runs the parts that are named.
     *
     * @param arguments the directory, and one or more of its parts, with commas in between
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
            say("what a shopping life costs, on DynamoDB Local");
            new ShoppingLife(results).run();
        }
        if (parts.contains("cpu")) {
            say("CPU and allocation, by JMH on ready answers");
            Cpu.run(results, directory);
        }
        if (parts.contains("start")) {
            say("cold start, in JVMs of their own");
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
            say("latencies where requests hang");
            new Tail(results, answers).run(directory.resolve("latency.svg"));
        }
        if (parts.contains("outage")) {
            say("requests in an outage");
            Outage.run(results, answers);
        }
        if (parts.contains("memory")) {
            say("memory of calls that wait");
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
