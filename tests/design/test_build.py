"""Designs: columns, codes, levels, and what does not change them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmixed.design import Design, build_design
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula
from effect_sets import sizes_of


def frame(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "count": rng.integers(1, 5, n),
            "f": np.tile(["a", "b", "c"], n // 3),
            "g": np.repeat(np.arange(n // 6), 6),
            "h": np.tile(np.arange(4), n // 4),
            "flag": np.arange(n) % 2 == 0,
            "my x": rng.normal(size=n),
            "log": rng.uniform(1, 2, n),
            "C": np.tile(["u", "v"], n // 2),
            "my.x": rng.normal(size=n),
        }
    )


def build(formula: str, data: object = None, **options: object) -> Design:
    return build_design(parse_formula(formula), frame() if data is None else data, **options)  # type: ignore[arg-type]


TERMS = {
    "y ~ x": "Intercept|x",
    "y ~ 0 + x": "x",
    "y ~ f": "Intercept|f[T.b]|f[T.c]",
    "y ~ 0 + f": "f[a]|f[b]|f[c]",
    "y ~ x*f": "Intercept|x|f[T.b]|f[T.c]|x:f[T.b]|x:f[T.c]",
    "y ~ round(x, 1)": "Intercept|round(x, 1)",
    "y ~ I(x^2) + I(x**3)": "Intercept|I(x^2)|I(x ** 3)",
    "y ~ factor(count)": "Intercept|factor(count)[T.2]|factor(count)[T.3]|factor(count)[T.4]",
    "y ~ as.factor(h)": "Intercept|as.factor(h)[T.1]|as.factor(h)[T.2]|as.factor(h)[T.3]",
    "y ~ C(f, Treatment('b'))": "Intercept|C(f, Treatment('b'))[T.a]|C(f, Treatment('b'))[T.c]",
    "y ~ C(f, contr.sum)": "Intercept|C(f, contr.sum)[S.a]|C(f, contr.sum)[S.b]",
    "y ~ C(f, levels=['c', 'a', 'b'])": (
        "Intercept|C(f, levels=['c', 'a', 'b'])[T.a]|C(f, levels=['c', 'a', 'b'])[T.b]"
    ),
    "y ~ poly(x, 2)": "Intercept|poly(x, 2)[1]|poly(x, 2)[2]",
    "y ~ bs(x, df=4)": "Intercept|bs(x, df=4)[1]|bs(x, df=4)[2]|bs(x, df=4)[3]|bs(x, df=4)[4]",
    "y ~ cr(x, df=3)": "Intercept|cr(x, df=3)[1]|cr(x, df=3)[2]|cr(x, df=3)[3]",
    "y ~ `my x` + log(`my x`^2) + my.x + log(my.x^2)": ("Intercept|my x|log(my x^2)|my.x|log(my.x^2)"),
    "y ~ log(log) + log + C(C) + C:x": "Intercept|log(log)|log|C(C)[T.v]|C[u]:x|C[v]:x",
    "y ~ flag": "Intercept|flag[T.True]",
    "y ~ I(f == 'a')": "Intercept|I(f == 'a')[T.True]",
    "y ~ 0 + flag": "flag[False]|flag[True]",
    "y ~ (x + log)^2": "Intercept|x|log|x:log",
}

VALUES = {
    "I(x^2)": lambda d: d.x**2,
    "np.exp(x)": lambda d: np.exp(d.x),
    "log(log)": lambda d: np.log(d.log),
    "log10(log)": lambda d: np.log10(d.log),
    "log2(log)": lambda d: np.log2(d.log),
    "sqrt(log)": lambda d: np.sqrt(d.log),
    "abs(x)": lambda d: d.x.abs(),
    "scale(x)": lambda d: (d.x - d.x.mean()) / d.x.std(),
    "center(x)": lambda d: d.x - d.x.mean(),
    "I(-x + 2*count/3)": lambda d: -d.x + 2 * d["count"] / 3,
    "I(count // 2)": lambda d: d["count"] // 2,
    "I(count %% 2)": lambda d: d["count"] % 2,
    "I(f != 'b')": lambda d: (d.f != "b").astype(float),
    "I(x > 0.1)": lambda d: (d.x > 0.1).astype(float),
    "I(I(x <= 0) * 3)": lambda d: 3.0 * (d.x <= 0),
    "{x + 1}": lambda d: d.x + 1,
    "as.numeric(flag)": lambda d: d.flag.astype(float),
    "sin(2*pi*x)": lambda d: np.sin(2 * np.pi * d.x),
    "I(x * np.pi)": lambda d: np.pi * d.x,
    "I(`pi` * x)": lambda d: d.x * d["pi"],
    "pi": lambda d: d["pi"],
    "count:x": lambda d: d["count"] * d.x,
}

BLOCKS = {
    "(1 | g)": [("g", "Intercept", 10, (1,))],
    "(x | g)": [("g", "Intercept x", 10, (2,))],
    "(0 + x | g)": [("g", "x", 10, (1,))],
    "(x - 1 | g)": [("g", "x", 10, (1,))],
    "(x || g)": [("g", "Intercept x", 10, (1, 1))],
    "diag(x | g)": [("g", "Intercept x", 10, (1, 1))],
    "(1 | g) + (0 + x | g)": [("g", "Intercept x", 10, (1, 1))],
    "(x | g) + (0 + log + count | g)": [("g", "Intercept x log count", 10, (2, 2))],
    "(f | h)": [("h", "Intercept f[T.b] f[T.c]", 4, (3,))],
    "(0 + f | h)": [("h", "f[a] f[b] f[c]", 4, (3,))],
    "(f || h)": [("h", "Intercept f[T.b] f[T.c]", 4, (1, 1, 1))],
    "(x*C | h)": [("h", "Intercept x C[T.v] x:C[T.v]", 4, (4,))],
    "(scale(x) | g)": [("g", "Intercept scale(x)", 10, (2,))],
    "(1 | h) + (1 | g)": [("g", "Intercept", 10, (1,)), ("h", "Intercept", 4, (1,))],
    "(1 | f/C)": [("f:C", "Intercept", 6, (1,)), ("f", "Intercept", 3, (1,))],
    "(1 | f*C)": [
        ("f:C", "Intercept", 6, (1,)),
        ("f", "Intercept", 3, (1,)),
        ("C", "Intercept", 2, (1,)),
    ],
    "(1 | factor(h))": [("factor(h)", "Intercept", 4, (1,))],
    "(1 | `my x` )": [("my x", "Intercept", 60, (1,))],
    "(1 | flag)": [("flag", "Intercept", 2, (1,))],
}


@pytest.mark.parametrize(("formula", "terms"), TERMS.items())
def test_names_of_the_fixed_effects(formula: str, terms: str) -> None:
    fixed = build(formula).fixed
    assert "|".join(fixed.terms) == terms
    assert fixed.has_intercept is (fixed.terms[0] == "Intercept")
    assert fixed.matrix.shape == (60, len(fixed.terms))
    assert fixed.matrix.flags.c_contiguous
    assert fixed.matrix.dtype == np.float64


@pytest.mark.parametrize(("term", "expected"), VALUES.items())
def test_values_of_a_term(term: str, expected: object) -> None:
    data = frame().assign(**({"pi": np.arange(60.0)} if term in ("pi", "I(`pi` * x)") else {}))
    values = build(f"y ~ {term}", data).fixed.matrix[:, 1]
    np.testing.assert_allclose(values, np.asarray(expected(data), dtype=float), rtol=1e-13)  # type: ignore[operator]


@pytest.mark.parametrize(
    "formula", ["y ~ sin(pi*x)", "I(pi*y) ~ x", "y ~ x + (I(pi*x) | g)", "y ~ offset(pi*x)"]
)
def test_a_constant_that_is_a_column_too_is_refused(formula: str) -> None:
    with pytest.raises(DataError, match=r"'pi' in '.*pi.*' is a constant, and the data have a column"):
        build(formula, frame().assign(pi=1.0))


def test_orthogonal_polynomials_are_those_of_r() -> None:
    # R 4.2: poly(1:5, 2)
    expected = [
        [-0.632455532033676, 0.534522483824849],
        [-0.316227766016838, -0.267261241912424],
        [0.0, -0.534522483824849],
        [0.316227766016838, -0.267261241912424],
        [0.632455532033676, 0.534522483824849],
    ]
    data = pd.DataFrame({"y": [3.0, 1.0, 4.0, 1.0, 5.0], "x": range(1, 6)})
    np.testing.assert_allclose(build("y ~ poly(x, 2)", data).fixed.matrix[:, 1:], expected, atol=1e-12)


@pytest.mark.parametrize(("bars", "expected"), BLOCKS.items())
def test_blocks(bars: str, expected: list[tuple[str, str, int, tuple[int, ...]]]) -> None:
    design = build(f"y ~ 1 + {bars}", residual_variance=False)
    found = [(b.group, " ".join(b.effects), b.n_levels, sizes_of(b)) for b in design.blocks]
    assert found == expected
    for block in design.blocks:
        assert block.columns.shape == (60, block.n_effects)
        assert block.columns.flags.c_contiguous
        assert block.codes.dtype == np.int64
        assert block.covariances.n_effects == block.n_effects
        assert np.array_equal(np.unique(block.codes), np.arange(block.n_levels))


def test_only_observed_combinations_are_levels() -> None:
    data = pd.DataFrame({"y": [1.0, 2, 3, 4, 5], "a": list("vvuuu"), "b": [2, 10, 2, 2, 2]})
    block = build("y ~ 1 + (1 | a:b)", data).blocks[0]
    assert block.levels == ("u:2", "v:2", "v:10")
    assert block.codes.tolist() == [1, 2, 0, 0, 0]


GROUPINGS = {
    "strings": (["b", "a", "c", "a"], ("a", "b", "c"), [1, 0, 2, 0]),
    "integers by size": ([10, 9, 10, 100], ("9", "10", "100"), [1, 0, 1, 2]),
    "booleans": ([True, False, True, True], ("False", "True"), [1, 0, 1, 1]),
    "whole floats": ([2.0, 1.0, 2.0, 2.0], ("1", "2"), [1, 0, 1, 1]),
    "floats": ([2.5, 1.0, 2.5, 2.5], ("1", "2.5"), [1, 0, 1, 1]),
    "objects": (pd.Series(["b", 1, "b", "b"], dtype=object), ("1", "b"), [1, 0, 1, 1]),
    "order of categories": (
        pd.Categorical(list("aabb"), categories=["b", "z", "a"]),
        ("b", "a"),
        [1, 1, 0, 0],
    ),
    "nullable integers": (pd.array([3, 1, 3, 3], dtype="Int64"), ("1", "3"), [1, 0, 1, 1]),
    "nullable strings": (pd.array(list("baab"), dtype="string"), ("a", "b"), [1, 0, 0, 1]),
    "arrow strings": (pd.array(list("baab"), dtype="string[pyarrow]"), ("a", "b"), [1, 0, 0, 1]),
    "large unsigned": (
        np.array([2**63 + 1, 5, 5, 5], dtype=np.uint64),
        ("5", str(2**63 + 1)),
        [1, 0, 0, 0],
    ),
    "dates": (
        pd.to_datetime(["2020-01-02", "2020-01-01", "2020-01-02", "2020-01-02"]),
        ("2020-01-01", "2020-01-02"),
        [1, 0, 1, 1],
    ),
}


@pytest.mark.parametrize("case", GROUPINGS)
def test_grouping_factors_of_every_type(case: str) -> None:
    values, levels, codes = GROUPINGS[case]
    data = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "g": values})
    block = build("y ~ 1 + (1 | g)", data).blocks[0]
    assert block.levels == levels
    assert block.codes.tolist() == codes


def test_scales_and_centring() -> None:
    data = frame()
    data["three"] = 3.0
    design = build("y ~ 1 + x + (1 + x | g) + (0 + three | h)", data)
    about_means = [[1.0, -data.x.mean()], [0.0, 1.0]]
    np.testing.assert_allclose(design.fixed.centring, about_means)
    np.testing.assert_allclose(design.block("g").centring, about_means)
    np.testing.assert_allclose(design.block("h").centring, [[1.0]])
    np.testing.assert_allclose(design.fixed.scales, [1.0, data.x.std()])
    np.testing.assert_allclose(design.block("g").scales, [1.0, data.x.std()])
    np.testing.assert_allclose(design.block("h").scales, [3.0])
    np.testing.assert_allclose(build("y ~ 0 + three", data).fixed.scales, [3.0])


@pytest.mark.parametrize("power", [-20, 3, 40])
def test_a_power_of_two_scales_exactly(power: int) -> None:
    data = frame()
    scaled = data.assign(x=data.x * 2.0**power)
    one, other = build("y ~ x + (x | g)", data), build("y ~ x + (x | g)", scaled)
    assert other.fixed.scales[1] == one.fixed.scales[1] * 2.0**power
    assert other.blocks[0].scales[1] == one.blocks[0].scales[1] * 2.0**power


def test_response_offset_and_weights() -> None:
    data = frame()
    data["w"] = np.arange(60) + 1
    design = build("log(log) ~ x + offset(2 * x) + offset(scale(count)) + (1 | g)", data, weights="w")
    np.testing.assert_allclose(design.response.values, np.log(data["log"]))
    counts = data["count"]
    np.testing.assert_allclose(design.offset, 2 * data.x + (counts - counts.mean()) / counts.std())
    np.testing.assert_allclose(design.weights, data.w)  # type: ignore[arg-type]
    assert design.response.name == "log(log)"
    assert design.weights is not None
    assert design.weights.dtype == np.float64
    same = build("y ~ 1", data, weights=data.w.to_numpy()).weights
    np.testing.assert_array_equal(same, design.weights)  # type: ignore[arg-type]


def test_no_offset_is_zero_and_no_weights_is_none() -> None:
    design = build("y ~ 1 + (1 | g)")
    assert not design.offset.any()
    assert design.weights is None


@pytest.mark.parametrize(
    ("response", "mean"), [("C == 'u'", 0.5), ("C != 'u'", 0.5), ("flag", 0.5), ("x > -1e9", 1.0)]
)
def test_a_comparison_is_a_response_of_zeros_and_ones(response: str, mean: float) -> None:
    values = build(f"{response} ~ 1", residual_variance=False).response.values
    assert values.mean() == mean
    assert set(values.tolist()) <= {0.0, 1.0}


def test_missing_rows_are_dropped_and_counted() -> None:
    data = frame()
    data.loc[3, "x"] = np.nan
    data.loc[[3, 8], "f"] = None
    data["g"] = data["g"].astype("Int64")
    data.loc[11, "g"] = pd.NA
    data.loc[20, "log"] = np.nan
    data["w"] = 1.0
    data.loc[3, "w"] = np.nan
    design = build("y ~ x + f + (1 | g)", data, weights="w")
    assert design.n_dropped == 3
    assert design.n_rows == 57
    assert design.frame.index.tolist() == [i for i in range(60) if i not in (3, 8, 11)]
    assert design.blocks[0].levels == tuple(str(i) for i in range(10))


@pytest.mark.parametrize("formula", ["y ~ x*f + (x | g) + (1 | f:C)", "log(log) ~ I(x^2) + (1 | h)"])
@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_frames_of_every_kind(formula: str, kind: str) -> None:
    data = frame()
    if kind == "polars":
        polars = pytest.importorskip("polars")
        other = polars.DataFrame({name: data[name].tolist() for name in data})
    else:
        pyarrow = pytest.importorskip("pyarrow")
        other = pyarrow.table({name: data[name].tolist() for name in data})
    assert_same(build(formula, data), build(formula, other))


def test_polars_missing_values_and_categories() -> None:
    polars = pytest.importorskip("polars")
    data = polars.DataFrame(
        {
            "y": [1.0, None, 2.0, 4.0, 3.0],
            "k": [1, 2, None, 4, 4],
            "g": polars.Series(["u", "v", "v", "v", "u"], dtype=polars.Enum(["v", "u"])),
        }
    )
    design = build("y ~ 1 + (1 | g)", data)
    assert (design.n_dropped, design.blocks[0].levels) == (1, ("v", "u"))
    assert build("y ~ k", data).n_dropped == 2
    flags = build("k ~ b", data.with_columns(b=polars.Series([True, False, True, None, True])))
    assert flags.fixed.matrix[:, 1].tolist() == [1.0, 0.0, 1.0]


def test_the_data_are_untouched() -> None:
    data = frame()
    data.loc[4, "x"] = np.nan
    before = data.copy(deep=True)
    design = build("y ~ x + poly(log, 2) + (x | f)", data)
    design.response.values[:] = 0.0
    design.fixed.matrix[:] = 0.0
    pd.testing.assert_frame_equal(data, before)


def test_the_design_keeps_its_frame_when_the_data_change() -> None:
    data = frame()
    design = build("y ~ x", data)
    data["x"] = 0.0
    data.loc[0, "y"] = 99.0
    pd.testing.assert_frame_equal(design.frame, frame())


@pytest.mark.parametrize(
    "index", [[0] * 60, pd.MultiIndex.from_product([range(6), range(10)]), [f"r{i}" for i in range(60)]]
)
def test_any_index(index: object) -> None:
    data = frame().set_index(pd.Index(index) if isinstance(index, list) else index)  # type: ignore[arg-type]
    design = build("y ~ x*f + bs(log, df=4) + (x | g)", data)
    assert_same(design, build("y ~ x*f + bs(log, df=4) + (x | g)"))
    assert design.frame.index.equals(data.index)


def test_columns_may_be_labelled_by_numbers() -> None:
    data = frame()[["y", "g", "x"]].set_axis([0, 1.5, "x"], axis=1)
    assert build("`0` ~ x + `1.5`", data).fixed.terms == ("Intercept", "x", "1.5")


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(60)))
def test_permuting_rows_permutes_the_design(order: list[int]) -> None:
    formula = "y ~ x*f + (0 + f || h) + (1 | g)"
    design, permuted = build(formula), build(formula, frame().iloc[order])
    np.testing.assert_array_equal(permuted.fixed.matrix, design.fixed.matrix[order])
    np.testing.assert_array_equal(permuted.response.values, design.response.values[order])
    for one, other in zip(permuted.blocks, design.blocks, strict=True):
        assert one.levels == other.levels
        np.testing.assert_array_equal(one.codes, other.codes[order])
        np.testing.assert_array_equal(one.columns, other.columns[order])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6), min_size=10, max_size=10, unique=True))
def test_relabelling_levels_relabels_the_block(labels: list[str]) -> None:
    data = frame()
    block = build("y ~ 1 + (1 | g)", data).blocks[0]
    renamed = build("y ~ 1 + (1 | g)", data.assign(g=[labels[g] for g in data.g])).blocks[0]
    assert renamed.levels == tuple(sorted(labels))
    before = [labels[int(block.levels[code])] for code in block.codes]
    assert [renamed.levels[code] for code in renamed.codes] == before


def test_levels_that_read_alike_are_refused() -> None:
    data = pd.DataFrame(
        {"y": [1.0, 2, 4, 3, 5], "a": ["u:v", "u", "u", "u", "u"], "b": ["w", "v:w", "z", "z", "z"]}
    )
    with pytest.raises(ValueError, match="both written 'u:v:w'"):
        build("y ~ 1 + (1 | a:b)", data)


def assert_same(one: Design, other: Design) -> None:
    assert one.fixed.terms == other.fixed.terms
    np.testing.assert_array_equal(one.fixed.matrix, other.fixed.matrix)
    np.testing.assert_array_equal(one.response.values, other.response.values)
    for left, right in zip(one.blocks, other.blocks, strict=True):
        assert (left.group, left.effects, left.levels) == (right.group, right.effects, right.levels)
        np.testing.assert_array_equal(left.codes, right.codes)
        np.testing.assert_array_equal(left.columns, right.columns)


def test_import_is_light(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, bayesmixed.formula, bayesmixed.design;"
        "print([m for m in ('formulaic', 'scipy', 'narwhals') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert run.stdout.strip() == "[]"


def test_a_level_s_label_does_not_depend_on_other_rows() -> None:
    numbers, few = [1.0, 2.0, 2.5], [1.0, 2.0]
    days = pd.to_datetime(["2020-01-01 00:00", "2020-01-02 00:00", "2020-01-02 12:00"])
    for many, some in ((numbers, few), (days, days[:2])):
        frame = pd.DataFrame({"y": np.arange(9.0) ** 2, "g": list(many) * 3})
        labels = build_design(parse_formula("y ~ 1 + (1 | g)"), frame).blocks[0].levels
        part = frame[frame["g"].isin(some)]
        assert build_design(parse_formula("y ~ 1 + (1 | g)"), part).blocks[0].levels == labels[:2]
