"""Responses at the edge of their family: each a clear error or a sound posterior, in one table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError, FamilyError

GROUPS, ROWS = 12, 10
ZEROS = ("g00", "g01")


def data() -> pd.DataFrame:
    """A covariate, twelve groups, and responses that are at the edge or beyond it."""
    rng = np.random.default_rng(1)
    n = GROUPS * ROWS
    frame = pd.DataFrame({"g": np.repeat([f"g{i:02}" for i in range(GROUPS)], ROWS), "x": rng.normal(size=n)})
    empty, first = frame["g"].isin(ZEROS), np.arange(n) == 0
    trials, count = rng.integers(3, 9, n), rng.poisson(2, n)
    share = rng.uniform(0.1, 0.9, n)
    return frame.assign(
        side=np.where(frame["x"] > 0, "right", "left"),
        half=np.where(frame["x"] > 0, "high", "low"),
        by_level=((frame["x"] > 0) & (rng.uniform(size=n) < 0.5)).astype(int),
        by_group=empty.astype(int),
        zero=0,
        n=trials,
        some_n=np.where(first, 0, trials),
        odd_n=np.where(first, 4.5, trials),
        hits=np.where(empty, 0, rng.binomial(trials, 0.5)),
        few=np.where(first, 0, rng.binomial(trials, 0.3)),
        odd_hits=np.where(first, 0.5, 1),
        too_many=np.where(first, 99, 1),
        count=np.where(empty, 0, count),
        odd=np.where(first, 0.5, count),
        negative=np.where(first, -1, count),
        two=np.where(first, 2, count % 2),
        share=share,
        edge_0=np.where(first, 0, share),
        edge_1=np.where(first, 1, share),
        nothing=np.where(first, 0, share),
        below=np.where(first, -0.1, share),
        late=np.where(first, 1e6, share),
        life=np.exp(0.5 * frame["x"]) * rng.weibull(2, n),
    )


def slope(fit: bm.MixedFit, term: str = "x") -> float:
    """Estimate of a coefficient."""
    return float(fit.fixef().set_index("term").loc[term, "value"])


def lowest(fit: bm.MixedFit) -> set[str]:
    """The two groups with the lowest effects."""
    return set(fit.ranef().set_index("group")["value"].nsmallest(2).index)


SOUND: dict[str, tuple[str, str, Callable[[bm.MixedFit], bool]]] = {
    "separation by a covariate": ("side ~ x + (1 | g)", "bernoulli", lambda fit: 2 < slope(fit) < 20),
    "separation by a level": (
        "by_level ~ half + (1 | g)",
        "bernoulli",
        lambda fit: -20 < slope(fit, "half[T.low]") < -2,
    ),
    "separation by groups": (
        "by_group ~ x + (1 | g)",
        "bernoulli",
        lambda fit: 2 < fit.varcorr()["sd"][0] < 20,
    ),
    "groups without successes": (
        "prop(hits, n) ~ x + (1 | g)",
        "binomial",
        lambda fit: lowest(fit) == set(ZEROS),
    ),
    "groups of zeros": ("count ~ x + (1 | g)", "poisson", lambda fit: lowest(fit) == set(ZEROS)),
    "lives that wear out": ("life ~ x + (1 | g)", "weibull", lambda fit: abs(slope(fit) - 0.5) < 0.15),
    "an outlier of a robust model": ("late ~ x + (1 | g)", "t", lambda fit: abs(slope(fit)) < 0.2),
}
REFUSED: dict[str, tuple[str, str, type[Exception], str]] = {
    "zero trials": ("prop(few, some_n)", "binomial", FamilyError, "has no trials (zero) in 1 row"),
    "trials that are not whole": ("prop(few, odd_n)", "binomial", FamilyError, "trials that is not whole"),
    "successes that are not whole": (
        "prop(odd_hits, n)",
        "binomial",
        FamilyError,
        "successes that is not whole",
    ),
    "more successes than trials": (
        "prop(too_many, n)",
        "binomial",
        FamilyError,
        "more successes than trials",
    ),
    "negative successes": ("prop(negative, n)", "binomial", FamilyError, "a negative number of successes"),
    "counts that are not whole": ("odd", "poisson", FamilyError, "whole numbers that are not negative"),
    "negative counts": ("negative", "negativebinomial", FamilyError, "whole numbers that are not negative"),
    "a third value": ("two", "bernoulli", FamilyError, "needs 0 and 1"),
    "proportion of nothing": ("edge_0", "beta", FamilyError, "both excluded"),
    "proportion of all": ("edge_1", "beta", FamilyError, "both excluded"),
    "a time of nothing": ("nothing", "gamma", FamilyError, "needs positive numbers"),
    "a life of nothing": ("nothing", "weibull", FamilyError, "needs positive numbers"),
    "a negative size": ("below", "lognormal", FamilyError, "needs positive numbers"),
    "nothing but zeros": ("zero", "poisson", DataError, "is constant"),
}


@pytest.mark.parametrize("case", SOUND)
def test_the_posterior_is_sound(case: str) -> None:
    formula, family, holds = SOUND[case]
    fit = bm.glmer(formula, data(), family, seed=1)
    assert fit.run.engine == "joint"
    assert fit.diagnosis.is_good
    assert holds(fit)
    if case == "separation by a covariate":
        assert "modelled level 'right' (against 'left')" in str(fit)


@pytest.mark.filterwarnings("ignore::bayesmixed.errors.ConvergenceWarning")
def test_no_success_at_all_leaves_the_prior_of_the_spread() -> None:
    """Some transitions may diverge, which is told: groups without successes do not show their spread."""
    fit = bm.glmer("prop(zero, n) ~ 1 + (1 | g)", data(), "binomial", seed=1)
    assert -12 < slope(fit, "Intercept") < -4
    assert fit.diagnostics()["r_hat"].max() < 1.02


@pytest.mark.parametrize("case", REFUSED)
def test_the_error_is_clear(case: str) -> None:
    response, family, error, words = REFUSED[case]
    with pytest.raises(error) as caught:
        bm.glmer(f"{response} ~ x + (1 | g)", data(), family)
    assert words in str(caught.value)
