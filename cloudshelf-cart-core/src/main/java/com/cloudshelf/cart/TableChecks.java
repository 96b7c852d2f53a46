package com.cloudshelf.cart;

import com.cloudshelf.cart.CartTableReport.Check;
import com.cloudshelf.cart.CartTableReport.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.PointInTimeRecoveryDescription;
import software.amazon.awssdk.services.dynamodb.model.PointInTimeRecoveryStatus;
import software.amazon.awssdk.services.dynamodb.model.SSEType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveDescription;
import software.amazon.awssdk.services.dynamodb.model.TimeToLiveStatus;

/** The checks of {@link CartTable#verify}, as data: each row has what is specified, what was found, and what to do. */
final class TableChecks {
    private static final String ENCRYPTION_OPTION = "--sse-specification Enabled=true,SSEType=KMS";

    /** What a shell treats as one word, without quotes. */
    private static final Pattern ONE_WORD = Pattern.compile("[A-Za-z0-9_.,:=/@+-]+");

    /** The request whose response a check needs. */
    enum Source {
        TABLE,
        TIME_TO_LIVE,
        RECOVERY,
        TAGS
    }

    /**
     * A row of the table.
     *
     * @param wanted whether the specification requires it at all
     * @param found what the table has, or {@code null} if the engine does not report it
     */
    private record Row(
            String subject,
            Source source,
            Predicate<CartTableSpec> wanted,
            Function<Facts, @Nullable String> found,
            Predicate<Facts> holds,
            Function<Facts, String> consequence,
            Function<Facts, String> fix) {}

    private static final List<Row> ROWS = List.of(
            new Row(
                    "status",
                    Source.TABLE,
                    spec -> true,
                    facts -> facts.exists() ? facts.table().tableStatusAsString() : "there is no such table",
                    facts -> facts.exists()
                            && (facts.table().tableStatus() == TableStatus.ACTIVE
                                    || facts.table().tableStatus() == TableStatus.UPDATING),
                    facts -> facts.exists() ? "calls may fail until the table is active" : "every call fails",
                    facts -> facts.exists()
                            ? "aws dynamodb wait table-exists --table-name " + facts.spec.tableName()
                            : createCommand(facts.spec, facts.spec.tableName())),
            new Row(
                    "key",
                    Source.TABLE,
                    spec -> true,
                    facts -> key(facts.table()),
                    facts -> isKeyed(facts.table()),
                    facts -> "every call fails, and a key cannot be changed: create a table with another name",
                    facts -> createCommand(facts.spec, facts.spec.tableName() + "-new")),
            new Row(
                    "billing mode",
                    Source.TABLE,
                    spec -> true,
                    facts -> billing(facts).toString(),
                    facts -> billing(facts) == BillingMode.PAY_PER_REQUEST,
                    facts -> "traffic beyond the provisioned capacity is throttled",
                    facts -> updateCommand(facts.spec, "--billing-mode PAY_PER_REQUEST")),
            new Row(
                    "encryption",
                    Source.TABLE,
                    spec -> true,
                    TableChecks::encryption,
                    facts -> facts.table().sseDescription() != null
                            && facts.table().sseDescription().sseType() == SSEType.KMS,
                    facts -> "uses of the key are not recorded in CloudTrail",
                    facts -> updateCommand(facts.spec, ENCRYPTION_OPTION)),
            new Row(
                    "deletion protection",
                    Source.TABLE,
                    CartTableSpec::deletionProtection,
                    facts -> onOrOff(facts.table().deletionProtectionEnabled()),
                    facts -> facts.table().deletionProtectionEnabled(),
                    facts -> "one mistaken call deletes all carts",
                    facts -> updateCommand(facts.spec, "--deletion-protection-enabled")),
            new Row(
                    "time to live",
                    Source.TIME_TO_LIVE,
                    spec -> true,
                    facts -> isOn(facts.timeToLive())
                            ? "on, by " + facts.timeToLive().attributeName()
                            : facts.timeToLive().timeToLiveStatusAsString(),
                    facts -> isOn(facts.timeToLive()) && !isElsewhere(facts),
                    facts -> "expired carts are never deleted, and you pay for them"
                            + (isElsewhere(facts)
                                    ? "; switch the other attribute off, wait for an hour, and verify again"
                                    : ""),
                    facts -> "aws dynamodb update-time-to-live --table-name " + facts.spec.tableName()
                            + " --time-to-live-specification "
                            + (isElsewhere(facts)
                                    ? word("Enabled=false,AttributeName="
                                            + facts.timeToLive().attributeName())
                                    : "Enabled=true,AttributeName=" + ItemFormat.TTL)),
            new Row(
                    "point-in-time recovery",
                    Source.RECOVERY,
                    CartTableSpec::pointInTimeRecovery,
                    facts -> onOrOff(isOn(facts.recovery())),
                    facts -> isOn(facts.recovery()),
                    facts -> "carts destroyed by a mistake cannot be restored",
                    facts -> "aws dynamodb update-continuous-backups --table-name " + facts.spec.tableName()
                            + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"),
            new Row(
                    "tags",
                    Source.TAGS,
                    spec -> !spec.tags().isEmpty(),
                    facts -> missingTags(facts).isEmpty()
                            ? "all there"
                            : "without " + missingTags(facts).keySet(),
                    facts -> missingTags(facts).isEmpty(),
                    facts -> "costs cannot be allocated, and owners are unknown",
                    facts -> "aws dynamodb tag-resource --resource-arn "
                            + facts.table().tableArn() + tagsOption(missingTags(facts))));

    private TableChecks() {}

    /** What is known of a live table and, for each unanswered request, the reason. */
    static final class Facts {
        private final CartTableSpec spec;
        private final Map<Source, String> unanswered = new EnumMap<>(Source.class);
        private final Set<Source> asked = EnumSet.noneOf(Source.class);
        private @Nullable TableDescription table;
        private @Nullable TimeToLiveDescription timeToLive;
        private @Nullable PointInTimeRecoveryDescription recovery;
        private Map<String, String> tags = Map.of();

        Facts(CartTableSpec spec) {
            this.spec = spec;
        }

        CartTableSpec spec() {
            return spec;
        }

        void answered(Source source) {
            asked.add(source);
        }

        /** Whether DynamoDB said that there is no such table. */
        boolean isMissing() {
            return table == null && asked.contains(Source.TABLE);
        }

        void describe(TableDescription description) {
            this.table = description;
        }

        void setTimeToLive(TimeToLiveDescription timeToLive) {
            this.timeToLive = timeToLive;
        }

        void setRecovery(@Nullable PointInTimeRecoveryDescription recovery) {
            this.recovery = recovery;
        }

        void setTags(Map<String, String> tags) {
            this.tags = tags;
        }

        void unanswered(Source source, String why) {
            unanswered.put(source, why);
        }

        boolean exists() {
            return table != null;
        }

        TableDescription table() {
            return known(table);
        }

        private TimeToLiveDescription timeToLive() {
            return known(timeToLive);
        }

        private @Nullable PointInTimeRecoveryDescription recovery() {
            return recovery;
        }

        private static <T> T known(@Nullable T answer) {
            if (answer == null) {
                throw new IllegalStateException("a check uses a response that it does not declare as its source");
            }
            return answer;
        }
    }

    /** Whether the specification requires a check that needs this response. */
    static boolean isNeeded(Source source, CartTableSpec spec) {
        return ROWS.stream().anyMatch(row -> row.source == source && row.wanted.test(spec));
    }

    /** Makes all checks in order; for a table that does not exist, only the first. */
    static List<Check> of(Facts facts) {
        List<Check> checks = new ArrayList<>();
        for (Row row : facts.isMissing() ? ROWS.subList(0, 1) : ROWS) {
            if (row.wanted.test(facts.spec)) {
                checks.add(check(row, facts));
            }
        }
        return checks;
    }

    private static Check check(Row row, Facts facts) {
        String why = facts.unanswered.get(row.source);
        String found = why == null ? row.found.apply(facts) : null;
        if (found == null) {
            return new Check(
                    row.subject, Outcome.NOT_CHECKED, why == null ? "not reported by the engine" : why, "", "");
        }
        return row.holds.test(facts)
                ? new Check(row.subject, Outcome.HELD, found, "", "")
                : new Check(row.subject, Outcome.DEVIATING, found, row.consequence.apply(facts), row.fix.apply(facts));
    }

    static String key(TableDescription table) {
        return table.keySchema().stream()
                .map(key -> key.attributeName() + " " + key.keyTypeAsString())
                .collect(Collectors.joining(", "));
    }

    static boolean isKeyed(TableDescription table) {
        List<KeySchemaElement> keys = table.keySchema();
        return keys.size() == 1
                && keys.get(0).attributeName().equals(ItemFormat.USER_ID)
                && table.attributeDefinitions().stream()
                        .anyMatch(attribute -> attribute.attributeName().equals(ItemFormat.USER_ID)
                                && attribute.attributeType() == ScalarAttributeType.S);
    }

    private static BillingMode billing(Facts facts) {
        return facts.table().billingModeSummary() == null
                ? BillingMode.PROVISIONED
                : facts.table().billingModeSummary().billingMode();
    }

    private static @Nullable String encryption(Facts facts) {
        if (facts.table().sseDescription() != null) {
            return facts.table().sseDescription().sseTypeAsString();
        }
        // DynamoDB does not report its own key; DynamoDB Local reports nothing at all.
        return String.valueOf(facts.table().tableArn()).contains(":000000000000:") ? null : "AWS owned key";
    }

    private static boolean isElsewhere(Facts facts) {
        return isOn(facts.timeToLive())
                && !ItemFormat.TTL.equals(facts.timeToLive().attributeName());
    }

    static boolean isOn(TimeToLiveDescription ttl) {
        return ttl.timeToLiveStatus() == TimeToLiveStatus.ENABLED
                || ttl.timeToLiveStatus() == TimeToLiveStatus.ENABLING;
    }

    private static boolean isOn(@Nullable PointInTimeRecoveryDescription recovery) {
        return recovery != null && recovery.pointInTimeRecoveryStatus() == PointInTimeRecoveryStatus.ENABLED;
    }

    private static @Nullable String onOrOff(@Nullable Boolean on) {
        return on == null ? null : on ? "on" : "off";
    }

    private static Map<String, String> missingTags(Facts facts) {
        Map<String, String> missing = new LinkedHashMap<>(facts.spec.tags());
        facts.tags.forEach(missing::remove);
        return missing;
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

    /** Returns a text as one shell word. */
    private static String word(String text) {
        return ONE_WORD.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
