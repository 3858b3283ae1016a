"""One group's equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bayesmixed.errors import DataError
from bayesmixed.extract import equation
from bayesmixed.extract.equation import line_text


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
    assert equation(fit.draws, fit.spec, level) == expected


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
        equation(fit.draws, fit.spec, "phoenix sun")


def test_a_long_list_of_levels_is_not_printed(at_lme4: Callable[[str], Any]) -> None:
    fit = at_lme4("gpa_intercept")
    with pytest.raises(DataError, match=r"'Zebra' is not a level of student. There are 200 levels.$"):
        equation(fit.draws, fit.spec, "Zebra")


def test_a_level_of_two_factors(toy: Any) -> None:
    blocks = tuple(
        replace(b, levels=tuple(f"l{i}" for i in range(b.n_levels))) for b in toy.spec.design.blocks
    )
    spec = replace(toy.spec, design=replace(toy.spec.design, blocks=blocks))
    with pytest.raises(DataError, match="level of a and b; say which with group="):
        equation(toy.draws, spec, "l1")
    assert equation(toy.draws, spec, "l1", group="b").count("z") == 1
    assert "z" not in equation(toy.draws, spec, "l5")
