package com.cloudshelf.cart;

/**
 * What a merge does with a book that both carts hold. Books that only one of them holds are always kept.
 *
 * @see CartStore#merge
 */
public enum MergeStrategy {
    /** Adds the quantities; title, author and price come from the cart that is merged from. */
    SUM,
    /** Takes the larger quantity; title, author and price come from the cart that is merged from. */
    MAX,
    /** Takes the line of the cart that is merged from. */
    KEEP_FROM,
    /** Leaves the line of the cart that is merged into as it is. */
    KEEP_INTO
}
