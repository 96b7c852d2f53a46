package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Concurrent calls under many schedules. {@code -Dschedules=100000} runs more of them. */
class EngineSchedulesTest {
    private static final int SCHEDULES = Integer.getInteger("schedules", 2_000);

    @ParameterizedTest
    @EnumSource
    void explore_realClasses_everyCallEndsOnceAndGivesEverythingBack(EngineScenarios scenario) {
        assertThat(EngineSchedules.explore(scenario, EngineSchedules.classes(), SCHEDULES))
                .isNull();
    }
}
