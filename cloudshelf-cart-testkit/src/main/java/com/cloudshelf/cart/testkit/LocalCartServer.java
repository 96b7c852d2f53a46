package com.cloudshelf.cart.testkit;

import java.io.PrintStream;
import java.net.BindException;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A {@code main} that shows the library at work. It starts DynamoDB Local with an empty table, plays a short story of
 * one cart, and prints what each step did and which requests it sent.
 *
 * <p>With {@code --serve}, the server keeps running, with an empty table, for the AWS CLI and other programs; it prints
 * commands to start with. {@code --help} lists the options.
 */
public final class LocalCartServer {
    private static final String TABLE = "cloudshelf-shopping-cart";
    private static final int USUAL_PORT = 8000;
    private static final int FAILED = 1;
    private static final int BAD_OPTION = 2;

    private static final String USAGE = """
            Usage: LocalCartServer [--serve] [--port N]

            Starts DynamoDB Local in memory and plays a short story of one shopping cart.

              --serve   then keep running with an empty table, until Ctrl-C
              --port N  listen on this port; by default 8000 with --serve, otherwise a free one
              --help    print this
            """;

    private LocalCartServer() {}

    /**
     * Runs the story, and the server if requested. Exits with 1 if the server cannot start or the story fails, and with
     * 2 for an unknown option.
     *
     * @param arguments the options
     */
    public static void main(String[] arguments) {
        quietenSlf4j();
        int status = run(List.of(arguments), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Returns the exit status. Serves until the thread is interrupted. */
    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            err.println("LocalCartServer: " + e.getMessage());
            err.print(USAGE);
            return BAD_OPTION;
        }
        if (options.help()) {
            out.print(USAGE);
            return 0;
        }
        Integer port = options.port();
        boolean interrupted = false;
        try (LocalDynamoDb dynamoDb = port == null ? LocalDynamoDb.start() : LocalDynamoDb.start(port)) {
            URI endpoint = dynamoDb.endpoint();
            dynamoDb.createCartTable(TABLE);
            out.println("DynamoDB Local is running on " + endpoint + " with the table " + TABLE + ".");
            CartStory.play(dynamoDb, TABLE, out);
            if (options.serve()) {
                out.print(invitation(endpoint));
                out.flush();
                interrupted = awaitInterrupt();
            } else {
                out.println();
                out.println(
                        "The server stops after its story. With --serve, it keeps running, so you can use the table.");
            }
        } catch (RuntimeException e) {
            err.println("LocalCartServer: " + reason(e, port));
            return FAILED;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    private static boolean awaitInterrupt() {
        try {
            new CountDownLatch(1).await();
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    private static String reason(RuntimeException failure, @Nullable Integer port) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return "cannot listen on port " + port + " (" + cause.getMessage()
                        + "); free it, or choose another one with --port N";
            }
        }
        return failure.toString();
    }

    private static String invitation(URI endpoint) {
        String begin = "aws dynamodb %s --endpoint-url " + endpoint + " --table-name " + TABLE;
        return """

                The server runs until Ctrl-C and keeps everything in memory. The table is empty. In another terminal:

                export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1

                """
                + begin.formatted("put-item")
                + " --item '{\"userId\":{\"S\":\"test123\"},\"cartItems\":{\"L\":[]}}'\n\n"
                + begin.formatted("get-item") + " --key '{\"userId\":{\"S\":\"test123\"}}'\n"
                + """

                With the same keys and these settings, DynamoDbCartStore.create() in your program uses it too:

                export AWS_REGION=us-east-1 AWS_ENDPOINT_URL_DYNAMODB=%s
                """.formatted(endpoint);
    }

    /** Keeps SLF4J from warning on standard error that it has no provider. Must run before the first use of SLF4J. */
    static void quietenSlf4j() {
        String verbosity = "slf4j.internal.verbosity";
        if (System.getProperty(verbosity) == null) {
            System.setProperty(verbosity, "ERROR");
        }
    }

    private record Options(boolean serve, @Nullable Integer port, boolean help) {

        static Options parse(List<String> arguments) {
            boolean serve = false;
            boolean help = false;
            Integer port = null;
            for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
                String option = rest.next();
                switch (option) {
                    case "--serve" -> serve = true;
                    case "--help" -> help = true;
                    case "--port" -> port = port(rest.hasNext() ? rest.next() : "");
                    default -> throw new IllegalArgumentException("unknown option " + option);
                }
            }
            return new Options(serve, port == null && serve ? Integer.valueOf(USUAL_PORT) : port, help);
        }

        private static int port(String text) {
            try {
                int port = Integer.parseInt(text);
                if (port >= 1 && port <= 65535) {
                    return port;
                }
            } catch (NumberFormatException e) {
                // The message below says it all.
            }
            throw new IllegalArgumentException("--port needs a number from 1 to 65535");
        }
    }
}
