package com.example.shop;

import com.cloudshelf.cart.Cart;
import com.cloudshelf.cart.CartConflictException;
import com.cloudshelf.cart.CartOutcomeUnknownException;
import com.cloudshelf.cart.CartRejectedException;
import com.cloudshelf.cart.CartStoreException;
import com.cloudshelf.cart.CartThrottledException;
import com.cloudshelf.cart.CartUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** The HTTP status for each failure of a store. */
@RestControllerAdvice(assignableTypes = CartController.class)
class CartFailures {
    private static final Logger LOG = LoggerFactory.getLogger(CartFailures.class);

    /** The cart does not match If-Match: the body is the current cart. Or others kept changing it: repeat the request. */
    @ExceptionHandler
    ResponseEntity<?> conflict(CartConflictException failure) {
        if (failure.isRetryable()) {
            return problem(HttpStatus.CONFLICT, "CONFLICT");
        }
        Cart current = failure.current();
        return ResponseEntity.status(HttpStatus.PRECONDITION_FAILED)
                .eTag(current.version().toString())
                .body(current);
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> rejected(CartRejectedException failure) {
        boolean unknown = failure.reason() == CartRejectedException.Reason.UNKNOWN_BOOK;
        return problem(unknown ? HttpStatus.NOT_FOUND : HttpStatus.UNPROCESSABLE_ENTITY, failure.reason().name());
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> throttled(CartThrottledException failure) {
        return problem(HttpStatus.TOO_MANY_REQUESTS, "THROTTLED");
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> unavailable(CartUnavailableException failure) {
        return problem(HttpStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE");
    }

    /** The change may have been applied: the client repeats the request with the same key. */
    @ExceptionHandler
    ResponseEntity<ProblemDetail> unknown(CartOutcomeUnknownException failure) {
        return problem(HttpStatus.SERVICE_UNAVAILABLE, "OUTCOME_UNKNOWN");
    }

    /** A missing table or permission, or an unreadable item: someone must look at the log. */
    @ExceptionHandler
    ResponseEntity<ProblemDetail> broken(CartStoreException failure) {
        LOG.error("The cart cannot be served", failure);
        return problem(HttpStatus.INTERNAL_SERVER_ERROR, "INTERNAL");
    }

    /** An invalid value in a path or a header. In a body, it is Jackson's exception, which is already status 400. */
    @ExceptionHandler
    ResponseEntity<ProblemDetail> badArgument(IllegalArgumentException failure) {
        return problem(HttpStatus.BAD_REQUEST, "BAD_REQUEST");
    }

    private static ResponseEntity<ProblemDetail> problem(HttpStatus status, String code) {
        ProblemDetail body = ProblemDetail.forStatus(status);
        body.setProperty("code", code);
        ResponseEntity.BodyBuilder response = ResponseEntity.status(status);
        if (status == HttpStatus.TOO_MANY_REQUESTS || status == HttpStatus.SERVICE_UNAVAILABLE) {
            response.header(HttpHeaders.RETRY_AFTER, "1");
        }
        return response.body(body);
    }
}
