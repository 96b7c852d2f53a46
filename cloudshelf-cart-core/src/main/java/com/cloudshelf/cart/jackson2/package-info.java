/** JSON with Jackson 2: {@link com.cloudshelf.cart.jackson2.CartModule}. */
@NullMarked
package com.cloudshelf.cart.jackson2;

import org.jspecify.annotations.NullMarked;
