package com.cloudshelf.cart;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one cart. */
final class GetProtocol implements Protocol<GetProtocol.Evidence, Cart> {
    /** @param lastFailure why the last read failed */
    record Evidence(@Nullable Failure lastFailure) {}

    private final String userId;
    private final boolean strong;
    private final String table;

    GetProtocol(String userId, boolean strong, String table) {
        this.userId = userId;
        this.strong = strong;
        this.table = table;
    }

    @Override
    public String operation() {
        return "Get";
    }

    @Override
    public String userId() {
        return userId;
    }

    @Override
    public Evidence nothingYet() {
        return new Evidence(null);
    }

    @Override
    public Decision<Evidence, Cart> next(Evidence e, Event event, Moment moment) {
        if (event.isDue()) {
            return Decision.send(e, Request.get(userId, strong));
        }
        if (event.kind() == Event.Kind.DONE) {
            StoredCart stored;
            try {
                stored = ItemFormat.decode(userId, event.items().get(0), moment.now());
            } catch (InvalidStoredCartException unreadable) {
                return Decision.fail(e, unreadable, null);
            }
            return Decision.<Evidence, Cart>succeed(e, stored.cart(), null).seeing(List.of(stored));
        }
        CartStoreException end = Retry.endOf(event.cause(), e.lastFailure, userId, table);
        Evidence failed = new Evidence(event.cause());
        return end == null ? Decision.pause(failed) : Decision.fail(failed, end, null);
    }

    @Override
    public Decision<Evidence, Cart> stop(Evidence e, Stop stop) {
        return Decision.fail(e, stop.asException(userId, e.lastFailure), null);
    }
}
