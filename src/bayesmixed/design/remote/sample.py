"""A random sample of rows that were not brought into memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from bayesmixed.design.encode import encode
from bayesmixed.design.frame import pick, tidy_all
from bayesmixed.design.records import Design, IntArray
from bayesmixed.design.remote.rows import complete_rows
from bayesmixed.design.remote.source import ask, open_source, refused
from bayesmixed.design.response import build_response, usable_weights, weights_of_rows
from bayesmixed.errors import DataError
from bayesmixed.options import checked_count, checked_seed

ROW = "__row"
"""Name, within queries, of the row's number."""


def sample_design(design: Design, n: int, seed: int) -> Design:
    """Design that has a random sample of its rows, in arrays with one entry a row, beside the sums of all.

    It is for what is made row by row, such as residuals; what is made of all rows together, such as profiles
    or information criteria, must not be computed from its arrays. Every set of n rows is equally likely:
    their numbers are drawn without replacement, and the engine that holds the data picks them out in one
    pass. The same seed gives the same rows from any engine that keeps the order of the rows (polars, DuckDB,
    Dask); others number them as they sort by all columns.
    """
    size, number = checked_count(n, "n"), checked_seed(seed)
    if design.source is None:
        raise DataError(
            "The rows of this fit are in memory: ask for fit.resid(), fit.fitted() or fit.plot directly. "
            "Random samples are for fits of data that are larger."
        )
    source = open_source(design.source.data)
    names = [*design.formula.columns, *([] if design.source.weights is None else [design.source.weights])]
    total = design.n_rows
    chosen = np.sort(np.random.default_rng(number).choice(total, min(size, total), replace=False))
    frame = _pick_rows(complete_rows(source, names), chosen)
    if len(frame) < len(chosen):
        raise DataError("The data have fewer complete rows than when the model was fitted; fit it again.")
    return _with_rows(design, frame)


def _with_rows(design: Design, frame: pd.DataFrame) -> Design:
    """Design whose arrays are of the rows of a frame."""
    response, data = design.formula.response, encode(design, frame)
    blocks = zip(design.blocks, data.columns, data.meetings, strict=True)
    weights = None if design.source is None else design.source.weights
    used = None if weights is None else usable_weights(weights_of_rows(weights, frame))
    return replace(
        design,
        response=build_response(response, tidy_all(pick(frame, response.columns)), len(frame)),
        fixed=replace(design.fixed, matrix=data.fixed),
        blocks=tuple(replace(block, columns=own, meeting=meeting) for block, own, meeting in blocks),
        offset=data.offset,
        residual=replace(design.residual, weights=used),
        frame=frame,
    )


def _pick_rows(rows: nw.LazyFrame[Any], chosen: IntArray) -> pd.DataFrame:
    """Rows by their sorted numbers, which become the index."""
    if rows.implementation.is_dask():
        found = _pick_from_partitions(rows.to_native(), chosen)
    else:
        found = ask(lambda: _numbered(rows).filter(nw.col(ROW).is_in(chosen.tolist())))
    found = found.astype({ROW: np.int64}).set_index(ROW).sort_index()
    return found.rename_axis(index=None)


def _numbered(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rows with their numbers, in their own order where the engine has one."""
    native: Any = rows.to_native()
    if rows.implementation.is_polars():
        native = native.with_row_index(ROW)
    elif rows.implementation.is_duckdb():
        native = native.project(f'*, row_number() OVER () - 1 AS "{ROW}"')
    else:
        return rows.with_row_index(ROW, order_by=rows.collect_schema().names())
    numbered: nw.LazyFrame[Any] = nw.from_native(native)
    return numbered


def _pick_from_partitions(frame: Any, chosen: IntArray) -> pd.DataFrame:
    """Rows of a Dask frame by their numbers, each picked out where its partition is."""

    def picked(part: pd.DataFrame, places: list[IntArray], partition_info: Any = None) -> pd.DataFrame:
        own = places[partition_info["number"]] if partition_info else places[0][:0]
        return part.iloc[own]

    try:
        sizes = frame.map_partitions(len, meta=(None, np.int64)).compute().to_numpy()
        starts = np.concatenate([[0], np.cumsum(sizes)])
        edges = np.searchsorted(chosen, starts)
        places = [chosen[a:b] - start for a, b, start in zip(edges, edges[1:], starts, strict=False)]
        found = frame.map_partitions(picked, places, meta=frame._meta).compute()
    except Exception as error:
        raise refused(error) from error
    return pd.DataFrame(found).assign(**{ROW: chosen[: len(found)]})
