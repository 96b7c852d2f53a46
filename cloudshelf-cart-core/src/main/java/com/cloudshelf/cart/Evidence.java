package com.cloudshelf.cart;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the call of an update has learned so far. Immutable: each step creates the next evidence from the last one.
 *
 * @param attempts the writes that were sent and may still matter, in the order in which they were sent; without those
 *     that are known never to have been applied, now or later
 * @param sighting what is known of the item; {@code null} if nothing is known, or if it is too old to write from
 * @param unseenRefused whether a write without knowledge of the item was refused: the next one needs to know it
 * @param conflicts how often a write from a known item was refused
 * @param settled the outcome once the change has been applied, whatever happens to later requests
 * @param lostTo the item of the last conflict
 * @param lastFailure why the last failed request failed
 */
record Evidence(
        List<Attempt> attempts,
        @Nullable Sighting sighting,
        boolean unseenRefused,
        int conflicts,
        @Nullable Cart settled,
        @Nullable StoredCart lostTo,
        @Nullable Failure lastFailure) {

    static final Evidence NONE = new Evidence(List.of(), null, false, 0, null, null, null);

    /** Returns the attempt whose response is awaited, or {@code null} if a read is in flight. */
    @Nullable
    Attempt inFlight() {
        Attempt last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        return last != null && last.fate() == Attempt.Fate.IN_FLIGHT ? last : null;
    }

    /** Whether an attempt may have changed the cart, or may still do so. */
    boolean isAmbiguous() {
        for (Attempt attempt : attempts) {
            if (attempt.isAmbiguous()) {
                return true;
            }
        }
        return false;
    }

    Evidence sees(@Nullable Sighting sighting) {
        return new Evidence(attempts, sighting, unseenRefused, conflicts, settled, lostTo, lastFailure);
    }

    /** What is known of the item ages during a delay: it is good enough to write from, but not to base a result on. */
    Evidence aged() {
        return sighting == null ? this : sees(new Sighting(sighting.item(), Sighting.Source.SNAPSHOT));
    }

    Evidence with(List<Attempt> attempts) {
        return new Evidence(attempts, sighting, unseenRefused, conflicts, settled, lostTo, lastFailure);
    }

    Evidence sends(Attempt attempt) {
        List<Attempt> more = new ArrayList<>(attempts.size() + 1);
        more.addAll(attempts);
        more.add(attempt);
        return with(List.copyOf(more));
    }

    /** Records the fate of the attempt in flight; {@code null} if it was never sent. */
    Evidence fate(Attempt.@Nullable Fate fate) {
        Attempt attempt = inFlight();
        if (attempt == null) {
            return this;
        }
        Evidence rest = with(attempts.subList(0, attempts.size() - 1));
        return fate == null ? rest : rest.sends(attempt.with(fate));
    }

    Evidence failed(Failure failure) {
        return new Evidence(attempts, sighting, unseenRefused, conflicts, settled, lostTo, failure);
    }

    Evidence refusedUnseen() {
        return new Evidence(attempts, sighting, true, conflicts, settled, lostTo, lastFailure);
    }

    Evidence conflicted() {
        return new Evidence(attempts, sighting, unseenRefused, conflicts + 1, settled, lostTo, lastFailure);
    }

    Evidence lostTo(StoredCart item) {
        return new Evidence(attempts, sighting, unseenRefused, conflicts, settled, item, lastFailure);
    }

    Evidence settles(Cart outcome) {
        return new Evidence(attempts, sighting, unseenRefused, conflicts, outcome, lostTo, lastFailure);
    }
}
