package com.cloudshelf.cart;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Hides the fields of a value from Jackson, whose mappers can otherwise be set up to overwrite even final ones of a
 * value that exists ({@code readerForUpdating}, {@code @JsonMerge}), past every check.
 *
 * <p>This annotation has no elements. Those of Jackson's own annotation would cause warnings in the builds of users
 * that do not have Jackson.
 */
@JacksonAnnotationsInside
@JsonAutoDetect(fieldVisibility = Visibility.NONE)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface JsonFieldsHidden {}
