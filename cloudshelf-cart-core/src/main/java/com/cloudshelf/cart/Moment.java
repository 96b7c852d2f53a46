package com.cloudshelf.cart;

import java.time.Instant;
import java.util.function.LongFunction;

/**
 * The moment of a step: everything that a protocol may know of the world outside its evidence.
 *
 * @param now the store's time for carts, in milliseconds, as stored
 * @param systemNow the time that write IDs use, in epoch milliseconds
 * @param ids draws a write ID with the given start time
 */
record Moment(Instant now, long systemNow, LongFunction<WriteId> ids) {

    /** Draws a write ID that starts now, or at {@code floor} if that is later. */
    WriteId newId(long floor) {
        return ids.apply(Math.max(systemNow, floor));
    }
}
