package com.cloudshelf.cart;

import com.cloudshelf.cart.History.Action;
import com.cloudshelf.cart.History.Change;
import com.cloudshelf.cart.History.Conflict;
import com.cloudshelf.cart.History.ForeignAdd;
import com.cloudshelf.cart.History.MergeCarts;
import com.cloudshelf.cart.History.Ok;
import com.cloudshelf.cart.History.Operation;
import com.cloudshelf.cart.History.Outcome;
import com.cloudshelf.cart.History.Read;
import com.cloudshelf.cart.History.Unknown;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Chooses the next action of one client of a history, at random, but with a memory of the carts that it has seen. */
final class HistoryActions {
    private static final int MAX_SEEN = 5;

    /**
     * The subject of a history.
     *
     * @param users the users of the carts; most actions are on the first one's
     * @param percentClears the percentage of updates that clear the cart
     * @param percentDemanding the percentage of updates that require a version
     */
    record Theme(List<String> users, int books, boolean foreignWriters, int percentClears, int percentDemanding) {

        static Theme draw(SplittableRandom random, boolean deletions) {
            return new Theme(
                    random.nextInt(3) == 0 ? List.of("user123", "guest456") : List.of("user123"),
                    3 + random.nextInt(4),
                    random.nextInt(2) == 0,
                    deletions ? 40 : random.nextInt(3) == 0 ? 30 : 10,
                    random.nextInt(3) == 0 ? 45 : 12);
        }
    }

    private final Theme theme;
    private final SplittableRandom random;
    private final History history;
    private final Map<String, Change> keyed;
    private final Deque<Cart> seen = new ArrayDeque<>();
    private @Nullable Change unknown;

    /** @param keyed the changes that any client has made with a key */
    HistoryActions(Theme theme, SplittableRandom random, History history, Map<String, Change> keyed) {
        this.theme = theme;
        this.random = random;
        this.history = history;
        this.keyed = keyed;
    }

    Action next() {
        Change open = unknown;
        if (open != null && random.nextInt(2) == 0) {
            unknown = null;
            return open;
        }
        String userId = theme.users.get(random.nextInt(4) == 0 ? theme.users.size() - 1 : 0);
        int dice = random.nextInt(100);
        if (dice < 8) {
            return new Read(userId);
        } else if (dice < 18 && theme.foreignWriters) {
            return new ForeignAdd(userId, item(book()));
        } else if (dice < 36 && theme.users.size() > 1) {
            String other = theme.users.get(userId.equals(theme.users.get(0)) ? 1 : 0);
            return new MergeCarts(other, userId, any(List.of(MergeStrategy.values())));
        }
        return change(userId);
    }

    /** Remembers the outcome of an action. */
    void learn(Operation operation) {
        Outcome outcome = operation.outcome();
        Cart cart = null;
        if (outcome instanceof Ok ok) {
            cart = ok.cart();
        } else if (outcome instanceof Conflict conflict) {
            cart = conflict.current();
        }
        if (cart != null) {
            seen.addLast(cart);
            if (seen.size() > MAX_SEEN) {
                seen.removeFirst();
            }
        }
        if (operation.action() instanceof Change change
                && outcome instanceof Unknown
                && change.update().idempotencyKey().isPresent()) {
            unknown = change;
        }
    }

    private Change change(String userId) {
        CartUpdate update = changes(userId);
        if (random.nextInt(16) == 0) {
            update = update.within(Duration.ofMillis(50 + random.nextInt(300)));
        }
        Cart snapshot = random.nextInt(3) == 0 ? anySeen(userId) : null;
        if (snapshot != null) {
            update = update.basedOn(snapshot);
        }
        Cart demanded = random.nextInt(100) < theme.percentDemanding ? anySeen(userId) : null;
        if (demanded != null) {
            update = update.ifVersion(demanded.version());
        }
        Change change = new Change(update, demanded);
        return random.nextInt(6) == 0 ? keyed(change) : change;
    }

    /** Returns the change with a key: a new one, or a used one, which then mostly goes with its own changes. */
    private Change keyed(Change change) {
        synchronized (keyed) {
            if (keyed.isEmpty() || random.nextInt(2) == 0) {
                String key = "key" + keyed.size();
                Change first = new Change(change.update().idempotencyKey(key), change.versionOf());
                keyed.put(key, first);
                return first;
            }
            String key = "key" + random.nextInt(keyed.size());
            return random.nextInt(4) == 0
                    ? new Change(change.update().idempotencyKey(key), change.versionOf())
                    : keyed.get(key);
        }
    }

    private CartUpdate changes(String userId) {
        CartUpdate update = CartUpdate.of(userId);
        if (random.nextInt(100) < theme.percentClears) {
            return update.clear();
        }
        int dice = random.nextInt(100);
        if (dice < 45) {
            return update.add(item(book()));
        }
        for (int i = dice < 90 ? 1 : 2 + random.nextInt(3); i > 0; i--) {
            update = dice >= 90 && random.nextInt(3) == 0 ? update.add(item(book())) : alter(update);
        }
        return update;
    }

    private CartUpdate alter(CartUpdate update) {
        String known = knownBook(update.userId());
        switch (random.nextInt(5)) {
            case 0, 1:
                return update.setQuantity(known, random.nextInt(8));
            case 2:
                return update.reprice(known, price());
            case 3:
                Cart ordered = anySeen(update.userId());
                return ordered == null || ordered.isEmpty() ? update.remove(known) : update.subtract(ordered);
            default:
                return update.remove(book());
        }
    }

    /** Returns a line that no other action adds. Its title and time identify the action that added it. */
    CartItem item(String bookId) {
        int mark = history.nextNumber();
        return CartItem.of(bookId, "t" + mark, null, price(), 1 + random.nextInt(4))
                .withAddedAt(Instant.ofEpochSecond(mark));
    }

    private BigDecimal price() {
        return BigDecimal.valueOf(100 + random.nextInt(20), 1);
    }

    private String book() {
        return "b" + (1 + random.nextInt(theme.books));
    }

    private String knownBook(String userId) {
        Cart cart = anySeen(userId);
        return cart == null || cart.isEmpty() || random.nextInt(8) == 0
                ? book()
                : any(cart.items()).bookId();
    }

    /** Returns a cart of this user that this client has seen, mostly the latest. */
    private @Nullable Cart anySeen(String userId) {
        List<Cart> carts =
                seen.stream().filter(cart -> cart.userId().equals(userId)).toList();
        if (carts.isEmpty()) {
            return null;
        }
        return random.nextInt(3) > 0 ? carts.get(carts.size() - 1) : any(carts);
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
