"""From a complete model to draws: the collapsed engine, PyMC, NUTS."""
