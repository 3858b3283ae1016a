"""The statement of a model, and its PyMC graph."""
