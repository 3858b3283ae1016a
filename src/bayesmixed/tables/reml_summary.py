"""The printed summary of a REML or ML fit, in lmerTest's layout."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.engines.reml.estimate import Estimate, singularity
from bayesmixed.model.spec import ModelSpec
from bayesmixed.printing.table import Column, clean, format_fixed
from bayesmixed.tables.summary_columns import (
    data_text,
    decimals_for,
    estimates,
    left,
    left_out_text,
    observations_text,
    random_columns,
    residual_columns,
)
from bayesmixed.tables.summary_parts import SummaryParts, residual_notes
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.resid import scaled_residuals
from bayesmixed.verbs.sources import Estimated
from bayesmixed.verbs.varcorr import varcorr

TITLES = {
    "reml": "Linear {mixed}model fit by REML, t-tests by Satterthwaite's method ['bayesmixed']",
    "ml": "Linear {mixed}model fit by maximum likelihood, t-tests by Satterthwaite's method ['bayesmixed']",
}
CRITERIA = {"reml": "REML criterion", "ml": "Deviance"}
SMALLEST_P = 1e-16


def reml_summary_parts(fitted: Estimate, point: xr.DataTree, spec: ModelSpec) -> SummaryParts:
    """Format everything that the printed summary of an estimate says."""
    by, source = fitted.likelihood.by, Estimated(estimate=fitted, spec=spec)
    return SummaryParts(
        title=TITLES[by].format(mixed="mixed " if spec.design.blocks else ""),
        model=(
            ("Formula", clean(spec.design.formula.text.strip())),
            ("Data", data_text(spec.design)),
            (CRITERIA[by], f"{fitted.optimum.criterion:.1f}"),
        ),
        residuals=residual_columns(scaled_residuals(point, spec)) if spec.design.sums is None else (),
        random=random_columns(spec.design, varcorr(source), varcorr(source, correlations=True), None),
        observations=observations_text(spec.design),
        fixed=() if not spec.design.fixed.terms else _fixed_columns(_of(fixef(source), names.MU)),
        others=tuple(
            (f"Coefficients of log({each.parameter})", _fixed_columns(_of(fixef(source), each.parameter)))
            for each in spec.design.others
            if each.fixed.terms
        ),
        notes=(*residual_notes(source, None), *left_out_text(spec.design), *singularity(fitted)),
        has_groups=bool(spec.design.blocks),
    )


def _of(table: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """Coefficients of the predictor of one parameter."""
    return table[table[names.PARAMETER] == parameter] if names.PARAMETER in table else table


def _fixed_columns(table: pd.DataFrame) -> tuple[Column, ...]:
    """Lay out the fixed effects with their tests."""
    decimals = decimals_for(table["se"].to_numpy(), digits=4)
    return (
        left("", [clean(term) for term in table["term"]]),
        Column(header="Estimate", cells=estimates(table["value"], decimals)),
        Column(header="Std. Error", cells=estimates(table["se"], decimals)),
        Column(header="df", cells=format_fixed(table["df"], 2)),
        Column(header="t value", cells=format_fixed(table["t"], 3)),
        Column(header="Pr(>|t|)", cells=tuple(p_text(p) for p in table["p_value"])),
    )


def p_text(p: float) -> str:
    """Write a p-value as R does, with three digits."""
    if np.isnan(p):
        return ""
    if p < SMALLEST_P:
        return f"<{SMALLEST_P:.0e}"
    return f"{p:.3g}" if p < 1e-3 else f"{p:.4f}"
