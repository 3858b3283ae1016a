"""The joint engine: NUTS over everything at once, for responses under which nothing can be integrated out."""
