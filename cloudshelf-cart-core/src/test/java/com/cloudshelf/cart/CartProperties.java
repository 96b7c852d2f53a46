package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Generated.NO_LIMITS;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.RemoveAttribute;
import com.cloudshelf.cart.CartChange.RemoveItemAttribute;
import com.cloudshelf.cart.CartChange.Reprice;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetItemAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartChange.Subtract;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

class CartProperties {
    @Provide
    Arbitrary<Cart> carts() {
        return Generated.carts();
    }

    @Provide
    Arbitrary<CartItem> items() {
        return Generated.items();
    }

    @Provide
    Arbitrary<List<CartChange>> changes() {
        return Generated.changeLists();
    }

    @Provide
    Arbitrary<BigDecimal> prices() {
        return Generated.prices();
    }

    @Property
    void totals_anyChanges_areTheSumsOfTheLines(
            @ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        Cart outcome = applyThoseThatFit(cart, changes);

        long items = 0;
        BigDecimal price = BigDecimal.ZERO;
        for (CartItem line : outcome.items()) {
            items += line.quantity();
            price = price.add(line.price().multiply(BigDecimal.valueOf(line.quantity())));
        }
        assertThat(outcome.totalItems()).isEqualTo(items);
        assertThat(outcome.totalPrice()).isEqualByComparingTo(price);
        assertThat(outcome.totalPrice().toString()).doesNotContain("E").doesNotMatch(".*\\.\\d*0");
    }

    @Property
    void lines_anyChanges_areOnePerBookAndNeverBelowOneCopy(
            @ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        Cart outcome = applyThoseThatFit(cart, changes);

        assertThat(outcome.items()).extracting(CartItem::bookId).doesNotHaveDuplicates();
        assertThat(outcome.items()).allMatch(line -> line.quantity() >= 1);
        assertThat(outcome.items()).allMatch(line -> line.addedAt().isPresent());
        assertThat(outcome.isEmpty()).isEqualTo(outcome.totalItems() == 0);
    }

    @Property
    void apply_anyChanges_followsTheRules(@ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        Map<String, CartItem> model = new LinkedHashMap<>();
        cart.items().forEach(line -> model.put(line.bookId(), line));
        Map<String, Object> attributes = new HashMap<>(cart.attributes());
        changes.forEach(change -> applyToModel(model, attributes, change));

        Cart outcome = applyThoseThatFit(cart, changes);

        assertThat(outcome.items()).containsExactlyElementsOf(model.values());
        assertThat(outcome.attributes()).isEqualTo(Attributes.of(attributes).asMap());
    }

    @Property
    void apply_anyChanges_keepsTheOrderOfTheRemainingLines(
            @ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        for (CartChange change : changes) {
            List<String> before = bookIds(cart);
            Cart outcome = applyThoseThatFit(cart, List.of(change));
            List<String> after = bookIds(outcome);

            List<String> stayed = new ArrayList<>(before);
            stayed.retainAll(after);
            assertThat(after.subList(0, stayed.size())).isEqualTo(stayed);
            cart = outcome;
        }
    }

    @Property
    void apply_anyChanges_leavesTheSourceUnchanged(
            @ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        List<CartItem> items = List.copyOf(cart.items());
        BigDecimal totalPrice = cart.totalPrice();
        CartVersion version = cart.version();

        applyThoseThatFit(cart, changes);

        assertThat(cart.items()).isEqualTo(items);
        assertThat(cart.totalPrice()).isEqualTo(totalPrice);
        assertThat(cart.version()).isEqualTo(version);
    }

    @Property
    void apply_allAtOnceOrOneByOne_givesTheSameCart(
            @ForAll("carts") Cart cart, @ForAll("changes") List<CartChange> changes) {
        Cart atOnce = cart.apply(NO_LIMITS, NOW, Generated.fitting(cart, changes));

        assertThat(atOnce).isEqualTo(applyThoseThatFit(cart, changes));
    }

    @Property
    void subtract_anyOtherCart_leavesTheExcess(@ForAll("carts") Cart cart, @ForAll("carts") Cart ordered) {
        Cart outcome = cart.apply(NO_LIMITS, NOW, List.of(Subtract.of(ordered.items())));

        for (CartItem line : cart.items()) {
            int expected = Math.max(0, line.quantity() - quantity(ordered, line.bookId()));
            assertThat(quantity(outcome, line.bookId())).isEqualTo(expected);
        }
        assertThat(bookIds(cart)).containsAll(bookIds(outcome));
    }

    @Property
    void subtract_theCartItself_leavesTheAttributesOfTheCart(@ForAll("carts") Cart cart) {
        Cart outcome = cart.apply(NO_LIMITS, NOW, List.of(Subtract.of(cart.items())));

        assertThat(outcome.isEmpty()).isTrue();
        assertThat(outcome.attributes()).isEqualTo(cart.attributes());
        assertThat(outcome.equals(Cart.empty(USER))).isEqualTo(cart.attributes().isEmpty());
    }

    @Property
    void subtract_lessThanALineHolds_leavesItsAttributes(@ForAll("carts") Cart cart) {
        List<CartItem> more = cart.items().stream()
                .map(line -> line.withQuantity(line.quantity() + 1))
                .toList();

        Cart outcome = cart.apply(
                        NO_LIMITS,
                        NOW,
                        more.stream()
                                .map(line -> new SetQuantity(line.bookId(), line.quantity()))
                                .map(CartChange.class::cast)
                                .toList())
                .apply(NO_LIMITS, NOW, List.of(Subtract.of(cart.items())));

        assertThat(outcome.items())
                .extracting(CartItem::attributes)
                .containsExactlyElementsOf(
                        cart.items().stream().map(CartItem::attributes).toList());
    }

    @Property
    void add_distinctBooks_keepTheOrderOfTheAdds(@ForAll("items") CartItem first, @ForAll("items") CartItem second) {
        if (first.bookId().equals(second.bookId())) {
            return;
        }
        Cart cart = Generated.cartOf(List.of(first, second));
        Cart swapped = Generated.cartOf(List.of(second, first));

        assertThat(bookIds(cart)).containsExactly(first.bookId(), second.bookId());
        assertThat(bookIds(swapped)).containsExactly(second.bookId(), first.bookId());
        assertThat(cart.totalItems()).isEqualTo(swapped.totalItems());
        assertThat(cart.totalPrice()).isEqualTo(swapped.totalPrice());
        assertThat(cart.items()).containsExactlyInAnyOrderElementsOf(swapped.items());
    }

    @Property
    void addThenRemove_aNewBook_isTheSameCart(@ForAll("carts") Cart cart, @ForAll("items") CartItem item) {
        if (cart.item(item.bookId()).isPresent()) {
            return;
        }
        assertThat(cart.apply(NO_LIMITS, NOW, List.of(new Add(item), new Remove(item.bookId()))))
                .isEqualTo(cart);
    }

    @Property
    void limits_changesThatDoNotGrowTheCart_areNeverRejected(
            @ForAll("carts") Cart cart,
            @ForAll("changes") List<CartChange> changes,
            @ForAll @IntRange(min = 1, max = 5) int maxLines,
            @ForAll @IntRange(min = 1, max = 5) int maxQuantity) {
        List<CartChange> shrinking = changes.stream()
                .filter(change -> change instanceof Remove || change instanceof Subtract)
                .toList();

        Cart outcome = cart.apply(CartLimits.of(maxLines, maxQuantity), NOW, shrinking);

        assertThat(outcome).isEqualTo(cart.apply(NO_LIMITS, NOW, shrinking));
    }

    @Property
    void limits_anyAcceptedChanges_exceedNoLimitThatWasKeptBefore(
            @ForAll("carts") Cart cart,
            @ForAll("changes") List<CartChange> changes,
            @ForAll @IntRange(min = 1, max = 8) int maxLines,
            @ForAll @IntRange(min = 1, max = 120) int maxQuantity) {
        Cart outcome;
        try {
            outcome = cart.apply(CartLimits.of(maxLines, maxQuantity), NOW, Generated.fitting(cart, changes));
        } catch (CartRejectedException e) {
            return;
        }
        assertThat(outcome.items().size())
                .isLessThanOrEqualTo(Math.max(maxLines, cart.items().size()));
        for (CartItem line : outcome.items()) {
            assertThat(line.quantity()).isLessThanOrEqualTo(Math.max(maxQuantity, quantity(cart, line.bookId())));
        }
    }

    @Property
    void merge_anyCarts_keepsEveryBookOfBoth(
            @ForAll("carts") Cart into, @ForAll("carts") Cart from, @ForAll MergeStrategy strategy) {
        Cart merged = into.merge(from, strategy, NO_LIMITS, NOW);

        Set<String> books = new LinkedHashSet<>(bookIds(into));
        books.addAll(bookIds(from));
        assertThat(bookIds(merged)).containsExactlyElementsOf(books);
        for (String bookId : books) {
            int ours = quantity(into, bookId);
            int theirs = quantity(from, bookId);
            int expected = switch (strategy) {
                case SUM -> ours + theirs;
                case MAX -> Math.max(ours, theirs);
                case KEEP_FROM -> theirs == 0 ? ours : theirs;
                case KEEP_INTO -> ours == 0 ? theirs : ours;
            };
            assertThat(quantity(merged, bookId)).isEqualTo(expected);
        }
    }

    @Property
    void price_canonicalForm_isTheSameNumberAndIsStable(@ForAll("prices") BigDecimal price) {
        BigDecimal canonical = Checks.price(price);

        assertThat(canonical).isEqualByComparingTo(price);
        assertThat(Checks.price(canonical)).isEqualTo(canonical);
        assertThat(canonical).hasToString(canonical.toPlainString());
        assertThat(Checks.price(price.setScale(12))).isEqualTo(canonical);
    }

    @Property
    void version_parsedFromItsText_isEqual(@ForAll long begin, @ForAll long counter, @ForAll long fingerprint) {
        CartVersion version =
                CartVersion.of(WriteId.startedAt(begin >>> 16).text(), counter & Long.MAX_VALUE, fingerprint);

        assertThat(CartVersion.parse(version.toString())).isEqualTo(version);
    }

    @Property
    void equals_sameLines_isEqual(@ForAll("carts") Cart cart) {
        Instant now = NOW.plusSeconds(1);
        Cart copy = Cart.stored(cart, CartVersion.of("v", 1, 1), now, now);

        assertThat(copy).isEqualTo(cart).hasSameHashCodeAs(cart);
        assertThat(new HashSet<>(List.of(copy))).contains(cart);
    }

    /** Applies the changes one by one and skips those that the cart rejects. */
    private static Cart applyThoseThatFit(Cart cart, List<CartChange> changes) {
        Cart outcome = cart;
        for (CartChange change : Generated.fitting(cart, changes)) {
            outcome = outcome.apply(NO_LIMITS, NOW, List.of(change));
        }
        return outcome;
    }

    /** Implements the rules a second time, on a map, in the simplest way. */
    private static void applyToModel(Map<String, CartItem> model, Map<String, Object> attributes, CartChange change) {
        if (change instanceof Add add) {
            CartItem item = add.item();
            CartItem line = model.get(item.bookId());
            if (line == null) {
                model.put(item.bookId(), item.addedAt().isPresent() ? item : item.withAddedAt(NOW));
            } else {
                put(
                        model,
                        item.title().orElse(line.titleOrNull()),
                        item.author().orElse(line.authorOrNull()),
                        item.price(),
                        line.quantity() + item.quantity(),
                        line);
                item.attributes().forEach((name, value) -> with(model, item.bookId(), name, value));
            }
        } else if (change instanceof SetQuantity set) {
            setQuantity(model, set.bookId(), set.quantity());
        } else if (change instanceof Remove remove) {
            model.remove(remove.bookId());
        } else if (change instanceof Reprice reprice && model.containsKey(reprice.bookId())) {
            CartItem line = model.get(reprice.bookId());
            put(model, line.titleOrNull(), line.authorOrNull(), reprice.price(), line.quantity(), line);
        } else if (change instanceof Subtract subtract) {
            subtract.quantities().forEach((bookId, quantity) -> {
                CartItem line = model.get(bookId);
                setQuantity(model, bookId, line == null ? 0 : Math.max(0, line.quantity() - quantity));
            });
        } else if (change instanceof SetAttribute set) {
            attributes.put(set.name(), set.value());
        } else if (change instanceof RemoveAttribute remove) {
            attributes.remove(remove.name());
        } else if (change instanceof SetItemAttribute set) {
            with(model, set.bookId(), set.name(), set.value());
        } else if (change instanceof RemoveItemAttribute remove) {
            CartItem line = model.get(remove.bookId());
            if (line != null) {
                model.put(remove.bookId(), without(line, remove.name()));
            }
        }
    }

    private static void with(Map<String, CartItem> model, String bookId, String name, Object value) {
        model.computeIfPresent(bookId, (id, line) -> line.with(name, value));
    }

    private static CartItem without(CartItem line, String name) {
        CartItem bare = CartItem.of(
                        line.bookId(), line.titleOrNull(), line.authorOrNull(), line.price(), line.quantity())
                .withAddedAt(line.addedAt().orElseThrow());
        for (Map.Entry<String, Object> attribute : line.attributes().entrySet()) {
            bare = attribute.getKey().equals(name) ? bare : bare.with(attribute.getKey(), attribute.getValue());
        }
        return bare;
    }

    private static void setQuantity(Map<String, CartItem> model, String bookId, int quantity) {
        CartItem line = model.get(bookId);
        if (quantity == 0) {
            model.remove(bookId);
        } else if (line != null) {
            put(model, line.titleOrNull(), line.authorOrNull(), line.price(), quantity, line);
        }
    }

    private static void put(
            Map<String, CartItem> model,
            @Nullable String title,
            @Nullable String author,
            BigDecimal price,
            int quantity,
            CartItem line) {
        CartItem changed = CartItem.of(line.bookId(), title, author, price, quantity)
                .withAddedAt(line.addedAt().orElseThrow());
        model.put(line.bookId(), changed);
        line.attributes().forEach((name, value) -> with(model, line.bookId(), name, value));
    }

    private static List<String> bookIds(Cart cart) {
        return cart.items().stream().map(CartItem::bookId).toList();
    }

    private static int quantity(Cart cart, String bookId) {
        return cart.item(bookId).map(CartItem::quantity).orElse(0);
    }
}
