"""Fitted values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.verbs import fitted
from bayesmixed.verbs.drawn import posterior_mean_fitted


@pytest.mark.parametrize("model", ["sleepstudy_correlated", "gpa_intercept", "dragons_range"])
@pytest.mark.parametrize(("effects", "key"), [("all", "fitted10"), ("fixed", "population10")])
def test_lme4(
    at_lme4: Callable[[str], Any], lme4: dict[str, Any], model: str, effects: Any, key: str
) -> None:
    fit = at_lme4(model)
    table = fitted(fit, effects=effects)
    np.testing.assert_allclose(table["value"].iloc[:10], lme4[model][key], rtol=1e-9)


def test_values_draw_by_draw(toy: Any) -> None:
    posterior, design = toy.draws["posterior"], toy.spec.design
    table = fitted(toy)
    row = 17
    draws = design.offset[row] + sum(
        design.fixed.matrix[row, t] * posterior["beta"].to_numpy()[..., t] for t in range(2)
    )
    for block in design.blocks:
        effects = posterior[f"ranef_{block.group}"].to_numpy()[:, :, block.codes[row]]
        draws = draws + effects @ block.columns[row]
    assert table["value"].iloc[row] == pytest.approx(np.median(draws))
    assert table["se"].iloc[row] == pytest.approx(draws.std(ddof=1))
    assert table["upper_97.5"].iloc[row] == pytest.approx(np.quantile(draws, 0.975))


def test_carries_the_index_of_the_data(toy: Any) -> None:
    table = fitted(toy, prob=0.9)
    assert list(table.columns) == ["value", "se", "lower_5", "upper_95"]
    pd.testing.assert_index_equal(table.index, toy.spec.design.frame.index)


def test_blocks_of_rows_equal_the_whole(toy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted(toy)
    monkeypatch.setattr("bayesmixed.verbs.summaries.BLOCK_BYTES", 8 * 100 * 7)
    pd.testing.assert_frame_equal(fitted(toy), whole)


def test_posterior_mean(toy: Any) -> None:
    mean = posterior_mean_fitted(toy.draws, toy.spec)
    posterior = toy.draws["posterior"].to_dataset().mean(["chain", "draw"])
    design = toy.spec.design
    expected = design.offset + design.fixed.matrix @ posterior["beta"].to_numpy()
    for block in design.blocks:
        effects = posterior[f"ranef_{block.group}"].to_numpy()
        expected = expected + (block.columns * effects[block.codes]).sum(axis=1)
    np.testing.assert_allclose(mean, expected)


def test_unknown_effects(toy: Any) -> None:
    with pytest.raises(BayesmixedError, match="'all', 'fixed'"):
        fitted(toy, effects="none")  # type: ignore[arg-type]
