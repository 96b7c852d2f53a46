package com.cloudshelf.cart.testkit;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.DynamoDbCartStore;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** The life of one cart, through the real store. Prints each step with the requests that it sent. */
final class CartStory {
    private static final String USER = "user123";
    private static final String GATSBY = "book001";
    private static final String EMMA = "book002";
    private static final String MIDDLEMARCH = "book003";

    private final DynamoDbCartStore carts;
    private final Faults network;
    private final PrintStream out;
    private int steps;

    private CartStory(DynamoDbCartStore carts, Faults network, PrintStream out) {
        this.carts = carts;
        this.network = network;
        this.out = out;
    }

    /** Plays the story on a table, and leaves the table as it was. */
    static void play(LocalDynamoDb dynamoDb, String table, PrintStream out) {
        try (Faults network = Faults.none();
                DynamoDbAsyncClient client = dynamoDb.client(network);
                DynamoDbCartStore carts = DynamoDbCartStore.builder()
                        .client(client)
                        .tableName(table)
                        // Generous, so that no retries appear on a machine that is slow to start.
                        .operationTimeout(Duration.ofSeconds(60))
                        .build()) {
            new CartStory(carts, network, out).play();
        }
    }

    private void play() {
        out.println("Each step shows the cart that the call returned, and the requests that it sent.");
        out.println("(refused): the condition of a write did not hold. (no response): lost on purpose.");
        tell("A user without a cart has an empty one", carts.get(USER).join());

        tell(
                "Two copies of a book: added without a read",
                carts.addItem(USER, book(GATSBY, "The Great Gatsby", "F. Scott Fitzgerald", "15.99", 2))
                        .join());
        tell(
                "Another book",
                carts.addItem(USER, book(EMMA, "Emma", "Jane Austen", "9.50", 1))
                        .join());
        Cart early = tell(
                "The first book once more: its line grows",
                carts.addItem(USER, book(GATSBY, "The Great Gatsby", "F. Scott Fitzgerald", "15.99", 1))
                        .join());
        Cart shown = tell(
                "Three copies of the second book",
                carts.setQuantity(USER, EMMA, 3).join());

        tell(
                "Two tabs show this cart. The first removes a copy, based on the cart that it shows",
                carts.apply(CartUpdate.of(USER).setQuantity(GATSBY, 2).basedOn(shown))
                        .join());
        tell(
                "The second tab does not know this and sets the other book to two: a conflict, and both changes survive",
                carts.apply(CartUpdate.of(USER).setQuantity(EMMA, 2).basedOn(shown))
                        .join());
        tell(
                "A page that requires the version of step 4 is refused, and receives the current cart",
                refusal(CartUpdate.of(USER).remove(EMMA).ifVersion(early.version())));

        Cart ordered = tell(
                "The first book has a new price",
                carts.apply(CartUpdate.of(USER).reprice(GATSBY, new BigDecimal("13.25")))
                        .join());
        network.next(Fault.dropResponse().on("UpdateItem"));
        tell(
                "A third book is added while the customer pays. The response is lost, but the book is added once",
                carts.addItem(USER, book(MIDDLEMARCH, "Middlemarch", "George Eliot", "12.75", 1))
                        .join());
        CartUpdate checkout =
                CartUpdate.of(USER).subtract(ordered).basedOn(ordered).idempotencyKey("order-4711");
        tell(
                "Checkout removes what was ordered in step 9; the third book stays",
                carts.apply(checkout).join());
        tell(
                "The checkout is delivered again: no second effect",
                carts.apply(checkout).join());

        tell("The cart is cleared", carts.apply(CartUpdate.of(USER).clear()).join());
        carts.delete(USER).join();
        tell("The item is deleted, with everything that it remembered", Cart.empty(USER));
    }

    private Cart refusal(CartUpdate update) {
        try {
            carts.apply(update).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof CartConflictException conflict) {
                return conflict.current();
            }
            throw e;
        }
        throw new IllegalStateException("a stale version was not refused");
    }

    private Cart tell(String title, Cart cart) {
        List<SentRequest> requests = network.sent();
        network.forget();
        out.println();
        out.println(++steps + ". " + title);
        if (!cart.isEmpty()) {
            row("book", "title", "quantity", "price", "amount");
        }
        for (CartItem line : cart.items()) {
            BigDecimal amount = line.price().multiply(BigDecimal.valueOf(line.quantity()));
            row(
                    line.bookId(),
                    line.title().orElse(""),
                    Integer.toString(line.quantity()),
                    money(line.price()),
                    money(amount));
        }
        row("total", "", Long.toString(cart.totalItems()), "", money(cart.totalPrice()));
        out.println("   version  " + cart.version());
        out.println("   requests " + requests.size() + ": "
                + requests.stream().map(CartStory::outcome).collect(Collectors.joining(", ")));
        return cart;
    }

    private void row(String book, String title, String quantity, String price, String amount) {
        out.printf(Locale.ROOT, "   %-8s %-18s %8s %8s %10s%n", book, title, quantity, price, amount);
    }

    private static String outcome(SentRequest request) {
        if (request.status().isEmpty()) {
            return request.operation() + " (no response)";
        }
        return request.operation() + (request.status().getAsInt() < 300 ? "" : " (refused)");
    }

    private static String money(BigDecimal amount) {
        return amount.setScale(Math.max(2, amount.scale())).toPlainString();
    }

    private static CartItem book(String bookId, String title, String author, String price, int quantity) {
        return CartItem.of(bookId, title, author, new BigDecimal(price), quantity);
    }
}
