"""Variance components and correlations of the random effects."""

from __future__ import annotations

import pandas as pd

from bayesmixed import names
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import bound_names, summary_columns


def varcorr(source: Source, *, prob: float = 0.95, correlations: bool = False) -> pd.DataFrame:
    """Variance components, or the correlations among random effects."""
    return _correlation_table(source, prob) if correlations else _variance_table(source, prob)


def sd_labels(spec: ModelSpec) -> list[tuple[str, str]]:
    """List grouping factor and effect of every standard deviation, the residual's last."""
    labels = [(block.group, each.name) for block in spec.design.blocks for each in block.deviations]
    return [*labels, (names.RESIDUAL, "")] if spec.family.has_residual_sd else labels


def _variance_table(source: Source, prob: float) -> pd.DataFrame:
    """One row for every standard deviation."""
    summary = source.deviations(prob)
    lower, upper = bound_names(prob, "sd", "sd")
    variance = summary.value**2
    table = pd.DataFrame(sd_labels(source.spec), columns=["group", "effect"])
    return table.assign(
        variance=variance,
        sd=summary.value,
        **{lower: summary.lower, upper: summary.upper},
        var_prop=variance / variance.sum(),
    )


def _correlation_table(source: Source, prob: float) -> pd.DataFrame:
    """One row for every pair of correlated effects."""
    labels = [
        (block.group, each.names[0], "".join(each.names[1:]))
        for block in source.spec.design.blocks
        for _, each in block.correlations
    ]
    table = pd.DataFrame(labels, columns=["group", "effect_1", "effect_2"], dtype="str")
    return table.assign(**summary_columns(source.correlations(prob), prob))
