"""One group's equation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.errors import DataError
from bayesmixed.verbs import equation
from bayesmixed.verbs.equation import line_text
from bayesmixed.verbs.sources import Posterior
from nested_rows import CASES, as_posterior, levels_of, means_of_levels, nested_fit, nested_frame


@pytest.mark.parametrize(
    ("model", "level", "expected"),
    [
        ("sleepstudy_correlated", "308", "Reaction = 253.66 + 19.67 Days"),
        ("sleepstudy_correlated", 308, "Reaction = 253.66 + 19.67 Days"),
        # 11.574601 + 3.661592 = 15.2362; the text adds numbers already rounded and prints 15.23
        ("nba", "Minnesota Timberwolves", "life_satisfaction = 15.24 + 1.67 success"),
        ("nba", "Phoenix Suns", "life_satisfaction = 5.44 + 1.67 success"),
    ],
)
def test_lme4(at_lme4: Callable[[str], Any], model: str, level: object, expected: str) -> None:
    fit = at_lme4(model)
    assert equation(fit, level) == expected


@pytest.mark.parametrize(
    ("terms", "digits", "expected"),
    [
        ([("Intercept", 1.0), ("x", -2.0)], 1, "y = 1.0 - 2.0 x"),
        ([("Intercept", -1.0), ("x", 2.0)], 1, "y = -1.0 + 2.0 x"),
        ([("x", -2.0)], 0, "y = -2 x"),
        ([("Intercept", 0.5)], 3, "y = 0.500"),
        (
            [("Intercept", 1.0), ("sex[T.male]", 0.25), ("a:b", -0.125)],
            3,
            "y = 1.000 + 0.250 sex[T.male] - 0.125 a:b",
        ),
    ],
)
def test_text(terms: list[tuple[str, float]], digits: int, expected: str) -> None:
    assert line_text("y", terms, digits) == expected


def test_unknown_level(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("nba")
    with pytest.raises(DataError, match=r"not a level of team. Did you mean .*Phoenix Suns"):
        equation(fit, "phoenix sun")


def test_a_long_list_of_levels_is_not_printed(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("gpa_intercept")
    with pytest.raises(DataError, match=r"'Zebra' is not a level of student. There are 200 levels.$"):
        equation(fit, "Zebra")


def test_a_level_of_two_factors(toy: Any) -> None:
    blocks = tuple(
        replace(b, levels=tuple(f"l{i}" for i in range(b.n_levels))) for b in toy.spec.design.blocks
    )
    spec = replace(toy.spec, design=replace(toy.spec.design, blocks=blocks))
    with pytest.raises(DataError, match="level of a and b; say which with group="):
        equation(Posterior(toy.draws, spec), "l1")
    assert equation(Posterior(toy.draws, spec), "l1", group="b").count("z") == 1
    assert "z" not in equation(Posterior(toy.draws, spec), "l5")


def height(text: str, **at: float) -> float:
    """Value of an equation at some predictors."""
    signs = text.split(" = ")[1].replace("- ", "-").replace("+ ", "").split()
    total, coefficient = 0.0, 0.0
    for part in signs:
        try:
            total, coefficient = total + coefficient, float(part)
        except ValueError:
            coefficient *= math.prod(at[name] for name in part.split(":"))
    return total + coefficient


@pytest.mark.parametrize("method", ["reml", "posterior"])
@pytest.mark.parametrize(("formula", "group"), CASES)
def test_the_equation_holds_at_the_means_of_the_rows(formula: str, group: str, method: str) -> None:
    """Parents are added, crossed factors are not."""
    fit = nested_fit(formula) if method == "reml" else as_posterior(nested_fit(formula))
    means = means_of_levels(fit, formula, group)
    w = nested_frame()["w"].groupby(levels_of(group).to_numpy()).first()
    for level, row in means.iterrows():
        text = fit.equation(level, group=group, digits=9)
        assert height(text, x=row["x"], w=w[level]) == pytest.approx(row["fitted"], abs=1e-6)


def test_dragons_of_lme4(shared: Path) -> None:
    """lme4 1.1-31, (1 | mountainRange/site): 40.066685 - 25.313507 - 2.467271, slope 0.05125933."""
    dragons = pd.read_csv(shared / "data" / "dragons.csv")
    fit = bm.lmer("testScore ~ bodyLength + (1 | mountainRange/site)", dragons, method="reml")
    assert fit.equation("Bavarian:a") == "testScore = 12.29 + 0.05 bodyLength"
    own = fit.coef(group="mountainRange:site").query("group == 'Bavarian:a' and effect == 'Intercept'")
    assert own["value"].item() == pytest.approx(37.59941, abs=1e-3)
