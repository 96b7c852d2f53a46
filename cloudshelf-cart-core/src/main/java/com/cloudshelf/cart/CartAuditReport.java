package com.cloudshelf.cart;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What {@link CartTable#audit} has found in a table so far: how many carts it looked at, how many have which problem, and where to
 * go on.
 *
 * <p>Immutable and thread-safe. Holds no user id, except within {@link #checkpoint()}.
 */
public final class CartAuditReport {
    private final String tableName;
    private final OptionalLong estimatedCarts;
    private final boolean complete;
    private final String checkpoint;
    private final Counts counts;

    /** What can be wrong with a stored cart. */
    public enum Problem {
        /** The item cannot be a cart: every call for this user fails. Nothing repairs it; the finding names the attribute. */
        UNREADABLE(false),
        /** A newer version of this library wrote the item. It is sound, and this version does not write to it. */
        HIGHER_FORMAT(false),
        /** The stored totals are not those of the lines. */
        WRONG_TOTALS(true),
        /** Several lines are for one book, or a line holds no copy. */
        DUPLICATE_LINES(true),
        /** The stored set of book ids is not that of the lines: another program changed the cart after this library did. */
        STALE_INDEX(true),
        /** {@code lastUpdated}, {@code addedAt} or another attribute that no rule depends on cannot be read. */
        UNREADABLE_DETAILS(true),
        /** {@code ttl} is in milliseconds: to DynamoDB, and to this library, the cart expires in some ten thousand years. */
        TTL_IN_MILLISECONDS(true),
        /** There is no {@code ttl}, or one that DynamoDB ignores: the cart never expires. */
        NEVER_EXPIRES(true),
        /** This library never wrote the item, so that it remembers no writes: the first change costs a read. */
        NO_MEMORY(true);

        private final boolean repairable;

        Problem(boolean repairable) {
            this.repairable = repairable;
        }

        /** Returns whether a repair mends it. */
        public boolean isRepairable() {
            return repairable;
        }
    }

    /**
     * A cart with a problem.
     *
     * @param userId whose cart
     * @param problems what is wrong with it, or was before the repair; at least one
     * @param attributePath the path of the attribute that makes it unreadable, such as {@code cartItems[3].quantity}; otherwise
     *     empty
     * @param expected what should be at that path; otherwise empty
     * @param repaired whether nothing is wrong with it any more
     */
    public record Finding(
            String userId, Set<Problem> problems, String attributePath, String expected, boolean repaired) {
        /** Takes a copy of the set. */
        public Finding {
            problems = Set.copyOf(problems);
        }
    }

    CartAuditReport(String tableName, OptionalLong estimatedCarts, boolean complete, String checkpoint, Counts counts) {
        this.tableName = tableName;
        this.estimatedCarts = estimatedCarts;
        this.complete = complete;
        this.checkpoint = checkpoint;
        this.counts = new Counts(counts);
    }

    /** Returns whether the whole table was looked at; if not, {@link CartAudit#resumingFrom} goes on from {@link #checkpoint()}. */
    public boolean isComplete() {
        return complete;
    }

    /**
     * Returns where the audit is, with all that was counted, as one line of text for {@link CartAudit#resumingFrom}. Holds some user
     * ids: keep it as safe as these.
     */
    public String checkpoint() {
        return checkpoint;
    }

    /** Returns how many items were looked at, those before a resumption included. */
    public long carts() {
        return counts.carts;
    }

    /** Returns how many of these were expired carts that DynamoDB had not deleted yet. Nothing else is said of them. */
    public long expiredCarts() {
        return counts.expired;
    }

    /** Returns how many carts have, or had before their repair, at least one problem. */
    public long cartsWithProblems() {
        return counts.faulty;
    }

    /** Returns how many carts were repaired. */
    public long repairedCarts() {
        return counts.mended;
    }

    /** Returns how many carts have, or had before their repair, this problem. A cart with several problems counts for each. */
    public long found(Problem problem) {
        return counts.found.getOrDefault(problem, 0L);
    }

    /** Returns how many carts had this problem until they were repaired. */
    public long repaired(Problem problem) {
        return counts.repaired.getOrDefault(problem, 0L);
    }

    /**
     * Returns about how many items the table holds; DynamoDB counts them every six hours. Empty if the caller may not {@code
     * DescribeTable}.
     */
    public OptionalLong estimatedCarts() {
        return estimatedCarts;
    }

    /** Returns the report as text: one line for the table and one for each problem that was found. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("table ").append(tableName);
        text.append(String.format(
                ": %d carts%s, %d expired, %d with problems, %d repaired",
                carts(), complete ? "" : " so far", expiredCarts(), cartsWithProblems(), repairedCarts()));
        for (Problem problem : Problem.values()) {
            if (found(problem) > 0) {
                text.append(System.lineSeparator())
                        .append(String.format(
                                "  %-20s %8d found %8d repaired", problem, found(problem), repaired(problem)));
            }
        }
        return text.toString();
    }

    /** What is counted. Not thread-safe. */
    static final class Counts {
        long carts;
        long expired;
        long faulty;
        long mended;
        final Map<Problem, Long> found = new EnumMap<>(Problem.class);
        final Map<Problem, Long> repaired = new EnumMap<>(Problem.class);

        Counts() {}

        private Counts(Counts other) {
            add(other);
        }

        void add(Finding finding) {
            faulty++;
            mended += finding.repaired ? 1 : 0;
            for (Problem problem : finding.problems) {
                found.merge(problem, 1L, Long::sum);
                if (finding.repaired) {
                    repaired.merge(problem, 1L, Long::sum);
                }
            }
        }

        void add(Counts other) {
            carts += other.carts;
            expired += other.expired;
            faulty += other.faulty;
            mended += other.mended;
            other.found.forEach((problem, count) -> found.merge(problem, count, Long::sum));
            other.repaired.forEach((problem, count) -> repaired.merge(problem, count, Long::sum));
        }
    }

    /** Returns the problems that a repair mends. */
    static Set<Problem> repairable() {
        Set<Problem> repairable = EnumSet.allOf(Problem.class);
        repairable.removeIf(problem -> !problem.isRepairable());
        return repairable;
    }
}
