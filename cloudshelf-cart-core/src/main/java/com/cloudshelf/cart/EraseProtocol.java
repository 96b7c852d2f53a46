package com.cloudshelf.cart;

import org.jspecify.annotations.Nullable;

/** Deletes one item, whatever it holds. */
final class EraseProtocol implements Protocol<EraseProtocol.Evidence, Void> {
    /**
     * @param lost whether the response to a delete was lost
     * @param lastFailure why the last attempt failed
     */
    record Evidence(boolean lost, @Nullable Failure lastFailure) {}

    private final String userId;
    private final String table;

    EraseProtocol(String userId, String table) {
        this.userId = userId;
        this.table = table;
    }

    @Override
    public String operation() {
        return "Delete";
    }

    @Override
    public String userId() {
        return userId;
    }

    @Override
    public Evidence nothingYet() {
        return new Evidence(false, null);
    }

    @Override
    public Decision<Evidence, Void> next(Evidence e, Event event, Moment moment) {
        if (event.isDue()) {
            return Decision.send(e, Request.erase(userId));
        }
        if (event.kind() == Event.Kind.DONE) {
            return Decision.succeed(e, null, null);
        }
        Failure failure = event.cause();
        CartStoreException end = Retry.endOf(failure, e.lastFailure, userId, table);
        Evidence failed = new Evidence(e.lost || failure.kind() == Failure.Kind.AMBIGUOUS, failure);
        return end == null ? Decision.pause(failed) : fail(failed, end);
    }

    @Override
    public Decision<Evidence, Void> stop(Evidence e, Stop stop) {
        Evidence stopped = new Evidence(e.lost || stop.unanswered(), e.lastFailure);
        return fail(stopped, stop.asException(userId, e.lastFailure));
    }

    private Decision<Evidence, Void> fail(Evidence e, CartStoreException failure) {
        return Decision.fail(e, e.lost ? new CartOutcomeUnknownException(userId, true, failure) : failure, null);
    }
}
