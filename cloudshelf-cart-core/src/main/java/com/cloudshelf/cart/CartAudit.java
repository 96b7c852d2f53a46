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
 * The settings of {@link CartTable#audit CartTable.audit}: whether it repairs, how fast it reads, how long it may take,
 * where it starts, and who receives its findings and its progress.
 *
 * <p>Immutable and thread-safe: each method returns a new audit.
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

    /** Returns an audit that reports problems and changes nothing. */
    public static CartAudit reporting() {
        return new CartAudit(new Builder());
    }

    /**
     * Returns an audit that also repairs. A repair is a change that changes no line: it writes correct totals, one line
     * per book, the library's own attributes, the current time as {@code lastUpdated}, and a new {@code ttl}. It never
     * writes to an item that cannot be read, that a newer version of this library wrote, or that has expired.
     *
     * @param problems which carts to repair: those with one of these problems. All problems of such a cart are
     *     repaired. If none is given, every cart with a repairable problem is repaired
     * @throws IllegalArgumentException if one of the problems is not repairable
     */
    public static CartAudit repairing(Problem... problems) {
        requireNonNull(problems, "problems");
        Builder builder = new Builder();
        builder.repair = problems.length == 0 ? CartAuditReport.repairable() : EnumSet.copyOf(Arrays.asList(problems));
        for (Problem problem : builder.repair) {
            if (!problem.isRepairable()) {
                throw new IllegalArgumentException(problem + " cannot be repaired");
            }
        }
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with another number of table segments, which are scanned in parallel on one thread each.
     * Default: 4. A resumed audit keeps the number with which it started.
     *
     * @throws IllegalArgumentException if it is below 1 or above 64
     */
    public CartAudit withSegments(int segments) {
        Builder builder = new Builder(this);
        builder.segments = between("segments", MAX_SEGMENTS, segments);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a limit on the average capacity that it consumes per second, in read and write units
     * together. A strong read costs one unit per 4 KB; a repair costs one unit per KB of the cart. Default: 500.
     *
     * @throws IllegalArgumentException if it is below 1 or above 1,000,000
     */
    public CartAudit withUnitsPerSecond(int unitsPerSecond) {
        Builder builder = new Builder(this);
        builder.unitsPerSecond = between("unitsPerSecond", MAX_UNITS, unitsPerSecond);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a limit on its duration. Shortly before the limit, the audit starts no further cart,
     * waits for the responses to the repairs that it has sent, and completes with the report so far, which is marked as
     * incomplete. It can be resumed from the report's checkpoint. The last tenth of the duration, at most one second,
     * is reserved for those responses. With zero or less, the audit fails at once and sends nothing. Default: one year.
     */
    public CartAudit withDeadline(Duration deadline) {
        Builder builder = new Builder(this);
        builder.deadline = requireNonNull(deadline, "deadline");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with another time to live for repaired carts, counted from the repair. Use the same as for the
     * stores on the table. Default: 30 days, as for stores.
     *
     * @throws IllegalArgumentException if it is below 2 hours or above 10 years
     */
    public CartAudit withTimeToLive(Duration timeToLive) {
        Builder builder = new Builder(this);
        builder.timeToLive = Checks.between("timeToLive", MIN_TIME_TO_LIVE, MAX_TIME_TO_LIVE, timeToLive);
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a consumer for each cart that has a problem, called after the cart was repaired or
     * skipped. It runs on a thread of the audit, one call at a time, and the audit waits for it. An exception from it
     * ends the audit. After a resumption, the consumer may receive a cart again.
     *
     * <p>It receives every cart that was repaired, whether the audit completes, fails or reaches its deadline. If the
     * audit is cancelled or its process dies, up to one cart for each segment may have been repaired without the
     * consumer's knowledge.
     */
    public CartAudit withFindings(Consumer<? super Finding> findings) {
        Builder builder = new Builder(this);
        builder.findings = requireNonNull(findings, "findings");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit with a consumer for the report so far, called after every page of about 100 carts, about once a
     * second while there are findings, and at the end. It runs like the consumer of {@link #withFindings withFindings}.
     * Store the last {@link CartAuditReport#checkpoint()}, so that you can resume an audit that was cancelled, failed, or
     * ended with its process.
     */
    public CartAudit withProgress(Consumer<? super CartAuditReport> progress) {
        Builder builder = new Builder(this);
        builder.progress = requireNonNull(progress, "progress");
        return new CartAudit(builder);
    }

    /**
     * Returns this audit, resuming an earlier audit of the same table from its checkpoint. Its reports include what was
     * counted before.
     *
     * @throws IllegalArgumentException if the text is not a checkpoint; {@link CartTable#audit CartTable.audit} refuses
     *     the checkpoint of another table
     */
    public CartAudit resumingFrom(String checkpoint) {
        AuditCheckpoint.parse(requireNonNull(checkpoint, "checkpoint"));
        Builder builder = new Builder(this);
        builder.checkpoint = checkpoint;
        return new CartAudit(builder);
    }

    /**
     * Returns a consumer for {@link #withProgress withProgress} that prints the progress of the audit.
     *
     * @param terminal whether to redraw a progress bar on one line; if not, prints a line every ten seconds, as for a
     *     log
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
