package com.cloudshelf.cart.example;

import java.util.Optional;

/** Storage for orders. Reads see all earlier writes. */
interface Orders {
    Optional<Order> find(String orderId);

    /** Stores an order unless one with its ID exists, and returns the stored one. */
    Order place(Order order);

    /** Records that the books have been removed from the cart. */
    void taken(String orderId);
}
