"""Effects in another order give the same cross-products in another order, from rows and from sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.design.reordered import reorder_effects
from bayesmixed.engines.kernel.cross_products import cross_products_of
from bayesmixed.engines.kernel.units import units_of
from bayesmixed.formula import parse_formula
from lazy_rows import SOURCES

FORMULA = parse_formula("y ~ x + (x + year | g) + (z | h)")


@pytest.mark.parametrize(("i", "order"), [(0, [2, 0, 1]), (1, [1, 0])])
def test_sums_follow_the_effects(
    i: int, order: list[int], parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    designs = (
        aggregate_design(FORMULA, SOURCES["polars"](parquet_folder)),
        build_design(FORMULA, rows_in_memory),
    )
    moved = [reorder_effects(design, i, np.array(order)) for design in designs]
    assert moved[0].blocks[i].effects == tuple(designs[0].blocks[i].effects[e] for e in order)
    np.testing.assert_allclose(moved[0].blocks[i].second_moments, moved[1].blocks[i].second_moments)
    ours, theirs = (cross_products_of(design, units_of(design)) for design in moved)
    for key, gram in theirs.gram.items():
        np.testing.assert_allclose(ours.gram[key].toarray(), gram.toarray(), rtol=1e-9, atol=1e-9)
    for mine, product in zip(ours.fixed + ours.response, theirs.fixed + theirs.response, strict=True):
        np.testing.assert_allclose(mine, product, rtol=1e-9, atol=1e-9)
