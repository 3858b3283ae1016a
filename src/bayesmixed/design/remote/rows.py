"""The rows that a model uses, as a query of data that are not in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import pandas as pd

from bayesmixed.design.build import check_any_complete, refuse_missing
from bayesmixed.design.frame import pick, refuse_infinite
from bayesmixed.design.remote.source import ask
from bayesmixed.errors import DataError
from bayesmixed.options import Missing

ONE = "__one"
"""Name, within queries, of the column of ones."""
COMPLETE = "__complete"
"""Name, within queries, of the column that is 1 where nothing is missing."""
LEVEL = "__level"
"""Name, within queries, of the levels of a predictor."""
MOST_LEVELS = 10_000
"""Levels of a categorical predictor beyond which it cannot be meant as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyRows:
    """Rows without missing values, where they lie."""

    frame: nw.LazyFrame[Any]  # all columns of the rows used
    # of every column that the model names `"numbers"`, `"text"`, `"booleans"` or `"dates"`
    kinds: dict[str, str]
    # n_rows, n_dropped, n_columns: rows used, rows left out, columns of the data
    n_rows: int
    n_dropped: int
    n_columns: int

    def levels(self, name: str, query: nw.Expr) -> pd.Series[Any]:
        """Different values of a categorical predictor, a column or a comparison, in no order.

        Raises
        ------
        DataError
            When it holds dates, or has too many.
        """
        if self.kinds.get(name) == "dates":
            raise DataError(f"{name!r} holds dates. Convert them to text or numbers in the data first.")
        values = query.alias(LEVEL)
        found = ask(lambda: self.frame.select(values).unique().head(MOST_LEVELS + 1))[LEVEL]
        if len(found) > MOST_LEVELS:
            raise DataError(
                f"{name!r} has more than {MOST_LEVELS} levels, too many for a predictor. Let it vary by a "
                f"bar, (1 | {name}), or use it as a number."
            )
        return found if name in self.kinds else found.astype(bool)


def read_rows(source: nw.LazyFrame[Any], names: Sequence[str], weights: object, missing: Missing) -> LazyRows:
    """Look at the columns that a model needs, in one pass, and leave incomplete rows out."""
    schema = source.collect_schema()
    labels = list(schema.names())
    if weights is not None and not isinstance(weights, str):
        raise DataError(
            "weights= of data that are not in memory is the name of a column; these are "
            f"{type(weights).__name__}."
        )
    wanted = list(dict.fromkeys([*names, *([weights] if isinstance(weights, str) else [])]))
    pick(pd.DataFrame(columns=labels), wanted)
    for name in wanted:
        if name.startswith("__"):
            raise DataError(
                f"Queries have names of their own that begin as {name!r} does; rename the column."
            )
    kinds = {name: _kind(name, schema[name]) for name in wanted}
    if isinstance(weights, str) and kinds[weights] != "numbers":
        raise DataError("weights must be numbers.")
    gone = {name: _is_missing(name, schema[name]) for name in wanted}
    floats = [name for name in wanted if schema[name].is_float()]
    n, kept, counts, infinite = _counts(source, gone, floats)
    if n == 0:
        raise DataError("data has no rows.")
    refuse_missing(counts, missing)
    check_any_complete(kept, n, counts)
    frame = source.filter(~reduce(or_, (gone[name] for name in counts))) if counts else source
    for name, count in infinite.items():
        refuse_infinite(name, count)
    return LazyRows(frame=frame, kinds=kinds, n_rows=kept, n_dropped=n - kept, n_columns=len(labels))


def complete_rows(source: nw.LazyFrame[Any], names: Sequence[str]) -> nw.LazyFrame[Any]:
    """Rows in which no value is missing, as a query."""
    schema = source.collect_schema()
    return source.filter(~reduce(or_, (_is_missing(name, schema[name]) for name in names)))


def _kind(name: str, dtype: nw.dtypes.DType) -> str:
    """What a column holds."""
    if dtype.is_numeric():
        return "numbers"
    if dtype == nw.Boolean:
        return "booleans"
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
        return "text"
    if dtype.is_temporal():
        return "dates"
    raise DataError(f"Column {name!r} holds {dtype} values; a model needs numbers or text.")


def _is_missing(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """Whether a value is null or not a number."""
    column = nw.col(name)
    return column.is_null() | column.is_nan() if dtype.is_float() else column.is_null()


def _counts(
    source: nw.LazyFrame[Any], gone: dict[str, nw.Expr], floats: Sequence[str]
) -> tuple[int, int, dict[str, int], dict[str, int]]:
    """Number of rows and of complete ones, and of the missing and infinite values of columns with any."""
    flags = {f"__missing{i}": condition for i, condition in enumerate(gone.values())}
    flags[COMPLETE] = ~reduce(or_, gone.values())
    flags |= {f"__infinite{i}": nw.col(name).abs() == float("inf") for i, name in enumerate(floats)}
    marked = source.with_columns(
        nw.lit(1.0).alias(ONE),
        *(nw.when(flag).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias(name) for name, flag in flags.items()),
    )
    found = ask(lambda: marked.select(nw.col(name).sum() for name in (ONE, *flags))).iloc[0].fillna(0)
    missing = {name: int(found[f"__missing{i}"]) for i, name in enumerate(gone)}
    infinite = {name: int(found[f"__infinite{i}"]) for i, name in enumerate(floats)}
    return int(found[ONE]), int(found[COMPLETE]), _positive(missing), _positive(infinite)


def _positive(counts: dict[str, int]) -> dict[str, int]:
    """Counts that are not 0."""
    return {name: count for name, count in counts.items() if count}
