package com.cloudshelf.cart;

/** What a call knows of its item, and from where. */
record Sighting(StoredCart item, Source source) {
    enum Source {
        /** A cart that the caller passed with the update. */
        SNAPSHOT,
        /** What the change before this one in the lane left. */
        HANDED_ON,
        /** The item that came with a refusal. */
        REFUSAL,
        /** A strong read, or the response to a fence. */
        STRONG_READ
    }

    /**
     * Whether this call itself has read it from the table. Only such a sighting justifies a result that writes nothing.
     */
    boolean isStrong() {
        return source == Source.REFUSAL || source == Source.STRONG_READ;
    }
}
