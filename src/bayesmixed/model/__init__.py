"""The statement of a model: its priors, from defaults and choices, and its PyMC graph."""
