package com.cloudshelf.cart;

/**
 * How fresh a read must be.
 *
 * <p>Writes never depend on this setting. A store reads strongly before it writes, or confirms what it has read by a
 * condition on the write.
 */
public enum ReadConsistency {
    /** Sees every write that was acknowledged before the read started. Costs one read unit per 4 KB. */
    STRONG,
    /** May miss the latest writes, usually those of the last second. Costs half as much as a strong read. */
    EVENTUAL
}
