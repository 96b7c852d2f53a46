package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** A controller for WebFlux. Nothing is sent before a subscription, and cancelling the subscription cancels the call. */
@RestController
final class ReactiveCarts {
    private final CartStore carts;

    ReactiveCarts(CartStore carts) {
        this.carts = carts;
    }

    @GetMapping("/carts/{userId}")
    Mono<ResponseEntity<Cart>> get(@PathVariable("userId") String userId) {
        return Mono.fromFuture(() -> carts.get(userId)).map(ReactiveCarts::withTag);
    }

    @PostMapping("/carts/{userId}/items")
    Mono<ResponseEntity<Cart>> add(@PathVariable("userId") String userId, @RequestBody Mono<CartItem> item) {
        return item.flatMap(line -> Mono.fromFuture(() -> carts.addItem(userId, line)))
                .map(ReactiveCarts::withTag);
    }

    private static ResponseEntity<Cart> withTag(Cart cart) {
        return ResponseEntity.ok().eTag(cart.version().toString()).body(cart);
    }
}
