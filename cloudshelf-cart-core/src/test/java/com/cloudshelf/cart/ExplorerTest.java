package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Explorer.Report;
import com.cloudshelf.cart.Explorer.Setting;
import com.cloudshelf.cart.Scopes.Operation;
import com.cloudshelf.cart.Scopes.Scope;
import com.cloudshelf.cart.Scopes.Start;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every schedule of a few calls leads to an outcome that the guarantees allow. {@code -Dexplorer.scopes=soak} explores
 * scopes that take ten minutes, instead of those of every build.
 */
class ExplorerTest {
    static List<Scope> scopes() {
        return System.getProperty("explorer.scopes", "").equals("soak") ? Scopes.ofSoak() : Scopes.ofEveryBuild();
    }

    @ParameterizedTest
    @MethodSource("scopes")
    void everySchedule_ofAFewCalls_keepsAllPromises(Scope scope) {
        List<Report> reports = scope.settings().parallelStream()
                .map(setting -> new Explorer(setting).explore())
                .toList();
        List<String> violations =
                reports.stream().map(Report::violation).filter(Objects::nonNull).toList();
        System.out.printf(
                "%s: explored %d worlds, %d transitions, %d violations; at most %d requests a call%n",
                scope,
                reports.stream().mapToLong(Report::worlds).sum(),
                reports.stream().mapToLong(Report::transitions).sum(),
                violations.size(),
                reports.stream().mapToInt(Report::mostRequests).max().orElse(0));
        assertThat(violations).as(() -> String.join("\n\n", violations)).isEmpty();
    }

    /**
     * Found by the explorer: once another call had turned the item into one of this library, the copy took effect as
     * well.
     */
    @Test
    void blindAdd_refusedByAnotherProgramsItem_countsOnceThoughItsCopyArrivesAfterAnotherCall() {
        Setting setting =
                Scopes.onOneCart(Start.ANOTHER_PROGRAMS, List.of(Operation.ADD_NEW, Operation.SET), 1, Writes.RING);

        String wrong = new Explorer(setting)
                .replay(List.of(
                        "A starts",
                        "A is answered, doubled",
                        "B starts",
                        "B is answered",
                        "copy of A's request 1 arrives",
                        "A is answered"));

        assertThat(wrong).isNull();
    }
}
