package com.cloudshelf.cart;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonCreator;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Keeps Jackson from calling the constructor of a record if its mapper does not have the module. It would take a missing
 * quantity for 0, cut off a fraction, and accept strings as numbers.
 *
 * <p>This annotation has no elements, for the reason that {@link JsonFieldsHidden} gives.
 */
@JacksonAnnotationsInside
@JsonCreator(mode = JsonCreator.Mode.DISABLED)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.CONSTRUCTOR)
@interface JsonReadByModule {}
