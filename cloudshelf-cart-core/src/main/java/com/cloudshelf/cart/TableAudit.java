package com.cloudshelf.cart;

import com.cloudshelf.cart.AuditCheckpoint.Segment;
import com.cloudshelf.cart.CartAuditReport.Counts;
import com.cloudshelf.cart.CartAuditReport.Finding;
import com.cloudshelf.cart.CartAuditReport.Problem;
import com.cloudshelf.cart.StoredCart.Drift;
import com.cloudshelf.cart.TableCall.RequestFailed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.ReturnValuesOnConditionCheckFailure;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * One run through a table. A thread per segment reads a page, looks at its items, repairs those that need
 * repaired, and records its position before it reads the next page.
 */
final class TableAudit {
    /*
     * A repair is Write.change of a cart to itself, so it can be repeated without harm: whichever attempt is applied leaves the
     * same lines. Therefore it needs none of the machinery of a store's call: a lost response is followed by another attempt, and a
     * refusal by another look.
     *
     * It must not undo the work of another writer. A change pins the version and, for writers without versions, what they usually
     * touch. A repair also pins the whole list, because it may write the whole list and nobody has asked for it.
     *
     * An item is counted once it is finished, and the position in its segment advances in the same step, so a report at the deadline
     * misses nothing. An audit that dies between two reports looks at some items again, and finds valid those that it has repaired.
     *
     * Every repaired cart is named, because nobody could find out later that it was ever broken. Therefore a segment that has sent a
     * repair waits for the response, whatever ends the audit, and nothing new is started in the meantime. What is still unanswered at
     * the deadline, or soon after a failure, is named as found. Its position does not advance, so a resumed audit looks at it again.
     */

    private static final int PAGE = 100;
    private static final int MAX_LOST_RACES = 20;

    /** How long an audit that is ending waits for responses, at most: within its deadline, or after a failure. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    /** How often a waiting segment checks whether the audit is ending. */
    private static final long PAUSE_NANOS = 100_000_000;

    private static final long PROGRESS_NANOS = 1_000_000_000;

    /**
     * A time to live above this is in milliseconds: in seconds, it would be in the year 5138; in milliseconds, it is in
     * 1973.
     */
    private static final long MILLISECONDS = 100_000_000_000L;

    /** The store's default for the number of write IDs in an item. */
    private static final int RING = 64;

    private final DynamoDbAsyncClient client;
    private final String table;
    private final CartAudit audit;
    private final Write.Terms terms;
    private final Throttle throttle;
    private final long graceMillis;
    private volatile boolean failed;

    /** Held while the caller's consumers run. */
    private final Object callbacks = new Object();

    /** Whether nothing more is reported. Guarded by {@link #callbacks}. */
    private boolean closed;

    /** When progress is reported even if no page has ended. Guarded by {@link #callbacks}. */
    private long progressDue = System.nanoTime();

    // Guarded by this: the position of the audit. If both locks are needed, callbacks is taken first.
    private final List<Segment> segments;
    private final Map<Integer, Finding> unanswered = new TreeMap<>();
    private final Counts counts;
    private OptionalLong estimated = OptionalLong.empty();

    TableAudit(DynamoDbAsyncClient client, String table, CartAudit audit) {
        this.client = client;
        this.table = table;
        this.audit = audit;
        this.terms = new Write.Terms(audit.timeToLive, CartLimits.defaults(), RING);
        this.throttle = new Throttle(audit.unitsPerSecond);
        Duration tenth = audit.deadline.isNegative() ? Duration.ZERO : audit.deadline.dividedBy(10);
        this.graceMillis = (tenth.compareTo(GRACE) < 0 ? tenth : GRACE).toMillis();
        AuditCheckpoint from = audit.checkpoint == null
                ? AuditCheckpoint.start(table, audit.segments)
                : AuditCheckpoint.parse(audit.checkpoint);
        if (!from.table().equals(table)) {
            throw new IllegalArgumentException(
                    "the checkpoint belongs to the table " + from.table() + ", not to " + table + "; start again");
        }
        this.segments = new ArrayList<>(from.segments());
        this.counts = from.counts();
    }

    CompletableFuture<CartAuditReport> start() {
        return TableCall.start(client, table, audit.deadline, this::run, this::end);
    }

    private CartAuditReport run(TableCall call) {
        estimate(call);
        CompletableFuture<Void> failure = new CompletableFuture<>();
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            int segment = i;
            CompletableFuture<Void> end = new CompletableFuture<>();
            ends.add(end);
            TableCall.onNewThread(() -> {
                try {
                    runSegment(call, segment);
                } catch (Throwable e) {
                    failed = true;
                    failure.completeExceptionally(e);
                }
                end.complete(null);
            });
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]));
        CompletableFuture.anyOf(all, failure.exceptionally(e -> null)).join();
        if (failed) {
            all.completeOnTimeout(null, GRACE.toMillis(), TimeUnit.MILLISECONDS).join();
        }
        CartAuditReport report = end(call);
        try {
            failure.getNow(null);
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
        return report;
    }

    /** Names the carts whose repair is unanswered, and sends the last report. */
    private CartAuditReport end(TableCall call) {
        synchronized (callbacks) {
            call.requireCaller();
            if (!closed) {
                closed = true;
                unanswered().forEach(audit.findings);
                audit.progress.accept(report());
            }
            return report();
        }
    }

    private synchronized List<Finding> unanswered() {
        return List.copyOf(unanswered.values());
    }

    /** Whether nothing new may start: in the time reserved for responses, or after a failure. */
    private boolean isEnding(TableCall call) {
        return failed || call.remainingMillis() <= graceMillis;
    }

    /** Waits until the consumed capacity is within the limit, and returns whether the audit continues then. */
    private boolean awaitTurn(TableCall call) {
        for (long left = throttle.nanosLeft(); left > 0 && !isEnding(call); left = throttle.nanosLeft()) {
            call.pause(Duration.ofNanos(Math.min(Math.max(left, 1_000_000), PAUSE_NANOS)));
        }
        return !isEnding(call);
    }

    private void estimate(TableCall call) {
        try {
            Long items = call.ask(
                            "DescribeTable",
                            settings -> client.describeTable(request ->
                                    request.overrideConfiguration(settings).tableName(table)))
                    .table()
                    .itemCount();
            synchronized (this) {
                estimated = items == null ? OptionalLong.empty() : OptionalLong.of(items);
            }
        } catch (RequestFailed e) {
            if (!e.isDenied()) { // a convenience, for which an audit needs no permission
                throw e;
            }
        }
    }

    private synchronized CartAuditReport report() {
        boolean complete = segments.stream().allMatch(Segment::done);
        String checkpoint = new AuditCheckpoint(table, segments, counts).toString();
        return new CartAuditReport(table, estimated, complete, checkpoint, counts);
    }

    private synchronized Segment segment(int segment) {
        return segments.get(segment);
    }

    private void runSegment(TableCall call, int segment) {
        Segment at = segment(segment);
        while (!at.done() && awaitTurn(call)) {
            ScanResponse page = scan(call, segment, at);
            throttle.consumed(page.consumedCapacity());
            for (Map<String, AttributeValue> item : page.items()) {
                if (isEnding(call) || !look(call, segment, item)) {
                    return;
                }
            }
            at = page.hasLastEvaluatedKey() ? new Segment(false, userId(page.lastEvaluatedKey())) : Segment.AT_END;
            boolean more;
            synchronized (this) {
                segments.set(segment, at);
                more = segments.stream().anyMatch(other -> !other.done());
            }
            if (more) { // the last report is sent by the thread that knows that everything has ended
                tell(call);
            }
        }
    }

    private ScanResponse scan(TableCall call, int segment, Segment at) {
        return call.ask(
                "Scan",
                settings -> client.scan(request -> {
                    request.overrideConfiguration(settings)
                            .tableName(table)
                            .segment(segment)
                            .totalSegments(segments.size())
                            .limit(PAGE)
                            .consistentRead(true)
                            .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL);
                    if (at.after() != null) {
                        request.exclusiveStartKey(key(at.after()));
                    }
                }));
    }

    private static Map<String, AttributeValue> key(String userId) {
        return Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId));
    }

    private static String userId(Map<String, AttributeValue> item) {
        AttributeValue id = item.get(ItemFormat.USER_ID);
        if (id == null || id.s() == null) {
            throw new CartStoreException(
                    TableCall.NO_USER,
                    "the table's key is not " + ItemFormat.USER_ID + " (S), so it is not a cart table;"
                            + " CartTable.verify reports the differences",
                    false,
                    null);
        }
        return id.s();
    }

    /** The result of one look at an item. */
    private record Look(@Nullable StoredCart stored, Set<Problem> problems, String attributePath, String expected) {
        boolean isExpired() {
            return stored != null && stored.isExpired();
        }
    }

    private static Look at(Map<String, AttributeValue> item) {
        try {
            StoredCart stored = ItemFormat.decode(item, Instant.now());
            return new Look(stored, problems(stored), "", "");
        } catch (InvalidStoredCartException e) {
            return new Look(null, EnumSet.of(Problem.UNREADABLE), e.attributePath(), e.expected());
        }
    }

    private static Set<Problem> problems(StoredCart stored) {
        Set<Problem> problems = EnumSet.noneOf(Problem.class);
        if (!stored.exists() || stored.isExpired()) {
            return problems;
        }
        if (stored.format() > ItemFormat.CURRENT_FORMAT) {
            problems.add(Problem.HIGHER_FORMAT);
            return problems;
        }
        for (Drift drift : stored.drift()) {
            problems.add(
                    switch (drift) {
                        case TOTALS -> Problem.WRONG_TOTALS;
                        case DUPLICATES, EMPTY_LINES -> Problem.DUPLICATE_LINES;
                        case INDEX -> Problem.STALE_INDEX;
                        case DISPLAY -> Problem.UNREADABLE_DETAILS;
                    });
        }
        if (stored.memory() == null) {
            problems.add(Problem.NO_MEMORY);
        }
        Instant expiresAt = stored.cart().expiresAt().orElse(null);
        if (expiresAt == null) {
            problems.add(Problem.NEVER_EXPIRES);
        } else if (expiresAt.getEpochSecond() >= MILLISECONDS) {
            problems.add(Problem.TTL_IN_MILLISECONDS);
        }
        return problems;
    }

    /**
     * Looks at an item, repairs it if requested, and names it. Returns {@code false} if the audit ends before that is
     * finished.
     */
    private boolean look(TableCall call, int segment, Map<String, AttributeValue> item) {
        Look first = at(item);
        if (first.problems.isEmpty()) {
            count(segment, item, first, null);
            return true;
        }
        Look last = isToRepair(first) ? repaired(call, segment, item, first) : first;
        if (last == null) {
            return false;
        }
        boolean repaired = last.problems.isEmpty();
        Look told = repaired ? first : last;
        Finding finding = new Finding(userId(item), told.problems, told.attributePath, told.expected, repaired);
        synchronized (callbacks) {
            call.requireCaller();
            if (closed) {
                return false;
            }
            setUnanswered(segment, null);
            audit.findings.accept(finding);
            count(segment, item, first, finding);
            if (System.nanoTime() - progressDue >= 0) { // at a low rate, a page of repairs takes minutes
                tell(call);
            }
        }
        return true;
    }

    private synchronized void setUnanswered(int segment, @Nullable Finding finding) {
        if (finding == null) {
            unanswered.remove(segment);
        } else {
            unanswered.put(segment, finding);
        }
    }

    private synchronized void count(
            int segment, Map<String, AttributeValue> item, Look look, @Nullable Finding finding) {
        counts.carts++;
        counts.expired += look.isExpired() ? 1 : 0;
        if (finding != null) {
            counts.add(finding);
        }
        segments.set(segment, new Segment(false, userId(item)));
    }

    private void tell(TableCall call) {
        synchronized (callbacks) {
            call.requireCaller();
            if (!closed) {
                audit.progress.accept(report());
                progressDue = System.nanoTime() + PROGRESS_NANOS;
            }
        }
    }

    private boolean isToRepair(Look look) {
        return look.problems.stream().allMatch(Problem::isRepairable)
                && !Collections.disjoint(look.problems, audit.repair);
    }

    /**
     * Repairs an item, and returns the last look at it, or {@code null} if the audit ends first. An item that has been
     * deleted or has expired has no problems.
     */
    private @Nullable Look repaired(TableCall call, int segment, Map<String, AttributeValue> item, Look first) {
        Look look = first;
        Map<String, AttributeValue> seen = item;
        for (int lost = 0; isToRepair(look) && lost < MAX_LOST_RACES; lost++) {
            StoredCart stored = look.stored;
            if (stored == null) {
                return look;
            }
            if (!awaitTurn(call)) {
                return null;
            }
            UpdateItemRequest write;
            try {
                write = write(stored, seen);
            } catch (CartRejectedException e) { // it is too large already
                return look;
            }
            setUnanswered(segment, new Finding(stored.userId(), first.problems, "", "", false));
            try {
                UpdateItemResponse answer = call.ask(
                        "UpdateItem",
                        settings -> client.updateItem(write.toBuilder()
                                .overrideConfiguration(settings)
                                .build()));
                throttle.consumed(answer.consumedCapacity());
                seen = answer.attributes();
            } catch (RequestFailed e) {
                if (e.failure.kind() == Failure.Kind.TOO_LARGE) {
                    return look;
                }
                if (e.failure.kind() != Failure.Kind.REFUSED) {
                    throw e;
                }
                throttle.consumed(1);
                Map<String, AttributeValue> refusedBy = lost == 0 ? e.failure.refusedBy() : null;
                seen = refusedBy == null ? read(call, stored.userId()) : refusedBy;
            }
            look = seen.isEmpty() ? new Look(null, EnumSet.noneOf(Problem.class), "", "") : at(seen);
        }
        return look;
    }

    private UpdateItemRequest write(StoredCart stored, Map<String, AttributeValue> seen) {
        long now = System.currentTimeMillis();
        Write.Stamp stamp = new Write.Stamp(WriteId.startedAt(now), Instant.ofEpochMilli(now), now);
        UpdateItemRequest change = PinnedWrites.change(stored, stored.cart(), null, stamp, terms)
                .asUpdate(table)
                .returnValues(ReturnValue.ALL_NEW)
                .returnValuesOnConditionCheckFailure(ReturnValuesOnConditionCheckFailure.ALL_OLD)
                .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL)
                .build();
        Map<String, String> names = new HashMap<>(change.expressionAttributeNames());
        names.put("#audited", ItemFormat.CART_ITEMS);
        Map<String, AttributeValue> values = new HashMap<>(change.expressionAttributeValues());
        AttributeValue lines = seen.get(ItemFormat.CART_ITEMS);
        String pin = "attribute_not_exists(#audited)";
        if (lines != null) {
            pin = "#audited=:audited";
            values.put(":audited", lines);
        }
        return change.toBuilder()
                .conditionExpression("(" + change.conditionExpression() + ") AND " + pin)
                .expressionAttributeNames(names)
                .expressionAttributeValues(values)
                .build();
    }

    private Map<String, AttributeValue> read(TableCall call, String userId) {
        return call.ask(
                        "GetItem",
                        settings -> client.getItem(request -> request.overrideConfiguration(settings)
                                .tableName(table)
                                .key(key(userId))
                                .consistentRead(true)))
                .item();
    }

    /**
     * Spreads the consumed capacity over time: after each request, the next one of any segment waits until the average
     * is within the limit.
     */
    private static final class Throttle {
        private final double nanosPerUnit;
        private long paidUntil = System.nanoTime();

        Throttle(int unitsPerSecond) {
            this.nanosPerUnit = 1e9 / unitsPerSecond;
        }

        void consumed(@Nullable ConsumedCapacity capacity) {
            // An engine that does not report capacity does not charge for it.
            Double units = capacity == null ? null : capacity.capacityUnits();
            consumed(units == null ? 1 : units);
        }

        synchronized void consumed(double units) {
            paidUntil = Math.max(paidUntil, System.nanoTime()) + (long) (units * nanosPerUnit);
        }

        synchronized long nanosLeft() {
            return paidUntil - System.nanoTime();
        }
    }
}
