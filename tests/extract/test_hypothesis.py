"""Statements about parameters against the same arithmetic written with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bayesmixed.errors import BayesmixedError
from bayesmixed.extract.hypothesis import expression_draws, hypothesis, p_direction, rope

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
        ("poly(x, 2) > 0", "means nothing for draws"),
        ("log(x) > 0", "not a finite number"),
        ("x >", "side of the comparison is empty"),
        ("", "no expression"),
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
