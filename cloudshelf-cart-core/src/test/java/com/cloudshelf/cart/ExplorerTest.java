package com.cloudshelf.cart;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.Explorer.Report;
import com.cloudshelf.cart.Explorer.Setting;
import com.cloudshelf.cart.Scopes.Operation;
import com.cloudshelf.cart.Scopes.Start;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every schedule of a few calls, within the scopes below, leads to an outcome that the guarantees allow.
 *
 * <p>Left out on purpose: an addition that was refused, and then rejected for a limit, is not fenced. If the network delivers a
 * copy of it after all else, when the limit has come to admit it, it is applied. So no scope has limits.
 */
class ExplorerTest {
    @ParameterizedTest
    @EnumSource
    void twoCalls_onOneCart_keepAllPromises(Start start) {
        List<Setting> settings = new ArrayList<>();
        for (List<Operation> pair : Scopes.pairs()) {
            settings.add(Scopes.onOneCart(start, pair, 1, Writes.RING));
        }
        explore("two calls on one cart, " + start, settings);
    }

    /** Found by the explorer: once another call had made the item one of this library, the copy took effect as well. */
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

    @Test
    void merges_besideAnotherCall_keepAllPromises() {
        explore("two calls on two carts, with merge", Scopes.merges(1));
    }

    static void explore(String scope, List<Setting> settings) {
        List<Report> reports = settings.parallelStream()
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
}
