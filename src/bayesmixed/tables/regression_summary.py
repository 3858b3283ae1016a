"""The printed summary of a regression without random effects, in the layout of R's ``lm`` and ``glm``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.printing.table import Column, clean, format_fixed
from bayesmixed.tables.reml_summary import p_text
from bayesmixed.tables.summary_columns import (
    data_text,
    decimals_for,
    estimates,
    left,
    left_out_text,
    observations_text,
    residual_columns,
)
from bayesmixed.tables.summary_parts import SummaryParts, family_lines
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.glance import regression_glance
from bayesmixed.verbs.regressed import Regressed
from bayesmixed.verbs.resid import scaled_residuals

TITLES = {"ols": "least squares", "ml": "maximum likelihood"}


def regression_summary_parts(source: Regressed) -> SummaryParts:
    """Format everything that the printed summary of a regression says."""
    spec, estimate = source.spec, source.estimate
    kind = "Linear model" if spec.family.is_gaussian else "Generalized linear model"
    return SummaryParts(
        title=f"{kind} fit by {TITLES[estimate.by]} ['bayesmixed']",
        model=(
            *family_lines(spec),
            ("Formula", clean(spec.design.formula.text.strip())),
            ("Data", data_text(spec.design)),
        ),
        residuals=residual_columns(scaled_residuals(source.draws, spec)) if spec.design.sums is None else (),
        random=(),
        observations=observations_text(spec.design),
        fixed=_fixed_columns(fixef(source)) if spec.design.fixed.terms else (),
        notes=(*_criteria(source), *left_out_text(spec.design)),
        has_groups=False,
    )


def _criteria(source: Regressed) -> tuple[str, ...]:
    """Sentences on residuals, explained variance and criteria."""
    row, estimate = regression_glance(source.estimate).iloc[0], source.estimate
    said = []
    if names.SIGMA in estimate.parameters:
        freedom = f" on {row['df_residual']:.0f} degrees of freedom" if estimate.by == "ols" else ""
        said.append(f"Residual standard error: {row['sigma']:.4g}{freedom}.")
    others = {name: value for name, value in estimate.parameters.items() if name != names.SIGMA}
    said += [f"Parameter of the family: {name} {value:.4g}." for name, value in others.items()]
    if "r2" in row:
        said.append(f"R-squared {row['r2']:.4f}, adjusted {row['adj_r2']:.4f}.")
    if not np.isnan(row.get("F", np.nan)):
        said.append(
            f"F {row['F']:.4g} on {row['df_F']:.0f} and {row['df_residual']:.0f} degrees of freedom, "
            f"p {p_text(row['p_value'])}."
        )
    if "null_deviance" in row:
        said.append(
            f"Deviance {row['deviance']:.4f} on {row['df_residual']:.0f} degrees of freedom, null "
            f"{row['null_deviance']:.4f} on {row['df_null']:.0f}."
        )
    said.append(f"Log likelihood {row['log_likelihood']:.1f}, AIC {row['AIC']:.1f}, BIC {row['BIC']:.1f}.")
    return tuple(said)


def _fixed_columns(table: pd.DataFrame) -> tuple[Column, ...]:
    """Lay out the coefficients with their tests."""
    decimals, test = decimals_for(table["se"].to_numpy(), digits=4), "t" if "t" in table else "z"
    return (
        left("", [clean(term) for term in table["term"]]),
        Column(header="Estimate", cells=estimates(table["value"], decimals)),
        Column(header="Std. Error", cells=estimates(table["se"], decimals)),
        Column(header=f"{test} value", cells=format_fixed(table[test], 3)),
        Column(header=f"Pr(>|{test}|)", cells=tuple(p_text(p) for p in table["p_value"])),
    )
