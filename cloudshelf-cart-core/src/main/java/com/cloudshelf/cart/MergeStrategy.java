package com.cloudshelf.cart;

/**
 * What a merge does with a book that is in both carts. Books that are in only one of them are always kept. For the
 * attributes of the carts themselves, the strategy makes no difference: they are all kept, and where both carts have a
 * name, the value of the cart that is merged into.
 *
 * @see CartStore#merge
 */
public enum MergeStrategy {
    /**
     * Adds the quantities. Price, title, author and attributes come from the cart that is merged from, where it has
     * them.
     */
    SUM,
    /**
     * Takes the larger quantity. Price, title, author and attributes come from the cart that is merged from, where it
     * has them.
     */
    MAX,
    /** Takes the whole line of the cart that is merged from. */
    KEEP_FROM,
    /** Keeps the line of the cart that is merged into, and adds those attributes that only the other line has. */
    KEEP_INTO
}
