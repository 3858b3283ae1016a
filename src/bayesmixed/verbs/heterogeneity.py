"""How far the true values of studies lie apart: the numbers of a meta-analysis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import DataError
from bayesmixed.names import LEGEND
from bayesmixed.verbs.sources import Estimated, Source
from bayesmixed.verbs.summaries import bound_names

MEANING = (
    "tau: standard deviation of the true values; I2: tau^2 / (tau^2 + s^2) and H2: 1 + tau^2 / s^2, s^2 the "
    "typical variance of an estimate (Higgins and Thompson 2002); Q: Cochran's, chi-squared with df where "
    "tau is zero"
)


def heterogeneity(source: Source, *, prob: float = 0.95) -> pd.DataFrame:
    """Spread of the true values with its interval, its share of the variance, and Cochran's Q."""
    from scipy import stats

    design = source.spec.design
    _check(design)
    source = replace(source, method="profile") if isinstance(source, Estimated) else source
    found = source.deviations(prob)
    typical, q, df = _cochran(design)
    lower, upper = bound_names(prob)
    tau = {"value": found.value[0], lower: found.lower[0], upper: found.upper[0]}
    share = {name: each**2 / (each**2 + typical) for name, each in tau.items()}
    ratio = {name: 1.0 + each**2 / typical for name, each in tau.items()}
    nothing = dict.fromkeys((lower, upper), np.nan)
    test = {"df": df, "p_value": float(stats.chi2.sf(q, df)) if df else np.nan}
    rows = [
        {"statistic": "tau", **tau},
        {"statistic": "I2", **share},
        {"statistic": "H2", **ratio},
        {"statistic": "Q", "value": q, **nothing, **test},
    ]
    table = pd.DataFrame(rows)
    table.attrs[LEGEND] = MEANING
    return table


def _check(design: Design) -> None:
    """Refuse models that are not a meta-analysis with one variance between studies."""
    residual = design.residual
    if residual.errors is None or residual.has_sigma or not residual.is_independent:
        raise DataError(
            "heterogeneity() is about estimates with known standard errors, y | se(s) ~ 1 + (1 | study). "
            "Write se() in the formula, without sigma=TRUE."
        )
    if sum(block.covariances.n_deviations for block in design.blocks) != 1:
        raise DataError(
            "heterogeneity() is about one standard deviation between studies, and the formula has "
            f"{len(design.blocks)} grouping factors. fit.varcorr() has all standard deviations."
        )


def _cochran(design: Design) -> tuple[float, float, int]:
    """Typical variance of an estimate, Cochran's Q and its degrees of freedom.

    With W = diag(1 / s^2) and P = W - W X (X'W X)^-1 X'W: s^2 = (n - p) / tr P, Q = y'P y.
    """
    weights: FloatArray = 1.0 / np.asarray(design.residual.errors) ** 2
    root, y = np.sqrt(weights), design.response.values - design.offset
    basis = np.linalg.qr(design.fixed.matrix * root[:, None])[0]
    scaled = y * root
    rest = scaled - basis @ (basis.T @ scaled)
    trace = float(np.sum(weights * (1.0 - np.sum(basis**2, axis=1))))
    df = len(y) - basis.shape[1]
    return (df / trace if df else np.nan), float(rest @ rest), df
