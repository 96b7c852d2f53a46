package com.cloudshelf.cart.jackson3;

import static org.assertj.core.api.Assertions.assertThat;

import com.cloudshelf.cart.CartItem;
import com.cloudshelf.cart.JacksonModuleContract;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.math.BigDecimal;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DefaultTyping;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator;

/** The module for Jackson 3, as a mapper finds it. */
class CartModuleTest extends JacksonModuleContract {
    private final JsonMapper mapper = JsonMapper.builder().findAndAddModules().build();
    private final JsonMapper bare = new JsonMapper();
    private final JsonMapper overwriting = JsonMapper.builder()
            .enable(MapperFeature.ALLOW_FINAL_FIELDS_AS_MUTATORS)
            .changeDefaultVisibility(checker -> checker.with(Visibility.ANY))
            .build();
    private final JsonMapper typed = JsonMapper.builder()
            .findAndAddModules()
            .activateDefaultTyping(
                    BasicPolymorphicTypeValidator.builder()
                            .allowIfSubType(CartItem.class.getPackageName())
                            .build(),
                    DefaultTyping.NON_FINAL,
                    JsonTypeInfo.As.PROPERTY)
            .build();

    @Override
    protected String write(Object value) {
        return mapper.writeValueAsString(value);
    }

    @Override
    protected String writeWithoutModule(Object value) {
        return bare.writeValueAsString(value);
    }

    @Override
    protected String writeThroughNodes(Object value) {
        return mapper.writeValueAsString(mapper.valueToTree(value));
    }

    @Override
    protected <T> T read(String json, Class<T> type) {
        return mapper.readValue(json, type);
    }

    @Override
    protected <T> T readWithoutModule(String json, Class<T> type) {
        return bare.readValue(json, type);
    }

    @Override
    protected <T> T readThroughNodes(String json, Class<T> type) {
        return mapper.treeToValue(mapper.readTree(json), type);
    }

    @Override
    protected void overwriteWithoutModule(Object value, String json) {
        overwriting.readerForUpdating(value).readValue(json);
    }

    @Override
    protected Object throughTypedJson(Object value) {
        String json = typed.writerFor(Object.class).writeValueAsString(value);
        return typed.readValue(json, Object.class);
    }

    @Override
    protected Class<? extends Exception> badRequest() {
        return JacksonException.class;
    }

    @Test
    void module_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(JacksonModule.class)).hasAtLeastOneElementOfType(CartModule.class);
    }

    @Test
    void read_listAfterALine_continuesAfterIt() {
        String json = "[{\"bookId\":\"a\",\"price\":1,\"quantity\":1},{\"bookId\":\"b\",\"price\":1,\"quantity\":1}]";
        assertThat(List.of(mapper.readValue(json, CartItem[].class)))
                .containsExactly(
                        CartItem.of("a", null, null, BigDecimal.ONE, 1),
                        CartItem.of("b", null, null, BigDecimal.ONE, 1));
    }
}
