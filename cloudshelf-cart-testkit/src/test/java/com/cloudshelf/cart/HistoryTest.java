package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.History.Operation;
import com.cloudshelf.cart.HistoryRunner.Plan;
import com.cloudshelf.cart.HistoryRunner.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final int HISTORIES = Integer.getInteger("histories", 12);
    private static final int OPERATIONS = Integer.getInteger("histories.operations", 50);
    private static final Long SEED = Long.getLong("histories.seed");
    private static final int AT_ONCE = 4;

    @Test
    void histories_manyWritersAndFaults_linearizable() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        List<Result> results = new ArrayList<>();
        List<String> mistakes = new ArrayList<>();
        try {
            List<CompletableFuture<Result>> running = LongStream.range(0, HISTORIES)
                    .mapToObj(i -> Plan.of(SEED == null ? i : SEED, i % 2 == 0 ? 16 : 4, OPERATIONS))
                    .map(plan -> CompletableFuture.supplyAsync(() -> HistoryRunner.run(plan), threads))
                    .toList();
            for (CompletableFuture<Result> history : running) {
                Result result = history.join();
                results.add(result);
                LinearizabilityChecker.check(result.history())
                        .ifPresent(violation -> mistakes.add(result.plan() + "\n" + violation.report()));
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println(summary(results));
        assertThat(mistakes).isEmpty();
    }

    private static String summary(List<Result> results) {
        Map<String, Integer> faults = new TreeMap<>();
        Map<String, Integer> outcomes = new TreeMap<>();
        int operations = 0;
        int requests = 0;
        for (Result result : results) {
            result.faults().forEach((fault, count) -> faults.merge(fault, count, Integer::sum));
            requests += result.requests();
            for (Operation operation : result.history().operations()) {
                operations++;
                outcomes.merge(operation.outcome().getClass().getSimpleName(), 1, Integer::sum);
            }
        }
        return "Histories: " + results.size() + ", operations: " + operations + ", requests: " + requests
                + "\nOutcomes: " + outcomes + "\nFaults: " + faults;
    }
}
