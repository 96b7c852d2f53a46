package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.CartAudit;
import com.cloudshelf.cart.CartAuditReport;
import com.cloudshelf.cart.CartAuditReport.Finding;
import com.cloudshelf.cart.CartAuditReport.Problem;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartTable;
import com.cloudshelf.cart.CartTableSpec;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/**
 * A {@code main} that runs {@link CartTable#audit CartTable.audit} on a table of carts, on AWS or on DynamoDB Local,
 * and repairs the carts if requested. {@code --help} lists the options.
 */
public final class AuditCartTable {
    private static final int NOT_DONE = 1;
    private static final int BAD_OPTION = 2;
    private static final int PROBLEMS_LEFT = 3;

    private static final String USAGE = """
            Usage: AuditCartTable TABLE [options]

            Reads every cart of a table and reports problems by kind. Region and credentials come from the environment.

              --repair            repair what can be repaired
              --units N           consume at most N read and write units per second (default: 500)
              --segments N        read N parts of the table in parallel (default: 4)
              --ttl-days N        time to live of repaired carts; use that of your stores (default: 30)
              --minutes N         stop after N minutes
              --checkpoint FILE   save the progress of the audit in FILE; if it exists, resume from it
              --findings FILE     append a line for each cart with a problem: user ID, problems, path, repaired or left
              --endpoint URL      use this endpoint, such as http://127.0.0.1:8000
              --region NAME       use this region
              --help              print this

            Exits with 0 if no problems are left, 3 if carts with problems are left, 1 if the audit is incomplete,
            and 2 for an unknown option.
            """;

    private AuditCartTable() {}

    /**
     * Runs an audit and exits with its status: see {@code --help}. Ctrl-C ends it; with {@code --checkpoint}, it can be
     * resumed.
     *
     * @param arguments the table and the options
     */
    public static void main(String[] arguments) {
        LocalCartServer.quietenSlf4j();
        int status = run(List.of(arguments), AuditCartTable::client, System.out, System.err, isTerminal());
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Returns the exit status. Progress goes to the second stream, and the report to the first. */
    static int run(
            List<String> arguments,
            Function<Options, DynamoDbAsyncClient> clients,
            PrintStream out,
            PrintStream err,
            boolean terminal) {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            err.println("AuditCartTable: " + e.getMessage());
            err.print(USAGE);
            return BAD_OPTION;
        }
        if (options.help) {
            out.print(USAGE);
            return 0;
        }
        try (DynamoDbAsyncClient client = clients.apply(options);
                PrintWriter findings = findings(options)) {
            CartAuditReport report = run(client, options, findings, err, terminal);
            out.println(report);
            if (!report.isComplete()) {
                err.println("AuditCartTable: the time is up"
                        + (options.checkpoint == null ? "" : "; the same command resumes from " + options.checkpoint));
                return NOT_DONE;
            }
            return report.cartsWithProblems() > report.repairedCarts() ? PROBLEMS_LEFT : 0;
        } catch (CompletionException e) {
            String why = e.getCause() instanceof CartStoreException
                    ? e.getCause().getMessage()
                    : String.valueOf(e.getCause());
            err.println();
            err.println("AuditCartTable: " + why
                    + (options.checkpoint == null ? "" : "; the same command resumes from " + options.checkpoint));
            return NOT_DONE;
        } catch (IOException | UncheckedIOException | SdkClientException | IllegalArgumentException e) {
            err.println("AuditCartTable: " + e.getMessage());
            return NOT_DONE;
        }
    }

    private static CartAuditReport run(
            DynamoDbAsyncClient client,
            Options options,
            @Nullable PrintWriter findings,
            PrintStream err,
            boolean terminal)
            throws IOException {
        var progress = CartAudit.printingTo(err, terminal);
        Path checkpoint = options.checkpoint;
        CartAudit audit = options.audit
                .withProgress(report -> {
                    save(report, checkpoint);
                    progress.accept(report);
                })
                .withFindings(finding -> {
                    if (findings != null) {
                        findings.println(line(finding));
                        // Each by itself: nothing else tells which carts were repaired if the process ends here.
                        if (findings.checkError()) {
                            throw new UncheckedIOException(new IOException("cannot write to " + options.findings));
                        }
                    }
                });
        if (checkpoint != null && Files.exists(checkpoint)) {
            audit = audit.resumingFrom(Files.readString(checkpoint));
        }
        CartAuditReport report = CartTable.audit(
                        client, CartTableSpec.defaults().withTableName(options.table), audit)
                .join();
        save(report, checkpoint);
        if (checkpoint != null && report.isComplete()) {
            Files.delete(checkpoint); // so that the next run starts from the beginning
        }
        return report;
    }

    /** Refuses files that cannot be written, before anything is repaired. */
    private static @Nullable PrintWriter findings(Options options) throws IOException {
        requireFolder(options.checkpoint);
        requireFolder(options.findings);
        Path file = options.findings;
        return file == null
                ? null
                : new PrintWriter(Files.newBufferedWriter(
                        file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    private static void requireFolder(@Nullable Path file) throws IOException {
        Path folder = file == null ? null : file.toAbsolutePath().getParent();
        if (folder != null && !(Files.isDirectory(folder) && Files.isWritable(folder))) {
            throw new IOException("cannot write to " + file + ": its directory does not exist or is read-only");
        }
    }

    private static String line(Finding finding) {
        return String.join(
                "\t",
                finding.userId().replaceAll("\\s", " "),
                String.join(
                        ",",
                        finding.problems().stream().map(Problem::name).sorted().toList()),
                finding.attributePath(),
                finding.repaired() ? "repaired" : "left");
    }

    /** Replaces the file in one step, so that it contains one complete checkpoint at any time. */
    private static void save(CartAuditReport report, @Nullable Path checkpoint) {
        if (checkpoint == null) {
            return;
        }
        try {
            Path next = checkpoint.resolveSibling(checkpoint.getFileName() + ".next");
            Files.writeString(next, report.checkpoint() + "\n");
            Files.move(next, checkpoint, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DynamoDbAsyncClient client(Options options) {
        DynamoDbAsyncClientBuilder client = DynamoDbAsyncClient.builder();
        if (options.endpoint != null) {
            client.endpointOverride(options.endpoint);
        }
        if (options.region != null) {
            client.region(Region.of(options.region));
        }
        return client.build();
    }

    /** Since JDK 22, a console need not be a terminal; only then can it be asked. */
    @SuppressWarnings("SystemConsoleNull") // which is what the second half is for
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** What the command line says. */
    static final class Options {
        String table = "";
        CartAudit audit = CartAudit.reporting();
        boolean help;

        @Nullable
        Path checkpoint;

        @Nullable
        Path findings;

        @Nullable
        URI endpoint;

        @Nullable
        String region;

        private Options() {}

        static Options parse(List<String> arguments) {
            Options options = new Options();
            if (arguments.contains("--repair")) {
                options.audit = CartAudit.repairing();
            }
            for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
                String option = rest.next();
                switch (option) {
                    case "--help" -> options.help = true;
                    case "--repair" -> {}
                    case "--units" -> options.audit = options.audit.withUnitsPerSecond(number(option, rest));
                    case "--segments" -> options.audit = options.audit.withSegments(number(option, rest));
                    case "--ttl-days" ->
                        options.audit = options.audit.withTimeToLive(Duration.ofDays(number(option, rest)));
                    case "--minutes" ->
                        options.audit = options.audit.withDeadline(Duration.ofMinutes(number(option, rest)));
                    case "--checkpoint" -> options.checkpoint = Path.of(value(option, rest));
                    case "--findings" -> options.findings = Path.of(value(option, rest));
                    case "--endpoint" -> options.endpoint = URI.create(value(option, rest));
                    case "--region" -> options.region = value(option, rest).toLowerCase(Locale.ROOT);
                    default -> {
                        if (option.startsWith("-") || !options.table.isEmpty()) {
                            throw new IllegalArgumentException("unknown option " + option);
                        }
                        options.table = option;
                    }
                }
            }
            if (options.table.isBlank() && !options.help) {
                throw new IllegalArgumentException("TABLE is missing");
            }
            return options;
        }

        private static String value(String option, Iterator<String> rest) {
            if (!rest.hasNext()) {
                throw new IllegalArgumentException(option + " needs a value");
            }
            return rest.next();
        }

        private static int number(String option, Iterator<String> rest) {
            try {
                return Integer.parseInt(value(option, rest));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(option + " needs a number", e);
            }
        }
    }
}
