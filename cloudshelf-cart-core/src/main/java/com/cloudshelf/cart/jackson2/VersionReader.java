package com.cloudshelf.cart.jackson2;

import com.cloudshelf.cart.CartVersion;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.IOException;

/** Reads a version, which is a string. */
final class VersionReader extends JsonDeserializer<CartVersion> {
    @Override
    public CartVersion deserialize(JsonParser in, DeserializationContext context) throws IOException {
        if (!in.hasToken(JsonToken.VALUE_STRING)) {
            throw MismatchedInputException.from(in, CartVersion.class, "a CartVersion must be a string");
        }
        try {
            return CartVersion.parse(in.getText());
        } catch (IllegalArgumentException e) {
            throw TreeReader.refusal(in, CartVersion.class, e);
        }
    }
}
