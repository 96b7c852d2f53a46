package com.cloudshelf.cart;

import java.security.SecureRandom;

/**
 * The id of one logical write, the same through all its tries: when its call began, and random bits.
 *
 * <p>The text form sorts by time: 7 characters for the milliseconds, enough until the year 2109, then 9 random ones, in an alphabet
 * in ASCII order.
 */
record WriteId(String text, long begin) {
    private static final String ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    private static final int TIME_CHARS = 7;
    static final int LENGTH = 16;

    // Not a generator that is seeded once: clones of a SnapStart snapshot would draw the same ids.
    private static final SecureRandom RANDOM = new SecureRandom();

    /** No write's id: what a call has before its first try. */
    static final WriteId NONE = new WriteId("", 0);

    /** Returns a new id for a call that starts at this time. */
    static WriteId startedAt(long epochMillis) {
        return begunAt(epochMillis);
    }

    static WriteId begunAt(long epochMillis) {
        char[] text = new char[LENGTH];
        long time = epochMillis;
        byte[] random = new byte[LENGTH - TIME_CHARS];
        RANDOM.nextBytes(random);
        for (int i = TIME_CHARS - 1; i >= 0; i--) {
            text[i] = ALPHABET.charAt((int) (time & 63));
            time >>>= 6;
        }
        for (int i = TIME_CHARS; i < LENGTH; i++) {
            text[i] = ALPHABET.charAt(random[i - TIME_CHARS] & 63);
        }
        return new WriteId(new String(text), epochMillis);
    }

    /** Returns when the call of an id began, or -1 if the text is not an id. */
    static long begin(String text) {
        if (text.length() != LENGTH) {
            return -1;
        }
        long time = 0;
        for (int i = 0; i < TIME_CHARS; i++) {
            int digit = ALPHABET.indexOf(text.charAt(i));
            if (digit < 0) {
                return -1;
            }
            time = (time << 6) | digit;
        }
        return time;
    }
}
