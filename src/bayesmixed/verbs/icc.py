"""Intraclass correlation: the share of variance that lies between groups."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import DataError, DesignWarning, warn
from bayesmixed.families.family import Within
from bayesmixed.model.spec import ModelSpec
from bayesmixed.names import LEGEND
from bayesmixed.options import IccKind, mapping_of, one_of
from bayesmixed.verbs.blocks import require_groups
from bayesmixed.verbs.distribution_variance import distribution_variance
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names, summarize
from bayesmixed.verbs.variances import (
    check_at,
    effects_at,
    fixed_meaning,
    fixed_variance,
    random_meaning,
    random_variance,
    split_blocks,
)

ALL_GROUPS = "all"


def icc(
    source: Source,
    *,
    kind: IccKind = "adjusted",
    at: Mapping[str, float | Sequence[float]] | None = None,
    prob: float = 0.95,
) -> pd.DataFrame:
    """Intraclass correlation of every grouping factor, with its interval and its formula."""
    return source.with_intervals(lambda draws: _icc(draws, source.spec, kind, at, prob), prob)


def _icc(
    draws: xr.DataTree,
    spec: ModelSpec,
    kind: IccKind,
    at: Mapping[str, float | Sequence[float]] | None,
    prob: float,
) -> pd.DataFrame:
    """Intraclass correlations of draws."""
    require_groups(spec.design)
    one_of(kind, IccKind, "kind")
    at = effects_at(spec.design, mapping_of(at, "at", "{'x': 0}"))
    points = _points(at)
    for point in points:
        check_at(spec.design, point)
    if not split_blocks(spec.design)[0] and not spec.design.groups:
        raise DataError("The model has smooths and no grouping factors: nothing lies between groups.")
    if not split_blocks(spec.design)[0]:
        warn(
            f"Every level of {spec.design.groups[0].group!r} has one row, so its variance is overdispersion "
            "and none lies between groups: the table is empty. An ICC needs several rows a level.",
            DesignWarning,
        )
    within = distribution_variance(draws, spec)
    tables = [_table(draws, spec, kind, point, prob, within) for point in points]
    if any(_is_several(values) for values in at.values()):
        columns = names.apart(at, tables[0].columns)
        for point, part in zip(points, tables, strict=True):
            for place, (name, value) in enumerate(point.items()):
                part.insert(place, columns[name], value)
    table = pd.concat(tables, ignore_index=True)
    table.attrs[LEGEND] = _legend(spec.design, kind, within.meaning)
    return table


def _is_several(values: object) -> bool:
    """Whether a user gave several values."""
    return bool(pd.api.types.is_list_like(values))


def _listed(values: Any) -> list[float]:
    """One value or several as a list."""
    return list(values) if _is_several(values) else [values]


def _points(at: Mapping[str, float | Sequence[float]]) -> list[dict[str, float]]:
    """Combinations of the values, the last varying fastest."""
    lists = [_listed(values) for values in at.values()]
    for name, values in zip(at, lists, strict=True):
        if not values:
            raise DataError(f"at= has no value for {name!r}.")
    return [dict(zip(at, point, strict=True)) for point in itertools.product(*lists)]


def _table(
    draws: xr.DataTree,
    spec: ModelSpec,
    kind: IccKind,
    at: Mapping[str, float],
    prob: float,
    within: Within,
) -> pd.DataFrame:
    """Rows of all grouping factors at one point."""
    sums = _sums(spec.design)
    summary = summarize(_shares(draws, spec.design, sums, kind, at, within.draws), prob)
    lower, upper = bound_names(prob)
    return pd.DataFrame(
        {
            "group": pd.array([parts[0] if len(parts) == 1 else _together(parts) for parts in sums], "str"),
            "icc": summary.value,
            lower: summary.lower,
            upper: summary.upper,
            "formula": _formula(kind, at, within.formula),
        }
    )


def _together(groups: tuple[str, ...]) -> str:
    """Name of the row of all grouping factors, which none of them has."""
    return ALL_GROUPS if ALL_GROUPS not in groups else f"{ALL_GROUPS} factors"


def _sums(design: Design) -> list[tuple[str, ...]]:
    """List every grouping factor alone and, when there are several, all together."""
    groups = tuple(block.group for block in split_blocks(design)[0])
    alone: list[tuple[str, ...]] = [(group,) for group in groups]
    return [*alone, groups] if len(groups) > 1 else alone


def _shares(
    draws: xr.DataTree,
    design: Design,
    sums: list[tuple[str, ...]],
    kind: IccKind,
    at: Mapping[str, float] | None,
    within: FloatArray,
) -> FloatArray:
    """Draws of the shares of sums of grouping factors, shape (chains * draws, sums)."""
    between = {block.group: random_variance(draws, block, at) for block in split_blocks(design)[0]}
    total = np.sum(list(between.values()), axis=0) + within
    if kind != "adjusted":
        total = total + fixed_variance(draws, design)
    shares = [np.sum([between[group] for group in parts], axis=0) / total for parts in sums]
    return np.column_stack(shares) if shares else np.empty((len(within), 0))


def _formula(kind: IccKind, at: Mapping[str, float], within: str) -> str:
    """Write the share as text, the same for every grouping factor so that a table stays narrow."""
    point = ", ".join(f"{name} = {value:g}" for name, value in at.items())
    share = f"V/(V_all+{within})" if kind == "adjusted" else f"V/(V_fix+V_all+{within})"
    return f"{share} at {point}" if point else share


def _legend(design: Design, kind: IccKind, within: str) -> str:
    """Say what the letters of the formula stand for."""
    blocks, fixed = split_blocks(design)[0], "" if kind == "adjusted" else f"; {fixed_meaning(design)}"
    return f"V: {random_meaning(blocks)} of the row's group; V_all: V of all groups together{fixed}; {within}"
