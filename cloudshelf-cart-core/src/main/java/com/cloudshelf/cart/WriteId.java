package com.cloudshelf.cart;

import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;

/**
 * The ID of one logical write, the same for all its attempts: when its call started, and random bits.
 *
 * <p>Nine bytes: 42 bits for the milliseconds, which is enough until the year 2109, then 30 random ones. So IDs sort by
 * time, and their text form, which {@link CartVersion} shows, has twelve characters.
 *
 * @param bytes as stored; other than nine only if another program stored them
 * @param begin when the call started (epoch ms), by the clock of the machine that started it; 0 if the bytes are not an
 *     ID
 */
record WriteId(SdkBytes bytes, long begin) {
    static final int LENGTH = 9;

    private static final int RANDOM_BITS = 30;

    // Not a generator that is seeded once, because clones of a SnapStart snapshot would draw the same IDs.
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Returns a new ID for a call that starts at this time. */
    static WriteId startedAt(long epochMillis) {
        int random = RANDOM.nextInt();
        long time = Math.max(0, epochMillis);
        byte[] bytes = new byte[LENGTH];
        // The time fills the first five bytes and two bits of the sixth, random bits the rest.
        for (int i = 0; i < LENGTH; i++) {
            int shift = 8 * (LENGTH - 1 - i) - RANDOM_BITS;
            bytes[i] = (byte) (shift >= 0 ? time >>> shift : random >>> (8 * (LENGTH - 1 - i)));
        }
        int shared = LENGTH - 1 - RANDOM_BITS / 8;
        bytes[shared] = (byte) (((time & 3) << 6) | ((random >>> (8 * (LENGTH - 1 - shared))) & 0x3f));
        return of(SdkBytes.fromByteArrayUnsafe(bytes));
    }

    /** Returns the ID stored in this form. */
    static WriteId of(SdkBytes bytes) {
        byte[] stored = bytes.asByteArrayUnsafe();
        if (stored.length != LENGTH) {
            return new WriteId(bytes, 0);
        }
        long time = 0;
        for (int i = 0; i < 5; i++) {
            time = (time << 8) | (stored[i] & 0xff);
        }
        return new WriteId(bytes, (time << 2) | ((stored[5] & 0xff) >>> 6));
    }

    // Written out, because what a record generates starts the machinery of method handles: some 80 classes at a cold
    // start.

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WriteId that && begin == that.begin && bytes.equals(that.bytes);
    }

    @Override
    public int hashCode() {
        return bytes.hashCode();
    }

    /** Returns the ID in letters, digits, {@code -} and {@code _}. */
    String text() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.asByteArrayUnsafe());
    }
}
