package com.example.shop

import com.cloudshelf.cart.Cart
import com.cloudshelf.cart.CartItem
import com.cloudshelf.cart.CartRejectedException
import com.cloudshelf.cart.CartStore
import com.cloudshelf.cart.CartUpdate
import com.cloudshelf.cart.MergeStrategy
import com.cloudshelf.cart.testkit.CartTableName
import com.cloudshelf.cart.testkit.Fault
import com.cloudshelf.cart.testkit.Faults
import com.cloudshelf.cart.testkit.InMemoryCartStore
import com.cloudshelf.cart.testkit.WithCartStore
import java.math.BigDecimal
import java.util.concurrent.CompletionException
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient

/** The library in Kotlin: non-null types, and methods that Kotlin can call. */
class CheckoutTest {
    private val dune = CartItem.of("book001", "Dune", "Frank Herbert", BigDecimal("9.99"), 2)

    @Test
    fun merge_guestSignsIn_bringsTheBooks() {
        val carts: CartStore = InMemoryCartStore.create()
        carts.addItem("guest-1", dune).join()

        val merged: Cart = carts.merge("guest-1", "user123", MergeStrategy.SUM).join()

        val line: CartItem = merged.item("book001").orElseThrow()
        assertEquals(BigDecimal("9.99"), line.price())
        assertEquals(listOf("book001"), merged.items().map { it.bookId() })
        assertEquals(mapOf("user123" to merged), carts.getAll(listOf("user123")).join())
    }

    @Test
    fun setQuantity_missingBook_isRejected() {
        val carts = InMemoryCartStore.create()
        val failure = assertThrows<CompletionException> {
            carts.apply(CartUpdate.of("user123").setQuantity("book001", 3)).join()
        }
        assertTrue(failure.cause is CartRejectedException)
    }

    @Test
    @WithCartStore(operationTimeout = "PT30S")
    fun checkout_throttledOnce_empties(
        carts: CartStore,
        faults: Faults,
        client: DynamoDbAsyncClient,
        @CartTableName table: String,
    ) {
        val ordered = carts.addItem("user123", dune).join()
        faults.next(Fault.throttle())
        val left = carts.apply(CartUpdate.of("user123").subtract(ordered).idempotencyKey("order-1")).join()
        assertTrue(left.isEmpty)
        assertEquals("user123", client.scan { it.tableName(table) }.join().items().single()["userId"]?.s())
    }
}
