package com.cloudshelf.cart;

/**
 * The rules of one kind of call: a pure function from what the call has learned, and what has happened to it, to its
 * next step.
 *
 * <p>A protocol does no I/O, reads no clock and has no state. {@link Call} does the I/O, {@link Moment} has the time,
 * and the evidence is the state. So a test can walk through every schedule of a call by calling functions.
 *
 * @param <E> what a call of this kind learns; immutable
 * @param <V> what a call of this kind returns
 */
interface Protocol<E, V> {
    /** Returns the name of the operation in metrics and logs. */
    String operation();

    /** Returns the user whose cart the call is about. */
    String userId();

    /** Returns what a call knows before it starts. */
    E nothingYet();

    /** Returns the next step. */
    Decision<E, V> next(E evidence, Event event, Moment moment);

    /**
     * Ends a call that may send nothing more. It fails with {@link CartOutcomeUnknownException} if one of its writes
     * may have had an effect, or still may.
     */
    Decision<E, V> stop(E evidence, Stop stop);
}
