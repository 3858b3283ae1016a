"""A design from queries is the design from rows, and refuses what queries cannot give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pytest

from bayesmixed.design.build import build_design
from bayesmixed.design.encode import encode
from bayesmixed.design.remote import sums as lazy_sums
from bayesmixed.design.remote.aggregate import aggregate_design
from bayesmixed.design.remote.source import ask
from bayesmixed.errors import DataError
from bayesmixed.formula import parse_formula
from bayesmixed.formula.expression import ALIASES, CODING, CONTRASTS, FUNCTIONS
from lazy_rows import FORMULAS, SOURCES

RELATIVE = 1e-11


def test_everything_but_the_rows(parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    parsed = parse_formula("y ~ scale(year)*dose + (x | g) + (1 | factor(h))")
    ours, theirs = aggregate_design(parsed, parquet_folder), build_design(parsed, rows_in_memory)
    assert (ours.n_rows, ours.n_dropped, ours.n_columns) == (
        theirs.n_rows,
        theirs.n_dropped,
        theirs.n_columns,
    )
    assert ours.fixed.terms == theirs.fixed.terms
    assert ours.fixed.recipe.matrix.state["scale(year)"] == {
        call: pytest.approx(state) for call, state in theirs.fixed.recipe.matrix.state["scale(year)"].items()
    }
    np.testing.assert_allclose(ours.fixed.centring, theirs.fixed.centring, rtol=RELATIVE, atol=RELATIVE)
    np.testing.assert_allclose(ours.fixed.scales, theirs.fixed.scales, rtol=RELATIVE)
    for mine, block in zip(ours.blocks, theirs.blocks, strict=True):
        assert (mine.group, mine.effects, mine.levels) == (block.group, block.effects, block.levels)
        assert mine.covariances == block.covariances
        np.testing.assert_allclose(mine.centring, block.centring, rtol=RELATIVE, atol=RELATIVE)
        np.testing.assert_allclose(mine.scales, block.scales, rtol=RELATIVE)
        np.testing.assert_allclose(mine.second_moments, block.second_moments, rtol=RELATIVE)


@pytest.mark.parametrize("formula", FORMULAS)
def test_new_data_are_encoded_alike(formula: str, parquet_folder: Path, rows_in_memory: pd.DataFrame) -> None:
    parsed, new = parse_formula(formula), rows_in_memory.dropna().head(20)
    ours, theirs = (
        encode(aggregate_design(parsed, SOURCES["polars"](parquet_folder)), new),
        encode(build_design(parsed, rows_in_memory), new),
    )
    np.testing.assert_allclose(ours.fixed, theirs.fixed, rtol=RELATIVE, atol=RELATIVE)
    for mine, columns in zip(ours.columns, theirs.columns, strict=True):
        np.testing.assert_allclose(mine, columns, rtol=RELATIVE, atol=RELATIVE)
    both = zip(ours.meetings, theirs.meetings, strict=True)
    assert all(np.array_equal(mine.codes, their.codes) for mine, their in both)


@pytest.mark.parametrize("source", ["polars", "duckdb"])
@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ xx + (1 | g)", "has no column 'xx'. Did you mean 'x'"),
        ("y ~ poly(x, 2) + (1 | g)", r"poly\(\) in 'poly\(x, 2\)' needs all rows in memory.*I\(x\^2\)"),
        ("y ~ bs(x, df=4) + (1 | g)", r"bs\(\) in .* needs all rows"),
        ("y ~ round(x) + (1 | g)", r"round\(\) in .* is not available for data that are not in memory"),
        ("y ~ log(x) + (1 | g)", r"'log\(x\)' is not finite in \d+ rows"),
        ("y ~ I(x / (k - 1)) + (1 | g)", r"is not finite in \d+ rows"),
        ("y ~ log(sex) + (1 | g)", "cannot be computed: text is not a number"),
        ("y ~ I(x == 'a') + (1 | g)", "numbers cannot be compared with the text 'a'"),
        ("y ~ x + I(2 * x + 0.00001 * z) + (1 | g)", "can hardly be told apart"),
        ("sex ~ x + (1 | g)", "'sex' cannot be computed: text is not a number"),
        ("I(0 * x) ~ year + (1 | g)", "is constant"),
        ("y ~ x + (1 | I(0 * k))", "only one level"),
        ("cbind(k, h) ~ x + (1 | g)", "counts successes"),
        ("y | se(w) ~ x + (1 | g)", r"'se\(\)' needs the rows in memory"),
        ("y | weights(1/w) ~ x + (1 | g)", r"'weights\(1 / w\)' needs the rows in memory"),
        ("y ~ x + (1 | g) + ar(gr=g)", r"'ar\(gr=g\)' needs the rows in memory"),
        (["y ~ x + (1 | g)", "sigma ~ sex"], "'sigma ~ sex' needs the rows in memory"),
    ],
)
def test_refusals(source: str, formula: str | list[str], message: str, parquet_folder: Path) -> None:
    with pytest.raises(DataError, match=message):
        aggregate_design(parse_formula(formula), SOURCES[source](parquet_folder))


def test_weights_of_the_formula_are_those_beside_it(parquet_folder: Path) -> None:
    stated = aggregate_design(parse_formula("y | weights(w) ~ x + (1 | g)"), parquet_folder)
    given = aggregate_design(parse_formula("y ~ x + (1 | g)"), parquet_folder, weights="w")
    assert stated.sums is not None
    assert given.sums is not None
    np.testing.assert_allclose(stated.sums.fixed_gram, given.sums.fixed_gram, rtol=RELATIVE)
    assert stated.residual.log_weights == pytest.approx(given.residual.log_weights)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({"x": np.inf}, {}, "'x' has 1 infinite value"),
        ({"w": np.nan}, {"weights": "w", "missing": "raise"}, r"Values are missing in .*'w' \(1\)"),
        ({"w": np.inf}, {"weights": "w"}, "'w' has 1 infinite value"),
        ({}, {"weights": "sex"}, "weights must be numbers"),
        ({"w": 0.0}, {"weights": "w"}, "1 of the weights are zero or negative"),
        ({}, {"weights": [1.0, 2.0]}, "is the name of a column"),
        ({"x": np.nan}, {"missing": "raise"}, r"Values are missing in .*'x' \(3\)"),
    ],
)
def test_bad_values(
    source: str,
    changed: dict[str, Any],
    options: dict[str, Any],
    message: str,
    rows_in_memory: pd.DataFrame,
    tmp_path: Path,
) -> None:
    frame = rows_in_memory.copy()
    for name, value in changed.items():
        frame.loc[0, name] = value
    frame.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=message):
        aggregate_design(parse_formula("y ~ x + (1 | g)"), SOURCES[source](tmp_path), **options)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("rows", "message"), [(slice(0, 0), "data has no rows"), (slice(3, 4), "Every row has a missing value")]
)
def test_nothing_left(
    source: str, rows: slice, message: str, rows_in_memory: pd.DataFrame, tmp_path: Path
) -> None:
    rows_in_memory.iloc[rows].to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=message):
        aggregate_design(parse_formula("y ~ x + (1 | g)"), SOURCES[source](tmp_path))


def test_too_many_levels_are_no_predictor(tmp_path: Path) -> None:
    n = 10_050
    frame = pd.DataFrame({"y": np.arange(n) % 7, "g": np.arange(n) % 9, "name": [f"n{i}" for i in range(n)]})
    frame.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r"more than 10000 levels.*\(1 \| name\)"):
        aggregate_design(parse_formula("y ~ name + (1 | g)"), SOURCES["polars"](tmp_path))


@pytest.mark.parametrize(
    ("formula", "weights", "passes"),
    [
        ("y ~ x + (x | g)", None, 2),
        ("y ~ x + (x | g)", "w", 3),
        ("y ~ x + (1 | g/s)", None, 2),
        ("y ~ x + (1 | g) + (x | h)", None, 4),
    ],
)
def test_passes_over_the_rows(
    formula: str, weights: str | None, passes: int, parquet_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(lazy_sums, "ask", lambda query: asked.append(1) or ask(query))
    aggregate_design(parse_formula(formula), SOURCES["polars"](parquet_folder), weights=weights)
    assert len(asked) == passes


IN_MEMORY_ALONE = {"bs", "cc", "cr", "exp2", "expm1", "poly", "round", "tan", "tanh"}
EVERYWHERE = {name for name, known in ({n: n for n in FUNCTIONS} | ALIASES).items() if known not in CONTRASTS}
EVERYWHERE -= {*IN_MEMORY_ALONE, "c"}


@pytest.mark.parametrize("name", sorted(EVERYWHERE))
def test_every_function_gives_the_same_wherever_the_rows_lie(
    name: str, parquet_folder: Path, rows_in_memory: pd.DataFrame
) -> None:
    argument = "k" if ALIASES.get(name, name) in CODING else "x" if name == "sign" else "z"
    parsed = parse_formula(f"y ~ {name}({argument}) + (1 | g)")
    lazy = aggregate_design(parsed, SOURCES["polars"](parquet_folder))
    ours, theirs = (encode(d, rows_in_memory.dropna()) for d in (lazy, build_design(parsed, rows_in_memory)))
    np.testing.assert_allclose(ours.fixed, theirs.fixed, rtol=RELATIVE, atol=RELATIVE)


@pytest.mark.parametrize("name", sorted(IN_MEMORY_ALONE))
def test_a_function_that_needs_the_rows_is_refused(name: str, parquet_folder: Path) -> None:
    with pytest.raises(DataError, match=r"needs all rows in memory|is not available for data"):
        aggregate_design(parse_formula(f"y ~ {name}(z) + (1 | g)"), SOURCES["polars"](parquet_folder))


def test_a_column_that_begins_like_those_of_queries_is_refused() -> None:
    rows = polars.LazyFrame({"y": [1.0, 2.0, 4.0, 3.0], "__one": [0.0, 1.0, 0.0, 2.0], "g": list("aabb")})
    with pytest.raises(DataError, match="rename the column"):
        aggregate_design(parse_formula("y ~ `__one` + (1 | g)"), rows)
