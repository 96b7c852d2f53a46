package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.CartStore;
import com.cloudshelf.cart.testkit.LocalDynamoDb;
import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest
class ShopApplicationTest {

    @DynamicPropertySource
    static void carts(DynamicPropertyRegistry properties) {
        LocalDynamoDb dynamoDb = LocalDynamoDb.shared();
        String table = dynamoDb.createCartTable();
        properties.add("carts.endpoint", dynamoDb::endpoint);
        properties.add("carts.table", () -> table);
        properties.add("spring.cloud.aws.region.static", () -> "us-east-1");
        properties.add("spring.cloud.aws.credentials.access-key", () -> "local");
        properties.add("spring.cloud.aws.credentials.secret-key", () -> "local");
    }

    @Test
    void addItem_newBook_isInTheCart(@Autowired CartStore carts) {
        CartItem dune = CartItem.of("book001", "Dune", "Frank Herbert", new BigDecimal("9.99"), 1);
        CartStore patient = carts.within(Duration.ofSeconds(30)); // a build server may be slow
        assertThat(patient.addItem("user123", dune).join().totalItems()).isEqualTo(1);
    }
}
