"""New data in the columns and codes of a design."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.design import Design, build_design, encode
from bayesmixed.errors import BayesmixedError, DataError, DesignWarning
from bayesmixed.formula import parse_formula

FORMULAS = [
    "y ~ x",
    "y ~ 0 + f",
    "y ~ x*f + (x*C | h)",
    "y ~ scale(x) + center(count) + standardize(x^2) + (scale(x) || h)",
    "y ~ poly(x, 3) + bs(count, df=4) + cr(z, df=3) + cc(x, df=3)",
    "y ~ C(f, contr.sum)*C + factor(count) + (0 + f | h)",
    "y ~ C(f, levels=['c', 'a', 'b']) + (1 | f:C) + (1 | h/C)",
    "y ~ I(f == 'a') + flag + (1 | factor(h))",
    "y ~ x + offset(scale(z)) + offset(log(count)) + (1 | h) + (0 + x | h)",
    "log(count) ~ scale(x):scale(z) + (poly(x, 2) | h)",
    "y ~ 0 + flag + flag:x + I(x > 0.5):count + (0 + flag | h)",
    "y ~ (1 | h)",
    "y ~ 0 + (1 | h)",
]


def frame(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.uniform(size=n),
            "count": rng.integers(1, 6, n),
            "f": pd.Categorical(np.tile(["a", "b", "c"], n // 3), categories=["b", "c", "z", "a"]),
            "h": np.tile(np.arange(4), n // 4),
            "flag": rng.uniform(size=n) > 0.5,
            "C": np.repeat(["u", "v"], n // 2),
        }
    )


def design_of(formula: str) -> Design:
    return build_design(parse_formula(formula), frame())


@pytest.mark.parametrize("formula", FORMULAS)
def test_rows_of_the_data_encode_as_they_were(formula: str) -> None:
    design = design_of(formula)
    rows = [41, 3, 3, 17]
    new = frame().iloc[rows].drop(columns="y").reset_index(drop=True)
    encoded = encode(design, new)
    assert encoded.fixed.shape == (4, len(design.fixed.terms))
    np.testing.assert_allclose(encoded.fixed, design.fixed.matrix[rows], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(encoded.offset, design.offset[rows], rtol=1e-12)
    every = zip(design.blocks, encoded.columns, encoded.meetings, strict=True)
    for block, columns, meeting in every:
        np.testing.assert_allclose(columns, block.columns[rows], rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(meeting.codes[:, 0], block.codes[rows])
    assert encoded.new_levels == ((),) * len(design.blocks)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_design_survives_pickling_and_copying(formula: str) -> None:
    design = design_of(formula)
    new = frame().iloc[[5]]
    expected = encode(design, new)
    for other in (pickle.loads(pickle.dumps(design)), copy.deepcopy(design)):
        np.testing.assert_array_equal(encode(other, new).fixed, expected.fixed)


def test_encoding_does_not_change_the_recipe() -> None:
    design = design_of("y ~ scale(x) + poly(z, 2) + (1 | h)")
    first = encode(design, frame().iloc[:5]).fixed
    encode(design, frame().assign(x=100.0, z=5.0))
    np.testing.assert_array_equal(encode(design, frame().iloc[:5]).fixed, first)


def test_transforms_reach_beyond_the_data() -> None:
    design = design_of("y ~ scale(x) + cr(z, df=4)")
    encoded = encode(design, pd.DataFrame({"x": [frame().x.mean()] * 3, "z": [1.5, 2.5, 3.5]}))
    np.testing.assert_allclose(encoded.fixed[:, 1], 0.0, atol=1e-12)
    np.testing.assert_allclose(np.diff(encoded.fixed[:, 2:], n=2, axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("formula", "knots"),
    [
        ("y ~ bs(z, df=4)", (0.0275591, 0.961)),
        ("y ~ 1 + (bs(z, df=4) | h)", (0.0275591, 0.961)),
        ("y ~ x + bs(z, df=4, lower_bound=-1, upper_bound=2)", (-1, 2)),
    ],
)
def test_beyond_its_knots_a_spline_warns(formula: str, knots: tuple[float, float]) -> None:
    low, high = knots
    data = frame().assign(z=np.linspace(0.0275591, 0.961, 60))
    design = build_design(parse_formula(formula), data)
    inside = pd.DataFrame({"z": [low, high], "x": 0.0, "h": 1})
    assert np.isfinite(encode(design, inside).fixed).all()
    with pytest.warns(
        DesignWarning, match=rf"beyond its boundary knots, {low:g} and {high:g}, in 1 row, .* -9\."
    ):
        encode(design, inside.assign(z=[low, -9.0]))
    with pytest.warns(DesignWarning, match=r"in 2 rows, the farthest at 100\. .*cr\(\)"):
        encode(design, inside.assign(z=[-9.0, 100.0]))


def test_knots_within_the_data_warn_when_they_are_fitted() -> None:
    with pytest.warns(DesignWarning, match="beyond its boundary knots, 0.2 and 0.8"):
        design_of("y ~ bs(z, df=4, lower_bound=0.2, upper_bound=0.8)")


@pytest.mark.parametrize("how", ["population", "sample"])
def test_new_levels_count_down(how: Any) -> None:
    design = design_of("y ~ 1 + (1 | h) + (1 | f:C)")
    new = pd.DataFrame({"h": [9, 0, 7, 9], "f": ["a", "q", "a", "b"], "C": ["u", "u", "w", "v"]})
    encoded = encode(design, new, new_levels=how)
    assert [block.group for block in design.blocks] == ["f:C", "h"]
    assert encoded.new_levels == (("a:w", "q:u"), ("7", "9"))
    levels = design.blocks[0].levels
    assert encoded.meetings[0].codes[:, 0].tolist() == [levels.index("a:u"), -2, -1, levels.index("b:v")]
    assert encoded.meetings[1].codes[:, 0].tolist() == [-2, 0, -1, -2]


def test_levels_match_by_label() -> None:
    design = design_of("y ~ 1 + (1 | h)")
    for labels in (["3", "0"], [3.0, 0.0], pd.Categorical([3, 0]), pd.array([3, 0], dtype="Int8")):
        assert encode(design, pd.DataFrame({"h": labels})).meetings[0].codes[:, 0].tolist() == [3, 0]


TRUTH: dict[str, Any] = {
    "booleans": [True, False, True],
    "nullable booleans": pd.array([True, False, True], dtype="boolean"),
    "text": ["True", "False", "True"],
    "objects": pd.Series([True, False, True], dtype=object),
    "numbers": [1, 0, 1],
    "floats": [1.0, 0.0, 1.0],
}


@pytest.mark.parametrize("new", TRUTH)
@pytest.mark.parametrize("fitted", ["booleans", "objects", "text", "numbers"])
def test_booleans_match_text_and_numbers(fitted: str, new: str) -> None:
    data = pd.DataFrame({"y": [1.0, 3.0, 2.0], "late": TRUTH[fitted]})
    design = build_design(parse_formula("y ~ late"), data)
    if {fitted, new} in ({"text", "numbers"}, {"text", "floats"}):
        with pytest.raises(DataError, match="'late' of the new data holds"):
            encode(design, pd.DataFrame({"late": TRUTH[new]}))
        return
    encoded = encode(design, pd.DataFrame({"late": TRUTH[new]}))
    assert encoded.fixed[:, 1].tolist() == [1.0, 0.0, 1.0]
    assert encode(design, pd.DataFrame({"late": TRUTH[new][:1]})).fixed.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("late", [[2], ["yes"], [0.5], pd.to_datetime(["2020-01-01"])])
def test_what_is_no_boolean_is_refused(late: Any) -> None:
    design = build_design(parse_formula("y ~ late"), pd.DataFrame({"y": [1.0, 3.0], "late": [True, False]}))
    with pytest.raises(DataError, match="the model was fitted to booleans"):
        encode(design, pd.DataFrame({"late": late}))


def test_the_frame_is_kept_with_its_index() -> None:
    new = frame().iloc[[7, 2]]
    assert encode(design_of("y ~ x"), new).frame.index.tolist() == [7, 2]


def test_new_data_of_other_kinds() -> None:
    polars = pytest.importorskip("polars")
    design = design_of("y ~ x*f + (1 | h)")
    new = {"x": [0.5, 1.0], "f": ["a", "c"], "h": [1, 2]}
    np.testing.assert_array_equal(
        encode(design, polars.DataFrame(new)).fixed, encode(design, pd.DataFrame(new)).fixed
    )


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "missing column": ({"x": [1.0], "h": [1]}, "newdata has no column 'f'"),
    "near column": ({"X": [1.0], "f": ["a"], "h": [1]}, "Did you mean 'X'"),
    "missing value": (
        {"x": [None, 1.0], "f": ["a", None], "h": [1, 1]},
        "missing values in 'x' (1), 'f' (1)",
    ),
    "text for numbers": ({"x": ["1"], "f": ["a"], "h": [1]}, "'x' of the new data holds text; the model was"),
    "numbers for text": ({"x": [1.0], "f": [1], "h": [1]}, "'f' of the new data holds numbers"),
    "infinite": ({"x": [np.inf], "f": ["a"], "h": [1]}, "1 infinite value"),
    "unseen category": (
        {"x": [1.0], "f": ["q"], "h": [1]},
        "levels that the model has not seen: 'q'. It knows 'b'",
    ),
    "unseen level": ({"x": [1.0], "f": ["a"], "h": [11]}, "1 level of 'h' that the model has not seen: '11'"),
    "unseen levels": (
        {"x": [1.0] * 7, "f": ["a"] * 7, "h": range(11, 18)},
        "7 levels of 'h' that the model has not seen: '11', '12', '13', '14', '15', ...",
    ),
    "no rows": ({"x": [], "f": [], "h": []}, "no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_new_data(case: str) -> None:
    new, words = BAD[case]
    with pytest.raises(DataError) as caught:
        encode(design_of("y ~ x + f + (1 | h)"), pd.DataFrame(new))
    assert words in str(caught.value)


def test_an_unseen_category_is_never_a_new_level() -> None:
    new = pd.DataFrame({"x": [1.0], "f": ["q"], "h": [1]})
    for formula in ("y ~ x + f + (1 | h)", "y ~ x + C(f, contr.sum)", "y ~ 1 + (f | h)"):
        with pytest.raises(DataError, match="not seen: 'q'"):
            encode(design_of(formula), new, new_levels="sample")


def test_new_levels_has_three_words() -> None:
    with pytest.raises(BayesmixedError, match="'error', 'population', 'sample'"):
        encode(design_of("y ~ x"), frame(), new_levels="draw")  # type: ignore[arg-type]
