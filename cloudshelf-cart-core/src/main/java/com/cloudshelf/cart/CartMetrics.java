package com.cloudshelf.cart;

/**
 * The names of the counters that a store passes to its {@linkplain DynamoDbCartStore.Builder#metricPublisher metric
 * publisher}, in one collection for each call.
 *
 * <p>Each collection also contains four metrics of the AWS SDK: service, operation, success and duration.
 */
public final class CartMetrics {
    /** Requests that the call sent. */
    public static final String REQUESTS = "CartRequests";

    /** Writes whose condition did not hold. */
    public static final String CONFLICTS = "CartConflicts";

    /** Requests that DynamoDB throttled. */
    public static final String THROTTLES = "CartThrottles";

    /** Writes whose response was lost, and which the store then found in the table. */
    public static final String RECOVERED_WRITES = "CartRecoveredWrites";

    /** 1 if the call failed with {@link CartOutcomeUnknownException}. */
    public static final String UNKNOWN_OUTCOMES = "CartUnknownOutcomes";

    /** Carts with wrong totals, duplicate lines or unreadable times. */
    public static final String DRIFTS = "CartDrifts";

    /** Carts that another program changed correctly, so that the library's index is out of date. */
    public static final String STALE_INDEXES = "CartStaleIndexes";

    /** Second copies of requests, sent because the first copy was slow. */
    public static final String HEDGES = "CartHedges";

    /** Hedged requests whose second copy was answered first. */
    public static final String HEDGES_WON = "CartHedgesWon";

    private CartMetrics() {}
}
