package com.cloudshelf.cart;

import com.cloudshelf.cart.schedule.Schedule;
import com.cloudshelf.cart.schedule.ScheduledClasses;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs a scenario in many schedules, on the real classes or on classes with a planted bug. */
final class EngineSchedules {
    /** The classes that share state between threads. Other threads see each call to any other class as one step. */
    private static final Set<String> INSTRUMENTED =
            Set.of("Call", "Engine", "Places", "Lanes", "Hop", "MarkedCredentials");

    /** A failure, with the schedule that led to it. */
    record Finding(long seed, Throwable failure, List<String> trace) {
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("schedule " + seed + ": " + failure);
            String last = "";
            for (String point : trace) {
                String strand = point.substring(0, point.indexOf(':'));
                text.append(strand.equals(last) ? ";" : "\n  " + strand + ":")
                        .append(point.substring(strand.length() + 1));
                last = strand;
            }
            return text.toString();
        }
    }

    private EngineSchedules() {}

    static ScheduledClasses classes() {
        return new ScheduledClasses(INSTRUMENTED);
    }

    /** Returns the first schedule in which the scenario fails. */
    static @Nullable Finding explore(EngineScenarios scenario, ScheduledClasses classes, int schedules) {
        return explore(scenario, classes, schedules, "");
    }

    /** Returns the first schedule in which the scenario fails with a message that contains the symptom. */
    static @Nullable Finding explore(
            EngineScenarios scenario, ScheduledClasses classes, int schedules, String symptom) {
        Runnable body = in(classes, scenario);
        int points = Schedule.run(0, 1, body).points();
        for (long seed = 0; seed < schedules; seed++) {
            Schedule.Outcome outcome = Schedule.run(seed, points, body);
            Throwable failure = outcome.failure();
            if (failure != null && String.valueOf(failure.getMessage()).contains(symptom)) {
                return new Finding(seed, failure, outcome.trace());
            }
        }
        return null;
    }

    /** Returns the scenario as these classes define it. */
    private static Runnable in(ScheduledClasses classes, EngineScenarios scenario) {
        try {
            Class<?> scenarios = classes.loadClass(EngineScenarios.class.getName());
            return (Runnable) scenarios.getEnumConstants()[scenario.ordinal()];
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
