"""A fit in one row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.engines.records import RunInfo
from bayesmixed.engines.regression import Regression
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.model.spec import ModelSpec
from bayesmixed.verbs.summaries import bound_names, draw_matrix


def glance(
    draws: xr.DataTree,
    spec: ModelSpec,
    run: RunInfo,
    diagnostics: pd.DataFrame,
    *,
    elpd_loo: float | None = None,
) -> pd.DataFrame:
    """Put a posterior into one row, its smallest effective sample size of all bulk and tail ones."""
    row: dict[str, object] = {
        "nobs": spec.design.n_rows,
        "sigma": _sigma(draws, spec),
        "engine": run.engine,
        "chains": run.chains,
        "draws": run.draws,
        "max_rhat": float(diagnostics["r_hat"].max(skipna=False)),
        "min_ess": float(diagnostics[["ess_bulk", "ess_tail"]].to_numpy().min()),
    }
    if elpd_loo is not None:
        row["elpd_loo"] = elpd_loo
    return pd.DataFrame([row])


def estimate_glance(fitted: Estimate) -> pd.DataFrame:
    """Put an estimate into one row, its deviance restricted for REML."""
    row = {
        "nobs": fitted.design.n_rows,
        "sigma": fitted.optimum.sigma,
        "engine": fitted.likelihood.by,
        "npar": fitted.n_parameters,
        "log_likelihood": fitted.log_likelihood,
        "AIC": fitted.aic,
        "AICc": fitted.aicc,
        "BIC": fitted.bic,
        "deviance": fitted.optimum.criterion,
        "df_residual": fitted.design.n_rows - fitted.n_parameters,
        "singular": fitted.optimum.singular,
    }
    return pd.DataFrame([row])


def regression_glance(fitted: Regression) -> pd.DataFrame:
    """Put a regression into one row, with broom's numbers."""
    row = {
        "nobs": fitted.design.n_rows,
        "sigma": fitted.optimum.sigma,
        "engine": fitted.by,
        "npar": fitted.n_parameters,
        "log_likelihood": fitted.log_likelihood,
        "AIC": fitted.aic,
        "AICc": fitted.aicc,
        "BIC": fitted.bic,
        "deviance": fitted.deviance if fitted.family.is_exponential else np.nan,
        "df_residual": fitted.df_residual,
    }
    if fitted.family.is_gaussian:
        row |= _explained(fitted)
    elif fitted.family.is_exponential:
        row |= {"null_deviance": fitted.null_deviance, "df_null": fitted.df_null}
    return pd.DataFrame([row])


def _explained(fitted: Regression) -> dict[str, float]:
    """R2, adjusted R2, and the F test of all predictors together; NaN where there are none."""
    from scipy.stats import f

    df, residual, total = fitted.df_null - fitted.df_residual, fitted.deviance, fitted.null_deviance
    statistic = (total - residual) / df / (residual / fitted.df_residual) if df else np.nan
    return {
        "r2": 1.0 - residual / total,
        "adj_r2": 1.0 - residual / fitted.df_residual / (total / fitted.df_null),
        "F": statistic,
        "df_F": df,
        "p_value": float(f.sf(statistic, df, fitted.df_residual)) if df else np.nan,
    }


def regression_r2(fitted: Regression, prob: float) -> pd.DataFrame:
    """Shares of variance, or of the deviance, that a regression explains."""
    if fitted.family.is_gaussian:
        found = _explained(fitted)
        values = {"multiple": found["r2"], "adjusted": found["adj_r2"]}
        formulas = ["1-SSE/SST", "1-(1-R2)(n-1)/(n-p)"]
        if not fitted.design.fixed.has_intercept:
            formulas[1] = "1-(1-R2)n/(n-p)"
    else:
        values, formulas = {"deviance": 1.0 - fitted.deviance / fitted.null_deviance}, ["1-D/D0"]
    lower, upper = bound_names(prob)
    shown = {"type": list(values), "r2": list(values.values()), lower: np.nan, upper: np.nan}
    return pd.DataFrame({**shown, "formula": formulas})


def _sigma(draws: xr.DataTree, spec: ModelSpec) -> float:
    """Posterior median of the residual standard deviation."""
    has_one = names.SIGMA in spec.priors.parameters
    return float(np.median(draw_matrix(draws, names.SIGMA))) if has_one else np.nan
