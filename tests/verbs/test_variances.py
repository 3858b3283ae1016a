"""Points at which random slopes are held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bayesmixed.errors import DataError
from bayesmixed.verbs.variances import check_at
from keys import keys_of


@pytest.mark.parametrize(
    ("effects", "at", "refused"),
    [
        (("Intercept", "x", "I(x ** 2)"), {"x": 1}, True),
        (("Intercept", "x", "I(x ** 2)"), {"x": 2, "I(x ** 2)": 4}, False),
        (("Intercept", "x", "x:z"), {"x": 1}, True),
        (("Intercept", "x", "max"), {"x": 1}, False),
        (("Intercept", "x", "x2"), {"x": 1}, False),
    ],
)
def test_effects_computed_from_one_another(
    toy: Any, effects: tuple[str, ...], at: dict[str, float], refused: bool
) -> None:
    block = replace(toy.spec.design.blocks[0], effects=effects, keys=keys_of(effects))
    design = replace(toy.spec.design, blocks=(block,))
    if not refused:
        check_at(design, at)
        return
    with pytest.raises(DataError, match="depends on 'x' too"):
        check_at(design, at)
