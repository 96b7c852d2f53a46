package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A cart while changes are applied to it: the rules of {@link Cart#apply} and {@link Cart#merge}. */
final class Draft {
    private final String userId;
    private final List<CartItem> before;
    private final Instant now;
    private final List<CartItem> lines;
    private Attributes attributes;

    Draft(String userId, List<CartItem> before, Attributes attributes, Instant now) {
        this.userId = userId;
        this.before = before;
        this.now = now;
        this.lines = new ArrayList<>(before);
        this.attributes = attributes;
    }

    List<CartItem> lines() {
        return lines;
    }

    Attributes attributes() {
        return attributes;
    }

    void apply(CartLimits limits, List<CartChange> changes) {
        for (int i = 0; i < changes.size(); i++) {
            apply(requireNonNull(changes.get(i), "change"), new Place(i, changes.size()));
        }
        checkGrowth(limits, changes);
    }

    void merge(List<CartItem> from, Attributes attributesOfFrom, MergeStrategy strategy, CartLimits limits) {
        for (CartItem theirs : from) {
            int index = indexOf(lines, theirs.bookId());
            if (index < 0) {
                lines.add(theirs);
                continue;
            }
            CartItem ours = lines.get(index);
            lines.set(
                    index,
                    switch (strategy) {
                        case SUM ->
                            ours.withDetailsOf(theirs)
                                    .withQuantity(sum(ours.quantity(), theirs.quantity(), Place.NONE));
                        case MAX ->
                            ours.withDetailsOf(theirs).withQuantity(Math.max(ours.quantity(), theirs.quantity()));
                        case KEEP_FROM -> theirs;
                        case KEEP_INTO -> ours.withMissingAttributesOf(theirs);
                    });
        }
        attributes = attributesOfFrom.with(attributes);
        checkGrowth(limits, List.of());
    }

    private void apply(CartChange change, Place place) {
        if (change instanceof CartChange.Add add) {
            add(add.item(), place);
        } else if (change instanceof CartChange.SetQuantity set) {
            int index = known(set.bookId(), place);
            if (set.quantity() == 0) {
                lines.remove(index);
            } else {
                lines.set(index, lines.get(index).withQuantity(set.quantity()));
            }
        } else if (change instanceof CartChange.Remove remove) {
            int index = indexOf(lines, remove.bookId());
            if (index >= 0) {
                lines.remove(index);
            }
        } else if (change instanceof CartChange.Reprice reprice) {
            int index = known(reprice.bookId(), place);
            lines.set(index, lines.get(index).withPrice(reprice.price()));
        } else if (change instanceof CartChange.Subtract subtract) {
            subtract.quantities().forEach(this::subtract);
        } else if (change instanceof CartChange.SetAttribute set) {
            attributes = attributes.with(set.name(), set.value());
        } else if (change instanceof CartChange.RemoveAttribute remove) {
            attributes = attributes.without(remove.name());
        } else if (change instanceof CartChange.SetItemAttribute set) {
            int index = known(set.bookId(), place);
            lines.set(index, lines.get(index).with(set.name(), set.value()));
        } else if (change instanceof CartChange.RemoveItemAttribute remove) {
            int index = indexOf(lines, remove.bookId());
            if (index >= 0) {
                lines.set(index, lines.get(index).without(remove.name()));
            }
        } else if (change instanceof CartChange.Clear) {
            lines.clear();
            attributes = Attributes.NONE;
        }
    }

    private void add(CartItem added, Place place) {
        int index = indexOf(lines, added.bookId());
        if (index < 0) {
            lines.add(added.withAddedAtIfAbsent(now));
        } else {
            CartItem line = lines.get(index);
            lines.set(index, line.withDetailsOf(added).withQuantity(sum(line.quantity(), added.quantity(), place)));
        }
    }

    private void subtract(String bookId, int quantity) {
        int index = indexOf(lines, bookId);
        if (index >= 0) {
            int left = lines.get(index).quantity() - quantity;
            if (left > 0) {
                lines.set(index, lines.get(index).withQuantity(left));
            } else {
                lines.remove(index);
            }
        }
    }

    private int known(String bookId, Place place) {
        int index = indexOf(lines, bookId);
        if (index < 0) {
            throw new CartRejectedException(
                    userId, Reason.UNKNOWN_BOOK, place + "the book is not in the cart", place.index());
        }
        return index;
    }

    private int sum(int quantity, int more, Place place) {
        int sum = quantity + more;
        if (sum < 0) {
            throw beyond("maxQuantity", Integer.MAX_VALUE, "the quantity of a line can be", place);
        }
        return sum;
    }

    private void checkGrowth(CartLimits limits, List<CartChange> changes) {
        if (lines.size() > limits.maxLines() && lines.size() > before.size()) {
            // The lines beyond the limit are the last ones, and they are new.
            CartItem tooMuch = lines.get(Math.max(before.size(), limits.maxLines()));
            throw beyond(
                    "maxLines",
                    limits.maxLines(),
                    "the number of lines may be",
                    Place.ofGrowth(changes, tooMuch.bookId()));
        }
        for (CartItem line : lines) {
            if (line.quantity() > limits.maxQuantity() && line.quantity() > quantityBefore(line.bookId())) {
                throw beyond(
                        "maxQuantity",
                        limits.maxQuantity(),
                        "the quantity of a line may be",
                        Place.ofGrowth(changes, line.bookId()));
            }
        }
    }

    private int quantityBefore(String bookId) {
        int index = indexOf(before, bookId);
        return index < 0 ? 0 : before.get(index).quantity();
    }

    /** Returns the index of a book's line, or -1. */
    static int indexOf(List<CartItem> lines, String bookId) {
        int hash = bookId.hashCode();
        for (int i = 0; i < lines.size(); i++) {
            String candidate = lines.get(i).bookId();
            if (candidate.hashCode() == hash
                    && candidate.equals(bookId)) { // hash codes are kept, their text is far away
                return i;
            }
        }
        return -1;
    }

    private CartRejectedException beyond(String limit, int value, String rule, Place place) {
        return new CartRejectedException(
                userId,
                Reason.LIMIT,
                place + rule + " at most " + value + " (" + limit + ")",
                place.index(),
                limit,
                value);
    }

    /** The position of a change in an update. Its text starts a message. */
    private record Place(int at, int of) {
        static final Place NONE = new Place(-1, 0);

        /** Returns the position of the last change that makes a book's line grow. */
        static Place ofGrowth(List<CartChange> changes, String bookId) {
            for (int i = changes.size() - 1; i >= 0; i--) {
                CartChange change = changes.get(i);
                if ((change instanceof CartChange.Add add && add.item().bookId().equals(bookId))
                        || (change instanceof CartChange.SetQuantity set
                                && set.bookId().equals(bookId))) {
                    return new Place(i, changes.size());
                }
            }
            return NONE;
        }

        OptionalInt index() {
            return at < 0 ? OptionalInt.empty() : OptionalInt.of(at);
        }

        @Override
        public String toString() {
            return of <= 1 ? "" : "change " + (at + 1) + " of " + of + ": ";
        }
    }
}
