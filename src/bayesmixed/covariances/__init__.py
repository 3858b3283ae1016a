"""The covariance of the effects of a bar: one file a structure, and their names in a formula."""
