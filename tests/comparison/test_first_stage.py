"""Predictions by regressions with own coefficients, against one dense regression of smallest norm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.comparison.group_columns import coefficient_columns, first_stage
from bayesmixed.design.records import Design
from bayesmixed.pooled.errors import design_of_rows


def trial(seed: int) -> pd.DataFrame:
    """Twelve groups of two to nine rows in two arms, with a rare site and a predictor of groups."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 10, 12)
    g = np.repeat(np.arange(12), sizes)
    frame = pd.DataFrame({"g": [f"g{i}" for i in g], "x": rng.integers(0, 4, len(g)).astype(float)})
    frame["arm"] = np.where(g % 2, "b", "a")
    frame["w"] = rng.normal(size=12)[g]
    frame["site"] = np.where(np.arange(len(g)) < 3, "rare", np.where(rng.random(len(g)) < 0.5, "s", "t"))
    frame["y"] = rng.normal(size=12)[g] + frame["x"] + rng.normal(size=len(g))
    return frame


def big_matrix(design: Design, own: tuple[str, ...]) -> np.ndarray:
    """A column for every own coefficient of every group, then the fixed ones that are not own."""
    block, columns = design.blocks[0], coefficient_columns(design, design.blocks[0])
    marks = np.eye(block.n_levels)[block.codes]
    return np.hstack(
        [
            marks * column[:, None] if name in own else column[:, None]
            for name, column in zip(columns.names, columns.matrix.T, strict=True)
            if name in own or name in design.fixed.terms
        ]
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("own", [(), ("Intercept",), ("x",), ("Intercept", "x"), "within"])
@pytest.mark.parametrize(
    "fixed", ["x * arm", "x + w + site", "x * w + arm:x", "0 + arm + x:arm", "x + I(x + w)"], ids=str
)
def test_rows_are_told_where_they_are_combinations_of_the_others(
    fixed: str, own: tuple[str, ...] | str, seed: int
) -> None:
    frame = trial(seed)
    design = bm.specify(f"y ~ {fixed} + (x | g)", frame).design
    columns = coefficient_columns(design, design.blocks[0])
    chosen = columns.within if own == "within" else tuple(own)
    train = np.random.default_rng(seed).random(len(frame)) < 0.6
    part, (places,) = design_of_rows(design, np.flatnonzero(train))
    dense = big_matrix(design, chosen)
    solution = np.linalg.pinv(dense[train], rcond=1e-9) @ design.response.values[train]
    known = dense @ np.linalg.pinv(dense[train], rcond=1e-9) @ dense[train]
    expected = np.where(np.all(np.abs(known - dense) < 1e-7, axis=1), dense @ solution, np.nan)
    codes = places[design.blocks[0].codes]
    found = first_stage(part, part.blocks[0], chosen).predict(columns.matrix, codes)
    expected[(codes < 0) & bool(chosen)] = np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
    assert np.isfinite(found[train]).all()


def test_groups_that_took_no_part_are_told_by_complete_pooling_alone() -> None:
    design = bm.specify("y ~ x + (x | g)", trial(0)).design
    block, columns = design.blocks[0], coefficient_columns(design, design.blocks[0])
    gone = np.full(design.n_rows, -1)
    assert np.isfinite(first_stage(design, block, ()).predict(columns.matrix, gone)).all()
    assert np.isnan(first_stage(design, block, ("Intercept",)).predict(columns.matrix, gone)).all()
