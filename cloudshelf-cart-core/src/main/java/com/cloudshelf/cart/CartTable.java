package com.cloudshelf.cart;

import com.cloudshelf.cart.CartTableReport.Check;
import com.cloudshelf.cart.CartTableReport.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ContinuousBackupsUnavailableException;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.PointInTimeRecoveryStatus;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.SSEDescription;
import software.amazon.awssdk.services.dynamodb.model.SSEType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.Tag;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveDescription;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;

/**
 * The table itself, apart from any store: makes it, compares it with its specification, and reads single items of it that came
 * by another way than a query, such as a stream or an export.
 *
 * <p>All methods are thread-safe and do not block. They take a client of the caller's, which needs permissions that a store
 * does not: those on the table as a resource ({@code dynamodb:CreateTable}, {@code DescribeTable}, {@code UpdateTimeToLive} and so
 * on), which belong to a deployment role. The futures fail with the SDK's own exceptions.
 */
public final class CartTable {
    private static final Logger LOG = LoggerFactory.getLogger(CartTable.class);

    /** DynamoDB may refuse point-in-time recovery in the first minutes of a table: how often it is asked for. */
    private static final Duration RECOVERY_PAUSE = Duration.ofSeconds(5);

    private static final int RECOVERY_TRIES = 120;

    private static final String ENCRYPTION_OPTION = "--sse-specification Enabled=true,SSEType=KMS";

    /** What a shell takes as one word, without quotes. */
    private static final Pattern ONE_WORD = Pattern.compile("[A-Za-z0-9_.,:=/@+-]+");

    private CartTable() {}

    /**
     * Makes the table as specified and waits until it can be used. Safe to repeat: a table that exists is left as it is, but
     * for time to live and point-in-time recovery, which are switched on if they are off. Never drops or empties anything. What
     * else deviates on a table that exists is for {@link #verify} to tell.
     *
     * <p>Takes some seconds, and some minutes where DynamoDB does not let a new table have point-in-time recovery yet: that is
     * asked for again, for up to ten minutes. If it is refused for longer, the future fails; the table can be used, and a
     * repetition does what is missing.
     */
    public static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec) {
        return create(client, spec, RECOVERY_PAUSE, RECOVERY_TRIES);
    }

    static CompletableFuture<Void> create(DynamoDbAsyncClient client, CartTableSpec spec, Duration pause, int tries) {
        String table = spec.tableName();
        List<Tag> tags = new ArrayList<>();
        spec.tags()
                .forEach((key, value) ->
                        tags.add(Tag.builder().key(key).value(value).build()));
        CompletableFuture<Void> created = client.createTable(request -> request.tableName(table)
                        .keySchema(KeySchemaElement.builder()
                                .attributeName(ItemFormat.USER_ID)
                                .keyType(KeyType.HASH)
                                .build())
                        .attributeDefinitions(AttributeDefinition.builder()
                                .attributeName(ItemFormat.USER_ID)
                                .attributeType(ScalarAttributeType.S)
                                .build())
                        .billingMode(BillingMode.PAY_PER_REQUEST)
                        .sseSpecification(encryption -> encryption.enabled(true).sseType(SSEType.KMS))
                        .deletionProtectionEnabled(spec.deletionProtection())
                        .tags(tags))
                .handle((response, failure) -> {
                    if (failure == null) {
                        LOG.info("Creating table {}", table);
                    } else if (Failure.unwrap(failure) instanceof ResourceInUseException) {
                        LOG.info("Table {} exists", table);
                    } else {
                        throw rethrown(failure);
                    }
                    return null;
                });
        return created.thenCompose(done -> client.waiter().waitUntilTableExists(wait -> wait.tableName(table)))
                .thenCompose(done -> switchOnTimeToLive(client, table))
                .thenCompose(done -> spec.pointInTimeRecovery()
                        ? switchOnRecovery(client, table, pause, tries)
                        : CompletableFuture.<Void>completedFuture(null));
    }

    private static CompletableFuture<Void> switchOnTimeToLive(DynamoDbAsyncClient client, String table) {
        return hasTimeToLive(client, table).thenCompose(on -> {
            if (on) {
                return CompletableFuture.<Void>completedFuture(null);
            }
            LOG.info("Switching on time to live of table {}", table);
            return client.updateTimeToLive(request -> request.tableName(table)
                            .timeToLiveSpecification(
                                    ttl -> ttl.attributeName(ItemFormat.TTL).enabled(true)))
                    .thenAccept(done -> {})
                    .exceptionallyCompose(refused -> unlessAnotherWasFaster(client, table, refused));
        });
    }

    /** DynamoDB refuses to switch on what is on, as it is if two deployments take this step at once. */
    private static CompletableFuture<Void> unlessAnotherWasFaster(
            DynamoDbAsyncClient client, String table, Throwable refused) {
        return hasTimeToLive(client, table).thenAccept(on -> {
            if (!on) {
                throw rethrown(refused);
            }
        });
    }

    private static CompletableFuture<Boolean> hasTimeToLive(DynamoDbAsyncClient client, String table) {
        return client.describeTimeToLive(request -> request.tableName(table))
                .thenApply(response -> isOn(response.timeToLiveDescription()));
    }

    private static boolean isOn(TimeToLiveDescription ttl) {
        return ttl.timeToLiveStatus() == TimeToLiveStatus.ENABLED
                || ttl.timeToLiveStatus() == TimeToLiveStatus.ENABLING;
    }

    private static CompletableFuture<Void> switchOnRecovery(
            DynamoDbAsyncClient client, String table, Duration pause, int tries) {
        LOG.info("Switching on point-in-time recovery of table {}", table);
        return recovery(client, table, pause, tries);
    }

    private static CompletableFuture<Void> recovery(
            DynamoDbAsyncClient client, String table, Duration pause, int tries) {
        return client.updateContinuousBackups(request -> request.tableName(table)
                        .pointInTimeRecoverySpecification(recovery -> recovery.pointInTimeRecoveryEnabled(true)))
                .thenAccept(done -> {})
                .exceptionallyCompose(failure -> {
                    Throwable cause = Failure.unwrap(failure);
                    if (cause instanceof ContinuousBackupsUnavailableException && tries > 1) {
                        LOG.info("Table {} cannot have point-in-time recovery yet; asking again", table);
                        return CompletableFuture.runAsync(() -> {}, after(pause))
                                .thenCompose(done -> recovery(client, table, pause, tries - 1));
                    }
                    if (!isUnknownOperation(cause)) {
                        throw rethrown(failure);
                    }
                    LOG.warn("Table {} has no point-in-time recovery: this engine does not know it", table);
                    return CompletableFuture.completedFuture(null);
                });
    }

    /** Runs what it is given when the time is over, on the JDK's timer: it only sends a request. */
    private static Executor after(Duration pause) {
        return CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS, Runnable::run);
    }

    private static RuntimeException rethrown(Throwable failure) {
        return Failure.unwrap(failure) instanceof RuntimeException cause ? cause : new IllegalStateException(failure);
    }

    private static boolean isUnknownOperation(Throwable failure) {
        return failure instanceof AwsServiceException service
                && service.awsErrorDetails() != null
                && "UnknownOperationException".equals(service.awsErrorDetails().errorCode());
    }

    /**
     * Compares a live table with its specification and reports each check as held, deviating (with its consequence and the fix, a
     * command of the AWS CLI) or not checked. Changes nothing. What DynamoDB Local does not know, or the caller may not ask, is not checked rather than
     * held. Costs 4 requests of the control plane.
     */
    public static CompletableFuture<CartTableReport> verify(DynamoDbAsyncClient client, CartTableSpec spec) {
        String table = spec.tableName();
        Report report = new Report();
        return client.describeTable(request -> request.tableName(table))
                .handle((response, failure) -> described(report, spec, response, failure))
                .thenCompose(arn -> arn == null
                        ? CompletableFuture.<Void>completedFuture(null)
                        : inspect(client, spec, arn, report))
                .thenApply(done -> new CartTableReport(table, report.checks));
    }

    /** Makes the checks that the description of the table answers, and returns its ARN if there is such a table. */
    private static @Nullable String described(
            Report report, CartTableSpec spec, @Nullable DescribeTableResponse response, @Nullable Throwable failure) {
        if (failure != null || response == null) {
            if (failure != null && Failure.unwrap(failure) instanceof ResourceNotFoundException) {
                report.compare(
                        "status",
                        false,
                        "there is no such table",
                        "every call fails",
                        createCommand(spec, spec.tableName()));
                return null;
            }
            throw rethrown(failure == null ? new IllegalStateException("no answer") : failure);
        }
        TableDescription table = response.table();
        report.compare(
                "status",
                table.tableStatus() == TableStatus.ACTIVE || table.tableStatus() == TableStatus.UPDATING,
                table.tableStatusAsString(),
                "calls may fail until the table is active",
                "aws dynamodb wait table-exists --table-name " + spec.tableName());
        List<KeySchemaElement> keys = table.keySchema();
        boolean keyed = keys.size() == 1
                && keys.get(0).attributeName().equals(ItemFormat.USER_ID)
                && table.attributeDefinitions().stream()
                        .anyMatch(attribute -> attribute.attributeName().equals(ItemFormat.USER_ID)
                                && attribute.attributeType() == ScalarAttributeType.S);
        StringBuilder found = new StringBuilder();
        keys.forEach(key -> found.append(found.isEmpty() ? "" : ", ")
                .append(key.attributeName())
                .append(' ')
                .append(key.keyTypeAsString()));
        report.compare(
                "key",
                keyed,
                found.toString(),
                "every call fails, and a key cannot be changed: make a table of another name",
                createCommand(spec, spec.tableName() + "-new"));
        BillingMode billing = table.billingModeSummary() == null
                ? BillingMode.PROVISIONED
                : table.billingModeSummary().billingMode();
        report.compare(
                "billing mode",
                billing == BillingMode.PAY_PER_REQUEST,
                billing.toString(),
                "traffic beyond the provisioned capacity is throttled",
                updateCommand(spec, "--billing-mode PAY_PER_REQUEST"));
        SSEDescription encryption = table.sseDescription();
        if (encryption == null && isLocal(table)) {
            report.notChecked("encryption", "the engine does not tell");
        } else {
            report.compare(
                    "encryption",
                    encryption != null && encryption.sseType() == SSEType.KMS,
                    encryption == null ? "AWS owned key" : encryption.sseTypeAsString(),
                    "access to the key leaves no trail in CloudTrail",
                    updateCommand(spec, ENCRYPTION_OPTION));
        }
        Boolean deletionProtection = table.deletionProtectionEnabled();
        if (spec.deletionProtection() && deletionProtection == null) {
            report.notChecked("deletion protection", "the engine does not tell");
        } else if (spec.deletionProtection()) {
            report.compare(
                    "deletion protection",
                    deletionProtection,
                    deletionProtection ? "on" : "off",
                    "one mistaken call deletes all carts",
                    updateCommand(spec, "--deletion-protection-enabled"));
        }
        return table.tableArn();
    }

    private static String createCommand(CartTableSpec spec, String table) {
        return "aws dynamodb create-table --table-name " + table + " --attribute-definitions AttributeName="
                + ItemFormat.USER_ID + ",AttributeType=S --key-schema AttributeName=" + ItemFormat.USER_ID
                + ",KeyType=HASH --billing-mode PAY_PER_REQUEST " + ENCRYPTION_OPTION
                + (spec.deletionProtection() ? " --deletion-protection-enabled" : "")
                + (spec.tags().isEmpty() ? "" : tagsOption(spec.tags()));
    }

    private static String updateCommand(CartTableSpec spec, String option) {
        return "aws dynamodb update-table --table-name " + spec.tableName() + " " + option;
    }

    private static String tagsOption(Map<String, String> tags) {
        return tags.entrySet().stream()
                .map(tag -> " " + word("Key=" + tag.getKey() + ",Value=" + tag.getValue()))
                .collect(Collectors.joining("", " --tags", ""));
    }

    /** Returns a text as one word of a shell. */
    private static String word(String text) {
        return ONE_WORD.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static boolean isLocal(TableDescription table) {
        return String.valueOf(table.tableArn()).contains(":000000000000:");
    }

    private static CompletableFuture<Void> inspect(
            DynamoDbAsyncClient client, CartTableSpec spec, String arn, Report report) {
        String table = spec.tableName();
        CompletableFuture<Void> checks = report.ask(
                "time to live",
                () -> client.describeTimeToLive(request -> request.tableName(table)),
                response -> response.timeToLiveDescription(),
                (ttl, check) -> {
                    boolean on = isOn(ttl);
                    boolean elsewhere = on && !ItemFormat.TTL.equals(ttl.attributeName());
                    report.compare(
                            check,
                            on && !elsewhere,
                            on ? "on, by " + ttl.attributeName() : ttl.timeToLiveStatusAsString(),
                            "expired carts are never deleted, and paid for"
                                    + (elsewhere
                                            ? "; switch the other attribute off, wait for an hour, and verify again"
                                            : ""),
                            "aws dynamodb update-time-to-live --table-name " + table + " --time-to-live-specification "
                                    + (elsewhere
                                            ? word("Enabled=false,AttributeName=" + ttl.attributeName())
                                            : "Enabled=true,AttributeName=" + ItemFormat.TTL));
                });
        if (spec.pointInTimeRecovery()) {
            checks = checks.thenCompose(done -> report.ask(
                    "point-in-time recovery",
                    () -> client.describeContinuousBackups(request -> request.tableName(table)),
                    response -> response.continuousBackupsDescription().pointInTimeRecoveryDescription(),
                    (recovery, check) -> {
                        boolean on = recovery != null
                                && recovery.pointInTimeRecoveryStatus() == PointInTimeRecoveryStatus.ENABLED;
                        report.compare(
                                check,
                                on,
                                on ? "on" : "off",
                                "carts that a mistake destroyed cannot be restored",
                                "aws dynamodb update-continuous-backups --table-name " + table
                                        + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true");
                    }));
        }
        if (!spec.tags().isEmpty()) {
            checks = checks.thenCompose(done -> report.ask(
                    "tags",
                    () -> client.listTagsOfResource(request -> request.resourceArn(arn)),
                    response -> response.tags(),
                    (tags, check) -> {
                        Map<String, String> missing = new LinkedHashMap<>(spec.tags());
                        tags.forEach(tag -> missing.remove(tag.key(), tag.value()));
                        report.compare(
                                check,
                                missing.isEmpty(),
                                missing.isEmpty() ? "all there" : "without " + missing.keySet(),
                                "costs and owners cannot be told",
                                "aws dynamodb tag-resource --resource-arn " + arn + tagsOption(missing));
                    }));
        }
        return checks;
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

    /** Collects the checks of a report in their order. */
    private static final class Report {
        final List<Check> checks = new ArrayList<>();

        void compare(String subject, boolean held, String found, String consequence, String fix) {
            checks.add(
                    held
                            ? new Check(subject, Outcome.HELD, found, "", "")
                            : new Check(subject, Outcome.DEVIATING, found, consequence, fix));
        }

        void notChecked(String subject, String why) {
            checks.add(new Check(subject, Outcome.NOT_CHECKED, why, "", ""));
        }

        <R, D> CompletableFuture<Void> ask(
                String subject,
                Supplier<CompletableFuture<R>> request,
                Function<R, D> part,
                BiConsumer<D, String> check) {
            return request.get().handle((response, failure) -> {
                if (failure == null) {
                    check.accept(part.apply(response), subject);
                } else if (Failure.unwrap(failure) instanceof AwsServiceException refused) {
                    notChecked(
                            subject,
                            refused.awsErrorDetails() == null
                                    ? "no answer"
                                    : refused.awsErrorDetails().errorCode());
                } else {
                    throw rethrown(failure);
                }
                return null;
            });
        }
    }
}
