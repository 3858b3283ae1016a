from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesmixed as bm
from bayesmixed.comparison.likelihood_ratio import bootstrap_p, bootstrap_statistics
from bayesmixed.design import build_design
from bayesmixed.engines.reml.estimate import estimate_linear
from bayesmixed.formula import parse_formula

from .likelihood_fits import fit_of

N = 400


def test_balanced_groups_give_the_p_value_of_the_f_test() -> None:
    """The REML statistic of balanced groups grows with F, whose distribution without groups is known."""
    values = np.random.default_rng(3).normal(size=(8, 4)) + np.linspace(0, 1.2, 8)[:, None]
    frame = pd.DataFrame({"y": values.ravel(), "g": np.repeat(list("abcdefgh"), 4)})
    fit = bm.lmer("y ~ 1 + (1 | g)", frame, method="reml")
    reduced = estimate_linear(build_design(parse_formula("y ~ 1"), frame), "reml")
    exact = stats.f_oneway(*values).pvalue
    assert 0.05 < exact < 0.3
    error = 4.0 * np.sqrt(exact * (1.0 - exact) / N)
    assert bootstrap_p(reduced, fit.estimate, N, seed=1) == pytest.approx(exact, abs=error)


def test_statistics_of_a_coefficient_are_about_chi_squared() -> None:
    smaller = fit_of("sleepstudy", "Reaction ~ Days + (1 | Subject)", "ml").estimate
    larger = fit_of("sleepstudy", "Reaction ~ Days + I(Days^2) + (1 | Subject)", "ml").estimate
    statistics = bootstrap_statistics(smaller, larger, N, seed=4)
    assert statistics.shape == (N,)
    assert stats.kstest(statistics, stats.chi2(1).cdf).pvalue > 1e-3


def test_statistics_of_a_variance_are_zero_half_of_the_time() -> None:
    fit = fit_of("Pastes", "strength ~ 1 + (1 | batch/cask)").estimate
    without = fit_of("Pastes", "strength ~ 1 + (1 | batch:cask)").estimate
    zero = np.mean(bootstrap_statistics(without, fit, 200, seed=5) < 1e-4)
    assert 0.4 < zero < 0.7
