/** A shop on the module path. */
module com.example.shop {
    requires com.cloudshelf.cart;
    requires tools.jackson.databind;
}
