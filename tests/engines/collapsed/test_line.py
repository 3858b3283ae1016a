"""Draws from a density of one dimension, against distributions that SciPy has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.collapsed.line import _finer, _inverted, line_draws

DENSITIES: dict[str, Any] = {
    "normal": stats.norm(0.3, 1.1),
    "gumbel": stats.gumbel_r(0.2, 0.8),
    "logistic": stats.logistic(0, 0.6),
    "two humps": None,
}
HUMPS = (stats.norm(-3, 0.5), stats.norm(1, 0.3))


def log_density(name: str) -> Callable[[float], float]:
    if DENSITIES[name] is not None:
        return lambda z: float(DENSITIES[name].logpdf(z))
    return lambda z: float(np.log(0.4 * HUMPS[0].pdf(z) + 0.6 * HUMPS[1].pdf(z)))


def distribution(name: str, z: FloatArray) -> FloatArray:
    if DENSITIES[name] is not None:
        return np.asarray(DENSITIES[name].cdf(z))
    return np.asarray(0.4 * HUMPS[0].cdf(z) + 0.6 * HUMPS[1].cdf(z))


@pytest.mark.parametrize("name", DENSITIES)
def test_draws_have_the_distribution(name: str) -> None:
    of = log_density(name)

    def evaluate(z: FloatArray) -> tuple[float, FloatArray]:
        value = float(z[0])
        return of(value) + 7.0, np.array([(of(value + 1e-5) - of(value - 1e-5)) / 2e-5])

    drawn, logs = line_draws(evaluate, (4, 5000), 3)
    assert stats.kstest(distribution(name, drawn.ravel()), "uniform").pvalue > 0.001
    np.testing.assert_allclose(logs[0, :50], [of(z) + 7.0 for z in drawn[0, :50]], atol=1e-4)
    again, _ = line_draws(evaluate, (2, 5000), 3)
    np.testing.assert_array_equal(again, drawn[:2])


def test_inversion_is_exact_to_six_digits() -> None:
    grid = np.linspace(-9, 9, 801)
    at, logs = _finer(grid, stats.norm.logpdf(grid), -grid)
    shares = np.array([[1e-6, 0.025, 0.5, 0.9, 0.999999]])
    found, _ = _inverted(at, logs, shares)
    np.testing.assert_allclose(found, stats.norm.ppf(shares), atol=2e-6)


@pytest.mark.parametrize("formula", ["effect | se(se) ~ 1 + (1 | school)", "effect | se(se, sigma=TRUE) ~ 1"])
def test_a_model_with_one_number_left_has_independent_draws(formula: str) -> None:
    fit = bm.lmer(formula, bm.load_dataset("eight_schools"), seed=1)
    table = fit.diagnostics()
    assert fit.run.tune == 0
    assert "exact distribution" in str(fit.plan)
    assert table["ess_bulk"].min() > 3000
    assert table["ess_tail"].min() > 3000
    assert fit.diagnosis.divergences == 0
