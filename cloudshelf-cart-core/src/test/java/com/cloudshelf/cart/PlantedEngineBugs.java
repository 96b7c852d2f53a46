package com.cloudshelf.cart;

import static com.cloudshelf.cart.EngineScenarios.ANSWER_AND_DEADLINE_AND_CANCEL;
import static com.cloudshelf.cart.EngineScenarios.CANCEL_WHILE_A_PLACE_IS_RELEASED;
import static com.cloudshelf.cart.EngineScenarios.CLOSE_AND_START_WITHOUT_ANSWERS;
import static com.cloudshelf.cart.EngineScenarios.DRAIN_AND_END;
import static com.cloudshelf.cart.EngineScenarios.HEAD_OF_A_LANE_ENDS_WHILE_OTHERS_ENTER;
import static com.cloudshelf.cart.EngineScenarios.HEDGE_AND_ANSWERS_AND_CANCEL;
import static com.cloudshelf.cart.EngineScenarios.TURN_COMES_WHILE_ITS_OWNER_IS_CANCELLED;

import com.cloudshelf.cart.schedule.ScheduledClasses;
import java.util.Map;

/** Bugs that the engine could have, planted in its source, each with a scenario that shows it in some schedules. */
enum PlantedEngineBugs {
    /** A call that is granted a place while it ends does not give it back. */
    KEEPS_A_PLACE_THAT_CAME_TOO_LATE(
            CANCEL_WHILE_A_PLACE_IS_RELEASED,
            "places taken",
            "Call",
            Map.of("if (!post(Signal.of(SignalKind.PLACE))) {", "if (!post(Signal.of(SignalKind.PLACE)) && false) {")),

    /** A call that ends overlooks a place in its mailbox. */
    OVERLOOKS_A_PLACE_IN_THE_MAILBOX(
            CANCEL_WHILE_A_PLACE_IS_RELEASED,
            "places taken",
            "Call",
            Map.of("placed |= unseen.kind == SignalKind.PLACE;", "")),

    /** The second copy of a request keeps its place. */
    KEEPS_THE_PLACE_OF_A_HEDGE(
            HEDGE_AND_ANSWERS_AND_CANCEL, "places taken", "Call", Map.of("if (i > 0) {", "if (i > 1) {")),

    /** A change that enters a lane between the search for the next one and the end of the lane is never woken. */
    LOSES_THE_WAKE_UP_OF_A_LANE(
            HEAD_OF_A_LANE_ENDS_WHILE_OTHERS_ENTER,
            "the call is over",
            "Lanes",
            Map.of(
                    "return next[0] == null ? null : lane;\n        });",
                    "return lane;\n        });\n"
                            + "        if (next[0] == null && lanes.containsKey(traveller.userId())\n"
                            + "                && lanes.get(traveller.userId()).current == null) {\n"
                            + "            lanes.remove(traveller.userId());\n"
                            + "        }")),

    /** A change that ends as its turn comes does not pass the turn on. */
    KEEPS_A_TURN_THAT_CAME_TOO_LATE(
            TURN_COMES_WHILE_ITS_OWNER_IS_CANCELLED,
            "the call is over",
            "Call",
            Map.of("        if (inLane) {\n", "        if (inLane && state != State.TURN) {\n")),

    /** Two threads handle signals of one call at the same time, and neither checks whether the call has ended. */
    ENDS_TWICE(
            ANSWER_AND_DEADLINE_AND_CANCEL,
            "reports of the call's outcome",
            "Call",
            Map.of(
                    "            if (draining) {\n                return true;\n            }\n",
                    "",
                    "            if (ended) {\n                return;\n            }\n            ended = true;",
                    "            ended = true;",
                    "if (signal == null || ended) {",
                    "if (signal == null) {",
                    "if (isUnwanted()) {",
                    "if (false) {")),

    /** A call that starts while the store is closed is neither refused nor ended. */
    STARTS_BESIDE_A_CLOSE(
            CLOSE_AND_START_WITHOUT_ANSWERS,
            "the call is over",
            "Engine",
            Map.of(
                    "        if (closed || draining) {\n            ended(call);",
                    "        if (false) {\n            ended(call);",
                    "        return closed;",
                    "        return false;")),

    /** A drain counts the calls before it registers to be told about the last one. */
    MISSES_THE_LAST_CALL(
            DRAIN_AND_END,
            "the drain noticed the end of the last call",
            "Engine",
            Map.of(
                    "        draining = true;\n",
                    "        boolean some = count.get() > 0;\n        draining = true;\n",
                    "        if (count.get() > 0 && ",
                    "        if (some && "));

    private final EngineScenarios scenario;
    private final String symptom;
    private final String className;
    private final Map<String, String> replacements;

    PlantedEngineBugs(EngineScenarios scenario, String symptom, String className, Map<String, String> replacements) {
        this.scenario = scenario;
        this.symptom = symptom;
        this.className = className;
        this.replacements = replacements;
    }

    EngineScenarios scenario() {
        return scenario;
    }

    /** Returns a part of the message of the failure that the bug leads to. */
    String symptom() {
        return symptom;
    }

    ScheduledClasses classes() {
        return EngineSchedules.classes().plant(className, replacements);
    }
}
