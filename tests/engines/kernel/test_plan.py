"""What is integrated and what is sampled, by structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bayesmixed.engines.kernel.layout import CHAIN, DENSE, SAMPLED
from bayesmixed.engines.kernel.plan import make_plan

LEVEL_BY_LEVEL = "integrated out, level by level."

ROLES: list[tuple[str, int, list[tuple[str, int]]]] = [
    ("y ~ x + (1 | g)", 160, [("g", CHAIN)]),
    ("y ~ x + (1 | h) + (1 | fine)", 160, [("fine", CHAIN), ("h", DENSE)]),
    ("y ~ x + (1 | h) + (1 | fine)", 6, [("fine", CHAIN), ("h", DENSE)]),
    ("y ~ x + (1 | h) + (1 | fine)", 5, [("fine", CHAIN), ("h", SAMPLED)]),
    ("y ~ x + (x + v + w | h) + (1 | fine)", 160, [("h", CHAIN), ("fine", DENSE)]),
    (
        "y ~ x + (1 | coarse) + (1 | mid) + (1 | fine)",
        0,
        [("fine", CHAIN), ("mid", CHAIN), ("coarse", CHAIN)],
    ),
    (
        "y ~ x + (1 | coarse/mid/fine)",
        0,
        [("coarse:mid:fine", CHAIN), ("coarse:mid", CHAIN), ("coarse", CHAIN)],
    ),
    ("y ~ x + (1 | mid) + (1 | fine) + (1 | t)", 3, [("fine", CHAIN), ("mid", CHAIN), ("t", DENSE)]),
    ("y ~ x + (1 | mid) + (1 | fine) + (1 | t)", 2, [("fine", CHAIN), ("mid", CHAIN), ("t", SAMPLED)]),
    ("y ~ x + (1 | fine) + (1 | g) + (1 | t)", 3, [("fine", CHAIN), ("t", DENSE), ("g", SAMPLED)]),
    ("y ~ x + (1 | fine) + (1 | g) + (1 | t)", 2, [("fine", CHAIN), ("t", SAMPLED), ("g", SAMPLED)]),
]


@pytest.mark.parametrize(("formula", "dense_limit", "expected"), ROLES)
def test_roles_follow_from_the_structure(
    spec_of: Callable[..., Any],
    frame: pd.DataFrame,
    formula: str,
    dense_limit: int,
    expected: list[tuple[str, int]],
) -> None:
    design = spec_of(frame, formula).design
    plan = make_plan(design, dense_limit=dense_limit)
    assert [(design.blocks[factor.block].group, factor.role) for factor in plan.factors] == expected
    assert plan.samples_effects == any(role == SAMPLED for _, role in expected)
    assert sorted(plan.blocks) == list(range(len(expected)))


def test_sentences_say_what_happens_and_why(spec_of: Callable[..., Any], frame: pd.DataFrame) -> None:
    design = spec_of(frame, "y ~ x + (1 | fine) + (1 | mid) + (1 | t) + (x | h)").design
    assert make_plan(design, dense_limit=5, coefficients_sampled=True).sentences == (
        f"fine has most random effects: {LEVEL_BY_LEVEL}",
        f"mid contains fine: {LEVEL_BY_LEVEL}",
        "t is crossed and small (3 effects): integrated out, dense.",
        "h is crossed and large (12 effects): sampled by NUTS.",
        "Coefficients are sampled: not all of their priors are normal.",
    )
    last = make_plan(design).sentences[-1]
    assert last == "Coefficients are integrated out: their priors are normal."
