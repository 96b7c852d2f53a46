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
import com.cloudshelf.cart.MergeStrategy;
import com.cloudshelf.cart.jackson2.CartModule;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/**
 * A Lambda function behind API Gateway (proxy integration, Cognito authorizer): the cart of the signed-in user.
 *
 * <table>
 *   <caption> Routes. Each returns the cart, with its version as the ETag</caption>
 *   <tr><td>GET /cart</td><td></td></tr>
 *   <tr><td>POST /cart</td><td>adds a book: {@code {"bookId", "title", "author", "price", "quantity"}}</td></tr>
 *   <tr><td>PUT /cart/{bookId}</td><td>sets a quantity: {@code {"quantity"}}; 0 removes</td></tr>
 *   <tr><td>DELETE /cart/{bookId}</td><td> removes a book if it is in the cart</td></tr>
 *   <tr><td>DELETE /cart</td><td>empties the cart</td></tr>
 *   <tr><td>POST /cart/checkout</td><td> orders what is in the cart, with the order ID in Idempotency-Key; returns the
 *   order</td></tr>
 *   <tr><td>POST /cart/merge</td><td> merges a guest's cart after login: {@code {"guestId"}}; a repetition finds it
 *   empty</td></tr>
 * </table>
 *
 * <p>Changes accept two headers: {@code If-Match} with the ETag of an earlier response, and {@code Idempotency-Key},
 * with which a repetition has no second effect.
 *
 * <table>
 *   <caption>Failures. Only OUTCOME_UNKNOWN may have changed the cart</caption>
 *   <tr><td>400</td><td> the request is invalid</td></tr>
 *   <tr><td>401</td><td>nobody is signed in</td></tr>
 *   <tr><td>404</td><td>no such route, the book is not in the cart (UNKNOWN_BOOK), or there is nothing to order (NOTHING_TO_ORDER)</td></tr>
 *   <tr><td>409</td><td>others keep changing the cart: repeat</td></tr>
 *   <tr><td>412</td><td> the cart does not match If-Match; the body is the current cart</td></tr>
 *   <tr><td>422</td><td>the cart has no room (LIMIT, TOO_LARGE, KEYS_FULL), or the key was used for another change
 *       (KEY_REUSED): repeating does not help</td></tr>
 *   <tr><td>429</td><td>DynamoDB throttles: repeat after Retry-After</td></tr>
 *   <tr><td>500</td><td>the function or the stored cart needs repair</td></tr>
 *   <tr><td>503</td><td> DynamoDB does not respond (UNAVAILABLE): repeat after Retry-After; or the change may have been
 *   applied (OUTCOME_UNKNOWN): repeat with the same Idempotency-Key</td></tr>
 * </table>
 *
 * <p>Here, the caller supplies the price, as for a function behind a shop. A function that browsers call must look it
 * up.
 */
public final class CartHandler implements RequestHandler<APIGatewayProxyRequestEvent, APIGatewayProxyResponseEvent> {
    /** The time that the function needs after its call to the store, to respond before Lambda ends it. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    /** How long a user waits for a change, even if the function has more time. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModule(new CartModule())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private final CartStore carts;
    private final Orders orders;

    /** For Lambda: before a snapshot, or before the first request, so that neither pays for the start. */
    public CartHandler() {
        this(primed(), new OrderTable(DynamoDbAsyncClient.create(), "cloudshelf-orders"));
    }

    CartHandler(CartStore carts, Orders orders) {
        this.carts = carts;
        this.orders = orders;
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
            // The message contains no user data; the cause has DynamoDB's request ID.
            context.getLogger().log(e + (e.getCause() == null ? "" : ", because of " + e.getCause()));
            return failure(e);
        }
    }

    private APIGatewayProxyResponseEvent answer(APIGatewayProxyRequestEvent event, String user, Duration remaining) {
        // Each call ends by then and reports its outcome.
        CartStore store = carts.within(remaining.compareTo(PATIENCE) < 0 ? remaining : PATIENCE);
        CartUpdate update = CartUpdate.of(user);
        try {
            switch (event.getHttpMethod() + " " + event.getResource()) {
                case "GET /cart" -> {
                    return cart(200, CartStore.await(store.get(user)));
                }
                case "POST /cart" -> update = update.add(read(event, CartItem.class));
                case "PUT /cart/{bookId}" ->
                    update = update.setQuantity(
                            bookId(event), read(event, Quantity.class).quantity());
                case "DELETE /cart/{bookId}" -> update = update.remove(bookId(event));
                case "DELETE /cart" -> update = update.clear();
                case "POST /cart/checkout" -> {
                    return checkout(store, user, header(event, "Idempotency-Key"));
                }
                case "POST /cart/merge" -> {
                    String guest = read(event, Guest.class).guestId();
                    return cart(200, CartStore.await(store.merge(guest, user, MergeStrategy.SUM)));
                }
                default -> {
                    return problem(404, "NO_SUCH_ROUTE", "There is no " + event.getHttpMethod() + " here.");
                }
            }
            update = terms(event, update);
        } catch (IllegalArgumentException e) {
            throw new BadRequestException(e.getMessage());
        }
        return cart(200, CartStore.await(store.apply(update)));
    }

    private APIGatewayProxyResponseEvent checkout(CartStore store, String user, Optional<String> orderId) {
        if (orderId.isEmpty()) {
            throw new BadRequestException("Idempotency-Key is missing: it is the ID of the order.");
        }
        return new Checkout(store, orders, CartItem::price)
                .order(user, orderId.get())
                .map(order -> response(200, order, Map.of()))
                .orElseGet(() -> problem(404, "NOTHING_TO_ORDER", "The cart is empty, and there is no such order."));
    }

    /** The body that sets a quantity. */
    private record Quantity(@JsonProperty(required = true) int quantity) {}

    /** The body that names a guest's cart: a long random ID that nobody else knows, as from a cookie. */
    private record Guest(@JsonProperty(required = true) String guestId) {
        Guest {
            Objects.requireNonNull(guestId, "guestId");
        }
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
                throw new BadRequestException("If-Match must be one ETag, exactly as received, with its quotes.");
            }
            result = result.ifVersion(CartVersion.parse(tag.substring(1, tag.length() - 1)));
        }
        return result;
    }

    private static <T> T read(APIGatewayProxyRequestEvent event, Class<T> type) {
        String body = event.getBody() == null ? "" : event.getBody();
        if (Boolean.TRUE.equals(event.getIsBase64Encoded())) {
            body = new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8);
        }
        try {
            T value = JSON.readValue(body, type);
            if (value == null) {
                throw new BadRequestException("The body is missing.");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new BadRequestException(e.getOriginalMessage());
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

    private static APIGatewayProxyResponseEvent failure(CartStoreException failure) {
        if (failure instanceof CartConflictException conflict) {
            return conflict.isRetryable()
                    ? repeatLater(problem(409, "CONFLICT", "The cart is being changed elsewhere. Repeat the request."))
                    : cart(412, conflict.current());
        }
        if (failure instanceof CartRejectedException rejected) {
            return switch (rejected.reason()) {
                case UNKNOWN_BOOK -> problem(404, "UNKNOWN_BOOK", "The book is not in the cart.");
                case KEY_REUSED -> problem(422, "KEY_REUSED", "The Idempotency-Key was used for another change.");
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
                            "The change may have been applied. Repeat the request with the same Idempotency-Key."))
                    : problem(
                            503,
                            "OUTCOME_UNKNOWN",
                            "The change may have been applied. Read the cart before you repeat it.");
        }
        return problem(500, "INTERNAL", "The cart cannot be served. The log says why.");
    }

    private static APIGatewayProxyResponseEvent cart(int status, Cart cart) {
        return response(status, cart, Map.of("ETag", '"' + cart.version().toString() + '"'));
    }

    private static APIGatewayProxyResponseEvent problem(int status, String code, String message) {
        return response(status, Map.of("code", code, "message", message), Map.of());
    }

    private static APIGatewayProxyResponseEvent repeatLater(APIGatewayProxyResponseEvent response) {
        response.getHeaders().put("Retry-After", "1");
        return response;
    }

    private static APIGatewayProxyResponseEvent response(int status, Object body, Map<String, String> headers) {
        Map<String, String> all = new HashMap<>(headers);
        all.put("Content-Type", "application/json");
        all.put("Cache-Control", "no-store");
        try {
            return new APIGatewayProxyResponseEvent()
                    .withStatusCode(status)
                    .withHeaders(all)
                    .withBody(JSON.writeValueAsString(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An invalid request; the message is for its sender. */
    private static final class BadRequestException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadRequestException(String message) {
            super(message);
        }
    }
}
