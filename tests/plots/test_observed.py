"""Observed against fitted values, and which levels are shown."""

from __future__ import annotations

import numpy as np
import pytest

from bayesmixed.plots.levels import spread_levels
from bayesmixed.plots.residuals import observed_against_fitted
from plots.check_frames import grouped


@pytest.mark.parametrize(("n", "panels"), [(3, 20), (20, 20), (21, 20), (300, 5), (4, 1)])
def test_levels_are_distinct_and_sorted(n: int, panels: int) -> None:
    score = np.random.default_rng(n).normal(size=n)
    shown = spread_levels(score, panels)
    assert len(set(shown)) == len(shown) == min(n, panels)
    assert (np.diff(score[shown]) > 0).all()
    assert shown[0] == np.argmin(score)
    assert panels == 1 or shown[-1] == np.argmax(score)


@pytest.mark.parametrize("n_levels", [3, 30])
def test_panels_hold_the_rows_of_their_levels(n_levels: int) -> None:
    values, codes, levels = grouped(n_levels, 5)
    fitted = np.zeros_like(values)
    axes = observed_against_fitted(fitted, values, codes, levels, name="score")
    rms = [np.sqrt(np.mean(values[codes == j] ** 2)) for j in range(n_levels)]
    best, worst = int(np.argmin(rms)), int(np.argmax(rms))
    assert len(axes) == min(n_levels, 20)
    for panel, level in ((axes[0], best), (axes[-1], worst)):
        assert panel.get_title().startswith(levels[level])
        np.testing.assert_allclose(panel.collections[0].get_offsets()[:, 1], values[codes == level])
    assert axes[0].figure.get_supylabel() == "score"
