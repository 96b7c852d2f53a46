package com.cloudshelf.cart;

import static com.cloudshelf.cart.TestTable.USER;
import static com.cloudshelf.cart.TestTable.book;
import static com.cloudshelf.cart.TestTable.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.testkit.Fault;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.metrics.LoggingMetricPublisher;
import software.amazon.awssdk.metrics.MetricCollection;
import software.amazon.awssdk.metrics.MetricPublisher;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The metrics that a publisher receives for each call. */
class MetricsTest {
    private final TestTable table = new TestTable();
    private final List<MetricCollection> published = new CopyOnWriteArrayList<>();
    private final MetricPublisher publisher = new MetricPublisher() {
        @Override
        public void publish(MetricCollection metrics) {
            published.add(metrics);
        }

        @Override
        public void close() {}
    };
    private final DynamoDbCartStore carts = table.store(settings -> settings.metricPublisher(publisher));

    @AfterEach
    void close() {
        table.close();
    }

    private Map<String, Object> last() {
        MetricCollection collection = published.get(published.size() - 1);
        return StreamSupport.stream(collection.spliterator(), false)
                .collect(Collectors.toMap(record -> record.metric().name(), record -> record.value()));
    }

    @Test
    void get_anyCart_reportsOperationRequestsAndDuration() {
        carts.get(USER).join();
        assertThat(last())
                .containsEntry("ServiceId", "CloudShelfCart")
                .containsEntry("OperationName", "Get")
                .containsEntry("ApiCallSuccessful", true)
                .containsEntry("CartRequests", 1)
                .containsKey("ApiCallDuration");
    }

    @Test
    void apply_conflictThrottleAndLostResponse_areCounted() {
        Cart stale = carts.addItem(USER, book("book1", "1", 1)).join();
        carts.setQuantity(USER, "book1", 2).join();
        carts.apply(CartUpdate.of(USER).setQuantity("book1", 3).basedOn(stale)).join();
        assertThat(last()).containsEntry("CartConflicts", 1).containsEntry("CartRequests", 2);
        table.faults.next(Fault.throttle()).next(Fault.dropResponse().on("UpdateItem"));
        carts.addItem(USER, book("book2", "1", 1)).join();
        assertThat(last())
                .containsEntry("OperationName", "Apply")
                .containsEntry("CartThrottles", 1)
                .containsEntry("CartRecoveredWrites", 1)
                .containsEntry("CartUnknownOutcomes", 0);
    }

    @Test
    void apply_unknownOutcome_isCounted() {
        table.faults.next(Fault.dropResponse()).always(Fault.dropRequest());
        DynamoDbCartStore hasty =
                table.store(TestTable.endingAfterPauses(2).andThen(settings -> settings.metricPublisher(publisher)));
        failureOf(hasty.addItem(USER, book("book1", "1", 1)));
        assertThat(last()).containsEntry("ApiCallSuccessful", false).containsEntry("CartUnknownOutcomes", 1);
    }

    @Test
    void get_driftedCart_isCounted() {
        carts.addItem(USER, book("book1", "1", 1)).join();
        table.set(USER, "SET totalItems = :wrong", Map.of(":wrong", AttributeValue.fromN("99")));
        carts.get(USER).join();
        assertThat(last()).containsEntry("CartDrifts", 1);
    }

    @Test
    void get_cartThatAnotherProgramChangedCorrectly_isNoDrift() {
        carts.addItem(USER, book("book1", "1", 1)).join();
        table.appendBlindly(USER, "book2", "3", 2).join();
        assertThat(carts.get(USER).join().totalItems()).isEqualTo(3);
        assertThat(last()).containsEntry("CartDrifts", 0).containsEntry("CartStaleIndexes", 1);
        table.appendBlindly(USER, "book2", "3", 1).join();
        carts.get(USER).join();
        assertThat(last()).containsEntry("CartDrifts", 1);
    }

    @Test
    void metricPublisher_ofTheSdk_works() {
        try (MetricPublisher logging = LoggingMetricPublisher.create();
                DynamoDbCartStore store = table.store(settings -> settings.metricPublisher(logging))) {
            assertThat(store.addItem(USER, book("book1", "1", 1)).join().totalItems())
                    .isEqualTo(1);
        }
    }
}
