"""What the printed summary of a fit says, before it is laid out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design
from bayesmixed.engines.records import RunInfo
from bayesmixed.extract.fixef import fixef
from bayesmixed.extract.resid import scaled_residuals
from bayesmixed.extract.summaries import bound_names
from bayesmixed.extract.varcorr import varcorr
from bayesmixed.model.spec import ModelSpec
from bayesmixed.tables.rounding import format_fixed, format_numbers
from bayesmixed.tables.table import Column, clean

ENGINE_TITLES = {"collapsed": "exact-marginal NUTS", "pymc": "NUTS of the PyMC graph"}
RESIDUAL_HEADERS = ("Min", "1Q", "Median", "3Q", "Max")
MAX_DECIMALS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryParts:
    """Everything a printed summary says, formatted, without layout.

    Attributes
    ----------
    title : str
        First line.
    model : tuple[tuple[str, str], ...]
        Labels and texts of the lines on formula, data and draws.
    residuals, random, fixed : tuple[Column, ...]
        The three tables.
    observations : str
        The line below the random effects.
    notes : tuple[str, ...]
        Sentences below the tables.
    """

    title: str
    model: tuple[tuple[str, str], ...]
    residuals: tuple[Column, ...]
    random: tuple[Column, ...]
    observations: str
    fixed: tuple[Column, ...]
    notes: tuple[str, ...]


def summary_parts(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    prob: float = 0.95,
    problems: Sequence[str] = (),
) -> SummaryParts:
    """Format everything that a printed summary says.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    run : RunInfo
        How the draws were made.
    diagnostics : pandas.DataFrame
        Indexed by quantity, with columns ``r_hat``, ``ess_bulk``, ``ess_tail``.
    prob : float
        Probability inside the equal-tailed intervals.
    problems : sequence of str
        What is not good in the draws.

    Returns
    -------
    SummaryParts
        For text and HTML alike.
    """
    return SummaryParts(
        title=f"Linear mixed model fit by {ENGINE_TITLES.get(run.engine, run.engine)} ['bayesmixed']",
        model=(
            ("Formula", clean(spec.design.formula.text.strip())),
            ("Data", _data_text(spec.design)),
            ("Draws", _run_text(run)),
        ),
        residuals=_residual_columns(draws, spec),
        random=_random_columns(draws, spec, prob),
        observations=_observations_text(spec.design),
        fixed=_fixed_columns(draws, spec, diagnostics, prob),
        notes=(*_notes(spec.design, prob), _diagnostics_text(diagnostics), *problems),
    )


def _data_text(design: Design) -> str:
    """Describe the rows used."""
    weighted = "" if design.weights is None else ", weighted"
    return f"{_count(design.n_rows, 'row')}, {_count(design.frame.shape[1], 'column')}{weighted}"


def _run_text(run: RunInfo) -> str:
    """Say how the draws were made."""
    kept = f", thinned by {run.thin}" if run.thin > 1 else ""
    chains = f"{_count(run.chains, 'chain')} of {_count(run.draws, 'draw')}{kept}"
    return f"{chains}, after {run.tune:,} of tuning; {run.seconds:.1f} s, seed {run.seed}"


def _count(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _residual_columns(draws: xr.DataTree, spec: ModelSpec) -> tuple[Column, ...]:
    """Give the five numbers of the scaled residuals."""
    five = np.quantile(scaled_residuals(draws, spec), [0, 0.25, 0.5, 0.75, 1])
    cells = format_fixed(five, 4)
    return tuple(Column(header=h, cells=(cell,)) for h, cell in zip(RESIDUAL_HEADERS, cells, strict=True))


def _random_columns(draws: xr.DataTree, spec: ModelSpec, prob: float) -> tuple[Column, ...]:
    """Lay out variances, standard deviations and correlations as lme4 does."""
    table = varcorr(draws, spec, prob=prob)
    lower, upper = bound_names(prob, "sd", "sd")
    repeated = table["group"].duplicated()
    groups = ["" if again else clean(group) for group, again in zip(table["group"], repeated, strict=True)]
    sds = format_numbers(table["sd"])
    ends = zip(_bounds(table[lower], sds), _bounds(table[upper], sds), strict=True)
    return (
        _left("Groups", groups),
        _left("Name", [clean(effect) for effect in table["effect"]]),
        Column(header="Variance", cells=format_numbers(table["variance"])),
        Column(header="Std.Dev.", cells=sds),
        _left(f"[{100 * prob:.6g}% interval]", [f"[{low}, {high}]" for low, high in ends]),
        *_correlation_columns(draws, spec, table, prob),
    )


def _correlation_columns(
    draws: xr.DataTree, spec: ModelSpec, table: pd.DataFrame, prob: float
) -> tuple[Column, ...]:
    """Lay out the lower triangles of the correlation matrices beside the standard deviations."""
    pairs = varcorr(draws, spec, prob=prob, correlations=True)
    cells: dict[tuple[str, str], list[str]] = {}
    for group, effect, value in zip(pairs["group"], pairs["effect_2"], pairs["value"], strict=True):
        cells.setdefault((group, effect), []).extend(format_fixed([value], 2))
    rows = [cells.get(key, []) for key in zip(table["group"], table["effect"], strict=True)]
    width = max(len(row) for row in rows)
    filled = [row + [""] * (width - len(row)) for row in rows]
    return tuple(
        Column(header="" if i else "Corr", cells=column) for i, column in enumerate(zip(*filled, strict=True))
    )


def _fixed_columns(
    draws: xr.DataTree, spec: ModelSpec, diagnostics: pd.DataFrame, prob: float
) -> tuple[Column, ...]:
    """Lay out the fixed effects with their diagnostics."""
    table = fixef(draws, spec, prob=prob)
    lower, upper = bound_names(prob)
    headers = {"value": "Estimate", "se": "Est.Error", lower: lower, upper: upper}
    checks = diagnostics.reindex([f"{names.BETA}[{term}]" for term in table["term"]])
    decimals = _decimals(table["se"].to_numpy(), digits=4)
    return (
        _left("", [clean(term) for term in table["term"]]),
        *(Column(header=header, cells=_estimates(table[name], decimals)) for name, header in headers.items()),
        Column(header="Rhat", cells=format_fixed(checks["r_hat"], 3)),
        Column(header="ESS_bulk", cells=format_fixed(checks["ess_bulk"], 0)),
        Column(header="ESS_tail", cells=format_fixed(checks["ess_tail"], 0)),
    )


def _decimals(se: np.ndarray, digits: int) -> int | None:
    """Count the decimals with which the smallest standard error shows `digits` digits, None when too many."""
    positive = se[se > 0]
    if not positive.size:
        return None
    decimals = max(1, digits - 1 - math.floor(math.log10(positive.min())))
    return decimals if decimals <= MAX_DECIMALS else None


def _estimates(values: pd.Series, decimals: int | None) -> tuple[str, ...]:
    """Format one column of estimates."""
    return format_numbers(values) if decimals is None else format_fixed(values, decimals)


def _observations_text(design: Design) -> str:
    """Count rows and levels as lme4 does."""
    groups = "; ".join(f"{clean(block.group)}, {block.n_levels}" for block in design.blocks)
    return f"Number of obs: {design.n_rows}, groups: {groups}"


def _notes(design: Design, prob: float) -> tuple[str, ...]:
    """Say what the numbers are and which rows were left out."""
    meaning = f"Estimates are posterior medians; intervals are equal-tailed, {100 * prob:.6g}%."
    if not design.n_dropped:
        return (meaning,)
    verb = "was" if design.n_dropped == 1 else "were"
    return meaning, f"{_count(design.n_dropped, 'row')} {verb} left out because a value is missing."


def _diagnostics_text(diagnostics: pd.DataFrame) -> str:
    """Say in plain words how far the draws can be trusted."""
    r_hat = float(diagnostics["r_hat"].max(skipna=False))
    bulk, tail = diagnostics[["ess_bulk", "ess_tail"]].to_numpy().min(axis=0)
    if math.isnan(r_hat + bulk + tail):
        return "Convergence cannot be judged from these draws."
    return (
        f"Largest R-hat {r_hat:.3f}; at least {bulk:,.0f} effective draws in the bulk"
        f" and {tail:,.0f} in the tails."
    )


def _left(header: str, cells: Sequence[str]) -> Column:
    """Make a column of text."""
    return Column(header=header, cells=tuple(cells), align="left")


def _bounds(values: pd.Series, like: tuple[str, ...]) -> list[str]:
    """Format ends of intervals with the decimals of their middles, padded to one width."""
    if any("e" in cell for cell in like):
        cells = format_numbers(values)
    else:
        cells = format_fixed(values, len(like[0].partition(".")[2]))
    width = max(len(cell) for cell in cells)
    return [cell.rjust(width) for cell in cells]
