package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.HistoryRunner.Plan;
import com.cloudshelf.cart.LinearizabilityChecker.UndecidedException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Proves that the histories and their checker find the bugs that a store could have. */
@Timeout(900)
class PlantedBugsTest {
    private static final int OPERATIONS = 50;
    private static final int AT_ONCE = 4;
    private static final int MAX_SEEDS = 40;

    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @ParameterizedTest
    @EnumSource
    void histories_withAPlantedBug_areNotLinearizable(PlantedBugs bug) {
        long seed = 0;
        List<Long> found = List.of();
        while (found.isEmpty() && seed < MAX_SEEDS) {
            found = notLinearizable(bug, seed, true);
            seed += AT_ONCE;
        }

        assertThat(found).isNotEmpty();
        assertThat(notLinearizable(bug, seed - AT_ONCE, false)).isEmpty();
    }

    /** Returns the seeds whose histories, with or without the bug, are not linearizable. */
    private List<Long> notLinearizable(PlantedBugs bug, long firstSeed, boolean planted) {
        List<CompletableFuture<Boolean>> running = LongStream.range(firstSeed, firstSeed + AT_ONCE)
                .mapToObj(seed -> bug.plan(Plan.of(seed, OPERATIONS)))
                .map(plan -> planted ? plan.planting(bug) : plan)
                .map(plan -> CompletableFuture.supplyAsync(() -> HistoryRunner.run(plan), threads)
                        .thenApply(result -> mayBeLinearizable(result.history())))
                .toList();
        return LongStream.range(0, AT_ONCE)
                .filter(i -> !running.get((int) i).join())
                .mapToObj(i -> firstSeed + i)
                .toList();
    }

    private static boolean mayBeLinearizable(History history) {
        try {
            return LinearizabilityChecker.isLinearizable(history);
        } catch (UndecidedException e) {
            return true;
        }
    }
}
