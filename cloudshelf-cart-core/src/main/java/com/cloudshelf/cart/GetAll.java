package com.cloudshelf.cart;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;

/** Reads the carts of up to 100 users, in as many requests as DynamoDB takes to answer for all of them. */
final class GetAll extends Call<Map<String, Cart>> {
    /** DynamoDB's limit for a batch. */
    private static final int MAX_KEYS = 100;

    private final boolean strong;
    private final Map<String, Cart> carts = new HashMap<>();
    private final int asked;
    private final Set<String> missing;

    /** The first id that is unanswered; another thread may close the store. */
    private volatile String firstMissing;

    private GetAll(Engine engine, List<String> userIds, ReadConsistency consistency, Duration timeout) {
        super(engine, userIds.get(0), timeout);
        this.strong = consistency == ReadConsistency.STRONG;
        this.asked = userIds.size();
        this.missing = new LinkedHashSet<>(userIds);
        this.firstMissing = userIds.get(0);
    }

    /** Reads the carts of any number of users, a hundred a call, side by side; the first failure ends them all. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stages let nothing escape
    static CompletableFuture<Map<String, Cart>> start(
            Engine engine, Collection<String> userIds, ReadConsistency consistency, Duration timeout) {
        Set<String> distinct = new LinkedHashSet<>();
        userIds.forEach(userId -> distinct.add(Checks.id("userId", userId)));
        List<String> ids = new ArrayList<>(distinct);
        List<CompletableFuture<Map<String, Cart>>> parts = new ArrayList<>();
        for (int from = 0; from < ids.size(); from += MAX_KEYS) {
            List<String> part = ids.subList(from, Math.min(from + MAX_KEYS, ids.size()));
            parts.add(new GetAll(engine, part, consistency, timeout).start());
        }
        CompletableFuture<Map<String, Cart>> all = new CompletableFuture<>();
        all.whenComplete((carts, failure) -> parts.forEach(part -> part.cancel(true)));
        parts.forEach(part -> part.whenComplete((carts, failure) -> {
            if (failure != null) {
                all.completeExceptionally(failure);
            }
        }));
        CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenRun(() -> {
            Map<String, Cart> found = new HashMap<>();
            parts.forEach(part -> found.putAll(part.join()));
            Map<String, Cart> inOrder = new LinkedHashMap<>();
            ids.forEach(userId -> inOrder.put(userId, found.getOrDefault(userId, Cart.empty(userId))));
            all.complete(Collections.unmodifiableMap(inOrder));
        });
        return all;
    }

    @Override
    String operation() {
        return "GetAll";
    }

    @Override
    void step() {
        List<Map<String, AttributeValue>> keys = new ArrayList<>(missing.size());
        missing.forEach(userId -> keys.add(Map.of(ItemFormat.USER_ID, AttributeValue.fromS(userId))));
        KeysAndAttributes asked =
                KeysAndAttributes.builder().keys(keys).consistentRead(strong).build();
        read(
                (client, configuration) -> client.batchGetItem(request ->
                        request.requestItems(Map.of(engine.table(), asked)).overrideConfiguration(configuration)),
                this::answered);
    }

    private void answered(BatchGetItemResponse response) {
        for (List<Map<String, AttributeValue>> items : response.responses().values()) {
            items.forEach(this::decode);
        }
        Set<String> unprocessed = new LinkedHashSet<>();
        for (KeysAndAttributes keys : response.unprocessedKeys().values()) {
            keys.keys().forEach(key -> unprocessed.add(userId(key)));
        }
        missing.retainAll(unprocessed);
        if (missing.isEmpty()) {
            succeed(carts);
        } else {
            firstMissing = missing.iterator().next();
            pause();
        }
    }

    private void decode(Map<String, AttributeValue> item) {
        StoredCart stored = ItemFormat.decode(userId(item), item, engine.now());
        saw(stored);
        carts.put(stored.userId(), stored.cart());
    }

    private static String userId(Map<String, AttributeValue> key) {
        AttributeValue id = key.get(ItemFormat.USER_ID);
        return id == null || id.s() == null ? "" : id.s();
    }

    @Override
    String missingUserId() {
        return firstMissing;
    }

    @Override
    CartStoreException unanswered() {
        return tally.requests == 0
                ? super.unanswered()
                : new CartThrottledException(
                        firstMissing,
                        missing.size() + " of " + asked + " carts were left unprocessed, userId() is the first of them",
                        null);
    }
}
