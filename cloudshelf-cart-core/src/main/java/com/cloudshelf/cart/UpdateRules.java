package com.cloudshelf.cart;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Checks the terms of an update against a stored cart: key, expected version, format and limits, in this order. Pure.
 */
final class UpdateRules {
    /**
     * @param cart the cart to write; {@code null} if there is nothing to write
     * @param failure why nothing is written; {@code null} if nothing needs to be
     */
    record Verdict(@Nullable Cart cart, @Nullable CartStoreException failure) {
        static final Verdict UNCHANGED = new Verdict(null, null);

        static Verdict write(Cart cart) {
            return new Verdict(cart, null);
        }

        static Verdict fail(CartStoreException failure) {
            return new Verdict(null, failure);
        }
    }

    private final CartUpdate update;
    private final CartLimits limits;
    private final @Nullable KeyedChanges key;

    UpdateRules(CartUpdate update, CartLimits limits) {
        this.update = update;
        this.limits = limits;
        String text = update.idempotencyKey().orElse(null);
        this.key = text == null ? null : KeyedChanges.of(text, update.changes());
    }

    Verdict judge(StoredCart stored, Instant now) {
        String userId = update.userId();
        if (stored.format() > ItemFormat.CURRENT_FORMAT) {
            return Verdict.fail(ItemFormat.higherFormat(userId));
        }
        Memory memory = stored.memory();
        // The key comes first: for a repeated call, the version does not matter, because the first call has raised
        // it.
        Memory.Key used = key == null || memory == null ? null : memory.liveKey(key.hash(), now.toEpochMilli());
        if (key != null && used != null) {
            return used.digest().equals(key.digest())
                    ? Verdict.UNCHANGED
                    : Verdict.fail(
                            new CartRejectedException(
                                    userId,
                                    Reason.KEY_REUSED,
                                    "the idempotency key was used for other changes; a repeated call must carry the changes of the"
                                            + " first one, for instance the lines of the order rather than those of the current cart"));
        }
        CartVersion expected = update.expectedVersion().orElse(null);
        if (expected != null && !expected.equals(stored.cart().version())) {
            return Verdict.fail(CartConflictException.stale(stored.cart()));
        }
        Cart cart;
        try {
            cart = stored.cart().apply(limits, now, update.changes());
        } catch (CartRejectedException rejection) {
            return Verdict.fail(rejection);
        }
        if (key != null && memory != null && memory.liveKeys(now.toEpochMilli()) >= Memory.MAX_KEYS) {
            return Verdict.fail(new CartRejectedException(
                    userId,
                    Reason.KEYS_FULL,
                    "the cart remembers " + Memory.MAX_KEYS
                            + " idempotency keys (idempotencyKeys); there is room again when the retention of one has ended",
                    "idempotencyKeys",
                    Memory.MAX_KEYS));
        }
        boolean changed = !cart.equals(stored.cart()) || clearsWhatCannotBeShown(stored);
        return key == null && !changed ? Verdict.UNCHANGED : Verdict.write(cart);
    }

    private boolean clearsWhatCannotBeShown(StoredCart stored) {
        return update.isClear() && !stored.isExpired() && !stored.others().isEmpty();
    }

    /** Returns what a write stores for the update's idempotency key, if it has one. */
    Write.@Nullable KeyEntry keyEntry(Instant now, Duration retention) {
        return key == null
                ? null
                : new Write.KeyEntry(
                        key.hash(), new Memory.Key(now.plus(retention).toEpochMilli(), key.digest()));
    }
}
