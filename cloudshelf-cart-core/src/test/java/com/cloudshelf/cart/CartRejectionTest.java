package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Generated.NO_LIMITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.cloudshelf.cart.CartChange.Add;
import com.cloudshelf.cart.CartChange.Clear;
import com.cloudshelf.cart.CartChange.Remove;
import com.cloudshelf.cart.CartChange.SetAttribute;
import com.cloudshelf.cart.CartChange.SetQuantity;
import com.cloudshelf.cart.CartRejectedException.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A rejection names the change that does not fit, and the limit with its value, but no book ID. */
class CartRejectionTest {
    private static final Cart CART = cartOf(book("first-book", "1", 2));

    private static CartRejectedException rejection(CartLimits limits, CartChange... changes) {
        return catchThrowableOfType(CartRejectedException.class, () -> CART.apply(limits, NOW, List.of(changes)));
    }

    @Test
    void unknownBook_amongThreeChanges_namesTheChange() {
        CartRejectedException rejection = rejection(
                CartLimits.defaults(),
                new SetQuantity("first-book", 1),
                new SetQuantity("other-book", 1),
                new Remove("first-book"));

        assertThat(rejection.reason()).isEqualTo(Reason.UNKNOWN_BOOK);
        assertThat(rejection.changeIndex()).hasValue(1);
        assertThat(rejection.limit()).isEmpty();
        assertThat(rejection.limitValue()).isEmpty();
        assertThat(rejection).hasMessageContaining("change 2 of 3").hasMessageNotContaining("other-book");
    }

    @Test
    void unknownBook_inTheOnlyChange_hasItsIndex() {
        CartRejectedException rejection = rejection(CartLimits.defaults(), new SetQuantity("other-book", 1));

        assertThat(rejection.changeIndex()).hasValue(0);
        assertThat(rejection).hasMessageNotContaining("change 1");
    }

    @Test
    void maxLines_exceeded_namesTheLimitAndTheChange() {
        CartRejectedException rejection = rejection(
                CartLimits.of(2, 10), new Add(book("b", "1", 1)), new Add(book("other-book", "1", 1)), new Remove("c"));

        assertThat(rejection.reason()).isEqualTo(Reason.LIMIT);
        assertThat(rejection.limit()).contains("maxLines");
        assertThat(rejection.limitValue()).hasValue(2);
        assertThat(rejection.changeIndex()).hasValue(1);
        assertThat(rejection)
                .hasMessageContaining("change 2 of 3")
                .hasMessageContaining("maxLines")
                .hasMessageContaining("at most 2")
                .hasMessageNotContaining("other-book");
    }

    @Test
    void maxQuantity_exceeded_namesTheLimitAndTheLastChangeOfTheLine() {
        CartRejectedException rejection = rejection(
                CartLimits.of(5, 10),
                new SetQuantity("first-book", 4),
                new Add(book("first-book", "1", 7)),
                new Add(book("b", "1", 1)));

        assertThat(rejection.limit()).contains("maxQuantity");
        assertThat(rejection.limitValue()).hasValue(10);
        assertThat(rejection.changeIndex()).hasValue(1);
    }

    @Test
    void largestQuantity_exceeded_isThatLimit() {
        CartRejectedException rejection =
                rejection(CartLimits.of(5, Integer.MAX_VALUE), new Add(book("first-book", "1", Integer.MAX_VALUE)));

        assertThat(rejection.reason()).isEqualTo(Reason.LIMIT);
        assertThat(rejection.limitValue()).hasValue(Integer.MAX_VALUE);
        assertThat(rejection.changeIndex()).hasValue(0);
    }

    @Test
    void merge_beyondALimit_namesTheLimitAndNoChange() {
        Cart guest = cartOf(book("b", "1", 1));

        CartRejectedException rejection = catchThrowableOfType(
                CartRejectedException.class, () -> CART.merge(guest, MergeStrategy.SUM, CartLimits.of(1, 10), NOW));

        assertThat(rejection.limit()).contains("maxLines");
        assertThat(rejection.changeIndex()).isEmpty();
    }

    private static Cart withAttributes(String name, int count) {
        List<CartChange> changes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            changes.add(new SetAttribute(name + i, i));
        }
        return CART.apply(CartLimits.defaults(), NOW, changes);
    }

    @Test
    void changedAttributes_moreThanOneWriteCanChange_nameTheLimitAndNoChange() {
        assertThat(withAttributes("name", 200).attributes()).hasSize(200);

        CartRejectedException rejection =
                catchThrowableOfType(CartRejectedException.class, () -> withAttributes("secret", 201));

        assertThat(rejection.reason()).isEqualTo(Reason.LIMIT);
        assertThat(rejection.limit()).contains("changedAttributes");
        assertThat(rejection.limitValue()).hasValue(200);
        assertThat(rejection.changeIndex()).isEmpty();
        assertThat(rejection).hasMessageContaining("at most 200").hasMessageNotContaining("secret");
    }

    @Test
    void changedAttributes_thatStayAsTheyAre_doNotCount() {
        Cart large = withAttributes("a", 200).merge(withAttributes("b", 200), MergeStrategy.SUM, NO_LIMITS, NOW);

        assertThat(large.attributes()).hasSize(400);
        assertThat(large.merge(withAttributes("a", 200), MergeStrategy.SUM, NO_LIMITS, NOW)
                        .attributes())
                .isEqualTo(large.attributes());
        assertThat(large.apply(NO_LIMITS, NOW, List.of(new Clear())).attributes())
                .isEmpty();
        assertThat(catchThrowableOfType(
                                CartRejectedException.class, () -> CART.merge(large, MergeStrategy.SUM, NO_LIMITS, NOW))
                        .limit())
                .contains("changedAttributes");
    }
}
