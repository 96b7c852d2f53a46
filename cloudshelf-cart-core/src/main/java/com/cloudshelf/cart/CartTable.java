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
 * Operations on the table itself, independent of any store: create it, verify it against its specification, ping it,
 * audit its carts, and decode items that come from a stream, an export or a backup.
 *
 * <p>All methods are thread-safe and return at once. Those that send requests use your client and end by a deadline.
 * They retry by themselves until then, without the client's own retries; cancelling the future stops further requests.
 * They fail with a {@link CartStoreException} whose {@code userId()} is empty: {@link CartAccessException} if a
 * permission or valid credentials are missing, {@link CartThrottledException} or {@link CartUnavailableException} if
 * the deadline passes. Each call runs on its own daemon thread, and so do your continuations.
 *
 * <p>{@link #create create} and {@link #verify verify} need permissions on the table itself, which a store does not
 * need ({@code dynamodb:CreateTable}, {@code DescribeTable}, {@code UpdateTimeToLive} and so on). Give them to a
 * deployment role.
 */
public final class CartTable {
    private static final Logger LOG = LoggerFactory.getLogger(CartTable.class);

    private static final Duration CREATE_DEADLINE = Duration.ofMinutes(15);
    private static final Duration VERIFY_DEADLINE = Duration.ofSeconds(30);

    /** The delay between two checks whether a table is ready, or whether point-in-time recovery is available. */
    private static final Duration POLL_PAUSE = Duration.ofSeconds(5);

    private static final String PING_ID = "cloudshelf-cart-ping";

    private CartTable() {}

    /** {@link #create(DynamoDbAsyncClient, CartTableSpec, Duration) create} with a deadline of 15 minutes. */
    public static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec) {
        return create(client, spec, CREATE_DEADLINE);
    }

    /**
     * Creates the table as specified and waits until it can be used. Never deletes or empties anything. The call can be
     * repeated, even concurrently: it leaves an existing table unchanged, except that it switches on time to live and
     * point-in-time recovery if they are off. It fails with a {@link CartStoreException} if the existing table has
     * another key. To find other differences, use {@link #verify verify}.
     *
     * <p>Takes a few seconds, or a few minutes if DynamoDB does not allow point-in-time recovery on a new table yet;
     * the call retries until the deadline. If the call reaches its deadline, repeat it: it does only what is missing.
     *
     * @param deadline how long the call may take; with zero or less, it fails at once and sends nothing
     */
    public static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        return create(client, spec, deadline, POLL_PAUSE);
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null
    static CompletableFuture<Void> create(
            DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline, Duration pause) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(client, spec.tableName(), deadline, call -> {
            make(call, client, spec);
            requireKey(awaitTable(call, client, spec, pause), spec);
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

    private static TableDescription awaitTable(
            TableCall call, DynamoDbAsyncClient client, CartTableSpec spec, Duration pause) {
        TableDescription table = describe(call, client, spec);
        while (table == null
                || (table.tableStatus() != TableStatus.ACTIVE && table.tableStatus() != TableStatus.UPDATING)) {
            call.isAt("waiting for the table to become active");
            call.pause(pause);
            table = describe(call, client, spec);
        }
        return table;
    }

    /** No cart can be stored in a table with another key, and no key can be changed. */
    private static void requireKey(TableDescription table, CartTableSpec spec) {
        if (!TableChecks.isKeyed(table)) {
            throw new CartStoreException(
                    TableCall.NO_USER,
                    "the table " + spec.tableName() + " exists with the key " + TableChecks.key(table)
                            + " instead of userId (S), and was left unchanged; a key cannot be changed, so create a"
                            + " table with another name",
                    false,
                    null);
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
                    LOG.warn(
                            "Table {} has no point-in-time recovery: this engine does not support it",
                            spec.tableName());
                    return;
                }
                if (!e.is(ContinuousBackupsUnavailableException.class)) {
                    throw e;
                }
                LOG.info("Point-in-time recovery is not available yet for table {}; retrying", spec.tableName());
                call.isAt("switching on point-in-time recovery");
                call.pause(pause);
            }
        }
    }

    /** {@link #verify(DynamoDbAsyncClient, CartTableSpec, Duration) verify} with a deadline of 30 seconds. */
    public static CompletableFuture<CartTableReport> verify(DynamoDbAsyncClient client, CartTableSpec spec) {
        return verify(client, spec, VERIFY_DEADLINE);
    }

    /**
     * Compares a live table with its specification. Changes nothing. Each check is reported as held, deviating (with
     * the consequence and the AWS CLI command that fixes it) or not checked. A check is not made if DynamoDB Local does
     * not support it or the caller lacks the permission for it. Costs 4 control-plane requests.
     *
     * <p>Use it in deployments. In a health check, use {@link #ping ping}: a service need not go down because someone
     * has switched off deletion protection.
     *
     * @param deadline how long the call may take; with zero or less, it fails at once and sends nothing
     */
    public static CompletableFuture<CartTableReport> verify(
            DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(
                client,
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
            facts.unanswered(Source.TAGS, "the table's ARN is unknown");
        }
        return facts;
    }

    /** Asks one question about the table, if the table exists and a check needs the response. A refused question leaves the check unmade. */
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
     * Checks whether the table responds: for the health check of a service. Sends one eventually consistent read of a
     * user ID that no user has. That needs {@code dynamodb:GetItem}, which a store needs as well, and costs half a read
     * unit. It does not check how the table is set up.
     *
     * <p>The future completes normally if the table responded, and fails otherwise. Failures that may pass are retried
     * until the deadline: make it short. If a policy allows the caller only its own key, read that user's cart with a
     * short deadline instead.
     *
     * @param deadline how long the call may take; with zero or less, it fails at once and sends nothing
     */
    @SuppressWarnings("NullAway") // a future of Void completes with null
    public static CompletableFuture<Void> ping(DynamoDbAsyncClient client, CartTableSpec spec, Duration deadline) {
        requireNonNull(client, "client");
        requireNonNull(spec, "spec");
        return TableCall.start(client, spec.tableName(), deadline, call -> {
            call.ask(
                    "GetItem",
                    settings -> client.getItem(request -> request.overrideConfiguration(settings)
                            .tableName(spec.tableName())
                            .key(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(PING_ID)))
                            .projectionExpression(ItemFormat.USER_ID)));
            return null;
        });
    }

    /**
     * Scans a table, for instance one that other programs have filled, and reports the problems of its carts by kind.
     * With {@link CartAudit#repairing CartAudit.repairing}, it also repairs what any change to the cart would repair. {@link CartAudit}
     * sets the rate, the starting point, and the listeners for findings and progress.
     *
     * <p>Safe while the table is in use: each repair is conditional on the cart that was read, and an item that has
     * changed in the meantime is read again. The future can be cancelled at any time, and the audit resumed from the
     * last checkpoint that was passed to the progress listener. Reaching the deadline is not a failure: the report then
     * says that it is incomplete.
     *
     * <p>Needs {@code dynamodb:Scan}, and for repairs {@code UpdateItem} and {@code GetItem}. If {@code DescribeTable}
     * is allowed, it is used to estimate the number of carts. Costs a strongly consistent read of the whole table, and
     * a write per repair. Uses a daemon thread per segment.
     *
     * @throws IllegalArgumentException if the checkpoint belongs to another table
     */
    public static CompletableFuture<CartAuditReport> audit(
            DynamoDbAsyncClient client, CartTableSpec spec, CartAudit audit) {
        requireNonNull(client, "client");
        return new TableAudit(client, spec.tableName(), requireNonNull(audit, "audit")).start();
    }

    /**
     * Returns the cart in an item's attribute values: an image of a DynamoDB Streams record, or an item of an export or
     * a backup. Sends nothing.
     *
     * <p>Unlike a store, it returns an expired cart with its lines, because the stream record of an expiry is about
     * exactly that cart. Check {@link Cart#expiresAt()}, which is empty for a cart that never expires.
     *
     * @param item all attributes of the item, including the key
     * @throws InvalidStoredCartException if the item is not a valid cart
     */
    public static Cart decode(Map<String, AttributeValue> item) {
        StoredCart stored = ItemFormat.decode(requireNonNull(item, "item"), Instant.now());
        return stored.isExpired() ? ItemFormat.decode(item, Instant.MIN).cart() : stored.cart();
    }
}
