package com.cloudshelf.cart;

import static java.util.Objects.requireNonNull;

import com.cloudshelf.cart.CartRejectedException.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cart while changes are applied to it: the rules of {@link Cart#apply} and {@link Cart#merge}.
 *
 * <p>Many changes take linear time: after a few searches, lines are found by a map of their books, and a line or a set of
 * attributes that changes is copied once, at its first change. A few changes do not pay for the map.
 */
final class Draft {
    /** As many searches through all lines as cost no more than a map. */
    private static final int FEW = 8;

    /** As many as one expression of DynamoDB can change beside everything else. */
    private static final int MAX_CHANGED_ATTRIBUTES = 200;

    private final String userId;
    private final List<CartItem> before;
    private final CartLimits limits;
    private final Instant now;

    /** {@code null} in the place of a line that was removed. Of a line in {@link #edits}, only its place counts. */
    private List<? extends @Nullable CartItem> lines;

    /** The same list, once it is no longer {@link #before}: when the first line is added, removed or merged. */
    private @Nullable List<@Nullable CartItem> own;

    private final Map<Integer, Edit> edits = new HashMap<>();
    private @Nullable Map<String, Integer> places; // also of lines that were removed
    private int searches;
    private boolean removed;
    private boolean appended;
    private AttributesEdit attributes;
    private List<CartItem> after = List.of();

    Draft(String userId, List<CartItem> before, Attributes attributes, CartLimits limits, Instant now) {
        this.userId = userId;
        this.before = before;
        this.limits = limits;
        this.now = now;
        this.lines = before;
        this.attributes = new AttributesEdit(attributes);
    }

    /** Returns the lines once all changes have been applied. */
    List<CartItem> lines() {
        return after;
    }

    Attributes attributes() {
        return attributes.made();
    }

    /** Whether each line is of a book that had one before, so that no book has two. */
    boolean hasOnlyOldBooks() {
        return !appended;
    }

    void apply(List<CartChange> changes) {
        for (int i = 0; i < changes.size(); i++) {
            apply(requireNonNull(changes.get(i), "change"), new Place(i, changes.size()));
        }
        freeze();
        checkGrowth(changes);
        checkAttributes(attributes.before, attributes.made());
    }

    @SuppressWarnings("unchecked") // all are lines
    private void freeze() {
        @Nullable Object[] made = lines.toArray(); // with the type of lines, each would be checked
        for (Map.Entry<Integer, Edit> edit : edits.entrySet()) {
            made[edit.getKey()] = edit.getValue().made();
        }
        if (removed) {
            int kept = 0;
            for (Object line : made) {
                if (line != null) {
                    made[kept++] = line;
                }
            }
            made = Arrays.copyOf(made, kept);
        }
        after = (List<CartItem>) (List<?>) List.of(made);
    }

    private List<@Nullable CartItem> own() {
        List<@Nullable CartItem> made = own;
        if (made == null) {
            made = new ArrayList<>(before.size() + 1);
            made.addAll(before);
            become(made);
        }
        return made;
    }

    private void become(List<@Nullable CartItem> made) {
        own = made;
        lines = made;
    }

    void merge(List<CartItem> from, Attributes attributesOfFrom, MergeStrategy strategy) {
        for (CartItem theirs : from) {
            int place = placeOf(theirs.bookId());
            CartItem ours = place < 0 ? null : lines.get(place);
            if (ours == null) {
                append(theirs);
            } else {
                own().set(place, merged(ours, theirs, strategy));
            }
        }
        Attributes ours = attributes.made();
        attributes = new AttributesEdit(attributesOfFrom.with(ours));
        freeze();
        checkGrowth(List.of());
        checkAttributes(ours, attributes.made());
    }

    private CartItem merged(CartItem ours, CartItem theirs, MergeStrategy strategy) {
        return switch (strategy) {
            case SUM -> ours.withDetailsOf(theirs).withQuantity(sum(ours.quantity(), theirs.quantity(), Place.NONE));
            case MAX -> ours.withDetailsOf(theirs).withQuantity(Math.max(ours.quantity(), theirs.quantity()));
            case KEEP_FROM -> theirs;
            case KEEP_INTO -> ours.withMissingAttributesOf(theirs);
        };
    }

    private void apply(CartChange change, Place place) {
        if (change instanceof CartChange.Add add) {
            add(add.item(), place);
        } else if (change instanceof CartChange.SetQuantity set) {
            Edit edit = known(set.bookId(), place);
            if (set.quantity() == 0) {
                remove(set.bookId());
            } else {
                edit.quantity = set.quantity();
            }
        } else if (change instanceof CartChange.Remove remove) {
            remove(remove.bookId());
        } else if (change instanceof CartChange.Reprice reprice) {
            known(reprice.bookId(), place).micros = Checks.micros(reprice.price());
        } else if (change instanceof CartChange.Subtract subtract) {
            subtract.quantities().forEach(this::subtract);
        } else if (change instanceof CartChange.SetAttribute set) {
            attributes.set(set.name(), set.value());
        } else if (change instanceof CartChange.RemoveAttribute remove) {
            attributes.remove(remove.name());
        } else if (change instanceof CartChange.SetItemAttribute set) {
            known(set.bookId(), place).attributes.set(set.name(), set.value());
        } else if (change instanceof CartChange.RemoveItemAttribute remove) {
            Edit edit = edit(remove.bookId());
            if (edit != null) {
                edit.attributes.remove(remove.name());
            }
        } else if (change instanceof CartChange.Clear) {
            become(new ArrayList<>());
            edits.clear();
            places = null;
            attributes = new AttributesEdit(Attributes.NONE);
        }
    }

    private void add(CartItem added, Place place) {
        Edit edit = edit(added.bookId());
        if (edit == null) {
            append(added.withAddedAtIfAbsent(now));
        } else {
            edit.quantity = sum(edit.quantity, added.quantity(), place);
            edit.takeDetailsOf(added);
        }
    }

    private void subtract(String bookId, int quantity) {
        Edit edit = edit(bookId);
        if (edit != null) {
            int left = edit.quantity - quantity;
            if (left > 0) {
                edit.quantity = left;
            } else {
                remove(bookId);
            }
        }
    }

    private void remove(String bookId) {
        int place = placeOf(bookId);
        if (place >= 0) {
            own().set(place, null);
            edits.remove(place);
            removed = true;
        }
    }

    private void append(CartItem line) {
        if (places != null) {
            places.put(line.bookId(), lines.size());
        }
        own().add(line);
        appended = true;
    }

    /** Returns the book's line for changes, or {@code null} if the book is not in the cart. */
    private @Nullable Edit edit(String bookId) {
        int place = placeOf(bookId);
        CartItem line = place < 0 ? null : lines.get(place);
        if (line == null) {
            return null;
        }
        Edit edit = edits.get(place);
        if (edit == null) {
            edit = new Edit(line);
            edits.put(place, edit);
        }
        return edit;
    }

    /** Returns the place of a book's line, or -1. */
    private int placeOf(String bookId) {
        if (places == null && ++searches <= FEW) {
            return indexOf(lines, bookId);
        }
        if (places == null) {
            places = new HashMap<>();
            for (int i = 0; i < lines.size(); i++) {
                CartItem line = lines.get(i);
                if (line != null) {
                    places.put(line.bookId(), i);
                }
            }
        }
        return places.getOrDefault(bookId, -1);
    }

    private Edit known(String bookId, Place place) {
        Edit edit = edit(bookId);
        if (edit == null) {
            throw new CartRejectedException(
                    userId, Reason.UNKNOWN_BOOK, place + "the book is not in the cart", place.index());
        }
        return edit;
    }

    private int sum(int quantity, int more, Place place) {
        int sum = quantity + more;
        if (sum < 0) {
            throw beyond("maxQuantity", limits.maxQuantity(), "the quantity of a line may be", place);
        }
        return sum;
    }

    private void checkGrowth(List<CartChange> changes) {
        // Quantities first: a store that does not know the cart yet can only judge these.
        Map<String, Integer> tooManyBefore = null; // nearly always, there are none
        for (CartItem line : after) {
            if (line.quantity() > limits.maxQuantity()) {
                tooManyBefore = tooManyBefore == null ? above(limits.maxQuantity()) : tooManyBefore;
                if (line.quantity() > tooManyBefore.getOrDefault(line.bookId(), 0)) {
                    throw beyond(
                            "maxQuantity",
                            limits.maxQuantity(),
                            "the quantity of a line may be",
                            Place.ofGrowth(changes, line.bookId()));
                }
            }
        }
        if (after.size() > limits.maxLines() && after.size() > before.size()) {
            // The lines beyond the limit are the last ones, and they are new.
            CartItem tooMuch = after.get(Math.max(before.size(), limits.maxLines()));
            throw beyond(
                    "maxLines",
                    limits.maxLines(),
                    "the number of lines may be",
                    Place.ofGrowth(changes, tooMuch.bookId()));
        }
    }

    private void checkAttributes(Attributes from, Attributes to) {
        if (from.asMap().size() + to.asMap().size() <= MAX_CHANGED_ATTRIBUTES) {
            return;
        }
        Set<String> names = new HashSet<>(from.asMap().keySet());
        names.addAll(to.asMap().keySet());
        names.removeIf(name -> Objects.equals(from.asMap().get(name), to.asMap().get(name)));
        if (names.size() > MAX_CHANGED_ATTRIBUTES) {
            throw beyond(
                    "changedAttributes",
                    MAX_CHANGED_ATTRIBUTES,
                    "the number of the cart's attributes that change together may be",
                    Place.NONE);
        }
    }

    /** Returns the quantities above a limit, by book, before the changes. */
    private Map<String, Integer> above(int limit) {
        Map<String, Integer> above = new HashMap<>();
        for (CartItem line : before) {
            if (line.quantity() > limit) {
                above.put(line.bookId(), line.quantity());
            }
        }
        return above;
    }

    /** Returns the index of a book's line, or -1. */
    static int indexOf(List<? extends @Nullable CartItem> lines, String bookId) {
        int hash = bookId.hashCode();
        for (int i = 0; i < lines.size(); i++) {
            CartItem line = lines.get(i);
            String candidate = line == null ? "" : line.bookId();
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

    /** A line that changes. */
    private static final class Edit {
        private final CartItem line;
        private @Nullable String title;
        private @Nullable String author;
        private long micros;
        private int quantity;
        private final AttributesEdit attributes;

        Edit(CartItem line) {
            this.line = line;
            this.title = line.titleOrNull();
            this.author = line.authorOrNull();
            this.micros = line.micros();
            this.quantity = line.quantity();
            this.attributes = new AttributesEdit(line.ownAttributes());
        }

        /** Takes the price of another line, and its title, author and attributes where the other has them. */
        void takeDetailsOf(CartItem newer) {
            title = newer.titleOrNull() == null ? title : newer.titleOrNull();
            author = newer.authorOrNull() == null ? author : newer.authorOrNull();
            micros = newer.micros();
            newer.attributes().forEach(attributes::set);
        }

        CartItem made() {
            return CartItem.stored(
                    line.bookId(), title, author, micros, quantity, line.addedAtOrNull(), attributes.made());
        }
    }

    /** Attributes that may change. Their names and values are checked already. */
    private static final class AttributesEdit {
        private final Attributes before;
        private @Nullable LinkedHashMap<String, Object> values;

        AttributesEdit(Attributes before) {
            this.before = before;
        }

        void set(String name, Object value) {
            values().put(name, value);
        }

        void remove(String name) {
            values().remove(name);
        }

        @SuppressWarnings("NonApiType") // as Attributes.checked takes it
        private LinkedHashMap<String, Object> values() {
            if (values == null) {
                values = new LinkedHashMap<>(before.asMap());
            }
            return values;
        }

        Attributes made() {
            return values == null ? before : Attributes.checked(values);
        }
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
