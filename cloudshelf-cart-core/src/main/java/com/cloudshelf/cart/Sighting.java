package com.cloudshelf.cart;

/** What a call knows of its item, and where from. */
record Sighting(StoredCart item, Source source) {
    enum Source {
        /** A cart that the caller passed with the update. */
        SNAPSHOT,
        /** What the change before this one in the lane left. */
        HANDED_ON,
        /** The item that came with a refusal. */
        REFUSAL,
        /** A strong read, or the answer to a fence. */
        STRONG_READ
    }

    /** Whether this call itself saw it in the table: only on that a verdict may rest that writes nothing. */
    boolean isStrong() {
        return source == Source.REFUSAL || source == Source.STRONG_READ;
    }
}
