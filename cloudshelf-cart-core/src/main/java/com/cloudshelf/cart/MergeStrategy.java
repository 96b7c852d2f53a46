package com.cloudshelf.cart;

/**
 * What a merge does with a book that both carts hold. Books that only one of them holds are always kept. Attributes of the carts
 * themselves are kept whatever the strategy: where both have a name, the value of the cart that is merged into.
 *
 * @see CartStore#merge
 */
public enum MergeStrategy {
    /**
     * Adds the quantities; price, title, author and attributes come from the cart that is merged from, and stay as they are where it
     * has none.
     */
    SUM,
    /**
     * Takes the larger quantity; price, title, author and attributes come from the cart that is merged from, and stay as they are
     * where it has none.
     */
    MAX,
    /** Takes the line of the cart that is merged from, whole. */
    KEEP_FROM,
    /** Keeps the line of the cart that is merged into; attributes that only the other line has come along. */
    KEEP_INTO
}
