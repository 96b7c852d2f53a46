package com.cloudshelf.cart;

import com.cloudshelf.cart.CartAuditReport.Counts;
import com.cloudshelf.cart.CartAuditReport.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The position of an audit: for each segment of the table the last user ID that was read, and everything counted so
 * far. Its text is one line of words. User IDs are in base 64, because they may contain any character.
 *
 * @param segments the segments in order
 */
record AuditCheckpoint(String table, List<Segment> segments, Counts counts) {
    private static final String HEAD = "cloudshelf-cart-audit-1";
    private static final String START = "+";
    private static final String DONE = ".";

    /**
     * A part of the table.
     *
     * @param after the last user ID that was read; {@code null} before the first and after the last
     */
    record Segment(boolean done, @Nullable String after) {
        static final Segment AT_START = new Segment(false, null);
        static final Segment AT_END = new Segment(true, null);
    }

    static AuditCheckpoint start(String table, int segments) {
        List<Segment> all = new ArrayList<>();
        for (int i = 0; i < segments; i++) {
            all.add(Segment.AT_START);
        }
        return new AuditCheckpoint(table, all, new Counts());
    }

    static AuditCheckpoint parse(String text) {
        String[] words = text.strip().split(" ", -1);
        try {
            if (words.length != 10 || !words[0].equals(HEAD)) {
                throw new IllegalArgumentException("no checkpoint");
            }
            Counts counts = new Counts();
            counts.carts = count(words[3]);
            counts.expired = count(words[4]);
            counts.faulty = count(words[5]);
            counts.repairedCarts = count(words[6]);
            counts(counts.found, words[7]);
            counts(counts.repaired, words[8]);
            List<Segment> segments = new ArrayList<>();
            for (String word : words[2].split(",", -1)) {
                segments.add(
                        word.equals(START)
                                ? Segment.AT_START
                                : word.equals(DONE) ? Segment.AT_END : new Segment(false, decoded(word)));
            }
            AuditCheckpoint checkpoint = new AuditCheckpoint(decoded(words[1]), segments, counts);
            if (!checkpoint.toString().equals(String.join(" ", words))) {
                throw new IllegalArgumentException("damaged");
            }
            return checkpoint;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the text is not the checkpoint of an audit, or only part of one; pass the whole line that"
                            + " CartAuditReport.checkpoint() returned, or start again",
                    e);
        }
    }

    private static long count(String word) {
        long count = Long.parseLong(word);
        if (count < 0) {
            throw new IllegalArgumentException("negative");
        }
        return count;
    }

    private static void counts(Map<Problem, Long> counts, String word) {
        for (String pair : word.split(",", -1)) {
            if (!pair.equals(START)) {
                int sign = pair.indexOf('=');
                counts.put(Problem.valueOf(pair.substring(0, Math.max(0, sign))), count(pair.substring(sign + 1)));
            }
        }
    }

    private static String encoded(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String word) {
        return new String(Base64.getUrlDecoder().decode(word), StandardCharsets.UTF_8);
    }

    private static String words(Map<Problem, Long> counts) {
        return counts.isEmpty()
                ? START
                : counts.entrySet().stream()
                        .map(count -> count.getKey() + "=" + count.getValue())
                        .collect(Collectors.joining(","));
    }

    /** Returns the line that {@link #parse} reads. Its last word is a checksum that shows whether the line is complete. */
    @Override
    public String toString() {
        Function<Segment, String> word =
                segment -> segment.done() ? DONE : segment.after() == null ? START : encoded(segment.after());
        String line = String.join(
                " ",
                HEAD,
                encoded(table),
                segments.stream().map(word).collect(Collectors.joining(",")),
                Long.toString(counts.carts),
                Long.toString(counts.expired),
                Long.toString(counts.faulty),
                Long.toString(counts.repairedCarts),
                words(counts.found),
                words(counts.repaired));
        return line + " " + Integer.toHexString(line.hashCode());
    }
}
