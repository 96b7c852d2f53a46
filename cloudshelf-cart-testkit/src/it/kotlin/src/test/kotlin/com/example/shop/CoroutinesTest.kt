package com.example.shop

import com.cloudshelf.cart.Cart
import com.cloudshelf.cart.CartConflictException
import com.cloudshelf.cart.CartItem
import com.cloudshelf.cart.CartStore
import com.cloudshelf.cart.CartUpdate
import com.cloudshelf.cart.testkit.InMemoryCartStore
import java.math.BigDecimal
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** A call is awaited as it is: it throws the store's own exception, and a coroutine that is cancelled cancels it. */
suspend fun add(carts: CartStore, userId: String, item: CartItem): Cart = carts.addItem(userId, item).await()

class CoroutinesTest {
    private val carts = InMemoryCartStore.create()
    private val dune = CartItem.of("book001", "Dune", "Frank Herbert", BigDecimal("9.99"), 1)

    @Test
    fun `add, twice at once, counts both`() = runBlocking {
        listOf(1, 2).map { async { add(carts, "user123", dune) } }.awaitAll()
        assertEquals(2, carts.get("user123").await().totalItems())
    }

    @Test
    fun `apply, stale, throws the conflict itself`() {
        assertThrows<CartConflictException> {
            runBlocking {
                val stale = carts.get("user123").await().version()
                add(carts, "user123", dune)
                carts.apply(CartUpdate.of("user123").remove("book001").ifVersion(stale)).await()
            }
        }
    }
}
