package com.cloudshelf.cart.example;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.DynamodbEvent;
import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The handler decodes records of DynamoDB Streams, as Lambda delivers them, into carts. */
class CartStreamHandlerTest {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
            .build();

    private record Change(Optional<Cart> before, Optional<Cart> after) {}

    @Test
    void records_ofAnInsertionAChangeAndAnExpiry_areCartsBeforeAndAfter() throws IOException {
        List<Change> changes = new ArrayList<>();
        try (InputStream json = getClass().getResourceAsStream("/example/stream.json")) {
            DynamodbEvent event = JSON.readValue(json, DynamodbEvent.class);
            new CartStreamHandler((before, after) -> changes.add(new Change(before, after))).handleRequest(event, null);
        }
        assertThat(changes).hasSize(3);
        assertThat(changes.get(0).before()).isEmpty();
        Cart first = changes.get(0).after().orElseThrow();
        assertThat(first.userId()).isEqualTo("user123");
        assertThat(first.items()).extracting(CartItem::bookId).containsExactly("book001");
        assertThat(first.totalPrice()).isEqualByComparingTo("31.98");
        assertThat(changes.get(1).before()).contains(first);
        assertThat(changes.get(1).after().orElseThrow().totalItems()).isEqualTo(3);
        assertThat(changes.get(2).before().orElseThrow().totalItems()).isEqualTo(3);
        assertThat(changes.get(2).after()).isEmpty();
    }
}
