"""Sums of products of columns over rows, formed where the rows lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from bayesmixed.design.evaluate import refuse_not_finite
from bayesmixed.design.records import FloatArray, IntArray
from bayesmixed.design.remote.rows import ONE
from bayesmixed.design.remote.source import ask
from bayesmixed.errors import DataError

MOST_GROUPED = 16
"""Columns up to which their products are summed group by group and not over all rows at once."""
TARGET, WEIGHT = "__target", "__weight"
"""Names, within queries, of the response less the offset, and of the weights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Range:
    """What one pass says of an expression."""

    mean: float  # over the rows
    low: float  # over the rows
    high: float  # over the rows

    @property
    def is_constant(self) -> bool:
        """Whether it is the same in every row."""
        return self.low == self.high


def ranges_of(frame: nw.LazyFrame[Any], expressions: Mapping[str, tuple[str, nw.Expr]]) -> dict[str, Range]:
    """Mean, smallest and largest value of expressions, in one pass."""
    rows = frame.select(expression.alias(alias) for alias, (_, expression) in expressions.items())
    finite = [nw.when(nw.col(a).is_finite()).then(nw.lit(0.0)).otherwise(nw.lit(1.0)) for a in expressions]
    rows = rows.with_columns(flag.alias(f"{a}_bad") for a, flag in zip(expressions, finite, strict=True))
    asked = []
    for a in expressions:
        column = nw.col(a)
        asked += [
            column.mean().alias(f"{a}_mean"),
            column.min().alias(f"{a}_low"),
            column.max().alias(f"{a}_high"),
        ]
        asked.append(nw.col(f"{a}_bad").sum())
    found = ask(lambda: rows.select(*asked)).iloc[0]
    for alias, (name, _) in expressions.items():
        largest = max(abs(float(found[f"{alias}_low"] or 0.0)), abs(float(found[f"{alias}_high"] or 0.0)))
        refuse_not_finite(int(found[f"{alias}_bad"]), largest, name)
    return {
        a: Range(mean=float(found[f"{a}_mean"]), low=float(found[f"{a}_low"]), high=float(found[f"{a}_high"]))
        for a in expressions
    }


def log_weights_of(frame: nw.LazyFrame[Any], weights: str) -> float:
    """Sum of the logarithms of a column of weights."""
    w = nw.col(weights).cast(nw.Float64)
    bad = nw.when(w > 0.0).then(nw.lit(0.0)).otherwise(nw.lit(1.0))
    rows = frame.select(nw.when(w > 0.0).then(w).otherwise(None).log().alias("log"), bad.alias("bad"))
    found = ask(lambda: rows.select(nw.col("log").sum(), nw.col("bad").sum())).iloc[0]
    if found["bad"]:
        raise DataError(f"{int(found['bad'])} of the weights are zero or negative.")
    return float(found["log"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Sums of products of columns, for all rows or for every combination of some keys."""

    keys: pd.DataFrame  # the combinations, one for each of the C cells; without keys one row
    places: dict[tuple[str, str], int]  # column of `values` of every pair of names, in either order
    values: FloatArray  # shape (C, number of pairs)

    def matrix(self, left: Sequence[str], right: Sequence[str]) -> FloatArray:
        """Sums of the products of some columns with others, shape (C, len(left), len(right))."""
        chosen = [[self.places[a, b] for b in right] for a in left]
        return np.asarray(self.values[:, np.array(chosen, dtype=np.int64)])

    def totals(self, columns: Sequence[str]) -> FloatArray:
        """Sums over all rows of the products of some columns with each other, shape (m, m)."""
        over_all = replace(self, values=self.values.T.copy().sum(axis=1)[None])
        return np.asarray(over_all.matrix(columns, columns)[0])

    def serves(self, keys: Sequence[str], left: Sequence[str], right: Sequence[str]) -> bool:
        """Whether sums by some keys, of some products, can be added up from these."""
        known = set(keys) <= set(self.keys.columns)
        return known and all((a, b) in self.places for a in left for b in right)


def sum_products(
    base: nw.LazyFrame[Any],
    keys: Sequence[str],
    left: Sequence[str],
    right: Sequence[str],
    weights: Sequence[str | None] = (None,),
) -> list[Sums]:
    """Sum the products of columns over the rows, by one query."""
    pairs = list(dict.fromkeys(_sorted(a, b) for a in left for b in right))
    wanted = [_product(pair, weight) for weight in weights for pair in pairs]
    names = [f"__sum{i}" for i in range(len(wanted))]
    products = [product.alias(name) for product, name in zip(wanted, names, strict=True)]
    rows, totals = base.select(*keys, *products), [nw.col(name).sum() for name in names]
    found = ask(lambda: rows.group_by(*keys).agg(*totals) if keys else rows.select(*totals))
    places = {pair: i for i, pair in enumerate(pairs)}
    places |= {(b, a): i for (a, b), i in places.items()}
    values = np.split(found[names].to_numpy(dtype=np.float64), len(weights), axis=1)
    return [Sums(keys=found[list(keys)], places=places, values=each) for each in values]


def all_products(
    base: nw.LazyFrame[Any], keys: Sequence[str], columns: Sequence[str], weights: Sequence[str | None]
) -> list[Sums]:
    """Sum the products of columns with each other, by the cells of a grouping factor when they are few."""
    return sum_products(base, keys if len(columns) <= MOST_GROUPED else (), columns, columns, weights)


def _sorted(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)


def _product(pair: tuple[str, str], weight: str | None) -> nw.Expr:
    """Product of two columns and the weight, ones left out."""
    names = [name for name in (*pair, weight) if name is not None and name != ONE]
    out = nw.col(names[0]) if names else nw.col(ONE)
    for name in names[1:]:
        out = out * nw.col(name)
    return out


def add_by_code(codes: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Add rows with the same code. Shapes: `codes` (C,), `values` (C, ...); returns (n, ...)."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(n))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))
