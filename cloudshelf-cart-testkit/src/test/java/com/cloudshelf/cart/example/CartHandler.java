package com.cloudshelf.cart.example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyRequestEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyResponseEvent;
import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartOutcomeUnknownException;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartThrottledException;
import com.cloudshelf.cart.CartUnavailableException;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import com.cloudshelf.cart.DynamoDbCartStore;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Lambda function behind API Gateway (proxy integration, Cognito authorizer): the cart of the user who is signed in.
 *
 * <table>
 *   <caption>Routes. Each answers with the cart, and its version as ETag</caption>
 *   <tr><td>GET /cart</td><td></td></tr>
 *   <tr><td>POST /cart</td><td>adds a book: {@code {"bookId", "title", "author", "price", "quantity"}}</td></tr>
 *   <tr><td>PUT /cart/{bookId}</td><td>sets a quantity: {@code {"quantity"}}; 0 removes</td></tr>
 *   <tr><td>DELETE /cart/{bookId}</td><td>removes a book, if it is there</td></tr>
 *   <tr><td>DELETE /cart</td><td>empties the cart</td></tr>
 * </table>
 *
 * <p>Changes take two headers: {@code If-Match} with an ETag of an earlier answer, and {@code Idempotency-Key}, with which a
 * repetition has no second effect.
 *
 * <table>
 *   <caption>Failures. None of them changed the cart, but for OUTCOME_UNKNOWN, which may have</caption>
 *   <tr><td>400</td><td>the request makes no sense</td></tr>
 *   <tr><td>401</td><td>nobody is signed in</td></tr>
 *   <tr><td>404</td><td>no such route, or the book is not in the cart (UNKNOWN_BOOK)</td></tr>
 *   <tr><td>409</td><td>others keep changing the cart: repeat</td></tr>
 *   <tr><td>412</td><td>the cart is not the one of If-Match; the body is the present one</td></tr>
 *   <tr><td>422</td><td>the cart has no room (LIMIT, TOO_LARGE, KEYS_FULL), or the key stands for another change
 *       (KEY_REUSED): repeating does not help</td></tr>
 *   <tr><td>429</td><td>DynamoDB throttles: repeat after Retry-After</td></tr>
 *   <tr><td>500</td><td>the function or the stored cart needs mending</td></tr>
 *   <tr><td>503</td><td>DynamoDB does not answer (UNAVAILABLE): repeat after Retry-After; or it may have happened
 *       (OUTCOME_UNKNOWN): repeat with the same Idempotency-Key</td></tr>
 * </table>
 *
 * <p>The price is the caller's word here, as for a function that stands behind a shop. One that browsers call looks it up.
 */
public final class CartHandler implements RequestHandler<APIGatewayProxyRequestEvent, APIGatewayProxyResponseEvent> {
    /** What the function needs after its call to the store, to answer before Lambda ends it. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    /** How long a user waits for a change, however much time the function has. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final CartStore carts;

    /** For Lambda: before a snapshot, or before the first request, so that neither pays for the start. */
    public CartHandler() {
        this(primed());
    }

    CartHandler(CartStore carts) {
        this.carts = carts;
    }

    private static CartStore primed() {
        DynamoDbCartStore carts = DynamoDbCartStore.create();
        carts.prime();
        return carts;
    }

    @Override
    public APIGatewayProxyResponseEvent handleRequest(APIGatewayProxyRequestEvent event, Context context) {
        Optional<String> user = signedIn(event);
        if (user.isEmpty()) {
            return problem(401, "NOT_SIGNED_IN", "Sign in first.");
        }
        Duration remaining =
                Duration.ofMillis(context.getRemainingTimeInMillis()).minus(MARGIN);
        if (remaining.isNegative() || remaining.isZero()) {
            return repeatLater(problem(503, "UNAVAILABLE", "There is no time left for this request. Repeat it."));
        }
        try {
            return answer(event, user.get(), remaining);
        } catch (BadRequestException e) {
            return problem(400, "BAD_REQUEST", e.getMessage());
        } catch (CartStoreException e) {
            // The message holds no user data; the cause has the request id of DynamoDB.
            context.getLogger().log(e + (e.getCause() == null ? "" : ", because of " + e.getCause()));
            return failure(e, header(event, "If-Match").isPresent());
        }
    }

    private APIGatewayProxyResponseEvent answer(APIGatewayProxyRequestEvent event, String user, Duration remaining) {
        String route = event.getHttpMethod() + " " + event.getResource();
        if (route.equals("GET /cart")) {
            // A read goes by the store's own timeout, and by this one if the function has less time.
            return cart(200, await(carts.get(user), remaining));
        }
        CartUpdate update;
        try {
            update = terms(event, CartUpdate.of(user).within(remaining.compareTo(PATIENCE) < 0 ? remaining : PATIENCE));
            switch (route) {
                case "POST /cart" -> update = update.add(book(body(event)));
                case "PUT /cart/{bookId}" -> update = update.setQuantity(bookId(event), quantity(body(event)));
                case "DELETE /cart/{bookId}" -> update = update.remove(bookId(event));
                case "DELETE /cart" -> update = update.clear();
                default -> {
                    return problem(404, "NO_SUCH_ROUTE", "There is no " + event.getHttpMethod() + " here.");
                }
            }
        } catch (IllegalArgumentException e) {
            throw new BadRequestException(e.getMessage());
        }
        // The change ends by its deadline, and tells how; it must not be cut off before it can.
        return cart(200, await(carts.apply(update), remaining.plus(MARGIN.dividedBy(2))));
    }

    private static CartUpdate terms(APIGatewayProxyRequestEvent event, CartUpdate update) {
        CartUpdate result = update;
        Optional<String> key = header(event, "Idempotency-Key");
        if (key.isPresent()) {
            result = result.idempotencyKey(key.get());
        }
        Optional<String> match = header(event, "If-Match").filter(tag -> !tag.equals("*"));
        if (match.isPresent()) {
            String tag = match.get();
            if (tag.length() < 2 || !tag.startsWith("\"") || !tag.endsWith("\"")) {
                throw new BadRequestException("If-Match takes one ETag, as it was given, with its quotes.");
            }
            result = result.ifVersion(CartVersion.parse(tag.substring(1, tag.length() - 1)));
        }
        return result;
    }

    private static CartItem book(JsonNode body) {
        JsonNode price = required(body, "price");
        if (!price.isNumber()) {
            throw new BadRequestException("price must be a number.");
        }
        CartItem book = CartItem.of(
                text(body, "bookId"), text(body, "title"), text(body, "author"), price.decimalValue(), quantity(body));
        return book;
    }

    private static int quantity(JsonNode body) {
        JsonNode quantity = required(body, "quantity");
        if (!quantity.isInt()) {
            throw new BadRequestException("quantity must be a whole number.");
        }
        return quantity.intValue();
    }

    private static String text(JsonNode body, String field) {
        JsonNode text = required(body, field);
        if (!text.isTextual()) {
            throw new BadRequestException(field + " must be a string.");
        }
        return text.textValue();
    }

    private static JsonNode required(JsonNode body, String field) {
        if (!body.hasNonNull(field)) {
            throw new BadRequestException(field + " is missing.");
        }
        return body.get(field);
    }

    private static JsonNode body(APIGatewayProxyRequestEvent event) {
        String body = event.getBody() == null ? "" : event.getBody();
        if (Boolean.TRUE.equals(event.getIsBase64Encoded())) {
            body = new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8);
        }
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new BadRequestException("The body is not JSON.");
        }
    }

    private static String bookId(APIGatewayProxyRequestEvent event) {
        return event.getPathParameters().get("bookId");
    }

    private static Optional<String> header(APIGatewayProxyRequestEvent event, String name) {
        Map<String, String> headers = event.getHeaders() == null ? Map.of() : event.getHeaders();
        return headers.entrySet().stream()
                .filter(header -> header.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    private static Optional<String> signedIn(APIGatewayProxyRequestEvent event) {
        return Optional.ofNullable(event.getRequestContext())
                .map(APIGatewayProxyRequestEvent.ProxyRequestContext::getAuthorizer)
                .map(authorizer -> authorizer.get("claims"))
                .map(claims -> claims instanceof Map<?, ?> map && map.get("sub") instanceof String sub ? sub : null);
    }

    /** Waits for the store, but not for ever. */
    private static Cart await(CompletableFuture<Cart> call, Duration time) {
        try {
            return call.get(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CartStoreException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            call.cancel(true);
            throw new CartUnavailableException("", "no answer in the time that the function has left", e);
        } catch (InterruptedException e) {
            call.cancel(true);
            Thread.currentThread().interrupt();
            throw new CartUnavailableException("", "the function is shutting down", e);
        }
    }

    private static APIGatewayProxyResponseEvent failure(CartStoreException failure, boolean ifMatch) {
        if (failure instanceof CartConflictException conflict) {
            return ifMatch
                    ? cart(412, conflict.current())
                    : repeatLater(problem(409, "CONFLICT", "The cart is being changed elsewhere. Repeat the request."));
        }
        if (failure instanceof CartRejectedException rejected) {
            return switch (rejected.reason()) {
                case UNKNOWN_BOOK -> problem(404, "UNKNOWN_BOOK", "The book is not in the cart.");
                case KEY_REUSED -> problem(422, "KEY_REUSED", "The Idempotency-Key stands for another change.");
                default -> problem(422, rejected.reason().name(), "The cart has no room for this.");
            };
        }
        if (failure instanceof CartThrottledException) {
            return repeatLater(problem(429, "THROTTLED", "Too many requests. Repeat this one later."));
        }
        if (failure instanceof CartUnavailableException) {
            return repeatLater(problem(503, "UNAVAILABLE", "The carts cannot be reached. Repeat the request."));
        }
        if (failure instanceof CartOutcomeUnknownException) {
            return failure.isRetryable()
                    ? repeatLater(problem(
                            503,
                            "OUTCOME_UNKNOWN",
                            "The change may have been made. Repeat the request with the same Idempotency-Key."))
                    : problem(
                            503,
                            "OUTCOME_UNKNOWN",
                            "The change may have been made. Look at the cart before you repeat it.");
        }
        return problem(500, "INTERNAL", "The cart cannot be served. The log says why.");
    }

    private static APIGatewayProxyResponseEvent cart(int status, Cart cart) {
        ObjectNode body = JSON.createObjectNode();
        ArrayNode items = body.putArray("items");
        for (CartItem item : cart.items()) {
            ObjectNode line = items.addObject();
            line.put("bookId", item.bookId());
            item.title().ifPresent(title -> line.put("title", title));
            item.author().ifPresent(author -> line.put("author", author));
            line.put("price", item.price()).put("quantity", item.quantity());
            item.addedAt().ifPresent(time -> line.put("addedAt", time.toString()));
        }
        body.put("totalItems", cart.totalItems()).put("totalPrice", cart.totalPrice());
        cart.lastUpdated().ifPresent(time -> body.put("lastUpdated", time.toString()));
        cart.expiresAt().ifPresent(time -> body.put("expiresAt", time.toString()));
        return response(status, body, Map.of("ETag", '"' + cart.version().toString() + '"'));
    }

    private static APIGatewayProxyResponseEvent problem(int status, String code, String message) {
        return response(status, JSON.createObjectNode().put("code", code).put("message", message), Map.of());
    }

    private static APIGatewayProxyResponseEvent repeatLater(APIGatewayProxyResponseEvent response) {
        response.getHeaders().put("Retry-After", "1");
        return response;
    }

    private static APIGatewayProxyResponseEvent response(int status, ObjectNode body, Map<String, String> headers) {
        Map<String, String> all = new HashMap<>(headers);
        all.put("Content-Type", "application/json");
        all.put("Cache-Control", "no-store");
        return new APIGatewayProxyResponseEvent()
                .withStatusCode(status)
                .withHeaders(all)
                .withBody(body.toString());
    }

    /** A request that makes no sense; the message is for its sender. */
    private static final class BadRequestException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadRequestException(String message) {
            super(message);
        }
    }
}
