"""Complete, no and partial pooling of the same groups side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.comparison.group_columns import group_notes, line_columns
from bayesmixed.design.nesting import lineage
from bayesmixed.design.records import Design, FloatArray, GroupBlock
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.errors import BayesmixedError
from bayesmixed.names import LEGEND
from bayesmixed.options import NoPooling, one_of
from bayesmixed.pooled.conditional_estimates import (
    chosen_index,
    coefficients_of,
    population_of,
    reliabilities,
    unpooled_covariance,
)
from bayesmixed.pooled.records import GroupRegression, PooledGroups, regress
from bayesmixed.printing.records import wrapped
from bayesmixed.printing.table import frame_html, frame_text
from bayesmixed.verbs.blocks import chosen_blocks
from bayesmixed.verbs.estimate.combinations import row_variances

TABLE_LEGEND = (
    "complete: one regression; none: {none}; partial: the mixed model{parents}; "
    "reliability: share of an effect's variance between groups that a group's own rows determine "
    "(0 pools completely, 1 not at all), {weight}"
)
WEIGHTS = {
    True: "which is the weight of the group's own mean",
    False: "not a weight of own values: a group's effects are shrunk together",
}
MODELS_LEGEND = (
    "coefficients: estimated freely; variances: variances and correlations; "
    "effective: trace of the hat matrix"
)
MEANINGS = {
    "model": "groups' own {own}, the rest common",
    "lines": "a regression per group",
}


def pooled_groups(
    estimate: Estimate,
    *,
    partial: FloatArray | None = None,
    group: str | None = None,
    no_pooling: NoPooling = "model",
) -> PooledGroups:
    """Set the three ways of treating groups beside each other. Shapes: `partial` (J, m)."""
    one_of(no_pooling, NoPooling, "no_pooling")
    design = estimate.design
    block = only_block(design, group)
    index, columns = chosen_index(design, block), line_columns(design, lineage(design, block))
    lines = regress(design, block, columns.within)
    if no_pooling == "lines":
        own, none = columns.within, lines
    else:
        own = block.effects
        none = regress(design, block, own, unpooled_covariance(estimate, index))
    own_lines = coefficients_of(estimate, index, columns.names) if partial is None else partial
    regressions = {
        "complete": regress(design, block, ()),
        "intercepts": regress(design, block, (names.INTERCEPT,)),
        "lines": lines,
        "none": none,
    }
    return PooledGroups(
        estimate=estimate,
        index=index,
        columns=columns,
        own=own,
        **{name: _widened(regression, len(columns.names)) for name, regression in regressions.items()},
        partial=own_lines,
        population=population_of(estimate, columns.names),
        reliability=_reliability_of(estimate, index, columns.names),
        n_rows=tuple(np.bincount(block.codes, minlength=block.n_levels).tolist()),
        notes=group_notes(design, block),
    )


def pooling_table(groups: PooledGroups) -> pd.DataFrame:
    """Tabulate every coefficient of every group under complete, no and partial pooling."""
    block, effects = groups.block, groups.columns.names
    table = pd.DataFrame(
        {
            "group": np.tile(np.asarray(block.levels, dtype=object), len(effects)),
            "effect": np.repeat(np.asarray(effects, dtype=object), block.n_levels),
            "complete": groups.complete.coefficients.T.ravel(),
            "none": groups.none.coefficients.T.ravel(),
            "partial": groups.partial.T.ravel(),
            "reliability": groups.reliability.T.ravel(),
            "n": np.tile(groups.n_rows, len(effects)),
            "note": np.tile(np.asarray(groups.notes, dtype=object), len(effects)),
        }
    ).astype({"group": "str", "effect": "str", "note": "str"})
    parents = " and ".join(groups.kin.groups[1:])
    added = f", effects of {parents} added" if parents else ""
    table.attrs[LEGEND] = TABLE_LEGEND.format(
        none=meaning_of_none(groups), parents=added, weight=WEIGHTS[groups.varying == (names.INTERCEPT,)]
    )
    return table


def sizes_table(groups: PooledGroups) -> pd.DataFrame:
    """Tabulate the sizes of the models, from complete pooling to none."""
    optimum = groups.estimate.optimum
    partial = {
        "model": "partial",
        "coefficients": len(optimum.coefficients),
        "variances": len(optimum.entries) + 1,
        "effective": float(np.sum(partial_leverage(groups.estimate))),
        "sigma": optimum.sigma,
    }
    rows = [
        _regression_row(groups, "complete", groups.complete),
        partial,
        _regression_row(groups, "intercepts", groups.intercepts),
        _regression_row(groups, "lines", groups.lines),
    ]
    table = pd.DataFrame(rows).astype({"model": "str"})
    table.attrs[LEGEND] = f"{MODELS_LEGEND}; {model_of_none(groups)}"
    return table


def partial_leverage(estimate: Estimate) -> FloatArray:
    """Diagonal of the hat matrix of the conditional means, shape (n,)."""
    leverage = row_variances(estimate) / estimate.optimum.sigma**2
    weights = estimate.design.weights
    return leverage if weights is None else leverage * weights


def meaning_of_none(groups: PooledGroups) -> str:
    """What stands for no pooling, in words."""
    lines = set(groups.columns.within) <= set(groups.own)
    return MEANINGS["lines" if lines else "model"].format(own=" and ".join(groups.own))


def model_of_none(groups: PooledGroups) -> str:
    """Which of the models of :func:`sizes_table` the column ``none`` shows, in words for a legend."""
    if set(groups.columns.within) <= set(groups.own):
        return "table() shows lines as none"
    if groups.own == (names.INTERCEPT,):
        return "table() shows intercepts as none"
    return f"table() shows as none a model between: {meaning_of_none(groups)}"


def only_block(design: Design, group: str | None) -> GroupBlock:
    """The grouping factor that is meant; a BayesmixedError where there are several and none is named."""
    blocks = chosen_blocks(design, group)
    if len(blocks) > 1:
        listed = " or ".join(repr(block.group) for block in blocks)
        raise BayesmixedError(f"The model has several grouping factors; choose group={listed}.")
    return blocks[0]


def _widened(regression: GroupRegression, m: int) -> GroupRegression:
    """Regression with coefficients of zero for what varies by parents of the groups alone."""
    table = regression.coefficients
    return replace(regression, coefficients=np.pad(table, ((0, 0), (0, m - table.shape[1]))))


def _reliability_of(estimate: Estimate, index: int, wanted: tuple[str, ...]) -> FloatArray:
    """Reliability of all coefficients, 0 for those that do not vary, shape (J, m)."""
    block = estimate.design.blocks[index]
    out = np.zeros((block.n_levels, len(wanted)))
    out[:, [wanted.index(effect) for effect in block.effects]] = reliabilities(estimate, index)
    return out


def _regression_row(groups: PooledGroups, model: str, regression: GroupRegression) -> dict[str, object]:
    """One regression in the table of models."""
    design = groups.design
    weights = np.ones(design.n_rows) if design.weights is None else design.weights
    rest = float(np.sum(weights * (design.response.values - regression.fitted) ** 2))
    degrees = design.n_rows - regression.n_coefficients
    return {
        "model": model,
        "coefficients": regression.n_coefficients,
        "variances": 1,
        "effective": float(regression.n_coefficients),
        "sigma": float(np.sqrt(rest / degrees)) if degrees > 0 else np.nan,
    }


SHOWN = 12
"""Groups more than this are cut."""


def pooling_text(groups: PooledGroups) -> str:
    """Print the sizes of the models and the estimates of the first groups."""
    parts = [_heading(groups), frame_text(sizes_table(groups)), *_cut_note(groups)]
    for effect in groups.varying:
        table = pooling_table(groups)
        rows = table[table["effect"] == effect].head(SHOWN)
        rows.attrs.pop(LEGEND)
        parts.append(frame_text(rows))
    return "\n\n".join([*parts, wrapped(pooling_table(groups).attrs[LEGEND])])


def pooling_html(groups: PooledGroups) -> str:
    """Show the sizes of the models and the estimates of the first groups in a notebook."""
    table = pooling_table(groups)
    parts = [frame_html(sizes_table(groups), caption=_heading(groups))]
    for effect in groups.varying:
        rows = table[table["effect"] == effect].head(SHOWN)
        parts.append(frame_html(rows, caption=f"{effect} by {groups.block.group}"))
    return "\n".join(parts)


def _heading(groups: PooledGroups) -> str:
    """What is pooled."""
    return f"Pooling over {groups.block.group}: {groups.design.formula.text}"


def _cut_note(groups: PooledGroups) -> list[str]:
    """How many groups are shown, when not all are."""
    n = groups.block.n_levels
    return [f"The first {SHOWN} of {n} groups; .table() gives all."] if n > SHOWN else []
