"""Rows at which a model is looked at: grids of values, and the data with some columns set."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bayesmixed.design.encode import Predictor, grouping_columns, predictor, predictors
from bayesmixed.design.frame import pick
from bayesmixed.design.records import Design
from bayesmixed.errors import DataError


def at_points(design: Design, at: Mapping[str, Any]) -> pd.DataFrame:
    """Combinations of the values that a user names, the last column varying fastest."""
    if not isinstance(at, Mapping):
        raise DataError(f"Values are given by column, e.g. {{'x': [0, 1]}}, not as {at!r}.")
    lists = [_values(predictor(design, name).name, values) for name, values in at.items()]
    points = list(itertools.product(*lists))
    columns = {name: [point[i] for point in points] for i, name in enumerate(at)}
    return pd.DataFrame(columns, index=range(len(points)))


def reference_grid(design: Design, at: Mapping[str, Any]) -> pd.DataFrame:
    """Grid of the values that a user names, everything else held at a typical value."""
    points, known = at_points(design, at), predictors(design)
    groups = [name for name in grouping_columns(design) if name not in at]
    if groups:
        observed = _grouping_rows(design)
        points = pd.concat([_beside_groups(points.iloc[[i]], observed, groups) for i in range(len(points))])
    held = {name: known[name].typical for name in known if name not in points}
    return _as_coded(with_columns(points.reset_index(drop=True), held), known)


def data_at(design: Design, at: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the fit, once for every combination of the values that a user names."""
    points, known = at_points(design, at), predictors(design)
    base = pd.DataFrame(pick(design.frame, list(known)))
    parts = [with_columns(base, {name: points[name].iloc[i] for name in at}) for i in range(len(points))]
    return points, _as_coded(pd.concat(parts), {name: known[name] for name in at})


def _values(name: str, values: Any) -> list[Any]:
    """Values of one column of a grid."""
    listed = list(values) if pd.api.types.is_list_like(values) else [values]
    if not listed:
        raise DataError(f"at= has no value for {name!r}.")
    return listed


def _grouping_rows(design: Design) -> pd.DataFrame:
    """Observed combinations of the grouping factors' columns, in the order of the data."""
    return pd.DataFrame(pick(design.frame, grouping_columns(design))).drop_duplicates()


def _beside_groups(point: pd.DataFrame, observed: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """One point beside the observed levels of the other grouping columns, those that it can have."""
    matching = observed
    for name in point.columns.intersection(observed.columns):
        matching = matching[matching[name].astype("str") == str(point[name].iloc[0])]
    beside = (matching if len(matching) else observed)[groups].drop_duplicates()
    return point.merge(beside, how="cross")


def _as_coded(rows: pd.DataFrame, known: Mapping[str, Predictor]) -> pd.DataFrame:
    """Rows whose categorical columns are categorical as in the data, so that numbers stay levels."""
    for name, column in known.items():
        rows = set_column(rows, column, rows[name])
    return rows


def with_columns(rows: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Rows with some columns set, whatever their names: ``assign`` does not take a column called ``self``."""
    rows = rows.copy(deep=False)
    for name, values in columns.items():
        rows[name] = values
    return rows


def set_column(rows: pd.DataFrame, column: Predictor, values: Any) -> pd.DataFrame:
    """Rows with one predictor set, so that numbers stay levels where the data's column is categorical."""
    rows = with_columns(rows, {column.name: values})
    is_text = pd.api.types.infer_dtype(rows[column.name]) == "string"
    if isinstance(column.values, pd.Categorical) and not is_text:
        rows[column.name] = rows[column.name].astype("category")
    return rows
