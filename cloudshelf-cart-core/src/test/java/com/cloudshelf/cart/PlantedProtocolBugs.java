package com.cloudshelf.cart;

import static com.cloudshelf.cart.Scopes.Operation.ADD_NEW;
import static com.cloudshelf.cart.Scopes.Operation.ADD_THERE;
import static com.cloudshelf.cart.Scopes.Operation.CLEAR;
import static com.cloudshelf.cart.Scopes.Operation.CLEAR_KNOWN;
import static com.cloudshelf.cart.Scopes.Operation.REMOVE;
import static com.cloudshelf.cart.Scopes.Operation.SET;
import static com.cloudshelf.cart.Scopes.Operation.SUBTRACT;

import com.cloudshelf.cart.Scopes.Operation;
import com.cloudshelf.cart.Scopes.Start;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * Bugs that the protocol or its conditions could have, planted around the real ones, each with a small scope that shows
 * it. An explorer that finds none of them would prove nothing.
 */
enum PlantedProtocolBugs {
    /** A lost attempt is forgotten: its ID is neither looked for nor reused. */
    FORGETS_LOST_ATTEMPTS(Start.YOUNG, ADD_NEW, REMOVE, 1) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            return protocol.next(keep(e, attempt -> attempt.fate() != Attempt.Fate.LOST), event, moment);
        }
    },

    /** What DynamoDB could not carry out is forgotten, although a copy of it may arrive when it can. */
    FORGETS_FAILED_ATTEMPTS(Start.RING_IN_A_STRING, ADD_NEW, SET, 1) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            return protocol.next(keep(e, attempt -> attempt.fate() != Attempt.Fate.NOT_APPLIED), event, moment);
        }
    },

    /** Each attempt of an add gets an ID of its own. */
    DRAWS_AN_ID_FOR_EVERY_ATTEMPT(Start.YOUNG, ADD_NEW, CLEAR, 1) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            if (event.kind() != Event.Kind.RESUMED) {
                return protocol.next(e, event, moment);
            }
            Decision<Evidence, Cart> decision = protocol.next(e.with(List.of()), event, moment);
            Attempt sent = decision.evidence().inFlight();
            Evidence all = sent == null ? e : e.sends(sent);
            Request request = decision.request();
            return request == null ? decision : Decision.send(all, request);
        }
    },

    /** A call that writes nothing trusts the caller's snapshot. */
    BELIEVES_A_SNAPSHOT(Start.YOUNG, CLEAR, SET, 0) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            Decision<Evidence, Cart> decision = protocol.next(e, event, moment);
            return strong(protocol, decision, event, moment);
        }

        private Decision<Evidence, Cart> strong(
                UpdateProtocol protocol, Decision<Evidence, Cart> decision, Event event, Moment moment) {
            Attempt sent = decision.evidence().inFlight();
            StoredCart before = sent == null ? null : sent.write().before();
            Cart after = before == null || event.kind() != Event.Kind.START ? null : before.cart();
            return after == null ? decision : Decision.succeed(decision.evidence(), after, before);
        }
    },

    /** A call ends without writing although an attempt may still take effect. */
    SKIPS_THE_FENCE(Start.YOUNG, ADD_THERE, REMOVE, 2) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            Decision<Evidence, Cart> decision = protocol.next(e, event, moment);
            Attempt sent = decision.evidence().inFlight();
            return sent != null && sent.purpose() == Attempt.Purpose.FENCE
                    ? protocol.next(decision.evidence().with(List.of()), Event.resumed(), moment)
                    : decision;
        }
    },

    /** A request whose response was lost counts as one that had no effect. */
    TAKES_LOST_FOR_NOT_APPLIED(Start.NONE, ADD_NEW, REMOVE, 2) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            boolean lost = event.kind() == Event.Kind.FAILED && event.cause().kind() == Failure.Kind.AMBIGUOUS;
            return protocol.next(e, lost ? Event.failed(Failure.of(Failures.throttled())) : event, moment);
        }
    },

    /** A request whose response was lost counts as one that was applied. */
    TAKES_LOST_FOR_APPLIED(Start.YOUNG, SET, REMOVE, 1) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            Attempt sent = e.inFlight();
            StoredCart after = sent == null ? null : sent.write().after();
            return event.kind() == Event.Kind.FAILED && after != null
                    ? Decision.succeed(e, after.cart(), after)
                    : protocol.next(e, event, moment);
        }
    },

    /** A refusal counts as final even if another copy of the request is in flight. */
    IGNORES_STRAY_COPIES(Start.YOUNG, CLEAR_KNOWN, ADD_NEW, 2) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            return protocol.next(
                    e, event.kind() == Event.Kind.REFUSED ? Event.refused(event.cause(), false) : event, moment);
        }
    },

    /** A call that ran out of time reports no effect even if a request is in flight. */
    STOPS_WITHOUT_DOUBT(Start.YOUNG, ADD_NEW, REMOVE, 1) {
        @Override
        Decision<Evidence, Cart> stop(UpdateProtocol protocol, Evidence e, Stop stop) {
            return protocol.stop(e, Stop.because(stop.reason(), false));
        }
    },

    /** A refusal counts as another writer's conflict, even if the item holds the call's own ID. */
    TAKES_ITS_OWN_WRITE_FOR_ANOTHERS(Start.YOUNG, SUBTRACT, REMOVE, 1) {
        @Override
        Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
            return event.kind() == Event.Kind.REFUSED
                    ? Decision.send(Evidence.NONE.refusedUnseen(), Request.get(protocol.userId(), true))
                    : protocol.next(e, event, moment);
        }
    },

    /** An add does not check whether its ID is in the ring already. */
    ADDS_WITHOUT_REGARD_TO_THE_RING(Start.YOUNG, ADD_NEW, CLEAR, 1) {
        @Override
        String condition(Clauses clauses) {
            return clauses.without("NOT contains\\(%s,:\\w+\\)", ItemFormat.RING);
        }
    },

    /** An add does not check whether the item may have forgotten its ID. */
    ADDS_WITHOUT_REGARD_TO_WHAT_IS_FORGOTTEN(Start.CLOCK_AHEAD, ADD_NEW, CLEAR, 1) {
        @Override
        String condition(Clauses clauses) {
            return clauses.without("%s<:\\w+", ItemFormat.FORGOTTEN);
        }
    },

    /** An add does not check whether the book is in the cart. */
    ADDS_A_SECOND_LINE(Start.YOUNG, ADD_THERE, REMOVE, 0) {
        @Override
        String condition(Clauses clauses) {
            return clauses.without("NOT contains\\(%s,:\\w+\\)", ItemFormat.BOOK_HASHES);
        }
    },

    /** A write checks neither the version nor anything else that would reveal another write. */
    WRITES_TO_ANY_VERSION(Start.YOUNG, SUBTRACT, ADD_NEW, 0) {
        @Override
        String condition(Clauses clauses) {
            String condition = clauses.without(
                    "%s=:\\w+",
                    ItemFormat.VERSION, ItemFormat.TOTAL_ITEMS, ItemFormat.TOTAL_PRICE, ItemFormat.LAST_UPDATED);
            return new Clauses(condition, clauses.names).without("size\\(%s\\)=:\\w+", ItemFormat.CART_ITEMS);
        }
    },

    /** A clear deletes the item before it has rested, and with it the memory that refuses late copies. */
    DELETES_A_CART_THAT_HAS_NOT_RESTED(Start.YOUNG, ADD_NEW, CLEAR, 1) {
        @Override
        String condition(Clauses clauses) {
            return clauses.without("%s<:\\w+", ItemFormat.LAST_WRITE);
        }
    },

    /** A write has no condition. */
    WRITES_WITHOUT_A_CONDITION(Start.YOUNG, SET, REMOVE, 0) {
        @Override
        String condition(Clauses clauses) {
            return "(" + clauses.condition + ") OR " + Clauses.TRUE;
        }
    };

    /** The condition of a request, as a list of clauses. */
    static final class Clauses {
        static final String TRUE =
                "attribute_exists(" + ItemFormat.USER_ID + ") OR attribute_not_exists(" + ItemFormat.USER_ID + ")";

        final String condition;
        private final Map<String, String> names;

        Clauses(String condition, Map<String, String> names) {
            this.condition = condition;
            this.names = names;
        }

        /** Returns the condition with these clauses made always true. */
        String without(String clause, String... attributes) {
            String changed = condition;
            for (String attribute : attributes) {
                String written = attribute;
                for (Map.Entry<String, String> name : names.entrySet()) {
                    written = name.getValue().equals(attribute) ? name.getKey() : written;
                }
                Matcher matcher = Pattern.compile("(?<![\\w#])(" + String.format(clause, Pattern.quote(written)) + ")")
                        .matcher(changed);
                changed = matcher.replaceAll(
                        found -> "(" + Matcher.quoteReplacement(found.group(1)) + " OR " + TRUE + ")");
            }
            return changed;
        }
    }

    private final Start start;
    private final List<Operation> operations;
    private final int faults;

    PlantedProtocolBugs(Start start, Operation one, Operation other, int faults) {
        this.start = start;
        this.operations = List.of(one, other);
        this.faults = faults;
    }

    Decision<Evidence, Cart> next(UpdateProtocol protocol, Evidence e, Event event, Moment moment) {
        return protocol.next(e, event, moment);
    }

    Decision<Evidence, Cart> stop(UpdateProtocol protocol, Evidence e, Stop stop) {
        return protocol.stop(e, stop);
    }

    String condition(Clauses clauses) {
        return clauses.condition;
    }

    Explorer.Setting setting() {
        return Scopes.onOneCart(start, operations, faults, Writes.RING).spoiled(this::spoil, this::spoil);
    }

    private static Evidence keep(Evidence e, Predicate<Attempt> which) {
        return e.with(e.attempts().stream().filter(which).toList());
    }

    private Protocol<?, Cart> spoil(Protocol<?, Cart> protocol) {
        return protocol instanceof UpdateProtocol update ? new Spoiled(update) : protocol;
    }

    private DynamoDbRequest spoil(DynamoDbRequest request) {
        if (request instanceof UpdateItemRequest update) {
            return update.toBuilder()
                    .conditionExpression(
                            condition(new Clauses(update.conditionExpression(), update.expressionAttributeNames())))
                    .build();
        }
        if (request instanceof PutItemRequest put) {
            return put.toBuilder()
                    .conditionExpression(
                            condition(new Clauses(put.conditionExpression(), put.expressionAttributeNames())))
                    .build();
        }
        if (request instanceof DeleteItemRequest delete) {
            return delete.toBuilder()
                    .conditionExpression(
                            condition(new Clauses(delete.conditionExpression(), delete.expressionAttributeNames())))
                    .build();
        }
        return request;
    }

    private final class Spoiled implements Protocol<Evidence, Cart> {
        private final UpdateProtocol protocol;

        Spoiled(UpdateProtocol protocol) {
            this.protocol = protocol;
        }

        @Override
        public String operation() {
            return protocol.operation();
        }

        @Override
        public String userId() {
            return protocol.userId();
        }

        @Override
        public Evidence nothingYet() {
            return protocol.nothingYet();
        }

        @Override
        public Decision<Evidence, Cart> next(Evidence evidence, Event event, Moment moment) {
            return PlantedProtocolBugs.this.next(protocol, evidence, event, moment);
        }

        @Override
        public Decision<Evidence, Cart> stop(Evidence evidence, Stop stop) {
            return PlantedProtocolBugs.this.stop(protocol, evidence, stop);
        }
    }
}
