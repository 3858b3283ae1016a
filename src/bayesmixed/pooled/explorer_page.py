"""The explorer's page: a template with the path's numbers in it."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed.comparison.group_columns import rows_of_levels
from bayesmixed.design.records import FloatArray
from bayesmixed.pooled.explorer_path import PoolingPath, pooling_path
from bayesmixed.pooled.group_lines import GroupLines, group_lines, telling_groups
from bayesmixed.pooled.records import PooledGroups
from bayesmixed.report.markup import write_page

MOST_GROUPS = 60
"""More groups than this are not drawn; those chosen show all of shrinkage."""
MOST_ROWS = 40
"""Rows of one group that are drawn."""
DIGITS = 7
PLACE, TITLE = "/*DATA*/null", "<!--TITLE-->"


def write_explorer(
    groups: PooledGroups,
    path: str | os.PathLike[str],
    *,
    draws: xr.DataTree | None = None,
    title: str | None = None,
) -> str:
    """Write a page on which a slider runs from complete to no pooling."""
    return write_page(path, explorer_html(groups, draws=draws, title=title))


def explorer_html(groups: PooledGroups, *, draws: xr.DataTree | None = None, title: str | None = None) -> str:
    """Make the page as text."""
    from html import escape

    template = (files("bayesmixed.pooled") / "explorer.html").read_text(encoding="utf-8")
    heading = groups.design.formula.text if title is None else title
    data = explorer_data(groups, pooling_path(groups, draws), posterior=draws is not None)
    numbers = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return template.replace(TITLE, escape(heading)).replace(PLACE, numbers)


def explorer_data(groups: PooledGroups, path: PoolingPath, *, posterior: bool) -> dict[str, Any]:
    """Gather all that the page shows."""
    block, shown = groups.block, telling_groups(groups, MOST_GROUPS)
    curves = group_lines(groups, shown)
    places = [groups.place(effect) for effect in block.effects]
    lines = np.array([curves.heights(step[shown]) for step in path.coefficients])
    return {
        "formula": groups.design.formula.text,
        "group": block.group,
        "response": groups.design.response.name,
        "predictor": curves.predictor,
        "ticks": list(curves.ticks),
        "at": _numbers(curves.at),
        "effects": list(block.effects),
        "parents": groups.kin.groups[1:],
        "levels": [block.levels[j] for j in shown],
        "nLevels": block.n_levels,
        "n": [groups.n_rows[j] for j in shown],
        "notes": [groups.notes[j] for j in shown],
        "posterior": posterior,
        "manyFactors": len(groups.design.blocks) > 1,
        "position": _numbers(path.position),
        "sd": _numbers(path.sd),
        "sigma": _numbers(groups.estimate.optimum.sigma),
        "density": _numbers(path.density.T),
        "values": _numbers(path.coefficients[:, shown][:, :, places]),
        "reliability": _numbers(path.reliability[:, shown]),
        "lines": _numbers(lines),
        "own": _numbers(path.own[shown][:, places]),
        "rows": [_rows(groups, j, curves) for j in shown],
    }


def _rows(groups: PooledGroups, level: int, curves: GroupLines) -> Any:
    """Predictor and response of one group's rows."""
    rows = rows_of_levels(groups.block)[level]
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).round().astype(int)]
    at = np.linspace(0.3, 0.7, len(rows)) if curves.predictor is None else curves.rows_at[rows]
    return _numbers(np.column_stack([at, groups.design.response.values[rows]]))


def _numbers(values: FloatArray | float) -> Any:
    """Nested lists of numbers to seven digits, None for what is not finite."""
    array = np.asarray(values, dtype=float)
    if array.ndim:
        return [_numbers(part) for part in array]
    return float(f"{float(array):.{DIGITS}g}") if np.isfinite(array) else None
