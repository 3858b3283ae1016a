"""Numbers as R prints them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesmixed.printing.table import format_fixed, format_numbers

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("values", "digits", "expected"),
    [
        # format(x, digits = 4) of R 4.2.2 pads to one width; the padding is the table's here
        ([612.1002, 35.0717, 654.94], 4, ("612.10", "35.07", "654.94")),
        ([24.740658, 5.922138, 25.591796], 4, ("24.741", "5.922", "25.592")),
        ([0.06372, 0.05809], 4, ("0.06372", "0.05809")),
        ([1, 10, 100], 4, ("1", "10", "100")),
        ([123456.0, 7.0], 4, ("123456", "7")),
        ([0.00001234], 4, ("1.234e-05",)),
        ([0.001234], 4, ("0.001234",)),
        ([1e10], 4, ("1e+10",)),
        ([1.5, NAN, INF, -INF], 4, ("1.5", "NA", "Inf", "-Inf")),
        ([NAN], 4, ("NA",)),
        ([0.0], 4, ("0",)),
        ([-0.0, 1.25], 4, ("0.00", "1.25")),
        ([], 4, ()),
        ([9.99996], 4, ("10",)),
    ],
)
def test_format_numbers(values: list[float], digits: int, expected: tuple[str, ...]) -> None:
    assert format_numbers(values, digits) == expected


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6))
def test_the_largest_number_keeps_four_digits(values: list[float]) -> None:
    texts = format_numbers(values)
    largest = max(values, key=abs)
    assert float(texts[values.index(largest)]) == pytest.approx(largest, rel=6e-4)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(1.0004, 3, "1.000"), (-0.0001, 3, "0.000"), (1650.6, 0, "1651"), (NAN, 2, "NA"), (-1.5, 1, "-1.5")],
)
def test_format_fixed(value: float, decimals: int, expected: str) -> None:
    assert format_fixed([value], decimals) == (expected,)
