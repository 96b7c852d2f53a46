package com.cloudshelf.cart;

import static com.cloudshelf.cart.Examples.NOW;
import static com.cloudshelf.cart.Examples.USER;
import static com.cloudshelf.cart.Examples.book;
import static com.cloudshelf.cart.Examples.cartOf;
import static com.cloudshelf.cart.Items.ring;
import static com.cloudshelf.cart.Items.with;
import static com.cloudshelf.cart.Writes.RING;
import static com.cloudshelf.cart.Writes.TERMS;
import static com.cloudshelf.cart.Writes.decode;
import static com.cloudshelf.cart.Writes.itemOf;
import static com.cloudshelf.cart.Writes.itemWithLines;
import static com.cloudshelf.cart.Writes.stamp;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class EffectTest {
    private static final long NOW_MILLIS = NOW.toEpochMilli();

    private static Effect effectOf(Attempt lost, Map<String, AttributeValue> item) {
        return Effect.of(List.of(lost.with(Attempt.Fate.LOST)), decode(item), null, NOW_MILLIS);
    }

    @Test
    void blindDelete_lostAndTheCartMayBeItsSuccessor_isUnknown() {
        Attempt remove = Attempt.change(WriteId.startedAt(NOW_MILLIS), UnpinnedWrites.removeRested(USER, NOW), false);
        // The machine that started the cart may be half an hour behind, and may have drawn its ID a minute before its
        // write was applied.
        Instant successor = NOW.minus(Duration.ofMinutes(30)).minusSeconds(60);

        assertThat(effectOf(remove, itemOf(cartOf(book("a", "1", 1)), successor))
                        .kind())
                .isEqualTo(Effect.Kind.UNKNOWN);
        assertThat(effectOf(remove, itemOf(cartOf(book("a", "1", 1)), successor.minusMillis(1)))
                        .kind())
                .isEqualTo(Effect.Kind.NONE);
    }

    @Test
    void change_forgottenByTheOnlyWriteSince_hadNoEffect() {
        // A machine with a fast clock has filled the ring.
        List<WriteId> ahead = LongStream.range(0, RING)
                .mapToObj(i -> WriteId.startedAt(NOW_MILLIS + 1_000 + i))
                .toList();
        Map<String, AttributeValue> item = with(itemWithLines(1), ItemFormat.RING, ring(ahead));
        StoredCart before = decode(item);
        Write.Stamp stamp = stamp();
        Attempt change =
                Attempt.change(stamp.id(), PinnedWrites.change(before, before.cart(), null, stamp, TERMS), true);
        Map<String, AttributeValue> since = requireNonNull(Expressions.apply(
                PinnedWrites.change(before, before.cart(), null, stamp(NOW.plusSeconds(2)), TERMS), item));

        assertThat(decode(since).memory().traceOf(stamp.id())).isEqualTo(Memory.Trace.FORGOTTEN);
        assertThat(effectOf(change, since)).isEqualTo(new Effect(Effect.Kind.NONE, List.of()));
    }
}
