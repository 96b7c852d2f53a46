package com.cloudshelf.cart;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Prints the progress of an audit: a bar on a terminal, lines elsewhere. */
final class AuditProgress implements Consumer<CartAuditReport> {
    private static final int BAR = 30;

    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final long pause;
    private long due;
    private int width;

    AuditProgress(PrintStream out, boolean terminal, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        this.pause = terminal ? TimeUnit.MILLISECONDS.toNanos(100) : TimeUnit.SECONDS.toNanos(10);
        this.due = nanoTime.getAsLong();
    }

    @Override
    public synchronized void accept(CartAuditReport report) {
        long now = nanoTime.getAsLong();
        if (now - due < 0 && !report.isComplete()) {
            return;
        }
        due = now + pause;
        String line = line(report);
        if (!terminal) {
            out.println(line);
            return;
        }
        out.print('\r' + line + " ".repeat(Math.max(0, width - line.length())));
        width = line.length();
        if (report.isComplete()) {
            out.println();
        }
        out.flush();
    }

    private String line(CartAuditReport report) {
        String counts = String.format(
                "%d carts, %d with problems, %d repaired",
                report.carts(), report.cartsWithProblems(), report.repairedCarts());
        long estimated = report.estimatedCarts().orElse(0);
        if (report.isComplete()) {
            return bar(1) + "100 % " + counts;
        }
        if (estimated == 0) {
            return counts;
        }
        // DynamoDB's count may be hours old, so there can be more carts than it says.
        double share = Math.min(0.99, (double) report.carts() / estimated);
        return bar(share) + (int) (100 * share) + " % " + counts + " of about " + estimated;
    }

    private String bar(double share) {
        int full = (int) (BAR * share);
        return terminal ? "[" + "#".repeat(full) + ".".repeat(BAR - full) + "] " : "";
    }
}
