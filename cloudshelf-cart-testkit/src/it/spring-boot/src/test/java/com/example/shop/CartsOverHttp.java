package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Value;

/** Carts, lines, versions and updates over HTTP, with the mapper that Spring Boot creates, from Jackson 2 or 3. */
abstract class CartsOverHttp {
    private static final String DUNE =
            "{\"bookId\":\"b2\",\"title\":\"Dune\",\"price\":9.50,\"quantity\":2}";

    private final HttpClient client = HttpClient.newHttpClient();
    private final String userId = UUID.randomUUID().toString();

    @Value("${local.server.port}")
    private int port;

    private HttpResponse<String> send(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://localhost:" + port + "/carts/" + userId + path))
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void cart_thatIsEmpty_isInTheShapeOfTheTable() throws Exception {
        HttpResponse<String> response = send("GET", "", null);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo("{\"userId\":\"" + userId
                        + "\",\"cartItems\":[],\"totalItems\":0,\"totalPrice\":0,\"version\":\"absent\"}");
    }

    @Test
    void line_posted_isInTheCart() throws Exception {
        HttpResponse<String> response = send("POST", "/items", DUNE);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .contains("\"bookId\":\"b2\",\"title\":\"Dune\",\"price\":9.5,\"quantity\":2,\"addedAt\":\"")
                .contains("}],\"totalItems\":2,\"totalPrice\":19,\"lastUpdated\":\"");
        String tag = response.headers().firstValue("ETag").orElseThrow();
        assertThat(response.body()).contains("\"version\":" + tag);

        HttpResponse<String> preview = send("PUT", "/preview", response.body());
        assertThat(preview.statusCode()).isEqualTo(200);
        assertThat(preview.body()).isEqualTo(response.body().replace(",\"version\":" + tag, ""));
        assertThat(send("POST", "/versions", tag).body()).isEqualTo(tag);
    }

    @Test
    void attributes_ofTheShop_areNextToTheOthers() throws Exception {
        String line = DUNE.replace("9.50", "9.5").replace("}", ",\"giftWrap\":{\"layers\":[1,2.5,true]}}");
        String cart = "{\"userId\":\"u\",\"cartItems\":[" + line
                + "],\"totalItems\":2,\"totalPrice\":19,\"coupon\":\"SAVE10\"}";
        assertThat(send("PUT", "/preview", cart).body()).isEqualTo(cart);
    }

    @Test
    void update_posted_isMadeOnce() throws Exception {
        String add = "{\"type\":\"add\",\"item\":" + DUNE + "}";
        String update = "{\"userId\":\"" + userId + "\",\"idempotencyKey\":\"k1\",\"changes\":[" + add
                + ",{\"type\":\"remove\",\"bookId\":\"b9\"}]}";
        String first = send("POST", "/updates", update).body();
        assertThat(first).contains("\"totalItems\":2");
        assertThat(send("POST", "/updates", update).body()).isEqualTo(first);
    }

    @Test
    void update_ofAStaleCart_returnsTheCurrentOne() throws Exception {
        String tag = send("GET", "", null).headers().firstValue("ETag").orElseThrow();
        String update = "{\"userId\":\"" + userId + "\",\"changes\":[{\"type\":\"add\",\"item\":" + DUNE + "}]}";
        assertThat(send("POST", "/updates", update, "If-Match", tag).statusCode()).isEqualTo(200);
        HttpResponse<String> stale = send("POST", "/updates", update, "If-Match", tag);
        assertThat(stale.statusCode()).isEqualTo(412);
        assertThat(stale.body()).contains("\"totalItems\":2");
    }

    @Test
    void update_ofABookThatIsNotThere_isNotFound() throws Exception {
        String update = "{\"userId\":\"" + userId
                + "\",\"changes\":[{\"type\":\"setQuantity\",\"bookId\":\"b9\",\"quantity\":1}]}";
        assertThat(send("POST", "/updates", update).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "[]",
                "{}",
                "{\"bookId\":\"b2\",\"title\":\"Dune\",\"quantity\":2}",
                "{\"bookId\":\"b2\",\"micros\":-5000000,\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":9.50,\"quantity\":-5}",
                "{\"bookId\":\" \",\"price\":9.50,\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":-9.50,\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":\"9.50\",\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"price\":0,\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":1e999999999,\"quantity\":2}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"quantity\":1e999999999}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"quantity\":2.5}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"quantity\":4294967298}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"quantity\":2,\"addedAt\":\"now\"}",
                "{\"bookId\":\"b2\",\"price\":9.5,\"quantity\":2,\"gift\":[null]}",
                "{\"bookId\":\"\\uD83D\",\"price\":9.5,\"quantity\":2}"
            })
    void hostileLine_isABadRequest(String body) throws Exception {
        assertThat(send("POST", "/items", body).statusCode()).isEqualTo(400);
        assertThat(send("PUT", "/preview", "{\"userId\":\"u\",\"cartItems\":[" + body + "]}")
                        .statusCode())
                .isEqualTo(400);
        String update = "{\"userId\":\"" + userId + "\",\"changes\":[{\"type\":\"add\",\"item\":" + body + "}]}";
        assertThat(send("POST", "/updates", update).statusCode()).isEqualTo(400);
        assertThat(send("GET", "", null).body()).contains("\"cartItems\":[]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a\\r\\nSet-Cookie: x\"", "\"\"", "7", "{\"token\":\"a\"}"})
    void hostileVersion_isABadRequest(String body) throws Exception {
        assertThat(send("POST", "/versions", body).statusCode()).isEqualTo(400);
    }
}
