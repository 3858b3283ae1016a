"""Prior distributions: what they are called, their densities, and draws from them."""
