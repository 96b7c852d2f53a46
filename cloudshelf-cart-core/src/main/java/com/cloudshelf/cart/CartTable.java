package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.TableCall.RequestFailed;
import com.cloudshelf.cart.TableChecks.Facts;
import com.cloudshelf.cart.TableChecks.Source;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ContinuousBackupsUnavailableException;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.SSEType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.Tag;

/**
 * The table itself, apart from any store: makes it, compares it with its specification, tells whether it answers, and reads
 * single items of it that came by another way than a query, such as a stream or an export.
 *
 * <p>All methods are thread-safe and return at once. Those that send requests take a client of the caller's, and end by a deadline,
 * pauses and repetitions included; cancelling the future stops further requests. They fail with a {@link CartStoreException}, whose
 * {@code userId()} is empty: {@link CartAccessException} if a permission or valid credentials are missing, {@link
 * CartThrottledException} or {@link CartUnavailableException} if the deadline passes. While such a call lasts it has a daemon thread
 * of its own, and what is chained to its future runs there.
 *
 * <p>{@link #create} and {@link #verify} need permissions that a store does not: those on the table as a resource ({@code
 * dynamodb:CreateTable}, {@code DescribeTable}, {@code UpdateTimeToLive} and so on), which belong to a deployment role.
 */
public final class CartTable {
    private static final Logger LOG = LoggerFactory.getLogger(CartTable.class);

    private static final Duration CREATE_DEADLINE = Duration.ofMinutes(15);
    private static final Duration VERIFY_DEADLINE = Duration.ofSeconds(30);

    /** Between two questions whether a table is ready, or may have point-in-time recovery. */
    private static final Duration POLL_PAUSE = Duration.ofSeconds(5);

    private static final String PING_ID = "cloudshelf-cart-ping";

    private CartTable() {}

    /** {@link #create(DynamoDbAsyncClient, CartTableSpec, Duration)} with a deadline of 15 minutes. */
    public static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec) {
        return create(client, spec, CREATE_DEADLINE);
    }

    /**
     * Makes the table as specified and waits until it can be used. Safe to repeat, also at the same time: a table that exists
     * is left as it is, except that time to live and point-in-time recovery are switched on if they are off. Never drops or
     * empties anything. What else differs on a table that exists is for {@link #verify} to tell.
     *
     * <p>Takes some seconds, and some minutes where DynamoDB does not let a new table have point-in-time recovery yet; that is
     * asked for again until the deadline. A repetition of a call that failed does what is missing.
     *
     * @param deadline how long the call may take; zero or less fails at once, and sends nothing
     */
    public static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        return create(client, spec, deadline, POLL_PAUSE);
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null
    static CompletableFuture<Void> create(
            DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline, Duration pause) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(spec.tableName(), deadline, call -> {
            make(call, client, spec);
            awaitTable(call, client, spec, pause);
            switchOnTimeToLive(call, client, spec);
            if (spec.pointInTimeRecovery()) {
                switchOnRecovery(call, client, spec, pause);
            }
            return null;
        });
    }

    private static void make(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec) {
        List<Tag> tags = new ArrayList<>();
        spec.tags()
                .forEach((key, value) ->
                        tags.add(Tag.builder().key(key).value(value).build()));
        try {
            call.ask(
                    "CreateTable",
                    settings -> client.createTable(request -> request.overrideConfiguration(settings)
                            .tableName(spec.tableName())
                            .keySchema(KeySchemaElement.builder()
                                    .attributeName(ItemFormat.USER_ID)
                                    .keyType(KeyType.HASH)
                                    .build())
                            .attributeDefinitions(AttributeDefinition.builder()
                                    .attributeName(ItemFormat.USER_ID)
                                    .attributeType(ScalarAttributeType.S)
                                    .build())
                            .billingMode(BillingMode.PAY_PER_REQUEST)
                            .sseSpecification(
                                    encryption -> encryption.enabled(true).sseType(SSEType.KMS))
                            .deletionProtectionEnabled(spec.deletionProtection())
                            .tags(tags)));
            LOG.info("Creating table {}", spec.tableName());
        } catch (RequestFailed e) {
            if (!e.is(ResourceInUseException.class)) {
                throw e;
            }
            LOG.info("Table {} exists", spec.tableName());
        }
    }

    private static void awaitTable(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec, Duration pause) {
        TableDescription table = describe(call, client, spec);
        while (table == null
                || (table.tableStatus() != TableStatus.ACTIVE && table.tableStatus() != TableStatus.UPDATING)) {
            call.isAt("waiting for the table to become active");
            call.pause(pause);
            table = describe(call, client, spec);
        }
    }

    /** Returns {@code null} if there is no such table. */
    private static @Nullable TableDescription describe(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec) {
        try {
            return call.ask(
                            "DescribeTable",
                            settings -> client.describeTable(request ->
                                    request.overrideConfiguration(settings).tableName(spec.tableName())))
                    .table();
        } catch (RequestFailed e) {
            if (e.is(ResourceNotFoundException.class)) {
                return null;
            }
            throw e;
        }
    }

    private static void switchOnTimeToLive(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec) {
        if (hasTimeToLive(call, client, spec)) {
            return;
        }
        LOG.info("Switching on time to live of table {}", spec.tableName());
        try {
            call.ask(
                    "UpdateTimeToLive",
                    settings -> client.updateTimeToLive(request -> request.overrideConfiguration(settings)
                            .tableName(spec.tableName())
                            .timeToLiveSpecification(
                                    ttl -> ttl.attributeName(ItemFormat.TTL).enabled(true))));
        } catch (RequestFailed e) {
            // DynamoDB refuses to switch on what is on, as it is if two deployments take this step at once.
            if (!hasTimeToLive(call, client, spec)) {
                throw e;
            }
        }
    }

    private static boolean hasTimeToLive(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec) {
        return TableChecks.isOn(call.ask(
                        "DescribeTimeToLive",
                        settings -> client.describeTimeToLive(request ->
                                request.overrideConfiguration(settings).tableName(spec.tableName())))
                .timeToLiveDescription());
    }

    private static void switchOnRecovery(
            TableCall call, DynamoDbAsyncClient client, CartTableSpec spec, Duration pause) {
        LOG.info("Switching on point-in-time recovery of table {}", spec.tableName());
        while (true) {
            try {
                call.ask(
                        "UpdateContinuousBackups",
                        settings -> client.updateContinuousBackups(request -> request.overrideConfiguration(settings)
                                .tableName(spec.tableName())
                                .pointInTimeRecoverySpecification(
                                        recovery -> recovery.pointInTimeRecoveryEnabled(true))));
                return;
            } catch (RequestFailed e) {
                if (e.code().equals("UnknownOperationException")) {
                    LOG.warn("Table {} has no point-in-time recovery: this engine does not know it", spec.tableName());
                    return;
                }
                if (!e.is(ContinuousBackupsUnavailableException.class)) {
                    throw e;
                }
                LOG.info("Table {} cannot have point-in-time recovery yet; asking again", spec.tableName());
                call.isAt("switching on point-in-time recovery");
                call.pause(pause);
            }
        }
    }

    /** {@link #verify(DynamoDbAsyncClient, CartTableSpec, Duration)} with a deadline of 30 seconds. */
    public static CompletableFuture<CartTableReport> verify(DynamoDbAsyncClient client, CartTableSpec spec) {
        return verify(client, spec, VERIFY_DEADLINE);
    }

    /**
     * Compares a live table with its specification and reports each check as held, deviating (with its consequence and the fix, a
     * command of the AWS CLI) or not checked. Changes nothing. What DynamoDB Local does not know, or the caller lacks a permission for,
     * is not checked rather than held. Costs 4 requests of the control plane.
     *
     * <p>This is for deployments. A health check that goes by it would take a service down because somebody switched off deletion
     * protection: use {@link #ping} there.
     *
     * @param deadline how long the call may take; zero or less fails at once, and sends nothing
     */
    public static CompletableFuture<CartTableReport> verify(
            DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(
                spec.tableName(),
                deadline,
                call -> new CartTableReport(spec.tableName(), TableChecks.of(facts(call, client, spec))));
    }

    private static Facts facts(TableCall call, DynamoDbAsyncClient client, CartTableSpec spec) {
        Facts facts = new Facts(spec);
        String table = spec.tableName();
        look(facts, Source.TABLE, () -> {
            TableDescription description = describe(call, client, spec);
            if (description != null) {
                facts.describe(description);
            }
        });
        look(
                facts,
                Source.TIME_TO_LIVE,
                () -> facts.setTimeToLive(call.ask(
                                "DescribeTimeToLive",
                                settings -> client.describeTimeToLive(request ->
                                        request.overrideConfiguration(settings).tableName(table)))
                        .timeToLiveDescription()));
        look(
                facts,
                Source.RECOVERY,
                () -> facts.setRecovery(call.ask(
                                "DescribeContinuousBackups",
                                settings -> client.describeContinuousBackups(request ->
                                        request.overrideConfiguration(settings).tableName(table)))
                        .continuousBackupsDescription()
                        .pointInTimeRecoveryDescription()));
        if (facts.exists()) {
            String arn = facts.table().tableArn();
            look(
                    facts,
                    Source.TAGS,
                    () -> facts.setTags(call
                            .ask(
                                    "ListTagsOfResource",
                                    settings ->
                                            client.listTagsOfResource(request -> request.overrideConfiguration(settings)
                                                    .resourceArn(arn)))
                            .tags()
                            .stream()
                            .collect(Collectors.toMap(Tag::key, Tag::value))));
        } else {
            facts.unanswered(Source.TAGS, "the table's ARN is not known");
        }
        return facts;
    }

    /** Takes one look at the table, if it exists and a check needs that; a look that is refused is one that says nothing. */
    private static void look(Facts facts, Source source, Runnable look) {
        if (facts.isMissing() || !TableChecks.isNeeded(source, facts.spec())) {
            return;
        }
        try {
            look.run();
            facts.answered(source);
        } catch (RequestFailed e) {
            if (!e.isDenied() && e.failure.kind() != Failure.Kind.INVALID) {
                throw e;
            }
            facts.unanswered(source, e.isDenied() ? "no permission for dynamodb:" + e.operation : e.code());
        }
    }

    /**
     * Tells whether the table answers: for the health check of a service. One eventually consistent read of a user id that no user has,
     * which needs {@code dynamodb:GetItem}, as a store does, and costs half a read unit. Says nothing of how the table is set up.
     *
     * <p>The future completes normally if the table answered, and fails otherwise; there is no repetition beyond the client's own. With
     * a policy that allows a caller only its own key, read that user's cart with a short deadline instead.
     *
     * @param deadline how long the call may take; zero or less fails at once, and sends nothing
     */
    @SuppressWarnings("NullAway") // a future of Void completes with null
    public static CompletableFuture<Void> ping(DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(spec.tableName(), deadline, call -> {
            call.once(
                    "GetItem",
                    settings -> client.getItem(request -> request.overrideConfiguration(settings)
                            .tableName(spec.tableName())
                            .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(PING_ID)))
                            .projectionExpression(ItemFormat.USER_ID)));
            return null;
        });
    }

    /**
     * Looks over a table, for instance one that other programs filled, and reports what is wrong with its carts, by kind; if it is
     * {@linkplain CartAudit#repairing told to}, it repairs what a change of the cart would mend. {@link CartAudit} says how fast, where
     * from, and who is told of single carts.
     *
     * <p>Safe while the table is in use: each repair carries a condition on the cart that was seen, and an item that has changed
     * meanwhile is looked at again. The future can be cancelled at any time, and the audit be resumed from the last checkpoint that its
     * progress was told. A deadline that passes is no failure: the report says that it is not complete.
     *
     * <p>Needs {@code dynamodb:Scan}; for repairs {@code UpdateItem} and {@code GetItem}; and {@code DescribeTable}, if it is allowed, for
     * an estimate of the number of carts. Costs a strongly consistent read of the whole table and a write for each repair. Uses a
     * daemon thread for each segment.
     *
     * @throws IllegalArgumentException if it is to resume an audit of another table
     */
    public static CompletableFuture<CartAuditReport> audit(
            DynamoDbAsyncClient client, CartTableSpec spec, CartAudit audit) {
        requireNonNull(client, "client");
        return new TableAudit(client, spec.tableName(), requireNonNull(audit, "audit")).start();
    }

    /**
     * Returns the cart that an item's attribute values hold: the image of a DynamoDB Streams record, or an item of an export or a
     * backup. Sends nothing.
     *
     * <p>Unlike a store it does not take an expired cart for an empty one, for the stream's record of an expiry is about just
     * that cart: {@link Cart#expiresAt()} tells.
     *
     * @param item all attributes of the item, the key included
     * @throws InvalidStoredCartException if the item cannot be a cart
     */
    public static Cart decode(Map<String, AttributeValue> item) {
        AttributeValue id = item.get(ItemFormat.USER_ID);
        if (id == null || id.s() == null || id.s().isBlank()) {
            throw new InvalidStoredCartException("", ItemFormat.USER_ID, "a string, not blank (S)");
        }
        return ItemFormat.decode(id.s(), item, Instant.MIN).cart();
    }
}
