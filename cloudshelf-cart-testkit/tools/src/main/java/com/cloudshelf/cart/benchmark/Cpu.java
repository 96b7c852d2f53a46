package com.cloudshelf.cart.benchmark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs {@link CpuBenchmark} and judges its results. */
final class Cpu {
    private final List<IterationResult> iterations = new ArrayList<>();

    private Cpu(String benchmark, int lines, Path directory) throws RunnerException {
        Collection<RunResult> runs = new Runner(new OptionsBuilder()
                        .include(CpuBenchmark.class.getSimpleName() + "." + benchmark)
                        .param("lines", Integer.toString(lines))
                        .warmupBatchSize(lines <= 10 ? 200 : lines <= 100 ? 100 : 40)
                        .measurementBatchSize(lines <= 10 ? 5 : lines <= 100 ? 2 : 1)
                        .jvmArgsAppend("-D" + CpuBenchmark.ANSWERS + "=" + directory.resolve("answers"))
                        .output(directory
                                .resolve(benchmark + "-" + lines + ".log")
                                .toString())
                        .shouldFailOnError(true)
                        .build())
                .run();
        runs.forEach(run -> run.getBenchmarkResults().forEach(fork -> iterations.addAll(fork.getIterationResults())));
    }

    static void run(Results results, Path directory) throws RunnerException {
        for (int lines : new int[] {10, 100}) {
            Cpu cpu = new Cpu("get", lines, directory);
            double limit = lines == 10 ? 1.10 : 1.15;
            double ofSdk = cpu.ratio("storeCpu", "sdkCpu");
            results.add(
                    4,
                    "get, " + lines + " lines: CPU relative to a bare getItem",
                    Results.ratio(ofSdk),
                    Results.ratio(cpu.ratio("rawCpu", "sdkCpu")),
                    Results.ratio(cpu.ratio("enhancedCpu", "sdkCpu")),
                    "at most " + limit,
                    ofSdk <= limit);
            double attributed = cpu.ratio("attributedCpu", "attributedSdkCpu");
            results.add(
                    4,
                    "get, " + lines + " lines, with attributes: CPU relative to a bare getItem",
                    Results.ratio(attributed),
                    "",
                    "",
                    "at most " + limit,
                    attributed <= limit);
            results.add(
                    "get, " + lines + " lines, on a client with retries: CPU relative to a bare getItem",
                    Results.ratio(cpu.ratio("retryingCpu", "retryingSdkCpu")),
                    "",
                    "");
            cpu.sameRequest(results, "get, " + lines + " lines");
            cpu.absolute(results, "get, " + lines + " lines", "store");
            results.draw(
                    "CPU, get, " + lines + " lines",
                    cpu.ratio("storeCpu", "rawCpu"),
                    cpu.ratio("storeCpu", "enhancedCpu"));
        }
        for (int lines : new int[] {1, 10, 100, 500}) {
            Cpu cpu = new Cpu("setQuantity", lines, directory);
            String cold = "set quantity, " + lines + (lines == 1 ? " line" : " lines");
            String warm = cold + ", from a snapshot";
            cpu.absolute(results, cold, "store");
            cpu.absolute(results, warm, "snapshot");
            if (lines == 100) {
                cpu.ofPeers(results, 2, cold + ": CPU", "storeCpu", "Cpu", 0.45, 0.32);
                cpu.ofPeers(results, 2, cold + ": allocation", "storeBytes", "Bytes", 0.70, 0.45);
                cpu.ofPeers(results, 3, warm + ": CPU", "snapshotCpu", "Cpu", 0.07, 0.05);
                String with = ", with attributes";
                cpu.ofPeers(results, 2, cold + with + ": CPU", "attributedCpu", "Cpu", 0.45, 0.32);
                cpu.ofPeers(results, 2, cold + with + ": allocation", "attributedBytes", "Bytes", 0.70, 0.45);
                cpu.ofPeers(results, 3, warm + with + ": CPU", "attributedSnapshotCpu", "Cpu", 0.07, 0.05);
                cpu.onClientWithRetries(results, cold, "retryingCpu");
                cpu.onClientWithRetries(results, warm, "retryingSnapshotCpu");
            }
            double ofSdk = cpu.ratio("snapshotCpu", "sdkCpu");
            results.add(
                    3,
                    warm + ": CPU relative to the SDK's bare delta write",
                    Results.ratio(ofSdk),
                    Results.ratio(cpu.ratio("rawCpu", "sdkCpu")),
                    Results.ratio(cpu.ratio("enhancedCpu", "sdkCpu")),
                    "at most 1.5",
                    ofSdk <= 1.5);
            double attributed = cpu.ratio("attributedSnapshotCpu", "sdkCpu");
            results.add(
                    3,
                    warm + ", with attributes: CPU relative to the SDK's bare delta write",
                    Results.ratio(attributed),
                    "",
                    "",
                    "at most 1.5",
                    attributed <= 1.5);
            results.add(
                    warm + ", on a client with retries: CPU relative to the SDK's bare delta write",
                    Results.ratio(cpu.ratio("retryingSnapshotCpu", "retryingSdkCpu")),
                    "",
                    "");
            cpu.sameRequest(results, warm);
            results.draw(
                    "CPU, " + cold + ", cold", cpu.ratio("storeCpu", "rawCpu"), cpu.ratio("storeCpu", "enhancedCpu"));
            results.draw("CPU, " + warm, cpu.ratio("snapshotCpu", "rawCpu"), cpu.ratio("snapshotCpu", "enhancedCpu"));
        }
    }

    private void ofPeers(
            Results results, int target, String what, String store, String unit, double raw, double enhanced) {
        double ofRaw = ratio(store, "raw" + unit);
        double ofEnhanced = ratio(store, "enhanced" + unit);
        results.add(
                target,
                what + " relative to raw / enhanced",
                Results.ratio(ofRaw) + " / " + Results.ratio(ofEnhanced),
                "1",
                "1",
                raw + " / " + enhanced,
                ofRaw <= raw && ofEnhanced <= enhanced);
    }

    /** The peers' clients are without retries, which costs them nothing: only the store switches them off. */
    private void onClientWithRetries(Results results, String what, String store) {
        results.add(
                what + ", on a client with retries: CPU relative to raw / enhanced",
                Results.ratio(ratio(store, "rawCpu")) + " / " + Results.ratio(ratio(store, "enhancedCpu")),
                "1",
                "1");
    }

    /**
     * Adds the part of a call's cost that is not the store's code: the SDK alone sends the store's request, which is
     * built once and reused.
     */
    private void sameRequest(Results results, String what) {
        results.add(
                what + ": CPU of the SDK alone with the store's request, relative to the bare call",
                Results.ratio(ratio("sameCpu", "sdkCpu")),
                "",
                "");
    }

    private void absolute(Results results, String what, String store) {
        results.add(what + ": CPU, allocation", each(store), each("raw"), each("enhanced"));
    }

    private String each(String contender) {
        return Results.format(
                "%.0f us, %.0f KB",
                ratio(contender + "Cpu", "operations") / 1000, ratio(contender + "Bytes", "operations") / 1024);
    }

    /** Returns the median over the iterations, so that outliers do not count. */
    private double ratio(String counter, String base) {
        return Results.median(iterations.stream()
                .map(iteration -> score(iteration, counter) / score(iteration, base))
                .toList());
    }

    private static double score(IterationResult iteration, String counter) {
        return iteration.getSecondaryResults().get(counter).getScore();
    }
}
