package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads up to a hundred carts, the maximum of one request. */
final class GetAllProtocol implements Protocol<GetAllProtocol.Evidence, Map<String, Cart>> {
    /** DynamoDB's limit for a BatchGetItem. */
    static final int MAX_KEYS = 100;

    /**
     * @param found the carts that were read
     * @param missing the users whose carts were not read
     * @param lastFailure why the last request failed; {@code null} once one has left keys unprocessed
     * @param left whether DynamoDB has left keys unprocessed
     */
    record Evidence(
            Map<String, Cart> found,
            List<String> missing,
            @Nullable Failure lastFailure,
            boolean left) {}

    private final List<String> userIds;
    private final boolean strong;
    private final String table;

    GetAllProtocol(List<String> userIds, boolean strong, String table) {
        this.userIds = userIds;
        this.strong = strong;
        this.table = table;
    }

    @Override
    public String operation() {
        return "GetAll";
    }

    @Override
    public String userId() {
        return userIds.get(0);
    }

    @Override
    public Evidence nothingYet() {
        return new Evidence(Map.of(), userIds, null, false);
    }

    @Override
    public Decision<Evidence, Map<String, Cart>> next(Evidence e, Event event, Moment moment) {
        if (event.isDue()) {
            return Decision.send(e, Request.getMany(e.missing, strong));
        }
        if (event.kind() == Event.Kind.DONE) {
            return done(e, event, moment);
        }
        CartStoreException end = Retry.endOf(event.cause(), e.lastFailure, e.missing.get(0), table);
        Evidence failed = new Evidence(e.found, e.missing, event.cause(), e.left);
        return end == null ? Decision.pause(failed) : Decision.fail(failed, end, null);
    }

    private Decision<Evidence, Map<String, Cart>> done(Evidence e, Event event, Moment moment) {
        Set<String> unprocessed = new HashSet<>(event.unprocessed());
        Map<String, Cart> found = new HashMap<>(e.found);
        List<String> missing = new ArrayList<>();
        List<StoredCart> seen = new ArrayList<>();
        for (int i = 0; i < e.missing.size(); i++) {
            String userId = e.missing.get(i);
            if (unprocessed.contains(userId)) {
                missing.add(userId);
                continue;
            }
            try {
                StoredCart stored = ItemFormat.decode(userId, event.items().get(i), moment.now());
                seen.add(stored);
                found.put(userId, stored.cart());
            } catch (InvalidStoredCartException unreadable) {
                return Decision.fail(e, unreadable, null);
            }
        }
        Decision<Evidence, Map<String, Cart>> decision = missing.isEmpty()
                ? Decision.succeed(e, found, null)
                : Decision.pause(new Evidence(found, missing, null, true));
        return decision.seeing(seen);
    }

    @Override
    public Decision<Evidence, Map<String, Cart>> stop(Evidence e, Stop stop) {
        String missing = e.missing.get(0);
        boolean throttled = e.left && e.lastFailure == null && !stop.unanswered();
        return Decision.fail(
                e,
                throttled && (stop.reason() == Stop.Reason.TIME || stop.reason() == Stop.Reason.REQUESTS)
                        ? CartThrottledException.unprocessed(missing, e.missing.size(), userIds.size())
                        : stop.asException(missing, e.lastFailure),
                null);
    }
}
