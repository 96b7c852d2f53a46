package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * When a request that is slow is sent once more, and how often a store may do that: each request earns a share of a token, a
 * hedge spends one. Where everything is slow the tokens run out, so that a struggling service is not asked twice by everybody.
 */
final class Hedging {
    private static final long TOKEN = 1_000_000;

    /** So many hedges may follow one another at once after a long quiet time. */
    private static final long MAX_TOKENS = 20 * TOKEN;

    private final long share;
    private final long fixedDelayMillis;
    private final AtomicLong tokens = new AtomicLong();
    private final Map<Request.Kind, Latencies> latencies = new EnumMap<>(Request.Kind.class);

    /**
     * @param share how many hedges there may be for each request; 0 for none
     * @param fixedDelayMillis after how long a request counts as slow, whatever was seen; negative to go by what was seen
     */
    Hedging(double share, long fixedDelayMillis) {
        this.share = Math.round(share * TOKEN);
        this.fixedDelayMillis = fixedDelayMillis;
        for (Request.Kind kind : Request.Kind.values()) {
            latencies.put(kind, new Latencies());
        }
    }

    Latencies of(Request.Kind kind) {
        return requireNonNull(latencies.get(kind), "every kind has its own");
    }

    void sent() {
        if (share > 0 && tokens.get() < MAX_TOKENS) {
            tokens.addAndGet(share);
        }
    }

    /** Returns after how long a request of a kind is hedged; negative if it is not. */
    long delayMillis(Request.Kind kind) {
        if (share == 0) {
            return -1;
        }
        return fixedDelayMillis >= 0 ? fixedDelayMillis : of(kind).slowMillis();
    }

    /** Spends a token and returns true if there is one. */
    boolean spend() {
        return tokens.getAndUpdate(left -> left >= TOKEN ? left - TOKEN : left) >= TOKEN;
    }
}
