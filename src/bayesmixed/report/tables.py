"""All tables of a fit, by name, and what a report asks of a fit."""

from __future__ import annotations

import pandas as pd

from bayesmixed.verbs.contract import Fit, PosteriorFit
from bayesmixed.verbs.variances import split_blocks


def result_tables(fit: PosteriorFit, *, prob: float = 0.95) -> dict[str, pd.DataFrame]:
    """Every table of a posterior under the name of its verb, with a default index; those that it has."""
    own = {"priors": fit.priors.table(), "diagnostics": fit.diagnostics()}
    return _filled(_verbs(fit, prob) | own)


def estimate_tables(fit: Fit, *, prob: float = 0.95) -> dict[str, pd.DataFrame]:
    """Every table of a REML or ML fit under the name of its verb, with a default index; those that it has."""
    return _filled(_verbs(fit, prob) | {"glance": fit.glance()})


def _verbs(fit: Fit, prob: float) -> dict[str, pd.DataFrame]:
    """Tables of the verbs that every fit has."""
    known, design = fit.spec.family.is_native, fit.spec.design
    grouped = bool(design.groups)
    return {
        "fixef": fit.fixef(prob=prob),
        "varcorr": fit.varcorr(prob=prob),
        "correlations": fit.varcorr(correlations=True, prob=prob),
        **({"icc": fit.icc(prob=prob)} if known and split_blocks(design)[0] else {}),
        **({"r2": fit.r2(prob=prob)} if known else {}),
        **({"smooths": fit.smooths(prob=prob)} if design.smooths else {}),
        **({"ranef": fit.ranef(prob=prob)} if grouped else {}),
    }


def _filled(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables that have rows."""
    return {name: _plain(table) for name, table in tables.items() if len(table)}


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Table whose index, when it says something, is a column."""
    return table.reset_index(drop=table.index.name is None)
