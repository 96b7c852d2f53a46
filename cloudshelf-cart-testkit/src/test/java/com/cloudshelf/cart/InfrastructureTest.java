package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartTableReport.Check;
import com.cloudshelf.cart.CartTableReport.Outcome;
import com.cloudshelf.cart.testkit.Faults;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import software.amazon.awssdk.core.metrics.CoreMetric;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;

/** The templates in docs/infrastructure create the table that {@link CartTable} creates, and monitor it alike. */
class InfrastructureTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Template template = Template.read();
    private final Terraform terraform = Terraform.read();

    /** The CloudFormation template as JSON, with its short tags spelled out and references to parameters resolved. */
    record Template(JsonNode root) {
        static Template read() {
            return read(Map.of());
        }

        /** Reads the template with these parameters, and defaults for the others. */
        static Template read(Map<String, Object> set) {
            Node document = new Compose(
                            LoadSettings.builder().setAllowDuplicateKeys(false).build())
                    .composeString(text("docs/infrastructure/cart-table.yaml"))
                    .orElseThrow();
            JsonNode raw = JSON.valueToTree(plain(document));
            Map<String, Object> parameters = new LinkedHashMap<>();
            raw.path("Parameters")
                    .properties()
                    .forEach(parameter -> parameters.put(
                            parameter.getKey(),
                            JSON.convertValue(parameter.getValue().path("Default"), Object.class)));
            assertThat(parameters.keySet()).containsAll(set.keySet());
            parameters.putAll(set);
            return new Template(JSON.valueToTree(resolved(JSON.convertValue(raw, Object.class), parameters)));
        }

        private static Object plain(Node node) {
            Object value;
            if (node instanceof MappingNode mapping) {
                Map<String, Object> entries = new LinkedHashMap<>();
                for (NodeTuple entry : mapping.getValue()) {
                    Object before =
                            entries.put(((ScalarNode) entry.getKeyNode()).getValue(), plain(entry.getValueNode()));
                    assertThat(before).as("twice: " + entry.getKeyNode()).isNull();
                }
                value = entries;
            } else if (node instanceof SequenceNode sequence) {
                value = sequence.getValue().stream().map(Template::plain).toList();
            } else {
                String text = ((ScalarNode) node).getValue();
                value = node.getTag().equals(Tag.BOOL)
                        ? Boolean.valueOf(text)
                        : node.getTag().equals(Tag.INT) ? (Object) Long.valueOf(text) : text;
            }
            String tag = node.getTag().getValue();
            if (!tag.startsWith("!")) {
                return value;
            }
            return Map.of(tag.equals("!Ref") ? "Ref" : "Fn::" + tag.substring(1), value);
        }

        private static Object resolved(Object value, Map<String, Object> parameters) {
            if (value instanceof Map<?, ?> map) {
                if (map.size() == 1 && map.get("Ref") instanceof String name && parameters.get(name) != null) {
                    return parameters.get(name);
                }
                Map<String, Object> entries = new LinkedHashMap<>();
                map.forEach((key, entry) -> entries.put((String) key, resolved(entry, parameters)));
                return entries;
            }
            return value instanceof List<?> list
                    ? list.stream().map(entry -> resolved(entry, parameters)).toList()
                    : value;
        }

        JsonNode parameters() {
            return root.path("Parameters");
        }

        Map<String, JsonNode> resources(String type) {
            Map<String, JsonNode> found = new TreeMap<>();
            root.path("Resources").properties().forEach(resource -> {
                if (resource.getValue().path("Type").asText().equals(type)) {
                    found.put(resource.getKey(), resource.getValue());
                }
            });
            assertThat(found).as(type).isNotEmpty();
            return found;
        }

        JsonNode table() {
            JsonNode table = resources("AWS::DynamoDB::Table").get("CartTable");
            assertThat(table).isNotNull();
            return JSON.valueToTree(decided(JSON.convertValue(table, Object.class)));
        }

        /** Resolves each condition by the parameters, and leaves out what then has no value. */
        private Object decided(Object value) {
            if (value instanceof Map<?, ?> map) {
                if (map.get("Fn::If") instanceof List<?> choice) {
                    JsonNode sides = root.at("/Conditions/" + choice.get(0) + "/Fn::Equals");
                    assertThat(sides.size())
                            .as("a condition that this test can resolve: " + choice)
                            .isEqualTo(2);
                    return decided(choice.get(sides.get(0).equals(sides.get(1)) ? 1 : 2));
                }
                Map<String, Object> entries = new LinkedHashMap<>();
                map.forEach((key, entry) -> {
                    Object decided = decided(entry);
                    if (!Map.of("Ref", "AWS::NoValue").equals(decided)) {
                        entries.put((String) key, decided);
                    }
                });
                return entries;
            }
            return value instanceof List<?> list
                    ? list.stream().map(this::decided).toList()
                    : value;
        }

        /** Returns the body of the dashboard, with a word in place of each reference. */
        String dashboard() {
            return resources("AWS::CloudWatch::Dashboard")
                    .get("Dashboard")
                    .at("/Properties/DashboardBody/Fn::Sub")
                    .asText()
                    .replace("${AWS::Region}", "REGION")
                    .replace("${CartTable}", "TABLE")
                    .replace("${MetricNamespace}", "NAMESPACE");
        }

        /** Returns the statements of a managed policy by Sid. */
        Map<String, Statement> policy(String name) {
            JsonNode policy = resources("AWS::IAM::ManagedPolicy").get(name);
            assertThat(policy).as(name).isNotNull();
            Map<String, Statement> statements = new TreeMap<>();
            for (JsonNode statement : policy.at("/Properties/PolicyDocument/Statement")) {
                assertThat(statement.path("Effect").asText()).isEqualTo("Allow");
                Set<String> conditions = new TreeSet<>();
                statement
                        .path("Condition")
                        .properties()
                        .forEach(test -> test.getValue()
                                .properties()
                                .forEach(variable -> conditions.add(
                                        test.getKey() + " " + variable.getKey() + " " + texts(variable.getValue()))));
                statements.put(
                        statement.path("Sid").asText(),
                        new Statement(new TreeSet<>(texts(statement.path("Action"))), conditions));
            }
            return statements;
        }

        private static List<String> texts(JsonNode one) {
            List<String> texts = new ArrayList<>();
            if (one.isArray()) {
                one.forEach(each -> texts.add(each.asText()));
            } else {
                texts.add(one.asText());
            }
            return texts;
        }

        /** Returns all actions of a managed policy. */
        Set<String> actions(String name) {
            return policy(name).values().stream()
                    .flatMap(statement -> statement.actions().stream())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** The actions that a statement allows, and its conditions. */
    record Statement(Set<String> actions, Set<String> conditions) {}

    /** The Terraform file as text, with access to its blocks. It is not a parser, but enough for a formatted file. */
    record Terraform(String text) {
        private static final Pattern LIST = Pattern.compile("\"([^\"]*)\"");

        static Terraform read() {
            return new Terraform(
                    InfrastructureTest.text("docs/infrastructure/cart-table.tf").replaceAll("(?m)^\\s*#.*$", ""));
        }

        /** Returns the bodies of all blocks that start with this text. */
        List<Terraform> blocks(String begin) {
            List<Terraform> found = new ArrayList<>();
            for (int at = text.indexOf(begin + " {"); at >= 0; at = text.indexOf(begin + " {", at + 1)) {
                int open = at + begin.length() + 1;
                int end = open;
                int depth = 0;
                do {
                    char c = text.charAt(end++);
                    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
                } while (depth > 0);
                found.add(new Terraform(text.substring(open + 1, end - 1)));
            }
            return found;
        }

        Terraform block(String begin) {
            List<Terraform> found = blocks(begin);
            assertThat(found).as(begin).hasSize(1);
            return found.get(0);
        }

        Optional<String> attribute(String name) {
            Matcher matcher =
                    Pattern.compile("(?m)^\\s*" + name + "\\s+= (.+)$").matcher(text);
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        }

        Set<String> strings(String name) {
            Matcher list = Pattern.compile("(?m)^\\s*" + name + "\\s+= \\[([^\\]]*)\\]")
                    .matcher(text);
            assertThat(list.find()).as(name).isTrue();
            Set<String> strings = new TreeSet<>();
            LIST.matcher(list.group(1)).results().forEach(string -> strings.add(string.group(1)));
            return strings;
        }

        Map<String, Statement> policy(String name) {
            Map<String, Statement> statements = new TreeMap<>();
            for (Terraform statement :
                    block("data \"aws_iam_policy_document\" \"" + name + "\"").blocks("statement")) {
                Set<String> conditions = new TreeSet<>();
                for (Terraform condition : statement.blocks("condition")) {
                    String values = condition.attribute("values").orElseThrow();
                    conditions.add(unquoted(condition.attribute("test").orElseThrow()) + " "
                            + unquoted(condition.attribute("variable").orElseThrow()) + " "
                            + values.replace("\"", ""));
                }
                statements.put(
                        unquoted(statement.attribute("sid").orElseThrow()),
                        new Statement(statement.strings("actions"), conditions));
            }
            return statements;
        }
    }

    private static String unquoted(String text) {
        return text.replaceAll("^\"|\"$", "");
    }

    /** Returns the content of a file in the repository. */
    private static String text(String path) {
        Path root = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        while (root != null && !Files.exists(root.resolve(path))) {
            root = root.getParent();
        }
        assertThat(root).as(path).isNotNull();
        try {
            return Files.readString(root.resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the requests that {@link CartTable#create} sends, by operation. */
    private static Map<String, JsonNode> requestsOfCreate(CartTableSpec spec) throws IOException {
        Map<String, JsonNode> requests = new LinkedHashMap<>();
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = LocalDynamoDb.shared().client(network)) {
            CartTable.create(client, spec).join();
            for (var request : network.sent()) {
                requests.put(request.operation(), JSON.readTree(request.json()));
            }
        }
        return requests;
    }

    private CartTableSpec spec() {
        CartTableSpec spec = CartTableSpec.defaults();
        for (JsonNode tag : template.table().at("/Properties/Tags")) {
            spec = spec.withTag(tag.path("Key").asText(), tag.path("Value").asText());
        }
        return spec.withTableName("table-" + UUID.randomUUID());
    }

    @Test
    void table_ofTheTemplate_isTheOneThatCartTableCreates() throws IOException {
        Map<String, JsonNode> requests = requestsOfCreate(spec());
        JsonNode created = requests.get("CreateTable");
        JsonNode table = template.table().path("Properties");
        assertThat(table.path("TableName").asText())
                .isEqualTo(CartTableSpec.defaults().tableName());
        assertThat(table.path("KeySchema")).isEqualTo(created.path("KeySchema"));
        assertThat(table.path("AttributeDefinitions")).isEqualTo(created.path("AttributeDefinitions"));
        assertThat(table.path("BillingMode")).isEqualTo(created.path("BillingMode"));
        assertThat(table.path("DeletionProtectionEnabled")).isEqualTo(created.path("DeletionProtectionEnabled"));
        assertThat(table.at("/SSESpecification/SSEEnabled")).isEqualTo(created.at("/SSESpecification/Enabled"));
        assertThat(table.at("/SSESpecification/SSEType")).isEqualTo(created.at("/SSESpecification/SSEType"));
        assertThat(table.at("/SSESpecification").size()).isEqualTo(2);
        assertThat(table.path("TimeToLiveSpecification"))
                .isEqualTo(requests.get("UpdateTimeToLive").path("TimeToLiveSpecification"));
        assertThat(table.at("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"))
                .isEqualTo(requests.get("UpdateContinuousBackups")
                        .at("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"));
        assertThat(table.at("/PointInTimeRecoverySpecification/RecoveryPeriodInDays")
                        .asInt())
                .as("DynamoDB's own default")
                .isEqualTo(35);
        assertThat(table.properties().stream().map(Map.Entry::getKey))
                .as("settings that the specification does not have")
                .containsExactlyInAnyOrder(
                        "TableName",
                        "AttributeDefinitions",
                        "KeySchema",
                        "BillingMode",
                        "SSESpecification",
                        "TimeToLiveSpecification",
                        "PointInTimeRecoverySpecification",
                        "DeletionProtectionEnabled",
                        "Tags");
    }

    @Test
    void table_ofTheTemplate_hasWhatItsParametersEnable() {
        JsonNode table = Template.read(Map.ofEntries(
                        Map.entry("Stream", "true"),
                        Map.entry("StreamViewType", "NEW_IMAGE"),
                        Map.entry("RecoveryDays", 7),
                        Map.entry("OnDemandMaximum", "true"),
                        Map.entry("MaxReadUnits", 100),
                        Map.entry("MaxWriteUnits", 200),
                        Map.entry("WarmThroughput", "true"),
                        Map.entry("WarmReadUnits", 15_000),
                        Map.entry("WarmWriteUnits", 5_000),
                        Map.entry("ContributorInsights", "true")))
                .table()
                .path("Properties");
        assertThat(table.path("StreamSpecification").toString()).isEqualTo("{\"StreamViewType\":\"NEW_IMAGE\"}");
        assertThat(table.at("/PointInTimeRecoverySpecification/RecoveryPeriodInDays")
                        .asInt())
                .isEqualTo(7);
        assertThat(table.path("OnDemandThroughput").toString())
                .isEqualTo("{\"MaxReadRequestUnits\":100,\"MaxWriteRequestUnits\":200}");
        assertThat(table.path("WarmThroughput").toString())
                .isEqualTo("{\"ReadUnitsPerSecond\":15000,\"WriteUnitsPerSecond\":5000}");
        assertThat(table.path("ContributorInsightsSpecification").toString())
                .isEqualTo("{\"Enabled\":true,\"Mode\":\"THROTTLED_KEYS\"}");
    }

    @Test
    void terraform_table_hasWhatItsVariablesEnable() {
        Terraform table = terraform.block("resource \"aws_dynamodb_table\" \"carts\"");
        assertThat(table.attribute("stream_enabled")).contains("var.stream");
        assertThat(table.attribute("stream_view_type")).contains("var.stream ? var.stream_view_type : null");
        assertThat(table.block("point_in_time_recovery").attribute("recovery_period_in_days"))
                .contains("var.recovery_days");
        Terraform maximum = table.block("dynamic \"on_demand_throughput\"");
        assertThat(maximum.attribute("for_each")).contains("var.on_demand_maximum ? [true] : []");
        assertThat(maximum.attribute("max_read_request_units")).contains("var.max_read_units");
        assertThat(maximum.attribute("max_write_request_units")).contains("var.max_write_units");
        Terraform warm = table.block("dynamic \"warm_throughput\"");
        assertThat(warm.attribute("for_each")).contains("var.warm_throughput ? [true] : []");
        assertThat(warm.attribute("read_units_per_second")).contains("var.warm_read_units");
        assertThat(warm.attribute("write_units_per_second")).contains("var.warm_write_units");
        Terraform insights = terraform.block("resource \"aws_dynamodb_contributor_insights\" \"carts\"");
        assertThat(insights.attribute("count")).contains("var.contributor_insights ? 1 : 0");
        assertThat(insights.attribute("table_name")).contains("aws_dynamodb_table.carts.name");
        assertThat(insights.attribute("mode")).contains("var.contributor_insights_mode");
    }

    @Test
    void terraform_provider_isBoundedAndUsesNothingDeprecated() {
        assertThat(terraform.block("aws =").attribute("version").orElseThrow()).matches("\">= 6\\.\\d+, < 7\\.0\"");
        assertThat(terraform.text()).doesNotContain("aws_region.current.name");
    }

    /** Returns the names of the metrics and operations that a store publishes. */
    private static Map<String, Set<String>> published() {
        Map<String, Set<String>> published =
                new TreeMap<>(Map.of("metrics", new TreeSet<>(), "calls", new TreeSet<>()));
        MetricPublisher publisher = new MetricPublisher() {
            @Override
            public void publish(MetricCollection call) {
                synchronized (published) {
                    call.forEach(metric ->
                            published.get("metrics").add(metric.metric().name()));
                    published.get("calls").addAll(call.metricValues(CoreMetric.OPERATION_NAME));
                }
            }

            @Override
            public void close() {}
        };
        try (TestTable table = new TestTable()) {
            DynamoDbCartStore carts = table.store(settings -> settings.metricPublisher(publisher));
            carts.addItem(USER, book("a", "1", 1)).join();
            carts.get(USER).join();
            carts.getAll(List.of(USER)).join();
            carts.merge(USER, "another", MergeStrategy.SUM).join();
            carts.clear(USER).join();
            carts.delete(USER).join();
        }
        return published;
    }

    @Test
    void alarmsAndDashboard_ofTheLibrary_nameWhatAStorePublishes() throws IOException {
        Map<String, Set<String>> published = published();
        JsonNode alarms = JSON.valueToTree(template.resources("AWS::CloudWatch::Alarm"));
        Set<String> watched = new TreeSet<>();
        alarms.findValues("Metric").stream()
                .filter(metric -> !metric.path("Namespace").asText().startsWith("AWS/"))
                .forEach(metric -> {
                    assertThat(metric.path("Namespace").asText())
                            .isEqualTo(template.parameters()
                                    .at("/MetricNamespace/Default")
                                    .asText());
                    assertThat(metric.at("/Dimensions/0/Name").asText()).isEqualTo("ServiceId");
                    assertThat(metric.at("/Dimensions/1/Name").asText()).isEqualTo("OperationName");
                    assertThat(published.get("calls"))
                            .contains(metric.at("/Dimensions/1/Value").asText());
                    watched.add(metric.path("MetricName").asText());
                });
        assertThat(published.get("metrics")).containsAll(watched);
        for (String alarm :
                List.of("UnknownOutcomesAlarm", "DriftsAlarm", "RequestsPerCallAlarm", "CallLatencyAlarm")) {
            Set<String> calls = new TreeSet<>();
            alarms.path(alarm)
                    .findValues("Dimensions")
                    .forEach(dimensions -> calls.add(dimensions.at("/1/Value").asText()));
            assertThat(calls).as(alarm).isEqualTo(published.get("calls"));
            Set<String> ids = new TreeSet<>(alarms.path(alarm).findValuesAsText("Id"));
            ids.remove(alarms.path(alarm).at("/Properties/Metrics/0/Id").asText());
            assertThat(alarms.path(alarm).at("/Properties/Metrics/0/Expression").asText())
                    .contains(ids);
        }

        Set<String> shown = new TreeSet<>();
        Pattern.compile("MetricName=\"(\\w+)\"")
                .matcher(String.join(" ", JSON.readTree(template.dashboard()).findValuesAsText("expression")))
                .results()
                .forEach(metric -> shown.add(metric.group(1)));
        Set<String> ofTheLibrary = published.get("metrics").stream()
                .filter(metric -> metric.startsWith("Cart") || metric.equals("ApiCallDuration"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(shown).isEqualTo(ofTheLibrary);
    }

    @Test
    void dashboard_ofTerraform_isThatOfTheTemplate() throws IOException {
        String body = terraform
                .block("resource \"aws_cloudwatch_dashboard\" \"carts\"")
                .text();
        JsonNode ofTerraform = JSON.readTree(body.substring(body.indexOf("JSON") + 4, body.lastIndexOf("JSON"))
                .replace("${data.aws_region.current.region}", "REGION")
                .replace("${aws_dynamodb_table.carts.name}", "TABLE")
                .replace("${var.metric_namespace}", "NAMESPACE"));
        JsonNode ofTheTemplate = JSON.readTree(template.dashboard());
        assertThat(ofTerraform).isEqualTo(ofTheTemplate);
        assertThat(ofTheTemplate.path("widgets")).hasSize(10);
        assertThat(ofTheTemplate.toString()).doesNotContain("$");
    }

    @Test
    void snippets_ofThePage_nameWhatTheTemplateHas() {
        String page = text("docs/operations.md");
        Set<String> named = new TreeSet<>();
        Pattern.compile("Carts\\.Outputs\\.(\\w+)")
                .matcher(page)
                .results()
                .forEach(output -> named.add("/Outputs/" + output.group(1)));
        Pattern.compile("carts\\.getResource\\(\"(\\w+)\"\\)")
                .matcher(page)
                .results()
                .forEach(resource -> named.add("/Resources/" + resource.group(1)));
        Matcher parameters = Pattern.compile("parameters: \\{ (.*) \\}|Parameters:\\n((?: {8}\\w+: .*\\n)+)")
                .matcher(page);
        while (parameters.find()) {
            String list = parameters.group(1) == null ? parameters.group(2) : parameters.group(1);
            Pattern.compile("(\\w+):")
                    .matcher(list)
                    .results()
                    .forEach(parameter -> named.add("/Parameters/" + parameter.group(1)));
        }
        assertThat(named)
                .contains(
                        "/Outputs/CartStorePolicyArn",
                        "/Resources/CartStorePolicy",
                        "/Parameters/TableName",
                        "/Parameters/Stream")
                .allSatisfy(path -> assertThat(template.root().at(path).isMissingNode())
                        .as(path)
                        .isFalse());
    }

    @Test
    void tags_ofTheTemplate_areThoseOfTheSpecification() {
        Map<String, String> tags = new TreeMap<>();
        template.table()
                .at("/Properties/Tags")
                .forEach(tag ->
                        tags.put(tag.path("Key").asText(), tag.path("Value").asText()));
        assertThat(tags).containsOnlyKeys("Environment", "Owner", "Project");
        assertThat(tags).isEqualTo(CartTableSpec.defaults().tags());
    }

    @Test
    void table_ofTheTemplate_outlivesItsStack() {
        assertThat(template.table().path("DeletionPolicy").asText()).isEqualTo("Retain");
        assertThat(template.table().path("UpdateReplacePolicy").asText()).isEqualTo("Retain");
    }

    @Test
    void table_createdFromTheTemplate_passesVerifyAndServesAStore() {
        DynamoDbAsyncClient client = LocalDynamoDb.shared().client();
        JsonNode table = template.table().path("Properties");
        CartTableSpec spec = spec();
        client.createTable(request -> {
                    request.tableName(spec.tableName())
                            .billingMode(table.path("BillingMode").asText())
                            .deletionProtectionEnabled(
                                    table.path("DeletionProtectionEnabled").asBoolean());
                    List<KeySchemaElement> keys = new ArrayList<>();
                    table.path("KeySchema")
                            .forEach(key -> keys.add(KeySchemaElement.builder()
                                    .attributeName(key.path("AttributeName").asText())
                                    .keyType(key.path("KeyType").asText())
                                    .build()));
                    List<AttributeDefinition> attributes = new ArrayList<>();
                    table.path("AttributeDefinitions")
                            .forEach(attribute -> attributes.add(AttributeDefinition.builder()
                                    .attributeName(
                                            attribute.path("AttributeName").asText())
                                    .attributeType(
                                            attribute.path("AttributeType").asText())
                                    .build()));
                    request.keySchema(keys).attributeDefinitions(attributes);
                })
                .join();
        client.updateTimeToLive(request -> request.tableName(spec.tableName())
                        .timeToLiveSpecification(
                                ttl -> ttl.attributeName(table.at("/TimeToLiveSpecification/AttributeName")
                                                .asText())
                                        .enabled(table.at("/TimeToLiveSpecification/Enabled")
                                                .asBoolean())))
                .join();

        CartTableReport report = CartTable.verify(client, spec).join();
        assertThat(report.isHeld()).as(report.toString()).isTrue();
        assertThat(report.checks())
                .filteredOn(check -> check.outcome() == Outcome.HELD)
                .extracting(Check::subject)
                .contains("status", "key", "billing mode", "time to live", "deletion protection");

        try (DynamoDbCartStore carts = DynamoDbCartStore.builder()
                .client(client)
                .tableName(spec.tableName())
                .build()) {
            Cart cart = carts.addItem(USER, book("book001", "15.99", 2)).join();
            assertThat(carts.get(USER).join()).isEqualTo(cart);
            carts.clear(USER).join();
            assertThat(carts.get(USER).join().isEmpty()).isTrue();
        }
    }

    @Test
    void alarms_ofTheTemplate_watchWhatACartTableNeeds() {
        Map<String, JsonNode> alarms = template.resources("AWS::CloudWatch::Alarm");
        Set<String> metrics = new TreeSet<>();
        alarms.forEach((name, alarm) -> {
            JsonNode properties = alarm.path("Properties");
            assertThat(properties.path("TreatMissingData").asText())
                    .as("an unused table raises no alarm: " + name)
                    .isEqualTo("notBreaching");
            assertThat(properties.path("AlarmActions").isMissingNode()).isFalse();
            assertThat(properties.path("Threshold").isNumber()).as(name).isTrue();
            properties.findValuesAsText("MetricName").forEach(metrics::add);
            properties
                    .findValues("Dimensions")
                    .forEach(dimensions -> assertThat(dimensions.toString())
                            .containsAnyOf(
                                    "{\"Name\":\"TableName\",\"Value\":{\"Ref\":\"CartTable\"}}",
                                    "{\"Name\":\"ServiceId\",\"Value\":\"CloudShelfCart\"}"));
            long returned = Stream.concat(
                            properties.path("Metrics").valueStream(),
                            Stream.of(properties).filter(p -> p.has("MetricName")))
                    .filter(metric -> metric.path("ReturnData").asBoolean(true))
                    .count();
            assertThat(returned).as("metrics that trigger the alarm: " + name).isEqualTo(1);
        });
        assertThat(metrics)
                .containsExactlyInAnyOrder(
                        "ThrottledRequests",
                        "SystemErrors",
                        "ConditionalCheckFailedRequests",
                        "SuccessfulRequestLatency",
                        "ConsumedReadCapacityUnits",
                        "ConsumedWriteCapacityUnits",
                        "ReadKeyRangeThroughputThrottleEvents",
                        "WriteKeyRangeThroughputThrottleEvents",
                        "ReadAccountLimitThrottleEvents",
                        "WriteAccountLimitThrottleEvents",
                        "ReadMaxOnDemandThroughputThrottleEvents",
                        "WriteMaxOnDemandThroughputThrottleEvents",
                        "CartUnknownOutcomes",
                        "CartDrifts",
                        "CartRequests",
                        "ApiCallDuration");
    }

    @Test
    void alarms_perOperation_watchEveryOperationThatTheStoreSends() {
        for (String alarm : List.of("ThrottledRequestsAlarm", "SystemErrorsAlarm")) {
            JsonNode metrics =
                    template.resources("AWS::CloudWatch::Alarm").get(alarm).at("/Properties/Metrics");
            Set<String> operations = new TreeSet<>();
            Set<String> ids = new TreeSet<>();
            metrics.forEach(metric -> {
                ids.add(metric.path("Id").asText());
                metric.findValues("Dimensions")
                        .forEach(dimensions ->
                                operations.add(dimensions.at("/1/Value").asText()));
            });
            assertThat(operations)
                    .containsExactlyInAnyOrder(
                            "GetItem",
                            "BatchGetItem",
                            "TransactGetItems",
                            "PutItem",
                            "UpdateItem",
                            "DeleteItem",
                            "TransactWriteItems");
            String sum = metrics.at("/0/Expression").asText();
            ids.remove("all");
            assertThat(sum).contains(ids);
        }
    }

    @Test
    void terraform_table_isThatOfTheTemplate() {
        JsonNode table = template.table().path("Properties");
        Terraform resource = terraform.block("resource \"aws_dynamodb_table\" \"carts\"");
        assertThat(resource.attribute("billing_mode"))
                .contains('"' + table.path("BillingMode").asText() + '"');
        assertThat(resource.attribute("hash_key"))
                .contains('"' + table.at("/KeySchema/0/AttributeName").asText() + '"');
        assertThat(resource.attribute("range_key")).isEmpty();
        assertThat(resource.attribute("deletion_protection_enabled")).contains("true");
        Terraform attribute = resource.block("attribute");
        assertThat(attribute.attribute("name"))
                .contains(
                        '"' + table.at("/AttributeDefinitions/0/AttributeName").asText() + '"');
        assertThat(attribute.attribute("type"))
                .contains(
                        '"' + table.at("/AttributeDefinitions/0/AttributeType").asText() + '"');
        Terraform ttl = resource.block("ttl");
        assertThat(ttl.attribute("attribute_name"))
                .contains(
                        '"' + table.at("/TimeToLiveSpecification/AttributeName").asText() + '"');
        assertThat(ttl.attribute("enabled")).contains("true");
        assertThat(resource.block("point_in_time_recovery").attribute("enabled"))
                .contains("true");
        assertThat(resource.block("server_side_encryption").attribute("enabled"))
                .contains("true");
        assertThat(resource.block("server_side_encryption").attribute("kms_key_arn"))
                .isEmpty();
        assertThat(resource.block("lifecycle").attribute("prevent_destroy")).contains("true");
        String tags = resource.text();
        table.path("Tags")
                .forEach(tag -> assertThat(tags)
                        .containsPattern(tag.path("Key").asText() + "\\s+= var\\."
                                + tag.path("Key").asText().toLowerCase(java.util.Locale.ROOT)));
    }

    @Test
    void terraform_variables_haveTheDefaultsOfTheParameters() {
        Map<String, String> parameters = new TreeMap<>();
        template.parameters()
                .properties()
                .forEach(parameter -> parameters.put(
                        parameter
                                .getKey()
                                .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
                                .toLowerCase(java.util.Locale.ROOT),
                        parameter.getValue().path("Default").asText()));
        Map<String, String> variables = new TreeMap<>();
        Pattern.compile("variable \"(\\w+)\"")
                .matcher(terraform.text())
                .results()
                .forEach(variable -> variables.put(
                        variable.group(1),
                        unquoted(terraform
                                        .block("variable \"" + variable.group(1) + "\"")
                                        .attribute("default")
                                        .orElseThrow())
                                .replace("$${", "${")));
        assertThat(variables).isEqualTo(parameters);
    }

    @Test
    void terraform_alarms_watchTheSameMetrics() {
        Set<String> watched = new TreeSet<>();
        template.resources("AWS::CloudWatch::Alarm")
                .values()
                .forEach(alarm -> alarm.findValuesAsText("MetricName").forEach(watched::add));
        Set<String> metrics = new TreeSet<>();
        Pattern.compile("metric_name\\s+= \"(\\w+)\"")
                .matcher(terraform.text())
                .results()
                .forEach(metric -> metrics.add(metric.group(1)));
        assertThat(metrics).isEqualTo(watched);
        Set<String> expressions = new TreeSet<>();
        template.resources("AWS::CloudWatch::Alarm")
                .values()
                .forEach(alarm -> alarm.findValuesAsText("Expression").forEach(expressions::add));
        Set<String> inTerraform = new TreeSet<>();
        Pattern.compile("expression\\s+= \"([^\"]+)\"")
                .matcher(terraform.text())
                .results()
                .forEach(expression -> inTerraform.add(expression.group(1)));
        assertThat(inTerraform).isEqualTo(expressions);
    }

    @Test
    void terraform_policies_areThoseOfTheTemplate() {
        Map<String, String> names = Map.of(
                "CartStorePolicy", "cart_store",
                "CartOwnKeyPolicy", "cart_own_key",
                "CartMergePolicy", "cart_merge",
                "CartAuditPolicy", "cart_audit",
                "CartDeployPolicy", "cart_deploy");
        assertThat(template.resources("AWS::IAM::ManagedPolicy")).containsOnlyKeys(names.keySet());
        String ownKey = template.parameters().at("/OwnKeyVariable/Default").asText();
        names.forEach((policy, document) -> {
            Map<String, Statement> statements = new TreeMap<>(terraform.policy(document));
            statements.replaceAll((sid, statement) -> new Statement(
                    statement.actions(),
                    statement.conditions().stream()
                            .map(condition -> condition.replace("var.own_key_variable", ownKey))
                            .collect(Collectors.toCollection(TreeSet::new))));
            assertThat(statements).as(policy).isEqualTo(template.policy(policy));
        });
    }
}
