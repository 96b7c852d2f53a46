package com.cloudshelf.cart;

import com.cloudshelf.cart.HistoryRunner.Plan;
import com.cloudshelf.cart.testkit.Fault;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbServiceClientConfiguration;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactGetItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsRequest;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItemsResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;

/**
 * Bugs that a store could have, planted into the real one: a client between the store and its real client alters
 * requests and responses.
 *
 * <p>A checker that finds none of them would prove nothing.
 */
enum PlantedBugs implements UnaryOperator<DynamoDbAsyncClient> {
    /** Overwrites any item. */
    WRITES_WITHOUT_CONDITION {
        @Override
        Plan plan(Plan plan) {
            return plan.withFaults(Fault.none());
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            return new Spoiled(client) {
                @Override
                UpdateItemRequest update(UpdateItemRequest request) {
                    return request.toBuilder()
                            .conditionExpression(always(request.conditionExpression()))
                            .build();
                }

                @Override
                PutItemRequest put(PutItemRequest request) {
                    return request.toBuilder()
                            .conditionExpression(always(request.conditionExpression()))
                            .build();
                }
            };
        }
    },

    /** Takes its own earlier attempt for another writer's change, and repeats the change. */
    FORGETS_ITS_OWN_WRITES {
        @Override
        Plan plan(Plan plan) {
            return plan.withFaults(Fault.dropResponse());
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            Set<SdkBytes> own = ConcurrentHashMap.newKeySet();
            return new Spoiled(client) {
                @Override
                UpdateItemRequest update(UpdateItemRequest request) {
                    request.expressionAttributeValues().values().forEach(value -> own.addAll(value.bs()));
                    return request;
                }

                @Override
                PutItemRequest put(PutItemRequest request) {
                    own.addAll(request.item().get(ItemFormat.RING).bs());
                    return request;
                }

                @Override
                Map<String, AttributeValue> seen(Map<String, AttributeValue> item) {
                    return with(
                            item,
                            ItemFormat.RING,
                            ring -> AttributeValue.fromBs(ring.bs().stream()
                                    .filter(id -> !own.contains(id))
                                    .toList()));
                }
            };
        }
    },

    /** Takes a write that is no longer in the ring for one that was never applied. */
    TRUSTS_A_RING_THAT_OVERFLOWED {
        @Override
        Plan plan(Plan plan) {
            // Another writer must write between two attempts.
            return plan.withRingOf(1)
                    .withTimes(Duration.ofMillis(1_600), Duration.ofMillis(150))
                    .withFaults(Fault.dropResponse());
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            return new Spoiled(client) {
                @Override
                Map<String, AttributeValue> seen(Map<String, AttributeValue> item) {
                    return with(item, ItemFormat.FORGOTTEN, time -> AttributeValue.fromN("0"));
                }
            };
        }
    },

    /** Returns the item of an earlier read. */
    READS_LATE {
        @Override
        Plan plan(Plan plan) {
            return plan.withFaults(Fault.none());
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            AtomicReference<GetItemResponse> before = new AtomicReference<>();
            return new Spoiled(client) {
                @Override
                GetItemResponse got(GetItemResponse response) {
                    GetItemResponse old = before.getAndSet(response);
                    return old == null ? response : old;
                }
            };
        }
    },

    /** Clears by deleting the item, and with it the memory of the writes. */
    CLEARS_BY_DELETION {
        @Override
        Plan plan(Plan plan) {
            return plan.withFaults(
                    Fault.dropResponse(),
                    Fault.deliverLate(Duration.ofMillis(20)),
                    Fault.deliverLate(Duration.ofMillis(80)));
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            return new Spoiled(client) {
                @Override
                public CompletableFuture<PutItemResponse> putItem(PutItemRequest request) {
                    if (!request.item().get(ItemFormat.CART_ITEMS).l().isEmpty()) {
                        return super.putItem(request);
                    }
                    return real.deleteItem(delete -> delete.tableName(request.tableName())
                                    .key(Map.of(
                                            ItemFormat.USER_ID, request.item().get(ItemFormat.USER_ID)))
                                    .overrideConfiguration(
                                            request.overrideConfiguration().orElseThrow()))
                            .thenApply(deleted -> PutItemResponse.builder().build());
                }
            };
        }
    },

    /** Takes a lost response for a request that was never applied. */
    TAKES_LOST_FOR_UNSENT {
        @Override
        Plan plan(Plan plan) {
            // The last attempt before the deadline must be the one that takes effect.
            return plan.withTimes(Duration.ofMillis(300), Duration.ofMillis(100))
                    .withFaults(Fault.dropResponse(), Fault.hangAfterEffect());
        }

        @Override
        public DynamoDbAsyncClient apply(DynamoDbAsyncClient client) {
            return new Spoiled(client) {
                @Override
                Throwable failed(Throwable failure) {
                    AwsErrorDetails details = AwsErrorDetails.builder()
                            .errorCode("ThrottlingException")
                            .build();
                    return failure instanceof SdkClientException
                            ? ThrottlingException.builder()
                                    .statusCode(400)
                                    .awsErrorDetails(details)
                                    .build()
                            : failure;
                }
            };
        }
    };

    /** Returns a plan on which this bug shows quickly. */
    Plan plan(Plan plan) {
        return plan;
    }

    /** A client that passes everything on. Each bug alters some of it. */
    private static class Spoiled implements DynamoDbAsyncClient {
        final DynamoDbAsyncClient real;

        Spoiled(DynamoDbAsyncClient real) {
            this.real = real;
        }

        UpdateItemRequest update(UpdateItemRequest request) {
            return request;
        }

        PutItemRequest put(PutItemRequest request) {
            return request;
        }

        GetItemResponse got(GetItemResponse response) {
            return response;
        }

        Map<String, AttributeValue> seen(Map<String, AttributeValue> item) {
            return item;
        }

        Throwable failed(Throwable failure) {
            return failure;
        }

        @Override
        public CompletableFuture<GetItemResponse> getItem(GetItemRequest request) {
            return spoil(real.getItem(request)
                    .thenApply(response -> got(
                            response.hasItem()
                                    ? response.toBuilder()
                                            .item(seen(response.item()))
                                            .build()
                                    : response)));
        }

        @Override
        public CompletableFuture<UpdateItemResponse> updateItem(UpdateItemRequest request) {
            return spoil(real.updateItem(update(request)));
        }

        @Override
        public CompletableFuture<PutItemResponse> putItem(PutItemRequest request) {
            return spoil(real.putItem(put(request)));
        }

        @Override
        public CompletableFuture<DeleteItemResponse> deleteItem(DeleteItemRequest request) {
            return spoil(real.deleteItem(request));
        }

        @Override
        public CompletableFuture<TransactGetItemsResponse> transactGetItems(TransactGetItemsRequest request) {
            return real.transactGetItems(request);
        }

        @Override
        public CompletableFuture<TransactWriteItemsResponse> transactWriteItems(TransactWriteItemsRequest request) {
            return real.transactWriteItems(request);
        }

        private <T> CompletableFuture<T> spoil(CompletableFuture<T> answer) {
            return answer.exceptionally(thrown -> {
                Throwable failure = thrown instanceof CompletionException ? thrown.getCause() : thrown;
                if (failure instanceof ConditionalCheckFailedException refused && refused.hasItem()) {
                    failure = refused.toBuilder().item(seen(refused.item())).build();
                }
                throw new CompletionException(failed(failure));
            });
        }

        @Override
        public DynamoDbServiceClientConfiguration serviceClientConfiguration() {
            return real.serviceClientConfiguration();
        }

        @Override
        public String serviceName() {
            return real.serviceName();
        }

        @Override
        public void close() {
            real.close();
        }
    }

    /** Returns a condition that always holds, yet uses all names and values, as DynamoDB demands. */
    private static String always(String condition) {
        return "(" + condition + ") OR attribute_exists(userId) OR attribute_not_exists(userId)";
    }

    private static Map<String, AttributeValue> with(
            Map<String, AttributeValue> item, String name, UnaryOperator<AttributeValue> change) {
        Map<String, AttributeValue> changed = new HashMap<>(item);
        changed.computeIfPresent(name, (same, value) -> change.apply(value));
        return changed;
    }
}
