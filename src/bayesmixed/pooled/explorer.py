"""The pooling explorer: one page on which the between-group variance is a slider."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.comparison.group_columns import rows_of_levels
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.pooled.conditional_estimates import (
    coefficients_of,
    pooled_by,
    reliabilities,
    unpooled_covariance,
)
from bayesmixed.pooled.group_lines import GroupLines, group_lines, telling_groups
from bayesmixed.pooled.records import PooledGroups, regress
from bayesmixed.report.sections import write_page
from bayesmixed.verbs.summaries import draw_matrix

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


STEPS = 100
"""Intervals of the slider; its middle is the estimate."""
LIMIT = 1e4
"""Multiple of the standard deviations that stands for no pooling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingPath:
    """Conditional means along the slider."""

    # place on the slider t, from 0 to 1, shape (T,); standard deviations are those of the estimate times t /
    # (1 - t)
    position: FloatArray
    sd: FloatArray  # standard deviations of the k varying effects, shape (T, k); infinite at the end
    coefficients: FloatArray  # of every group, shape (T, J, m)
    own: FloatArray  # at the end of the path, NaN where a group's rows do not determine it, shape (J, m)
    reliability: FloatArray  # of the varying effects, shape (T, J, k)
    # for each effect how plausible a place is given the data, at most 1, shape (T, k) for a posterior and (T,
    # 1) for an estimate's likelihood at its residual standard deviation
    density: FloatArray


def pooling_path(groups: PooledGroups, draws: xr.DataTree | None = None) -> PoolingPath:
    """Follow the groups from complete to no pooling.

    All standard deviations of the grouping factor move in proportion, correlations, the residual's and other
    factors' standing still; every point solves Henderson's equations anew. With one grouping factor the ends
    are the two regressions themselves wherever a group has one.
    """
    position = np.arange(STEPS + 1) / STEPS
    factors = np.append(position[:-1] / (1.0 - position[:-1]), LIMIT)
    estimates = [pooled_by(groups.estimate, groups.index, factor) for factor in factors]
    wanted = groups.columns.names
    coefficients = np.array([coefficients_of(e, groups.index, wanted) for e in estimates])
    told = np.isfinite(groups.none.coefficients)
    if len(groups.design.blocks) == 1:
        spread = unpooled_covariance(groups.estimate, groups.index)
        end = regress(groups.design, groups.block, groups.varying, spread).coefficients
        coefficients[-1] = np.where(np.isfinite(end), end, coefficients[-1])
        told = np.isfinite(end)
    sd = np.array([np.sqrt(np.diag(e.optimum.covariances[groups.index])) for e in estimates])
    sd[-1] = np.inf
    return PoolingPath(
        position=position,
        sd=sd,
        coefficients=coefficients,
        own=np.where(told, coefficients[-1], np.nan),
        reliability=np.array([reliabilities(e, groups.index) for e in estimates]),
        density=_likelihood(groups.estimate, estimates)
        if draws is None
        else _posterior(groups, draws, position),
    )


def _likelihood(estimate: Estimate, path: list[Estimate]) -> FloatArray:
    """Restricted likelihood along the path, sigma held, relative to its largest value, shape (T, 1)."""
    criterion = np.array([e.optimum.criterion for e in path])
    return np.asarray(np.exp(-0.5 * (criterion - min(criterion.min(), estimate.optimum.criterion))))[:, None]


def _posterior(groups: PooledGroups, draws: xr.DataTree, position: FloatArray) -> FloatArray:
    """Posterior density of each standard deviation's place on the slider, at most 1, shape (T, k).

    A kernel estimate, reflected at both ends of the slider.
    """
    from scipy.stats import gaussian_kde

    middle = np.sqrt(np.diag(groups.estimate.optimum.covariances[groups.index]))
    sd = draw_matrix(draws, names.sd(groups.block.group))
    columns = []
    for column in (sd / (sd + middle)).T:
        kernel = gaussian_kde(column)
        density = kernel(position) + kernel(-position) + kernel(2.0 - position)
        columns.append(density / density.max())
    return np.column_stack(columns)
