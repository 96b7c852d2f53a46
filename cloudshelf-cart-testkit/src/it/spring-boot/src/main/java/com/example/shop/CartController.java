package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.CartUpdate;
import com.cloudshelf.cart.CartVersion;
import java.util.concurrent.CompletableFuture;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Carts over HTTP. Here the user is part of the path; in an application with sign-in, use the signed-in user. */
@RestController
@RequestMapping("/carts/{userId}")
class CartController {
    private final CartStore carts;

    CartController(CartStore carts) {
        this.carts = carts;
    }

    @GetMapping
    CompletableFuture<ResponseEntity<Cart>> get(@PathVariable("userId") String userId) {
        return carts.get(userId).thenApply(CartController::withTag);
    }

    @PostMapping("/items")
    CompletableFuture<ResponseEntity<Cart>> add(
            @PathVariable("userId") String userId, @RequestBody CartItem item) {
        return carts.addItem(userId, item).thenApply(CartController::withTag);
    }

    /** Applies changes in one step; with If-Match, only if the cart is the one that the sender has seen. */
    @PostMapping("/updates")
    CompletableFuture<ResponseEntity<Cart>> update(
            @PathVariable("userId") String userId,
            @RequestBody CartUpdate update,
            @RequestHeader(name = "If-Match", required = false) String tag) {
        if (!update.userId().equals(userId)) {
            throw new ResponseStatusException(HttpStatus.FORBIDDEN, "the update is for another user's cart");
        }
        CartUpdate terms = tag == null ? update : update.ifVersion(CartVersion.parse(tag.replace("\"", "")));
        return carts.apply(terms).thenApply(CartController::withTag);
    }

    /** Shows the price of a cart: the body is content, and nothing is stored. */
    @PutMapping("/preview")
    Cart preview(@PathVariable("userId") String userId, @RequestBody Cart cart) {
        return cart;
    }

    @PostMapping("/versions")
    CartVersion version(@PathVariable("userId") String userId, @RequestBody CartVersion version) {
        return version;
    }

    private static ResponseEntity<Cart> withTag(Cart cart) {
        return ResponseEntity.ok().eTag(cart.version().toString()).body(cart);
    }
}
