package com.cloudshelf.cart;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What {@link CartTable#audit CartTable.audit} has found in a table so far: how many carts it read, how many have which
 * problem, and where to resume.
 *
 * <p>Immutable and thread-safe. Contains no user IDs, except within {@link #checkpoint()}.
 */
public final class CartAuditReport {
    private final String tableName;
    private final OptionalLong estimatedCarts;
    private final boolean complete;
    private final String checkpoint;
    private final Counts counts;

    /** The problems that a stored cart can have. */
    public enum Problem {
        /**
         * The item is not a valid cart, and every call for this user fails. It cannot be repaired; the finding names
         * the attribute.
         */
        UNREADABLE(false),
        /** A newer version of this library wrote the item. It is valid, and this version does not write to it. */
        HIGHER_FORMAT(false),
        /** The stored totals do not match the lines. */
        WRONG_TOTALS(true),
        /** Several lines have the same book, or a line has no copies. */
        DUPLICATE_LINES(true),
        /**
         * The stored index of books does not match the lines: another program changed the cart after this library did.
         */
        STALE_INDEX(true),
        /** {@code lastUpdated}, {@code addedAt} or another attribute that no rule depends on cannot be read. */
        UNREADABLE_DETAILS(true),
        /**
         * {@code ttl} is in milliseconds. DynamoDB and this library read it in seconds: the cart expires in tens of
         * thousands of years.
         */
        TTL_IN_MILLISECONDS(true),
        /** The item has no {@code ttl}, or one that DynamoDB ignores: the cart never expires. */
        NEVER_EXPIRES(true),
        /** This library never wrote the item, which therefore remembers no writes. The first change costs a read. */
        NO_MEMORY(true);

        private final boolean repairable;

        Problem(boolean repairable) {
            this.repairable = repairable;
        }

        /** Returns whether an audit can repair this problem. */
        public boolean isRepairable() {
            return repairable;
        }
    }

    /**
     * A cart with a problem.
     *
     * @param userId the user of the cart
     * @param problems the problems that it has, or had before the repair; at least one
     * @param attributePath the path of the attribute that makes it unreadable, such as {@code cartItems[3].quantity}; otherwise
     *     empty
     * @param expected what that attribute should be; otherwise empty
     * @param repaired whether the problems were repaired; also {@code false} if the audit ended before the response to a
     *     repair arrived: the report does not count that cart, and a resumed audit looks at it again
     */
    public record Finding(
            String userId, Set<Problem> problems, String attributePath, String expected, boolean repaired) {
        /** Copies the set. */
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

    /**
     * Returns whether the whole table was read. If not, {@link CartAudit#resumingFrom CartAudit.resumingFrom} resumes
     * from {@link #checkpoint()}.
     */
    public boolean isComplete() {
        return complete;
    }

    /**
     * Returns the position of the audit, with everything counted so far, as one line of text for {@link
     * CartAudit#resumingFrom CartAudit.resumingFrom}. It contains some user IDs: store it as safely as those.
     */
    public String checkpoint() {
        return checkpoint;
    }

    /** Returns how many items were read, including those before a resumption. */
    public long carts() {
        return counts.carts;
    }

    /**
     * Returns how many of these were expired carts that DynamoDB had not yet deleted. They are not examined further.
     */
    public long expiredCarts() {
        return counts.expired;
    }

    /** Returns how many carts have at least one problem, or had one before their repair. */
    public long cartsWithProblems() {
        return counts.faulty;
    }

    /** Returns how many carts were repaired. */
    public long repairedCarts() {
        return counts.repairedCarts;
    }

    /**
     * Returns how many carts have this problem, or had it before their repair. A cart with several problems counts for
     * each.
     */
    public long found(Problem problem) {
        return counts.found.getOrDefault(problem, 0L);
    }

    /** Returns in how many carts this problem was repaired. */
    public long repaired(Problem problem) {
        return counts.repaired.getOrDefault(problem, 0L);
    }

    /**
     * Returns the approximate number of items in the table, which DynamoDB updates every six hours. Empty if the caller
     * has no permission for {@code DescribeTable}.
     */
    public OptionalLong estimatedCarts() {
        return estimatedCarts;
    }

    /**
     * Returns this value as a JSON-like map, which Jackson writes with or without the module. Leaves out the checkpoint,
     * because it contains user IDs.
     */
    @JsonValue
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("tableName", tableName);
        json.put("complete", complete);
        json.put("carts", carts());
        json.put("expiredCarts", expiredCarts());
        json.put("cartsWithProblems", cartsWithProblems());
        json.put("repairedCarts", repairedCarts());
        json.put("found", counts.found);
        json.put("repaired", counts.repaired);
        return json;
    }

    /** Returns the report as text: a line for the table, and a line for each problem that was found. */
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
        long repairedCarts;
        final Map<Problem, Long> found = new EnumMap<>(Problem.class);
        final Map<Problem, Long> repaired = new EnumMap<>(Problem.class);

        Counts() {}

        private Counts(Counts other) {
            add(other);
        }

        void add(Finding finding) {
            faulty++;
            repairedCarts += finding.repaired ? 1 : 0;
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
            repairedCarts += other.repairedCarts;
            other.found.forEach((problem, count) -> found.merge(problem, count, Long::sum));
            other.repaired.forEach((problem, count) -> repaired.merge(problem, count, Long::sum));
        }
    }

    /** Returns the problems that an audit can repair. */
    static Set<Problem> repairable() {
        Set<Problem> repairable = EnumSet.allOf(Problem.class);
        repairable.removeIf(problem -> !problem.isRepairable());
        return repairable;
    }
}
