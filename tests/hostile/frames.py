"""Frames that nobody should give, and what may become of them."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pickle
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

import bayesmixed as bm
from bayesmixed.design.records import Design
from bayesmixed.errors import BayesmixedError, DesignWarning

from .dense import reml_criterion
from .formulas import in_time

Floats = np.ndarray[Any, np.dtype[np.float64]]
Make = Callable[[Floats], Any]

NUMBERS: dict[str, Make] = {
    "float64": lambda v: v,
    "float32": lambda v: v.astype(np.float32),
    "float16": lambda v: v.astype(np.float16),
    "int8": lambda v: np.round(v * 5).astype(np.int8),
    "uint8": lambda v: np.round(v * 5).astype(np.int8).astype(np.uint8),
    "int64, huge": lambda v: np.round(v * 1e17).astype(np.int64),
    "Int64": lambda v: pd.array(np.round(v * 5), dtype="Int64"),
    "Float64": lambda v: pd.array(v, dtype="Float64"),
    "Arrow": lambda v: pd.array(v, dtype="double[pyarrow]"),
    "Arrow integers": lambda v: pd.array(np.round(v * 5), dtype="int64[pyarrow]"),
    "sparse": lambda v: pd.arrays.SparseArray(np.round(v)),
    "booleans": lambda v: v > 0,
    "boolean": lambda v: pd.array(v > 0, dtype="boolean"),
    "objects": lambda v: v.astype(object),
    "whole and not": lambda v: [round(x) if x > 0 else x for x in v.tolist()],
    "NumPy's own": lambda v: pd.Series([np.float32(x) for x in v], dtype=object),
    "huge Python integers": lambda v: pd.Series([int(x * 1e30) for x in v], dtype=object),
    "decimals": lambda v: [decimal.Decimal(f"{x:.6f}") for x in v],
    "fractions": lambda v: pd.Series([fractions.Fraction(x) for x in v], dtype=object),
    "complex": lambda v: v + 1j,
    "texts": lambda v: [f"{x:.3f}" for x in v],
    "texts, Arrow": lambda v: pd.array([f"{x:.0f}" for x in v], dtype="string[pyarrow]"),
    "numbers and texts": lambda v: pd.Series(["a", *v[1:]], dtype=object),
    "category": lambda v: pd.Categorical(np.round(v), categories=[*range(-6, 7)]),
    "dates": lambda v: pd.Timestamp("2020") + pd.to_timedelta(np.round(v * 100), unit="D"),
    "dates with zones": lambda v: pd.date_range("2020", periods=len(v), tz="Asia/Tokyo"),
    "durations": lambda v: pd.to_timedelta(v, unit="s"),
    "days": lambda v: pd.Series([datetime.date(2020, 1, 1 + abs(round(x))) for x in v], dtype=object),
    "periods": lambda v: pd.period_range("2020", periods=len(v), freq="D"),
    "intervals": lambda v: pd.IntervalIndex.from_breaks(np.arange(len(v) + 1.0)),
    "lists": lambda v: pd.Series([[x, x] for x in v], dtype=object),
    "frames": lambda v: pd.Series([pd.DataFrame({"x": [x]}) for x in v], dtype=object),
    "bytes": lambda v: pd.Series([str(x).encode() for x in v], dtype=object),
    "nothing": lambda v: [None] * len(v),
    "constant": lambda v: 0 * v + 3.7,
    "zero": lambda v: 0 * v,
    "nearly constant": lambda v: 1e8 + 1e-8 * np.round(v * 4),
    "far away": lambda v: 1e7 + v,
    "huge": lambda v: v * 1e150,
    "largest": lambda v: v * 1e307,
    "tiny": lambda v: v * 1e-150,
    "smallest": lambda v: v * 5e-324,
    "one outlier": lambda v: np.where(np.arange(len(v)) == 3, 1e12, v),
    "infinite": lambda v: np.where(v > 2, np.inf, v),
    "missing": lambda v: np.where(v > 0.8, np.nan, v),
    "missing, Arrow": lambda v: pd.array([None if x > 0.8 else x for x in v], dtype="double[pyarrow]"),
    "missing objects": lambda v: pd.Series([None if x > 0.8 else x for x in v], dtype=object),
    "missing in one word": lambda v: pd.Series([pd.NA if x > 0.8 else x for x in v], dtype=object),
    "all but two missing": lambda v: np.where(np.arange(len(v)) < len(v) - 2, np.nan, v),
}
"""Kinds of columns that are made of numbers around 0."""

Codes = np.ndarray[Any, np.dtype[np.int64]]
ODD_LEVELS = [
    "a:b",
    "a",
    "b",
    "",
    " ",
    "a|b",
    "[x]",
    "ü",
    "\n",
    "a/b",
    "`",
    "%s",
    "{0}",
    "\u202e",
    "nan",
    "1.0",
]
LEVELS: dict[str, Callable[[Codes], Any]] = {
    "integers": lambda c: c,
    "negative": lambda c: -c,
    "halves": lambda c: c / 2,
    "letters": lambda c: [chr(97 + i % 26) for i in c],
    "odd": lambda c: [ODD_LEVELS[i % len(ODD_LEVELS)] for i in c],
    "bytes": lambda c: pd.Series([bytes([97 + i]) for i in c], dtype=object),
    "tuples": lambda c: pd.Series([(int(i), "a") for i in c], dtype=object),
    "numbers and texts": lambda c: pd.Series([int(i) if i % 2 else str(i - 1) for i in c], dtype=object),
    "booleans": lambda c: c > c.mean(),
    "unused categories": lambda c: pd.Categorical(c, categories=range(40)),
    "ordered": lambda c: pd.Categorical(
        c.astype(str), categories=[str(i) for i in range(39, -1, -1)], ordered=True
    ),
    "dates": lambda c: pd.Timestamp("2020-02-28") + pd.to_timedelta(c, unit="D"),
    "dates with zones": lambda c: (
        pd.Timestamp("2020-10-25", tz="Europe/Paris") + pd.to_timedelta(c, unit="h")
    ),
    "days": lambda c: pd.Series([datetime.date(2020, 1, 1 + int(i) % 28) for i in c], dtype=object),
    "string": lambda c: pd.array([f"g{i}" for i in c], dtype="string"),
    "Arrow": lambda c: pd.array([f"g{i}" for i in c], dtype="string[pyarrow]"),
    "Arrow dictionary": lambda c: pd.arrays.ArrowExtensionArray(
        pa.array([f"g{i}" for i in c]).dictionary_encode()
    ),
    "Int8": lambda c: pd.array(c, dtype="Int8"),
    "missing": lambda c: np.where(c == 0, np.nan, c),
    "missing texts": lambda c: pd.Series([None if i == 1 else f"g{i}" for i in c], dtype=object),
    "one level": lambda c: 0 * c,
    "a level for every row": lambda c: np.arange(len(c)),
    "one large, others of one row": lambda c: np.where(np.arange(len(c)) < len(c) // 2, 0, np.arange(len(c))),
    "nearly equal": lambda c: 1 + c * 2.0**-52,
}
"""Kinds of grouping factors, made of codes from 0."""

NAMES = [
    "x",
    "y2",
    "beta",
    "sigma",
    "Intercept",
    "row",
    "chain",
    "x y",
    "é",
    "a:b",
    "x|g",
    "[x]",
    "1",
    "(Intercept)",
]
NAMES += [
    "sd_g",
    "ranef_g",
    "if",
    "log",
    "TRUE",
    "",
    " ",
    "~",
    "term",
    "g_effect",
    "lambda",
    "x.1",
    "_0",
    "None",
]
FORMULAS = (
    "{y} ~ {x} + (1 | {g})",
    "{y} ~ {x} + ({x} | {g})",
    "{y} ~ {x} + ({x} || {g})",
    "{y} ~ 0 + {x} + (0 + {x} | {g})",
    "{y} ~ {x} + (1 | {g}) + (1 | {h})",
    "{y} ~ 1 + (1 | {h}/{g})",
    "{y} ~ {x}*{h} + (1 | {g})",
    "{y} ~ scale({x}) + (1 | {g})",
    "log({y}) ~ {x} + (1 | factor({g}))",
    "{y} ~ poly({x}, 2) + (1 | {g}:{h})",
    "{y} ~ offset({x}) + ({h} | {g})",
)
INDEXES = ("plain", "duplicates", "two levels", "texts", "dates", "missing")
COLUMNS = ("plain", "duplicate", "two levels", "numbers", "frozen")


def _mostly(usual: str, kinds: Mapping[str, object]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(usual), st.just(usual), st.sampled_from(list(kinds)))


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, pd.DataFrame]:
    """A formula and the frame that it is for."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=4, max_size=4, unique=True))
    usual = draw(st.sampled_from([True, True, False]))
    names = ["y", "x", "g", "h"] if usual else names
    y, x, g, h = names
    frame = _frame(
        names,
        n=draw(st.sampled_from([1, 2, 5, *[24, 40] * 5])),
        seed=draw(st.integers(0, 2**32 - 1)),
        kinds=(
            draw(_mostly("float64", NUMBERS)),
            draw(_mostly("float64", NUMBERS)),
            draw(_mostly("integers", LEVELS)),
            draw(_mostly("letters", LEVELS)),
        ),
    )
    frame = _with_index(frame, draw(_mostly("plain", dict.fromkeys(INDEXES))))
    frame = _with_columns(frame, draw(_mostly("plain", dict.fromkeys(COLUMNS))))
    quoted = {key: name if usual else f"`{name}`" for key, name in zip("yxgh", (y, x, g, h), strict=True)}
    return draw(st.sampled_from(FORMULAS)).format(**quoted), frame


def _frame(names: list[str], n: int, seed: int, kinds: tuple[str, str, str, str]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 6, n), rng.integers(0, 4, n)
    x = rng.normal(size=n).clip(-3, 3)
    y = (0.5 * x + rng.normal(size=6)[g] + rng.normal(size=n)).clip(-6, 6)
    made = (NUMBERS[kinds[0]](y), NUMBERS[kinds[1]](x), LEVELS[kinds[2]](g), LEVELS[kinds[3]](h))
    parts = [pd.Series(values).reset_index(drop=True) for values in made]
    return pd.concat(parts, axis=1).set_axis(names, axis=1)


def _with_index(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    n = len(frame)
    index: dict[str, Any] = {
        "duplicates": np.zeros(n),
        "two levels": pd.MultiIndex.from_arrays([np.arange(n), ["a"] * n], names=["y", None]),
        "texts": [f"r{i}" for i in range(n)],
        "dates": pd.date_range("2020", periods=n),
        "missing": [np.nan] * n,
    }
    return frame if kind == "plain" else frame.set_axis(index[kind], axis=0)


def _with_columns(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    if kind == "duplicate":
        return pd.concat([frame, frame.iloc[:, [1]]], axis=1)
    if kind == "two levels":
        return frame.set_axis(pd.MultiIndex.from_product([["a"], frame.columns]), axis=1)
    if kind == "numbers":
        return frame.assign(**{"3": 1}).set_axis([*frame.columns, 3], axis=1)
    if kind == "frozen":
        for name in frame.columns:
            values = frame[name].to_numpy()
            values.flags.writeable = False
    return frame


def verdict(formula: str, frame: pd.DataFrame, *, fit: bool) -> str:
    """What became of a frame: ``"refused"``, ``"specified"`` or ``"fitted"``; anything else is raised."""
    before = pickle.dumps(frame)
    try:
        with in_time(60), warnings.catch_warnings(action="ignore", category=DesignWarning):
            spec = bm.specify(formula, frame)
            estimate = bm.lmer(formula, frame, method="reml").estimate if fit else None
    except BayesmixedError as error:
        check_sentence(error)
        outcome = "refused"
    else:
        outcome = "specified"
        check_design(spec.design)
        if estimate is not None:
            optimum = estimate.optimum
            exact = reml_criterion(spec.design, optimum.sigma, optimum.covariances)
            assert abs(optimum.criterion - exact) <= 1e-7 * max(1.0, abs(exact)), (optimum.criterion, exact)
            outcome = "fitted"
    assert pickle.dumps(frame) == before or _same(frame, pickle.loads(before)), "the data were changed"
    return outcome


def check_sentence(error: BayesmixedError) -> None:
    """A message for people: some words, and not the whole data."""
    assert 10 < len(str(error)) < 2000, str(error)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    return True


def check_design(design: Design) -> None:
    """What holds in every design."""
    n = design.n_rows
    assert np.isfinite(design.response.values).all()
    assert np.isfinite(design.fixed.matrix).all()
    assert design.fixed.matrix.shape == (n, len(design.fixed.terms))
    for block in design.blocks:
        assert np.array_equal(np.unique(block.codes), np.arange(block.n_levels))
        assert len(set(block.levels)) == block.n_levels
        assert np.isfinite(block.columns).all()
        assert np.all(block.scales > 0)
