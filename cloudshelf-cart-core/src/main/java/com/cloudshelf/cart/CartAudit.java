package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.CartAuditReport.Finding;
import com.cloudshelf.cart.CartAuditReport.Problem;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How {@link CartTable#audit} is to go through a table: whether it repairs, how fast, for how long, from where, and who is told.
 *
 * <p>Immutable; each method returns a new one.
 */
public final class CartAudit {
    private static final int MAX_SEGMENTS = 64;
    private static final int MAX_UNITS = 1_000_000;
    private static final Duration MIN_TIME_TO_LIVE = Duration.ofMillis(2 * Memory.REST_MILLIS);
    private static final Duration MAX_TIME_TO_LIVE = Duration.ofDays(3650);

    final Set<Problem> repair;
    final int segments;
    final int unitsPerSecond;
    final Duration deadline;
    final Duration timeToLive;
    final Consumer<? super Finding> findings;
    final Consumer<? super CartAuditReport> progress;
    final @Nullable String checkpoint;

    private CartAudit(Builder builder) {
        this.repair = Collections.unmodifiableSet(builder.repair);
        this.segments = builder.segments;
        this.unitsPerSecond = builder.unitsPerSecond;
        this.deadline = builder.deadline;
        this.timeToLive = builder.timeToLive;
        this.findings = builder.findings;
        this.progress = builder.progress;
        this.checkpoint = builder.checkpoint;
    }

    /** Returns an audit that changes nothing. */
    public static CartAudit reporting() {
        return new CartAudit(new Builder());
    }

    /**
     * Returns an audit that repairs what it finds. A repair is the change of a cart that changes no line: it writes true totals, one
     * line for each book, the library's own attributes, {@code lastUpdated} of now, and a new {@code ttl} that long from now.
     * It never touches an item that cannot be read, that a newer version of this library wrote, or that has expired.
     *
     * @param problems which carts to repair: those with one of these problems, which are then rid of all; if none is named, every cart
     *     with a problem that can be repaired
     * @throws IllegalArgumentException if a problem is none that a repair mends
     */
    public static CartAudit repairing(Problem... problems) {
        Builder builder = new Builder();
        builder.repair = problems.length == 0 ? CartAuditReport.repairable() : EnumSet.copyOf(Arrays.asList(problems));
        for (Problem problem : builder.repair) {
            if (!problem.isRepairable()) {
                throw new IllegalArgumentException(problem + " is nothing that a repair mends");
            }
        }
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with so many parts of the table looked at in parallel, each on a thread of its own. Default: 4. A
     * resumed audit keeps the number that it was started with.
     *
     * @throws IllegalArgumentException if it is below 1 or above 64
     */
    public CartAudit withSegments(int segments) {
        Builder builder = new Builder(this);
        builder.segments = between("segments", MAX_SEGMENTS, segments);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a bound on the capacity that it consumes: read and write units together, on average. An audit reads
     * strongly: one unit for each 4 KB; a repair costs one unit for each KB of the cart. Default: 500.
     *
     * @throws IllegalArgumentException if it is below 1 or above 1 000 000
     */
    public CartAudit withUnitsPerSecond(int unitsPerSecond) {
        Builder builder = new Builder(this);
        builder.unitsPerSecond = between("unitsPerSecond", MAX_UNITS, unitsPerSecond);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a bound on its duration. Once it has passed, the audit ends with the report so far, which is not complete,
     * and can be resumed from its checkpoint. Zero or less: the audit fails at once and sends nothing. Default: a year.
     */
    public CartAudit withDeadline(Duration deadline) {
        Builder builder = new Builder(this);
        builder.deadline = requireNonNull(deadline, "deadline");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with another time to live of repaired carts, counted from the repair: that of the stores on the
     * table. Default: 30 days, as theirs.
     *
     * @throws IllegalArgumentException if it is below 2 hours or above 10 years
     */
    public CartAudit withTimeToLive(Duration timeToLive) {
        Builder builder = new Builder(this);
        builder.timeToLive = Checks.between("timeToLive", MIN_TIME_TO_LIVE, MAX_TIME_TO_LIVE, timeToLive);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a consumer for each cart that has a problem, told once it was repaired or left. It runs on a thread
     * of the audit, one call at a time; while it runs the audit waits. What it throws ends the audit. After a resumption, a cart may be
     * told again.
     */
    public CartAudit withFindings(Consumer<? super Finding> findings) {
        Builder builder = new Builder(this);
        builder.findings = requireNonNull(findings, "findings");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a consumer of the report so far, told after every page of about 100 carts, and at the end. It runs
     * like that of {@link #withFindings}. Keep the last {@link CartAuditReport#checkpoint()} somewhere, and an audit that was
     * cancelled, failed, or died with its process can go on.
     */
    public CartAudit withProgress(Consumer<? super CartAuditReport> progress) {
        Builder builder = new Builder(this);
        builder.progress = requireNonNull(progress, "progress");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit, to go on where an earlier one of the same table was. What had been counted until then is in its
     * reports, too.
     *
     * @throws IllegalArgumentException if the text is no checkpoint; {@link CartTable#audit} refuses that of another table
     */
    public CartAudit resumingFrom(String checkpoint) {
        AuditCheckpoint.parse(checkpoint);
        Builder builder = new Builder(this);
        builder.checkpoint = checkpoint;
        return new CartAudit(builder);
    }

    /**
     * Returns a consumer for {@link #withProgress} that prints how far the audit is.
     *
     * @param terminal whether to draw a bar, over and over on one line; otherwise, as for a log, it prints a line every ten seconds
     */
    public static Consumer<CartAuditReport> printingTo(PrintStream out, boolean terminal) {
        return new AuditProgress(requireNonNull(out, "out"), terminal, System::nanoTime);
    }

    private static int between(String field, int maximum, int value) {
        if (value < 1 || value > maximum) {
            throw new IllegalArgumentException(field + " must be between 1 and " + maximum + ", but is " + value);
        }
        return value;
    }

    private static final class Builder {
        Set<Problem> repair = EnumSet.noneOf(Problem.class);
        int segments = 4;
        int unitsPerSecond = 500;
        Duration deadline = Duration.ofDays(365);
        Duration timeToLive = Duration.ofDays(30);
        Consumer<? super Finding> findings = finding -> {};
        Consumer<? super CartAuditReport> progress = report -> {};

        @Nullable
        String checkpoint;

        Builder() {}

        Builder(CartAudit audit) {
            this.repair = audit.repair;
            this.segments = audit.segments;
            this.unitsPerSecond = audit.unitsPerSecond;
            this.deadline = audit.deadline;
            this.timeToLive = audit.timeToLive;
            this.findings = audit.findings;
            this.progress = audit.progress;
            this.checkpoint = audit.checkpoint;
        }
    }
}
