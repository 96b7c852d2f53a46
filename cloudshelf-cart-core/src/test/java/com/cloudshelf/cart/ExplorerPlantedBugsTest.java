package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Explorer.Report;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The explorer finds the bugs that it is meant to find. */
class ExplorerPlantedBugsTest {
    @ParameterizedTest
    @EnumSource
    void explore_withPlantedBug_findsIt(PlantedProtocolBugs bug) {
        Report report = new Explorer(bug.setting()).explore();

        System.out.printf("%s: found after %d worlds%n%s%n", bug, report.worlds(), report.violation());
        assertThat(report.violation()).as("after %d worlds", report.worlds()).isNotNull();
    }
}
