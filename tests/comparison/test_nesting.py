from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.comparison.likelihood_ratio import has_same_fixed_part, is_nested
from bayesmixed.design import Design, build_design
from bayesmixed.formula import parse_formula


def design_of(right: str) -> Design:
    rng = np.random.default_rng(1)
    g, h = np.repeat(np.arange(6), 10), np.tile(np.arange(4), 15)
    frame = pd.DataFrame({"y": rng.normal(size=60), "x": rng.normal(size=60), "z": rng.normal(size=60)})
    frame = frame.assign(f=np.tile(list("ab"), 30), g=[f"g{i}" for i in g], h=[f"h{i}" for i in h])
    frame["same"] = frame["g"].map(lambda label: f"other {9 - int(label[1])}")
    return build_design(parse_formula(f"y ~ {right}"), frame)


@pytest.mark.parametrize(
    ("smaller", "larger", "expected"),
    [
        ("x + (1 | g)", "x + (x | g)", True),
        ("x + (x | g)", "x + (1 | g)", False),
        ("1 + (1 | g)", "x + (1 | g)", True),
        ("x + (1 | g)", "z + (1 | g)", False),
        ("scale(x) + (1 | g)", "x + z + (1 | g)", True),
        ("0 + f + (1 | g)", "f + (1 | g)", True),
        ("x + (1 | g)", "x + (1 | h)", False),
        ("x + (1 | g)", "x + (1 | g) + (1 | h)", True),
        ("x + (1 | same)", "x + (x | g)", True),
        ("x + (x || g)", "x + (x | g)", True),
        ("x + (x | g)", "x + (x || g)", False),
        ("x + (1 | g)", "x + (0 + f | g)", True),
        ("x + (1 | g)", "x + (0 + x | g)", False),
        ("x + (0 + x | g)", "x + (x | g)", True),
        ("x + (1 | g)", "x + offset(z) + (1 | g)", False),
    ],
)
def test_special_cases(smaller: str, larger: str, expected: bool) -> None:
    assert is_nested(design_of(smaller), design_of(larger)) is expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("x + z + (1 | g)", "z + x + (x | g)", True),
        ("x + (1 | g)", "x + z + (1 | g)", False),
        ("x + (1 | g)", "scale(x) + (1 | g)", False),
        ("x + (1 | g)", "x + offset(z) + (1 | g)", False),
    ],
)
def test_same_fixed_part(ours: str, theirs: str, expected: bool) -> None:
    assert has_same_fixed_part(design_of(ours), design_of(theirs)) is expected
