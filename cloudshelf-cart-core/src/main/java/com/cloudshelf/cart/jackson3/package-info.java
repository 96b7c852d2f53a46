/** JSON with Jackson 3: {@link com.cloudshelf.cart.jackson3.CartModule}. */
@NullMarked
package com.cloudshelf.cart.jackson3;

import org.jspecify.annotations.NullMarked;
