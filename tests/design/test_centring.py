"""Centred columns: where a predictor's zero is moves nothing but the map to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.centring import centred_columns, inverse, moved_covariance
from bayesmixed.design.records import Design
from bayesmixed.formula.parse import parse_formula

N = 90
INVARIANT = [
    "x + z",
    "x * z",
    "x * f",
    "x * z * f",
    "f / x",
    "f + f:x",
    "0 + f + f:x",
    "0 + f + x",
    "0 + f * x",
    "h + f:h + f:h:x",
    "C(f, contr.sum) * x",
    "x + I(x^2) + I(x^3)",
    "x * z + I(x^2) + I(z^2)",
    "x + I(x^2) + f + f:x + f:I(x^2)",
    "poly(x, 2) * z",
    "scale(x) * f",
    "bs(x, df=4) * z",
]
"""Sums of terms whose fitted values do not know where the zeros of x and z are."""

VARIANT = ["0 + x", "x:z", "x + x:f", "f:x", "I(x^2)", "0 + x + f:x"]


def frame(x: float = 0.0, z: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.normal(size=N) + x,
            "z": rng.normal(2, 3, N) + z,
            "f": rng.choice(list("abc"), N),
            "h": rng.choice(list("uv"), N),
            "g": np.arange(N) % 9,
        }
    ).assign(fahr=lambda data: 1.8 * data["x"] + 32)


def designed(right: str, data: pd.DataFrame, center: bool | str = True) -> Design:
    return build_design(parse_formula(f"y ~ {right}"), data, center=center)


def centred(design: Design) -> np.ndarray:
    return design.fixed.matrix @ design.fixed.centring


@pytest.mark.parametrize("right", INVARIANT)
@pytest.mark.parametrize(("x", "z"), [(100.0, 0.0), (0.0, -300.0), (20.0, 50.0)])
def test_a_shift_leaves_the_centred_columns(right: str, x: float, z: float) -> None:
    plain, moved = designed(right, frame()), designed(right, frame(x, z))
    np.testing.assert_allclose(centred(moved), centred(plain), rtol=0, atol=1e-8)
    np.testing.assert_allclose(moved.fixed.scales, plain.fixed.scales, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::bayesmixed.DesignWarning")
@pytest.mark.parametrize(
    "right",
    [
        "fahr + x * f",
        "fahr + f + f:x",
        "z + fahr + x * z + I(x^2)",
        "x + I(x / 2) * f",
        "f * h + x * f",
        "z + z:x",
        "z * f + z:x",
        "z * f + f:z:x",
    ],
)
@pytest.mark.parametrize("x", [1.0, 64.0, -500.0])
def test_nor_where_a_lower_term_is_left_out_or_told_by_others(right: str, x: float) -> None:
    plain, moved = designed(right, frame()), designed(right, frame(x))
    assert plain.fixed.terms == moved.fixed.terms
    np.testing.assert_allclose(centred(moved), centred(plain), rtol=0, atol=1e-7)
    assert np.linalg.slogdet(moved.fixed.centring)[1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.filterwarnings("ignore::bayesmixed.DesignWarning")
def test_a_number_that_is_its_own_square_has_no_smaller_volume() -> None:
    data = frame().assign(x=lambda d: (d["x"] > 0).astype(float))
    fixed = designed("I(x^2) + x", data).fixed
    assert fixed.terms == ("Intercept", "I(x^2)")
    assert np.linalg.slogdet(fixed.centring)[1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("right", VARIANT)
def test_where_the_likelihood_knows_zero_so_do_the_columns(right: str) -> None:
    plain, moved = designed(right, frame()), designed(right, frame(5.0))
    both = np.column_stack([plain.fixed.matrix, moved.fixed.matrix])
    assert np.linalg.matrix_rank(both) > plain.fixed.matrix.shape[1]
    assert not np.allclose(centred(plain), centred(moved))


@pytest.mark.parametrize("right", INVARIANT + VARIANT)
@pytest.mark.parametrize("center", [True, "fixed", False])
def test_volumes_stay(right: str, center: bool | str) -> None:
    fixed = designed(right, frame(3.0, 4.0), center).fixed
    assert np.linalg.slogdet(fixed.centring) == (1.0, pytest.approx(0.0, abs=1e-9))
    np.testing.assert_allclose(fixed.centring @ inverse(fixed.centring), np.eye(len(fixed.terms)), atol=1e-9)
    np.testing.assert_allclose(
        centred_columns(fixed.matrix, fixed.centring), fixed.matrix @ fixed.centring, rtol=1e-12, atol=1e-9
    )


def test_products_are_those_of_centred_numbers() -> None:
    data = frame(7.0, -2.0)
    x, z = data["x"] - data["x"].mean(), data["z"] - data["z"].mean()
    found = centred(designed("x * z + I(x^2)", data))
    for column, expected in zip(found.T[1:], (x, z, x**2, x * z), strict=True):
        np.testing.assert_allclose(column, expected - expected.mean(), atol=1e-12)
    b = (data["f"] == "b").to_numpy()
    np.testing.assert_allclose(centred(designed("f / x", data))[:, 4], b * x - (b * x).mean(), atol=1e-12)


def test_conventions() -> None:
    data = frame(7.0)
    means = data["x"].mean(), (data["x"] * data["z"]).mean()
    fixed, plain = designed("x * z + (x | g)", data, "fixed"), designed("x * z + (x | g)", data, False)
    np.testing.assert_allclose(fixed.fixed.centring[0, [1, 3]], np.negative(means))
    np.testing.assert_array_equal(fixed.fixed.centring[1:], np.eye(4)[1:])
    np.testing.assert_array_equal(plain.fixed.centring, np.eye(4))
    assert not fixed.blocks[0].is_centred
    assert not plain.blocks[0].is_centred


@pytest.mark.parametrize(
    ("bar", "moved"),
    [
        ("(x | g)", True),
        ("(f | g)", True),
        ("(x * z | g)", True),
        ("(0 + f + f:x | g)", True),
        ("(z + z:x | g)", True),
        ("(1 | g)", False),
        ("(x || g)", False),
        ("(0 + x | g)", False),
        ("(0 + x + z | g)", False),
        ("(1 | g) + (0 + x + z | g)", False),
    ],
)
def test_a_bar_is_centred_where_its_likelihood_allows_it(bar: str, moved: bool) -> None:
    assert designed(f"x + z + {bar}", frame(3.0)).blocks[0].is_centred == moved


def test_a_covariance_goes_to_zero_and_back() -> None:
    rng = np.random.default_rng(1)
    root = np.tril(rng.normal(size=(5, 3, 3)))
    covariance = root @ root.swapaxes(-1, -2)
    sd = np.sqrt(np.einsum("skk->sk", covariance))
    corr = covariance / (sd[:, :, None] * sd[:, None, :])
    move = np.array([[1.0, -4.0, 2.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]])
    there = moved_covariance(sd, corr, move)
    np.testing.assert_allclose(there[0] ** 2, np.einsum("skk->sk", move @ covariance @ move.T))
    back = moved_covariance(*there, inverse(move))
    np.testing.assert_allclose(back[0], sd)
    np.testing.assert_allclose(back[1], corr, atol=1e-10)
