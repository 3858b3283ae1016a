"""Response distributions: the normal, with identity link."""
