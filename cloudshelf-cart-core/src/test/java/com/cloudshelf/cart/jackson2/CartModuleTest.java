package com.cloudshelf.cart.jackson2;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.JacksonModuleContract;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectMapper.DefaultTyping;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator;
import java.math.BigDecimal;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** The module for Jackson 2, as a mapper finds it. */
class CartModuleTest extends JacksonModuleContract {
    private final ObjectMapper mapper = JsonMapper.builder().findAndAddModules().build();
    private final ObjectMapper bare = new ObjectMapper();
    private final ObjectMapper overwriting = JsonMapper.builder()
            .visibility(PropertyAccessor.ALL, Visibility.ANY)
            .build();
    private final ObjectMapper typed = JsonMapper.builder()
            .findAndAddModules()
            .activateDefaultTyping(
                    BasicPolymorphicTypeValidator.builder()
                            .allowIfSubType(CartItem.class.getPackageName())
                            .build(),
                    DefaultTyping.NON_FINAL,
                    JsonTypeInfo.As.PROPERTY)
            .build();

    private interface Work<T> {
        T get() throws JsonProcessingException;
    }

    @SuppressWarnings("unchecked") // to rethrow the exception unchanged
    private static <T, E extends Exception> T uncheck(Work<T> work) throws E {
        try {
            return work.get();
        } catch (JsonProcessingException e) {
            throw (E) e;
        }
    }

    private static <T> T get(Work<T> work) {
        return CartModuleTest.<T, RuntimeException>uncheck(work);
    }

    @Override
    protected String write(Object value) {
        return get(() -> mapper.writeValueAsString(value));
    }

    @Override
    protected String writeWithoutModule(Object value) {
        return get(() -> bare.writeValueAsString(value));
    }

    @Override
    protected String writeThroughNodes(Object value) {
        return get(() -> mapper.writeValueAsString(mapper.valueToTree(value)));
    }

    @Override
    protected <T> T read(String json, Class<T> type) {
        return get(() -> mapper.readValue(json, type));
    }

    @Override
    protected <T> T readWithoutModule(String json, Class<T> type) {
        return get(() -> bare.readValue(json, type));
    }

    @Override
    protected <T> T readThroughNodes(String json, Class<T> type) {
        return get(() -> mapper.treeToValue(mapper.readTree(json), type));
    }

    @Override
    protected void overwriteWithoutModule(Object value, String json) {
        get(() -> overwriting.readerForUpdating(value).readValue(json));
    }

    @Override
    protected Object throughTypedJson(Object value) {
        return get(() -> typed.readValue(typed.writerFor(Object.class).writeValueAsString(value), Object.class));
    }

    @Override
    protected Class<? extends Exception> badRequest() {
        return JsonProcessingException.class;
    }

    @Test
    void module_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(Module.class)).hasAtLeastOneElementOfType(CartModule.class);
    }

    @Test
    void read_badLineInABody_hasThePathOfJackson() {
        String json = "{\"item\":{\"bookId\":\"b\",\"price\":-1,\"quantity\":1}}";
        try {
            mapper.readValue(json, Body.class);
        } catch (JsonMappingException e) {
            assertThat(e.getPathReference()).endsWith("Body[\"item\"]");
            return;
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("a negative price was read");
    }

    @Test
    void read_listAfterALine_continuesAfterIt() throws JsonProcessingException {
        String json = "[{\"bookId\":\"a\",\"price\":1,\"quantity\":1},{\"bookId\":\"b\",\"price\":1,\"quantity\":1}]";
        assertThat(List.of(mapper.readValue(json, CartItem[].class)))
                .containsExactly(
                        CartItem.of("a", null, null, BigDecimal.ONE, 1),
                        CartItem.of("b", null, null, BigDecimal.ONE, 1));
    }
}
