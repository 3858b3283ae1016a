"""What the data say of residuals: known errors, weights, series of rows; predictors beside the mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.covariances.autoregressive import Autoregressive
from bayesmixed.covariances.exchangeable import Exchangeable
from bayesmixed.covariances.occasions import Occasions
from bayesmixed.design.build import build_design
from bayesmixed.design.encode import encode, own_rows
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError
from bayesmixed.formula.parse import parse_formula

FRAME = pd.DataFrame(
    {
        "y": [1.0, 2.0, 4.0, 3.0, 7.0, 5.0, 6.0, 2.5],
        "x": [0.0, 1.0, 2.0, 0.0, 1.0, 3.0, 2.0, 5.0],
        "s": [0.5, 1.0, 0.25, 0.5, 2.0, 1.0, 1.0, 0.5],
        "w": [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0],
        "t": [3, 1, 2, 1, 2, 3, 1, 4],
        "when": list("cabdacbe"),
        "g": list("aaabbbcc"),
        "h": list("ppqqppqq"),
        "id": list("abcdefgh"),
    }
)


def design_of(formula: Any, frame: pd.DataFrame = FRAME, **options: Any) -> Design:
    return build_design(parse_formula(formula), frame, **options)


def test_known_errors_may_have_a_level_for_every_row() -> None:
    design = design_of("y | se(s) ~ 1 + (1 | id)")
    assert design.residual.errors is not None
    np.testing.assert_array_equal(design.residual.errors, FRAME["s"])
    assert not design.residual.has_sigma
    assert design.response.name == "y"
    with pytest.raises(DataError, match="cannot be told apart"):
        design_of("y | se(s, sigma=TRUE) ~ 1 + (1 | id)")


def test_weights_of_the_formula_are_those_beside_it() -> None:
    stated, given = design_of("y | weights(w) ~ x + (1 | g)"), design_of("y ~ x + (1 | g)", weights="w")
    assert stated.weights is not None
    assert given.weights is not None
    np.testing.assert_array_equal(stated.weights, given.weights)
    assert stated.residual.is_constant


@pytest.mark.parametrize(
    ("term", "structure", "times"),
    [
        ("ar(t, gr=g)", Autoregressive, FRAME["t"]),
        ("ar(gr=g)", Autoregressive, [0, 1, 2, 0, 1, 2, 0, 1]),
        ("ar(time = 2*t, gr=g)", Autoregressive, 2 * FRAME["t"]),
        ("cosy(gr=g)", Exchangeable, [0, 1, 2, 0, 1, 2, 0, 1]),
        ("unstr(t, gr=g)", Occasions, FRAME["t"]),
        ("unstr(when, gr=g)", Occasions, [2, 0, 1, 3, 0, 2, 1, 4]),
    ],
)
def test_series(term: str, structure: type, times: Any) -> None:
    serial = design_of(f"y ~ x + {term}").residual.correlation
    assert isinstance(serial, structure)
    np.testing.assert_array_equal(serial.codes, [0, 0, 0, 1, 1, 1, 2, 2])
    np.testing.assert_array_equal(serial.times, times)


def test_occasions_are_called_as_the_levels_of_their_factor() -> None:
    serial = design_of("y ~ x + unstr(when, gr=g)").residual.correlation
    assert isinstance(serial, Occasions)
    assert serial.occasion_labels == ("a", "b", "c", "d", "e")


def test_one_series_of_all_rows_and_series_of_cells() -> None:
    assert set(design_of("y ~ x + ar(x + t/10)").residual.correlation.codes) == {0}
    cells = design_of("y ~ x + ar(gr=g:h)").residual.correlation
    np.testing.assert_array_equal(cells.codes, [0, 0, 1, 3, 2, 2, 4, 4])


def test_rows_without_a_value_anywhere_are_dropped_and_counted() -> None:
    frame = FRAME.assign(v=FRAME["x"] ** 2)
    for i, name in enumerate(("s", "w", "t", "g", "v", "h")):
        frame[name] = frame[name].astype(object)
        frame.loc[i, name] = None
    frame = frame.convert_dtypes()
    design = design_of(["y | weights(w) ~ x + ar(t, gr=g)", "sigma ~ v + (1 | h)"], frame)
    assert design.n_dropped == 5
    np.testing.assert_array_equal(design.frame.index, [0, 6, 7])
    assert len(design.others[0].fixed.matrix) == len(design.residual.correlation.codes) == 3
    known = design_of("y | se(s) ~ x", frame)
    assert known.n_dropped == 1


def test_predictor_of_sigma() -> None:
    design = design_of(["y ~ x + (1 | g)", "sigma ~ 0 + h + offset(x) + (1 | g)"])
    (sigma,) = design.others
    assert list(design.predictors) == ["mu", "sigma"]
    assert sigma.fixed.terms == ("h[p]", "h[q]")
    np.testing.assert_array_equal(sigma.offset, FRAME["x"])
    assert [(block.name, block.parameter) for block in design.all_blocks] == [
        ("g", "mu"),
        ("sigma_g", "sigma"),
    ]


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "an error of zero": ("y | se(s - 0.25) ~ x", {}, "zero or negative in 1 row, the first row 2"),
    "a negative error": ("y | se(-s) ~ x", {}, "zero or negative in 8 rows"),
    "text as error": ("y | se(g) ~ x", {}, "is not numeric"),
    "an infinite error": ("y | se(1/x) ~ x + (1 | g)", {}, "is not finite"),
    "weights twice": ("y | weights(w) ~ x + (1 | g)", {"weights": "w"}, "both state weights"),
    "weights without sigma": ("y | se(s) ~ x + (1 | g)", {"weights": "w"}, "se\\(\\) leaves no sigma"),
    "a weight of zero": ("y | weights(x) ~ 1 + (1 | g)", {}, "of the weights are zero or negative"),
    "one time twice": ("y ~ x + ar(w, gr=g)", {}, "needs one row a time .* row 2 .* with 1 of 'a'"),
    "one occasion twice": ("y ~ x + unstr(h, gr=g)", {}, "row 1 .* with p of 'a'"),
    "one time twice in one series": ("y ~ x + ar(t)", {}, "row 3 .* with 1\\. Name the series"),
    "series of one row": ("y ~ x + cosy(gr=id)", {}, "one row in every series"),
    "no such column": (["y ~ x + (1 | g)", "sigma ~ v"], {}, "no column 'v'"),
    "one level": (["y ~ x + (1 | g)", "sigma ~ (1 | factor(0*x))"], {}, "has only one level"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    formula, options, words = REFUSED[case]
    with pytest.raises(DataError, match=words):
        design_of(formula, **options)


def test_a_factor_is_refused_whose_name_another_parameter_has() -> None:
    frame = FRAME.rename(columns={"g": "ar", "h": "sigma_id"})
    with pytest.raises(DataError, match="'ar' in the posterior, where another parameter"):
        design_of("y ~ x + (1 | ar) + ar(t, gr=ar)", frame)
    assert design_of("y ~ x + (1 | ar)", frame).blocks[0].group == "ar"
    with pytest.raises(DataError, match="both have 'sd_sigma_id'"):
        design_of(["y | weights(w) ~ x + (1 | sigma_id)", "sigma ~ (1 | id)"], frame)


def test_new_rows_are_encoded_for_every_predictor() -> None:
    formula = ["y | se(s, sigma=TRUE) + weights(w) ~ x + (1 | g)", "sigma ~ h*x + offset(t) + (1 | g)"]
    design = design_of(formula)
    data = encode(design, FRAME.drop(columns="y"), response=True)
    own = own_rows(design)
    np.testing.assert_allclose(data.others["sigma"].fixed, own.others["sigma"].fixed)
    np.testing.assert_array_equal(data.others["sigma"].offset, FRAME["t"])
    np.testing.assert_array_equal(
        data.others["sigma"].meetings[0].codes, own.others["sigma"].meetings[0].codes
    )
    assert data.residual.errors is not None
    assert data.residual.weights is not None
    np.testing.assert_array_equal(data.residual.errors, FRAME["s"])
    np.testing.assert_array_equal(data.residual.weights, FRAME["w"])
    assert not encode(design, FRAME[["x", "g"]]).others
    with pytest.raises(DataError, match="newdata has no column 'h'"):
        encode(design, FRAME[["x", "g", "s", "w", "t"]], response=True)
