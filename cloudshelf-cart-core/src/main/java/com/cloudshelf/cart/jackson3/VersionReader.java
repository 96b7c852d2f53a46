package com.cloudshelf.cart.jackson3;

import com.cloudshelf.cart.CartVersion;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.exc.MismatchedInputException;

/** Reads a version, which is a string. */
final class VersionReader extends ValueDeserializer<CartVersion> {
    @Override
    public CartVersion deserialize(JsonParser in, DeserializationContext context) {
        if (!in.hasToken(JsonToken.VALUE_STRING)) {
            throw MismatchedInputException.from(in, CartVersion.class, "a CartVersion must be a string");
        }
        try {
            return CartVersion.parse(in.getString());
        } catch (IllegalArgumentException e) {
            throw TreeReader.refusal(in, CartVersion.class, e);
        }
    }
}
