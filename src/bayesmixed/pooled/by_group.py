"""A regression for every group by itself: nlme's ``lmList``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed.comparison.group_columns import (
    coefficient_columns,
    first_stage,
    reason_untold,
    rows_of_levels,
)
from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design, FloatArray, GroupBlock, IntArray
from bayesmixed.errors import DataError, DesignWarning, FormulaError, warn
from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.names import LEGEND
from bayesmixed.plots.estimates import caterpillar
from bayesmixed.printing.records import short_repr, wrapped
from bayesmixed.printing.table import clean, frame_text
from bayesmixed.verbs.estimate.satterthwaite import interval_summary, t_test_columns
from bayesmixed.verbs.summaries import bound_names, summary_columns

NO_DEGREES = "no degrees of freedom left"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupEstimates:
    """Regressions of J groups by themselves, on the same p columns."""

    design: Design  # with the grouping factor as its only block
    values: FloatArray  # shape (J, p), NaN where the rows of a group do not determine a coefficient
    unscaled: FloatArray  # covariances of the coefficients over the residual variances, shape (J, p, p)
    squares: FloatArray  # residual sums of squares, weighted, shape (J,)
    df: IntArray  # residual degrees of freedom, shape (J,)
    n_rows: IntArray  # shape (J,)
    notes: tuple[str, ...]  # what a group's rows do not tell, and why; empty where they tell all

    __repr__ = short_repr

    @property
    def block(self) -> GroupBlock:
        """The grouping factor."""
        return self.design.blocks[0]

    @property
    def sigma(self) -> FloatArray:
        """Residual standard deviation of every group, NaN without degrees of freedom, shape (J,)."""
        return _root(self.squares, self.df)

    @property
    def pooled_df(self) -> int:
        """Residual degrees of freedom of all groups together."""
        return int(self.df.sum())

    @property
    def pooled_sigma(self) -> float:
        """One residual standard deviation for all groups, NaN without degrees of freedom."""
        return float(_root(self.squares.sum()[None], np.array([self.pooled_df]))[0])


def _root(squares: FloatArray, df: IntArray) -> FloatArray:
    """Root of sums of squares over their degrees of freedom, NaN where there are none."""
    return np.asarray(np.sqrt(np.divide(squares, df, out=np.full(len(df), np.nan), where=df > 0)))


def parsed_with_group(formula: str, group: str, columns: list[str]) -> ParsedFormula:
    """A formula of a regression, with its grouping factor as a bar."""
    parsed = parse_formula(formula)
    if parsed.random:
        raise FormulaError(
            "A regression for every group takes a formula without bars.",
            parsed.text,
            advice="Leave them out: group= names the groups.",
        )
    if not parsed.fixed.terms:
        raise FormulaError("The formula does not have a coefficient that groups could have.", parsed.text)
    name = f"`{group}`" if group in columns else group
    bars = parse_formula(f"y ~ 1 + (1 | {name})").random
    if len(bars) != 1:
        raise FormulaError(f"group={group!r} names several grouping factors; name one, e.g. 'a:b'.", group)
    return replace(parsed, random=bars)


def group_estimates(design: Design) -> GroupEstimates:
    """Regress the response on X in every group of a design's only block by itself."""
    block, terms = design.blocks[0], design.fixed.terms
    first, columns = first_stage(design, block, terms), coefficient_columns(design, block)
    order = [[name for name in columns.names if name in terms].index(term) for term in terms]
    residuals = design.residual.weighted(design.response.values - first.fitted)
    n_rows = np.bincount(block.codes, minlength=block.n_levels)
    ranks = np.round(np.trace(first.reach, axis1=1, axis2=2)).astype(np.int64)
    told, df = first.told[:, order], n_rows - ranks
    parts = [design.fixed.matrix[rows] for rows in rows_of_levels(block)]
    notes = tuple(
        reason_untold(part, terms) if not known.all() else "" if left else NO_DEGREES
        for part, known, left in zip(parts, told, df, strict=True)
    )
    return GroupEstimates(
        design=design,
        values=np.where(told, first.own[:, order], np.nan),
        unscaled=first.unscaled[:, order][:, :, order],
        squares=np.bincount(block.codes, residuals**2, block.n_levels) * (df > 0),
        df=df,
        n_rows=n_rows,
        notes=notes,
    )


def estimate_by_group(
    formula: str, frame: pd.DataFrame, group: str, *, weights: object, missing: object
) -> GroupEstimates:
    """Regressions of all groups, with a warning where rows are too few."""
    parsed = parsed_with_group(formula, group, [str(label) for label in frame.columns])
    if group in frame.columns and len(frame[group].dropna().unique()) == 1:
        raise DataError(
            f"{group!r} has one level only: bm.lm(formula, data, method='ols') is its regression."
        )
    parsed.refuse_residuals("lm_by_group()")
    parsed.refuse_coupled("lm_by_group()")
    design = build_design(parsed, frame, weights=weights, missing=missing, residual_variance=False)  # type: ignore[arg-type]
    found = group_estimates(design)
    lacking = sum(bool(note) for note in found.notes)
    if lacking:
        warn(
            f"{lacking} of {found.block.n_levels} groups of {found.block.group!r} do not have enough "
            "different rows: what they do not determine is NaN, and groups() says why.",
            DesignWarning,
        )
    return found


def coefficients_table(found: GroupEstimates, prob: float, *, pooled: bool) -> pd.DataFrame:
    """Coefficients of every group with their tests; by term, then group."""
    block, terms = found.block, found.design.fixed.terms
    sigma = np.full(block.n_levels, found.pooled_sigma) if pooled else found.sigma
    df = np.full(block.n_levels, found.pooled_df) if pooled else found.df
    tables = []
    for j, term in enumerate(terms):
        value = found.values[:, j]
        se = np.where(np.isnan(value), np.nan, sigma * np.sqrt(found.unscaled[:, j, j]))
        freedom = np.where(np.isnan(se), np.nan, df)
        columns = summary_columns(interval_summary(value, se, prob, freedom), prob)
        labels = {"group_var": block.group, "effect": term, "group": np.asarray(block.levels, dtype=object)}
        tables.append(pd.DataFrame({**labels, **columns, **t_test_columns(value, se, freedom)}))
    table = pd.concat(tables, ignore_index=True).astype(
        dict.fromkeys(("group_var", "effect", "group"), "str")
    )
    table.attrs[LEGEND] = (
        f"sigma of all groups together, {found.pooled_sigma:.4g}"
        if pooled
        else "every group has a sigma of its own"
    )
    return table


def interval_plot(table: pd.DataFrame, prob: float, *, sort_by: str | None, ax: Any) -> NDArray[Any]:
    """Coefficients of every group with their intervals, a panel for each, as wide as the intervals."""
    known, bounds = table.drop(columns="df").dropna(), list(bound_names(prob))
    if not len(known):
        raise DataError("No group has an interval to draw: groups() says what its rows lack.")
    axes = caterpillar(known, sort_by=sort_by, ax=ax)
    for panel, (_, rows) in zip(axes, known.groupby("effect", sort=False), strict=True):
        ends = rows[bounds].to_numpy()
        margin = 0.04 * float(np.ptp(ends)) or 1.0
        panel.set(xlabel="coefficient", xlim=(ends.min() - margin, ends.max() + margin))
    return axes


def groups_table(found: GroupEstimates) -> pd.DataFrame:
    """Rows, degrees of freedom and residual standard deviation of every group, with what is lacking."""
    return pd.DataFrame(
        {
            "group": np.asarray(found.block.levels, dtype=object),
            "n": found.n_rows,
            "df": found.df,
            "sigma": found.sigma,
            "note": np.asarray(found.notes, dtype=object),
        }
    ).astype({"group": "str", "note": "str"})


SHOWN = 6
"""Groups more than this are cut."""


def estimates_text(found: GroupEstimates) -> str:
    """Print the spread of the coefficients over the groups, and the first groups."""
    block = found.block
    head = (
        f"Regressions of {block.n_levels} groups of {clean(block.group)} by themselves: "
        f"{clean(found.design.formula.text.strip())}"
    )
    spread = pd.DataFrame(found.values, columns=list(found.design.fixed.terms)).quantile(
        [0.0, 0.25, 0.5, 0.75, 1.0]
    )
    quartiles = spread.T.set_axis(["Min", "1Q", "Median", "3Q", "Max"], axis=1)
    quartiles.insert(0, "term", quartiles.index)
    told = wrapped(
        f"Residual standard deviation of all groups together: {found.pooled_sigma:.4g} on {found.pooled_df} "
        "degrees of freedom.",
        f"Groups that lack something: {sum(map(bool, found.notes))}; groups() says what, coef() has all "
        "estimates.",
    )
    return f"{head}\n\n{frame_text(quartiles.reset_index(drop=True))}\n\n{told}"
