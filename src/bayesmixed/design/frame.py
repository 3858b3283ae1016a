"""The user's frame as pandas, and its columns as plain arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from bayesmixed.errors import DataError, near_names

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame


type Column = NDArray[Any] | pd.Categorical[Any]

NUMBERS = frozenset(["integer", "floating", "mixed-integer-float", "decimal"])
TRUTH: Mapping[Any, bool] = {"True": True, "False": False, 1: True, 0: False}
"""What new data may hold for booleans."""
LARGER = (
    "Data larger than memory are a path to Parquet files, or a lazy frame of polars, DuckDB, Dask, PySpark "
    "or Ibis."
)
COLLECTED = {
    "polars": "collect()",
    "dask": "compute()",
    "duckdb": "df()",
    "pyspark": "toPandas()",
    "sqlframe": "toPandas()",
    "ibis": "to_pandas()",
}
"""What brings the rows of a lazy frame into memory, by the package that made it."""
KINDS = {"b": "booleans", "m": "dates", "M": "dates"}
"""What a column of one of numpy's kinds holds, unless it is numbers."""
DATES = frozenset(["datetime", "datetime64", "date", "timedelta", "timedelta64", "period"])


def to_pandas(data: IntoFrame, what: str = "data") -> pd.DataFrame:
    """Return a frame of any kind as a pandas frame with rows."""
    frame = data if isinstance(data, pd.DataFrame) else _from_native(data, what)
    if len(frame) == 0:
        raise DataError(f"{what} has no rows.")
    return frame


def _from_native(data: Any, what: str) -> pd.DataFrame:
    import narwhals as nw

    if isinstance(data, AbsentRows):
        refuse()
    try:
        held = nw.from_native(data, eager_only=True)
        frame: pd.DataFrame = sort_undeclared(held.to_pandas(), held)
    except TypeError:
        raise DataError(_no_frame(data, what)) from None
    except nw.exceptions.NarwhalsError as error:
        raise DataError(f"{what} cannot be read: {error}") from None
    return frame


def _no_frame(data: Any, what: str) -> str:
    """Say what stands in place of a frame in memory, and what to give."""
    maker, kind = type(data).__module__.partition(".")[0], type(data).__name__
    named = kind if maker == "builtins" else f"{maker}.{kind}"
    said = f"{what} is not a data frame in memory, but of the type {named}."
    if maker in COLLECTED:
        return f"{said} Write {what}.{COLLECTED[maker]}."
    advice = f" {LARGER}" if what == "data" else ""
    return f"{said} Give a pandas, polars or Arrow frame.{advice}"


def pick(frame: pd.DataFrame, names: Sequence[str], what: str = "data") -> dict[str, pd.Series]:
    """Pick the columns that a formula names."""
    labels = [str(label) for label in frame.columns]
    return {name: frame.iloc[:, _place(labels, name, what)] for name in names}


def _place(labels: list[str], name: str, what: str) -> int:
    count = labels.count(name)
    if count == 0:
        raise DataError(f"{what} has no column {name!r}. {near_names(name, dict.fromkeys(labels))}")
    if count > 1:
        raise DataError(f"{what} has {count} columns called {name!r}; rename all but one.")
    return labels.index(name)


def missing_counts(columns: Mapping[str, pd.Series]) -> dict[str, int]:
    """Count the missing values of every column that has any."""
    counts = {name: int(column.isna().sum()) for name, column in columns.items()}
    return {name: count for name, count in counts.items() if count}


def complete_rows(columns: Mapping[str, pd.Series], n: int) -> NDArray[np.bool_]:
    """Mark the rows in which no column is missing, shape (n,)."""
    complete = np.ones(n, dtype=bool)
    for column in columns.values():
        complete &= ~column.isna().to_numpy(dtype=bool)
    return complete


def tidy(name: str, values: pd.Series) -> Column:
    """Turn a column without missing values into a plain array, or into a Categorical when it holds text."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Categorical(values).remove_unused_categories()
    if isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "ordered"):
        return _tidy_dictionary(values)
    if pd.api.types.is_object_dtype(dtype):
        return _tidy_objects(name, values)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return np.asarray(values.dt.tz_localize(None))
    if isinstance(dtype, pd.StringDtype) or pd.api.types.is_string_dtype(dtype):
        return pd.Categorical(values.astype("str"))
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        return values.to_numpy()
    array = values.to_numpy()
    return _tidy_objects(name, pd.Series(array)) if array.dtype == object else _finite(name, array)


def _tidy_dictionary(values: pd.Series) -> Column:
    """Categorical of a dictionary of Arrow, sorted unless its order is declared."""
    found = pd.Categorical(pd.Series(values.array.__arrow_array__().to_pandas()))
    kept = found.remove_unused_categories()
    return kept if found.ordered else kept.reorder_categories(sorted(kept.categories))


def _tidy_objects(name: str, values: pd.Series) -> Column:
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "boolean":
        return values.to_numpy(dtype=bool)
    if kind in NUMBERS:
        return _finite(name, pd.to_numeric(values.map(float) if kind == "decimal" else values).to_numpy())
    if kind in DATES:
        return pd.to_datetime(values).to_numpy() if kind == "date" else values.infer_objects().to_numpy()
    if kind == "string" or all(isinstance(value, (str, int, float, bool)) for value in values):
        return pd.Categorical(values.map(str))
    raise DataError(
        f"Column {name!r} holds {type(values.iloc[0]).__name__} objects; a model needs numbers or text."
    )


def _finite(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "c":
        raise DataError(f"Column {name!r} holds complex numbers; a model needs real ones.")
    if array.dtype.kind == "f":
        refuse_infinite(name, int(np.count_nonzero(~np.isfinite(array))))
    return array


def refuse_infinite(name: str, count: int) -> None:
    """Refuse a column with infinite values."""
    if count:
        raise DataError(f"Column {name!r} has {count} infinite value{'s' if count > 1 else ''}.")


def kind_of(column: Column) -> str:
    """Name what a tidy column holds: ``"text"``, ``"booleans"``, ``"dates"`` or ``"numbers"``."""
    if isinstance(column, pd.Categorical):
        return "text"
    return KINDS.get(column.dtype.kind, "numbers")


def as_kind(name: str, column: Column, kind: str) -> Column:
    """Turn a column of new data into the kind that a model was fitted to."""
    now = kind_of(column)
    if now == kind:
        return column
    if now == "booleans" and kind == "text":
        return pd.Categorical(np.asarray(column).astype(str))
    if now == "booleans" and kind == "numbers":
        return np.asarray(column).astype(np.int64)
    if kind == "booleans" and set(np.unique(np.asarray(column))) <= set(TRUTH):
        return np.array([TRUTH[value] for value in column], dtype=bool)
    raise DataError(f"Column {name!r} of the new data holds {now}; the model was fitted to {kind}.")


def tidy_all(columns: Mapping[str, pd.Series]) -> dict[str, Column]:
    """Tidy every column; nothing may be missing."""
    return {name: tidy(name, column) for name, column in columns.items()}


class AbsentRows(NDArrayOperatorsMixin):
    """An array of rows that are not in memory: every use of it is refused with one sentence.

    It stands where a design in memory has an array or a frame with one entry for each row, so that a verb
    which needs the rows cannot give a wrong number in silence.

    Raises
    ------
    DataError
        On any use.

    Examples
    --------
    >>> ABSENT
    rows that were not brought into memory
    >>> len(ABSENT)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    bayesmixed.errors.DataError: This needs the rows of the data.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse()

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __array_function__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __len__(self) -> int:
        refuse()

    def __iter__(self) -> NoReturn:
        refuse()

    def __getitem__(self, _: Any) -> NoReturn:
        refuse()

    def __repr__(self) -> str:
        return "rows that were not brought into memory"


def refuse() -> NoReturn:
    """Refuse what needs the rows."""
    raise DataError(
        "This needs the rows of the data, but the model was fitted to sums over them, and the rows are not "
        "in memory. fit.sample_rows() gives residuals and fitted values of a random sample of the rows; for "
        "other verbs give rows, as in fit.predict(fit.sample_rows().frame), fit a sample in memory, or ask "
        "for intervals that do not need rows (method='wald' or 'none')."
    )


ABSENT: Any = AbsentRows()
"""In place of every array of rows of a design that has sums in their place."""


MOST_DECLARED = 1_000
"""Levels of a column of Parquet files up to which their declared order is read."""


def sort_undeclared(frame: pd.DataFrame, origin: Any) -> pd.DataFrame:
    """Sort the categories of a frame that are in the order in which some engine came across them."""
    changed = {}
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered and not _declares(origin, str(name)):
            changed[str(name)] = frame[name].cat.reorder_categories(sorted(dtype.categories))
    return frame.assign(**changed) if changed else frame


def _declares(origin: Any, name: str) -> bool:
    """Whether an unordered category of an engine has an order that a user chose."""
    engine = origin.implementation
    if engine.is_pyarrow():
        return name in categories_of_pandas(origin.to_native().schema.metadata)
    if engine.is_dask():
        return bool(origin.to_native()[name].cat.known)
    return bool(engine.is_pandas_like())


def categories_of_pandas(metadata: dict[bytes, bytes] | None) -> set[str]:
    """Names of the columns that pandas says were categories of its own when it wrote an Arrow schema."""
    columns = json.loads((metadata or {}).get(b"pandas", b"{}")).get("columns", [])
    return {column["name"] for column in columns if column["pandas_type"] == "categorical"}


def columns_in_file(path: str) -> list[str]:
    """Names of the columns of a Parquet file; none where it cannot be read from here."""
    import pyarrow
    from pyarrow import parquet

    try:
        return list(parquet.read_schema(path).names)
    except (OSError, pyarrow.ArrowException):
        return []


def declared_in_files(paths: Sequence[str]) -> dict[str, list[str]]:
    """Orders of levels that Parquet files declare."""
    declared = _declared_in_file(paths[0]) if paths else {}
    for path in paths[1:]:
        if not declared:
            break
        found = _declared_in_file(path)
        declared = {name: levels for name, levels in declared.items() if found.get(name) == levels}
    return declared


def _declared_in_file(path: str) -> dict[str, list[str]]:
    """Orders of levels that one Parquet file declares, in the dictionaries of its first rows."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            of_pandas = categories_of_pandas(schema.metadata)
            dictionaries = [field for field in schema if pyarrow.types.is_dictionary(field.type)]
            names = [field.name for field in dictionaries if field.type.ordered or field.name in of_pandas]
            if not names or not file.num_row_groups:
                return {}
            first = file.read_row_group(0, columns=names)
    except (OSError, pyarrow.ArrowException):
        return {}
    levels = {name: first[name].chunk(0).dictionary.to_pylist() for name in names if len(first)}
    return {name: found for name, found in levels.items() if _is_short_text(found)}


def _is_short_text(levels: Sequence[object]) -> bool:
    """Whether levels are text, and so few that they may be those of a predictor."""
    return len(levels) <= MOST_DECLARED and all(isinstance(level, str) for level in levels)
