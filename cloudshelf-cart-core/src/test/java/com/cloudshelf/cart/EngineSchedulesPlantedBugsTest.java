package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The schedules find the bugs that they are meant to find. */
class EngineSchedulesPlantedBugsTest {
    private static final int SCHEDULES = 2_000;

    @ParameterizedTest
    @EnumSource
    void explore_withPlantedBug_findsIt(PlantedEngineBugs bug) {
        EngineSchedules.Finding finding =
                EngineSchedules.explore(bug.scenario(), bug.classes(), SCHEDULES, bug.symptom());

        assertThat(finding).as("a schedule of " + bug.scenario()).isNotNull();
        System.out.printf(
                "%s: found in schedule %d, by: %s%n",
                bug, finding.seed(), finding.failure().getMessage().strip().replaceAll("\\s+", " "));
    }
}
