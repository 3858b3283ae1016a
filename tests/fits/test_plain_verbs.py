"""Every verb of every fit on regressions without random effects: an answer, or words of ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import bayesmixed as bm
from test_odd_designs import BAYES, COMMON, PLOTS, REML, SAMPLED, SHORT, rows

MADE: dict[str, Callable[[], Any]] = {
    "lm": lambda: bm.lm("y ~ x + f", rows(), weights="w", **SHORT),
    "lm of an offset": lambda: bm.lm("y ~ 1 + offset(z)", rows(), **SHORT),
    "pymc": lambda: bm.lm("y ~ x", rows(), engine="pymc", **SHORT),
    "poisson": lambda: bm.glm("k ~ x", rows(), "poisson", **SHORT),
    "ols": lambda: bm.lm("y ~ x + f", rows(), weights="w", method="ols"),
    "ols without intercept": lambda: bm.lm("y ~ 0 + x", rows(), method="ols"),
    "ml": lambda: bm.glm("k ~ x + f", rows(), "poisson", method="ml"),
    "ml with a parameter": lambda: bm.glm("k + 1 ~ x", rows(), "gamma", method="ml"),
    "ml without a deviance": lambda: bm.glm("k + 1 ~ x", rows(), "lognormal", method="ml"),
}
OF_GROUPS = {
    *("ranef", "coef", "icc", "icc unadjusted", "icc conditional", "equation", "ranova", "tidy"),
    *("plot groups", "plot line", "plot icc", "plot observed", "plot ranef", "plot ranef_matrix"),
    *("plot ranef_quantiles", "plot predictive_groups", "with_ranef_draws", "pooling", "pooling errors"),
    *("plot acf", "plot forest", "plot smooth", "smooths", "smooth_curve", "heterogeneity"),
    *("bayes_factor_of", "comparisons of groups", "hypothesis", "p_direction", "rope"),
}
"""Verbs that speak of random effects, and those whose question here does."""
OTHERS = {
    "lm": {"check_zeros", "to_bambi", "plot leverage"},
    "lm of an offset": {"check_zeros", "plot leverage"},
    "pymc": {"check_zeros", "plot leverage"},
    "poisson": {
        *("log_marginal_likelihood", "loo of groups", "loo of groups, effective number", "versus", "reml"),
        *("plot versus", "plot varcorr", "plot leverage"),
    },
    "ols": {"profile"},
    "ols without intercept": {"profile"},
    "ml": {"profile", "predict new rows", "plot varcorr"},
    "ml with a parameter": {"profile", "predict new rows", "plot varcorr"},
    "ml without a deviance": {"profile", "predict new rows", "deviance", "plot leverage"},
}
"""What else each of them refuses."""


@cache
def made(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MADE[name]()


@pytest.mark.parametrize("name", MADE)
@pytest.mark.filterwarnings("ignore")
def test_every_verb_answers_or_refuses_by_name(name: str, tmp_path: Path) -> None:
    fit = made(name)
    sampled = hasattr(fit, "draws")
    verbs = COMMON | (BAYES if sampled else REML)
    verbs |= {f"plot {plot}": verb for plot, verb in PLOTS.items() if sampled or plot not in SAMPLED}
    verbs |= {"report": lambda fit: fit.report(tmp_path / "page.html")}
    refused = set()
    for verb, ask in verbs.items():
        try:
            ask(fit)
        except bm.BayesmixedError:
            refused.add(verb)
        except KeyError:  # the question looks a grouping factor up
            refused.add(verb)
    assert refused - OF_GROUPS == OTHERS[name]
    assert refused & OF_GROUPS == OF_GROUPS & verbs.keys()
