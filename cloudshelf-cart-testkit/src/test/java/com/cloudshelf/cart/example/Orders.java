package com.cloudshelf.cart.example;

import java.util.Optional;

/** Where orders are kept; reads see what was written before. */
interface Orders {
    Optional<Order> find(String orderId);

    /** Stores an order unless there is one with its id, and returns the one that is stored. */
    Order place(Order order);

    /** Notes that the books are out of the cart. */
    void taken(String orderId);
}
