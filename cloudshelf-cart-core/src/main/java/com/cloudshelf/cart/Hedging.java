package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decides when a slow request is hedged, and how often a store may do that. Each request earns a share of a token, and
 * a hedge spends one. If everything is slow, the tokens run out, so a struggling service is not sent every request
 * twice.
 */
final class Hedging {
    private static final long TOKEN = 1_000_000;

    /** The maximum number of hedges in a row after a long quiet time. */
    private static final long MAX_TOKENS = 20 * TOKEN;

    private final long share;
    private final long fixedDelayMillis;
    private final AtomicLong tokens = new AtomicLong();
    private final Map<Request.Kind, Latencies> latencies = new EnumMap<>(Request.Kind.class);

    /**
     * @param share the number of hedges per request; 0 for none
     * @param fixedDelayMillis the time after which a request counts as slow, whatever was measured; negative to use
     *     what was measured
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

    /** Returns the time after which a request of this kind is hedged; negative if it is not. */
    long delayMillis(Request.Kind kind) {
        if (share == 0) {
            return -1;
        }
        return fixedDelayMillis >= 0 ? fixedDelayMillis : of(kind).slowMillis();
    }

    /** Spends a token if there is one, and returns whether it did. */
    boolean spend() {
        return tokens.getAndUpdate(left -> left >= TOKEN ? left - TOKEN : left) >= TOKEN;
    }
}
