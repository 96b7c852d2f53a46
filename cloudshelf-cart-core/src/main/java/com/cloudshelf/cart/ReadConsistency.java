package com.cloudshelf.cart;

/**
 * How fresh a read must be.
 *
 * <p>Writes never depend on this: whatever a store reads in order to write, it reads strongly, or confirms by a
 * condition on the write itself.
 */
public enum ReadConsistency {
    /** Sees every write that was acknowledged before the read began; costs one read unit per 4 KB. */
    STRONG,
    /** May miss the latest writes, usually those of the last second; costs half of a strong read. */
    EVENTUAL
}
