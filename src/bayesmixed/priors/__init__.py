"""Prior distributions: defaults in the units of the data, and the choices that replace them."""
