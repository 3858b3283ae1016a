"""Data that the tests of checks share."""

from __future__ import annotations

import numpy as np


def grouped(n_levels: int, rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Values with a group mean, the level of every row, and labels."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_levels), rows)
    values = rng.normal(size=n_levels)[codes] + rng.normal(size=n_levels * rows)
    return values, codes, [f"level {j}" for j in range(n_levels)]
