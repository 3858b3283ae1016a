"""The shrinkage explorer: one page with a slider from complete to no pooling."""
