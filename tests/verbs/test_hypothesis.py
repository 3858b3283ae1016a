"""Statements about parameters against the same arithmetic written with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import build_design
from bayesmixed.engines.records import RawDraws
from bayesmixed.errors import BayesmixedError
from bayesmixed.formula import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.verbs.hypothesis import expression_draws, hypothesis, p_direction, rope

Posterior = Callable[[str], Any]


@pytest.fixture
def posterior(toy: Any) -> Posterior:
    return lambda name: toy.draws["posterior"][name]


EXPRESSIONS: dict[str, Callable[[Posterior], Any]] = {
    "x": lambda p: p("beta").sel(term="x"),
    "`x`": lambda p: p("beta").sel(term="x"),
    "Intercept + 9*x": lambda p: p("beta").sel(term="Intercept") + 9 * p("beta").sel(term="x"),
    "-x / sigma": lambda p: -p("beta").sel(term="x") / p("sigma"),
    "abs(x)": lambda p: abs(p("beta").sel(term="x")),
    "exp(x)": lambda p: np.exp(p("beta").sel(term="x")),
    "sd_a[x]^2": lambda p: p("sd_a").sel(a_effect="x") ** 2,
    "sd_a[Intercept] - sd_b[z]": lambda p: p("sd_a").sel(a_effect="Intercept") - p("sd_b").sel(b_effect="z"),
    "corr_a": lambda p: p("corr_a").sel(a_effect="Intercept", a_effect_bis="x"),
    "corr_a[x,Intercept]": lambda p: p("corr_a").sel(a_effect="Intercept", a_effect_bis="x"),
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_arithmetic_is_numpys(toy: Any, posterior: Posterior, expression: str) -> None:
    found = expression_draws(toy.draws, toy.spec, expression)
    np.testing.assert_allclose(found, EXPRESSIONS[expression](posterior).values, rtol=1e-12)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("point", [-0.3, 0.7])
def test_the_two_directions_and_the_region_between_are_everything(
    toy: Any, expression: str, point: float
) -> None:
    above = hypothesis(toy.draws, toy.spec, f"{expression} > {point}")
    below = hypothesis(toy.draws, toy.spec, f"{expression} <= {point}")
    assert above.probability + below.probability == pytest.approx(1, abs=1e-12)
    assert above.estimate == below.estimate
    region = rope(toy.draws, toy.spec, expression, (point, point + 0.5))
    assert region.inside + region.below + region.above == pytest.approx(1, abs=1e-12)
    assert region.below == pytest.approx(below.probability, abs=1e-12)


def test_direction_is_the_larger_side(toy: Any, posterior: Posterior) -> None:
    share = float((posterior("beta").sel(term="x") > 0).mean())
    assert p_direction(toy.draws, toy.spec, "x") == pytest.approx(max(share, 1 - share), abs=1e-12)


def test_certainty_is_said_by_the_number_of_draws(toy: Any) -> None:
    assert "odds over 100 to 1" in str(hypothesis(toy.draws, toy.spec, "sigma > 0"))
    assert "odds under 1 to 100" in str(hypothesis(toy.draws, toy.spec, "sigma < 0"))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("x = 1", "point has probability 0"),
        ("x", "0 comparisons"),
        ("0 < x < 1", "2 comparisons"),
        ("y > 0", "no parameter 'y'"),
        ("sd_a[q] > 0", r"no parameter 'sd_a\[q\]'"),
        ("poly(x, 2) > 0", "cannot be applied to draws"),
        ("log(x) > 0", "not a finite number"),
        ("x >", "side of the comparison is empty"),
        ("", "is not an expression"),
        ("__import__('os') > 0", "no parameter|cannot|means nothing|not"),
    ],
)
def test_refusals(toy: Any, expression: str, words: str) -> None:
    with pytest.raises(BayesmixedError, match=words):
        hypothesis(toy.draws, toy.spec, expression)


@pytest.mark.parametrize("region", [(1, -1), (1, 1), 3, ("a", "b"), (0, float("nan"))])
def test_regions_are_increasing_pairs(toy: Any, region: Any) -> None:
    with pytest.raises(BayesmixedError, match="region"):
        rope(toy.draws, toy.spec, "x", region)


def fitted_by_hand(formula: str, *names: str) -> tuple[Any, Any]:
    """A model of numbers of some names over ten groups, with draws made by hand."""
    rng, n = np.random.default_rng(6), 60
    frame = pd.DataFrame({name: rng.uniform(0, 9, n) for name in ("y", *names)} | {"g": np.arange(n) % 10})
    design = build_design(parse_formula(formula), frame)
    k = len(design.fixed.terms)
    raw = RawDraws(
        beta=rng.normal(np.linspace(-2, 2, k), 0.1, (2, 50, k)),
        parameters={"sigma": rng.uniform(0.5, 2, (2, 50))},
        sd=(rng.uniform(0.5, 2, (2, 50, 1)),),
        corr=(None,),
        ranef=(rng.normal(size=(2, 50, 10, 1)),),
        sample_stats={},
    )
    return draws_tree(design, raw, {}), ModelSpec(design=design, priors=complete_priors(design))


SPELLINGS = ["log(Days + 1)", "log(Days+1)", "np.log( Days + 1 )", "`log(Days + 1)`", "b_log(Days+1)"]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_term_that_is_spelled_otherwise_is_no_function_of_another(text: str) -> None:
    draws, spec = fitted_by_hand("y ~ Days + log(Days + 1) + (1 | g)", "Days")
    values = draws["posterior"]["beta"].sel(term="log(Days + 1)").to_numpy()
    assert hypothesis(draws, spec, f"{text} > 2").probability == np.mean(values > 2)
    np.testing.assert_array_equal(expression_draws(draws, spec, text), values)
    assert rope(draws, spec, text, (1.9, 2.1)).inside == np.mean((values >= 1.9) & (values <= 2.1))
    assert p_direction(draws, spec, text) == 1.0
    days = draws["posterior"]["beta"].sel(term="Days").to_numpy()
    np.testing.assert_allclose(expression_draws(draws, spec, "log(b_Days + 9)"), np.log(days + 9))


def test_a_column_called_like_a_parameter_does_not_take_its_place() -> None:
    draws, spec = fitted_by_hand("y ~ sigma + nu + (1 | g)", "sigma", "nu")
    coefficients = draws["posterior"]["beta"].sel(term="sigma").to_numpy()
    residual = draws["posterior"]["sigma"].to_numpy()
    for text, values in {
        "b_sigma": coefficients,
        "beta[sigma]": coefficients,
        "family_sigma": residual,
        "b_sigma / family_sigma": coefficients / residual,
    }.items():
        np.testing.assert_array_equal(expression_draws(draws, spec, text), values)
    assert hypothesis(draws, spec, "b_sigma < 1").probability == np.mean(coefficients < 1)
    with pytest.raises(BayesmixedError, match="Write 'b_sigma' for the coefficient 'sigma'"):
        hypothesis(draws, spec, "sigma < 0")
    assert p_direction(draws, spec, "nu") == 1.0
