package com.example.shop;

import com.cloudshelf.cart.testkit.LocalDynamoDb;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** With Jackson 2, and a table on DynamoDB Local. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class CartControllerTest extends CartsOverHttp {

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
}
