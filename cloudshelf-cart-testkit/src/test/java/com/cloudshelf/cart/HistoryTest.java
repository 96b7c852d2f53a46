package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.History.Operation;
import com.cloudshelf.cart.HistoryRunner.Plan;
import com.cloudshelf.cart.HistoryRunner.Result;
import com.cloudshelf.cart.LinearizabilityChecker.UndecidedException;
import com.cloudshelf.cart.LinearizabilityChecker.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs histories and judges them: a few in every build, and many with
 * {@code -Dhistories=200 -Dhistories.operations=60}.
 *
 * <p>The first seeds are always the same. The others are new in each run, which prints them. {@code -Dhistories.seed}
 * sets the first seed.
 */
class HistoryTest {
    private static final int FIXED_SEEDS = 12;
    private static final int HISTORIES = Integer.getInteger("histories", FIXED_SEEDS + 1);
    private static final int OPERATIONS = Integer.getInteger("histories.operations", 50);
    private static final Long FIRST_SEED = Long.getLong("histories.seed");
    private static final long FRESH_SEED = System.currentTimeMillis() % 1_000_000_000;
    private static final int AT_ONCE = Runtime.getRuntime().availableProcessors() + 1;

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void histories_manyWritersOnABadNetwork_areLinearizable() {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        List<Result> results = new ArrayList<>();
        List<String> violations = new ArrayList<>();
        int undecided = 0;
        try {
            List<CompletableFuture<Result>> running = IntStream.range(0, HISTORIES)
                    .mapToObj(i -> Plan.of(seed(i), OPERATIONS))
                    .map(plan -> CompletableFuture.supplyAsync(() -> HistoryRunner.run(plan), threads))
                    .toList();
            for (CompletableFuture<Result> history : running) {
                Result result = history.join();
                results.add(result);
                try {
                    LinearizabilityChecker.check(result.history())
                            .ifPresent(violation -> violations.add(report(result.plan(), violation)));
                } catch (UndecidedException e) {
                    undecided++;
                }
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println(summary(results) + "\nNot judged in reasonable time: " + undecided);

        assertThat(violations).isEmpty();
        assertThat(undecided).isLessThanOrEqualTo(HISTORIES / 4);
    }

    private static long seed(int index) {
        if (FIRST_SEED != null) {
            return FIRST_SEED + index;
        }
        return index < FIXED_SEEDS ? index : FRESH_SEED + index;
    }

    private static String report(Plan plan, Violation violation) {
        return plan + "\nTo run it again (how calls interleave is up to chance):"
                + " mvn -pl cloudshelf-cart-testkit test -Dtest=HistoryTest -Dhistories=1 -Dhistories.operations="
                + plan.operations() + " -Dhistories.seed=" + plan.seed() + "\n\n" + violation.report();
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
        return "Histories: " + results.size() + ", the fresh ones from seed " + (FRESH_SEED + FIXED_SEEDS)
                + "\nOperations: " + operations + ", requests: " + requests + "\nOutcomes: " + outcomes
                + "\nFaults: " + faults;
    }
}
